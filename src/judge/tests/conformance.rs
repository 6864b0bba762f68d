//! The conformance suite on probes made from its own plans: each is found by its request, judged by
//! its answer, and taken for no other.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use letterproof_judge::conformance::{Check, Probe, TokenProbe, UNKNOWN_MI, conformance_checks};
use letterproof_model::{Capability, CheckResult, FindingKind, Verdict};
use support::cases::{header, passing, then};
use support::probed::{judged, known, of, send};
use support::script::BASE;
use support::{Script, letters};

/// The check of a record that is not there.
const NOT_THERE: &str = "C-MI-READ-UNKNOWN";

fn probes() -> impl Iterator<Item = &'static Check> {
    conformance_checks().iter().filter(|check| check.accepted().is_some())
}

#[test]
fn checks_have_ids_of_their_own_and_say_what_they_rest_on() {
    let mut ids = BTreeSet::new();
    for check in conformance_checks() {
        assert!(ids.insert(check.id), "{} stands twice", check.id);
        assert!(check.id.starts_with("C-") && !check.source.is_empty() && !check.clause.is_empty());
    }
    assert!(ids.len() > 100, "only {} checks", ids.len());
}

#[test]
fn a_probe_answered_as_specified_passes_and_is_found_by_no_other_check() {
    for check in probes() {
        let accepted = check.accepted().unwrap();
        let mut script = known();
        if check.id == NOT_THERE {
            // Where no record can be read, that one is not there shows nothing.
            let record = conformance_checks().iter().find(|check| check.id == "C-MI-READ").unwrap();
            send(&mut script, &record.probes()[0], 200);
        }
        let before: BTreeSet<String> = ran(&judged(&script));
        send(&mut script, &check.probes()[0], accepted.specification[0]);
        let results = judged(&script);
        let result = of(check.id, &results);
        assert_eq!(result.verdict, Verdict::Pass, "{}: {result:?}", check.id);
        assert_eq!(result.finding, None, "{}", check.id);
        let new: BTreeSet<String> = ran(&results).difference(&before).cloned().collect();
        let others: Vec<&String> = new
            .iter()
            .filter(|id| *id != check.id)
            .filter(|id| probes().any(|other| other.id == id.as_str()))
            .collect();
        assert!(others.is_empty(), "{} is also taken for {others:?}", check.id);
    }
}

/// The checks that found something to judge.
fn ran(results: &[CheckResult]) -> BTreeSet<String> {
    results
        .iter()
        .filter(|result| !matches!(result.verdict, Verdict::NotRun | Verdict::NotApplicable))
        .map(|result| result.id.to_string())
        .collect()
}

#[test]
fn a_probe_answered_otherwise_fails_as_a_violation() {
    for check in probes() {
        let mut script = known();
        send(&mut script, &check.probes()[0], 418);
        let results = judged(&script);
        let result = of(check.id, &results);
        assert_eq!(result.verdict, Verdict::Fail, "{}", check.id);
        assert_eq!(result.finding, Some(FindingKind::Violation), "{}", check.id);
        let criterion = &result.criteria[0];
        assert!(criterion.observed.contains("answered with 418"), "{}", criterion.observed);
        assert_eq!(criterion.exchange_count, 1, "{}", check.id);
    }
}

#[test]
fn what_the_deployed_api_is_known_to_answer_passes_as_a_deviation() {
    let mut deviations = 0;
    for check in probes() {
        for status in check.accepted().unwrap().deployed {
            let mut script = known();
            send(&mut script, &check.probes()[0], *status);
            let results = judged(&script);
            let result = of(check.id, &results);
            if [NOT_THERE, "C-MI-READ"].contains(&check.id) {
                // A difference says how an answer looks, and not that there is something.
                assert_eq!(result.verdict, Verdict::Inconclusive, "{} {status}", check.id);
                assert_eq!(result.finding, None, "{} {status}", check.id);
                continue;
            }
            assert_eq!(result.verdict, Verdict::Pass, "{} {status}", check.id);
            assert_eq!(result.finding, Some(FindingKind::Deviation), "{} {status}", check.id);
            deviations += 1;
        }
    }
    assert!(deviations > 20);
}

