//! The results document over a witnessed supplier's traffic: what an observer sees is in it, keeps
//! to the schema, and decides unless it was waived or the supplier is the harness's own.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_contract::{Contract, Document};
use letterproof_judge::{Head, conclude, observer_ids};
use letterproof_model::LetterStatus::Accepted;
use letterproof_model::{
    Brief, Results, RunEnd, RunId, Selection, SupplierKind, TestId, ToolInfo, Verdict, Waiver,
    WaiverState,
};
use support::Script;
use support::cases::{header, then};
use support::observed::watched;

/// What is concluded of a supplier that connects as it should, and then sends ACCEPTED twice.
fn concluded(supplier: SupplierKind, waived: Option<&str>) -> Results {
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
            link.value = format!("{storage}/l.pdf?X-Amz-Signature=redacted");
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
