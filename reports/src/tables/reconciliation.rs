//! AT14's reconciliation: letters dispatched, quantities submitted and read back, and the
//! difference, by specification and group.

use letterproof_traffic::books::Reconciliation;

use crate::csv;

/// The name of the file in the evidence folder.
pub(crate) const FILE_NAME: &str = "AT14/reconciliation.csv";

/// What stands for the specification and group of letters that the API never described.
pub(crate) const NOT_ON_RECORD: &str = "not on record";

const HEADINGS: [&str; 8] = [
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
pub(crate) fn names<'r>(row: &'r Reconciliation, none: &'r str) -> (&'r str, &'r str) {
    if !row.described {
        return (NOT_ON_RECORD, NOT_ON_RECORD);
    }
    let specification = row.specification.as_ref().map_or(none, |id| id.as_str());
    (specification, row.group.as_ref().map_or(none, |id| id.as_str()))
}

/// The rows as a file.
pub(crate) fn csv(rows: &[Reconciliation]) -> String {
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    for row in rows {
        let (specification, group) = names(row, "");
        csv::line(
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
