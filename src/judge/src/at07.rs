//! AT7: report letters as DISPATCHED.
//! Refuses one way of updating as proof of both.

use letterproof_model::{Context, LetterStatus};

use crate::moved::Moved;
use crate::readback::ReadBack;
use crate::ruling::{Ruling, Rulings, rule};
use crate::traffic::{Traffic, Via};
use letterproof_model::text::{count, many};

/// Judges AT7.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Dispatched, traffic, context);
    rule(
        &moved,
        [
            ("AT7.1", Moved::eligible),
            ("AT7.2", Moved::seen_back),
            ("AT7.3", Moved::not_twice),
            ("AT7.4", Moved::seen_before_next),
            ("AT7.5", both_ways),
            ("AT7.6", Moved::on_record),
        ],
    )
}

/// Whether at least one letter was seen DISPATCHED after a PATCH, and one after a bulk update.
fn both_ways(moved: &Moved<'_>) -> Ruling {
    if moved.moves.is_empty() {
        return Ruling::not_run("no letter was moved to DISPATCHED");
    }
    let by = |via: Via| {
        moved.moves.iter().filter(move |(one, back)| {
            matches!(back, ReadBack::Seen { .. } | ReadBack::Unknown { .. })
                && one.updates(moved.traffic).any(|(_, u)| u.via == via && u.answer.accepted())
        })
    };
    let ways = [Via::Patch, Via::Bulk];
    let shown = ways.map(|via| by(via).filter(|(_, b)| matches!(b, ReadBack::Seen { .. })).count());
    let calls = ways.into_iter().filter_map(|via| by(via).next());
    let calls = calls.map(|(one, _)| one.first_call(moved.traffic));
    let observed =
        format!("{} by PATCH, {} in bulk", many(shown[0], "letter"), count(shown[1] as u64));
    let tried = ways.map(|via| by(via).next().is_some());
    match (shown.map(|letters| letters > 0), tried) {
        ([true, true], _) => Ruling::pass(observed),
        (_, [true, true]) => {
            Ruling::open(observed, "both ways were used, but not both were read back")
        }
        _ => Ruling::fail(observed),
    }
    .expecting("at least one letter by PATCH and one in bulk, both read back")
    .shown_by(calls)
}
