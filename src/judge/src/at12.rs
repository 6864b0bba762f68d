//! AT12: report letters as FAILED.
//! Refuses the seed's word for it: a damaged or too long PDF is what a recorded download shows.

use letterproof_model::{Context, LetterStatus};

use crate::moved::Moved;
use crate::ruling::{Ruling, Rulings, rule};
use crate::tally::Tally;
use crate::traffic::{Event, EventKind, Letter, Traffic};
use letterproof_model::text::{many, micros};

/// The most pages a letter may have.
const PAGES: u32 = 5;

/// Judges AT12.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    use LetterStatus::{Delivered, Dispatched, Enclosed, Printed};
    let moved = Moved::to(LetterStatus::Failed, traffic, context);
    rule(
        &moved,
        [
            ("AT12.1", Moved::eligible),
            ("AT12.2", Moved::seen_back),
            ("AT12.3", Moved::with_reason),
            ("AT12.4", |moved| bad_pdfs_failed(moved.traffic, moved.context)),
            ("AT12.5", |moved| moved.nothing_after(&[Printed, Enclosed, Dispatched, Delivered])),
            ("AT12.6", Moved::on_record),
        ],
    )
}

/// Why a downloaded PDF cannot be produced, where the recording shows it.
pub(crate) fn bad_pdf(event: &Event, traffic: &Traffic) -> Option<String> {
    if !matches!(event.kind, EventKind::Downloaded) {
        return None;
    }
    let response = traffic.call(event.call).exchange.response().filter(|r| r.status == 200)?;
    let content = response.body.content()?;
    match (&content.problem, content.pages) {
        (Some(problem), _) => Some(format!("a damaged PDF ({problem})")),
        (None, Some(pages)) if pages > PAGES => Some(format!("a PDF of {pages} pages")),
        _ => None,
    }
}

/// Every accepted letter whose download shows a bad PDF is reported as FAILED; a letter cancelled
/// or rejected meanwhile is out of production as well.
fn bad_pdfs_failed(traffic: &Traffic, context: &Context) -> Ruling {
    use LetterStatus::{Accepted, Cancelled, Failed, Rejected};
    let grace = micros(context.update_deadline_ms);
    let sent = |letter: &Letter, wanted: &[LetterStatus]| {
        letter
            .sent()
            .find(|(_, update)| wanted.contains(&update.status) && !update.answer.refused())
            .map(|(event, _)| event.call)
    };
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let bad = letter
            .events
            .iter()
            .filter(|event| event.by_supplier)
            .find_map(|event| bad_pdf(event, traffic).map(|words| (event.call, words)));
        let Some((download, words)) = bad else { continue };
        let Some(accepted) = sent(letter, &[Accepted]) else { continue };
        if let Some(call) = sent(letter, &[Failed, Cancelled, Rejected]) {
            tally.good([download, call]);
        } else if !traffic.follows(traffic.ended(), traffic.call(download).finished + grace) {
            let words = format!("has {words}, found just before the recording ended");
            tally.open(ix, [accepted, download], words);
        } else {
            let words = format!("has {words} and was accepted, and was not reported as FAILED");
            tally.fault(ix, [accepted, download], words);
        }
    }
    if tally.checked() == 0 {
        return Ruling::not_run("no download of an accepted letter shows a damaged or long PDF");
    }
    tally.rule(traffic, "letter", |n| format!("{} with a bad PDF, all FAILED", many(n, "letter")))
}
