//! Status before and after each update, one file for each acceptance test that moves letters.
//! Refuses to choose: every update of the supplier to the test's status is listed, also those
//! refused, repeated or never read back.

use letterproof_model::{LetterStatus, TestId};
use letterproof_traffic::moves::{Update, updates};
use letterproof_traffic::{Answer, Event, EventKind, Reason, TextIx, Traffic, Via};

use crate::csv;

const HEADINGS: [&str; 17] = [
    "letter",
    "scenario",
    "status_before",
    "before_exchange",
    "before_at",
    "status_sent",
    "update_exchange",
    "via",
    "sent_at",
    "answered",
    "reason_code",
    "reason_text",
    "status_after",
    "after_exchange",
    "after_at",
    "after_reason_code",
    "after_reason_text",
];

/// The test of the pack that is about moving letters to a status; PENDING has none.
pub(crate) fn test_of(status: LetterStatus) -> Option<TestId> {
    TestId::new(match status {
        LetterStatus::Pending => 0,
        LetterStatus::Accepted => 4,
        LetterStatus::Printed => 5,
        LetterStatus::Enclosed => 6,
        LetterStatus::Dispatched => 7,
        LetterStatus::Delivered => 8,
        LetterStatus::Forwarded => 9,
        LetterStatus::Returned => 10,
        LetterStatus::Cancelled => 11,
        LetterStatus::Failed => 12,
        LetterStatus::Rejected => 13,
    })
}

/// The name of a test's file in the evidence folder.
pub(crate) fn file_name(test: TestId) -> String {
    format!("{test}/letters.csv")
}

/// The tests that have a file: those whose status was sent for any letter.
pub(crate) fn tests(traffic: &Traffic) -> Vec<TestId> {
    let sent = |status: &LetterStatus| !traffic.moved_to(*status).is_empty();
    LetterStatus::ALL.iter().filter(|status| sent(status)).filter_map(|s| test_of(*s)).collect()
}

/// Every update of the supplier, in the order of sending, those of one call by letter.
pub(crate) fn all_updates(traffic: &Traffic) -> Vec<Update<'_>> {
    let letters = traffic.letters();
    let mut sent: Vec<_> = letters.flat_map(|(letter, _)| updates(traffic, letter)).collect();
    sent.sort_by_key(|update| (update.sent.at, update.sent.call, traffic.id_text(update.letter)));
    sent
}

/// What answered an update: its status code, or that none came.
pub(crate) fn answered(update: &Update<'_>) -> String {
    match update.update.answer {
        Answer::Status(status) => status.to_string(),
        Answer::Lost => "no answer".to_owned(),
    }
}

/// The files of the tests whose status was sent for any letter, in order of the tests.
pub(crate) fn samples(traffic: &Traffic) -> Vec<(TestId, String)> {
    let sent = all_updates(traffic);
    let mut files: Vec<(TestId, String)> = LetterStatus::ALL
        .into_iter()
        .filter_map(|status| {
            let test = test_of(status)?;
            let mut lines = sent.iter().filter(|update| update.update.status == status).peekable();
            lines.peek()?;
            let mut file = String::new();
            csv::line(&mut file, &HEADINGS);
            for update in lines {
                line(&mut file, traffic, update);
            }
            Some((test, file))
        })
        .collect();
    files.sort_by_key(|(test, _)| *test);
    files
}

fn line(file: &mut String, traffic: &Traffic, update: &Update<'_>) {
    let status =
        |event: Option<&Event>| event.and_then(Event::named).map_or("", |status| status.as_str());
    let exchange = |event: Option<&Event>| {
        event.map_or_else(String::new, |event| traffic.exchange_id(event.call).to_string())
    };
    let text = |text: Option<TextIx>| text.map_or("", |text| traffic.text(text));
    let at = |event: Option<&Event>| event.map_or_else(String::new, |event| csv::time_of(event.at));
    let sent = update.sent;
    let after = match update.after.map(|after| after.kind) {
        Some(EventKind::Read(_, reason)) => reason,
        _ => Reason::default(),
    };
    csv::line(
        file,
        &[
            traffic.id_text(update.letter),
            traffic.label(sent.call).unwrap_or_default(),
            status(update.before),
            &exchange(update.before),
            &at(update.before),
            update.update.status.as_str(),
            &exchange(Some(sent)),
            match update.update.via {
                Via::Patch => "PATCH",
                Via::Bulk => "POST",
            },
            &csv::time_of(sent.at),
            &answered(update),
            text(update.update.reason.code),
            text(update.update.reason.text),
            status(update.after),
            &exchange(update.after),
            &at(update.after),
            text(after.code),
            text(after.text),
        ],
    );
}
