//! Reports of a run, each a pure function of a saved bundle: the page, Markdown, JUnit, HAR, the
//! lifecycle diagram, plots of what was measured, and tables of every call, criterion and letter.
//!
//! A report shows what the bundle holds and adds no judgement of its own, so that it can be made
//! again at any time from the same evidence with the same result: no clock, no network, no file outside
//! the bundle.

mod har;
mod html;
mod junit;
mod lifecycle;
mod loads;
mod mail;
pub mod markdown;
mod measure;
mod outcome;
mod plot;
mod questions;
mod summary;
mod tables;
mod words;
mod write;

use letterproof_evidence::{Attestation, Attestations, Bundle, Opened, carried_key};
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::flows;

pub use har::har;
pub use loads::LoadRun;
pub use mail::{MailSummary, mail_summary};
pub use summary::step_summary;
pub use write::{Rebuilt, rebuilt, write_all, write_all_with};

/// A report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The XML writer refused.
    #[error(
        "cannot write the JUnit report: {0}; this is a defect of letterproof, please report it"
    )]
    Junit(#[from] junit_report::Error),
    /// A time lies outside what a report can hold.
    #[error("the run's start `{0}` cannot be written as a JUnit timestamp; check results.json")]
    Time(letterproof_model::Timestamp),
    /// The template refused.
    #[error(
        "cannot render the HTML report: {0}; this is a defect of letterproof, please report it"
    )]
    Template(#[from] minijinja::Error),
    /// The output could not be written.
    #[error("cannot write the report: {0}; free some space or choose another folder")]
    Write(#[from] std::io::Error),
    /// A file of a load run is not as it was written.
    #[error("{file}: {problem}; run the load again, or remove its folder")]
    Load {
        /// The file.
        file: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file of the evidence folder could not be read or written.
    #[error(transparent)]
    Evidence(#[from] letterproof_evidence::EvidenceError),
    /// The journal could not be read again to its end.
    #[error(transparent)]
    Journal(#[from] letterproof_model::RecordError),
}

/// What reports show beside results and journal. The default shows nothing: no statement, no load
/// run, and an unsigned bundle.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The id of the key that is going to sign the bundle; `None` where none is. Reports are part
    /// of what is signed and are made before, so that none can say that it was signed.
    pub signing_key: Option<String>,
    /// What was attested, in the order in which it was given.
    pub attestations: Vec<Attestation>,
    /// Load runs, by name.
    pub loads: Vec<LoadRun>,
}

impl Extras {
    /// The extras that lie in a bundle, a folder or a zip.
    ///
    /// # Errors
    /// When a file of them cannot be read or is of another format.
    pub fn of(opened: &Opened) -> Result<Self, ReportError> {
        let attestations = Attestations::of(opened)?.attestations;
        let names = loads::names(opened);
        let loads: Result<Vec<LoadRun>, ReportError> =
            names.iter().map(|name| LoadRun::read(opened, name)).collect();
        let signing_key = carried_key(opened).map(|key| key.key_id());
        Ok(Self { signing_key, attestations, loads: loads? })
    }

    /// The same, to be signed with the key of this id, or not at all.
    #[must_use]
    pub fn signed_by(self, key_id: Option<String>) -> Self {
        Self { signing_key: key_id, ..self }
    }
}

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

/// Writes every call as CSV: time, operation, path, status, ids. NHS can sample its gateway's logs
/// against it.
///
/// # Errors
/// When the output cannot be written.
pub fn cross_check_csv(bundle: &Bundle, output: &mut dyn std::io::Write) -> std::io::Result<()> {
    tables::cross_check(&traffic_of(bundle), output)
}
