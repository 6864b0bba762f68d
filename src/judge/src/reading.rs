//! One reading of a journal, from which everything is concluded: its index, and what the contract
//! finds in each of its calls.
//!
//! Nothing else of this crate asks the contract, so that findings and conformance checks rest on the
//! same calls. A call that a recording proxy made go wrong on purpose is left out of both: the API
//! has no part in what came back.

use std::collections::HashSet;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use letterproof_contract::Contract;
use letterproof_model::{Context, ExchangeId, Finding, Journal, Kept, Mark, fold_findings};

use crate::traffic::{Call, CallIx, Traffic};

/// So many exchanges are checked at a time: few enough that one with a list of 2,500 letters leaves
/// no core idle for long.
const AT_A_TIME: usize = 128;

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
        let kept = journal.kept();
        let injected = journal.marks().iter().filter_map(Mark::injected_into).collect();
        let pass = Pass {
            kept,
            injected: &injected,
            context,
            contract,
            begun: AtomicUsize::new(0),
            found: Mutex::default(),
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        let helpers = cores.min(kept.len().div_ceil(AT_A_TIME)).saturating_sub(1);
        let traffic = thread::scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|| pass.work());
            }
            let traffic = Traffic::from_journal(journal, context);
            pass.work();
            traffic
        });
        let found = pass.in_order();
        Self { traffic, found }
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

/// A pass of the contract over all exchanges, which several threads share.
struct Pass<'a> {
    kept: &'a [Kept],
    injected: &'a HashSet<ExchangeId>,
    context: &'a Context,
    contract: &'a Contract,
    /// How many parts have been begun.
    begun: AtomicUsize,
    found: Mutex<Found>,
}

impl Pass<'_> {
    /// Checks one part after another, until all have been begun.
    fn work(&self) {
        let mut mine = Found::default();
        loop {
            let number = self.begun.fetch_add(1, Ordering::Relaxed);
            let Some(part) = self.kept.chunks(AT_A_TIME).nth(number) else { break };
            for (place, kept) in (number * AT_A_TIME..).zip(part) {
                let exchange = kept.get();
                // The index counts in the order of recording as well.
                let call = CallIx(u32::try_from(place).unwrap_or(u32::MAX));
                if self.injected.contains(&exchange.id) {
                    mine.injected.insert(call);
                    continue;
                }
                let found = self.contract.check(&exchange, self.context);
                mine.findings.extend(found.into_iter().map(|finding| (call, finding)));
            }
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
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
