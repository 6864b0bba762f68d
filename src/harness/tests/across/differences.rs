//! What changed between two runs.

use crate::*;

/// What changed, as kind, id, before and after.
fn changed(after: &Results) -> Vec<(DifferenceKind, String, String, String)> {
    let found = diff(&whole("a"), after);
    found.into_iter().map(|d| (d.kind, d.id, d.before, d.after)).collect()
}

fn row(
    kind: DifferenceKind,
    id: &str,
    before: &str,
    after: &str,
) -> (DifferenceKind, String, String, String) {
    (kind, id.into(), before.into(), after.into())
}

#[test]
fn a_run_does_not_differ_from_itself() {
    assert_eq!(changed(&whole("b")), []);
}

#[test]
fn verdicts_are_told_with_test_and_criterion_in_the_packs_order() {
    let after = with(with(whole("b"), 10, Verdict::Fail), 2, Verdict::Inconclusive);
    assert_eq!(
        changed(&after),
        [
            row(DifferenceKind::Test, "AT2", "pass", "inconclusive"),
            row(DifferenceKind::Test, "AT10", "pass", "fail"),
            row(DifferenceKind::Criterion, "AT2.1", "pass", "inconclusive"),
            row(DifferenceKind::Criterion, "AT10.1", "pass", "fail"),
        ]
    );
}

#[test]
fn checks_beside_the_pack_are_compared_too() {
    let mut after = whole("b");
    let failed = |id: &str| CheckResult {
        id: CriterionId::from(id),
        title: "t".into(),
        verdict: Verdict::Fail,
        finding: None,
        strength: None,
        criteria: vec![],
    };
    after.conformance = vec![failed("C-X")];
    after.observer = vec![failed("O-X")];
    assert_eq!(
        changed(&after),
        [
            row(DifferenceKind::Check, "C-X", "", "fail"),
            row(DifferenceKind::Check, "O-X", "", "fail"),
        ]
    );
    assert!(DifferenceKind::Check.decides());
}

#[test]
fn a_finding_decides_when_only_one_run_has_it_and_not_by_its_count() {
    let mut after = whole("b");
    after.findings = vec![finding("F-1", About::Api, FindingKind::Drift, 2)];
    let one_sided = diff(&whole("a"), &after);
    assert_eq!(one_sided[0].kind, DifferenceKind::Finding);
    assert!(one_sided[0].kind.decides());
    let before = after.clone();
    after.findings[0].count = 3;
    let counted = diff(&before, &after);
    assert_eq!((counted[0].kind, counted[0].after.as_str()), (DifferenceKind::Count, "3 times"));
    assert!(!counted[0].kind.decides());
}

#[test]
fn counts_and_timings_are_told_and_decide_nothing() {
    let mut after = whole("b");
    after.run.exchanges = [("GET /_status".to_owned(), 2)].into();
    after.tests[3].attempts = vec![Attempt {
        scenario: "s".into(),
        started: at(0),
        finished: Some(at(3)),
        outcome: None,
        exchanges: None,
    }];
    let figures = [("elapsed_ms".to_owned(), 1.5)].into();
    after.performance = vec![Performance { name: "AT15".into(), figures }];
    let found = changed(&after);
    assert_eq!(
        found,
        [
            row(DifferenceKind::Count, "GET /_status", "1", "2"),
            row(DifferenceKind::Timing, "AT4", "", "3.0 s"),
            row(DifferenceKind::Timing, "AT15 elapsed_ms", "", "1.500"),
        ]
    );
    assert!(found.iter().all(|(kind, ..)| !kind.decides()));
}
