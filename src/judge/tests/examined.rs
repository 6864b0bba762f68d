//! What an examiner found unnoticed: nothing seen at all, what is absent or cannot be read, links
//! followed again, documents in parts, and one id for all.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_judge::Traffic;
use letterproof_judge::judge_test;
use letterproof_model::LetterStatus::{Accepted, Dispatched, Pending, Printed};
use letterproof_model::{Capability, Outcome, TestId, TransportError, TransportErrorKind, Verdict};
use serde_json::{Value, json};
use support::cases::header;
use support::observed::{result as observed, watched};
use support::probed::{after, result, said};
use support::script::{Letter, hash_of, json_body};
use support::{Script, letter, letters};

fn record() -> Value {
    json!({"lineItem": "x", "timestamp": "2026-01-01T00:00:00Z", "quantity": 22, "groupId": "g"})
}

#[track_caller]
fn verdict(expected: Verdict, id: &str, script: &Script) -> String {
    let result = result(id, script);
    assert_eq!(result.verdict, expected, "{result:#?}");
    let criterion = &result.criteria[0];
    format!("{} {}", criterion.observed, criterion.reason.as_deref().unwrap_or_default())
}

#[test]
fn records_of_which_none_can_be_read_leave_open_what_rests_on_reading_them() {
    for status in [403, 404] {
        let script = after(|s| {
            s.mi("M2", &record());
            for id in ["M1", "M2", "00000000-0000-4000-8000-00000000feed"] {
                s.mi_read(id, &record()).answered(status);
                let errors = json!({"errors": [{"code": "NOTIFY_NOT_FOUND"}]});
                s.edit_answer(|answer| {
                    answer.body = json_body(&errors);
                    answer.headers.push(header("Content-Type", "application/json"));
                });
            }
        });
        let said = verdict(Verdict::Inconclusive, "C-MI-SAME", &script);
        assert!(said.contains("nothing could be read back"), "{said}");
        assert!(said.contains(&format!("answered with {status}, 2 times")), "{said}");
        verdict(Verdict::Inconclusive, "C-CONTRACT-MI", &script);
        if status == 403 {
            // Known of the deployed API alone.
            continue;
        }
        let mut sandbox = script;
        sandbox.context.capabilities.remove(&Capability::Stateful);
        verdict(Verdict::NotApplicable, "C-CONTRACT-MI", &sandbox);
    }
    let read = after(|s| {
        s.mi("M2", &record()).mi_read("M2", &record()).edit_answer(|answer| {
            answer.headers.push(header("Content-Type", "application/json"));
        });
    });
    verdict(Verdict::Pass, "C-MI-SAME", &read);
    verdict(Verdict::Pass, "C-CONTRACT-MI", &read);
}

#[test]
fn a_record_that_lacks_a_value_or_holds_one_that_cannot_be_read_is_another_record() {
    let back = |change: fn(&mut Value)| {
        let mut back = record();
        change(&mut back);
        after(|s| {
            s.mi("M2", &record()).mi_read("M2", &back);
        })
    };
    for (change, words) in [
        (
            (|r| r["quantity"] = "22".into()) as fn(&mut Value),
            "a quantity that cannot be read (\"22\"), where 22 was given",
        ),
        (|r| r["quantity"] = 23.into(), "quantity 23, where 22 was given"),
        (|r| r["groupId"] = Value::Null, "no groupId, where \"g\" was given"),
        (|r| drop(r.as_object_mut().unwrap().remove("timestamp")), "no timestamp, where"),
        (|r| r["timestamp"] = "2026-01-01T01:00:00Z".into(), "timestamp \"2026-01-01T01:00:00Z\""),
        (|r| r["specificationId"] = "s".into(), "specificationId \"s\", where none was given"),
        (|r| *r = json!(7), "no record that can be read"),
    ] {
        let said = verdict(Verdict::Fail, "C-MI-SAME", &back(change));
        assert!(said.contains(words), "{said}");
    }
    for change in [
        (|r| r["timestamp"] = "2026-01-01T00:00:00.000Z".into()) as fn(&mut Value),
        |r| r["quantity"] = 22.0.into(),
        |r| r["stockRemaining"] = Value::Null,
    ] {
        verdict(Verdict::Pass, "C-MI-SAME", &back(change));
    }
    let unrecorded = after(|s| {
        s.mi("M2", &record()).mi_read("M2", &record()).body_not_recorded();
    });
    verdict(Verdict::Inconclusive, "C-MI-SAME", &unrecorded);
}

