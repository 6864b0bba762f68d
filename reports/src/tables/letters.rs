//! Letters by test: status before and after each update, one file for each acceptance test that moves
//! letters, and AT14's reconciliation.

use letterproof_model::{LetterStatus, TestId, csv_line};
use letterproof_traffic::books::Reconciliation;
use letterproof_traffic::moves::{Update, updates};
use letterproof_traffic::{Answer, Event, EventKind, Reason, TextIx, Traffic, Via};

use super::time_of;

const LETTERS: [&str; 17] = [
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
pub(crate) fn letters_file(test: TestId) -> String {
    format!("{test}/letters.csv")
}

/// The tests that have a file: those whose status was sent for any letter.
pub(crate) fn tests_with_letters(traffic: &Traffic) -> Vec<TestId> {
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
///
/// Nothing is chosen: every update of the supplier to the test's status is listed, also those refused,
/// repeated or never read back.
pub(crate) fn letters_files(traffic: &Traffic) -> Vec<(TestId, String)> {
    let sent = all_updates(traffic);
    let mut files: Vec<(TestId, String)> = LetterStatus::ALL
        .into_iter()
        .filter_map(|status| {
            let test = test_of(status)?;
            let mut lines = sent.iter().filter(|update| update.update.status == status).peekable();
            lines.peek()?;
            let mut file = String::new();
            csv_line(&mut file, &LETTERS);
            for update in lines {
                letter_line(&mut file, traffic, update);
            }
            Some((test, file))
        })
        .collect();
    files.sort_by_key(|(test, _)| *test);
    files
}

fn letter_line(file: &mut String, traffic: &Traffic, update: &Update<'_>) {
    let status =
        |event: Option<&Event>| event.and_then(Event::named).map_or("", |status| status.as_str());
    let exchange = |event: Option<&Event>| {
        event.map_or_else(String::new, |event| traffic.exchange_id(event.call).to_string())
    };
    let text = |text: Option<TextIx>| text.map_or("", |text| traffic.text(text));
    let at = |event: Option<&Event>| event.map_or_else(String::new, |event| time_of(event.at));
    let sent = update.sent;
    let after = match update.after.map(|after| after.kind) {
        Some(EventKind::Read(_, reason)) => reason,
        _ => Reason::default(),
    };
    csv_line(
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
            &time_of(sent.at),
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

/// The name of the reconciliation in the evidence folder.
pub(crate) const RECONCILIATION: &str = "AT14/reconciliation.csv";

/// What stands for the specification and group of letters that the API never described.
const NOT_ON_RECORD: &str = "not on record";

const RECONCILED: [&str; 8] = [
    "specification",
    "group",
    "letters_sent_dispatched",
    "letters_read_back_dispatched",
    "records",
    "quantity_submitted",
    "quantity_read_back",
    "difference",
];

/// A row's specification and group, as tables show them; `none` stands for one that is absent.
pub(crate) fn reconciliation_names<'r>(
    row: &'r Reconciliation,
    none: &'r str,
) -> (&'r str, &'r str) {
    if !row.described {
        return (NOT_ON_RECORD, NOT_ON_RECORD);
    }
    let specification = row.specification.as_ref().map_or(none, |id| id.as_str());
    (specification, row.group.as_ref().map_or(none, |id| id.as_str()))
}

/// AT14's reconciliation: letters dispatched, quantities submitted and read back, and the difference,
/// by specification and group.
pub(crate) fn reconciliation(rows: &[Reconciliation]) -> String {
    let mut file = String::new();
    csv_line(&mut file, &RECONCILED);
    for row in rows {
        let (specification, group) = reconciliation_names(row, "");
        csv_line(
            &mut file,
            &[
                specification,
                group,
                &row.sent.to_string(),
                &row.dispatched.to_string(),
                &row.records.to_string(),
                &row.submitted.to_string(),
                &row.read_back.map_or_else(String::new, |read| read.to_string()),
                &row.difference().to_string(),
            ],
        );
    }
    file
}