#[test]
fn what_only_the_sandbox_answers_fails_elsewhere() {
    let check = conformance_checks().iter().find(|check| check.id == "C-LIST-LIMIT-0").unwrap();
    let mut script = known();
    send(&mut script, &check.probes()[0], 200);
    script.body_not_recorded();
    assert_eq!(of(check.id, &judged(&script)).verdict, Verdict::Fail);
    script.context.capabilities.remove(&Capability::Stateful);
    script.context.target = "sandbox".into();
    let results = judged(&script);
    assert_eq!(of(check.id, &results).finding, Some(FindingKind::Deviation));
    assert_eq!(of("C-PATCH-PENDING", &results).verdict, Verdict::NotApplicable);
}

#[test]
fn an_answer_that_tells_nothing_is_inconclusive_and_no_probe_is_not_run() {
    let check = conformance_checks().iter().find(|check| check.id == "C-LIST-LIMIT-TEXT").unwrap();
    let mut script = known();
    assert_eq!(of(check.id, &judged(&script)).verdict, Verdict::NotRun);
    send(&mut script, &check.probes()[0], 429);
    assert_eq!(of(check.id, &judged(&script)).verdict, Verdict::Inconclusive);
    send(&mut script, &check.probes()[0], 400);
    assert_eq!(of(check.id, &judged(&script)).verdict, Verdict::Pass);
}

#[test]
fn a_foreign_letter_nobody_knows_is_not_applicable() {
    assert_eq!(of("C-LETTER-FOREIGN", &judged(&known())).verdict, Verdict::NotApplicable);
}

fn fails(id: &str, write: impl FnOnce(&mut Script)) {
    let mut script = known();
    let before = judged(&script);
    let before = before.iter().find(|result| result.id.as_str() == id);
    assert!(before.is_none_or(|result| result.verdict != Verdict::Fail), "{id} fails beforehand");
    write(&mut script);
    let results = judged(&script);
    let result = of(id, &results);
    assert_eq!(result.verdict, Verdict::Fail, "{result:?}");
}

