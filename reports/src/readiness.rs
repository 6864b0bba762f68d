//! How far a supplier is over all its runs, as Markdown for a ticket or a page.
//! Refuses to decide: what remains was decided where the runs were put together.

use std::fmt::Write as _;

use letterproof_evidence::{Readiness, RunLine, TestLine};

use crate::markdown::{head, row, text};

/// Renders readiness as Markdown.
#[must_use]
pub fn readiness_markdown(readiness: &Readiness) -> String {
    let outcome = if readiness.ready { "ready: nothing remains" } else { "not ready yet" };
    let mut output = format!("# Readiness: {outcome}\n\n## Tests\n\n");
    head(&mut output, &["AT", "title", "needed", "state", "window", "run"]);
    for test in &readiness.tests {
        test_row(&mut output, test);
    }
    output.push_str("\n## Runs\n\n");
    head(&mut output, &["run", "window", "target", "began", "exit code"]);
    for run in &readiness.runs {
        run_row(&mut output, run);
    }
    output.push_str("\n## Issues\n\n");
    if readiness.issues.is_empty() {
        output.push_str("None.\n");
    }
    for issue in &readiness.issues {
        let mitigation = issue.mitigation.as_deref().unwrap_or("nothing agreed");
        let (id, observed) = (text(&issue.id), text(&issue.observed));
        let _ = writeln!(output, "- {id}: {observed} ({})", text(mitigation));
    }
    if !readiness.attestations.is_empty() {
        output.push_str("\n## Statements\n\n");
        head(&mut output, &["clause", "run", "given", "signed", "sha256"]);
    }
    for given in &readiness.attestations {
        let (clause, run) = (text(given.criterion.as_str()), text(given.run.as_str()));
        let at = given.given_at.to_string();
        row(&mut output, &[&clause, &run, &at, &given.signer(), &given.hash]);
    }
    output.push_str("\n## What remains\n\n");
    if readiness.remaining.is_empty() {
        output.push_str("Nothing.\n");
    }
    for sentence in &readiness.remaining {
        let _ = writeln!(output, "- {}", text(sentence));
    }
    output
}

fn test_row(output: &mut String, test: &TestLine) {
    let window = test.window.map_or_else(String::new, |window| window.to_string());
    let run = test.run.as_ref().map_or_else(String::new, ToString::to_string);
    let (id, title, state) = (test.id.to_string(), text(&test.title), test.state());
    row(output, &[&id, &title, test.need(), &state, &window, &run]);
}

fn run_row(output: &mut String, run: &RunLine) {
    let window = run.window.map_or_else(String::new, |window| window.to_string());
    let rehearsal = if run.rehearsal { " (rehearsal)" } else { "" };
    let cells = [
        &text(run.id.as_str()),
        &window,
        &format!("{}{rehearsal}", text(&run.target)),
        &run.started.to_string(),
        &run.exit_code.to_string(),
    ];
    row(output, &cells.map(String::as_str));
}
