//! AT8: report letters as DELIVERED. Sending is not enough: every clause rests on reads.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT8.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Delivered, traffic, context);
    rule(
        &moved,
        [("AT8.1", Moved::eligible), ("AT8.2", Moved::seen_back), ("AT8.5", Moved::on_record)],
    )
}
