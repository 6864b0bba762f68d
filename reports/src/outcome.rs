//! What a run amounts to, in words: its outcome, why it ended early, and which failures are waived.
//!
//! Nothing is softened: what failed or is missing comes before what passed, a waived failure is still
//! called a failure, and an expired waiver counts for nothing.

use letterproof_model::{
    Place, Results, RunEnd, TestResult, Verdict, WaiverState, WaiverUse, is_waived,
};

use crate::words;

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

/// That a run did not reach its end, and why; `None` when it did.
pub(crate) fn broken_off(end: &RunEnd) -> Option<String> {
    match end {
        RunEnd::Whole => None,
        RunEnd::Interrupted => {
            Some("The run was interrupted before everything was tried.".to_owned())
        }
        RunEnd::Missed(reason) => Some(format!("A measurement missed its threshold: {reason}")),
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
            format!("--strict {strict} does not allow {ids}")
        }
        (0, _) => "A measurement missed its threshold".to_owned(),
        (rules, _) => format!("The supplier broke {}", words::counted(rules, "rule", "rules")),
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
    let tests =
        |ids: &[String]| words::counted(ids.len() as u64, "required test", "required tests");

    let (verdict, headline) = match results.exit_code {
        4 => {
            (Verdict::Error, "letterproof itself failed: the results affected prove nothing".into())
        }
        _ if !failed.is_empty() => (Verdict::Fail, format!("{} failed", tests(&failed))),
        1 if broken == 0 => (Verdict::Fail, broken_otherwise(results)),
        1 => {
            let checks = words::counted(broken, "contract check", "contract checks");
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
    let mut detail: Vec<String> = measured.map(words::measured).collect();
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
            words::counted(broken, "check", "checks")
        ));
    }
    detail.extend(rehearsed.map(|_| "This was a rehearsal: INT is still to come.".to_owned()));
    Outcome { verdict, headline, detail: detail.join(" ") }
}

/// The waiver under which a failure stands; `None` where nothing failed or nobody agreed.
pub(crate) fn waiver_of<'a>(
    results: &'a Results,
    id: &str,
    verdict: Verdict,
) -> Option<&'a WaiverUse> {
    let mut uses = results.waivers.iter().filter(|used| used.waiver.id == id);
    uses.next().filter(|_| verdict == Verdict::Fail)
}

/// `waived until 2026-12-01: the reason; agreed by the service manager, reference R-1`.
pub(crate) fn waiver_words(used: &WaiverUse) -> String {
    let waiver = &used.waiver;
    let state = match used.state {
        WaiverState::Expired => {
            format!("no longer waived (its waiver expired on {})", waiver.expires)
        }
        WaiverState::Applied | WaiverState::Unneeded | WaiverState::NotJudged => {
            format!("waived until {}", waiver.expires)
        }
    };
    format!(
        "{state}: {}; agreed by {} on {}, reference {}",
        waiver.reason.trim_end_matches('.'),
        waiver.agreed_by,
        waiver.date,
        waiver.reference
    )
}

/// Whether a test failed, and every check of it that did is waived.
pub(crate) fn is_test_waived(test: &TestResult, results: &Results) -> bool {
    let mut failed = test.checks().filter(|check| check.verdict == Verdict::Fail).peekable();
    test.verdict == Verdict::Fail
        && failed.peek().is_some()
        && failed.all(|check| is_waived(&check.id, check.verdict, &results.waivers))
}

#[cfg(test)]
mod tests {
    use super::*;

    use letterproof_model::FindingKind;

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
            (1, vec![(1, false, NotRun)], "A measurement missed its threshold", Fail),
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
                "letterproof itself failed: the results affected prove nothing",
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
        assert_eq!(outcome(&objected).headline, "--strict violations does not allow F-X");
        let unselected = results(0, &[(1, true, Pass), (2, false, NotRun)]);
        assert_eq!(outcome(&unselected).detail, "Passed: AT1.");
    }
}
