//! The flows of AT15: list, accept in bulk, ask for each link, download, until the list is empty.
//! Refuses to take any polling for a flow: only lists of the chunk's size whose letters were also
//! fetched count, and a flow is whole once its last list came back empty.

use std::collections::BTreeSet;

use letterproof_model::{Context, LetterStatus, Operation};

use crate::traffic::{
    Answer, Call, CallIx, Event, EventKind, LetterIx, ListCall, Micros, Traffic, Via,
};
use crate::unfit::says_no_pdf;

/// One run through the queue.
pub(crate) struct Flow<'a> {
    /// Its lists, the empty one at the end included.
    pub(crate) lists: Vec<&'a ListCall>,
    /// Its letters, each once.
    pub(crate) letters: Vec<LetterIx>,
    /// Whether the last list came back empty.
    pub(crate) whole: bool,
    /// When its first list was asked for.
    pub(crate) started: Micros,
    /// When the next flow began.
    until: Micros,
}

/// What became of one letter's PDF in a flow.
pub(crate) enum Fetched {
    /// Downloaded: the last successful download.
    Whole(CallIx),
    /// Asked for, but there is no such PDF.
    NoPdf,
    /// Rejected instead of accepted.
    Rejected,
    /// Not downloaded, and the last call that tried.
    Not(Option<CallIx>),
}

/// The lists that may belong to a flow.
fn sized<'a>(
    traffic: &'a Traffic,
    context: &Context,
) -> impl Iterator<Item = &'a ListCall> + use<'a> {
    let chunk = context.at15_chunk;
    traffic.supplier_lists().filter(move |list| list.limit == Some(chunk) && list.readable())
}

/// Whether a flow was to begin when the queue was empty: two empty lists in a row.
pub(crate) fn found_empty(traffic: &Traffic, context: &Context) -> bool {
    let lists: Vec<&ListCall> = sized(traffic, context).collect();
    lists.windows(2).any(|pair| pair.iter().all(|list| list.entries().is_empty()))
}

/// Every flow in the traffic, by time. One ends with an empty list, or where the queue held more
/// than one flow's letters, with the list that begins the next. A label naming AT15 narrows the choice.
pub(crate) fn flows<'a>(traffic: &'a Traffic, context: &Context) -> Vec<Flow<'a>> {
    let sized = || sized(traffic, context);
    let labelled = |list: &ListCall| traffic.call(list.call).labelled("AT15");
    let narrowed = sized().any(labelled);
    let mut flows: Vec<Flow<'a>> = Vec::new();
    let mut open: Vec<&ListCall> = Vec::new();
    for list in sized().filter(|list| !narrowed || labelled(list)) {
        if !list.entries().is_empty() {
            if holds_a_flow(&open, list, context) {
                flows.push(Flow::of(std::mem::take(&mut open), true));
            }
            open.push(list);
        } else if !open.is_empty() {
            open.push(list);
            flows.push(Flow::of(std::mem::take(&mut open), true));
        }
    }
    if !open.is_empty() {
        flows.push(Flow::of(open, false));
    }
    for at in 1..flows.len() {
        let (before, from) = flows.split_at_mut(at);
        let (ended, begun) = (&mut before[at - 1], &from[0]);
        // Seeded anew, the same letters come again; letters of its own may still be on their way.
        if begun.letters.iter().any(|letter| ended.letters.binary_search(letter).is_ok()) {
            ended.until = begun.started;
        }
    }
    flows.retain(|flow| flow.letters.iter().any(|letter| flow.asked(*letter, traffic).is_some()));
    flows
}

/// Whether these lists named all the letters of one flow and `next` begins another: the queue held
/// more than one flow needs.
fn holds_a_flow(lists: &[&ListCall], next: &ListCall, context: &Context) -> bool {
    let named: BTreeSet<LetterIx> =
        lists.iter().flat_map(|list| list.entries()).map(|entry| entry.letter).collect();
    named.len() >= context.seeded_letters as usize
        && next.entries().iter().all(|entry| !named.contains(&entry.letter))
}

impl<'a> Flow<'a> {
    fn of(lists: Vec<&'a ListCall>, whole: bool) -> Self {
        let letters: BTreeSet<LetterIx> =
            lists.iter().flat_map(|list| list.entries()).map(|entry| entry.letter).collect();
        let started = lists.first().map_or(0, |list| list.started);
        Self { lists, letters: letters.into_iter().collect(), whole, started, until: Micros::MAX }
    }

