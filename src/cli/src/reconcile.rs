//! `letterproof reconcile` and `letterproof sample`: a bundle against the gateway's own log, all of
//! it or some calls by hand. The bundle must be as it was made: what was changed afterwards shows
//! nothing.

use std::path::{Path, PathBuf};

use jiff::SignedDuration;
use letterproof_evidence::{EvidenceError, Opened, read_bundled_journal};
use letterproof_harness::{Failure, MatchedBy, Reconciliation, Said, Sample, intact_journal};
use letterproof_model::{Journal as _, grouped, text::many};

use crate::args::{OutputFormat, ReconcileOptions, SampleOptions};
use crate::out::{self, Text};
use crate::progress;

/// Calls of each kind that are printed; the JSON has them all.
const SHOWN: usize = 40;
/// How far the clocks of gateway and bundle may be apart, where nothing else is said.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(300);

/// Prints which calls only one side knows; returns 0 when there is none, else 1.
pub(crate) fn reconcile(options: &ReconcileOptions) -> Result<u8, Failure> {
    let journal = intact_journal(&options.bundle)?;
    let tolerance = SignedDuration::try_from(options.tolerance).map_err(|_| {
        Failure::Usage("--tolerance is longer than any log; write for example 5m".to_owned())
    })?;
    let found = letterproof_harness::reconcile(&journal, &options.log, tolerance).map_err(usage)?;
    match options.format {
        OutputFormat::Table => out::print(&differences(&found))?,
        OutputFormat::Json => out::json(&found)?,
    }
    Ok(u8::from(!found.agrees))
}

/// Whether one of a gateway's logs shows that it is of this bundle's run, by clocks as far apart as by
/// default: it holds the same calls, matched by their ids. One that agrees by likeness alone is told of
/// on stderr, for that is not enough. Each log is read, so that a broken one is not passed over.
pub(crate) fn agrees_with_any(bundle: &Path, logs: &[PathBuf]) -> Result<bool, Failure> {
    if logs.is_empty() {
        return Ok(false);
    }
    let journal = read_bundled_journal(&Opened::open(bundle).map_err(usage)?).map_err(usage)?;
    let mut agrees = false;
    for log in logs {
        let found = letterproof_harness::reconcile(&journal, log, TOLERANCE).map_err(usage)?;
        if found.agrees && !found.by_ids {
            progress::told(&format!("{}: {}", log.display(), too_weak(&found.matched_by)));
        }
        agrees |= found.by_ids;
    }
    Ok(agrees)
}

/// Prints calls to look up by hand; returns 0.
pub(crate) fn sample(options: &SampleOptions) -> Result<u8, Failure> {
    let journal = intact_journal(&options.bundle)?;
    let n = usize::try_from(options.n).unwrap_or(usize::MAX);
    let sample = letterproof_harness::sample(&journal, n, &options.seed);
    journal.recording.whole().map_err(EvidenceError::from)?;
    match options.format {
        OutputFormat::Table => out::print(&chosen(&sample))?,
        OutputFormat::Json => out::json(&sample)?,
    }
    Ok(0)
}

fn usage(error: EvidenceError) -> Failure {
    Failure::Usage(error.to_string())
}

fn differences(found: &Reconciliation) -> Text {
    let mut text = Text::of(format_args!("run        {}", found.run));
    text.line(format_args!("gateway    {}", calls(found.gateway_calls)));
    text.line(format_args!("bundle     {}", calls(found.bundle_calls)));
    text.line(format_args!("matched    {}", calls(found.matched)));
    let by = found.matched_by;
    for (count, told) in [
        (by.request_id, "by request id"),
        (by.correlation_id, "by correlation id"),
        (by.likeness, "by method, path, status and time only: weaker, any call like it would fit"),
    ] {
        if count > 0 {
            text.line(format_args!("           {} {told}", grouped(count)));
        }
    }
    if found.unanswered > 0 {
        let unanswered = calls(found.unanswered);
        text.line(format_args!(
            "unanswered {unanswered}, which the gateway does not know and may not have received"
        ));
    }
    let lacking = found.only_gateway.iter().map(|one| {
        let outside = if one.during_run { "" } else { " (the run did not go on then)" };
        (format!("line {}{outside}", one.line), &one.said)
    });
    section(&mut text, "the gateway saw, and the bundle lacks", lacking);
    let unseen = found.only_bundle.iter().map(|one| (one.exchange.to_string(), &one.said));
    section(&mut text, "the bundle holds, and the gateway did not see", unseen);
    let differing = found.differing.iter().flat_map(|one| {
        [(format!("line {}", one.line), &one.gateway), (one.exchange.to_string(), &one.bundle)]
    });
    section(&mut text, "the two say different things of", differing);
    text.gap();
    text.line(match found.agrees {
        true => "every call that the gateway saw is in the bundle, and the other way round",
        false => "NOT the same calls",
    });
    if found.agrees && !found.by_ids {
        text.line(too_weak(&found.matched_by));
    }
    text
}

/// Why calls that agree do not show that the log is of this run, and what would.
fn too_weak(by: &MatchedBy) -> String {
    let what = match by.id_not_logged {
        0 => "no call was matched by an id".to_owned(),
        n => format!("the log does not show the request ids of {}", calls(n)),
    };
    format!(
        "NOT enough for INT (reconciled): {what}; export the log with its request ids \
         (X-Request-ID) and correlation ids"
    )
}

fn section<'a>(text: &mut Text, title: &str, rows: impl Iterator<Item = (String, &'a Said)>) {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return;
    }
    text.gap();
    text.line(title);
    rows.iter().take(SHOWN).for_each(|(place, said)| call(text, place, said));
    if let Some(more) = rows.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.line(format_args!("and {more} more; --format json lists them all"));
    }
}

fn chosen(sample: &Sample) -> Text {
    let picked = grouped(sample.picked.len() as u64);
    let mut text = Text::of(format_args!("run     {}", sample.run));
    text.line(format_args!("chosen  {picked} of {}", calls(sample.calls)));
    text.gap();
    sample.picked.iter().for_each(|one| call(&mut text, one.exchange.as_str(), &one.said));
    text.gap();
    text.line("Look each up in the gateway's log. Where all of them are there as said, it was");
    text.line("missed that");
    for odds in &sample.odds {
        let forged =
            format!("{:>3} % ({}) were forged", odds.forged_percent, calls(odds.forged_calls));
        let missed = odds.missed * 100.0;
        text.line(format_args!("  {forged:<36} with a probability of {missed:.1} %"));
    }
    text.line("This finds calls that were invented or changed. Calls that were left out are found");
    text.line("only by counting from the gateway to the bundle:");
    text.line("`letterproof reconcile BUNDLE GATEWAY.csv`.");
    text
}

/// A call with both ids by which a reviewer looks it up; beside each other they would leave a terminal no
/// room.
fn call(text: &mut Text, place: &str, said: &Said) {
    let status = said.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    text.line(format_args!("{place}  {}  {status}", said.at));
    text.line(format_args!("    {} {}", said.method, said.path));
    for (name, id) in [("request id", &said.request_id), ("correlation id", &said.correlation_id)] {
        text.line(format_args!("    {name:<14}  {}", id.as_deref().unwrap_or("none")));
    }
}

fn calls(count: u64) -> String {
    many(usize::try_from(count).unwrap_or(usize::MAX), "call")
}
