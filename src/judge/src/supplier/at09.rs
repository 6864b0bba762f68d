//! AT9: forward accessible formats to a specialist. The profile says which specifications are
//! accessible formats.

use letterproof_model::{Context, LetterStatus, SpecificationId, SpecificationKind};

use crate::ruling::{Ruling, Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::traffic::Traffic;
use letterproof_model::text::many;

/// Judges AT9.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    use LetterStatus::{Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Forwarded, traffic, context);
    rule(
        &moved,
        [
            ("AT9.1", Moved::eligible),
            ("AT9.2", accessible),
            ("AT9.3", Moved::seen_back),
            ("AT9.4", Moved::with_text),
            ("AT9.5", |moved| moved.nothing_after(&[Printed, Enclosed, Dispatched])),
            ("AT9.6", Moved::on_record),
        ],
    )
}

fn accessible(moved: &Moved<'_>) -> Ruling {
    let traffic = moved.traffic;
    let pass = |n| format!("{} forwarded, all of accessible formats", many(n, "letter"));
    moved.over(pass, |one, _, tally| {
        let calls = one.seen_in.into_iter().chain([one.first_call(traffic)]);
        let letter = traffic.letter(one.letter);
        let Some(specification) = letter.specification() else {
            return if letter.described {
                tally.fault(one.letter, calls, "names no specification");
            } else {
                tally.open(one.letter, calls, "has no specification on record");
            };
        };
        let id = SpecificationId::from(traffic.text(specification));
        match moved.context.specification_kind(&id) {
            Some(SpecificationKind::Accessible) => tally.good(one.seen_in),
            Some(_) => tally.fault(one.letter, calls, format!("is of {id}")),
            None => tally.open(one.letter, calls, format!("is of {id}, unknown to the profile")),
        }
    })
}
