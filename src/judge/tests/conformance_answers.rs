//! What the conformance suite concludes from answers: what counts, what is left aside, and the
//! words, reasons and exchanges a reader is given.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::conformance::{Check, conformance_checks};
use letterproof_model::LetterStatus::{Accepted, Pending};
use letterproof_model::{Capability, FindingKind, Verdict};
use serde_json::json;
use support::cases::{header, then};
use support::observed::calls_within_a_second;
use support::probed::{after, judged, known, nothing, of, result, said, send};
use support::script::json_body;
use support::{Script, letters};

fn check(id: &str) -> &'static Check {
    conformance_checks().iter().find(|check| check.id == id).unwrap()
}

#[test]
fn a_token_may_be_refused_from_the_moment_its_life_ends() {
    // The token of these scripts lives for 599 s from when its answer was whole.
    let refused_at = |moment: i64| {
        let mut script = Script::pack();
        script.token().list(9, &[]).set_clock(moment).list(9, &[]).answered(401);
        script
    };
    let late = |moment| said("C-BEARER-KEPT", &refused_at(moment));
    let good = (Verdict::Pass, "1 call, each with its token accepted".to_owned());
    assert_eq!(late(900_000_000), good);
    assert_eq!(late(599_000_000), good);
    let words = "1 of 2 calls: was refused 599.0 s after its token was issued".to_owned();
    assert_eq!(late(598_999_999), (Verdict::Fail, words));
}

#[test]
fn a_limit_that_refuses_nothing_is_doubted_above_it_and_missing_at_more_than_twice_it() {
    let sent = |calls: i64| {
        let mut script = Script::pack();
        script.context.rate_limit = 100;
        calls_within_a_second(script.harness(), calls);
        let limit = result("C-LIMIT", &script).criteria.remove(0);
        let last = script.exchanges.last().unwrap().id.clone();
        assert!(limit.exchanges.is_empty() || limit.exchanges == [last]);
        (limit.verdict, limit.observed)
    };
    let words = |calls: usize| format!("{calls} calls within one second, none refused");
    assert_eq!(sent(150), nothing());
    assert_eq!(sent(151), (Verdict::Inconclusive, words(151)));
    assert_eq!(sent(200), (Verdict::Inconclusive, words(200)));
    assert_eq!(sent(201), (Verdict::Fail, words(201)));
}

#[test]
fn a_limit_that_lets_through_too_many_over_several_seconds_is_missing_too() {
    let mut script = Script::pack();
    script.context.rate_limit = 10;
    for second in 0..2 {
        for call in 0..16 {
            script.harness().set_clock(second * 1_000_000 + call * 60_000).list(9, &[]);
        }
    }
    let words = "32 calls within 2 seconds, none refused".to_owned();
    assert_eq!(said("C-LIMIT", &script), (Verdict::Fail, words));
}

#[test]
fn an_update_is_answered_with_nothing_but_202() {
    for (id, noun) in [("C-PATCH", "L1 was"), ("C-BULK", "was")] {
        let update = |s: &mut Script| {
            then(if id == "C-PATCH" { s.patch("L1", Accepted) } else { s.bulk(Accepted, &["L1"]) });
        };
        let taken = after(|s| update(s.supplier()));
        assert_eq!(said(id, &taken).0, Verdict::Pass);
        assert_eq!(said(id, &taken).1, "1 update, answered with 202 and no body");
        let with_body = after(|s| {
            update(s.supplier());
            s.edit_answer(|answer| answer.body = json_body(&json!({})));
        });
        let words = format!("1 of 1 update: {noun} answered with a body");
        assert_eq!(said(id, &with_body), (Verdict::Fail, words));
    }
}

#[test]
fn an_update_by_the_harness_or_without_a_readable_body_need_not_be_taken_on() {
    for id in ["C-PATCH", "C-BULK"] {
        let update = |s: &mut Script| {
            then(if id == "C-PATCH" { s.patch("L1", Accepted) } else { s.bulk(Accepted, &["L1"]) });
        };
        let probe = after(|s| {
            update(s.harness());
            s.answered(400);
        });
        assert_eq!(said(id, &probe), nothing(), "{id}");
        let malformed = after(|s| {
            update(s.supplier());
            s.answered(400).edit(|exchange| exchange.request.body = json_body(&json!([])));
        });
        assert_eq!(said(id, &malformed), nothing(), "{id}");
    }
}

