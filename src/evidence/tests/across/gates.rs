//! What a pipeline asks of a run.

use crate::*;

fn held(run: &Results, demands: Demands, now: Timestamp) -> Vec<Demand> {
    gate(run, &demands, now)
}

fn nothing() -> Demands {
    Demands { tests: vec![], max_age: None, target: None }
}

/// Whether each demand is met.
fn met(demands: &[Demand]) -> Vec<bool> {
    demands.iter().map(|demand| demand.met).collect()
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
        assert_eq!((met(&found), found[0].found.as_str()), (vec![false], verdict.as_str()));
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
        assert_eq!(found[0].demand, "ended no longer ago than 2 days");
    }
    let minutes = Demands { max_age: Some(SignedDuration::from_mins(90)), ..nothing() };
    assert!(held(&whole("a"), minutes, at(0))[0].demand.contains("1h 30m"));
}

#[test]
fn the_target_is_the_one_that_was_asked_for() {
    for (name, expected) in [("mock", true), ("int", false)] {
        let asked = Demands { target: Some(name.into()), ..nothing() };
        assert_eq!(met(&held(&whole("a"), asked, at(0))), [expected]);
    }
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
