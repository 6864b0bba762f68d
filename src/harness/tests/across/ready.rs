//! How far a supplier is over all its runs.

use crate::*;

/// Readiness of these runs, every statement given, by a supplier that reports no optional
/// status.
fn of(runs: &[&Results]) -> Readiness {
    let mut context = Context::stand_in(INT);
    context.supports.clear();
    together(runs, &context, &everything_attested())
}

fn together(runs: &[&Results], context: &Context, attestations: &[Attestation]) -> Readiness {
    let submissions: Vec<_> =
        runs.iter().map(|results| Submission { results, context, attestations }).collect();
    readiness(&submissions).unwrap()
}

/// A file that shows what is stated.
fn proof() -> AttachedFile {
    let sha256 = "0f".repeat(32);
    AttachedFile { name: "log.csv".into(), size: 9, sha256, media_type: "text/csv".into() }
}

fn everything_attested() -> Vec<Attestation> {
    pack()
        .iter()
        .flat_map(|test| test.clauses)
        .filter(|clause| clause.kind == ClauseKind::Attestation)
        .map(|clause| Attestation {
            criterion: CriterionId::from(clause.id),
            statement: "It was done.".into(),
            name: Some("A. Sample".into()),
            role: "production manager".into(),
            fact_date: None,
            given_at: "2026-08-21T12:00:00Z".parse().unwrap(),
            files: vec![proof()],
            withdraws: None,
            prev: None,
            signature: None,
        })
        .collect()
}

#[test]
fn a_whole_run_against_int_with_every_statement_is_ready() {
    let ready = of(&[&whole("a")]);
    assert_eq!(ready.remaining, [""; 0]);
    assert!(ready.ready && ready.issues.is_empty());
}

#[test]
fn nobody_is_ready_on_runs_against_a_stand_in() {
    for place in [Place::Mock, Place::Sandbox, Place::Other] {
        let not_ready = of(&[&stands(whole("a"), Proof::Witnessed, place, 0)]);
        assert_eq!(not_ready.runs[0].rehearsal, place != Place::Other);
        let at = format!("run a: at {place}; only runs against NHS Notify's integration");
        assert!(not_ready.remaining.iter().any(|line| line.starts_with(&at)), "{not_ready:?}");
        let shown = format!(
            "AT1: pass in run a, witnessed at {place} only; the supplier's own system must still \
             show it on INT"
        );
        assert!(not_ready.remaining.contains(&shown), "{:?}", not_ready.remaining);
    }
    let mut forgetful = whole("b");
    forgetful.run.target.capabilities.clear();
    assert!(of(&[&forgetful]).runs[0].rehearsal);
}

#[test]
fn the_last_run_that_judged_a_test_counts_whichever_way_it_went() {
    let mut earlier = with(whole("a"), 4, Verdict::Fail);
    earlier.run.window = Some(1);
    let mut later = whole("b");
    later.run.finished = at(60);
    later.run.window = Some(2);
    let mended = of(&[&later, &earlier]);
    assert!(mended.ready, "{:?}", mended.remaining);
    assert_eq!((mended.tests[3].window, mended.runs[0].window), (Some(2), Some(1)));

    earlier.run.finished = at(120);
    let broken = of(&[&later, &earlier]);
    let remaining = ["AT4: fail in run a; run it again", "AT4.1: open: not fixed, no waiver"];
    assert_eq!(broken.remaining, remaining);
    assert_eq!(broken.issues[0].observed, "AT4.1 was seen");
}

#[test]
fn a_later_run_of_other_tests_takes_nothing_away() {
    let mut later = whole("b");
    later.run.finished = at(60);
    for test in &mut later.tests {
        (test.selected, test.verdict) = (test.id.number() == 4, Verdict::NotRun);
    }
    later.tests[3].verdict = Verdict::Pass;
    let both = of(&[&whole("a"), &later]);
    assert!(both.ready, "{:?}", both.remaining);
    let ran: Vec<_> = both.tests.iter().map(|test| test.run.clone().unwrap()).collect();
    assert_eq!((ran[3].as_str(), ran[4].as_str()), ("b", "a"));
    let alone = of(&[&later]);
    let not_run = |line: &String| line.starts_with("AT1: not run yet;");
    assert!(alone.remaining.iter().any(not_run), "{alone:?}");
}

