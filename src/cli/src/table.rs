//! The result as a table for people. Every one of the fifteen tests has its line, also those that
//! did not run.

use std::path::Path;

use letterproof_evidence::statement_state;
use letterproof_load::{Checked, LoadOutcome};
use letterproof_model::{
    About, CheckResult, Counts, FindingKind, Performance, Results, TestResult, Verdict,
    WaiverState, WaiverUse, is_waived, unwaived_verdict,
};

use letterproof_model::text::many;

use crate::out::{self, Look, Text};

/// Renders the table, what is owed and open, and where the evidence is.
pub(crate) fn render(results: &Results, evidence: &Path, colour: bool) -> Text {
    let mut text = Text::default();
    let mut table = out::table(["AT", "title", "verdict", "criteria", "time"]);
    table.coloured(colour);
    for test in &results.tests {
        let counts = test.check_counts();
        let total = test.checks().count();
        let (look, verdict) = verdict_cell(test, results);
        table.styled([
            (Look::Plain, false, test.id.to_string()),
            (Look::Plain, false, title(test)),
            (look, false, verdict),
            (Look::Plain, true, format!("{}/{total}", counts.pass)),
            (Look::Plain, true, duration(test)),
        ]);
    }
    text.table(&table);
    text.line(counts_line(results));
    for test in &results.tests {
        for criterion in test.checks().filter(|c| test.selected && c.verdict > Verdict::NotRun) {
            text.gap();
            text.line(format_args!(
                "{} {}{}: {}",
                criterion.id,
                criterion.verdict,
                waived(is_waived(&criterion.id, criterion.verdict, &results.waivers)),
                criterion.clause
            ));
            text.line(format_args!("  expected  {}", criterion.expected));
            text.line(format_args!("  observed  {}", criterion.observed));
            if let Some(reason) = &criterion.reason {
                text.line(format_args!("  because   {reason}"));
            }
            if !criterion.letters.is_empty() {
                text.line(format_args!("  letters   {}", some(&criterion.letters)));
            }
            if !criterion.exchanges.is_empty() {
                text.line(format_args!("  see       {}", some(&criterion.exchanges)));
            }
        }
    }
    flows(&mut text, results);
    conformance(&mut text, results);
    observed(&mut text, results);
    waivers(&mut text, results);
    open_points(&mut text, results);
    text.gap();
    text.line(results.run.standing().sentence());
    for remark in results.run.remarks() {
        text.line(remark);
    }
    text.line(format_args!("evidence  {}", evidence.display()));
    for line in beside_the_verdicts(results) {
        text.line(line);
    }
    text
}

/// What failed and decides, for a CI server: each check with what was expected and seen. Servers show
/// few, so the first of each test come first.
pub(crate) fn failures(results: &Results) -> Vec<(String, String)> {
    let judged = results.judged();
    let failed = |verdict: Verdict| matches!(verdict, Verdict::Fail | Verdict::Error);
    let of_tests = results
        .tests
        .iter()
        .filter(|test| judged.decides(test))
        .flat_map(|test| test.checks().filter(|c| failed(c.verdict)).enumerate());
    let mut of_tests: Vec<_> = of_tests.collect();
    of_tests.sort_by_key(|(at, _)| *at);
    let of_tests = of_tests.into_iter().map(|(_, c)| (c.id.to_string(), c));
    let checks = results.conformance.iter().filter(|check| check.is_broken());
    let of_checks =
        checks.filter_map(|check| Some((check.id.to_string(), check.criteria.first()?)));
    of_tests
        .chain(of_checks)
        .filter(|(_, c)| !is_waived(&c.id, c.verdict, &results.waivers))
        .map(|(id, c)| {
            (
                format!("{id} {}", c.verdict),
                format!("expected {}; observed {}", c.expected, c.observed),
            )
        })
        .collect()
}

/// What must not be overlooked after all that was passed: what a strict run objects to, and optional
/// tests that failed and decide nothing.
fn beside_the_verdicts(results: &Results) -> Vec<String> {
    let (judged, waivers) = (results.judged(), &results.waivers);
    let objected = results.run.strict.and_then(|strict| {
        let ids = judged.objections(strict, waivers);
        (!ids.is_empty()).then(|| format!("--strict {strict} does not allow {}", ids.join(", ")))
    });
    let failed: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.selected && !judged.decides(test))
        .filter(|test| unwaived_verdict(test, waivers) == Verdict::Fail)
        .map(|test| test.id.to_string())
        .collect();
    let failed = (!failed.is_empty()).then(|| {
        format!(
            "optional and failed: {} (does not count: it is not in `supports` of the profile, and --only does not name it)",
            failed.join(", ")
        )
    });
    objected.into_iter().chain(failed).collect()
}

