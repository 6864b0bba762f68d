//! Every check of the pack bites: one journal passes each test, and for each check there is a
//! journal that fails it and nothing else.

mod support;

use std::collections::BTreeSet;

use letterproof_model::{ClauseKind, EVIDENCE_ONLY, Verdict, pack};
use support::cases::passing;
use support::failing::{failing, undecided};
use support::{judge, judge_every, lines, with_verdict};

#[test]
fn each_test_has_a_journal_that_passes() {
    for test in 1..=15 {
        let script = passing(test);
        let results = judge(test, &script);
        for result in results.iter().filter(|result| result.kind == ClauseKind::Check) {
            assert_eq!(result.verdict, Verdict::Pass, "{}\n{}", result.id, lines(&results));
        }
        let every = judge_every(&script);
        let failed = with_verdict(&every, Verdict::Fail);
        assert!(failed.is_empty(), "AT{test} passes but {failed:?} fail:\n{}", lines(&every));
    }
}

#[test]
fn each_failing_journal_fails_its_criterion_and_nothing_else() {
    let mut wrong = String::new();
    for (criterion, script) in failing() {
        let results = judge_every(&script);
        let failed = with_verdict(&results, Verdict::Fail);
        if failed != BTreeSet::from([criterion.to_owned()]) {
            let test = criterion.split('.').next().unwrap();
            let mine: Vec<_> = results
                .iter()
                .filter(|r| {
                    r.verdict == Verdict::Fail || r.id.as_str().split('.').next() == Some(test)
                })
                .cloned()
                .collect();
            wrong.push_str(&format!("-- {criterion}: failed {failed:?}\n{}", lines(&mine)));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_check_of_the_pack_has_a_failing_journal() {
    let covered: BTreeSet<&str> = failing().into_iter().map(|(criterion, _)| criterion).collect();
    let checks = pack()
        .iter()
        .flat_map(|test| test.clauses)
        .filter(|clause| clause.kind == ClauseKind::Check)
        .map(|clause| clause.id);
    let bare: Vec<&str> = checks.filter(|id| !covered.contains(id)).collect();
    assert_eq!(bare, EVIDENCE_ONLY, "the others have a failing journal");
}

#[test]
fn what_only_shows_evidence_is_left_open_where_the_record_lacks_it() {
    let left_open = undecided();
    assert_eq!(left_open.iter().map(|(id, _)| *id).collect::<Vec<_>>(), EVIDENCE_ONLY);
    for (criterion, script) in left_open {
        let result = support::result(criterion, &script);
        let open = [Verdict::Inconclusive, Verdict::NotRun];
        assert!(open.contains(&result.verdict), "{result:#?}");
    }
}

#[test]
fn every_failure_says_what_was_expected_seen_and_where() {
    for (criterion, script) in failing() {
        let result = support::result(criterion, &script);
        assert!(!result.expected.is_empty() && !result.observed.is_empty(), "{criterion}");
        assert!(!result.exchanges.is_empty(), "{criterion} shows no exchange");
        assert!(result.exchange_count >= result.exchanges.len() as u64, "{criterion}");
    }
}
