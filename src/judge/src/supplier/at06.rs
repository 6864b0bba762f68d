//! AT6: report letters as ENCLOSED. Sending is not enough: every clause rests on reads.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT6.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Enclosed, traffic, context);
    rule(
        &moved,
        [("AT6.1", Moved::eligible), ("AT6.2", Moved::seen_back), ("AT6.5", Moved::on_record)],
    )
}