/// The flows of AT15 against the least time in which they can be done, the best one named.
fn flows(text: &mut Text, results: &Results) {
    let figure = |flow: &Performance, name: &str| flow.figures.get(name).copied();
    let measured = results.performance.iter().filter_map(|flow| {
        let elapsed = figure(flow, "elapsed_ms")?;
        let (floor, ratio) = (figure(flow, "floor_ms")?, figure(flow, "ratio")?);
        Some((flow, elapsed, floor, ratio, figure(flow, "refused_429").unwrap_or_default()))
    });
    let measured: Vec<_> = measured.collect();
    let best = measured.iter().map(|flow| flow.1).fold(f64::INFINITY, f64::min);
    for (flow, elapsed, floor, ratio, refused) in &measured {
        let mark = if measured.len() > 1 && *elapsed <= best { ", the best" } else { "" };
        text.line(format_args!(
            "{}: {:.2} s, {ratio:.3} times the floor of {:.2} s, {refused:.0} × 429{mark}",
            flow.name,
            elapsed / 1000.0,
            floor / 1000.0
        ));
    }
}

fn title(test: &TestResult) -> String {
    let suffix = if test.required { "" } else { " (optional)" };
    format!("{}{suffix}", test.title)
}

fn waived(is_waived: bool) -> &'static str {
    if is_waived { ", waived" } else { "" }
}

fn verdict_cell(test: &TestResult, results: &Results) -> (Look, String) {
    if !test.selected {
        return (Look::Dim, format!("{}, not selected", test.verdict));
    }
    let is_waived = unwaived_verdict(test, &results.waivers) != test.verdict;
    let look = match test.verdict {
        Verdict::Pass => Look::Good,
        Verdict::Fail | Verdict::Error => Look::Bad,
        Verdict::Inconclusive | Verdict::NotRun => Look::Open,
        Verdict::NotApplicable => Look::Dim,
    };
    (look, format!("{}{}", test.verdict, waived(is_waived)))
}

fn duration(test: &TestResult) -> String {
    test.took().map_or_else(|| "–".to_owned(), |took| format!("{:.1} s", took.as_secs_f64()))
}

fn counts_line(results: &Results) -> String {
    format!("tests: {}", words(&results.counts))
}

/// `14 pass, 0 not applicable, …, 0 error`.
fn words(counts: &Counts) -> String {
    let words: Vec<String> = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| format!("{} {verdict}", counts.get(verdict)))
        .collect();
    words.join(", ")
}

/// The conformance suite in one line, and every check that the API did not meet.
fn conformance(text: &mut Text, results: &Results) {
    if results.conformance.is_empty() {
        return;
    }
    let judged = results.conformance.iter().filter(|check| !check.is_advised());
    let counts = Counts::of(judged.map(|check| check.verdict));
    let deviations = results
        .conformance
        .iter()
        .filter(|check| check.finding == Some(FindingKind::Deviation))
        .count();
    text.gap();
    text.line(format_args!(
        "conformance of the API: {} checks, {}; {deviations} passed as known deviations",
        results.conformance.len(),
        words(&counts)
    ));
    for check in results.conformance.iter().filter(|c| c.verdict > Verdict::NotApplicable) {
        let waived = waived(is_waived(&check.id, check.verdict, &results.waivers));
        text.gap();
        text.line(format_args!("{} {}{waived}: {}", check.id, verdict(check), check.title));
        for criterion in &check.criteria {
            text.line(format_args!("  expected  {}", criterion.expected));
            text.line(format_args!("  observed  {}", criterion.observed));
            text.line(format_args!("  see       {}", some(&criterion.exchanges)));
        }
    }
}

/// The word for what became of a check: advice that was not followed is no failure.
fn verdict(check: &CheckResult) -> &'static str {
    if check.is_advised() { "advice" } else { check.verdict.words() }
}

/// The rules that an observer saw broken, and advice that was not followed, one line each.
fn observed(text: &mut Text, results: &Results) {
    for check in results.observer.iter().filter(|check| check.verdict == Verdict::Fail) {
        let waived = waived(is_waived(&check.id, check.verdict, &results.waivers));
        let seen = check.criteria.first().map_or(check.title.as_str(), |first| &first.observed);
        let verdict = verdict(check);
        text.gap();
        text.line(format_args!("{} {verdict}{waived}: {}: {seen}", check.id, check.title));
    }
}

