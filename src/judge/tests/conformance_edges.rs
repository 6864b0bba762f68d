//! Where the conformance checks of traffic turn, and the words a reader is given there.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::conformance::{
    TokenProbe, conformance_checks, conformance_ids, unknown_letter,
};
use letterproof_model::LetterStatus::Pending;
use letterproof_model::{FindingKind, Verdict};
use serde_json::json;
use support::cases::{header, then};
use support::probed::{after, judged, known, of};
use support::script::{hash_of, json_body};
use support::{Script, letter, letters};

#[track_caller]
fn ends_with(verdict: Verdict, id: &str, script: &Script) {
    let results = judged(script);
    assert_eq!(of(id, &results).verdict, verdict, "{:#?}", of(id, &results));
}

fn said(id: &str, script: &Script) -> String {
    of(id, &judged(script)).criteria[0].observed.clone()
}

#[test]
fn the_contract_of_each_operation_is_among_the_checks() {
    let ids: Vec<&str> = conformance_ids().collect();
    for result in judged(&known()) {
        assert!(ids.contains(&result.id.as_str()), "{} is not announced", result.id);
    }
    assert!(ids.contains(&"C-CONTRACT-DOWNLOAD"));
}

#[test]
fn a_check_is_named_where_a_programmer_looks_at_it() {
    let check = &conformance_checks()[0];
    assert!(format!("{check:?}").contains(check.id));
}

#[test]
fn a_bad_assertion_is_taken_for_no_other_one() {
    let script = after(|s| {
        let label = header("X-Correlation-ID", TokenProbe::Signature.label());
        s.token().edit(|exchange| exchange.request.headers.push(label)).answered(401);
    });
    let results = judged(&script);
    for probe in TokenProbe::ALL.into_iter().filter(|probe| *probe != TokenProbe::Outlived) {
        let sent = probe == TokenProbe::Signature;
        let expected = if sent { Verdict::Pass } else { Verdict::NotRun };
        assert_eq!(of(probe.check(), &results).verdict, expected, "{probe:?}");
    }
}

#[test]
fn a_token_that_was_never_taken_may_be_refused_for_minutes() {
    let mut script = Script::pack();
    script.token();
    for _ in 0..2 {
        script.list(9, &[]).answered(401).wait(10.0);
    }
    ends_with(Verdict::NotApplicable, "C-BEARER-KEPT", &script);
    script.list(9, &[]);
    ends_with(Verdict::Pass, "C-BEARER-KEPT", &script);
}

#[test]
fn where_no_token_is_on_record_the_one_most_calls_carry_is_the_good_one() {
    let mut script = Script::pack();
    script.list(100, &letters(3)).status().list(3, &[]).answered(401).edit(|exchange| {
        exchange.request.headers = vec![
            header("X-Request-ID", &unknown_letter(1).to_string()),
            header("Authorization", "Bearer redacted:0001"),
        ];
    });
    ends_with(Verdict::Pass, "C-BEARER-UNKNOWN", &script);
}

#[test]
fn a_throttled_call_is_told_so_in_words() {
    let told = |message: &str| {
        after(|s| {
            s.status().answered(429);
            s.edit_answer(|answer| answer.body = json_body(&json!({ "message": message })));
        })
    };
    ends_with(Verdict::Pass, "C-LIMIT", &told("Slow down"));
    ends_with(Verdict::Fail, "C-LIMIT", &told(""));
    assert!(said("C-LIMIT", &told("")).contains("has an empty message"));
}

#[test]
fn a_limit_that_is_never_enforced_is_shown_by_the_first_call_that_went_too_far() {
    let mut script = Script::pack();
    script.context.rate_limit = 3;
    for _ in 0..2 {
        (0..7).for_each(|_| then(script.harness().status()));
        script.wait(5.0);
    }
    let results = judged(&script);
    let limit = of("C-LIMIT", &results);
    assert_eq!(limit.verdict, Verdict::Fail);
    assert_eq!(limit.criteria[0].exchanges, [script.exchanges[6].id.clone()]);
}

