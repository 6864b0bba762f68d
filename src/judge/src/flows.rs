//! The flows of AT15: list, accept in bulk, ask for each link, download, until the list is empty.
//! Refuses to take any polling for a flow: only lists of the chunk's size whose letters were also
//! fetched count, and a flow is whole once its last list came back empty.

use std::collections::BTreeSet;

use letterproof_model::{Context, LetterStatus};

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

/// Every flow in the traffic, by time. A label naming AT15 narrows the choice.
pub(crate) fn flows<'a>(traffic: &'a Traffic, context: &Context) -> Vec<Flow<'a>> {
    let sized = || {
        traffic
            .supplier_lists()
            .filter(|list| list.limit == Some(context.at15_chunk) && list.readable())
    };
    let labelled = |list: &ListCall| traffic.call(list.call).labelled("AT15");
    let narrowed = sized().any(labelled);
    let mut flows: Vec<Flow<'a>> = Vec::new();
    let mut open: Vec<&ListCall> = Vec::new();
    for list in sized().filter(|list| !narrowed || labelled(list)) {
        if !list.entries().is_empty() {
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
        flows[at - 1].until = flows[at].started;
    }
    flows.retain(|flow| flow.letters.iter().any(|letter| flow.asked(*letter, traffic).is_some()));
    flows
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
