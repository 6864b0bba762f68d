//! What a pipeline asks of a run.

use crate::*;

fn held(run: &Results, demands: Demands, now: Timestamp) -> Vec<Demand> {
    let context = Context::stand_in(INT);
    gate(&Submission { results: run, context: &context, attestations: &[] }, &demands, now)
}

fn nothing() -> Demands {
    Demands::default()
}

/// Whether each demand is met.
fn met(demands: &[Demand]) -> Vec<bool> {
    demands.iter().map(|demand| demand.met).collect()
}

/// The one demand that is made, and whether it is met.
fn the_one(run: &Results, demands: Demands) -> (bool, String) {
    let mut held = held(run, demands, at(0));
    assert_eq!(held.len(), 1, "{held:?}");
    let one = held.remove(0);
    (one.met, one.found)
}

#[test]
fn a_required_test_must_have_passed_or_be_waived() {
    let at4 = || Demands { tests: vec![TestId::new(4).unwrap()], ..nothing() };
    assert_eq!(met(&held(&whole("a"), at4(), at(0))), [true]);
    for verdict in [
        Verdict::Fail,
        Verdict::Inconclusive,
        Verdict::NotRun,
        Verdict::NotApplicable,
        Verdict::Error,
    ] {
        let found = held(&with(whole("a"), 4, verdict), at4(), at(0));
        assert_eq!((met(&found), found[0].found.as_str()), (vec![false], verdict.words()));
    }
    let mut waived_run = with(whole("a"), 4, Verdict::Fail);
    waived_run.waivers = vec![waived("AT4.1", WaiverState::Applied)];
    let found = held(&waived_run, at4(), at(0));
    assert_eq!((met(&found), found[0].found.as_str()), (vec![true, true], "fail, waived"));
    let mut missing = whole("a");
    missing.tests.remove(3);
    assert_eq!(met(&held(&missing, at4(), at(0))), [false]);
}

#[test]
fn a_run_ages_and_none_comes_from_the_future() {
    let two_days = Some(SignedDuration::from_hours(48));
    let asked = || Demands { max_age: two_days, ..nothing() };
    let day = 24 * 60 * 60;
    for (now, expected) in [(0, true), (2 * day, true), (2 * day + 1, false), (-1, false)] {
        let found = held(&whole("a"), asked(), at(now));
        assert_eq!(met(&found), [expected], "{now}");
        assert_eq!(found[0].demand, "ended within the last 2 days");
    }
    let minutes = Demands { max_age: Some(SignedDuration::from_mins(90)), ..nothing() };
    assert!(held(&whole("a"), minutes, at(0))[0].demand.contains("1h 30m"));
}

#[test]
fn the_target_is_the_one_that_was_asked_for_and_lies_where_its_name_says() {
    for (name, expected) in [("int", true), ("mock", false), ("our-int", false)] {
        let asked = Demands { target: Some(name.into()), ..nothing() };
        assert_eq!(met(&held(&whole("a"), asked, at(0))), [expected]);
    }
    let asked = || Demands { target: Some("int".into()), ..nothing() };
    let mocked = stands(whole("a"), Proof::Witnessed, Place::Mock, 0);
    let (met, found) = the_one(&mocked, asked());
    assert!(!met);
    let says = "the target is named `int`, but the record shows a mock: its answers say so \
                (X-Letterproof-Mock)";
    assert_eq!(found, says);
}

#[test]
fn whose_system_it_was_and_where_is_told_by_the_record() {
    let witnessed = || Demands { witnessed: true, ..nothing() };
    let int = || Demands { int: true, ..nothing() };
    let reconciled = || Demands { reconciled: true, ..nothing() };
    use Place::{IntClaimed, IntReconciled, Mock, Other, Sandbox};
    for (place, at_int, in_log) in [
        (IntClaimed, true, false),
        (IntReconciled, true, true),
        (Mock, false, false),
        (Sandbox, false, false),
        (Other, false, false),
    ] {
        let run = stands(whole("a"), Proof::Witnessed, place, 0);
        assert_eq!(the_one(&run, int()).0, at_int, "{place}");
        assert_eq!(the_one(&run, reconciled()).0, in_log, "{place}");
    }
    let found = |place| the_one(&stands(whole("a"), Proof::Witnessed, place, 0), reconciled()).1;
    let alone = "a gateway's log can confirm only calls to INT, but the record shows a mock";
    assert_eq!(found(Mock), alone);
    assert!(found(IntClaimed).starts_with("the log given does not contain the same calls"));
    for (word, expected) in
        [(Proof::Witnessed, true), (Proof::Driven, false), (Proof::Imported, false)]
    {
        let (met, found) = the_one(&stands(whole("a"), word, IntClaimed, 0), witnessed());
        assert_eq!(met, expected);
        assert!(found.starts_with(word.as_str()), "{found}");
    }
    let mut untold = whole("a");
    untold.run.standing = None;
    assert!(!the_one(&untold, int()).0 && !the_one(&untold, witnessed()).0);
}

#[test]
fn one_host_alone_answered() {
    let asked = || Demands { host: Some("INT.api.service.nhs.uk".into()), ..nothing() };
    assert!(the_one(&whole("a"), asked()).0);
    let mut two = whole("a");
    let standing = two.run.standing.as_mut().unwrap();
    standing.hosts.push(SeenHost { host: "other.example".into(), certificate: None });
    let (met, found) = the_one(&two, asked());
    assert!(!met && found.contains("other.example"), "{found}");
    two.run.standing.as_mut().unwrap().hosts.clear();
    assert_eq!(the_one(&two, asked()), (false, "no call was answered".to_owned()));
}