#[test]
fn each_check_of_traffic_bites() {
    use letterproof_model::LetterStatus::{Accepted, Pending};
    fails("C-LIST-WITHIN-LIMIT", |s| {
        s.list(1, &letters(2));
    });
    fails("C-LIST-UNIQUE", |s| {
        s.list(9, &[letters(1), letters(1)].concat());
    });
    fails("C-LIST-PENDING", |s| {
        s.list(9, &[letters(1)[0].clone().in_status(Accepted)]);
    });
    fails("C-LETTER-SAME", |s| {
        s.read("L2", Pending).edit(|e| e.request.url = format!("{BASE}/letters/L1"));
    });
    fails("C-LETTER-LISTED", |s| {
        s.list(9, &letters(1)).read("L1", Pending).answered(404);
    });
    fails("C-LETTER-CONSTANT", |s| {
        s.list(9, &[letters(1)[0].clone().of(Some("another"))]);
    });
    fails("C-LETTER-KEPT", |s| {
        s.read("L1", Pending).patch("L1", Accepted).read("L1", Accepted).read("L1", Pending);
    });
    let labelled = |s: &mut Script, probe: TokenProbe| {
        s.harness().edit(|e| {
            e.request.headers.push(header("X-Correlation-ID", probe.label()));
        });
    };
    fails("C-TOKEN-SIGNATURE", |s| labelled(s.token(), TokenProbe::Signature));
    fails("C-TOKEN-EXPIRED", |s| labelled(s.token(), TokenProbe::Expired));
    fails("C-TOKEN-AUDIENCE", |s| labelled(s.token(), TokenProbe::Audience));
    fails("C-TOKEN-ALGORITHM", |s| labelled(s.token(), TokenProbe::Algorithm));
    fails("C-TOKEN-REPLAY", |s| labelled(s.token(), TokenProbe::Replay));
    fails("C-BEARER-EXPIRED", |s| labelled(s.list(3, &[]), TokenProbe::Outlived));
    // A token that is over is 401 alone, whereas a wrong assertion may be 400 as well.
    fails("C-BEARER-EXPIRED", |s| labelled(s.list(3, &[]).answered(400), TokenProbe::Outlived));
    fails("C-LIST-HIDES", |s| then(s.supplier().list(100, &letters(3))));
    fails("C-LIST-COMPLETE", |s| then(s.wait(301.0).list(100, &letters(2))));
    fails("C-LIST-LAG", |s| {
        s.patch("L1", Accepted).read("L1", Accepted).wait(901.0).list(100, &letters(3));
    });
    fails("C-LIST-ORDER", |s| {
        let [one, two] = [letters(2)[0].clone(), letters(2)[1].clone()];
        s.list(9, &[two, one]);
    });
    fails("C-BEARER-KEPT", |s| {
        s.read("L1", Pending).read("L1", Pending).answered(401);
    });
    fails("C-DATA-LOCATION", |s| {
        s.data("L1").edit_answer(|answer| answer.headers.clear());
    });
    fails("C-DATA-MISSING-PDF", |s| {
        s.list(9, &[support::letter("N1").without_hash()]).fetch("N1");
    });
    fails("C-HASH", |s| {
        s.data("L1").follow_to("L1", "00".into(), Some(1), None);
    });
    fails("C-LINK", |s| {
        s.fetch("L1").answered(403);
    });
    fails("C-LINK-AGAIN", |s| {
        s.fetch("L1").follow("L1").answered(403);
    });
    fails("C-DOWNLOAD-TYPE", |s| {
        s.fetch("L1").edit_answer(|a| a.headers.push(header("Content-Type", "text/html")));
    });
    fails("C-ERROR-ID", |s| {
        for _ in 0..2 {
            s.read("L9", Pending).answered(404);
            let errors = serde_json::json!({"errors": [{"id": "e-1"}]});
            s.edit_answer(|answer| answer.body = support::script::json_body(&errors));
        }
    });
    fails("C-LINK-EXPIRED", |s| {
        s.data("L1").wait(62.0).follow("L1");
    });
    fails("C-LINK-TAMPERED", |s| {
        s.fetch("L1").edit(|e| e.request.url = e.request.url.replace("redacted:L1", "redacted:x"));
    });
    fails("C-LINK-HEAD", |s| {
        s.fetch("L1").edit(|e| e.request.method = "HEAD".into()).answered(500);
    });
    fails("C-PATCH", |s| {
        s.supplier().patch("L1", Accepted).answered(404);
    });
    fails("C-PATCH-REPEATED", |s| {
        s.patch("L1", Accepted).patch("L1", Accepted).answered(404);
    });
    fails("C-BULK", |s| {
        s.supplier().bulk(Accepted, &["L1"]).answered(404);
    });
    let record = serde_json::json!({"lineItem": "x", "timestamp": "t", "quantity": 1});
    let other = serde_json::json!({"lineItem": "x", "timestamp": "t", "quantity": 2});
    fails("C-MI-SAME", |s| {
        s.mi("M2", &record).mi_read("M2", &other);
    });
    fails("C-MI-ID", |s| {
        s.mi("M2", &record).mi("M2", &other);
    });
    fails("C-REQUEST-ID-ECHO", |s| {
        s.read("L1", Pending).edit_answer(|a| a.headers.push(header("X-Request-ID", "another")));
    });
    fails("C-CORRELATION-ID-ECHO", |s| {
        s.read("L1", Pending).edit(|e| e.request.headers.push(header("X-Correlation-ID", "one")));
        s.edit_answer(|a| a.headers.push(header("X-Correlation-ID", "another")));
    });
    fails("C-CORRELATION-ID-GENERATED", |s| {
        s.read("L1", Pending).edit_answer(|a| a.headers.push(header("X-Correlation-ID", "")));
    });
    fails("C-LIMIT", |s| {
        s.status().answered(429);
    });
    fails("C-LIMIT", |s| {
        s.context.rate_limit = 3;
        for _ in 0..7 {
            s.harness().status();
        }
    });
    fails("C-MI-SAME", |s| {
        s.mi("M2", &record).mi("M3", &record).mi_read("M2", &record);
        s.mi_read("M3", &record).answered(404);
    });
    fails("C-CONTRACT-LETTER", |s| {
        s.read("L1", Pending).answered(418);
    });
}

