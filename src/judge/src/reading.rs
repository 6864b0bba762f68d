//! One reading of a journal, from which everything is concluded: its index, and what the contract
//! finds in each of its calls. Each exchange is read once for both.
//!
//! Nothing else of this crate asks the contract, so that findings and conformance checks rest on the
//! same calls. A call that a recording proxy made go wrong on purpose is left out of both: the API
//! has no part in what came back.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{mem, thread};

use letterproof_contract::Contract;
use letterproof_model::{Context, Exchange, ExchangeId, Finding, Journal, Mark, fold_findings};

use crate::traffic::{Call, CallIx, Traffic};

/// So many exchanges are checked at a time: few enough that one with a list of 2,500 letters leaves
/// no core idle for long.
const AT_A_TIME: usize = 128;
/// Fewer where they take so many bytes.
const ROOM: usize = 256 << 10;
/// So many parts may wait at most: of a journal that does not lie in memory they are all that does.
const WAITING: usize = 8;

/// A journal, read once.
#[derive(Debug)]
pub(crate) struct Reading {
    /// The index.
    pub(crate) traffic: Traffic,
    /// What the contract finds.
    pub(crate) found: Found,
}

impl Reading {
    /// Reads a journal. Checking takes longer than indexing and is shared among all cores.
    pub(crate) fn of(journal: &dyn Journal, context: &Context, contract: &Contract) -> Self {
        let exchanges = journal.exchanges();
        let injected = journal.marks().iter().filter_map(Mark::injected_into).collect();
        let pass = Pass { injected, context, contract, found: Mutex::default() };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let helpers = cores.min(exchanges.len().div_ceil(AT_A_TIME)).saturating_sub(1);
        let (hand, taken) = sync_channel::<Part>(WAITING.min(2 * helpers));
        let taken = Mutex::new(taken);
        let mut traffic = Traffic::for_journal(journal, context);
        thread::scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|| pass.work(&taken));
            }
            // Goes with this, so that the others end when no part is left.
            let hand = hand;
            let hand_on = |part| match hand.try_send(part) {
                Ok(()) => {}
                // They have enough to do.
                Err(TrySendError::Full(part) | TrySendError::Disconnected(part)) => {
                    pass.check(&part);
                }
            };
            let mut part = Part::default();
            for kept in (0..exchanges.len()).filter_map(|place| exchanges.kept(place)) {
                let exchange = kept.get().to_arc();
                traffic.push_read(kept, &exchange);
                part.add(exchange);
                if part.is_full() {
                    let next = Part { first: traffic.len(), ..Part::default() };
                    hand_on(mem::replace(&mut part, next));
                }
            }
            pass.check(&part);
            drop(hand);
            pass.work(&taken);
        });
        traffic.note(journal);
        Self { traffic, found: pass.in_order() }
    }

    /// Leaves out the findings whose ids end so, in the calls in which they say nothing.
    pub(crate) fn leave_out(&mut self, id: &str, says_nothing: impl Fn(&Call) -> bool) {
        let traffic = &self.traffic;
        self.found.findings.retain(|(call, finding)| {
            !finding.id.ends_with(id) || !says_nothing(traffic.call(*call))
        });
    }
}

/// What the contract finds in the calls of a journal; a call in which it finds nothing takes no room.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// In the order of recording.
    findings: Vec<(CallIx, Finding)>,
    /// The calls that were made to go wrong.
    injected: HashSet<CallIx>,
}

impl Found {
    /// What was found in a call; `None` when that call says nothing about the API.
    pub(crate) fn of(&self, ix: CallIx) -> Option<impl Iterator<Item = &Finding>> {
        let from = self.findings.partition_point(|(other, _)| *other < ix);
        let found = self.findings[from..].iter().take_while(move |(other, _)| *other == ix);
        (!self.injected.contains(&ix)).then(|| found.map(|(_, finding)| finding))
    }

    /// All that was found, folded, the gravest first.
    pub(crate) fn folded(self) -> Vec<Finding> {
        fold_findings(self.findings.into_iter().map(|(_, finding)| finding))
    }
}

/// Exchanges that follow each other.
#[derive(Default)]
struct Part {
    /// The place of the first.
    first: usize,
    exchanges: Vec<Arc<Exchange>>,
    /// The room that they take, about.
    room: usize,
}

impl Part {
    fn add(&mut self, exchange: Arc<Exchange>) {
        self.room += exchange.room();
        self.exchanges.push(exchange);
    }

    fn is_full(&self) -> bool {
        self.exchanges.len() >= AT_A_TIME || self.room >= ROOM
    }
}

/// A pass of the contract over all exchanges, which several threads share.
struct Pass<'a> {
    injected: HashSet<ExchangeId>,
    context: &'a Context,
    contract: &'a Contract,
    found: Mutex<Found>,
}

impl Pass<'_> {
    /// Checks one part after another, until no more come.
    fn work(&self, taken: &Mutex<Receiver<Part>>) {
        let next = || locked(taken).recv().ok();
        while let Some(part) = next() {
            self.check(&part);
        }
    }

    fn check(&self, part: &Part) {
        let mut mine = Found::default();
        for (place, exchange) in (part.first..).zip(&part.exchanges) {
            // The index counts in the order of recording as well.
            let call = CallIx(u32::try_from(place).unwrap_or(u32::MAX));
            if self.injected.contains(&exchange.id) {
                mine.injected.insert(call);
                continue;
            }
            let found = self.contract.check(exchange, self.context);
            mine.findings.extend(found.into_iter().map(|finding| (call, finding)));
        }
        let mut found = locked(&self.found);
        found.findings.append(&mut mine.findings);
        found.injected.extend(mine.injected);
    }

    /// What was found in the order of recording, whichever thread found it.
    fn in_order(self) -> Found {
        let mut found = self.found.into_inner().unwrap_or_else(PoisonError::into_inner);
        // The sort is stable: what was found in one call stays in the order of the checks.
        found.findings.sort_by_key(|(call, _)| *call);
        found
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
