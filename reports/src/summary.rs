//! A run in Markdown, for people who read tickets and CI pages rather than reports. Long texts are
//! cut, and long lists end in a count.

use letterproof_evidence::{Attestation, Bundle, Stated, stated, statement_state};
use letterproof_model::{
    About, CheckResult, ClauseKind, CriterionResult, Finding, Journal as _, Results, RunEnd,
    Standing, Verdict, WaiverState, WaiverUse,
};
use letterproof_traffic::Traffic;

use crate::markdown::{Markdown, listed, md, put, short};
use crate::tables::{nonce_prefix, with_nonce};
use crate::{Extras, LoadRun, outcome, words};

/// Rows of a list before it is only counted.
const ROWS: usize = 50;
/// Characters of what was expected or seen.
const CELL: usize = 300;

/// The whole summary of a run.
pub(crate) fn summary(bundle: &Bundle, traffic: &Traffic, extras: &Extras) -> String {
    let results = &bundle.results;
    let mut output = step_of(results, &bundle.standing());
    thresholds(&mut output, &extras.loads);
    if let Some(end) = outcome::broken_off(&RunEnd::of(bundle.journal.recording.marks()))
        .filter(|_| bundle.journal.header.brief.is_some())
    {
        put!(output, "**{}**\n\n", end);
    }
    findings(&mut output, results);
    statements(&mut output, results, &extras.attestations);
    verifying(&mut output, bundle, traffic, extras);
    output.finish()
}

/// The part that follows from `results.json` alone: outcome, counts, the fifteen tests, and what
/// failed, as a step summary for CI.
#[must_use]
pub fn step_summary(results: &Results) -> Markdown {
    step_of(results, &results.run.standing())
}

fn step_of(results: &Results, standing: &Standing) -> Markdown {
    let outcome = outcome::outcome(results);
    let mut output = md!("# {}\n\n**{}**\n\n", outcome.headline, standing.sentence());
    if !outcome.detail.is_empty() {
        put!(output, "{}\n\n", outcome.detail);
    }
    for remark in results.run.remarks() {
        put!(output, "**{}**\n\n", remark);
    }
    facts(&mut output, results, standing);
    if outcome::is_load(results) {
        measured(&mut output, results);
    }
    if outcome::shown_tests(results).next().is_some() {
        tests(&mut output, results);
    }
    failures(&mut output, results);
    waivers(&mut output, results);
    output
}

fn facts(output: &mut Markdown, results: &Results, standing: &Standing) {
    let run = &results.run;
    for (label, stated) in run.who.lines() {
        put!(output, "- {}: {}\n", label, stated);
    }
    for host in standing.host_lines() {
        put!(output, "- Host: {}\n", host);
    }
    let tool = &run.tool;
    put!(output, "- Tool: letterproof {} ({})\n\n", tool.version, tool.commit);
    let window = run.window.map_or_else(|| "no window".to_owned(), |n| format!("window {n}"));
    let counts: Vec<String> = Verdict::ALL
        .iter()
        .map(|v| format!("{} {}", results.counts.get(*v), v.title().to_lowercase()))
        .collect();
    let counts = match outcome::is_load(results) {
        true => String::new(),
        false => format!(" Tests: {}.", counts.join(", ")),
    };
    put!(
        output,
        "Run {} against {} ({}), {}, nonce {}, {}.{} Exit code {}.\n\n",
        run.id,
        run.target.name,
        run.target.base_url,
        window,
        run.nonce.as_deref().unwrap_or("none"),
        words::date(run.started),
        counts,
        results.exit_code
    );
}

/// What was measured, a table for each.
fn measured(output: &mut Markdown, results: &Results) {
    for measured in &results.performance {
        put!(output, "## Measured: {}\n\n", measured.name);
        output.head(&["Figure", "Value"]);
        for (name, value) in words::figures(measured) {
            output.row(&[&name, &value]);
        }
        put!(output, "\n");
    }
}

/// What had to hold of load runs.
fn thresholds(output: &mut Markdown, loads: &[LoadRun]) {
    for run in loads.iter().filter(|run| !run.summary.thresholds.is_empty()) {
        put!(output, "## Thresholds of load {}\n\n{}\n\n", run.name, run.ended());
        output.head(&["Threshold", "Expected", "Observed", "Outcome"]);
        for threshold in run.summary.thresholds.iter().take(ROWS) {
            let kept = if threshold.kept { md!("kept") } else { md!("**broken**") };
            output.row(&[&threshold.name, &threshold.expected, &threshold.observed, &kept]);
        }
        put!(output, "\n");
    }
}

fn tests(output: &mut Markdown, results: &Results) {
    output.head(&["Test", "Subject", "Verdict", "Checks passed", "Statements"]);
    for test in outcome::shown_tests(results) {
        let counts = test.check_counts();
        let owed = test.criteria.iter().filter(|c| c.kind == ClauseKind::Attestation).count();
        let mut verdict = test.verdict.title().to_owned();
        if outcome::is_test_waived(test, results) {
            verdict.push_str(", waived");
        }
        if !test.selected {
            verdict.push_str(", not selected");
        }
        let need = if test.required { "" } else { " (optional)" };
        output.row(&[
            &test.id,
            &format!("{}{need}", test.title),
            &verdict,
            &format!("{} of {}", counts.pass, test.checks().count()),
            &if owed > 0 { owed.to_string() } else { String::new() },
        ]);
    }
    put!(output, "\n");
}

