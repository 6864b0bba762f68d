//! Status before and after, for the letters that a criterion rests on.
//! Refuses a sample chosen for its looks: letters at fault come first, then those of the exchanges
//! that the criterion points to, in the order in which their updates were sent.

use std::collections::{BTreeMap, HashSet};

use letterproof_model::{ClauseKind, CriterionResult, ExchangeId, LetterStatus, TestId, Verdict};
use letterproof_traffic::moves::Update;
use letterproof_traffic::{CallIx, Event, Traffic};
use serde::Serialize;

use crate::samples::{all_updates, answered, file_name, test_of};
use crate::words;

/// Letters shown for one criterion.
const SHOWN: usize = 6;

/// The letters a criterion rests on, before and after their updates.
#[derive(Debug, Serialize)]
pub(super) struct BeforeAfter {
    /// `6 of 990 letters`.
    line: String,
    rows: Vec<Row>,
    /// The file with all of them.
    file: String,
}

#[derive(Debug, Serialize)]
struct Row {
    letter: String,
    before: String,
    sent: String,
    answered: String,
    after: String,
}

/// Every update of the supplier, by the test that is about it.
pub(super) struct Moved<'a> {
    traffic: &'a Traffic,
    updates: BTreeMap<TestId, Vec<Update<'a>>>,
}

impl<'a> Moved<'a> {
    pub(super) fn of(traffic: &'a Traffic) -> Self {
        let mut by_test: BTreeMap<TestId, Vec<Update<'a>>> = BTreeMap::new();
        for update in all_updates(traffic) {
            if let Some(test) = test_of(update.update.status) {
                by_test.entry(test).or_default().push(update);
            }
        }
        Self { traffic, updates: by_test }
    }

    /// What a criterion shows of it; `None` for criteria that are about no letter's status.
    pub(super) fn show(&self, criterion: &CriterionResult) -> Option<BeforeAfter> {
        let test = criterion.id.test()?;
        let judged = !matches!(criterion.verdict, Verdict::NotRun | Verdict::NotApplicable);
        let updates =
            self.updates.get(&test).filter(|_| judged && criterion.kind == ClauseKind::Check)?;
        let at_fault: HashSet<&str> = criterion.letters.iter().map(|id| id.as_str()).collect();
        let exchanges: HashSet<&str> = criterion.exchanges.iter().map(|id| id.as_str()).collect();
        let in_it = |event: &Event| exchanges.contains(self.id(event.call).as_str());
        let touched = |update: &&Update<'_>| {
            in_it(update.sent)
                || update.before.is_some_and(in_it)
                || update.after.is_some_and(in_it)
        };
        let (faulty, others): (Vec<_>, Vec<_>) =
            updates.iter().partition(|u| at_fault.contains(self.traffic.id_text(u.letter)));
        let chosen: Vec<&Update<'_>> = match at_fault.is_empty() {
            true => others.into_iter().filter(touched).collect(),
            false => faulty,
        };
        if chosen.is_empty() {
            return None;
        }
        let (shown, all) = (chosen.len().min(SHOWN), chosen.len());
        let all_words = words::counted(all as u64, "update", "updates");
        Some(BeforeAfter {
            line: if shown == all { all_words } else { format!("{shown} of {all_words}") },
            rows: chosen.into_iter().take(SHOWN).map(|update| self.row(update)).collect(),
            file: file_name(test),
        })
    }

    fn id(&self, call: CallIx) -> ExchangeId {
        self.traffic.exchange_id(call)
    }

    fn row(&self, update: &Update<'_>) -> Row {
        let shown = |status: LetterStatus, call| format!("{status} ({})", self.id(call));
        let seen = |event: Option<&Event>, none: &str| {
            let shown = event.and_then(|event| Some(shown(event.named()?, event.call)));
            shown.unwrap_or_else(|| none.to_owned())
        };
        Row {
            letter: self.traffic.id_text(update.letter).to_owned(),
            before: seen(update.before, "not on record"),
            sent: shown(update.update.status, update.sent.call),
            answered: answered(update),
            after: seen(update.after, "not read back"),
        }
    }
}