#[test]
fn an_update_without_its_id_or_its_token_is_no_repeat_of_another() {
    let repeated = |change: &dyn Fn(&mut Script)| {
        let script = after(|s| {
            s.patch("L1", Accepted).patch("L1", Accepted);
            change(s);
        });
        said("C-PATCH-REPEATED", &script)
    };
    let good = "1 repeated update, answered as the first time".to_owned();
    assert_eq!(repeated(&|_| {}), (Verdict::Pass, good));
    let words = "1 of 1 repeated update: L1 was answered with 400".to_owned();
    assert_eq!(repeated(&|s| then(s.answered(400))), (Verdict::Fail, words));
    assert_eq!(repeated(&|s| then(s.answered(401))), nothing());
    assert_eq!(repeated(&|s| then(s.answered(400).without("X-Request-ID"))), nothing());
}

#[test]
fn an_id_that_comes_back_as_it_was_sent_is_as_it_should_be() {
    let mut script = Script::pack();
    script.list(9, &[]).edit_answer(|answer| {
        answer.headers.push(header("X-Request-ID", "request-1"));
    });
    let echo = result("C-REQUEST-ID-ECHO", &script);
    assert_eq!((echo.verdict, echo.finding), (Verdict::Pass, None));
    let criterion = &echo.criteria[0];
    assert_eq!(criterion.observed, "1 answer, with the id sent");
    // A pass that differs from nothing has nothing to explain.
    assert_eq!(criterion.reason, None);
}

#[test]
fn an_id_is_looked_for_on_the_answers_that_document_it_and_on_no_others() {
    let answered = |call: &dyn Fn(&mut Script)| {
        let mut script = Script::pack();
        call(&mut script);
        script.edit_answer(|answer| answer.headers.push(header("X-Request-ID", "another")));
        said("C-REQUEST-ID-ECHO", &script)
    };
    let documented: [&dyn Fn(&mut Script); 3] =
        [&|s| then(s.list(9, &[])), &|s| then(s.patch("L1", Accepted)), &|s| then(s.data("L1"))];
    let words = "1 of 1 answer: was answered with another x-request-id".to_owned();
    for call in documented {
        assert_eq!(answered(call), (Verdict::Fail, words.clone()));
    }
    let others: [&dyn Fn(&mut Script); 3] =
        [&|s| then(s.status()), &|s| then(s.token()), &|s| then(s.list(9, &[]).answered(400))];
    for call in others {
        assert_eq!(answered(call), nothing());
    }
}

#[test]
fn answers_that_were_given_no_correlation_id_are_counted() {
    let results = judged(&known());
    let made = of("C-CORRELATION-ID-GENERATED", &results);
    assert_eq!((made.verdict, made.finding), (Verdict::Pass, Some(FindingKind::Deviation)));
    assert_eq!(made.criteria[0].observed, "2 answers without the header");
    let reason = "the deployed handlers leave it out";
    assert_eq!(made.criteria[0].reason.as_deref(), Some(reason));
}

#[test]
fn what_differs_as_known_says_so_and_what_does_not_differ_says_nothing() {
    let probe = &check("C-LIST-LIMIT-EMPTY").probes()[0];
    let answered = |statuses: &[u16]| {
        let script = after(|s| statuses.iter().for_each(|status| send(s, probe, *status)));
        let result = result("C-LIST-LIMIT-EMPTY", &script);
        (result.verdict, result.finding, result.criteria[0].reason.clone())
    };
    let known = "a known difference from the specification".to_owned();
    assert_eq!(answered(&[400]), (Verdict::Pass, None, None));
    assert_eq!(answered(&[200]), (Verdict::Pass, Some(FindingKind::Deviation), Some(known)));
    // A known difference does not excuse an unknown one beside it.
    assert_eq!(answered(&[200, 418]), (Verdict::Fail, Some(FindingKind::Violation), None));
}

