//! All reports of a run: written beside its journal and results, or compared with what lies there.
//!
//! What has an entry for every call repeats the journal, and is made when somebody asks for it.
//! Bundles of earlier builds hold it, and there it is compared like the rest. What a run's folder
//! holds does not depend on who wrote it.

use std::io::{self, BufWriter, Read, Write};

use letterproof_evidence::{Bundle, FileReader, Opened, RunFolder};
use letterproof_model::Journal as _;
use letterproof_traffic::Traffic;
use letterproof_traffic::books::at14_reconciliation;
use letterproof_traffic::flows::{Flow, flows};

use crate::tables::{
    CROSS_CHECK, File, RECONCILIATION, cross_check, files, letters_file, letters_files,
    reconciliation,
};
use crate::{Extras, ReportError, har, html, junit, lifecycle, summary, traffic_of};

/// The name under which bundles of earlier builds hold every call for HAR viewers.
const HAR: &str = "exchanges.har";

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
/// `lifecycle.svg`, `AT14/reconciliation.csv` and, for each test, what there is of
/// `AT…/criteria.csv`, `counts.csv`, `timings.csv`, `letters.csv` (AT4 to AT13), `ids.csv` (AT2 and
/// AT3) and `downloads.csv` (AT15).
///
/// # Errors
/// When a report cannot be rendered, or a file cannot be written; the message names it.
pub fn write_all_with(
    bundle: &Bundle,
    folder: &RunFolder,
    extras: &Extras,
) -> Result<(), ReportError> {
    let traffic = traffic_of(bundle);
    let flows = flows(&traffic, &bundle.context);
    let put: Put<'_> = &mut |name, fill| Ok(folder.write_with(name, |output| fill(output))?);
    let files = files(bundle, &traffic, &flows);
    pages(bundle, &traffic, &flows, &files, extras, put)?;
    tables(&traffic, &files, put)?;
    Ok(bundle.journal.recording.whole()?)
}

/// The reports of a bundle after they were made again, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// Those that lie in the bundle to the byte.
    pub same: Vec<String>,
    /// Those that lie there otherwise, or not at all.
    pub other: Vec<String>,
}

/// Makes every report of a bundle again: which lie in it to the byte, and which otherwise or not at
/// all.
///
/// # Errors
/// When a report cannot be rendered, or a file cannot be opened.
pub fn rebuilt(bundle: &Bundle, opened: &Opened, extras: &Extras) -> Result<Rebuilt, ReportError> {
    let traffic = traffic_of(bundle);
    let flows = flows(&traffic, &bundle.context);
    let files = files(bundle, &traffic, &flows);
    let mut of_tables = Ok(Rebuilt::default());
    let found = std::thread::scope(|scope| {
        // Half of the work, and the machine of a reviewer has two cores at least.
        scope.spawn(|| {
            of_tables = held(opened, |put| {
                tables(&traffic, &files, put)?;
                every_call(bundle, &traffic, opened, put)
            });
        });
        held(opened, |put| pages(bundle, &traffic, &flows, &files, extras, put))
    });
    let (mut found, of_tables) = (found?, of_tables?);
    found.same.extend(of_tables.same);
    found.other.extend(of_tables.other);
    bundle.journal.recording.whole()?;
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

/// Renders what people and CI servers look at.
fn pages(
    bundle: &Bundle,
    traffic: &Traffic,
    flows: &[Flow<'_>],
    files: &[File],
    extras: &Extras,
    put: Put<'_>,
) -> Result<(), ReportError> {
    let mut text = |name: &str, text: &str| put(name, &|output| output.write_all(text.as_bytes()));
    text("index.html", &html::render(bundle, traffic, flows, extras, files)?)?;
    text("summary.md", &summary::summary(bundle, traffic, extras))?;
    text("junit.xml", &junit::render(bundle, extras)?)?;
    text("lifecycle.svg", &lifecycle::render(bundle, traffic))
}

/// Renders the tables of each test.
fn tables(traffic: &Traffic, files: &[File], put: Put<'_>) -> Result<(), ReportError> {
    let mut text = |name: &str, text: &str| put(name, &|output| output.write_all(text.as_bytes()));
    let rows = at14_reconciliation(traffic);
    if !rows.is_empty() {
        text(RECONCILIATION, &reconciliation(&rows))?;
    }
    for (test, file) in letters_files(traffic) {
        text(&letters_file(test), &file)?;
    }
    for (name, file) in files {
        text(name, file)?;
    }
    Ok(())
}

/// Renders what has an entry for every call, where a bundle holds it.
fn every_call(
    bundle: &Bundle,
    traffic: &Traffic,
    opened: &Opened,
    put: Put<'_>,
) -> Result<(), ReportError> {
    if opened.size(CROSS_CHECK).is_some() {
        put(CROSS_CHECK, &|output| cross_check(traffic, output))?;
    }
    if opened.size(HAR).is_some() {
        put(HAR, &|output| har(bundle, output).map_err(into_io))?;
    }
    Ok(())
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
