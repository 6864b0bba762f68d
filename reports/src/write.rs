//! All reports of a run: written beside its journal and results, or compared with what lies there.
//! Refuses to leave one out: what a run's folder holds does not depend on who wrote it.

use std::io::{self, BufWriter, Read, Write};

use letterproof_evidence::{Bundle, FileReader, Opened, Rebuilt, RunFolder};
use letterproof_traffic::Traffic;
use letterproof_traffic::books::at14_reconciliation;
use letterproof_traffic::flows::flows;

use crate::tables::{CROSS_CHECK, cross_check, files, reconciliation};
use crate::{Extras, ReportError, har, html, junit, lifecycle, samples, summary, traffic_of};

/// How many bytes are compared at a time.
const PIECE: usize = 1 << 16;

/// What writes one report.
type Fill<'a> = &'a dyn Fn(&mut dyn Write) -> io::Result<()>;
/// What is done with each report, by its name.
type Put<'a> = &'a mut dyn FnMut(&str, Fill<'_>) -> Result<(), ReportError>;

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
    let traffic = traffic_of(bundle);
    let put: Put<'_> = &mut |name, fill| Ok(folder.write_with(name, |output| fill(output))?);
    conclusions(bundle, &traffic, extras, put)?;
    every_call(bundle, &traffic, put)
}

/// Makes every report of a bundle again: which lie in it to the byte, and which otherwise or not at
/// all.
///
/// # Errors
/// When a report cannot be rendered, or a file cannot be opened.
pub fn rebuilt(bundle: &Bundle, opened: &Opened, extras: &Extras) -> Result<Rebuilt, ReportError> {
    let traffic = traffic_of(bundle);
    let mut of_traffic = Ok(Rebuilt::default());
    let found = std::thread::scope(|scope| {
        // Half of the work, and the machine of a reviewer has two cores at least.
        scope.spawn(|| of_traffic = held(opened, |put| every_call(bundle, &traffic, put)));
        held(opened, |put| conclusions(bundle, &traffic, extras, put))
    });
    let (mut found, of_traffic) = (found?, of_traffic?);
    found.same.extend(of_traffic.same);
    found.other.extend(of_traffic.other);
    Ok(found)
}

/// Holds what is rendered against what lies in a bundle.
fn held(
    opened: &Opened,
    render: impl FnOnce(Put<'_>) -> Result<(), ReportError>,
) -> Result<Rebuilt, ReportError> {
    let mut found = Rebuilt::default();
    render(&mut |name, fill| {
        let is_same = match opened.size(name) {
            None => false,
            Some(_) => {
                let mut output = BufWriter::with_capacity(PIECE, Against(opened.reader(name)?));
                fill(&mut output).is_ok()
                    && output.into_inner().is_ok_and(|mut against| against.is_at_end())
            }
        };
        let names = if is_same { &mut found.same } else { &mut found.other };
        names.push(name.to_owned());
        Ok(())
    })?;
    Ok(found)
}

/// Renders what shows conclusions: the pages, and the tables of each test.
fn conclusions(
    bundle: &Bundle,
    traffic: &Traffic,
    extras: &Extras,
    put: Put<'_>,
) -> Result<(), ReportError> {
    let flows = flows(traffic, &bundle.context);
    let mut text = |name: &str, text: &str| put(name, &|output| output.write_all(text.as_bytes()));
    let tables = files(bundle, traffic, &flows);
    text("index.html", &html::render(bundle, traffic, &flows, extras, &tables)?)?;
    text("summary.md", &summary::summary(bundle, traffic, extras))?;
    text("junit.xml", &junit::render(bundle, extras)?)?;
    text("lifecycle.svg", &lifecycle::render(bundle, traffic))?;
    let rows = at14_reconciliation(traffic);
    if !rows.is_empty() {
        text(reconciliation::FILE_NAME, &reconciliation::csv(&rows))?;
    }
    for (test, file) in samples::samples(traffic) {
        text(&samples::file_name(test), &file)?;
    }
    for (name, file) in &tables {
        text(name, file)?;
    }
    Ok(())
}

/// Renders what has an entry for every call.
fn every_call(bundle: &Bundle, traffic: &Traffic, put: Put<'_>) -> Result<(), ReportError> {
    put(CROSS_CHECK, &|output| cross_check(traffic, output))?;
    put("exchanges.har", &|output| har(bundle, output).map_err(into_io))
}

fn into_io(error: ReportError) -> io::Error {
    match error {
        ReportError::Write(error) => error,
        other => io::Error::other(other),
    }
}

/// Takes what is written only as long as it is what the file holds.
struct Against(FileReader);

impl Against {
    fn is_at_end(&mut self) -> bool {
        matches!(self.0.read(&mut [0]), Ok(0))
    }
}

impl Write for Against {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut held = vec![0; bytes.len().min(PIECE)];
        self.0.read_exact(&mut held)?;
        if held == bytes[..held.len()] {
            Ok(held.len())
        } else {
            Err(io::Error::other("the file holds something else"))
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
