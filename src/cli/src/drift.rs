//! `letterproof drift`: the built-in contract held against an official OpenAPI file.
//! Refuses to judge what differs: breaking or additive is decided where both are compared.

use letterproof_contract::drift::{DriftReport, compare_file};

use crate::args::{DriftOptions, OutputFormat};
use crate::failure::Failure;

/// Prints what differs; returns 1 when something breaking does, else 0.
#[expect(clippy::print_stdout, reason = "results go to stdout")]
pub(crate) fn drift(options: &DriftOptions) -> Result<u8, Failure> {
    let report = compare_file(&options.file).map_err(|error| Failure::Usage(error.to_string()))?;
    match options.format {
        OutputFormat::Table => println!("{}", text(&report)),
        OutputFormat::Json => {
            let json = serde_json::to_string_pretty(&report)
                .map_err(|error| Failure::Harness(error.to_string()))?;
            println!("{json}");
        }
    }
    Ok(u8::from(report.is_breaking()))
}

/// The report, and why differences that are meant are meant: each reason once.
fn text(report: &DriftReport) -> String {
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for meant in &report.deliberate {
        match reasons.iter_mut().find(|(reason, _)| *reason == meant.reason) {
            Some((_, count)) => *count += 1,
            None => reasons.push((&meant.reason, 1)),
        }
    }
    let mut text = report.to_string();
    for (reason, count) in reasons {
        text.push_str(&format!("\n  {count} because {reason}"));
    }
    text
}