#[test]
fn a_hash_once_given_stays_in_every_list_and_read() {
    let reading = |change: fn(&mut Value)| {
        let mut data = json!({"id": "L1", "type": "Letter", "attributes": {
            "status": "ACCEPTED", "specificationId": "integration-specification-english",
            "groupId": "group-a", "sha256Hash": hash_of("L1")}});
        change(&mut data);
        after(|s| {
            s.fetch("L1").moved("L1", Accepted);
            s.edit_answer(|answer| answer.body = json_body(&json!({ "data": data })));
        })
    };
    for (change, words) in [
        (
            (|d| drop(d["attributes"].as_object_mut().unwrap().remove("sha256Hash")))
                as fn(&mut Value),
            "L1 has in its letter no sha256Hash, where",
        ),
        (|d| d["attributes"]["sha256Hash"] = Value::Null, "no sha256Hash, where"),
        (|d| d["attributes"]["sha256Hash"] = 7.into(), "a sha256Hash that cannot be read (7)"),
        (|d| d["attributes"]["sha256Hash"] = hash_of("L2").into(), "sha256Hash \""),
    ] {
        let said = verdict(Verdict::Fail, "C-HASH", &reading(change));
        assert!(said.contains(words), "{said}");
    }
    verdict(Verdict::Pass, "C-HASH", &reading(|_| {}));
    verdict(
        Verdict::Pass,
        "C-HASH",
        &reading(|d| {
            d["attributes"]["sha256Hash"] = hash_of("L1").to_uppercase().into();
        }),
    );
    let listed = |again: Letter| {
        after(|s| {
            s.fetch("L1").list(9, &[again]);
        })
    };
    let said = verdict(Verdict::Fail, "C-HASH", &listed(letter("L1").without_hash()));
    assert!(said.contains("L1 has in its list no sha256Hash"), "{said}");
    verdict(Verdict::Pass, "C-HASH", &listed(letter("L1")));
    // A document may come after its letter.
    let mut late = Script::pack();
    late.list(9, &[letter("L1").without_hash()]).list(9, &letters(1)).fetch("L1");
    verdict(Verdict::Pass, "C-HASH", &late);
}

#[test]
fn an_id_that_is_missing_or_no_text_is_not_the_one_asked_for() {
    let answered = |change: fn(&mut Value)| {
        let mut data = json!({"id": "L1", "type": "Letter", "attributes": {"status": "PENDING"}});
        change(&mut data);
        after(|s| {
            s.read("L1", Pending);
            s.edit_answer(|answer| answer.body = json_body(&json!({ "data": data })));
        })
    };
    for (change, words) in [
        (
            (|d| drop(d.as_object_mut().unwrap().remove("id"))) as fn(&mut Value),
            "was answered with no id, where \"L1\" was given",
        ),
        (|d| d["id"] = 7.into(), "was answered with a id that cannot be read (7)"),
        (|d| d["id"] = "L2".into(), "was answered with id \"L2\", where \"L1\" was given"),
    ] {
        let said = verdict(Verdict::Fail, "C-LETTER-SAME", &answered(change));
        assert!(said.contains(words), "{said}");
    }
    verdict(Verdict::Pass, "C-LETTER-SAME", &answered(|_| {}));
}

#[test]
fn a_link_that_gave_the_content_gives_it_again_within_its_life() {
    let again = |seconds: f64, status: u16| {
        after(|s| {
            s.fetch("L1").wait(seconds).follow("L1");
            s.edit_answer(|answer| answer.status = status);
        })
    };
    verdict(Verdict::Pass, "C-LINK-AGAIN", &again(1.0, 200));
    verdict(Verdict::Pass, "C-LINK-AGAIN", &again(1.0, 206));
    let said = verdict(Verdict::Fail, "C-LINK-AGAIN", &again(1.0, 403));
    let words = "L1 was answered with 403 when followed again 1.0 s after it had given the content";
    assert!(said.contains(words), "{said}");
    let mut head = again(1.0, 403);
    head.edit(|exchange| exchange.request.method = "HEAD".into());
    verdict(Verdict::NotRun, "C-LINK-AGAIN", &head);
    for (seconds, status) in [(61.0, 403), (1.0, 503)] {
        verdict(Verdict::NotRun, "C-LINK-AGAIN", &again(seconds, status));
    }
}

#[test]
fn a_pdf_is_announced_as_one_or_as_bytes() {
    let announced = |media: Option<&'static str>| {
        after(|s| {
            s.fetch("L1").edit_answer(|answer| {
                answer.headers.push(header("ETag", "x"));
                answer.headers.extend(media.map(|media| header("Content-Type", media)));
            });
        })
    };
    for media in ["application/pdf", "application/octet-stream", "Binary/Octet-Stream; x=y"] {
        verdict(Verdict::Pass, "C-DOWNLOAD-TYPE", &announced(Some(media)));
    }
    for media in [Some("text/html; charset=utf-8"), Some("application/json"), None] {
        let said = verdict(Verdict::Fail, "C-DOWNLOAD-TYPE", &announced(media));
        assert!(said.contains("application/pdf"), "{said}");
    }
    let bare = after(|s| {
        s.fetch("L1");
    });
    verdict(Verdict::Inconclusive, "C-DOWNLOAD-TYPE", &bare);
    assert!(result("C-DOWNLOAD-TYPE", &bare).is_advice());
}

