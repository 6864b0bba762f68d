//! AT13: reject letters that cannot be taken on. A PDF counts as missing only once the supplier has
//! asked for it, before it produced the letter.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Ruling, Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::supplier::unfit::{
    Unfit, ended, ended_for_good, missing_pdf, produced, produced_after, sent, unfit_specification,
};
use crate::tally::Tally;
use crate::traffic::{CallIx, LetterIx, Micros, Traffic};
use letterproof_model::text::{many, micros};

/// Judges AT13.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    use LetterStatus::{Accepted, Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Rejected, traffic, context);
    rule(
        &moved,
        [
            ("AT13.1", Moved::eligible),
            ("AT13.2", Moved::seen_back),
            ("AT13.3", Moved::with_reason),
            ("AT13.4", |moved| moved.nothing_after(&[Accepted, Printed, Enclosed, Dispatched])),
            ("AT13.5", |moved| unfit_kept_out(moved.traffic, moved.context)),
            ("AT13.6", Moved::on_record),
        ],
    )
}

/// Why the supplier must not produce this letter, and the call that told it before it did.
fn unfit(ix: LetterIx, traffic: &Traffic, context: &Context) -> Option<(Unfit, CallIx)> {
    let letter = traffic.letter(ix);
    let made = produced(letter).map_or(Micros::MAX, |(call, _)| traffic.call(call).started);
    let mut told = letter.events.iter().filter(|event| event.by_supplier && event.at < made);
    let shown = told.find(|event| event.is_listed() || event.shows().is_some());
    if let (Some(unfit), Some(event)) = (unfit_specification(ix, traffic, context), shown) {
        return Some((unfit, event.call));
    }
    missing_pdf(letter, traffic).map(|asked| (Unfit::NoPdf, asked))
}

/// No letter that cannot be taken on is produced: it is rejected, or once accepted reported as
/// FAILED. That a rejection comes only from PENDING is the first clause.
fn unfit_kept_out(traffic: &Traffic, context: &Context) -> Ruling {
    let grace = micros(context.update_deadline_ms);
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let Some((unfit, told)) = unfit(ix, traffic, context) else { continue };
        let accepted = sent(letter, &[LetterStatus::Accepted]);
        let words = unfit.words();
        // What NHS Notify put right before it took a letter back is not told of its specification.
        let end = match unfit {
            Unfit::NoPdf => ended_for_good(letter),
            Unfit::NoSpecification | Unfit::UnknownSpecification => ended(letter),
        };
        if let Some((call, status)) = produced_after(letter, told, end, traffic) {
            tally.fault(ix, [told, call], format!("{words} and was reported as {status}"));
        } else if let Some(call) = ended(letter) {
            tally.good([told, call]);
        } else if accepted.is_none() && unfit != Unfit::NoPdf {
            // A letter merely listed has not been handled, so nothing was done wrong with it.
        } else if traffic.follows(traffic.ended(), traffic.call(told).finished + grace) {
            let missing = match accepted {
                Some(_) => ", was accepted and never reported as FAILED",
                None => " and was not rejected",
            };
            tally.fault(ix, [told].into_iter().chain(accepted), format!("{words}{missing}"));
        } else {
            let words = format!("{words}, found just before the recording ended");
            tally.open(ix, [told].into_iter().chain(accepted), words);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no letter that cannot be accepted was processed");
    }
    tally.rule(traffic, "letter", |n| {
        format!("{} that cannot be accepted, none produced", many(n, "letter"))
    })
}
