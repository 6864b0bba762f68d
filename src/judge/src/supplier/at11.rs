//! AT11: cancel letters on request. Where the ids came from is attested, with the list by e-mail
//! attached.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;

/// Judges AT11.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    use LetterStatus::{Delivered, Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Cancelled, traffic, context);
    rule(
        &moved,
        [
            ("AT11.1", Moved::eligible),
            ("AT11.3", Moved::seen_back),
            ("AT11.4", Moved::with_reason),
            ("AT11.5", |moved| moved.nothing_after(&[Printed, Enclosed, Dispatched, Delivered])),
            ("AT11.6", Moved::on_record),
        ],
    )
}
