//! Everything that a fault must be able to turn red: the checks of the pack, of the conformance
//! suite and of an observer.
//! Refuses attestations, which people give.

use letterproof_judge::conformance::conformance_ids;
use letterproof_judge::observer_ids;
use letterproof_model::{ClauseKind, pack};

/// The id of every criterion and check that is judged from recorded exchanges, in order.
pub fn judged_ids() -> impl Iterator<Item = &'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses);
    let checks = clauses.filter(|clause| clause.kind == ClauseKind::Check).map(|clause| clause.id);
    checks.chain(conformance_ids()).chain(observer_ids())
}
