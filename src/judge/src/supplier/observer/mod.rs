//! What only an observer of the supplier can see, as checks of their own beside the pack's clauses.
//!
//! Each looks at the traffic as a whole and ends with a verdict: `not-run` where the traffic held
//! nothing to look at. A failed check carries its letters and exchanges itself and is not repeated
//! among the findings. The harness's own calls do not count, nor does an update that the API
//! certainly did not accept.

mod calls;
mod conduct;
mod content;
mod lists;
mod mi;
mod refusals;
mod times;
mod updates;

use std::sync::LazyLock;

use letterproof_model::{Capability, CheckResult, Context, FindingKind, Strength};

use crate::ruling::{Heading, Ruling};
use crate::supplier::cause::Fault;
use crate::traffic::Traffic;

static CHECKS: LazyLock<Vec<ObserverCheck>> = LazyLock::new(|| {
    [
        updates::CHECKS,
        lists::CHECKS,
        content::CHECKS,
        mi::CHECKS,
        times::CHECKS,
        calls::CHECKS,
        conduct::CHECKS,
        refusals::CHECKS,
    ]
    .concat()
});

/// A check of what an observer sees of the supplier.
#[derive(Debug, Clone, Copy)]
pub struct ObserverCheck {
    /// `O-…`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What is expected, in one sentence.
    pub clause: &'static str,
    /// What it rests on.
    pub source: &'static str,
    /// How far the official texts carry it: one that is ours is advice.
    pub strength: Strength,
    /// Capabilities the target must have for the check to mean anything.
    pub needs: &'static [Capability],
    judge: fn(&Traffic, &Context) -> Ruling,
}

impl ObserverCheck {
    /// Whether it does not matter what the updates in a recording say.
    fn rests_on_calls_alone(&self) -> bool {
        calls::CHECKS.iter().any(|check| check.id == self.id)
    }

    fn result(&self, traffic: &Traffic, context: &Context) -> (CheckResult, Option<Fault>) {
        let ruling = match context.lacking(self.needs) {
            Some(lacking) => {
                Ruling::not_applicable(format!("target {} is not {lacking}", context.target))
            }
            None if self.rests_on_calls_alone() => (self.judge)(traffic, context),
            None => (self.judge)(traffic, context).unless_untold(traffic.untold_letters()),
        };
        let Self { id, title, clause, source, strength, .. } = *self;
        let kind = match strength {
            Strength::Stated | Strength::Implied => FindingKind::Violation,
            Strength::Ours => FindingKind::Note,
        };
        let finding = ruling.failed().then_some(kind);
        let heading = Heading { id, title, clause, source };
        let fault = ruling.fault(id);
        let result = ruling.into_check(&heading, finding, traffic, context);
        (CheckResult { strength: Some(strength), ..result }, fault)
    }
}

/// Every check of what an observer sees, in the order of results.
#[must_use]
pub fn observer_checks() -> &'static [ObserverCheck] {
    &CHECKS
}

/// The ids of the observer's checks.
pub fn observer_ids() -> impl Iterator<Item = &'static str> {
    observer_checks().iter().map(|check| check.id)
}

/// Judges what only an observer of the supplier can see: one result for each check.
#[must_use]
pub fn judge_observer(traffic: &Traffic, context: &Context) -> Vec<CheckResult> {
    observe(traffic, context).into_iter().map(|(result, _)| result).collect()
}

/// The same, and what each failed check is about, whole.
pub(crate) fn observe(traffic: &Traffic, context: &Context) -> Vec<(CheckResult, Option<Fault>)> {
    observer_checks().iter().map(|check| check.result(traffic, context)).collect()
}