/// Every check that failed or could not be judged for the harness's fault.
fn failures(output: &mut Markdown, results: &Results) {
    let grave =
        |criterion: &&CriterionResult| matches!(criterion.verdict, Verdict::Fail | Verdict::Error);
    let of_checks = |checks: &[CheckResult], advice: bool| -> Vec<CriterionResult> {
        let checks = checks.iter().filter(|check| check.is_advice() == advice);
        checks.flat_map(|check| &check.criteria).filter(grave).cloned().collect()
    };
    let advice = [&results.conformance, &results.observer].map(|checks| of_checks(checks, true));
    let advice = advice.concat();
    let pack = results.tests.iter().flat_map(|test| test.checks()).filter(grave).cloned();
    let groups = [
        ("Criteria that failed", pack.collect()),
        ("Rules that an observer saw broken", of_checks(&results.observer, false)),
        ("The API's contract, where it was broken", of_checks(&results.conformance, false)),
        ("Advice, which decides nothing", advice),
    ];
    for (title, failed) in groups.iter().filter(|(_, failed)| !failed.is_empty()) {
        put!(output, "## {}\n\n", title);
        output.head(&["Criterion", "Expected", "Observed", "Waived"]);
        for criterion in failed.iter().take(ROWS) {
            let used = outcome::waiver_of(results, criterion.id.as_str(), criterion.verdict);
            output.row(&[
                &criterion.id,
                &short(&criterion.expected, CELL),
                &short(&criterion.observed, CELL),
                &used.map_or("no".to_owned(), outcome::waiver_words),
            ]);
        }
        more(output, failed.len());
    }
}

fn more(output: &mut Markdown, all: usize) {
    if all > ROWS {
        put!(output, "\nand {} more.\n", words::number((all - ROWS) as u64));
    }
    put!(output, "\n");
}

fn waivers(output: &mut Markdown, results: &Results) {
    if results.waivers.is_empty() {
        return;
    }
    put!(output, "## Waivers\n\n");
    for used in &results.waivers {
        let WaiverUse { waiver, state } = used;
        let what = match state {
            WaiverState::NotJudged => " (not judged in this run)",
            _ => "",
        };
        let line = used
            .advice()
            .unwrap_or_else(|| format!("{} {}", waiver.id, outcome::waiver_words(used)));
        put!(output, "- {}{}\n", line, what);
    }
    put!(output, "\n");
}

fn findings(output: &mut Markdown, results: &Results) {
    let groups = [
        (About::Supplier, "Findings about the supplier"),
        (About::Api, "Findings about the API (none is the supplier's fault)"),
        (About::Harness, "Findings about letterproof"),
    ];
    for (about, title) in groups {
        let found: Vec<&Finding> = results.findings.iter().filter(|f| f.about == about).collect();
        put!(output, "## {}\n\n", title);
        if found.is_empty() {
            put!(output, "None.\n\n");
            continue;
        }
        output.head(&["Kind", "Finding", "Expected", "Observed", "Seen"]);
        for finding in found.iter().take(ROWS) {
            output.row(&[
                &words::finding_kind(finding.kind),
                &format!("{} ({})", finding.title, finding.id),
                &short(&finding.expected, CELL),
                &short(&finding.observed, CELL),
                &words::number(finding.count),
            ]);
        }
        more(output, found.len());
    }
}

/// What people state, apart from what was judged.
fn statements(output: &mut Markdown, results: &Results, given: &[Attestation]) {
    let owed = outcome::shown_tests(results).flat_map(|test| &test.criteria);
    let mut owed = owed
        .map(|criterion| (criterion, statement_state(&criterion.id, criterion.verdict, given)))
        .filter(|(_, state)| state.is_owed())
        .peekable();
    if owed.peek().is_none() && given.is_empty() {
        return;
    }
    put!(output, "## Statements by people, not judged from traffic\n\n");
    for (criterion, state) in owed {
        put!(output, "- {}: **{}**. {}\n", criterion.id, state.words(), criterion.clause);
    }
    for Stated { given: attestation, withdrawn, .. } in stated(given) {
        let files: Vec<Markdown> = attestation
            .files
            .iter()
            .map(|file| md!("{}", file.path(&attestation.criterion)))
            .collect();
        let files = if files.is_empty() { md!("no file") } else { listed(&files) };
        let day = attestation.fact_date.map(|day| format!(", of {}", words::day(day)));
        let said = md!(
            "given on {} by {}{}: {} ({})",
            words::date(attestation.given_at),
            attestation.by(),
            day.unwrap_or_default(),
            short(&attestation.statement, CELL),
            files
        );
        match withdrawn {
            None => put!(output, "- {}: {}\n", attestation.criterion, said),
            Some(by) => put!(
                output,
                "- {}: ~~{}~~ **withdrawn** on {} by {}: {}\n",
                attestation.criterion,
                said,
                words::date(by.given_at),
                by.by(),
                short(&by.statement, CELL)
            ),
        }
    }
    put!(output, "\n");
}

fn verifying(output: &mut Markdown, bundle: &Bundle, traffic: &Traffic, extras: &Extras) {
    let signed = match &extras.signing_key {
        Some(key) => format!("It was to be signed with the key {key}."),
        None => "It is not signed: nothing shows who made it.".to_owned(),
    };
    put!(
        output,
        "## How to check this\n\n\
         - `letterproof verify {}.zip` (or the folder) checks every hash, the journal's chain and \
         the signature, and derives every verdict again from the journal. It needs no network. \
         {}\n\
         - `letterproof report {}.zip --format csv` prints one row for each call, with time, \
         X-Request-ID and X-Correlation-ID: every call that the gateway's logs hold must have its \
         row (`letterproof reconcile`).\n",
        bundle.results.run.id,
        signed,
        bundle.results.run.id
    );
    if let Some(prefix) = nonce_prefix(&bundle.results) {
        let (with, all) = with_nonce(traffic, &prefix);
        put!(
            output,
            "- {} of {} API calls carry a correlation id that begins with the nonce ({}).\n",
            words::number(with),
            words::number(all),
            prefix
        );
    }
}
