//! Everything that a fault must be able to turn red: the checks of the pack, of the conformance
//! suite and of an observer.
//! Refuses attestations, which people give, and clauses that only show evidence, which nobody fails.

use letterproof_judge::conformance::{conformance_checks, conformance_ids};
use letterproof_judge::{observer_checks, observer_ids};
use letterproof_model::{ClauseKind, CriterionId, EVIDENCE_ONLY, Strength, clause, pack};

/// The id of every criterion and check that recorded exchanges can fail, in order.
pub fn judged_ids() -> impl Iterator<Item = &'static str> {
    let clauses = pack().iter().flat_map(|test| test.clauses);
    let checks = clauses.filter(|clause| clause.kind == ClauseKind::Check).map(|clause| clause.id);
    let checks = checks.filter(|id| !EVIDENCE_ONLY.contains(id));
    checks.chain(conformance_ids()).chain(observer_ids())
}

/// Whether a criterion or check is ours alone, so that it decides nothing.
pub(crate) fn is_advice(id: &str) -> bool {
    let pack = clause(&CriterionId::from(id)).map(|clause| clause.strength);
    let mut observer = observer_checks().iter().filter(|check| check.id == id);
    let strength = pack.or_else(|| observer.next().map(|check| check.strength));
    strength == Some(Strength::Ours)
        || conformance_checks().iter().any(|check| check.id == id && check.advice)
}
