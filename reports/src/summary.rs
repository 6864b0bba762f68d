//! A run in Markdown, for people who read tickets and CI pages rather than reports.
//! Refuses more than a page can bear: long texts are cut, and long lists end in a count.

use std::fmt::Write as _;

use letterproof_evidence::{Attestation, Bundle};
use letterproof_model::{
    About, CheckResult, ClauseKind, CriterionResult, Finding, Journal as _, Results, RunEnd,
    Verdict, WaiverState, WaiverUse,
};
use letterproof_traffic::Traffic;

use crate::markdown::{head, row, short, text};
use crate::tables::{nonce_prefix, with_nonce};
use crate::{Extras, waived, words};

/// Rows of a list before it is only counted.
const ROWS: usize = 50;
/// Characters of what was expected or seen.
const CELL: usize = 300;

/// The whole summary of a run.
pub(crate) fn summary(bundle: &Bundle, traffic: &Traffic, extras: &Extras) -> String {
    let results = &bundle.results;
    let mut output = step_summary(results);
    if let Some(end) = words::broken_off(&RunEnd::of(bundle.journal.recording.marks()))
        .filter(|_| bundle.journal.header.brief.is_some())
    {
        let _ = writeln!(output, "**{}**\n", text(&end));
    }
    findings(&mut output, results);
    statements(&mut output, results, &extras.attestations);
    verifying(&mut output, bundle, traffic, extras);
    output
}

/// The part that follows from `results.json` alone: outcome, counts, the fifteen tests, and what
/// failed, as a step summary for CI.
#[must_use]
pub fn step_summary(results: &Results) -> String {
    let mut output = String::new();
    let outcome = words::outcome(results);
    let _ = writeln!(output, "# {}\n", text(&outcome.headline));
    if !outcome.detail.is_empty() {
        let _ = writeln!(output, "{}\n", text(&outcome.detail));
    }
    facts(&mut output, results);
    tests(&mut output, results);
    failures(&mut output, results);
    waivers(&mut output, results);
    output
}

fn facts(output: &mut String, results: &Results) {
    let run = &results.run;
    let window = run.window.map_or_else(|| "no window".to_owned(), |n| format!("window {n}"));
    let nonce = run.nonce.as_ref().map_or("none".to_owned(), |nonce| text(nonce));
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|v| format!("{} {}", results.counts.get(*v), words::verdict(*v).to_lowercase()))
        .collect();
    let _ = writeln!(
        output,
        "Run {} against {} ({}), {window}, nonce {nonce}, {}. Tests: {}. Exit code {}.\n",
        text(run.id.as_str()),
        text(&run.target.name),
        text(&run.target.base_url),
        words::date(run.started),
        counts.join(", "),
        results.exit_code
    );
}

fn tests(output: &mut String, results: &Results) {
    head(output, &["Test", "Subject", "Verdict", "Checks passed", "Statements"]);
    for test in &results.tests {
        let counts = test.check_counts();
        let owed = test.criteria.iter().filter(|c| c.kind == ClauseKind::Attestation).count();
        let mut verdict = words::verdict(test.verdict).to_owned();
        if waived::is_test_waived(test, results) {
            verdict.push_str(", waived");
        }
        if !test.selected {
            verdict.push_str(", not selected");
        }
        let need = if test.required { "" } else { " (optional)" };
        row(
            output,
            &[
                &test.id.to_string(),
                &format!("{}{need}", text(&test.title)),
                &verdict,
                &format!("{} of {}", counts.pass, test.checks().count()),
                &if owed > 0 { owed.to_string() } else { String::new() },
            ],
        );
    }
    output.push('\n');
}

/// Every check that failed or could not be judged for the harness's fault.
fn failures(output: &mut String, results: &Results) {
    let grave =
        |criterion: &&CriterionResult| matches!(criterion.verdict, Verdict::Fail | Verdict::Error);
    let of_checks = |checks: &[CheckResult], advice: bool| -> Vec<CriterionResult> {
        let checks = checks.iter().filter(|check| check.is_advice() == advice);
        checks.flat_map(|check| &check.criteria).filter(grave).cloned().collect()
    };
    let pack = results.tests.iter().flat_map(|test| test.checks()).filter(grave).cloned();
    let groups = [
        ("Criteria that failed", pack.collect()),
        ("Rules that an observer saw broken", of_checks(&results.observer, false)),
        ("The API's contract, where it was broken", of_checks(&results.conformance, false)),
        ("Advice, which decides nothing", of_checks(&results.observer, true)),
    ];
    for (title, failed) in groups.iter().filter(|(_, failed)| !failed.is_empty()) {
        let _ = writeln!(output, "## {title}\n");
        head(output, &["Criterion", "Expected", "Observed", "Waived"]);
        for criterion in failed.iter().take(ROWS) {
            let used = waived::waiver_of(results, criterion.id.as_str(), criterion.verdict);
            row(
                output,
                &[
                    &text(criterion.id.as_str()),
                    &short(&criterion.expected, CELL),
                    &short(&criterion.observed, CELL),
                    &used.map_or("no".to_owned(), |used| text(&waived::words(used))),
                ],
            );
        }
        more(output, failed.len());
    }
}

