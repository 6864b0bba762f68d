//! The results document over a witnessed supplier's traffic: what an observer sees is in it, keeps
//! to the schema, and decides unless it was waived or the supplier is the harness's own.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_contract::{Contract, Document};
use letterproof_judge::{Head, conclude, observer_ids};
use letterproof_model::LetterStatus::Accepted;
use letterproof_model::{
    Brief, ClauseKind, FindingKind, Mark, MarkKind, Proof, Results, RunEnd, RunId, ScenarioOutcome,
    Selection, SupplierKind, TestId, ToolInfo, Verdict, Waiver, WaiverState,
};
use support::Script;
use support::cases::{header, then};
use support::observed::watched;

/// What is concluded of a supplier that connects as it should, and then sends ACCEPTED twice.
fn concluded(supplier: SupplierKind, waived: Option<&str>) -> Results {
    concluded_after(supplier, waived, &[])
}

/// The same, with these marks before the end.
fn concluded_after(supplier: SupplierKind, waived: Option<&str>, marks: &[MarkKind]) -> Results {
    let mut script = watched(|s| {
        s.token().status().moved("L1", Accepted).patch("L1", Accepted);
    });
    script.context.supports.clear();
    let started = script.exchanges[0].started;
    let selection = Selection { tests: vec![TestId::new(1).unwrap()], conformance: false };
    let waivers = waived.map(|id| Waiver {
        id: id.to_owned(),
        reason: "agreed".into(),
        agreed_by: "service manager".into(),
        reference: "R-1".into(),
        date: "2026-01-01".parse().unwrap(),
        expires: "2036-01-01".parse().unwrap(),
        line: 1,
    });
    let brief = Brief {
        supplier,
        waivers: waivers.into_iter().collect(),
        ..Brief::new(selection, script.context.clone())
    };
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let run_id = RunId::fixed("run-1");
    let head = Head { run_id: &run_id, started, tool: &tool, brief: &brief };
    let mut journal = script.journal();
    for kind in marks {
        journal.push_mark(Mark::new(started, kind.clone()));
    }
    journal.push_mark(RunEnd::Whole.mark(started));
    conclude(&journal, &head, Contract::built_in().unwrap())
}

#[test]
fn a_broken_rule_of_a_witnessed_supplier_ends_with_1() {
    assert_eq!(concluded(SupplierKind::Witnessed, None).exit_code, 1);
    assert_eq!(concluded(SupplierKind::Imported, None).exit_code, 1);
}

#[test]
fn a_broken_rule_of_our_own_supplier_is_shown_and_does_not_decide() {
    let results = concluded(SupplierKind::Reference, None);
    let failed = |verdict| verdict == Verdict::Fail;
    assert!(results.observer.iter().any(|check| failed(check.verdict)));
    assert_eq!(results.exit_code, 0);
}

#[test]
fn a_waived_rule_does_not_decide() {
    let results = concluded(SupplierKind::Witnessed, Some("O-UPDATE-ONCE"));
    assert_eq!(results.waivers[0].state, WaiverState::Applied);
    assert_eq!(results.exit_code, 0);
    let other = concluded(SupplierKind::Witnessed, Some("O-LIST-SERIAL"));
    assert_eq!(other.exit_code, 1);
}

