//! The flows of AT15: list, accept in bulk, ask for each link, download, until the list is empty.
//! Only lists of the chunk's size whose letters were also fetched count, so that polling is no
//! flow; a flow is whole once its last list came back empty.

use std::collections::{BTreeSet, HashSet};

use letterproof_model::text::micros;
use letterproof_model::{Context, LetterStatus, Operation};

use crate::{
    Answer, Brought, Call, CallIx, Event, EventKind, LetterIx, ListCall, Micros, Traffic, Via,
};

/// One run through the queue.
#[derive(Debug)]
pub struct Flow<'a> {
    /// Its number, from 1.
    pub number: usize,
    /// Its lists, the empty one at the end included.
    pub lists: Vec<&'a ListCall>,
    /// Its letters, each once.
    pub letters: Vec<LetterIx>,
    /// Whether the last list came back empty.
    pub whole: bool,
    /// When its first list was asked for.
    pub started: Micros,
    /// When the next flow began.
    until: Micros,
}

/// What became of one letter's PDF in a flow.
pub enum Fetched {
    /// Downloaded: the last successful download.
    Whole(CallIx),
    /// Downloaded in parts that together are all of it: the last of them.
    InParts(CallIx),
    /// Asked for, but there is no such PDF.
    NoPdf,
    /// Rejected instead of accepted.
    Rejected,
    /// Not downloaded, and the last call that tried.
    Not(Option<CallIx>),
}

/// The calls of a flow for one letter's content, as tables list them.
#[derive(Debug)]
pub struct Fetch {
    /// The letter.
    pub letter: LetterIx,
    /// The list that named it first.
    pub list: CallIx,
    /// The first call that asked for its link.
    pub asked: Option<CallIx>,
    /// The last download that was answered with 200, or else the last that was tried.
    pub download: Option<CallIx>,
    /// How many downloads were tried.
    pub tries: u64,
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
pub fn found_empty(traffic: &Traffic, context: &Context) -> bool {
    let lists: Vec<&ListCall> = sized(traffic, context).collect();
    lists.windows(2).any(|pair| pair.iter().all(|list| list.entries().is_empty()))
}

/// Every flow in the traffic, by time. One goes from the first list with letters to the empty one,
/// however many letters were seeded. A label naming AT15 narrows the choice.
pub fn flows<'a>(traffic: &'a Traffic, context: &Context) -> Vec<Flow<'a>> {
    let sized = || sized(traffic, context);
    let labelled = |list: &ListCall| traffic.labelled(list.call, "AT15");
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
    for flow in &mut flows {
        flow.leave_out_taken_on(traffic);
    }
    for at in 1..flows.len() {
        let (before, from) = flows.split_at_mut(at);
        let (ended, begun) = (&mut before[at - 1], &from[0]);
        // Seeded anew, the same letters come again; letters of its own may still be on their way.
        if begun.letters.iter().any(|letter| ended.letters.binary_search(letter).is_ok()) {
            ended.until = begun.started;
        }
    }
    flows.retain(|flow| {
        flow.letters.iter().any(|letter| flow.asked(*letter, traffic).is_some())
            || flow.took_in_unfetched(traffic, context)
    });
    for (at, flow) in flows.iter_mut().enumerate() {
        flow.number = at + 1;
    }
    flows
}

impl<'a> Flow<'a> {
    fn of(lists: Vec<&'a ListCall>, whole: bool) -> Self {
        let letters: BTreeSet<LetterIx> =
            lists.iter().flat_map(|list| list.entries()).map(|entry| entry.letter).collect();
        let started = lists.first().map_or(0, |list| list.started);
        let letters = letters.into_iter().collect();
        Self { number: 0, lists, letters, whole, started, until: Micros::MAX }
    }

    /// Leaves out letters that had been taken on before the flow began and were not touched in it:
    /// the list named them because the queue lags.
    fn leave_out_taken_on(&mut self, traffic: &Traffic) {
        let taken = |letter: &LetterIx| {
            traffic.letter(*letter).sent().any(|(event, update)| {
                traffic.follows(self.started, event.at) && update.answer.accepted()
            })
        };
        let touched = |letter: &LetterIx| {
            let mut events = self.events(*letter, traffic);
            events.any(|event| !event.is_listed())
        };
        let kept = self.letters.iter().copied().filter(|letter| !taken(letter) || touched(letter));
        self.letters = kept.collect();
    }

    /// Whether it took in a whole seeding without asking for a single PDF, and nobody asked for one
    /// later: no polling accepts so many letters, and nothing on record says that they come some
    /// other way. What was listed first, or taken on, while nobody watched may have been fetched then.
    fn took_in_unfetched(&self, traffic: &Traffic, context: &Context) -> bool {
        let accepted =
            |letter: &LetterIx| self.sent(*letter, LetterStatus::Accepted, traffic).is_some();
        let taken_on = |letter: &&LetterIx| {
            let mut own = traffic.letter(**letter).events.iter().filter(|event| event.by_supplier);
            own.next().is_some_and(Event::is_listed)
                && self.events(**letter, traffic).any(|one| matches!(one.kind, EventKind::Sent(_)))
        };
        let mut events = self.letters.iter().flat_map(|letter| &traffic.letter(*letter).events);
        let took = self.finished(traffic) - self.started;
        self.whole
            && self.letters.iter().filter(taken_on).count() >= context.seeded_letters as usize
            && self.letters.iter().any(accepted)
            && traffic.watched(self.started, self.finished(traffic)) == took
            && traffic
                .follows(traffic.ended(), self.finished(traffic) + micros(context.at15_target_ms))
            && !events.any(|one| matches!(one.kind, EventKind::DataAsked | EventKind::Downloaded))
    }