#[test]
fn an_optional_test_is_needed_only_where_the_workflow_has_it() {
    let run = with(whole("a"), 5, Verdict::NotRun);
    assert!(of(&[&run]).ready);
    let mut context = Context::stand_in(INT);
    context.supports = [LetterStatus::Printed].into();
    let declared = together(&[&run], &context, &everything_attested());
    assert_eq!(declared.remaining.len(), 1, "{:?}", declared.remaining);
    assert!(declared.remaining[0].starts_with("AT5: not run yet; the supplier's own system must"));
    assert_eq!(needs(&declared), [(Need::Declared, true), (Need::NotSupported, false)]);
}

/// Whether AT5 and AT6 are needed, and whether they are called declared.
fn needs(readiness: &Readiness) -> [(Need, bool); 2] {
    [4, 5].map(|at| (readiness.tests[at].need, readiness.tests[at].declared))
}

#[test]
fn nobody_is_said_to_have_declared_what_no_profile_states() {
    // Without a profile that states the workflow a target is judged by all of it.
    let unstated = Context::stand_in(INT);
    let run = with(whole("a"), 5, Verdict::NotRun);
    let found = together(&[&run], &unstated, &everything_attested());
    assert_eq!(needs(&found), [(Need::NotStated, false), (Need::Used, false)]);
    assert!(found.ready, "{:?}", found.remaining);
    // What our own supplier did is nobody's workflow.
    let driven = stands(with(whole("a"), 5, Verdict::Fail), Proof::Driven, Place::IntClaimed, 0);
    let found = together(&[&driven], &unstated, &everything_attested());
    assert_eq!(needs(&found), [(Need::NotStated, false); 2]);
    // What the supplier's own system did is, and counts as if it were declared.
    let found = together(&[&with(whole("a"), 5, Verdict::Fail)], &unstated, &everything_attested());
    assert_eq!(needs(&found)[0], (Need::Used, false));
    assert!(found.remaining.iter().any(|line| line.starts_with("AT5: fail")), "{found:?}");
    // A profile that states every optional status is one, and a name given with --only is none.
    let mut all = whole("a");
    all.run.deciding = [5, 6, 8, 13].map(|n| TestId::new(n).unwrap()).into();
    let found = together(&[&all], &unstated, &everything_attested());
    assert_eq!(needs(&found), [(Need::Declared, true); 2]);
    let mut named = stands(whole("a"), Proof::Driven, Place::IntClaimed, 0);
    named.run.deciding = vec![TestId::new(5).unwrap()];
    let found = together(&[&named], &unstated, &everything_attested());
    assert_eq!(needs(&found), [(Need::NotStated, false); 2]);
}

