//! AT6: report letters as ENCLOSED.
//! Refuses to treat it as done where it only was sent: every clause rests on reads.

use letterproof_model::{Context, CriterionResult, LetterStatus};

use crate::moved::Moved;
use crate::ruling::rule;
use crate::traffic::Traffic;

/// Judges AT6.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Vec<CriterionResult> {
    let moved = Moved::to(LetterStatus::Enclosed, traffic, context);
    rule(6, traffic, context, |clause| match clause {
        1 => moved.eligible(),
        2 => moved.seen_back(),
        3 => moved.not_twice(),
        4 => moved.seen_before_next(),
        _ => moved.on_record(),
    })
}
