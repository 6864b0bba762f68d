//! `letterproof reconcile` and `letterproof sample`: a bundle against the gateway's own log, all of
//! it or some calls by hand.
//! Refuses bundles that are not as they were made: what was changed afterwards shows nothing.

use std::fmt::Write as _;
use std::path::Path;

use jiff::SignedDuration;
use letterproof_evidence::{
    EvidenceError, Opened, Reconciliation, Said, Sample, SavedJournal, check_integrity,
    read_bundled_journal,
};
use letterproof_model::{grouped, text::many};

use crate::args::{OutputFormat, ReconcileOptions, SampleOptions};
use crate::failure::Failure;
use crate::out;

/// Calls of each kind that are printed; the JSON has them all.
const SHOWN: usize = 40;

/// Prints which calls only one side knows; returns 0 when there is none, else 1.
pub(crate) fn reconcile(options: &ReconcileOptions) -> Result<u8, Failure> {
    let journal = journal(&options.bundle)?;
    let tolerance = SignedDuration::try_from(options.tolerance).map_err(|_| {
        Failure::Usage("--tolerance is longer than any log; write for example 5m".to_owned())
    })?;
    let found =
        letterproof_evidence::reconcile(&journal, &options.log, tolerance).map_err(usage)?;
    match options.format {
        OutputFormat::Table => out::print(&differences(&found))?,
        OutputFormat::Json => out::json(&found)?,
    }
    Ok(u8::from(!found.agrees))
}

/// Prints calls to look up by hand; returns 0.
pub(crate) fn sample(options: &SampleOptions) -> Result<u8, Failure> {
    let journal = journal(&options.bundle)?;
    let n = usize::try_from(options.n).unwrap_or(usize::MAX);
    let sample = letterproof_evidence::sample(&journal, n, &options.seed);
    match options.format {
        OutputFormat::Table => out::print(&chosen(&sample))?,
        OutputFormat::Json => out::json(&sample)?,
    }
    Ok(0)
}

/// The journal of a bundle that is as it was made.
fn journal(bundle: &Path) -> Result<SavedJournal, Failure> {
    let opened = Opened::open(bundle).map_err(usage)?;
    if let Some(problem) = check_integrity(&opened, None).problems.first() {
        return Err(Failure::Usage(format!(
            "{}: not sound: {problem}; `letterproof verify` tells more",
            bundle.display()
        )));
    }
    read_bundled_journal(&opened).map_err(usage)
}

fn usage(error: EvidenceError) -> Failure {
    Failure::Usage(error.to_string())
}

fn differences(found: &Reconciliation) -> String {
    let mut text = format!(
        "run        {}\ngateway    {}\nbundle     {}\nmatched    {}\n",
        found.run,
        calls(found.gateway_calls),
        calls(found.bundle_calls),
        calls(found.matched),
    );
    if found.unanswered > 0 {
        let _ = writeln!(
            text,
            "unanswered {}, which the gateway does not know and may not have received",
            calls(found.unanswered)
        );
    }
    let lacking = found.only_gateway.iter().map(|one| {
        let outside = if one.during_run { "" } else { " (the run did not go on then)" };
        row(&format!("line {}{outside}", one.line), &one.said)
    });
    section(&mut text, "the gateway saw, and the bundle lacks", lacking);
    let unseen = found.only_bundle.iter().map(|one| row(one.exchange.as_str(), &one.said));
    section(&mut text, "the bundle holds, and the gateway did not see", unseen);
    let differing = found.differing.iter().flat_map(|one| {
        [row(&format!("line {}", one.line), &one.gateway), row(one.exchange.as_str(), &one.bundle)]
    });
    section(&mut text, "the two say different things of", differing);
    text.push_str(match found.agrees {
        true => "\nevery call that the gateway saw is in the bundle, and the other way round\n",
        false => "\nNOT the same calls\n",
    });
    text
}

fn section(text: &mut String, title: &str, rows: impl Iterator<Item = [String; 6]>) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let mut table = out::table(["where", "time", "method", "path", "status", "correlation id"]);
    table.add_rows(rows.iter().take(SHOWN));
    let _ = write!(text, "\n{title}\n{table}\n");
    if rows.len() > SHOWN {
        let more = rows.len() - SHOWN;
        let _ = writeln!(text, "and {more} more; --format json lists them all");
    }
}

fn chosen(sample: &Sample) -> String {
    let mut table = out::table(["exchange", "time", "method", "path", "status", "correlation id"]);
    table.add_rows(sample.picked.iter().map(|one| row(one.exchange.as_str(), &one.said)));
    let picked = sample.picked.len() as u64;
    let mut text = format!(
        "run     {}\nchosen  {} of {}\n\n{table}\n\nLook each up in the gateway's log. Where all of \
         them are there as said, it was missed that\n",
        sample.run,
        grouped(picked),
        calls(sample.calls)
    );
    for odds in &sample.odds {
        let forged =
            format!("{:>3} % ({}) were forged", odds.forged_percent, calls(odds.forged_calls));
        let _ = writeln!(text, "  {forged:<36} with a probability of {:.1} %", odds.missed * 100.0);
    }
    text.push_str(
        "This finds calls that were invented or changed. Calls that were left out are found only by \
         counting\nfrom the gateway to the bundle: `letterproof reconcile BUNDLE GATEWAY.csv`.\n",
    );
    text
}

fn row(place: &str, said: &Said) -> [String; 6] {
    let status = said.status.map_or_else(|| "–".to_owned(), |status| status.to_string());
    let id = said.correlation_id.as_deref().unwrap_or("–");
    let cells = [place, &said.at.to_string(), &said.method, &said.path, &status, id];
    cells.map(plain)
}

/// What a log or a client wrote, with nothing that a terminal would obey.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

fn calls(count: u64) -> String {
    many(usize::try_from(count).unwrap_or(usize::MAX), "call")
}
