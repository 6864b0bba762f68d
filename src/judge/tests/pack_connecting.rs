//! Connecting and receiving the whole list (AT1, AT2): which refusals and lost calls count, what is
//! secure, and what a list that did not come leaves open.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::Accepted;
use letterproof_model::Verdict::{Fail, Inconclusive, Pass};
use support::cases::{passing, script, then};
use support::script::Letter;
use support::told::{WHOLE_MILLISECOND, after_the_last, ends_with, explains, tells};
use support::{Script, letters, result};

#[test]
fn where_only_one_of_the_two_is_called_connecting_ends_with_its_success() {
    let refused_later = |begin: fn(&mut Script)| {
        script(|s| {
            begin(s);
            s.wait(1.0).patch("L1", Accepted).answered(401);
        })
    };
    let begins: [fn(&mut Script); 2] = [|s| then(s.status()), |s| then(s.list(10, &letters(2)))];
    for begin in begins {
        let script = refused_later(begin);
        tells(Inconclusive, "only one of the two was called", "AT1.3", &script);
        explains("both calls must be made", "AT1.3", &script);
    }
}

#[test]
fn a_token_that_was_refused_at_first_is_told() {
    let script = script(|s| {
        s.token().answered(400).token().status().list(10, &letters(2));
    });
    tells(Fail, "1 of 4 calls: POST /oauth2/token was answered with 400", "AT1.3", &script);
}

#[test]
fn a_download_that_the_storage_denies_or_cuts_off_is_not_about_connecting() {
    let download = |change: fn(&mut Script)| {
        script(|s| {
            s.token().status().fetch("L1");
            change(s);
            s.list(10, &letters(2));
        })
    };
    let denied_and_lost: [fn(&mut Script); 2] = [|s| then(s.answered(403)), |s| then(s.lost())];
    for change in denied_and_lost {
        let all = "5 calls, none refused for its credentials";
        tells(Pass, all, "AT1.3", &download(change));
    }
}

/// Both calls answered, and an update refused so many microseconds after the list was asked for;
/// the list is whole after 3,007.
fn refused_after(begin: i64, micros: i64) -> Script {
    script(|s| {
        s.set_clock(begin).status().list(10, &letters(2));
        after_the_last(s, micros).patch("L1", Accepted).answered(401);
    })
}

#[test]
fn a_refusal_at_the_moment_of_success_is_left_open_only_by_a_coarse_clock() {
    let refused = "1 of 3 calls: PATCH /letters/{id} was answered with 401";
    tells(Fail, refused, "AT1.3", &refused_after(0, 3_007));
    let all = "2 calls, none refused for its credentials";
    tells(Pass, all, "AT1.3", &refused_after(0, 3_008));
    tells(Fail, refused, "AT1.3", &refused_after(WHOLE_MILLISECOND, 1_000));
    let open = "1 of 3 calls: was refused at the same moment as the later of the two succeeded";
    tells(Inconclusive, open, "AT1.3", &refused_after(WHOLE_MILLISECOND, 2_000));
}

#[test]
fn a_call_that_was_lost_is_made_good_only_by_a_later_one_of_its_kind() {
    let by_another = script(|s| {
        s.status().lost().list(10, &letters(2));
    });
    tells(Fail, "1 of 2 calls: GET /_status was never answered", "AT1.3", &by_another);
    let by_an_earlier = script(|s| {
        s.status().status().lost().list(10, &letters(2));
    });
    tells(Fail, "1 of 3 calls: GET /_status was never answered", "AT1.3", &by_an_earlier);
}

#[test]
fn a_token_is_a_bearer_token_whatever_redaction_left_of_it() {
    let authorized = |value: &str| {
        let mut script = passing(1);
        script.edit(|list| {
            let headers = &mut list.request.headers;
            headers.iter_mut().filter(|header| header.name == "Authorization").for_each(|header| {
                header.value = value.into();
            });
        });
        script
    };
    for value in ["Bearer redacted:1234", "bearer redacted:1234", "redacted:1234"] {
        let all = "2 calls, all with a token, over TLS or on loopback";
        tells(Pass, all, "AT1.4", &authorized(value));
    }
    for value in ["Basic redacted:1234", " "] {
        let bare = "1 of 2 calls: GET /letters has no bearer token";
        tells(Fail, bare, "AT1.4", &authorized(value));
    }
}

#[test]
fn calls_without_tls_are_secure_on_loopback_only() {
    let at = |host: &str| {
        let mut script = passing(1);
        let moved = |url: &str| url.replace("https://int.test", &format!("http://{host}"));
        script.context.base_url = moved(&script.context.base_url);
        for exchange in &mut script.exchanges {
            exchange.request.url = moved(&exchange.request.url);
        }
        script
    };
    for host in ["localhost", "localhost:8080", "api.localhost", "127.0.0.1:8080", "[::1]:8080"] {
        ends_with(Pass, "AT1.4", &at(host));
    }
    for host in ["int.test", "not-localhost", "192.0.2.1", "[2001:db8::1]"] {
        let plain =
            "2 of 2 calls: GET /_status was made without TLS; GET /letters was made without TLS";
        tells(Fail, plain, "AT1.4", &at(host));
    }
}

#[test]
fn a_whole_list_that_did_not_come_is_open_until_the_call_is_repeated() {
    let busy = script(|s| then(s.list(2_500, &[]).answered(503)));
    tells(Inconclusive, "answered with 503", "AT2.1", &busy);
    explains("the call was not repeated with success", "AT2.1", &busy);
    tells(Inconclusive, "no list could be read", "AT2.2", &busy);
    explains("GET /letters?limit=2500 was not answered with a list: see AT2.1", "AT2.2", &busy);
    let odd = script(|s| {
        s.list(2_500, &[]).edit_answer(|answer| {
            answer.body = support::script::json_body(&serde_json::json!({"data": {}}));
        });
    });
    tells(Fail, "answered with 200 but without a list of letters", "AT2.1", &odd);
    let cause =
        "GET /letters?limit=2500 was answered with 200 but without a list of letters: see AT2.1";
    explains(cause, "AT2.2", &odd);
    let refused = script(|s| then(s.list(2_500, &[]).answered(400)));
    tells(Fail, "answered with 400", "AT2.1", &refused);
    let repeated = script(|s| then(s.list(2_500, &[]).answered(503).list(2_500, &letters(6))));
    tells(Pass, "answered with 6 letters", "AT2.1", &repeated);
}

#[test]
fn a_list_that_names_letters_twice_is_told_with_the_first_of_them() {
    let listed = |change: fn(&mut Vec<Letter>)| {
        script(|s| {
            let mut list = letters(6);
            change(&mut list);
            s.list(2_500, &list);
        })
    };
    let named = |script: &Script| {
        let letters = result("AT2.3", script).letters;
        letters.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let thrice = listed(|list| {
        list[4] = list[1].clone();
        list[5] = list[1].clone();
    });
    tells(Fail, "6 entries with 4 unique ids; listed twice: L2", "AT2.3", &thrice);
    assert_eq!(named(&thrice), ["L2"]);
    let two = listed(|list| {
        list[4] = list[2].clone();
        list[5] = list[1].clone();
    });
    tells(Fail, "6 entries with 4 unique ids; listed twice: L2 and 1 more", "AT2.3", &two);
    assert_eq!(named(&two), ["L2", "L3"]);
}
