//! The result as a table for people.
//! Refuses to hide: every one of the fifteen tests has its line, also those that did not run.

use std::fmt::Write as _;
use std::path::Path;

use comfy_table::{Attribute, Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use letterproof_model::{
    About, CheckResult, ClauseKind, Counts, FindingKind, Performance, Results, TestResult, Verdict,
    WaiverState, WaiverUse, is_waived, unwaived_verdict,
};

/// Renders the table, what is owed and open, and where the evidence is.
pub(crate) fn render(results: &Results, evidence: &Path, colour: bool) -> String {
    let mut text = String::new();
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !colour {
        table.force_no_tty();
    }
    table.set_header(["AT", "title", "verdict", "criteria", "time"]);
    for test in &results.tests {
        let counts = test.check_counts();
        let total = test.checks().count();
        table.add_row([
            Cell::new(test.id),
            Cell::new(title(test)),
            verdict_cell(test, results),
            Cell::new(format!("{}/{total}", counts.pass)).set_alignment(CellAlignment::Right),
            Cell::new(duration(test)).set_alignment(CellAlignment::Right),
        ]);
    }
    let _ = writeln!(text, "{table}");
    let _ = writeln!(text, "{}", counts_line(results));
    for test in &results.tests {
        for criterion in test.checks().filter(|c| test.selected && c.verdict > Verdict::NotRun) {
            let _ = writeln!(
                text,
                "\n{} {}{}: {}\n  expected  {}\n  observed  {}",
                criterion.id,
                criterion.verdict,
                waived(is_waived(&criterion.id, criterion.verdict, &results.waivers)),
                criterion.clause,
                criterion.expected,
                criterion.observed
            );
            if let Some(reason) = &criterion.reason {
                let _ = writeln!(text, "  because   {reason}");
            }
            if !criterion.letters.is_empty() {
                let _ = writeln!(text, "  letters   {}", some(&criterion.letters));
            }
            if !criterion.exchanges.is_empty() {
                let _ = writeln!(text, "  see       {}", some(&criterion.exchanges));
            }
        }
    }
    text.push_str(&flows(results));
    text.push_str(&conformance(results));
    text.push_str(&observed(results));
    text.push_str(&waivers(results));
    text.push_str(&open_points(results));
    let _ = writeln!(text, "\nevidence  {}", evidence.display());
    text
}

/// The flows of AT15 against the least time in which they can be done, the best one named.
fn flows(results: &Results) -> String {
    let figure = |flow: &Performance, name: &str| flow.figures.get(name).copied();
    let measured = results.performance.iter().filter_map(|flow| {
        let elapsed = figure(flow, "elapsed_ms")?;
        let (floor, ratio) = (figure(flow, "floor_ms")?, figure(flow, "ratio")?);
        Some((flow, elapsed, floor, ratio, figure(flow, "refused_429").unwrap_or_default()))
    });
    let measured: Vec<_> = measured.collect();
    let best = measured.iter().map(|flow| flow.1).fold(f64::INFINITY, f64::min);
    let mut text = String::new();
    for (flow, elapsed, floor, ratio, refused) in &measured {
        let mark = if measured.len() > 1 && *elapsed <= best { ", the best" } else { "" };
        let _ = writeln!(
            text,
            "{}: {:.2} s, {ratio:.3} times the floor of {:.2} s, {refused:.0} × 429{mark}",
            flow.name,
            elapsed / 1000.0,
            floor / 1000.0
        );
    }
    text
}

fn title(test: &TestResult) -> String {
    let suffix = if test.required { "" } else { " (optional)" };
    format!("{}{suffix}", test.title)
}

fn waived(is_waived: bool) -> &'static str {
    if is_waived { ", waived" } else { "" }
}

fn verdict_cell(test: &TestResult, results: &Results) -> Cell {
    if !test.selected {
        return Cell::new("not selected").add_attribute(Attribute::Dim);
    }
    let is_waived = unwaived_verdict(test, &results.waivers) != test.verdict;
    let cell = Cell::new(format!("{}{}", test.verdict, waived(is_waived)));
    match test.verdict {
        Verdict::Pass => cell.fg(Color::Green),
        Verdict::Fail | Verdict::Error => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Verdict::Inconclusive | Verdict::NotRun => cell.fg(Color::Yellow),
        Verdict::NotApplicable => cell.add_attribute(Attribute::Dim),
    }
}

/// From the first attempt's start to the last one's end.
fn duration(test: &TestResult) -> String {
    let start = test.attempts.iter().map(|attempt| attempt.started).min();
    let end = test.attempts.iter().filter_map(|attempt| attempt.finished).max();
    match (start, end) {
        (Some(start), Some(end)) => {
            format!("{:.1} s", end.duration_since(start).as_secs_f64())
        }
        _ => "–".to_owned(),
    }
}

