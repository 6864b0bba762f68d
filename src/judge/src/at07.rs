//! AT7: report letters as DISPATCHED, by PATCH or POST.
//! Refuses to demand of production what the pack asks for as evidence: without a read-back nothing
//! is decided, so that samples of before and after are no clause beside the first two.

use letterproof_model::{Context, LetterStatus};

use crate::moved::Moved;
use crate::ruling::{Rulings, rule};
use crate::traffic::Traffic;

/// Judges AT7.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Dispatched, traffic, context);
    rule(&moved, [("AT7.1", Moved::eligible), ("AT7.2", Moved::seen_back)])
}
