//! AT10: report letters as RETURNED, with a return code and its text.
//! Refuses free text: each of the ten codes has a text of its own.

use letterproof_model::{Context, CriterionResult, LetterStatus};

use crate::moved::Moved;
use crate::ruling::rule;
use crate::traffic::Traffic;

/// Judges AT10.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Vec<CriterionResult> {
    let moved = Moved::to(LetterStatus::Returned, traffic, context);
    rule(10, traffic, context, |clause| match clause {
        1 => moved.eligible(),
        2 => moved.seen_back(),
        3 => moved.with_return_code(),
        4 => moved.with_return_text(),
        _ => moved.on_record(),
    })
}
