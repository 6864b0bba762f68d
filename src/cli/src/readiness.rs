//! `letterproof readiness`: how far a supplier is, over all its runs.
//! Refuses bundles that are not sound: what was changed afterwards shows nothing.

use std::fmt::Write as _;

use letterproof_evidence::{
    Attestation, Attestations, EvidenceError, Opened, Readiness, Submission, read_context,
    read_results,
};
use letterproof_model::{Context, Results};

use crate::args::{ReadinessOptions, SummaryFormat};
use crate::failure::Failure;
use crate::{out, verify};

/// Prints how far the supplier is; returns 0 when nothing remains, else 1.
pub(crate) fn readiness(options: &ReadinessOptions) -> Result<u8, Failure> {
    let mut runs = Vec::new();
    for bundle in &options.bundles {
        let found = verify::verified(bundle, None, None)?;
        if let Some(problem) = found.problems.first() {
            return Err(Failure::Usage(format!(
                "{}: not sound: {problem}; `letterproof verify` tells more",
                bundle.display()
            )));
        }
        runs.push(Run::read(bundle).map_err(|error| Failure::Usage(error.to_string()))?);
    }
    let submissions: Vec<Submission<'_>> = runs.iter().map(Run::submission).collect();
    let readiness = letterproof_evidence::readiness(&submissions);
    match options.format {
        SummaryFormat::Table => out::print(&text(&readiness))?,
        SummaryFormat::Markdown => {
            out::print(&letterproof_reports::readiness_markdown(&readiness))?
        }
        SummaryFormat::Json => out::json(&readiness)?,
    }
    Ok(u8::from(!readiness.ready))
}

/// What readiness needs of one bundle.
struct Run {
    results: Results,
    context: Context,
    attestations: Vec<Attestation>,
}

impl Run {
    fn read(bundle: &std::path::Path) -> Result<Self, EvidenceError> {
        let opened = Opened::open(bundle)?;
        Ok(Self {
            results: read_results(&opened)?,
            context: read_context(&opened)?,
            attestations: Attestations::of(&opened)?.attestations,
        })
    }

    fn submission(&self) -> Submission<'_> {
        let Self { results, context, attestations } = self;
        Submission { results, context, attestations }
    }
}

fn text(readiness: &Readiness) -> String {
    let mut table = out::table(["AT", "title", "needed", "state", "window", "run"]);
    for test in &readiness.tests {
        table.add_row([
            test.id.to_string(),
            test.title.clone(),
            test.need().to_owned(),
            test.state(),
            test.window.map_or_else(|| "–".to_owned(), |window| window.to_string()),
            test.run.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
        ]);
    }
    let mut text = format!("{table}\n");
    for issue in &readiness.issues {
        let mitigation = issue.mitigation.as_deref().unwrap_or("nothing agreed");
        let _ = writeln!(text, "\nissue {}: {}\n  {mitigation}", issue.id, issue.observed);
    }
    for given in &readiness.attestations {
        let _ = writeln!(
            text,
            "\nstatement {} of run {}, {}\n  sha256 {}",
            given.criterion,
            given.run,
            given.signer(),
            given.hash
        );
    }
    if readiness.ready {
        text.push_str("\nready: nothing remains\n");
    } else {
        text.push_str("\nwhat remains\n");
        for sentence in &readiness.remaining {
            let _ = writeln!(text, "  {sentence}");
        }
    }
    text
}