fn counts_line(results: &Results) -> String {
    format!("tests: {}", words(&results.counts))
}

/// `14 pass, 0 not-applicable, …, 0 error`.
fn words(counts: &Counts) -> String {
    let words: Vec<String> = Verdict::ALL
        .into_iter()
        .rev()
        .map(|verdict| format!("{} {verdict}", counts.get(verdict)))
        .collect();
    words.join(", ")
}

/// The conformance suite in one line, and every check that the API did not meet.
fn conformance(results: &Results) -> String {
    if results.conformance.is_empty() {
        return String::new();
    }
    let judged = results.conformance.iter().filter(|check| !check.is_advised());
    let counts = Counts::of(judged.map(|check| check.verdict));
    let deviations = results
        .conformance
        .iter()
        .filter(|check| check.finding == Some(FindingKind::Deviation))
        .count();
    let mut text = format!(
        "\nconformance of the API: {} checks, {}; {deviations} passed as known deviations\n",
        results.conformance.len(),
        words(&counts)
    );
    for check in results.conformance.iter().filter(|c| c.verdict > Verdict::NotApplicable) {
        let waived = waived(is_waived(&check.id, check.verdict, &results.waivers));
        let _ = writeln!(text, "\n{} {}{waived}: {}", check.id, verdict(check), check.title);
        for criterion in &check.criteria {
            let _ = writeln!(
                text,
                "  expected  {}\n  observed  {}\n  see       {}",
                criterion.expected,
                criterion.observed,
                some(&criterion.exchanges)
            );
        }
    }
    text
}

/// The word for what became of a check: advice that was not followed is no failure.
fn verdict(check: &CheckResult) -> &'static str {
    if check.is_advised() { "advice" } else { check.verdict.as_str() }
}

/// The rules that an observer saw broken, and advice that was not followed, one line each.
fn observed(results: &Results) -> String {
    let mut text = String::new();
    for check in results.observer.iter().filter(|check| check.verdict == Verdict::Fail) {
        let waived = waived(is_waived(&check.id, check.verdict, &results.waivers));
        let seen = check.criteria.first().map_or(check.title.as_str(), |first| &first.observed);
        let verdict = verdict(check);
        let _ = writeln!(text, "\n{} {verdict}{waived}: {}: {seen}", check.id, check.title);
    }
    text
}

/// What was agreed on failures, and which entries of the waivers file must go.
fn waivers(results: &Results) -> String {
    let mut text = String::new();
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
        let _ = writeln!(text, "\nwaiver    {told}");
    }
    text
}

fn open_points(results: &Results) -> String {
    let mut text = String::new();
    let not_run: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.selected && test.required && test.verdict == Verdict::NotRun)
        .map(|test| test.id.to_string())
        .collect();
    if !not_run.is_empty() {
        let _ = writeln!(text, "\nrequired and not run: {}", not_run.join(", "));
    }
    text.push_str(&not_applicable(results));
    let owed: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.selected)
        .flat_map(|test| &test.criteria)
        .filter(|c| c.kind == ClauseKind::Attestation && c.verdict == Verdict::NotRun)
        .map(|criterion| criterion.id.to_string())
        .collect();
    if !owed.is_empty() {
        let _ = writeln!(text, "statements still owed by a person: {}", owed.join(", "));
    }
    let violations = |about| {
        results
            .findings
            .iter()
            .filter(|finding| finding.about == about && finding.kind == FindingKind::Violation)
            .count()
    };
    let known = results.findings.iter().filter(|f| f.kind != FindingKind::Violation).count();
    let _ = writeln!(
        text,
        "findings: {} violations by the supplier, {} by the API, {known} known deviations, drift \
         and notes",
        violations(About::Supplier),
        violations(About::Api),
    );
    text
}

/// What the target could not show, for want of what, and what it showed all the same.
fn not_applicable(results: &Results) -> String {
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
        return String::new();
    }
    reasons.sort_unstable();
    reasons.dedup();
    let proved: Vec<String> = tests()
        .filter(|criterion| criterion.verdict == Verdict::Pass)
        .map(|criterion| criterion.id.to_string())
        .collect();
    let proved = if proved.is_empty() { "nothing".to_owned() } else { proved.join(", ") };
    format!(
        "\nnot applicable here: {}\nproved of those tests all the same: {proved}\n",
        reasons.join("; ")
    )
}

fn some<T: ToString>(ids: &[T]) -> String {
    const SHOWN: usize = 5;
    let mut words: Vec<String> = ids.iter().take(SHOWN).map(ToString::to_string).collect();
    if ids.len() > SHOWN {
        words.push(format!("and {} more", ids.len() - SHOWN));
    }
    words.join(", ")
}
