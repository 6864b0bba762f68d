//! AT11: cancel letters on request.
//! Refuses to know where the ids came from: that is attested, with the list by e-mail attached.

use letterproof_model::{Context, CriterionResult, LetterStatus};

use crate::moved::Moved;
use crate::ruling::rule;
use crate::traffic::Traffic;

/// Judges AT11.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Vec<CriterionResult> {
    use LetterStatus::{Delivered, Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Cancelled, traffic, context);
    rule(11, traffic, context, |clause| match clause {
        1 => moved.eligible(),
        3 => moved.seen_back(),
        4 => moved.with_reason(),
        5 => moved.nothing_after(&[Printed, Enclosed, Dispatched, Delivered]),
        _ => moved.on_record(),
    })
}
