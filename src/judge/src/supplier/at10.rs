//! AT10: report letters as RETURNED, with a return code and its text. Each of the ten codes has a
//! text of its own.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT10.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Returned, traffic, context);
    rule(
        &moved,
        [
            ("AT10.1", Moved::eligible),
            ("AT10.2", Moved::seen_back),
            ("AT10.3", Moved::with_return_code),
            ("AT10.4", Moved::with_return_text),
            ("AT10.5", Moved::on_record),
        ],
    )
}
