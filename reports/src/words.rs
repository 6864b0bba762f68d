//! How reports word things: counts, durations, dates, verdicts and the outcome of a run.
//! Refuses to soften: the outcome names what failed or is missing before what passed.

pub(crate) use letterproof_model::grouped as number;
pub(crate) use letterproof_model::text::date;
use letterproof_model::{
    Exchange, Finding, FindingKind, Mode, Place, Results, RunEnd, TestResult, Timestamp,
    TransportErrorKind, Verdict, WaiverUse,
};

use crate::figures;
use crate::waived::is_test_waived;

/// `1 letter`, `2,500 letters`.
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A length of time, as exact as a reader needs.
pub(crate) fn duration_us(micros: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // Shown with three digits.
    let exact = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", exact / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", exact / 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", exact / 1e6),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// Microseconds between two times; 0 when they are the wrong way round.
pub(crate) fn between_us(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_microsecond() - from.as_microsecond()).unwrap_or(0)
}

/// Microseconds that a test took; 0 where that is not known.
pub(crate) fn took_us(test: &TestResult) -> u64 {
    let micros = test.took().map(|took| took.as_micros());
    micros.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
}

/// `20 November 2026`.
pub(crate) fn day(day: jiff::civil::Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// `10:15:00`.
pub(crate) fn time_of_day(time: Timestamp) -> String {
    time.strftime("%H:%M:%S").to_string()
}

/// `10:15:00.123456`.
pub(crate) fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S%.6f").to_string()
}

/// A kind of finding as a reader sees it.
pub(crate) fn finding_kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Violation => "Violation",
        FindingKind::Deviation => "Known deviation",
        FindingKind::Drift => "Drift",
        FindingKind::Note => "Note",
    }
}

/// Where the page tells of a finding.
pub(crate) fn finding_anchor(finding: &Finding) -> String {
    let kind = finding_kind(finding.kind).to_lowercase().replace(' ', "-");
    format!("{}-{kind}", finding.id)
}

/// Whether a run was a load: it measured, and was asked to show no test, or AT15 alone. Its reports
/// begin with what was measured, and list no test that was no part of it.
pub(crate) fn is_load(results: &Results) -> bool {
    let mut selected = results.tests.iter().filter(|test| test.selected);
    !results.performance.is_empty()
        && results.conformance.is_empty()
        && selected.all(|test| test.id.number() == 15)
}

/// The tests that a report lists: of a load only those that were part of it.
pub(crate) fn shown_tests(results: &Results) -> impl Iterator<Item = &TestResult> {
    let all = !is_load(results);
    results.tests.iter().filter(move |test| all || test.selected)
}

/// How a verdict was obtained, as results.json writes it.
pub(crate) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Driven => "driven",
        Mode::Observed => "observed",
        Mode::Attested => "attested",
    }
}

/// A transport error in one word, as the journal writes it.
pub(crate) fn failure(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Reset => "reset",
        TransportErrorKind::Body => "body",
        TransportErrorKind::Protocol => "protocol",
        TransportErrorKind::Interrupted => "interrupted",
    }
}

/// What answered an exchange: its status code, or why there was none.
pub(crate) fn answer(exchange: &Exchange) -> String {
    match exchange.error() {
        Some(error) => failure(error.kind).to_owned(),
        None => exchange.status().map(|status| status.to_string()).unwrap_or_default(),
    }
}

/// That a run did not reach its end, and why; `None` when it did.
pub(crate) fn broken_off(end: &RunEnd) -> Option<String> {
    match end {
        RunEnd::Whole => None,
        RunEnd::Interrupted => {
            Some("The run was interrupted before everything was tried.".to_owned())
        }
        RunEnd::Missed(reason) => Some(format!("What was measured missed its mark: {reason}")),
        RunEnd::Refused(reason) => Some(format!("The run was refused: {reason}")),
        RunEnd::Stopped(reason) => Some(format!("The run had to stop: {reason}")),
    }
}

/// The outcome of a run: the verdict it amounts to, in one line and with what it rests on.
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) headline: String,
    pub(crate) detail: String,
}

/// Why a run failed in which no test and no check of the contract did.
fn broken_otherwise(results: &Results) -> String {
    let rules = results.observer.iter().filter(|check| check.is_broken()).count() as u64;
    let strict = results
        .run
        .strict
        .map(|strict| (strict, results.judged().objections(strict, &results.waivers).join(", ")));
    match (rules, strict) {
        (0, Some((strict, ids))) if !ids.is_empty() => {
            format!("--strict {strict} objects to {ids}")
        }
        (0, _) => "What was measured missed its mark".to_owned(),
        (rules, _) => format!("The supplier broke {}", counted(rules, "rule", "rules")),
    }
}