#[test]
fn runs_of_different_suppliers_are_not_put_together_and_those_of_nobody_are_named() {
    let of_whom = |id: &'static str, supplier: Option<&str>, application: Option<&str>| {
        let mut run = whole(id);
        run.run.who.supplier = supplier.map(str::to_owned);
        run.run.who.application_id = application.map(str::to_owned);
        run
    };
    let context = Context::stand_in(INT);
    let put = |runs: &[&Results]| {
        let submissions: Vec<_> = runs
            .iter()
            .map(|results| Submission { results, context: &context, attestations: &[] })
            .collect();
        readiness(&submissions)
    };
    let (name, other) = (Some("A. Sample Ltd"), Some("B. Sample Ltd"));
    for (one, two) in [
        ((name, None), (other, None)),
        ((name, Some("app-1")), (name, Some("app-2"))),
        ((None, Some("app-1")), (None, Some("app-2"))),
        ((name, Some("app-1")), (other, None)),
    ] {
        let (one, two) = (of_whom("a", one.0, one.1), of_whom("b", two.0, two.1));
        let nobody = of_whom("c", None, None);
        let error = put(&[&one, &nobody, &two]).unwrap_err().to_string();
        assert!(error.contains("from different suppliers: run a is from "), "{error}");
        assert!(error.contains(", and run b is from "), "{error}");
    }
    // Names are typed anew each time, and an application's id says more.
    for (one, two) in [
        ((name, None), (Some("a sample ltd"), None)),
        ((name, Some("app-1")), (other, Some("APP-1"))),
        ((name, None), (None, Some("app-1"))),
    ] {
        let (one, two) = (of_whom("a", one.0, one.1), of_whom("b", two.0, two.1));
        assert!(put(&[&one, &two]).is_ok(), "{:?} {:?}", one.run.who, two.run.who);
    }
    let both = put(&[&of_whom("a", name, Some("app-1")), &of_whom("b", None, None)]).unwrap();
    assert_eq!(both.runs[0].supplier.as_deref(), name);
    assert_eq!(both.whose.unnamed, [RunId::from("b")]);
    let lines: Vec<String> =
        both.whose.lines().iter().map(|(label, text)| format!("{label}: {text}")).collect();
    let expected = [
        "Supplier: A. Sample Ltd",
        "Application id: app-1",
        "Not stated in: b: nothing shows which supplier it is from",
    ];
    assert_eq!(lines, expected);
    let nobody = put(&[&of_whom("a", None, None)]).unwrap().whose.lines();
    assert!(nobody.iter().all(|(_, text)| text == "not stated in any run"), "{nobody:?}");
}

#[test]
fn words_suffice_for_some_statements_and_others_need_the_file_that_shows_them() {
    let mut context = Context::stand_in(INT);
    context.supports.clear();
    let mut bare = everything_attested();
    bare.iter_mut().for_each(|given| given.files.clear());
    let words = together(&[&whole("a")], &context, &bare);
    let missing: Vec<_> =
        words.tests.iter().flat_map(|test| &test.file_missing).map(CriterionId::as_str).collect();
    assert_eq!(missing, ["AT3.7", "AT7.7", "AT11.2", "AT12.7", "AT13.7"]);
    assert_eq!(words.tests[13].owed, [], "AT14.6: words suffice");
    assert_eq!(words.tests[2].owed, words.tests[2].file_missing);
    let line = "AT3: AT3.7 is stated, but its evidence is missing; attach the processing log \
                covering both lists with `letterproof attest --file`";
    assert!(!words.ready && words.remaining.contains(&line.to_owned()), "{:?}", words.remaining);

    // A second statement that has it settles it, in whichever run, until it is withdrawn.
    let shown = Attestation { files: vec![proof()], ..bare[0].clone() };
    let context = &context;
    let (one, other) = (whole("a"), whole("b"));
    let both = |second: &[Attestation]| {
        let runs = [
            Submission { results: &one, context, attestations: &bare },
            Submission { results: &other, context, attestations: second },
        ];
        readiness(&runs).unwrap().tests[2].owed.clone()
    };
    assert_eq!(both(&[]).len(), 1);
    assert_eq!(both(std::slice::from_ref(&shown)), []);
    let withdrawn = Attestation { withdraws: Some(shown.hash()), files: vec![], ..shown.clone() };
    assert_eq!(both(&[shown, withdrawn]).len(), 1);
}

#[test]
fn nobody_owes_a_statement_on_what_passed_or_does_not_apply() {
    let id = CriterionId::fixed("AT13.7");
    for (verdict, expected) in [
        (Verdict::NotRun, StatementState::Owed),
        (Verdict::Inconclusive, StatementState::Owed),
        (Verdict::NotApplicable, StatementState::NotAsked),
        (Verdict::Pass, StatementState::Given),
    ] {
        assert_eq!(statement_state(&id, verdict, &[]), expected, "{verdict}");
    }
    let check = CriterionId::fixed("AT13.1");
    assert_eq!(statement_state(&check, Verdict::NotRun, &[]), StatementState::NotAsked);
}