#[test]
fn what_the_sandbox_answers_is_known_by_its_name_and_by_its_want_of_state() {
    let probe = &check("C-LIST-LIMIT-0").probes()[0];
    let of_target = |name: &str, stateful: bool| {
        let mut script = after(|s| send(s, probe, 200));
        script.context.target = name.into();
        if !stateful {
            script.context.capabilities.remove(&Capability::Stateful);
        }
        result("C-LIST-LIMIT-0", &script).finding
    };
    assert_eq!(of_target("int", true), Some(FindingKind::Violation));
    assert_eq!(of_target("sandbox", true), Some(FindingKind::Deviation));
    assert_eq!(of_target("canned", false), Some(FindingKind::Deviation));
    assert_eq!(of_target("sandbox", false), Some(FindingKind::Deviation));
}

/// A read of L1 that keeps the contract to the letter.
fn read_as_documented(s: &mut Script) {
    s.read("L1", Pending).edit(|exchange| {
        exchange.request.headers.push(header("X-Correlation-ID", "one"));
    });
    s.edit_answer(|answer| {
        answer.headers.push(header("Content-Type", "application/vnd.api+json"));
        answer.headers.push(header("X-Correlation-ID", "one"));
    });
    let id = s.exchanges.last().unwrap().request.headers[0].value.clone();
    s.edit_answer(|answer| answer.headers.push(header("X-Request-ID", &id)));
}

#[test]
fn answers_as_documented_are_counted_among_those_that_are_not() {
    let read = |write: &dyn Fn(&mut Script)| {
        let script = after(|s| {
            read_as_documented(s);
            read_as_documented(s);
            write(s);
        });
        let contract = result("C-CONTRACT-LETTER", &script);
        (contract.verdict, contract.finding, contract.criteria[0].observed.clone())
    };
    let all = "2 answers, all as documented".to_owned();
    assert_eq!(read(&|_| {}), (Verdict::Pass, None, all));

    // One answer may differ in several ways, and is one answer.
    let without_ids = read(&|s| {
        s.read("L1", Pending).edit_answer(|answer| {
            answer.headers.push(header("Content-Type", "application/vnd.api+json"));
        });
    });
    let words = "1 of 3 answers: F-ANY-REQUEST-ID-ABSENT: no such header; \
                 F-ANY-CORRELATION-ID-ABSENT: no such header";
    assert_eq!(without_ids, (Verdict::Pass, Some(FindingKind::Deviation), words.to_owned()));

    let refused = read(&|s| then(s.read("L1", Pending).answered(418)));
    assert_eq!((refused.0, refused.1), (Verdict::Fail, Some(FindingKind::Violation)));
    assert!(refused.2.starts_with("1 of 3 answers: "), "{}", refused.2);
    let twice = read(&|s| {
        s.read("L1", Pending).answered(418).read("L1", Pending).answered(418);
    });
    assert_eq!(twice.2, refused.2.replacen("1 of 3", "2 of 4", 1));
}

#[test]
fn a_property_nobody_documented_is_told_as_drift() {
    let script = after(|s| {
        read_as_documented(s);
        s.edit_answer(|answer| {
            let text = answer.body.json_text().unwrap().replacen('{', r#"{"colour":"blue","#, 1);
            answer.body = letterproof_model::Body::Json { text };
        });
    });
    let contract = result("C-CONTRACT-LETTER", &script);
    assert_eq!((contract.verdict, contract.finding), (Verdict::Pass, Some(FindingKind::Drift)));
    assert_eq!(contract.criteria[0].observed, "1 answer, all as documented");
}

#[test]
fn an_operation_that_was_not_called_has_no_result() {
    let mut script = Script::pack();
    script.list(9, &letters(1));
    let results = judged(&script);
    let contracts: Vec<&str> = results
        .iter()
        .map(|result| result.id.as_str())
        .filter(|id| id.starts_with("C-CONTRACT"))
        .collect();
    assert_eq!(contracts, ["C-CONTRACT-LIST"]);
}
