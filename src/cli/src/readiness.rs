//! `letterproof readiness`: how far a supplier is, over all its runs.
//! Refuses bundles that do not verify: what was changed afterwards shows nothing.

use letterproof_evidence::{
    Attestation, Attestations, EvidenceError, Opened, Readiness, Submission, read_context,
    read_results,
};
use letterproof_model::{Context, Results};

use crate::args::{ReadinessOptions, SummaryFormat};
use crate::failure::Failure;
use crate::out::{self, Text};
use crate::{reconcile, verify};

/// Prints how far the supplier is; returns 0 when nothing remains, else 1.
pub(crate) fn readiness(options: &ReadinessOptions) -> Result<u8, Failure> {
    let mut runs = Vec::new();
    for bundle in &options.bundles {
        let found = verify::sound(bundle, None, None)?;
        let mut run = Run::read(bundle).map_err(|error| Failure::Usage(error.to_string()))?;
        run.results.run.standing = found.standing;
        if reconcile::agrees_with_any(bundle, &options.gateway)? {
            reconcile::is_reconciled(&mut run.results);
        }
        runs.push(run);
    }
    let submissions: Vec<Submission<'_>> = runs.iter().map(Run::submission).collect();
    let readiness = letterproof_evidence::readiness(&submissions);
    match options.format {
        SummaryFormat::Table => out::print(&text(&readiness))?,
        SummaryFormat::Markdown => {
            out::document(&letterproof_reports::readiness_markdown(&readiness))?
        }
        SummaryFormat::Json => out::json(&readiness)?,
    }
    Ok(u8::from(!readiness.ready))
}

/// What readiness and gate need of one bundle.
pub(crate) struct Run {
    pub(crate) results: Results,
    context: Context,
    attestations: Vec<Attestation>,
}

impl Run {
    pub(crate) fn read(bundle: &std::path::Path) -> Result<Self, EvidenceError> {
        let opened = Opened::open(bundle)?;
        Ok(Self {
            results: read_results(&opened)?,
            context: read_context(&opened)?,
            attestations: Attestations::of(&opened)?.attestations,
        })
    }

    pub(crate) fn submission(&self) -> Submission<'_> {
        let Self { results, context, attestations } = self;
        Submission { results, context, attestations }
    }
}

fn text(readiness: &Readiness) -> Text {
    let mut table = out::table(["AT", "title", "needed", "state", "shown", "window", "run"]);
    for test in &readiness.tests {
        table.row([
            test.id.to_string(),
            test.title.clone(),
            test.need().to_owned(),
            test.state(),
            test.shown(),
            test.window.map_or_else(|| "–".to_owned(), |window| window.to_string()),
            test.run.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string),
        ]);
    }
    let mut text = Text::default();
    text.table(&table);
    for run in &readiness.runs {
        for remark in &run.remarks {
            text.gap();
            text.line(format_args!("run {}: {remark}", run.id));
        }
    }
    for test in &readiness.tests {
        for failure in &test.failures {
            text.gap();
            text.line(format_args!("failure {}: {}", test.id, failure.words()));
        }
    }
    for issue in &readiness.issues {
        let mitigation = issue.mitigation.as_deref().unwrap_or("nothing agreed");
        text.gap();
        text.line(format_args!("issue {}: {}", issue.id, issue.observed));
        text.line(format_args!("  {mitigation}"));
    }
    for given in &readiness.attestations {
        let (clause, run) = (&given.criterion, &given.run);
        text.gap();
        let withdrawn = match &given.withdrawn {
            Some(reason) => format!(", WITHDRAWN: {reason}"),
            None => String::new(),
        };
        text.line(format_args!("statement {clause} of run {run}, {}{withdrawn}", given.signer()));
        text.line(format_args!("  sha256 {}", given.hash));
    }
    text.gap();
    if readiness.ready {
        text.line("ready: nothing remains");
    } else {
        text.line("what remains");
        for sentence in &readiness.remaining {
            text.line(format_args!("  {sentence}"));
        }
    }
    text
}
