//! What an observer sees call by call: ids, tokens, the rate, and the reaction to refusals. At
//! which moment each check turns, and which calls show it.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{Accepted, Rejected};
use letterproof_model::{Body, Content, ExchangeId, Mode, Verdict};
use support::cases::then;
use support::clock::{TAKES, TAKES_COARSELY, in_milliseconds};
use support::observed::{ends_with, observed, result, watched};
use support::{Script, letters};

/// A script without the list that `watched` begins with.
fn alone(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    script.context.mode = Mode::Observed;
    write(&mut script);
    script
}

#[test]
fn an_update_that_is_not_on_record_leaves_open_what_updates_show_and_not_what_calls_show() {
    let script = watched(|s| {
        s.token().moved("L1", Accepted).patch("L2", Accepted).edit(|exchange| {
            exchange.request.body = Body::Opaque(Content::unrecorded(90));
        });
    });
    let calls_alone = ["O-REQUEST-ID-UNIQUE", "O-TOKEN-REUSED", "O-RATE-KEPT"];
    for check in observed(&script) {
        let rests_on_calls_alone = calls_alone.contains(&check.id.as_str());
        assert_eq!(check.verdict == Verdict::Pass, rests_on_calls_alone, "{check:#?}");
    }
    let once = result("O-UPDATE-ONCE", &script);
    assert_eq!(once.verdict, Verdict::Inconclusive);
    assert_eq!(
        once.reason.unwrap(),
        "the recording lacks 1 body that may show it; otherwise the verdict would be pass"
    );
}

#[test]
fn an_id_may_be_used_again_only_for_the_same_call_after_one_that_was_not_carried_out() {
    let again = |status: u16, write: fn(&mut Script)| {
        let script = watched(|s| {
            s.read("L1", Accepted).answered(status);
            let id = s.exchanges.last().unwrap().request.headers[0].value.clone();
            write(s);
            s.edit(|exchange| exchange.request.headers[0].value = id);
        });
        result("O-REQUEST-ID-UNIQUE", &script)
    };
    let same: fn(&mut Script) = |s| then(s.read("L1", Accepted));
    let other_letter: fn(&mut Script) = |s| then(s.read("L2", Accepted));
    let other_method: fn(&mut Script) = |s| then(s.patch("L1", Accepted));
    for status in [429, 502] {
        assert_eq!(again(status, same).verdict, Verdict::Pass);
        assert_eq!(again(status, other_letter).verdict, Verdict::Fail);
        assert_eq!(again(status, other_method).verdict, Verdict::Fail);
    }
    let answered = again(200, same);
    assert_eq!(answered.verdict, Verdict::Fail);
    assert_eq!(answered.observed, "1 of 3 calls: request-2 was used again on GET /letters/{id}");
}

#[test]
fn tokens_are_shown_by_tokens_and_their_use() {
    ends_with(Verdict::NotRun, "O-TOKEN-REUSED", &alone(|s| then(s.token().token())));
    ends_with(Verdict::NotRun, "O-TOKEN-REUSED", &alone(|s| then(s.list(10, &[]))));
    let used = alone(|s| then(s.token().list(10, &[])));
    ends_with(Verdict::Pass, "O-TOKEN-REUSED", &used);
    assert_eq!(result("O-TOKEN-REUSED", &used).observed, "1 token for 1 API call");
}

#[test]
fn a_token_that_served_five_minutes_was_used() {
    let next_token_after =
        |micros: i64| alone(|s| then(s.token().set_clock(TAKES + micros).token().list(10, &[])));
    ends_with(Verdict::Pass, "O-TOKEN-REUSED", &next_token_after(300_000_000));
    ends_with(Verdict::Inconclusive, "O-TOKEN-REUSED", &next_token_after(299_999_999));
}