fn more(output: &mut String, all: usize) {
    if all > ROWS {
        let _ = writeln!(output, "\nand {} more.", words::number((all - ROWS) as u64));
    }
    output.push('\n');
}

fn waivers(output: &mut String, results: &Results) {
    if results.waivers.is_empty() {
        return;
    }
    output.push_str("## Waivers\n\n");
    for used in &results.waivers {
        let WaiverUse { waiver, state } = used;
        let what = match state {
            WaiverState::NotJudged => " (not judged in this run)",
            _ => "",
        };
        let line =
            used.advice().unwrap_or_else(|| format!("{} {}", waiver.id, waived::words(used)));
        let _ = writeln!(output, "- {}{what}", text(&line));
    }
    output.push('\n');
}

fn findings(output: &mut String, results: &Results) {
    let groups = [
        (About::Supplier, "Findings about the supplier"),
        (About::Api, "Findings about the API (none is the supplier's fault)"),
        (About::Harness, "Findings about this harness"),
    ];
    for (about, title) in groups {
        let found: Vec<&Finding> = results.findings.iter().filter(|f| f.about == about).collect();
        let _ = writeln!(output, "## {title}\n");
        if found.is_empty() {
            output.push_str("None.\n\n");
            continue;
        }
        head(output, &["Kind", "Finding", "Expected", "Observed", "Seen"]);
        for finding in found.iter().take(ROWS) {
            row(
                output,
                &[
                    words::finding_kind(finding.kind),
                    &format!("{} ({})", text(&finding.title), text(&finding.id)),
                    &short(&finding.expected, CELL),
                    &short(&finding.observed, CELL),
                    &words::number(finding.count),
                ],
            );
        }
        more(output, found.len());
    }
}

/// What people state, apart from what was judged.
fn statements(output: &mut String, results: &Results, given: &[Attestation]) {
    output.push_str("## Statements by people, not judged from traffic\n\n");
    let owed = results.tests.iter().flat_map(|test| &test.criteria);
    for criterion in owed.filter(|criterion| criterion.kind == ClauseKind::Attestation) {
        if !given.iter().any(|attestation| attestation.criterion == criterion.id) {
            let _ = writeln!(output, "- {}: **owed**. {}", criterion.id, text(&criterion.clause));
        }
    }
    for attestation in given {
        let files: Vec<String> =
            attestation.files.iter().map(|file| text(&file.path(&attestation.criterion))).collect();
        let files = if files.is_empty() { "no file".to_owned() } else { files.join(", ") };
        let _ = writeln!(
            output,
            "- {}: given on {} by {}: {} ({files})",
            attestation.criterion,
            words::date(attestation.given_at),
            text(&attestation.role),
            short(&attestation.statement, CELL)
        );
    }
    output.push('\n');
}

fn verifying(output: &mut String, bundle: &Bundle, traffic: &Traffic, extras: &Extras) {
    let id = text(bundle.results.run.id.as_str());
    let signed = match &extras.signing_key {
        Some(key) => format!("It was to be signed with the key {}.", text(key)),
        None => "It is unsigned: nobody vouches for it.".to_owned(),
    };
    let _ = writeln!(
        output,
        "## How to check this\n\n\
         - `letterproof verify {id}.zip` (or the folder) checks every hash, the journal's chain and \
         the signature, and derives every verdict again from the journal. It needs no network. \
         {signed}\n\
         - cross-check.csv has one row for each call, with time, X-Request-ID and \
         X-Correlation-ID: every call that the gateway's logs hold must have its row \
         (`letterproof reconcile`)."
    );
    if let Some(prefix) = nonce_prefix(&bundle.results) {
        let (with, all) = with_nonce(traffic, &prefix);
        let _ = writeln!(
            output,
            "- {} of {} API calls carry a correlation id that begins with the nonce ({}).",
            words::number(with),
            words::number(all),
            text(&prefix)
        );
    }
}