#[test]
fn nonce_window_and_pack_are_those_that_were_asked_for() {
    let mut run = whole("a");
    run.run.nonce = Some("NHS-7Q2".into());
    let nonce = |text: &str| Demands { nonce: Some(text.into()), ..nothing() };
    let window = |number| Demands { window: Some(number), ..nothing() };
    let pack = |version: &str| Demands { pack_version: Some(version.into()), ..nothing() };
    let version = run.run.pack.version.clone();
    for (right, wrong) in [
        (nonce("NHS-7Q2"), nonce("NHS-7Q3")),
        (window(1), window(2)),
        (pack(&version), pack("2020-01-01")),
    ] {
        assert!(the_one(&run, right).0);
        assert!(!the_one(&run, wrong).0);
    }
    (run.run.nonce, run.run.window) = (None, None);
    assert_eq!(the_one(&run, nonce("x")), (false, "no nonce".to_owned()));
    assert_eq!(the_one(&run, window(1)), (false, "no test window".to_owned()));
}

#[test]
fn a_run_outside_the_days_of_its_window_is_not_of_that_window() {
    let window = || Demands { window: Some(1), ..nothing() };
    let dated = |dates: &str| {
        let mut run = whole("a");
        run.run.started = at(-3600);
        run.run.who.window_dates = Some(dates.parse().unwrap());
        run
    };
    let day = at(0).strftime("%Y-%m-%d").to_string();
    assert!(the_one(&dated(&format!("{day}/{day}")), window()).0);
    let (met, found) = the_one(&dated("2026-01-05/2026-01-16"), window());
    assert!(!met && found.starts_with("test window 1, but made from "), "{found}");
    let says = "outside its stated test window of 2026-01-05 to 2026-01-16";
    assert!(found.ends_with(says), "{found}");

    let context = Context::stand_in(INT);
    let run = dated("2026-01-05/2026-01-16");
    let submission = Submission { results: &run, context: &context, attestations: &[] };
    let told = readiness(&[submission]).unwrap();
    assert!(told.runs[0].remarks[0].contains(says), "{:?}", told.runs[0].remarks);
    assert!(!told.remaining.iter().any(|one| one.contains("window")), "it decides nothing");
}

#[test]
fn statements_that_are_owed_and_what_a_supplier_may_not_do_are_named() {
    let owed = |number| Demands {
        tests: vec![TestId::new(number).unwrap()],
        nothing_owed: true,
        ..nothing()
    };
    // No letter was rejected, and nobody said that any would be.
    let plain = with(whole("a"), 13, Verdict::NotRun);
    let found = held(&plain, owed(3), at(0));
    assert_eq!((found[1].met, found[1].found.as_str()), (false, "needed for AT3.7"));
    assert_eq!(met(&held(&plain, owed(4), at(0))), [true, true], "AT4 asks for none");

    let asked = || Demands { no_violations: true, ..nothing() };
    let mut run = whole("a");
    run.findings = vec![finding("F-1", About::Api, FindingKind::Violation, 1)];
    assert!(the_one(&run, asked()).0, "the API's are not the supplier's");
    run.findings.push(finding("F-3", About::Supplier, FindingKind::Violation, 1));
    assert_eq!(the_one(&run, asked()), (false, "F-3: o".to_owned()));
    run.waivers = vec![waived("F-3", WaiverState::Applied)];
    assert_eq!(met(&held(&run, asked(), at(0))), [true, true], "it is agreed on");
}

#[test]
fn statements_of_optional_tests_that_were_shown_or_declared_are_owed_too() {
    let owed = |run: &Results| {
        let tests = vec![TestId::new(4).unwrap()];
        held(run, Demands { tests, nothing_owed: true, ..nothing() }, at(0)).remove(1).found
    };
    let shown = "needed for AT13.7, AT13.8";
    assert_eq!(owed(&whole("a")), shown);
    assert_eq!(owed(&with(whole("a"), 13, Verdict::Fail)), shown);
    for idle in [Verdict::NotRun, Verdict::NotApplicable] {
        let mut run = with(whole("a"), 13, idle);
        assert_eq!(owed(&run), "none is needed");
        run.run.deciding = vec![TestId::new(13).unwrap()];
        assert_eq!(owed(&run), shown, "declared, or asked for by name");
    }
    let mut unselected = whole("a");
    unselected.tests[12].selected = false;
    assert_eq!(owed(&unselected), "none is needed");
}

#[test]
fn waivers_that_must_go_let_nothing_through() {
    assert_eq!(met(&held(&whole("a"), nothing(), at(0))), [true; 0], "nothing is asked");
    for (state, expected) in [
        (WaiverState::Applied, true),
        (WaiverState::NotJudged, true),
        (WaiverState::Expired, false),
        (WaiverState::Unneeded, false),
    ] {
        let mut run = whole("a");
        run.waivers = vec![waived("AT4.1", state)];
        let found = held(&run, nothing(), at(0));
        assert_eq!(met(&found), [expected], "{state:?}");
        assert_eq!(found[0].found.contains("line 3"), !expected, "{found:?}");
    }
}
