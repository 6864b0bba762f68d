//! All reports of a run, written beside its journal and results.
//! Refuses to leave one out: what a run's folder holds does not depend on who wrote it.

use letterproof_evidence::{Bundle, RunFolder};

use crate::lives::Lives;
use crate::{ReportError, har, html, junit, lifecycle, reconciliation, samples};

/// Writes every report of a bundle into its folder: `index.html`, `junit.xml`, `exchanges.har`,
/// `lifecycle.svg`, `AT14/reconciliation.csv` and, for each test whose status was sent for any
/// letter, `AT…/letters.csv`.
///
/// # Errors
/// When a report cannot be rendered, or a file cannot be written; the message names it.
pub fn write_all(bundle: &Bundle, folder: &RunFolder) -> Result<(), ReportError> {
    let lives = Lives::of(bundle);
    folder.write("index.html", html::render(bundle, &lives)?.as_bytes())?;
    folder.write("junit.xml", junit(bundle)?.as_bytes())?;
    folder.write("lifecycle.svg", lifecycle::render(bundle, &lives).as_bytes())?;
    let rows = reconciliation::reconcile(bundle, &lives);
    if !rows.is_empty() {
        folder.write(reconciliation::FILE_NAME, reconciliation::csv(&rows).as_bytes())?;
    }
    for (test, file) in samples::samples(&lives) {
        folder.write(&samples::file_name(test), file.as_bytes())?;
    }
    folder
        .write_with("exchanges.har", |output| har(bundle, output).map_err(std::io::Error::other))?;
    Ok(())
}
