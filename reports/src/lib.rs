//! Reports of a run, each a pure function of a saved bundle: the page, Markdown, JUnit, HAR, the
//! lifecycle diagram, plots of what was measured, and tables of every call, criterion and letter.
//!
//! A report shows what the bundle holds and adds no judgement of its own, so that it can be made
//! again at any time from the same evidence with the same result. Refuses to look anywhere but
//! into the bundle: no clock, no network, no other file.

mod csv;
mod error;
mod extras;
mod figures;
mod har;
mod html;
mod junit;
mod lifecycle;
mod loads;
mod mail;
pub mod markdown;
mod measure;
mod plot;
mod questions;
mod samples;
mod summary;
mod svg;
mod tables;
mod waived;
mod words;
mod write;

use letterproof_evidence::Bundle;
use letterproof_traffic::Traffic;
use letterproof_traffic::books::at14_reconciliation;
use letterproof_traffic::flows::flows;

pub use error::ReportError;
pub use extras::Extras;
pub use har::har;
pub use loads::LoadRun;
pub use mail::{MAIL_FORMAT, MailSummary, mail_summary};
pub use summary::step_summary;
pub use write::{Rebuilt, rebuilt, write_all, write_all_with};

/// What the journal of a bundle says, read once for all that is rendered.
fn traffic_of(bundle: &Bundle) -> Traffic {
    Traffic::from_journal(&bundle.journal.recording, &bundle.context)
}

/// Renders a bundle as one self-contained HTML page.
///
/// # Errors
/// When the template fails, which is a defect of this crate.
pub fn html(bundle: &Bundle, extras: &Extras) -> Result<String, ReportError> {
    let traffic = traffic_of(bundle);
    let flows = flows(&traffic, &bundle.context);
    let tables = tables::files(bundle, &traffic, &flows);
    html::render(bundle, &traffic, &flows, extras, &tables)
}

/// Renders a bundle as JUnit XML. The time of a test is shared out evenly among its judged
/// criteria, since the traffic serves all of them.
///
/// # Errors
/// When the run's start cannot be written as a timestamp.
pub fn junit(bundle: &Bundle, extras: &Extras) -> Result<String, ReportError> {
    junit::render(bundle, extras)
}

/// Sums a bundle up in Markdown: outcome, tests, failures, findings, statements, and how to check.
#[must_use]
pub fn summary(bundle: &Bundle, extras: &Extras) -> String {
    summary::summary(bundle, &traffic_of(bundle), extras)
}

/// Draws the lifecycle of letters as SVG: the pack's moves, and how many letters made each.
#[must_use]
pub fn lifecycle_svg(bundle: &Bundle) -> String {
    lifecycle::render(bundle, &traffic_of(bundle))
}

/// Writes every call as CSV: time, operation, path, status, ids. NHS can sample its gateway's logs
/// against it.
///
/// # Errors
/// When the output cannot be written.
pub fn cross_check_csv(bundle: &Bundle, output: &mut dyn std::io::Write) -> std::io::Result<()> {
    tables::cross_check(&traffic_of(bundle), output)
}

/// The reconciliation of AT14 as CSV, by specification and group: letters sent DISPATCHED and read
/// back as such, records, quantities submitted and read back, and the difference.
#[must_use]
pub fn reconciliation_csv(bundle: &Bundle) -> String {
    tables::reconciliation::csv(&at14_reconciliation(&traffic_of(bundle)))
}

/// For each test whose status was sent for any letter, its file's name and its CSV: each letter's
/// status before, the update and its answer, and the status after.
#[must_use]
pub fn letters_csv(bundle: &Bundle) -> Vec<(String, String)> {
    let files = samples::samples(&traffic_of(bundle)).into_iter();
    files.map(|(test, file)| (samples::file_name(test), file)).collect()
}

/// The tables of each test, each file's name and its CSV: criteria, counts and timings; for AT2 and
/// AT3 the ids of their lists, for AT15 its downloads.
#[must_use]
pub fn test_tables(bundle: &Bundle) -> Vec<(String, String)> {
    let traffic = traffic_of(bundle);
    tables::files(bundle, &traffic, &flows(&traffic, &bundle.context))
}
