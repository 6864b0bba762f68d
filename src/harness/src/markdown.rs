//! How far a supplier is, and what a gate demanded and found, as Markdown for a ticket or a page.

use letterproof_model::Results;
use letterproof_reports::markdown::{Markdown, md, put};
use letterproof_reports::step_summary;

use crate::gate::Demand;
use crate::readiness::{Readiness, RunLine, TestLine};

/// What a gate demanded and found, and the run's own step summary.
#[must_use]
pub fn gate_summary(demands: &[Demand], met: bool, results: Option<&Results>) -> String {
    let mut output = md!("## letterproof gate: {}\n\n", if met { "met" } else { "NOT met" });
    output.head(&["demand", "met", "found"]);
    for Demand { demand, met, found } in demands {
        let word = if *met { md!("yes") } else { md!("**no**") };
        output.row(&[demand, &word, found]);
    }
    if let Some(results) = results {
        put!(output, "\n");
        output.append(&step_summary(results));
    }
    output.finish()
}

/// Renders readiness as Markdown.
#[must_use]
pub fn readiness_markdown(readiness: &Readiness) -> String {
    let outcome = if readiness.ready { "ready: nothing remains" } else { "not ready yet" };
    let mut output = md!("# Readiness: {}\n\n", outcome);
    for (label, stated) in readiness.whose.lines() {
        put!(output, "- {}: {}\n", label, stated);
    }
    put!(output, "\n## Tests\n\n");
    output.head(&["AT", "title", "needed", "state", "shown", "window", "run"]);
    for test in &readiness.tests {
        test_row(&mut output, test);
    }
    put!(output, "\n## Runs\n\n");
    output.head(&["run", "window", "target", "standing", "began", "exit code"]);
    for run in &readiness.runs {
        run_row(&mut output, run);
    }
    for run in &readiness.runs {
        for remark in &run.remarks {
            put!(output, "\nRun {}: {}\n", run.id, remark);
        }
    }
    put!(output, "\n## Failures\n\n");
    let failures = readiness
        .tests
        .iter()
        .flat_map(|test| test.failures.iter().map(move |failure| (test.id, failure.words())));
    let failures: Vec<_> = failures.collect();
    if failures.is_empty() {
        put!(output, "None.\n");
    }
    for (test, words) in &failures {
        put!(output, "- {}: {}\n", test, words);
    }
    put!(output, "\n## Issues\n\n");
    if readiness.issues.is_empty() {
        put!(output, "None.\n");
    }
    for issue in &readiness.issues {
        let mitigation = issue.mitigation.as_deref().unwrap_or("nothing agreed");
        put!(output, "- {}: {} ({})\n", issue.id, issue.observed, mitigation);
    }
    if !readiness.attestations.is_empty() {
        put!(output, "\n## Statements\n\n");
        output.head(&["clause", "run", "given", "signed", "sha256", "state"]);
    }
    for given in &readiness.attestations {
        let (clause, state) = match &given.withdrawn {
            Some(reason) => (md!("~~{}~~", given.criterion), format!("withdrawn: {reason}")),
            None => (md!("{}", given.criterion), "in force".to_owned()),
        };
        let (run, at, signer) = (&given.run, &given.given_at, given.signer());
        output.row(&[&clause, run, at, &signer, &given.hash, &state]);
    }
    put!(output, "\n## What remains\n\n");
    if readiness.remaining.is_empty() {
        put!(output, "Nothing.\n");
    }
    for sentence in &readiness.remaining {
        put!(output, "- {}\n", sentence);
    }
    output.finish()
}

fn test_row(output: &mut Markdown, test: &TestLine) {
    let window = test.window.map_or_else(String::new, |window| window.to_string());
    let run = test.run.as_ref().map_or_else(String::new, ToString::to_string);
    let (state, shown) = (test.state(), test.shown());
    output.row(&[&test.id, &test.title, &test.need, &state, &shown, &window, &run]);
}

fn run_row(output: &mut Markdown, run: &RunLine) {
    let window = run.window.map_or_else(String::new, |window| window.to_string());
    let rehearsal = if run.rehearsal { " (rehearsal)" } else { "" };
    let target = format!("{}{rehearsal}", run.target);
    let standing = run.standing.words();
    output.row(&[&run.id, &window, &target, &standing, &run.started, &run.exit_code]);
}