    /// The list that named a letter.
    pub(crate) fn list_of(&self, letter: LetterIx) -> Option<CallIx> {
        let names = |list: &&&ListCall| list.entries().iter().any(|entry| entry.letter == letter);
        self.lists.iter().find(names).map(|list| list.call)
    }

    /// The supplier's events of a letter within this flow.
    pub(crate) fn events<'t>(
        &'t self,
        letter: LetterIx,
        traffic: &'t Traffic,
    ) -> impl DoubleEndedIterator<Item = &'t Event> + 't {
        traffic
            .letter(letter)
            .events
            .iter()
            .filter(|event| event.by_supplier && event.at >= self.started && event.at < self.until)
    }

    fn asked(&self, letter: LetterIx, traffic: &Traffic) -> Option<CallIx> {
        self.events(letter, traffic)
            .find(|event| matches!(event.kind, EventKind::DataAsked))
            .map(|event| event.call)
    }

    /// What became of a letter's PDF.
    pub(crate) fn fetched(&self, letter: LetterIx, traffic: &Traffic) -> Fetched {
        let tries = || {
            self.events(letter, traffic)
                .rev()
                .filter(|event| matches!(event.kind, EventKind::Downloaded | EventKind::DataAsked))
        };
        let whole = tries().find(|event| {
            matches!(event.kind, EventKind::Downloaded)
                && traffic.call(event.call).answer() == Answer::Status(200)
        });
        if let Some(event) = whole {
            return Fetched::Whole(event.call);
        }
        if self.sent(letter, LetterStatus::Rejected, traffic).is_some() {
            return Fetched::Rejected;
        }
        match tries().next() {
            // A letter with a hash has content; that its storage denies it is no excuse.
            Some(event)
                if says_no_pdf(event, traffic) && traffic.letter(letter).hash().is_none() =>
            {
                Fetched::NoPdf
            }
            last => Fetched::Not(last.map(|event| event.call)),
        }
    }

    /// The call with which this flow sent a letter a status, answered with success.
    pub(crate) fn sent(
        &self,
        letter: LetterIx,
        status: LetterStatus,
        traffic: &Traffic,
    ) -> Option<(CallIx, Via)> {
        self.events(letter, traffic).find_map(|event| match event.kind {
            EventKind::Sent(update) if update.status == status && update.answer.accepted() => {
                Some((event.call, update.via))
            }
            _ => None,
        })
    }

    /// How long each of its letters' calls of an operation took: those answered with success.
    pub(crate) fn took(&self, operation: Operation, traffic: &Traffic) -> Vec<Micros> {
        let letters = self.letters.iter();
        let events = letters.flat_map(|letter| self.events(*letter, traffic));
        let calls = events.map(|event| traffic.call(event.call));
        calls
            .filter(|call| {
                call.operation == operation && matches!(call.answer(), Answer::Status(200 | 303))
            })
            .map(|call| call.finished - call.started)
            .collect()
    }

    /// How many calls it could not do without: its lists, one acceptance of each list's letters,
    /// and one call for the data of each letter that was fetched.
    pub(crate) fn needed_calls(&self, traffic: &Traffic) -> usize {
        let asked = self.letters.iter().filter(|letter| self.asked(**letter, traffic).is_some());
        let named = self.lists.iter().filter(|list| !list.entries().is_empty());
        self.lists.len() + named.count() + asked.count()
    }

    /// When the last byte of its last download arrived.
    pub(crate) fn ended(&self, traffic: &Traffic) -> Option<(CallIx, Micros)> {
        self.letters
            .iter()
            .filter_map(|letter| match self.fetched(*letter, traffic) {
                Fetched::Whole(call) => Some((call, traffic.call(call).finished)),
                _ => None,
            })
            .max_by_key(|(_, finished)| *finished)
    }

    /// The supplier's calls from its first list to its last download.
    pub(crate) fn calls<'t>(
        &'t self,
        traffic: &'t Traffic,
    ) -> impl Iterator<Item = (CallIx, &'t Call)> + 't {
        let ended = self.ended(traffic).map_or(self.started, |(_, at)| at);
        let until = ended.max(self.lists.last().map_or(ended, |list| list.finished));
        traffic
            .supplier_calls()
            .filter(move |(_, call)| call.started >= self.started && call.started <= until)
    }
}
