//! Where the observer's checks turn, and the words a reader is given there.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{Accepted, Cancelled, Pending, Printed, Rejected};
use letterproof_model::{ExchangeId, Outcome, Verdict};
use support::cases::{header, then};
use support::observed::{calls_within_a_second, ends_with, result, watched};
use support::{Script, letters};

const WHY: Option<(&str, &str)> = Some(("X01", "A reason"));

#[test]
fn a_pdf_of_a_letter_that_is_produced_no_more_need_not_be_whole() {
    let cancelled = watched(|s| {
        s.moved("L1", Accepted).data("L1").moved_for("L1", Cancelled, "C01", "Asked for");
    });
    ends_with(Verdict::NotRun, "O-PDF-FETCHED", &cancelled);
    let in_production = watched(|s| then(s.moved("L1", Accepted).data("L1")));
    ends_with(Verdict::Inconclusive, "O-PDF-FETCHED", &in_production);
}

#[test]
fn a_pdf_that_came_whole_before_its_letter_was_produced_is_shown_by_that_download_alone() {
    let script = watched(|s| {
        s.moved("L1", Accepted).fetch("L1").moved("L1", Printed).fetch("L1");
    });
    let fetched = result("O-PDF-FETCHED", &script);
    assert_eq!(fetched.verdict, Verdict::Pass);
    assert_eq!(fetched.exchanges, [ExchangeId::new("ex-000005")]);
}

#[test]
fn a_pdf_downloaded_in_parts_may_be_whole() {
    let parts = watched(|s| {
        s.moved("L1", Accepted).fetch("L1").answered(206).moved("L1", Printed);
    });
    ends_with(Verdict::Inconclusive, "O-PDF-FETCHED", &parts);
    // It need not be produced yet.
    let halves = |ranges: &[&str]| {
        watched(|s| {
            s.moved("L1", Accepted);
            for range in ranges {
                s.fetch("L1").answered(206).edit_answer(|answer| {
                    answer.headers.push(header("Content-Range", &format!("bytes {range}/100")));
                });
            }
        })
    };
    ends_with(Verdict::Pass, "O-PDF-FETCHED", &halves(&["0-49", "50-99"]));
    ends_with(Verdict::Inconclusive, "O-PDF-FETCHED", &halves(&["0-49", "0-49"]));
}

#[test]
fn a_missing_pdf_is_told_by_how_far_its_download_got() {
    let how_far = |fetch: &dyn Fn(&mut Script)| {
        let script = watched(|s| {
            s.fetch("L2").moved("L1", Accepted);
            fetch(s);
            s.moved("L1", Printed);
        });
        let missing = result("O-PDF-FETCHED", &script);
        assert_eq!(missing.verdict, Verdict::Fail);
        missing.observed.split("L1 was sent PRINTED though its PDF ").nth(1).unwrap().to_owned()
    };
    let broken = |s: &mut Script| {
        s.fetch("L1").lost().edit(|exchange| {
            if let Outcome::Error(error) = &mut exchange.outcome {
                error.received = 1;
            }
        });
    };
    assert_eq!(how_far(&|_| {}), "was never asked for");
    assert_eq!(how_far(&|s| then(s.data("L1"))), "was not downloaded");
    assert_eq!(how_far(&|s| then(s.fetch("L1").lost())), "never arrived");
    assert_eq!(how_far(&broken), "was only partly downloaded");
    assert_eq!(how_far(&|s| then(s.fetch("L1").answered(403))), "was answered with 403");
}

#[test]
fn a_rejected_letter_is_back_in_the_queue_only_where_no_lag_explains_it() {
    let lagging = watched(|s| {
        s.patch_for("L1", Rejected, WHY).wait(1.0).read("L1", Pending).patch("L1", Accepted);
    });
    ends_with(Verdict::Fail, "O-NOTHING-AFTER-END", &lagging);
    let settled = watched(|s| {
        s.patch_for("L1", Rejected, WHY).wait(400.0).list(100, &letters(1)).patch("L1", Accepted);
    });
    ends_with(Verdict::Pass, "O-NOTHING-AFTER-END", &settled);
}

#[test]
fn an_update_that_the_api_refused_after_an_end_is_none() {
    let printed = |status: u16| {
        watched(|s| {
            s.moved("L1", Accepted).moved_for("L1", Cancelled, "C01", "Asked for");
            s.patch("L1", Printed).answered(status);
        })
    };
    ends_with(Verdict::Pass, "O-NOTHING-AFTER-END", &printed(400));
    ends_with(Verdict::Fail, "O-NOTHING-AFTER-END", &printed(202));
}

#[test]
fn letters_listed_twice_and_never_updated_show_nothing() {
    let script = watched(|s| then(s.wait(301.0).list(100, &letters(3))));
    ends_with(Verdict::Inconclusive, "O-SECOND-LIST", &script);
    let observed = result("O-SECOND-LIST", &script).observed;
    assert_eq!(observed, "3 letters listed again, none updated");
}

#[test]
fn a_throttled_call_whose_repeat_failed_is_still_to_be_made() {
    let given_up = watched(|s| {
        s.patch("L1", Accepted).answered(429).wait(1.0).patch("L1", Accepted).answered(502);
        s.wait(301.0).status();
    });
    ends_with(Verdict::Fail, "O-BACK-OFF-429", &given_up);
}

#[test]
fn as_many_letters_by_patch_as_in_bulk_are_accepted_in_bulk() {
    let half = watched(|s| {
        s.list(4, &letters(2)).patch("L1", Accepted).bulk(Accepted, &["L2"]);
    });
    ends_with(Verdict::Pass, "O-BULK-USED", &half);
    let most = watched(|s| {
        s.list(4, &letters(3)).patch("L1", Accepted).patch("L2", Accepted);
        s.bulk(Accepted, &["L3"]);
    });
    ends_with(Verdict::Fail, "O-BULK-USED", &most);
    let single = watched(|s| then(s.list(4, &letters(1)).patch("L1", Accepted)));
    ends_with(Verdict::NotRun, "O-BULK-USED", &single);
}

#[test]
fn one_call_in_twenty_above_the_rate_is_jitter_and_one_more_is_not() {
    let within_a_second = |calls: i64| {
        let mut script = watched(|s| {
            s.wait(2.0);
            calls_within_a_second(s, calls);
        });
        script.context.rate_limit = 20;
        script
    };
    ends_with(Verdict::Pass, "O-RATE-KEPT", &within_a_second(20));
    ends_with(Verdict::Inconclusive, "O-RATE-KEPT", &within_a_second(21));
    ends_with(Verdict::Fail, "O-RATE-KEPT", &within_a_second(22));
}