#[test]
fn answers_without_the_header_are_counted_and_a_deviation() {
    let results = judged(&known());
    let echo = of("C-REQUEST-ID-ECHO", &results);
    assert_eq!((echo.verdict, echo.finding), (Verdict::Pass, Some(FindingKind::Deviation)));
    assert_eq!(echo.criteria[0].observed, "2 answers without the header");
}

#[test]
fn a_correlation_id_that_the_api_made_is_as_it_should_be() {
    let script = after(|s| {
        s.read("L1", Pending);
        s.edit_answer(|answer| answer.headers.push(header("X-Correlation-ID", "made")));
    });
    ends_with(Verdict::Pass, "C-CORRELATION-ID-GENERATED", &script);
}

#[test]
fn a_letter_that_reads_with_another_hash_than_listed_is_told() {
    let script = after(|s| {
        let mut other = letter("L1");
        other.hash = Some(hash_of("another"));
        s.read_letter(&other, None);
    });
    ends_with(Verdict::Fail, "C-HASH", &script);
    assert!(said("C-HASH", &script).contains("L1 has in its letter sha256Hash"));
}

#[test]
fn a_record_is_lost_only_where_another_can_be_read() {
    let record = json!({"lineItem": "x", "timestamp": "t", "quantity": 1});
    let script = after(|s| {
        s.mi_read("M1", &record).answered(404);
    });
    ends_with(Verdict::Inconclusive, "C-MI-SAME", &script);
}

#[test]
fn what_breaks_the_contract_is_told_once_and_three_things_at_most() {
    let answered = |statuses: &[u16]| {
        let script = after(|s| {
            for status in statuses {
                s.read("L1", Pending).answered(*status);
            }
        });
        said("C-CONTRACT-LETTER", &script)
    };
    let once = answered(&[418]);
    let twice = answered(&[418, 418]);
    assert_eq!(once.split_once(": ").unwrap().1, twice.split_once(": ").unwrap().1);
    let many = answered(&[410, 418, 451, 402]);
    assert!(many.contains("410") && many.contains("451") && !many.contains("402"), "{many}");
}

#[test]
fn an_expired_assertion_is_not_held_against_an_api_whose_date_is_far_off_which_is_named() {
    let taken = |probe: TokenProbe, date: &str| {
        let script = after(|s| {
            s.token().harness().edit(|exchange| {
                exchange.request.headers.push(header("X-Correlation-ID", probe.label()));
            });
            s.edit_answer(|answer| answer.headers.push(header("Date", date)));
        });
        support::probed::said(probe.check(), &script)
    };
    // The script's clock shows 14:13:20.
    let (near, ahead) = ("Mon, 21 Sep 2026 14:13:40 GMT", "Mon, 21 Sep 2026 15:13:20 GMT");
    assert_eq!(taken(TokenProbe::Expired, near).0, Verdict::Fail);
    let (verdict, words) = taken(TokenProbe::Expired, ahead);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert!(words.contains("its Date header is 3,600 s ahead of this machine's clock"), "{words}");
    let (_, words) = taken(TokenProbe::Expired, "Mon, 21 Sep 2026 13:13:20 GMT");
    assert!(words.contains("its Date header is 3,600 s behind this machine's clock"), "{words}");
    // No clock excuses another one's signature.
    assert_eq!(taken(TokenProbe::Signature, ahead).0, Verdict::Fail);
}

#[test]
fn a_record_that_cannot_be_read_leaves_nothing_open_where_another_was_read_back() {
    let record = json!({"lineItem": "x", "timestamp": "t", "quantity": 1});
    let script = after(|s| {
        s.mi("M2", &record).mi_read("M2", &record).mi_read("M1", &record).answered(503);
    });
    ends_with(Verdict::Pass, "C-MI-SAME", &script);
}

#[test]
fn what_a_letter_lacked_before_its_hash_was_given_says_nothing_against_it() {
    let script = after(|s| {
        s.read_letter(&letter("L9").without_hash(), None).list(9, &[letter("L9")]).fetch("L9");
    });
    ends_with(Verdict::Pass, "C-HASH", &script);
}