#[test]
fn tokens_are_wasted_where_each_serves_fewer_than_five_calls() {
    let calls_with_four_tokens = |calls: usize| {
        alone(|s| {
            (0..4).for_each(|_| then(s.token()));
            (0..calls).for_each(|_| then(s.list(10, &[])));
        })
    };
    ends_with(Verdict::Inconclusive, "O-TOKEN-REUSED", &calls_with_four_tokens(20));
    let wasted = calls_with_four_tokens(19);
    ends_with(Verdict::Fail, "O-TOKEN-REUSED", &wasted);
    assert_eq!(
        result("O-TOKEN-REUSED", &wasted).observed,
        "4 tokens for 19 API calls, the soonest 0.001 s after the last"
    );
}

#[test]
fn each_burst_above_the_rate_is_shown_by_the_call_that_went_too_far() {
    let bursts = |calls: &[usize]| {
        let mut script = alone(|s| {
            for calls in calls {
                (0..*calls).for_each(|_| then(s.status()));
                s.wait(2.0);
            }
        });
        script.context.rate_limit = 3;
        let kept = result("O-RATE-KEPT", &script);
        (kept.verdict, kept.observed.clone(), kept.exchanges)
    };
    let call = |number: usize| ExchangeId::new(format!("ex-{number:06}"));
    let at_most = |calls: usize| format!("at most {calls} calls within one second");
    assert_eq!(bursts(&[3, 3]), (Verdict::Pass, at_most(3), vec![]));
    assert_eq!(bursts(&[7]), (Verdict::Fail, at_most(7), vec![call(4)]));
    assert_eq!(bursts(&[7, 2, 5]), (Verdict::Fail, at_most(7), vec![call(4), call(13)]));
}

/// A call that was refused with 429, and made again so long after the refusal.
fn repeated_after(pause: i64, takes: i64) -> Script {
    watched(|s| {
        let began = s.now();
        s.list(10, &[]).answered(429).set_clock(began + takes + pause).list(10, &[]);
    })
}

#[test]
fn a_throttled_call_may_be_made_again_after_a_twentieth_of_a_second() {
    let hasty = repeated_after(49_999, TAKES);
    ends_with(Verdict::Fail, "O-BACK-OFF-429", &hasty);
    assert_eq!(
        result("O-BACK-OFF-429", &hasty).observed,
        "1 of 1 call: GET /letters was repeated 0.050 s after its refusal"
    );
    ends_with(Verdict::Pass, "O-BACK-OFF-429", &repeated_after(50_000, TAKES));
}

#[test]
fn a_pause_that_rounding_may_have_shortened_is_long_enough() {
    let by_milliseconds = |pause: i64| in_milliseconds(repeated_after(pause, TAKES_COARSELY));
    ends_with(Verdict::Pass, "O-BACK-OFF-429", &by_milliseconds(49_000));
    ends_with(Verdict::Pass, "O-BACK-OFF-429", &by_milliseconds(48_000));
    ends_with(Verdict::Fail, "O-BACK-OFF-429", &by_milliseconds(47_000));
}

#[test]
fn a_failed_update_is_made_good_by_its_own_status_taken_on_or_read_afterwards() {
    let failed = |before: fn(&mut Script), afterwards: fn(&mut Script)| {
        watched(|s| {
            s.list(100, &letters(2));
            before(s);
            s.patch("L1", Accepted).answered(502);
            afterwards(s);
            s.wait(400.0).status();
        })
    };
    let nothing: fn(&mut Script) = |_| {};
    let read: fn(&mut Script) = |s| then(s.read("L1", Accepted));
    let bulk: fn(&mut Script) = |s| then(s.bulk(Accepted, &["L1"]));
    let check = "O-BACK-OFF-5XX";
    ends_with(Verdict::Pass, check, &failed(nothing, read));
    ends_with(Verdict::Pass, check, &failed(nothing, bulk));

    ends_with(Verdict::Fail, check, &failed(nothing, nothing));
    ends_with(Verdict::Fail, check, &failed(read, nothing));
    ends_with(Verdict::Fail, check, &failed(bulk, nothing));
    let other: fn(&mut Script) = |s| then(s.patch_for("L1", Rejected, Some(("J01", "Unfit"))));
    ends_with(Verdict::Fail, check, &failed(nothing, other));
    let refused: fn(&mut Script) = |s| then(s.bulk(Accepted, &["L1"]).answered(400));
    ends_with(Verdict::Fail, check, &failed(nothing, refused));
}
