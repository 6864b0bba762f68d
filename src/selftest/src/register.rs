//! Everything that a fault must be able to turn red: the checks of the pack, of the conformance
//! suite and of an observer.
//! Refuses attestations, which people give, and clauses that only show evidence, which nobody fails.

use letterproof_judge::conformance::conformance_ids;
use letterproof_judge::observer_ids;
use letterproof_model::{ClauseKind, EVIDENCE_ONLY, pack};

/// The id of every criterion and check that recorded exchanges can fail, in order.
pub fn judged_ids() -> impl Iterator<Item = &'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses);
    let checks = clauses.filter(|clause| clause.kind == ClauseKind::Check).map(|clause| clause.id);
    let checks = checks.filter(|id| !EVIDENCE_ONLY.contains(id));
    checks.chain(conformance_ids()).chain(observer_ids())
}