/// What was agreed on failures, and which entries of the waivers file must go.
fn waivers(text: &mut Text, results: &Results) {
    for used in &results.waivers {
        let WaiverUse { waiver, state } = used;
        let told = match (used.advice(), state) {
            (Some(advice), _) => advice,
            (None, WaiverState::NotJudged) => format!("{} was not judged in this run", waiver.id),
            (None, _) => format!(
                "{} until {}: {} (agreed by {}, {})",
                waiver.id, waiver.expires, waiver.reason, waiver.agreed_by, waiver.reference
            ),
        };
        text.gap();
        text.line(format_args!("waiver    {told}"));
    }
}

fn open_points(text: &mut Text, results: &Results) {
    let not_run: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.selected && test.required && test.verdict == Verdict::NotRun)
        .map(|test| test.id.to_string())
        .collect();
    if !not_run.is_empty() {
        text.gap();
        text.line(format_args!("required and {}: {}", Verdict::NotRun, not_run.join(", ")));
    }
    not_applicable(text, results);
    let owed: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.selected)
        .flat_map(|test| &test.criteria)
        .filter(|c| statement_state(&c.id, c.verdict, &[]).is_owed())
        .map(|criterion| criterion.id.to_string())
        .collect();
    if !owed.is_empty() {
        text.line(format_args!("written statements still needed: {}", owed.join(", ")));
    }
    let violations = |about| {
        results
            .findings
            .iter()
            .filter(|finding| finding.about == about && finding.kind == FindingKind::Violation)
            .count()
    };
    let known = results.findings.iter().filter(|f| f.kind != FindingKind::Violation).count();
    text.line(format_args!(
        "findings: {} by the supplier, {} by the API, {known} known deviations, drift and notes",
        many(violations(About::Supplier), "violation"),
        violations(About::Api),
    ));
}

/// What the target could not show, for want of what, and what it showed all the same.
fn not_applicable(text: &mut Text, results: &Results) {
    let tests = || {
        results
            .tests
            .iter()
            .filter(|test| test.selected && test.verdict == Verdict::NotApplicable)
            .flat_map(|test| test.checks())
    };
    let mut reasons: Vec<&str> = tests()
        .filter(|criterion| criterion.verdict == Verdict::NotApplicable)
        .filter_map(|criterion| criterion.reason.as_deref())
        .collect();
    if reasons.is_empty() {
        return;
    }
    reasons.sort_unstable();
    reasons.dedup();
    let proved: Vec<String> = tests()
        .filter(|criterion| criterion.verdict == Verdict::Pass)
        .map(|criterion| criterion.id.to_string())
        .collect();
    let proved = if proved.is_empty() { "nothing".to_owned() } else { proved.join(", ") };
    text.gap();
    text.line(format_args!("not applicable here: {}", reasons.join("; ")));
    text.line(format_args!("shown for those tests nevertheless: {proved}"));
}

fn some<T: ToString>(ids: &[T]) -> String {
    const SHOWN: usize = 5;
    let mut words: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    if ids.len() > SHOWN {
        words.push(format!("and {} more", ids.len() - SHOWN));
    }
    words.join(", ")
}

/// What a load measured, what became of its thresholds, and where its evidence is.
pub(crate) fn load(outcome: &LoadOutcome, path: &Path) -> Text {
    let mut table = out::table(["figure", "value"]);
    for (name, value) in &outcome.performance.figures {
        table.row([name.clone(), figure(*value)]);
    }
    let mut text = Text::default();
    text.table(&table);
    text.append(&thresholds(&outcome.thresholds));
    text.gap();
    text.line(format_args!("evidence  {}", path.display()));
    text
}

/// A figure with as many places as it needs.
fn figure(value: f64) -> String {
    if value.fract().abs() < f64::EPSILON { format!("{value:.0}") } else { format!("{value:.3}") }
}

/// What became of the thresholds of a load.
pub(crate) fn thresholds(checked: &[Checked]) -> Text {
    let mut table = out::table(["threshold", "", "expected", "observed"]);
    for threshold in checked {
        let word = if threshold.kept { "kept" } else { "BROKEN" };
        table.row([&threshold.name, word, &threshold.expected, &threshold.observed]);
    }
    let mut text = Text::default();
    text.gap();
    text.table(&table);
    text
}
