//! `letterproof diff`: what changed between two runs. A timing that changed is shown and decides
//! nothing.

use letterproof_evidence::Opened;
use letterproof_harness::{DIFF_FORMAT, Difference, DifferenceKind, Failure, diff as compare};
use letterproof_model::{Results, Verdict};
use serde_json::json;

use crate::args::{DiffOptions, OutputFormat};
use crate::out::{self, Text};

/// Prints the differences; returns 1 when verdicts or findings differ, else 0.
pub(crate) fn diff(options: &DiffOptions) -> Result<u8, Failure> {
    let (before, after) = (results(&options.before)?, results(&options.after)?);
    let differences = compare(&before, &after);
    let differ = differences.iter().any(|difference| difference.kind.decides());
    match options.format {
        OutputFormat::Table => out::print(&text(&before, &after, &differences, differ))?,
        OutputFormat::Json => out::json(&json!({
            "format": DIFF_FORMAT,
            "before": before.run.id,
            "after": after.run.id,
            "differ": differ,
            "differences": differences,
        }))?,
    }
    Ok(u8::from(differ))
}

fn results(bundle: &std::path::Path) -> Result<Results, Failure> {
    let usage = |error: letterproof_evidence::EvidenceError| Failure::Usage(error.to_string());
    letterproof_evidence::read_results(&Opened::open(bundle).map_err(usage)?).map_err(usage)
}

fn text(before: &Results, after: &Results, found: &[Difference], differ: bool) -> Text {
    let mut table = out::table(["what", "id", before.run.id.as_str(), after.run.id.as_str()]);
    for difference in found {
        let cell = |value: &str| match Verdict::named(value) {
            _ if value.is_empty() => "–".to_owned(),
            Some(verdict) => verdict.to_string(),
            None => value.to_owned(),
        };
        table.row([
            word(difference.kind).to_owned(),
            difference.id.clone(),
            cell(&difference.before),
            cell(&difference.after),
        ]);
    }
    let outcome = if differ {
        "the runs differ in verdicts or findings"
    } else {
        "the same verdicts and findings"
    };
    let mut text = Text::default();
    if !found.is_empty() {
        text.table(&table);
        text.gap();
    }
    text.line(outcome);
    text
}

fn word(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Test => "test",
        DifferenceKind::Criterion => "criterion",
        DifferenceKind::Check => "check",
        DifferenceKind::Finding => "finding",
        DifferenceKind::Count => "count",
        DifferenceKind::Timing => "timing",
    }
}