#[test]
fn one_error_id_for_all_is_told_and_one_made_of_the_callers_is_not() {
    let errors = |ids: [&str; 2], correlations: [&str; 2]| {
        after(|s| {
            for (id, correlation) in ids.into_iter().zip(correlations) {
                s.read("L9", Pending).answered(404).edit(|exchange| {
                    exchange.request.headers.push(header("X-Correlation-ID", correlation));
                });
                let errors = json!({"errors": [{"id": id, "code": "NOTIFY_NOT_FOUND"}]});
                s.edit_answer(|answer| answer.body = json_body(&errors));
            }
        })
    };
    let said = verdict(Verdict::Fail, "C-ERROR-ID", &errors(["e-1", "e-1"], ["a", "b"]));
    assert!(said.contains("was given the error id `e-1`, like 1 other call"), "{said}");
    verdict(Verdict::Fail, "C-ERROR-ID", &errors(["e-1", "e-1"], ["a", "a"]));
    verdict(Verdict::Pass, "C-ERROR-ID", &errors(["e-1", "e-2"], ["a", "a"]));
    verdict(Verdict::Pass, "C-ERROR-ID", &errors(["flow.rrt", "flow.rrt"], ["flow", "flow"]));
}

#[test]
fn one_record_id_and_one_correlation_id_for_all_are_told() {
    let records = |two: &'static str| {
        after(|s| {
            s.mi("M2", &record()).mi(two, &record());
        })
    };
    verdict(Verdict::Fail, "C-MI-ID", &records("M2"));
    verdict(Verdict::Pass, "C-MI-ID", &records("M3"));
    let made = |ids: [&'static str; 2]| {
        after(|s| {
            for id in ids {
                s.read("L1", Pending);
                s.edit_answer(|answer| answer.headers.push(header("X-Correlation-ID", id)));
            }
        })
    };
    verdict(Verdict::Fail, "C-CORRELATION-ID-GENERATED", &made(["one", "one"]));
    verdict(Verdict::Pass, "C-CORRELATION-ID-GENERATED", &made(["one", "two"]));
}

#[test]
fn an_id_that_is_sent_back_on_some_answers_of_a_call_is_lost_on_the_others() {
    let echoes = |ids: &'static [bool]| {
        after(|s| {
            for (at, back) in ids.iter().enumerate() {
                s.read("L1", Pending).edit(|exchange| {
                    exchange.request.headers.push(header("X-Correlation-ID", &format!("c-{at}")));
                });
                s.edit_answer(|answer| {
                    answer
                        .headers
                        .extend(back.then(|| header("X-Correlation-ID", &format!("c-{at}"))));
                });
            }
        })
    };
    let said = verdict(Verdict::Fail, "C-CORRELATION-ID-ECHO", &echoes(&[true, false]));
    assert!(said.contains("without x-correlation-id, which other answers repeat"), "{said}");
    for honest in [&[true, true][..], &[false, false]] {
        verdict(Verdict::Pass, "C-CORRELATION-ID-ECHO", &echoes(honest));
    }
}

/// Follows a letter's link to a part of its 100 bytes.
fn part(script: &mut Script, range: Option<&str>) {
    let range = range.map(|range| header("Content-Range", &format!("bytes {range}/100")));
    script.follow("L1").edit_answer(|answer| {
        answer.status = 206;
        answer.headers.extend(range);
    });
}

/// Follows a letter's link until it breaks.
fn broken(script: &mut Script, received: u64) {
    script.follow("L1").edit(|exchange| {
        exchange.outcome = Outcome::Error(TransportError {
            kind: TransportErrorKind::Reset,
            message: "connection reset".into(),
            after_us: 3_007,
            status: Some(200),
            received,
        });
    });
}

