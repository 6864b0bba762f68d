//! AT7: report letters as DISPATCHED, by PATCH or POST. What the pack asks for as evidence is not
//! demanded of production: without a read-back nothing is decided, so samples of before and after are
//! not a clause beside the first two.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT7.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Dispatched, traffic, context);
    rule(&moved, [("AT7.1", Moved::eligible), ("AT7.2", Moved::seen_back)])
}