#[test]
fn statements_are_owed_until_they_are_given() {
    let mut context = Context::stand_in(INT);
    context.supports.clear();
    let mut attested = everything_attested();
    attested.retain(|given| given.criterion.as_str() != "AT3.7");
    let owed = together(&[&whole("a")], &context, &attested);
    assert_eq!(owed.remaining.len(), 1, "{:?}", owed.remaining);
    assert!(owed.remaining[0].contains("written statements still needed for AT3.7"));
    assert_eq!(owed.attestations.len(), attested.len());
    let (line, given) = (&owed.attestations[0], &attested[0]);
    assert_eq!((&line.hash, line.signer().as_str()), (&given.hash(), "unsigned"));
}

#[test]
fn a_withdrawn_statement_is_owed_again_and_shown_with_the_reason() {
    let mut context = Context::stand_in(INT);
    context.supports.clear();
    let mut attested = everything_attested();
    let at = attested.iter().position(|given| given.criterion.as_str() == "AT3.7").unwrap();
    attested.push(Attestation {
        statement: "It was another log.".into(),
        withdraws: Some(attested[at].hash()),
        ..attested[at].clone()
    });
    let owed = together(&[&whole("a")], &context, &attested);
    assert_eq!(owed.remaining.len(), 1, "{:?}", owed.remaining);
    assert!(owed.remaining[0].contains("written statements still needed for AT3.7"));
    assert_eq!(owed.attestations.len(), attested.len() - 1, "a withdrawal is not a statement");
    assert_eq!(owed.attestations[at].withdrawn.as_deref(), Some("It was another log."));
}

#[test]
fn a_waived_failure_is_done_and_an_expired_waiver_opens_it_again() {
    let mut run = with(whole("a"), 10, Verdict::Fail);
    run.waivers = vec![waived("AT10.1", WaiverState::Applied)];
    let agreed = of(&[&run]);
    assert!(agreed.ready, "{:?}", agreed.remaining);
    assert_eq!(agreed.tests[9].state(), "fail, waived");
    let mitigation = agreed.issues[0].mitigation.as_deref().unwrap();
    assert_eq!(mitigation, "until release 4.2 (agreed by NHS, SUP-118, until 2026-12-31)");
    assert!(!agreed.issues[0].open);

    run.waivers = vec![waived("AT10.1", WaiverState::Expired)];
    let expired = of(&[&run]);
    assert!(expired.issues[0].open && !expired.ready);
    for words in ["AT10.1: open: its waiver no longer holds", "delete its entry at line 3"] {
        assert!(expired.remaining.iter().any(|line| line.contains(words)), "{expired:?}");
    }
}

#[test]
fn a_waiver_that_is_no_longer_needed_remains_to_be_deleted() {
    let mut run = whole("a");
    run.waivers = vec![waived("AT10.1", WaiverState::Unneeded)];
    let stale = of(&[&run]);
    assert_eq!(stale.remaining.len(), 1, "{:?}", stale.remaining);
    assert!(stale.remaining[0].contains("AT10.1 no longer fails: delete its waiver at line 3"));
}

#[test]
fn what_a_supplier_may_not_do_is_an_issue_and_the_apis_faults_are_not() {
    let mut run = whole("a");
    run.findings = vec![
        finding("F-1", About::Api, FindingKind::Violation, 1),
        finding("F-2", About::Supplier, FindingKind::Note, 1),
    ];
    assert!(of(&[&run]).ready);
    run.findings.push(finding("F-3", About::Supplier, FindingKind::Violation, 1));
    assert_eq!(of(&[&run]).remaining, ["F-3: open: not fixed, no waiver"]);
    run.waivers = vec![waived("F-3", WaiverState::Applied)];
    assert!(of(&[&run]).ready);
}

#[test]
fn a_rule_that_an_observer_saw_broken_is_an_issue_of_a_supplier_of_their_own() {
    let mut run = whole("a");
    run.observer = vec![CheckResult {
        id: CriterionId::from("O-LIST-SERIAL"),
        title: "one list at a time".into(),
        verdict: Verdict::Fail,
        finding: None,
        strength: None,
        criteria: vec![],
    }];
    assert!(of(&[&run]).ready, "the harness's own supplier is nobody's system");
    run.run.supplier = SupplierKind::Witnessed;
    assert_eq!(of(&[&run]).remaining, ["O-LIST-SERIAL: open: not fixed, no waiver"]);
    run.observer[0].verdict = Verdict::Pass;
    assert!(of(&[&run]).ready);
}

