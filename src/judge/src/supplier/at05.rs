//! AT5: report letters as PRINTED. Sending is not enough: every clause rests on reads.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT5.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Printed, traffic, context);
    rule(
        &moved,
        [
            ("AT5.1", Moved::eligible),
            ("AT5.2", Moved::seen_back),
            ("AT5.3", Moved::not_twice),
            ("AT5.5", Moved::on_record),
        ],
    )
}