/// Where a run showed what it was asked to, where that is known to be no place that counts: at a mock, or
/// at the sandbox, which keeps nothing. A load measures, and shows no test.
pub(crate) fn rehearsed(results: &Results) -> Option<&'static str> {
    let place = match results.run.standing().place {
        Place::Mock => "on a mock",
        Place::Sandbox => "at the sandbox",
        Place::IntClaimed | Place::IntReconciled | Place::Other => return None,
    };
    let shows = results.tests.iter().any(|test| test.selected) || !results.conformance.is_empty();
    (shows && !is_load(results)).then_some(place)
}

/// What a run amounts to.
pub(crate) fn outcome(results: &Results) -> Outcome {
    let judged = results.judged();
    // Optional ones too that were declared, or asked for by name: they count as required.
    let deciding = || results.tests.iter().filter(|test| judged.decides(test));
    let ids = |wanted: &dyn Fn(Verdict) -> bool| -> Vec<String> {
        deciding().filter(|test| wanted(test.verdict)).map(|test| test.id.to_string()).collect()
    };
    let (waived, failed): (Vec<String>, Vec<String>) = ids(&|v| v == Verdict::Fail)
        .into_iter()
        .partition(|id| deciding().any(|t| t.id.to_string() == *id && is_test_waived(t, results)));
    let passed = ids(&|v| v == Verdict::Pass);
    let open = ids(&|v| !matches!(v, Verdict::Fail | Verdict::Pass | Verdict::Error));
    let broken = results.conformance.iter().filter(|check| check.is_broken()).count() as u64;
    let unselected: Vec<String> = results
        .tests
        .iter()
        .filter(|test| test.required && !test.selected)
        .map(|test| test.id.to_string())
        .collect();
    let tests = |ids: &[String]| counted(ids.len() as u64, "required test", "required tests");

    let (verdict, headline) = match results.exit_code {
        4 => (Verdict::Error, "The harness failed, so this run proves nothing where it did".into()),
        _ if !failed.is_empty() => (Verdict::Fail, format!("{} failed", tests(&failed))),
        1 if broken == 0 => (Verdict::Fail, broken_otherwise(results)),
        1 => {
            let checks = counted(broken, "contract check", "contract checks");
            (Verdict::Fail, format!("The API broke its contract in {checks}"))
        }
        // Waived failures stay failures: nothing is said to have passed in their stead.
        0 if !waived.is_empty() => {
            (Verdict::Inconclusive, format!("{} failed, under a waiver", tests(&waived)))
        }
        0 if !passed.is_empty() => {
            let headline = match (unselected.is_empty(), passed.len()) {
                (true, _) => format!("All {} passed", tests(&passed)),
                (false, 1) => "The selected required test passed".to_owned(),
                (false, n) => format!("All {n} selected required tests passed"),
            };
            (Verdict::Pass, headline)
        }
        0 if results.conformance.is_empty() && results.tests.iter().all(|test| !test.selected) => {
            match results.performance.as_slice() {
                [] => (Verdict::NotRun, "No test was part of this run".into()),
                measured => {
                    let names: Vec<&str> = measured.iter().map(|m| m.name.as_str()).collect();
                    (Verdict::NotRun, format!("Measured: {}", names.join(", ")))
                }
            }
        }
        0 => (Verdict::Pass, "Everything selected passed".into()),
        _ => {
            let missing = match open.len() {
                0 if results.waivers.iter().any(WaiverUse::must_go) => {
                    "a waiver must be deleted".into()
                }
                0 => "the evidence is not complete".into(),
                _ => format!("{} not shown", tests(&open)),
            };
            (Verdict::Inconclusive, format!("Incomplete: {missing}"))
        }
    };
    // Who reads no further must not take a rehearsal for the real thing.
    let rehearsed = rehearsed(results);
    let headline = match rehearsed.filter(|_| verdict == Verdict::Pass) {
        Some(place) => format!("{headline}, {place} only"),
        None => headline,
    };
    let measured = results.performance.iter().filter(|_| is_load(results));
    let mut detail: Vec<String> = measured.map(figures::sentence).collect();
    let mut list = |what: &str, ids: &[String]| {
        if !ids.is_empty() {
            detail.push(format!("{what}: {}.", ids.join(", ")));
        }
    };
    // What is required and missing stands in a notice of its own.
    list("Failed", &failed);
    list("Failed under a waiver", &waived);
    list("Passed", &passed);
    if results.exit_code == 1 && broken > 0 && !failed.is_empty() {
        detail.push(format!(
            "The API also broke its contract in {}.",
            counted(broken, "check", "checks")
        ));
    }
    detail.extend(rehearsed.map(|place| {
        format!("This was a rehearsal: everything was shown {place} only. INT is still to come.")
    }));
    Outcome { verdict, headline, detail: detail.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (value, text) in [(0, "0"), (999, "999"), (2_500, "2,500"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(counted(1, "letter", "letters"), "1 letter");
    }

    #[test]
    fn the_outcome_names_what_failed_or_is_missing_first() {
        let results = |exit_code, verdicts: &[(u8, bool, Verdict)]| -> Results {
            let tests = verdicts.iter().map(|(number, selected, verdict)| {
                serde_json::json!({
                    "id": format!("AT{number}"), "title": "", "required": true, "mode": "driven",
                    "selected": selected, "verdict": verdict, "attempts": [], "criteria": [],
                })
            });
            serde_json::from_value(serde_json::json!({
                "format": "", "exit_code": exit_code, "tests": tests.collect::<Vec<_>>(),
                "conformance": [], "findings": [], "performance": [],
                "counts": letterproof_model::Counts::default(),
                "run": {
                    "id": "r", "started": "2026-08-21T10:15:00Z", "supplier": "reference",
                    "finished": "2026-08-21T10:15:00Z", "tool": { "version": "", "commit": "" },
                    "pack": { "version": "" }, "exchanges": {},
                    "target": { "name": "", "base_url": "", "capabilities": [] },
                },
            }))
            .unwrap()
        };
        use Verdict::{Error, Fail, Inconclusive, NotRun, Pass};
        for (exit_code, verdicts, headline, verdict) in [
            (0, vec![(1, true, Pass), (2, true, Pass)], "All 2 required tests passed", Pass),
            (
                0,
                vec![(1, true, Pass), (2, false, NotRun)],
                "The selected required test passed",
                Pass,
            ),
            (1, vec![(1, true, Pass), (2, true, Fail)], "1 required test failed", Fail),
            (1, vec![(1, false, NotRun)], "What was measured missed its mark", Fail),
            (0, vec![(1, false, NotRun)], "No test was part of this run", NotRun),
            (
                3,
                vec![(1, true, Pass), (2, true, NotRun)],
                "Incomplete: 1 required test not shown",
                Inconclusive,
            ),
            (
                4,
                vec![(1, true, Error)],
                "The harness failed, so this run proves nothing where it did",
                Error,
            ),
        ] {
            let outcome = outcome(&results(exit_code, &verdicts));
            assert_eq!((outcome.headline.as_str(), outcome.verdict), (headline, verdict));
        }
        // An optional test that was asked for by name decides, and one that was not does not.
        let mut optional = results(1, &[(1, true, Pass), (5, true, Fail)]);
        optional.tests[1].required = false;
        optional.run.deciding = vec![optional.tests[1].id];
        assert_eq!(outcome(&optional).headline, "1 required test failed");
        assert_eq!(outcome(&optional).detail, "Failed: AT5. Passed: AT1.");
        optional.run.deciding.clear();
        optional.exit_code = 0;
        assert_eq!(outcome(&optional).headline, "All 1 required test passed");
        let mut objected = results(1, &[(1, true, Pass)]);
        objected.run.strict = Some(letterproof_model::Strict::Violations);
        objected.findings.push(letterproof_model::Finding {
            id: "F-X".into(),
            about: letterproof_model::About::Supplier,
            kind: FindingKind::Violation,
            title: String::new(),
            expected: String::new(),
            observed: String::new(),
            source: String::new(),
            exchanges: vec![],
            count: 1,
        });
        assert_eq!(outcome(&objected).headline, "--strict violations objects to F-X");
        let unselected = results(0, &[(1, true, Pass), (2, false, NotRun)]);
        assert_eq!(outcome(&unselected).detail, "Passed: AT1.");
    }

    #[test]
    fn durations_are_as_exact_as_a_reader_needs() {
        for (micros, text) in [
            (12, "12 µs"),
            (4_249, "4.2 ms"),
            (84_600, "85 ms"),
            (2_449_000, "2.4 s"),
            (301_000_000, "5 min 1 s"),
        ] {
            assert_eq!(duration_us(micros), text);
        }
    }
}