#[test]
fn a_refused_assertion_passes_and_one_not_sent_is_not_run() {
    let mut script = known();
    assert_eq!(of("C-TOKEN-REPLAY", &judged(&script)).verdict, Verdict::NotRun);
    assert_eq!(of("C-BEARER-EXPIRED", &judged(&script)).verdict, Verdict::NotApplicable);
    for probe in TokenProbe::ALL {
        let check = conformance_checks().iter().find(|check| check.id == probe.check()).unwrap();
        assert!(matches!(check.probe(), Probe::Token(its) if its == probe), "{check:?}");
        if probe == TokenProbe::Outlived { script.list(3, &[]) } else { script.token() }
            .harness()
            .edit(|e| e.request.headers.push(header("X-Correlation-ID", probe.label())))
            .answered(401);
        assert_eq!(of(probe.check(), &judged(&script)).verdict, Verdict::Pass, "{probe:?}");
    }
}

#[test]
fn a_link_is_fresh_only_while_it_is_younger_than_its_life_counted_from_its_asking() {
    let slow = |seconds: f64| {
        let mut script = known();
        script.data("L1").edit_answer(|answer| {
            answer.done_us += (seconds * 1e6) as u64;
            answer.headers_us = answer.done_us - 1;
        });
        script.wait(seconds).follow("L1").answered(403);
        of("C-LINK", &judged(&script)).verdict
    };
    assert_eq!(slow(1.0), Verdict::Fail);
    assert_eq!(slow(61.0), Verdict::NotRun, "it may have expired on its way");
}

#[test]
fn a_link_that_met_a_failure_on_the_way_is_judged_by_its_next_use() {
    for (id, method, after) in
        [("C-LINK-HEAD", "HEAD", 0.0), ("C-LINK-EXPIRED", "GET", 100.0), ("C-LINK", "GET", 0.0)]
    {
        let good = if id == "C-LINK" { 200 } else { 403 };
        let mut script = known();
        script.data("L1").wait(after);
        for status in [503, good] {
            script.follow("L1").answered(status).edit(|exchange| {
                exchange.request.method = method.into();
            });
        }
        let results = judged(&script);
        assert_eq!(of(id, &results).verdict, Verdict::Pass, "{:?}", of(id, &results));
    }
}

#[test]
fn letters_that_were_updated_may_change_their_place_and_status() {
    use letterproof_model::LetterStatus::{Pending, Rejected};
    let [one, two] = [letters(2)[0].clone(), letters(2)[1].clone()];
    let mut script = known();
    script.patch("L1", Rejected).read("L1", Rejected).read("L1", Pending);
    script.list(9, &[two, one]);
    let results = judged(&script);
    assert_ne!(of("C-LIST-ORDER", &results).verdict, Verdict::Fail);
    assert_eq!(of("C-LETTER-KEPT", &results).verdict, Verdict::Pass);
}

#[test]
fn every_check_of_traffic_is_shown_to_bite() {
    let source = include_str!("conformance.rs");
    for check in conformance_checks().iter().filter(|check| check.accepted().is_none()) {
        assert!(source.contains(&format!("fails(\"{}\"", check.id)), "{} never fails", check.id);
    }
}

#[test]
fn honest_traffic_breaks_no_check_of_traffic() {
    for test in 1..=15 {
        let results = judged(&passing(test));
        for check in conformance_checks().iter().filter(|check| check.accepted().is_none()) {
            let result = of(check.id, &results);
            assert_ne!(result.verdict, Verdict::Fail, "AT{test}: {result:?}");
        }
    }
}

#[test]
fn a_record_nobody_submitted_has_an_id_of_its_own() {
    assert!(conformance_checks().iter().any(|check| {
        check.probes().iter().any(|plan| plan.path == format!("/mi/{UNKNOWN_MI}"))
    }));
}