#[test]
fn parts_that_are_all_of_a_document_are_the_document_and_less_is_not() {
    let fetched = |write: fn(&mut Script)| {
        let script = watched(|s| {
            s.moved("L1", Accepted).data("L1");
            write(s);
            s.moved("L1", Printed);
        });
        let result = observed("O-PDF-FETCHED", &script);
        (result.verdict, result.observed)
    };
    for whole in [
        (|s| {
            part(s, Some("0-59"));
            part(s, Some("60-99"));
        }) as fn(&mut Script),
        |s| {
            broken(s, 40);
            part(s, Some("40-99"));
        },
        |s| {
            part(s, Some("50-99"));
            part(s, Some("0-70"));
        },
    ] {
        assert_eq!(fetched(whole).0, Verdict::Pass);
    }
    let (verdict, said) = fetched(|s| {
        part(s, Some("0-9"));
        part(s, Some("90-99"));
    });
    assert_eq!(verdict, Verdict::Fail);
    let words = "L1 was sent PRINTED though only 20 of 100 bytes of its PDF were downloaded";
    assert!(said.contains(words), "{said}");
    let (verdict, said) = fetched(|s| broken(s, 40));
    assert_eq!(verdict, Verdict::Fail);
    assert!(said.contains("was only partly downloaded"), "{said}");
    assert_eq!(fetched(|s| part(s, None)).0, Verdict::Inconclusive);
    let after = watched(|s| {
        s.moved("L1", Accepted).data("L1");
        part(s, Some("0-59"));
        s.moved("L1", Printed);
        part(s, Some("60-99"));
    });
    let result = observed("O-PDF-FETCHED", &after);
    assert_eq!(result.verdict, Verdict::Fail);
    assert!(result.observed.contains("before its PDF was downloaded"), "{}", result.observed);
}

#[test]
fn letters_dispatched_whose_pdfs_were_never_asked_for_are_told_plainly() {
    let produced = |count: usize, accepted: bool| {
        watched(|s| {
            s.wait(301.0).list(100, &letters(count));
            for number in 1..=count {
                let id = format!("L{number}");
                if accepted {
                    s.moved(&id, Accepted);
                }
                s.moved(&id, Dispatched);
            }
        })
    };
    let result = observed("O-PDF-FETCHED", &produced(10, true));
    assert_eq!(result.verdict, Verdict::Fail);
    let words = "L1 was sent DISPATCHED though its PDF was never asked for";
    assert!(result.observed.contains(words), "{}", result.observed);
    // A few may have been fetched otherwise; what was accepted before anybody watched, as well.
    for (count, accepted) in [(9, true), (10, false)] {
        let result = observed("O-PDF-FETCHED", &produced(count, accepted));
        assert_eq!(result.verdict, Verdict::Inconclusive, "{count} {accepted}");
    }
    // Where links are followed unwatched, the link alone is on record.
    let mut elsewhere = produced(10, true);
    elsewhere.data("L1");
    assert_eq!(observed("O-PDF-FETCHED", &elsewhere).verdict, Verdict::Inconclusive);
}

/// What AT15.3 says of a whole intake of three letters.
fn intake(write: impl FnOnce(&mut Script)) -> (Verdict, String) {
    let mut script = Script::small();
    script.context.seeded_letters = 3;
    script.list(3, &letters(3)).bulk(Accepted, &["L1", "L2", "L3"]);
    write(&mut script);
    script.list(3, &[]).wait(60.0).status();
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let criteria = judge_test(TestId::new(15).unwrap(), &traffic, &script.context).criteria;
    let third = criteria.into_iter().find(|one| one.id.as_str() == "AT15.3").unwrap();
    (third.verdict, third.observed)
}

#[test]
fn an_intake_without_downloads_or_with_parts_of_them_fails_at15() {
    let (verdict, said) = intake(|_| {});
    assert_eq!(verdict, Verdict::Fail, "{said}");
    assert!(said.contains("L1 was never asked for"), "{said}");
    let (verdict, said) = intake(|s| {
        s.fetch("L2").fetch("L3").data("L1");
        part(s, Some("0-9"));
    });
    assert_eq!(verdict, Verdict::Fail, "{said}");
    assert!(said.contains("L1 was downloaded in part: 10 of 100 bytes"), "{said}");
    let (verdict, said) = intake(|s| {
        s.fetch("L2").fetch("L3").data("L1");
        part(s, Some("0-9"));
        part(s, Some("10-99"));
    });
    assert_eq!(verdict, Verdict::Pass, "{said}");
    // What is fetched later, and a list that is only looked at, is no intake without downloads.
    let mut script = Script::small();
    script.context.seeded_letters = 3;
    script.list(3, &letters(3)).list(3, &[]).wait(60.0).status();
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    let criteria = judge_test(TestId::new(15).unwrap(), &traffic, &script.context).criteria;
    assert!(criteria.iter().all(|one| one.verdict == Verdict::NotRun), "{criteria:#?}");
}

#[test]
fn a_call_refused_everywhere_with_a_known_status_shows_nothing_of_its_contract() {
    let refused = after(|s| {
        s.read("L1", Pending).answered(403);
    });
    let (verdict, observed) = said("C-CONTRACT-LETTER", &refused);
    assert_eq!(verdict, Verdict::Inconclusive);
    assert_eq!(observed, "1 answer, none successful");
}
