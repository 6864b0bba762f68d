//! `letterproof drift`: the built-in contract held against an official OpenAPI file.

use letterproof_contract::drift::{DriftReport, compare_file};
use letterproof_harness::Failure;

use crate::args::{DriftOptions, OutputFormat};
use crate::out::{self, Text};

/// Prints what differs; returns 1 when something breaking does, else 0.
pub(crate) fn drift(options: &DriftOptions) -> Result<u8, Failure> {
    let report = compare_file(&options.file).map_err(|error| Failure::Usage(error.to_string()))?;
    match options.format {
        OutputFormat::Table => out::print(&text(&report))?,
        OutputFormat::Json => out::json(&report)?,
    }
    Ok(u8::from(report.is_breaking()))
}

/// The report, and why differences that are meant are meant: each reason once.
fn text(report: &DriftReport) -> Text {
    let version = report.version.as_deref().unwrap_or("not stated");
    let mut text =
        Text::of(format_args!("{}: OpenAPI {}, version {version}", report.file, report.openapi));
    text.line(format_args!("operations in both: {}", report.operations));
    for (name, changes) in [("breaking", &report.breaking), ("additive", &report.additive)] {
        text.line(format_args!("{name}: {}", changes.len()));
        for change in changes {
            text.line(format_args!("  {change}"));
        }
    }
    text.line(format_args!("deliberate: {}", report.deliberate.len()));
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for meant in &report.deliberate {
        match reasons.iter_mut().find(|(reason, _)| *reason == meant.reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((&meant.reason, 1)),
        }
    }
    for (reason, count) in reasons {
        text.line(format_args!("  {count} because {reason}"));
    }
    text
}
