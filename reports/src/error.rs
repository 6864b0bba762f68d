//! What can go wrong while rendering: reading, writing, and our own templates.
//! Refuses to hide which report it was.

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
    /// The journal could not be read again to its end.
    #[error(transparent)]
    Journal(#[from] letterproof_model::RecordError),
    /// A file of the evidence folder could not be read or written.
    #[error(transparent)]
    Evidence(#[from] letterproof_evidence::EvidenceError),
}