#[test]
fn a_driven_pass_never_covers_a_witnessed_failure() {
    let failed = with(whole("a"), 4, Verdict::Fail);
    let driven = stands(whole("b"), Proof::Driven, Place::IntClaimed, 60);
    let both = of(&[&failed, &driven]);
    assert!(!both.ready);
    let at4 = &both.tests[3];
    assert_eq!((at4.verdict, at4.standing), (Verdict::Fail, Some(Proof::Witnessed)));
    assert_eq!(at4.run.as_ref().unwrap().as_str(), "a");
    assert!(at4.failures[0].is_open() && !at4.is_done());
    assert_eq!(at4.to_show.as_deref(), Some("fail in run a; run it again"));
    let open =
        "fail in run a (witnessed at INT (claimed)), open until a later witnessed run passes";
    assert_eq!(at4.failures[0].words(), open);

    let again = stands(whole("c"), Proof::Witnessed, Place::IntClaimed, 120);
    let mended = of(&[&failed, &driven, &again]);
    assert!(mended.ready, "{:?}", mended.remaining);
    let shown = mended.tests[3].failures[0].words();
    assert!(shown.ends_with("closed by the witnessed run c"), "both are shown: {shown}");
}

#[test]
fn only_a_later_witnessed_pass_at_a_place_as_good_closes_a_failure() {
    let failed = |word, place, at| stands(with(whole("a"), 4, Verdict::Fail), word, place, at);
    let passed = |word, place, at| stands(whole("b"), word, place, at);
    use Place::{IntClaimed, IntReconciled, Mock};
    use Proof::{Driven, Imported, Witnessed};
    for (before, after, closes) in [
        (failed(Witnessed, IntClaimed, 0), passed(Witnessed, IntReconciled, 60), true),
        (failed(Driven, IntClaimed, 0), passed(Witnessed, IntClaimed, 60), true),
        (failed(Witnessed, Mock, 0), passed(Witnessed, Mock, 60), true),
        (failed(Witnessed, IntClaimed, 0), passed(Witnessed, Mock, 60), false),
        (failed(Witnessed, IntClaimed, 0), passed(Imported, IntClaimed, 60), false),
        (failed(Driven, IntClaimed, 0), passed(Driven, IntClaimed, 60), false),
        (failed(Driven, IntClaimed, 60), passed(Witnessed, IntClaimed, 0), false),
    ] {
        let both = of(&[&before, &after]);
        let found = &both.tests[3].failures[0];
        assert_eq!(found.is_open(), !closes, "{}", found.words());
        let issues: Vec<_> = both.issues.iter().map(|issue| issue.id.as_str()).collect();
        assert_eq!(issues.contains(&"AT4.1"), !closes, "{issues:?}");
    }
    // A driven failure after a witnessed pass: the pass decides, and the failure stays to be mended.
    let late = of(&[&passed(Witnessed, IntClaimed, 0), &failed(Driven, IntClaimed, 60)]);
    assert_eq!(late.tests[3].verdict, Verdict::Pass);
    let open =
        "AT4: fail in run a (driven at INT (claimed)), open until a later witnessed run passes";
    assert_eq!(late.remaining, [open, "AT4.1: open: not fixed, no waiver"]);
}

#[test]
fn what_was_only_driven_has_still_to_be_shown_by_the_suppliers_system() {
    let driven = of(&[&stands(whole("a"), Proof::Driven, Place::IntClaimed, 0)]);
    assert!(!driven.ready);
    let needed = driven.tests.iter().filter(|test| test.need.is_needed()).count();
    assert_eq!(driven.remaining.len(), needed, "{:?}", driven.remaining);
    assert_eq!(
        driven.remaining[0],
        "AT1: pass in run a, driven at INT (claimed) only; the supplier's own system must still \
         show it, through `letterproof witness`"
    );
    let mut untold = whole("b");
    untold.run.standing = None;
    assert!(!of(&[&untold]).ready, "without a standing nothing is known to be witnessed");
}
