//! Status before and after each update, one file for each acceptance test that moves letters.
//! Refuses to choose: every update of the supplier to the test's status is listed, also those
//! refused, repeated or never read back.

use letterproof_model::{LetterStatus, TestId};

use crate::csv;
use crate::lives::{Event, Lives, Via};
use crate::moves::{Update, updates};

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
pub(crate) fn tests(lives: &Lives<'_>) -> Vec<TestId> {
    let sent = |status: &LetterStatus| {
        let mut sent = lives.letters().flat_map(|(id, life)| updates(id, life));
        sent.any(|update| update.sent.status == *status)
    };
    LetterStatus::ALL.iter().filter(|status| sent(status)).filter_map(|s| test_of(*s)).collect()
}

/// The files of the tests whose status was sent for any letter, in order of the tests.
pub(crate) fn samples(lives: &Lives<'_>) -> Vec<(TestId, String)> {
    let mut sent: Vec<Update<'_>> =
        lives.letters().flat_map(|(id, life)| updates(id, life)).collect();
    sent.sort_by_key(|update| (update.sent.at, update.sent.exchange));
    let mut files: Vec<(TestId, String)> = LetterStatus::ALL
        .into_iter()
        .filter_map(|status| {
            let test = test_of(status)?;
            let mut lines = sent.iter().filter(|update| update.sent.status == status).peekable();
            lines.peek()?;
            let mut file = String::new();
            csv::line(&mut file, &HEADINGS);
            for update in lines {
                line(&mut file, lives, update);
            }
            Some((test, file))
        })
        .collect();
    files.sort_by_key(|(test, _)| *test);
    files
}

fn line(file: &mut String, lives: &Lives<'_>, update: &Update<'_>) {
    let status = |event: Option<&Event>| event.map_or("", |event| event.status.as_str());
    let exchange = |event: Option<&Event>| {
        event.map_or_else(String::new, |event| lives.exchange(event).id.to_string())
    };
    let at = |event: Option<&Event>| event.map_or_else(String::new, |event| csv::time_of(event.at));
    let sent = update.sent;
    let answered = match update.answer.0 {
        Some(status) => status.to_string(),
        None => "no answer".to_owned(),
    };
    let (code, text) =
        update.after.map_or(("", ""), |after| (&after.reason.code, &after.reason.text));
    csv::line(
        file,
        &[
            update.letter,
            lives.exchange(sent).scenario.as_deref().unwrap_or_default(),
            status(update.before),
            &exchange(update.before),
            &at(update.before),
            sent.status.as_str(),
            &exchange(Some(sent)),
            match update.via {
                Via::Patch => "PATCH",
                Via::Bulk => "POST",
            },
            &csv::time_of(sent.at),
            &answered,
            &sent.reason.code,
            &sent.reason.text,
            status(update.after),
            &exchange(update.after),
            &at(update.after),
            code,
            text,
        ],
    );
}