#[test]
fn what_an_observer_sees_is_all_told_and_keeps_to_the_schema() {
    let results = concluded(SupplierKind::Witnessed, None);
    let ids: Vec<&str> = results.observer.iter().map(|check| check.id.as_str()).collect();
    assert_eq!(ids, observer_ids().collect::<Vec<_>>());
    let value = serde_json::to_value(results).unwrap();
    let faults = Contract::built_in().unwrap().faults(Document::Results, &value);
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn a_run_ends_with_the_last_byte_of_its_last_call() {
    let run = concluded(SupplierKind::Witnessed, None).run;
    assert_eq!(run.finished.as_microsecond() - run.started.as_microsecond(), 2_023_007);
}

#[test]
fn a_test_that_was_not_selected_stands_with_every_clause_not_run() {
    for test in concluded(SupplierKind::Witnessed, None).tests.iter().filter(|t| !t.selected) {
        assert!(!test.criteria.is_empty(), "{}", test.id);
        assert!(test.criteria.iter().all(|clause| clause.verdict == Verdict::NotRun));
        assert!(test.checks().all(|clause| clause.reason.as_deref() == Some("not selected")));
        let reasons = test.criteria.iter().filter(|clause| clause.kind == ClauseKind::Attestation);
        let mut reasons = reasons.map(|clause| clause.reason.as_deref().unwrap());
        assert!(
            reasons.all(|reason| reason.starts_with("needs a written statement")),
            "{}",
            test.id
        );
    }
}

/// What is found in a script, by id.
fn finding_ids(supplier: SupplierKind, script: &Script) -> Vec<String> {
    let selection = Selection { tests: vec![], conformance: false };
    let brief = Brief { supplier, ..Brief::new(selection, script.context.clone()) };
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let (run_id, started) = (RunId::fixed("run-1"), script.exchanges[0].started);
    let head = Head { run_id: &run_id, started, tool: &tool, brief: &brief };
    let results = conclude(&script.journal(), &head, Contract::built_in().unwrap());
    results.findings.into_iter().map(|finding| finding.id.to_string()).collect()
}

#[test]
fn a_recording_that_shows_no_credentials_at_all_blames_nobody_for_it() {
    let found = |supplier: SupplierKind, shown: bool| {
        let mut script = watched(|s| {
            s.status().answered(418).list(10, &[]);
        });
        let kept = usize::from(shown);
        for exchange in script.exchanges.iter_mut().skip(kept) {
            exchange
                .request
                .headers
                .retain(|header| !header.name.eq_ignore_ascii_case("authorization"));
        }
        finding_ids(supplier, &script)
    };
    let blames = |ids: &[String]| ids.iter().any(|id| id.ends_with("AUTHORIZATION"));
    let mut witnessed = found(SupplierKind::Witnessed, false);
    let imported = found(SupplierKind::Imported, false);
    assert!(blames(&witnessed));
    assert!(!blames(&imported));
    let some = found(SupplierKind::Imported, true);
    assert!(blames(&some), "where some calls show theirs, others lack it");
    // What else was found stands.
    witnessed.retain(|id| !id.ends_with("AUTHORIZATION") && !id.ends_with("NO-BEARER"));
    assert!(!witnessed.is_empty());
    assert_eq!(imported, witnessed);
}

#[test]
fn a_bearer_at_the_storage_is_blamed_where_its_host_name_is_another_one_than_the_apis() {
    let found = |supplier: SupplierKind, storage: &str| {
        let mut script = watched(|s| then(s.data("L1")));
        script.edit_answer(|answer| {
            let link = answer.headers.iter_mut().find(|header| header.name == "Location").unwrap();
            link.value = format!("{storage}/l.pdf?X-Amz-Signature=redacted").into();
        });
        script.follow("L1").edit(|exchange| {
            exchange.request.url = format!("{storage}/l.pdf?X-Amz-Signature=redacted");
            exchange.request.headers.push(header("Authorization", "Bearer redacted:1234"));
        });
        let ids = finding_ids(supplier, &script);
        ids.iter().any(|id| id.ends_with("DOWNLOAD-BEARER"))
    };
    let (own, other) = ("https://int.test:8443/store", "https://storage.test");
    assert!(!found(SupplierKind::Imported, own), "a client keeps it where it was given it");
    assert!(found(SupplierKind::Imported, other));
    // A recording proxy gives the storage a name of its own, and records where that leads to.
    assert!(found(SupplierKind::Witnessed, own));
    assert!(found(SupplierKind::Witnessed, other));
}

/// What is concluded of AT1 over traffic that shows it, with these marks after it.
fn marked(whole_attempts: bool, marks: &[(&str, MarkKind)]) -> Results {
    let mut script = watched(|s| {
        s.token().status().list(10, &[]);
    });
    script.context.supports.clear();
    let started = script.exchanges[0].started;
    let selection = Selection { tests: vec![TestId::new(1).unwrap()], conformance: true };
    let brief = Brief { whole_attempts, ..Brief::new(selection, script.context.clone()) };
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let run_id = RunId::fixed("run-1");
    let head = Head { run_id: &run_id, started, tool: &tool, brief: &brief };
    let mut journal = script.journal();
    for (scenario, kind) in marks {
        let scenario = (!scenario.is_empty()).then(|| (*scenario).to_owned());
        journal.push_mark(Mark { scenario, ..Mark::new(started, kind.clone()) });
    }
    journal.push_mark(RunEnd::Whole.mark(started));
    conclude(&journal, &head, Contract::built_in().unwrap())
}

fn finished(outcome: ScenarioOutcome) -> MarkKind {
    MarkKind::ScenarioFinished(outcome)
}

#[test]
fn an_attempt_left_unfinished_leaves_its_criteria_open_until_a_whole_one_follows() {
    let passed = |results: &Results| {
        results.tests[0].criteria.iter().filter(|c| c.verdict == Verdict::Pass).count()
    };
    let all = passed(&marked(true, &[]));
    assert!(all > 0);
    let begun = || ("AT1 connects", MarkKind::ScenarioStarted);
    let stopped = || finished(ScenarioOutcome::Stopped("Ctrl-C".into()));
    let left = marked(true, &[begun()]);
    assert_eq!((passed(&left), left.tests[0].verdict), (0, Verdict::Inconclusive));
    let reasons = left.tests[0].criteria.iter().filter_map(|c| c.reason.as_deref());
    assert_eq!(reasons.filter(|reason| reason.contains("was left unfinished")).count(), all);
    assert_eq!(passed(&marked(true, &[begun(), ("AT1 connects", stopped())])), 0);
    for marks in [
        vec![begun(), ("AT1 connects", finished(ScenarioOutcome::Succeeded))],
        vec![begun(), ("AT1 connects", finished(ScenarioOutcome::Failed("AT1.2".into())))],
        vec![begun(), begun(), ("AT1 connects", finished(ScenarioOutcome::Succeeded))],
        // Of another test, of another number, and what a person began on the live page.
        vec![("AT2 lists", MarkKind::ScenarioStarted)],
        vec![("AT11 cancels", MarkKind::ScenarioStarted)],
        vec![("AT1 by hand", MarkKind::BegunByHand)],
    ] {
        assert_eq!(passed(&marked(true, &marks)), all, "{marks:?}");
    }
    assert_eq!(
        passed(&marked(false, &[begun()])),
        all,
        "runs of earlier versions are as they were"
    );
}

#[test]
fn a_failure_stays_one_however_the_attempt_ended() {
    let failed = |marks: &[(&str, MarkKind)]| {
        let results = marked(true, marks);
        let checks = results.tests[0]
            .criteria
            .iter()
            .chain(results.conformance.iter().flat_map(|check| &check.criteria));
        checks.filter(|c| c.verdict == Verdict::Fail).map(|c| c.id.clone()).collect::<Vec<_>>()
    };
    let unfinished = [("Letters are read", MarkKind::ScenarioStarted)];
    assert_eq!(failed(&unfinished), failed(&[]));
}

#[test]
fn an_unfinished_scenario_of_the_suite_leaves_its_checks_open() {
    let passed = |results: &Results| {
        results.conformance.iter().filter(|check| check.verdict == Verdict::Pass).count()
    };
    assert!(passed(&marked(true, &[])) > 0);
    let left = marked(true, &[("Letters are read", MarkKind::ScenarioStarted)]);
    assert_eq!(passed(&left), 0);
    assert_eq!(left.tests[0].verdict, marked(true, &[]).tests[0].verdict, "AT1 was whole");
}

#[test]
fn a_journal_that_its_ledger_does_not_vouch_for_is_named() {
    let unvouched = |known| marked(true, &[("", MarkKind::Unvouched { known, found: 41 })]);
    let named = |results: &Results, id: &str| {
        results.findings.iter().find(|finding| finding.id == id).map(|finding| finding.kind)
    };
    let older = unvouched(Some(900));
    assert_eq!(named(&older, "F-JOURNAL-OLDER"), Some(FindingKind::Violation));
    let unknown = unvouched(None);
    assert_eq!(named(&unknown, "F-JOURNAL-UNVOUCHED"), Some(FindingKind::Note));
    let plain = marked(true, &[("", MarkKind::Resumed)]);
    assert_eq!(unknown.exit_code, plain.exit_code);
    assert_eq!(older.exit_code, if plain.exit_code == 0 { 3 } else { plain.exit_code });
    for results in [older, unknown] {
        let value = serde_json::to_value(results).unwrap();
        let faults = Contract::built_in().unwrap().faults(Document::Results, &value);
        assert_eq!(faults, Vec::<String>::new());
    }
}

#[test]
fn what_an_older_journal_lacks_may_have_been_a_failure() {
    let code = |marks: &[MarkKind]| concluded_after(SupplierKind::Reference, None, marks).exit_code;
    let unvouched = |known| MarkKind::Unvouched { known, found: 41 };
    assert_eq!(code(&[]), 0);
    assert_eq!(code(&[unvouched(Some(900))]), 3);
    assert_eq!(code(&[unvouched(None)]), 0);
}

#[test]
fn time_stamps_that_were_not_got_are_one_note() {
    let unstamped = MarkKind::Unstamped {
        line: 7,
        stamper: "tsa.example".into(),
        reason: "tsa.example refused".into(),
    };
    let found = |marks: &[MarkKind]| {
        let results = concluded_after(SupplierKind::Reference, None, marks);
        results.findings.into_iter().find(|finding| finding.id == "F-NO-TIME-STAMP")
    };
    assert_eq!(found(&[]), None);
    let note = found(&[unstamped.clone(), MarkKind::Resumed, unstamped]).unwrap();
    assert_eq!((note.kind, note.count), (FindingKind::Note, 2));
    assert!(note.observed.ends_with("tsa.example refused"), "{}", note.observed);
}

#[test]
fn what_was_run_says_whose_it_was_and_nothing_else_does() {
    for test in concluded(SupplierKind::Witnessed, None).tests {
        let expected = (test.verdict != Verdict::NotRun).then_some(Proof::Witnessed);
        assert_eq!(test.standing, expected, "{}", test.id);
        assert_eq!(expected.is_some(), test.selected, "{}", test.id);
    }
}
