//! Reports of a run, each a pure function of a saved bundle: the page, JUnit, HAR, the lifecycle
//! diagram, AT14's reconciliation, and the letters of each test before and after their updates.
//!
//! A report shows what the bundle holds and adds no judgement of its own, so that it can be made
//! again at any time from the same evidence with the same result. Refuses to look anywhere but
//! into the bundle: no clock, no network, no other file.

mod csv;
mod error;
mod har;
mod html;
mod junit;
mod lifecycle;
mod lives;
mod moves;
mod reconciliation;
mod samples;
mod words;
mod write;

use letterproof_evidence::Bundle;

pub use error::ReportError;
pub use har::har;
pub use junit::junit;
pub use write::write_all;

/// Renders a bundle as one self-contained HTML page.
///
/// # Errors
/// When the template fails, which is a defect of this crate.
pub fn html(bundle: &Bundle) -> Result<String, ReportError> {
    html::render(bundle, &lives::Lives::of(bundle))
}

/// Draws the lifecycle of letters as SVG: the pack's moves, and how many letters made each.
#[must_use]
pub fn lifecycle_svg(bundle: &Bundle) -> String {
    lifecycle::render(bundle, &lives::Lives::of(bundle))
}

/// The reconciliation of AT14 as CSV, by specification and group: letters sent DISPATCHED and read
/// back as such, records, quantities submitted and read back, and the difference.
#[must_use]
pub fn reconciliation_csv(bundle: &Bundle) -> String {
    reconciliation::csv(&reconciliation::reconcile(bundle, &lives::Lives::of(bundle)))
}

/// For each test whose status was sent for any letter, its file's name and its CSV: each letter's
/// status before, the update and its answer, and the status after.
#[must_use]
pub fn letters_csv(bundle: &Bundle) -> Vec<(String, String)> {
    let files = samples::samples(&lives::Lives::of(bundle)).into_iter();
    files.map(|(test, file)| (samples::file_name(test), file)).collect()
}
