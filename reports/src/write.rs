//! All reports of a run, written beside its journal and results.
//! Refuses to leave one out: what a run's folder holds does not depend on who wrote it.

use letterproof_evidence::{Bundle, Opened, RunFolder};

use crate::flows::flows;
use crate::lives::Lives;
use crate::tables::{CROSS_CHECK, cross_check, files};
use crate::{Extras, ReportError, har, html, junit, lifecycle, reconciliation, samples, summary};

/// Writes every report of a bundle into its folder, with the statements and load runs that lie
/// there; see [`write_all_with`].
///
/// # Errors
/// As [`write_all_with`], and when a file of those cannot be read.
pub fn write_all(bundle: &Bundle, folder: &RunFolder) -> Result<(), ReportError> {
    write_all_with(bundle, folder, &Extras::of(&Opened::open(folder.path())?)?)
}

/// Writes every report of a bundle into its folder: `index.html`, `summary.md`, `junit.xml`,
/// `exchanges.har`, `cross-check.csv`, `lifecycle.svg`, `AT14/reconciliation.csv` and, for each
/// test, what there is of `AT…/criteria.csv`, `counts.csv`, `timings.csv`, `letters.csv` (AT4 to
/// AT13), `ids.csv` (AT2 and AT3) and `downloads.csv` (AT15).
///
/// # Errors
/// When a report cannot be rendered, or a file cannot be written; the message names it.
pub fn write_all_with(
    bundle: &Bundle,
    folder: &RunFolder,
    extras: &Extras,
) -> Result<(), ReportError> {
    let lives = Lives::of(bundle);
    let flows = flows(bundle, &lives);
    folder.write("index.html", html::render(bundle, &lives, &flows, extras)?.as_bytes())?;
    folder.write("summary.md", summary::summary(bundle, &lives, extras).as_bytes())?;
    folder.write("junit.xml", junit::render(bundle, extras)?.as_bytes())?;
    folder.write("lifecycle.svg", lifecycle::render(bundle, &lives).as_bytes())?;
    let rows = reconciliation::reconcile(bundle, &lives);
    if !rows.is_empty() {
        folder.write(reconciliation::FILE_NAME, reconciliation::csv(&rows).as_bytes())?;
    }
    for (test, file) in samples::samples(&lives) {
        folder.write(&samples::file_name(test), file.as_bytes())?;
    }
    for (name, file) in files(bundle, &lives, &flows) {
        folder.write(&name, file.as_bytes())?;
    }
    folder.write_with(CROSS_CHECK, |output| cross_check(&lives, output))?;
    folder
        .write_with("exchanges.har", |output| har(bundle, output).map_err(std::io::Error::other))?;
    Ok(())
}
