//! AT12: report letters as FAILED. Seeds do not count: a damaged PDF is what a recorded download
//! shows. How many pages a letter may have is the supplier's own rule: the pack's five are an
//! example.

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Ruling, Rulings, rule};
use crate::supplier::status_moves::Moved;
use crate::supplier::unfit::{ended, ended_for_good, missing_pdf, produced, produced_after, sent};
use crate::tally::Tally;
use crate::traffic::{CallIx, Event, EventKind, Letter, Micros, Traffic};
use letterproof_model::text::{many, micros};

/// Judges AT12.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let moved = Moved::to(LetterStatus::Failed, traffic, context);
    rule(
        &moved,
        [
            ("AT12.1", Moved::eligible),
            ("AT12.2", Moved::seen_back),
            ("AT12.3", Moved::with_reason),
            ("AT12.4", |moved| bad_pdfs_kept_out(moved.traffic, moved.context)),
            ("AT12.6", Moved::on_record),
        ],
    )
}

/// Why a downloaded PDF cannot be produced, where the recording shows it. What was too long to be
/// read here, and what readers repair in silence, is no damage.
pub(crate) fn bad_pdf(event: &Event, traffic: &Traffic) -> Option<String> {
    if !matches!(event.kind, EventKind::Downloaded) {
        return None;
    }
    let call = traffic.call(event.call);
    // A part of a PDF is none that can be read.
    let exchange = call.exchange();
    let response = exchange.response().filter(|_| call.brought_whole())?;
    let problem = response.body.content()?.problem.as_deref()?;
    match problem {
        unread if unread.starts_with("longer than") => None,
        locked if locked.starts_with("encrypted") => {
            Some(format!("a PDF that cannot be opened ({locked})"))
        }
        damage => Some(format!("a damaged PDF ({damage})")),
    }
}

/// What the last whole download before a moment shows of a letter's PDF: a download that broke off
/// or came damaged may be made good by another.
fn last_download(
    letter: &Letter,
    traffic: &Traffic,
    before: Micros,
) -> Option<(CallIx, Option<String>)> {
    let is_whole = |event: &&Event| {
        let call = traffic.call(event.call);
        event.by_supplier
            && event.at < before
            && matches!(event.kind, EventKind::Downloaded)
            && call.brought_whole()
            && call.exchange().response().is_some_and(|answer| answer.body.content().is_some())
    };
    let last = letter.events.iter().rev().find(is_whole)?;
    Some((last.call, bad_pdf(last, traffic)))
}

/// The download that decides on a letter: the last whole one before it was first reported as produced
/// or, where it was produced unseen, the last of all.
fn deciding(letter: &Letter, traffic: &Traffic) -> Option<(CallIx, Option<String>)> {
    let made = produced(letter).map_or(Micros::MAX, |(call, _)| traffic.call(call).started);
    last_download(letter, traffic, made).or_else(|| last_download(letter, traffic, Micros::MAX))
}

/// The call that says that an accepted letter has no PDF, where no AT13 tells of it: a workflow without
/// REJECTED can only report such a letter as FAILED.
fn without_pdf(letter: &Letter, traffic: &Traffic, context: &Context) -> Option<CallIx> {
    missing_pdf(letter, traffic).filter(|_| !context.reports(LetterStatus::Rejected))
}

/// No letter whose download shows a damaged PDF is produced: it is rejected before it is accepted,
/// or reported as FAILED after; one that was cancelled or forwarded is out of production as well.
/// Each letter is followed to the end of the record.
fn bad_pdfs_kept_out(traffic: &Traffic, context: &Context) -> Ruling {
    let grace = micros(context.update_deadline_ms);
    let mut tally = Tally::default();
    let mut whole = Vec::new();
    for (ix, letter) in traffic.letters() {
        let (download, words) = match deciding(letter, traffic) {
            Some((download, Some(words))) => (download, words),
            Some((download, None)) => {
                whole.push(download);
                continue;
            }
            None => match without_pdf(letter, traffic, context) {
                Some(asked) => (asked, "no PDF".to_owned()),
                None => continue,
            },
        };
        let made = produced_after(letter, download, ended_for_good(letter), traffic);
        if let Some((call, status)) = made {
            let words = format!("has {words} but was reported as {status}");
            tally.fault(ix, [download, call], words);
        } else if let Some(call) = ended(letter) {
            tally.good([download, call]);
        } else if let Some(accepted) = sent(letter, &[LetterStatus::Accepted]) {
            if traffic.follows(traffic.ended(), traffic.call(download).finished + grace) {
                let words = format!("has {words}, was accepted and never reported as FAILED");
                tally.fault(ix, [accepted, download], words);
            } else {
                let words = format!("has {words}, found just before the recording ended");
                tally.open(ix, [accepted, download], words);
            }
        }
    }
    match (tally.checked(), whole.len()) {
        (0, 0) => Ruling::not_run("no PDF was downloaded in full"),
        (0, n) => {
            Ruling::pass(format!("{} downloaded, none damaged", many(n, "PDF"))).shown_by(whole)
        }
        _ => tally.rule(traffic, "letter", |n| {
            format!("{} whose PDF cannot be produced, none produced", many(n, "letter"))
        }),
    }
}
