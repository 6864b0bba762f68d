//! Tables beside the page, as CSV: one folder for each acceptance test, and one file for every call.
//!
//! A spreadsheet or a script starts here instead of at the journal. Refuses to sum up what it does
//! not also list: each row names the exchanges or letters it rests on.

mod counts;
mod criteria;
mod cross_check;
mod downloads;
mod ids;
pub(crate) mod reconciliation;
mod timings;

use letterproof_evidence::{Bundle, JOURNAL_FORMAT};
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;

pub(crate) use cross_check::{FILE_NAME as CROSS_CHECK, cross_check, nonce_prefix, with_nonce};

/// A file of the evidence folder: its name and what it holds.
pub(crate) type File = (String, String);

/// Every table but the cross-check, the letters and the reconciliation.
pub(crate) fn files(bundle: &Bundle, traffic: &Traffic, flows: &[Flow<'_>]) -> Vec<File> {
    let mut files = Vec::new();
    let is_current = bundle.journal.header.format == JOURNAL_FORMAT;
    for test in &bundle.results.tests {
        files.push((format!("{}/criteria.csv", test.id), criteria::csv(test, &bundle.results)));
        let mut push = |name: &str, file: Option<String>| {
            files.extend(file.map(|file| (format!("{}/{name}", test.id), file)));
        };
        push("counts.csv", counts::csv(test, traffic));
        push("timings.csv", timings::csv(test, traffic, flows));
        push("ids.csv", ids::csv(test, traffic, is_current));
        if test.id.number() == 15 {
            push("downloads.csv", downloads::csv(traffic, flows));
        }
    }
    files
}