    /// The name of its figures in the results: `AT15 flow 1`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("AT15 flow {}", self.number)
    }

    /// What was called for each letter's content, in the order in which the letters were listed.
    #[must_use]
    pub fn fetches(&self, traffic: &Traffic) -> Vec<Fetch> {
        let mut known = HashSet::new();
        let listed = self
            .lists
            .iter()
            .flat_map(|list| list.entries().iter().map(|entry| (list.call, entry.letter)));
        listed
            .filter(|(_, letter)| known.insert(*letter))
            .map(|(list, letter)| {
                let asked = self.asked(letter, traffic);
                let mut fetch = Fetch { letter, list, asked, download: None, tries: 0 };
                let arrived = |call: CallIx| traffic.call(call).brought_whole();
                let downloads = self.events(letter, traffic);
                for event in downloads.filter(|event| matches!(event.kind, EventKind::Downloaded)) {
                    fetch.tries += 1;
                    if arrived(event.call) || !fetch.download.is_some_and(arrived) {
                        fetch.download = Some(event.call);
                    }
                }
                fetch
            })
            .collect()
    }

    /// The list that named a letter.
    pub fn list_of(&self, letter: LetterIx) -> Option<CallIx> {
        let names = |list: &&&ListCall| list.entries().iter().any(|entry| entry.letter == letter);
        self.lists.iter().find(names).map(|list| list.call)
    }

    /// The supplier's events of a letter within this flow.
    pub fn events<'t>(
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
    pub fn fetched(&self, letter: LetterIx, traffic: &Traffic) -> Fetched {
        let tries = || {
            self.events(letter, traffic)
                .rev()
                .filter(|event| matches!(event.kind, EventKind::Downloaded | EventKind::DataAsked))
        };
        let whole = tries().find(|event| {
            matches!(event.kind, EventKind::Downloaded) && traffic.call(event.call).brought_whole()
        });
        if let Some(event) = whole {
            return Fetched::Whole(event.call);
        }
        if self.brought(letter, traffic) == Brought::Whole
            && let Some(last) = tries().find(|event| matches!(event.kind, EventKind::Downloaded))
        {
            return Fetched::InParts(last.call);
        }
        if self.sent(letter, LetterStatus::Rejected, traffic).is_some() {
            return Fetched::Rejected;
        }
        match tries().next() {
            // A letter with a hash has content; that its storage denies it is no excuse.
            Some(event)
                if traffic.says_no_pdf(event) && traffic.letter(letter).hash().is_none() =>
            {
                Fetched::NoPdf
            }
            last => Fetched::Not(last.map(|event| event.call)),
        }
    }

    /// How much of a letter's PDF its downloads in this flow brought together.
    #[must_use]
    pub fn brought(&self, letter: LetterIx, traffic: &Traffic) -> Brought {
        traffic.brought(self.events(letter, traffic))
    }

    /// The call with which this flow sent a letter a status, answered with success.
    pub fn sent(
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
    pub fn took(&self, operation: Operation, traffic: &Traffic) -> Vec<Micros> {
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
    pub fn needed_calls(&self, traffic: &Traffic) -> usize {
        let asked = self.letters.iter().filter(|letter| self.asked(**letter, traffic).is_some());
        let named = self.lists.iter().filter(|list| !list.entries().is_empty());
        self.lists.len() + named.count() + asked.count()
    }

    /// When the last byte of its last download arrived.
    pub fn ended(&self, traffic: &Traffic) -> Option<(CallIx, Micros)> {
        self.letters
            .iter()
            .filter_map(|letter| match self.fetched(*letter, traffic) {
                Fetched::Whole(call) | Fetched::InParts(call) => {
                    Some((call, traffic.call(call).finished))
                }
                _ => None,
            })
            .max_by_key(|(_, finished)| *finished)
    }

    /// When its last list and its last download were over.
    #[must_use]
    pub fn finished(&self, traffic: &Traffic) -> Micros {
        let lists = self.lists.iter().map(|list| list.finished);
        lists.chain(self.ended(traffic).map(|(_, at)| at)).max().unwrap_or(self.started)
    }

    /// The supplier's calls from its first list to its last download.
    pub fn calls<'t>(
        &'t self,
        traffic: &'t Traffic,
    ) -> impl Iterator<Item = (CallIx, &'t Call)> + 't {
        let until = self.finished(traffic);
        traffic
            .supplier_calls()
            .filter(move |(_, call)| call.started >= self.started && call.started <= until)
    }
}
