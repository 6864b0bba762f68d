//! What an honest supplier may do from AT5 to AT14 turns nothing red, and beside each allowed way
//! stands the fault that stays red.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Rejected,
    Returned,
};
use letterproof_model::Verdict::{Fail, Inconclusive, Pass};
use letterproof_model::{LetterStatus, Verdict};
use serde_json::Value;
use support::cases::{
    accepted, at14, both_dispatched, braille, damaged, record, script, text_of, then,
};
use support::script::{BRAILLE, ENGLISH, hash_of};
use support::told::{ends_with, explains};
use support::{Script, judge_every, letter, letters, lines, observed, with_verdict};

/// No test fails over a script, and no rule of the observer is broken.
#[track_caller]
fn blames_nobody(script: &Script) {
    let results = judge_every(script);
    assert!(with_verdict(&results, Fail).is_empty(), "{}", lines(&results));
    let broken: Vec<_> = observed::observed(script).into_iter().filter(|c| c.is_broken()).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

fn dated(item: &str, quantity: u32) -> Value {
    let mut record = record("2026-09-01", quantity);
    record["lineItem"] = item.into();
    record
}

#[test]
fn a_record_that_begins_when_letters_are_under_way_decides_nothing_of_their_moves() {
    for (clause, status) in [
        ("AT5.1", Printed),
        ("AT6.1", Enclosed),
        ("AT7.1", Dispatched),
        ("AT8.1", Delivered),
        ("AT9.1", Forwarded),
        ("AT11.1", Cancelled),
        ("AT12.1", Failed),
        ("AT13.1", Rejected),
    ] {
        let under_way = script(|s| then(s.moved_for("E1", status, "X01", "A reason")));
        ends_with(Inconclusive, clause, &under_way);
        let failed = with_verdict(&judge_every(&under_way), Fail);
        // The letter is no accessible format, whatever its life.
        assert!(failed.iter().all(|id| id == "AT9.2"), "{clause}: {failed:?}");
        let from_the_list = script(|s| {
            s.list(100, &letters(1)).moved_for("L1", status, "X01", "A reason");
        });
        let expected = if status == Rejected { Pass } else { Fail };
        ends_with(expected, clause, &from_the_list);
    }
}

#[test]
fn an_acceptance_on_record_is_enough_without_a_read() {
    let moved = |status: LetterStatus| {
        script(|s| {
            s.list(100, &letters(1)).bulk(Accepted, &["L1"]).wait(10.0);
            s.bulk(status, &["L1"]).wait(2.0).read("L1", status);
        })
    };
    for (clause, status) in
        [("AT5.1", Printed), ("AT6.1", Enclosed), ("AT7.1", Dispatched), ("AT8.1", Delivered)]
    {
        ends_with(Pass, clause, &moved(status));
        blames_nobody(&moved(status));
    }
}

#[test]
fn a_status_that_was_not_seen_before_the_next_is_a_matter_of_advice() {
    let at_once = script(|s| {
        s.list(100, &letters(1)).patch("L1", Accepted).wait(10.0).moved("L1", Dispatched);
    });
    blames_nobody(&at_once);
    let advised = observed::observed(&at_once).into_iter().filter(|check| check.is_advised());
    let ids: Vec<_> = advised.map(|check| check.id.to_string()).collect();
    assert_eq!(ids, ["O-STATUS-SEEN-FIRST"]);
}

#[test]
fn dispatched_letters_may_go_unread() {
    let unread = accepted(|s| then(s.bulk(Dispatched, &["L1", "L2"]).wait(61.0).status()));
    blames_nobody(&unread);
    ends_with(Inconclusive, "AT7.2", &unread);
    let lost = accepted(|s| then(s.bulk(Dispatched, &["L1"]).wait(61.0).read("L1", Accepted)));
    ends_with(Fail, "AT7.2", &lost);
}

#[test]
fn a_status_that_was_not_read_is_never_a_pass_and_samples_of_a_batch_are_evidence() {
    let why = |status: LetterStatus| match status {
        Returned => Some(("R01", text_of("R01"))),
        Forwarded | Cancelled | Failed | Rejected => Some(("X01", "A reason")),
        _ => None,
    };
    for (test, read_back, evidence, status) in [
        (5, 2, 5, Printed),
        (6, 2, 5, Enclosed),
        (8, 2, 5, Delivered),
        (9, 3, 6, Forwarded),
        (10, 2, 5, Returned),
        (11, 3, 6, Cancelled),
        (12, 2, 6, Failed),
        (13, 2, 6, Rejected),
    ] {
        let [read_back, evidence] = [read_back, evidence].map(|n| format!("AT{test}.{n}"));
        let sampled = |read: &[&str]| {
            script(|s| {
                let kind = if status == Forwarded { BRAILLE } else { ENGLISH };
                let known: Vec<_> = letters(3).into_iter().map(|one| one.of(Some(kind))).collect();
                s.list(100, &known);
                if status != Rejected {
                    s.bulk(Accepted, &["L1", "L2", "L3"]).wait(2.0);
                }
                if status == Returned {
                    s.bulk(Dispatched, &["L1", "L2", "L3"]).wait(2.0);
                }
                known.iter().for_each(|one| then(s.patch_for(&one.id, status, why(status))));
                s.wait(2.0);
                for one in known.iter().filter(|one| read.contains(&one.id.as_str())) {
                    s.read_letter(&one.clone().in_status(status), why(status));
                }
                s.wait(61.0).status();
            })
        };
        ends_with(Inconclusive, &read_back, &sampled(&[]));
        ends_with(Fail, &evidence, &sampled(&[]));
        for clause in [&read_back, &evidence] {
            ends_with(Inconclusive, clause, &sampled(&["L2"]));
            ends_with(Pass, clause, &sampled(&["L1", "L2", "L3"]));
        }
    }
}

#[test]
fn either_way_of_updating_is_enough() {
    let patched = accepted(|s| then(s.moved("L1", Dispatched)));
    let in_bulk = accepted(|s| then(s.bulk(Dispatched, &["L1"]).wait(2.0).read("L1", Dispatched)));
    for script in [patched, in_bulk] {
        blames_nobody(&script);
        for clause in ["AT7.1", "AT7.2"] {
            ends_with(Pass, clause, &script);
        }
    }
}

#[test]
fn a_status_sent_twice_is_a_duplicate_of_at5_and_a_rule_of_the_observer_from_there_on() {
    let twice = |status: LetterStatus| {
        accepted(|s| then(s.moved("L1", status).patch("L1", status).wait(2.0).read("L1", status)))
    };
    ends_with(Fail, "AT5.3", &twice(Printed));
    for status in [Enclosed, Dispatched, Delivered] {
        assert!(with_verdict(&judge_every(&twice(status)), Fail).is_empty(), "{status}");
        observed::ends_with(Fail, "O-UPDATE-ONCE", &twice(status));
    }
}

#[test]
fn a_reason_without_a_code_is_enough_to_forward() {
    let forwarded = |code: &str, text: &str| {
        accepted(|s| {
            s.patch_for("L5", Forwarded, Some((code, text))).wait(2.0);
            s.read_letter(&braille("L5", Forwarded), Some((code, text)));
        })
    };
    blames_nobody(&forwarded("", "Braille is made elsewhere"));
    ends_with(Pass, "AT9.4", &forwarded("", "Braille is made elsewhere"));
    ends_with(Pass, "AT9.4", &forwarded("A01", "Braille is made elsewhere"));
    ends_with(Fail, "AT9.4", &forwarded("A01", ""));
    ends_with(Fail, "AT9.4", &forwarded("", ""));
}

#[test]
fn a_return_text_is_compared_without_case_spaces_and_dashes() {
    let returned = |code: &str, text: &str| {
        accepted(|s| {
            both_dispatched(s);
            s.moved_for("L1", Returned, code, text);
        })
    };
    for text in [
        text_of("R01"),
        "ADDRESSEE GONE AWAY",
        " Addressee  gone away ",
        "R01- Addressee gone away",
        "R01 \u{2013} addressee gone\u{a0}away",
    ] {
        blames_nobody(&returned("R01", text));
        ends_with(Pass, "AT10.4", &returned("R01", text));
    }
    for text in [text_of("R05"), "R05 - Addressee gone away", "Moved", ""] {
        ends_with(Fail, "AT10.4", &returned("R01", text));
    }
    for code in ["R99", ""] {
        ends_with(Fail, "AT10.3", &returned(code, text_of("R01")));
    }
}

#[test]
fn letters_of_six_pages_may_be_produced() {
    let long = accepted(|s| {
        s.data("L1").follow_to("L1", hash_of("L1"), Some(6), None);
        s.moved("L1", Printed).moved("L1", Dispatched);
    });
    blames_nobody(&long);
    ends_with(Pass, "AT12.4", &long);
}

#[test]
fn a_damaged_pdf_may_be_rejected_before_or_failed_after_acceptance_and_is_not_produced() {
    let before = script(|s| {
        s.list(100, &letters(1));
        damaged(s, "L1");
        s.moved_for("L1", Rejected, "J01", "Damaged");
    });
    let after = accepted(|s| {
        damaged(s, "L1");
        s.moved_for("L1", Failed, "F01", "Damaged");
    });
    let mended = accepted(|s| {
        damaged(s, "L1");
        s.fetch("L1").moved("L1", Printed);
    });
    for script in [before, after, mended] {
        blames_nobody(&script);
        ends_with(Pass, "AT12.4", &script);
    }
    let produced = |status| {
        accepted(|s| {
            damaged(s, "L1");
            s.moved("L1", status);
        })
    };
    for status in [Printed, Enclosed, Dispatched, Delivered] {
        ends_with(Fail, "AT12.4", &produced(status));
    }
}

#[test]
fn what_readers_repair_or_nobody_read_is_no_damage_and_a_locked_pdf_is_named_so() {
    let fetched = |change: fn(&mut letterproof_model::Content)| {
        accepted(|s| {
            s.fetch("L1").edit_answer(|answer| {
                let letterproof_model::Body::Pdf(content) = &mut answer.body else { return };
                change(content);
            });
            s.moved("L1", Printed);
        })
    };
    let repaired = fetched(|content| content.repaired = Some("its /Count is wrong".into()));
    let long = fetched(|content| {
        content.pages = None;
        content.problem = Some("longer than 1 bytes, so not read as a PDF".into());
    });
    for script in [repaired, long] {
        ends_with(Pass, "AT12.4", &script);
    }
    let locked = fetched(|content| {
        content.pages = None;
        content.problem = Some("encrypted: the PDF cannot be read".into());
    });
    let told = support::result("AT12.4", &locked).observed;
    assert!(told.contains("a PDF that cannot be opened (encrypted") && !told.contains("damaged"));
}

#[test]
fn a_letter_without_a_pdf_may_be_failed_once_it_was_accepted() {
    let ended = |status: LetterStatus| {
        script(|s| {
            s.list(100, &[letter("U1").without_hash()]).fetch_nothing("U1");
            let u1 = |status| letter("U1").without_hash().in_status(status);
            let why = Some(("F01", "No PDF"));
            s.patch("U1", Accepted).wait(2.0).read_letter(&u1(Accepted), None);
            s.patch_for("U1", status, why).wait(2.0).read_letter(&u1(status), why);
        })
    };
    blames_nobody(&ended(Failed));
    ends_with(Pass, "AT13.5", &ended(Failed));
    ends_with(Fail, "AT13.5", &ended(Printed));
}

#[test]
fn printing_after_a_failure_is_seen_by_the_observer() {
    let printed = accepted(|s| then(s.moved_for("L1", Failed, "F01", "Jam").moved("L1", Printed)));
    observed::ends_with(Fail, "O-NOTHING-AFTER-END", &printed);
    ends_with(Pass, "AT12.3", &printed);
}

#[test]
fn processed_letters_are_counted_as_dispatched_or_as_printed_and_by_line_item() {
    // Two letters dispatched, a third printed and on its way.
    let submitted = |records: &[Value]| {
        at14(|s| {
            s.moved("L3", Printed);
            for (at, record) in records.iter().enumerate() {
                s.mi(&format!("M{at}"), record);
            }
        })
    };
    let item = dated;
    for records in [
        vec![item("letters", 2)],
        vec![item("letters", 3)],
        vec![item("letters", 2), item("sheets", 8)],
        vec![item("second class", 1), item("first class", 1)],
    ] {
        let script = submitted(&records);
        blames_nobody(&script);
        ends_with(Pass, "AT14.2", &script);
        ends_with(Pass, "AT14.3", &script);
    }
    for quantity in [1, 4] {
        ends_with(Fail, "AT14.2", &submitted(&[item("letters", quantity)]));
        observed::ends_with(Fail, "O-MI-COUNTS", &submitted(&[item("letters", quantity)]));
    }
}

#[test]
fn a_line_item_that_counts_letters_is_not_made_good_by_another_and_the_rest_is_named() {
    let submitted = |records: &[(&str, u32)]| {
        at14(|s| {
            for (at, (item, quantity)) in records.iter().enumerate() {
                s.mi(&format!("M{at}"), &dated(item, *quantity));
            }
        })
    };
    for wrong in [
        [("letters", 3), ("sheets", 2)],
        [("sheets", 2), ("Letter, first class", 1)],
        [("letters printed", 4), ("envelopes", 2)],
    ] {
        ends_with(Fail, "AT14.2", &submitted(&wrong));
    }
    let by_class = submitted(&[("letters first class", 1), ("letters second class", 1)]);
    ends_with(Pass, "AT14.2", &by_class);
    assert_eq!(support::result("AT14.2", &by_class).reason, None);
    let sheets = submitted(&[("letters", 2), ("sheets", 8), ("envelopes", 2)]);
    ends_with(Pass, "AT14.2", &sheets);
    explains("not compared with letters: sheets", "AT14.2", &sheets);
    blames_nobody(&sheets);
}

#[test]
fn records_that_differ_in_line_item_are_a_note_and_one_made_up_for_each_letter_is_not() {
    let submitted = |records: &[Value]| {
        at14(|s| {
            s.moved("L3", Dispatched);
            for (at, record) in records.iter().enumerate() {
                s.mi(&format!("M{at}"), record);
            }
        })
    };
    let items = submitted(&[dated("letters", 3), dated("envelopes", 3)]);
    let reason = "1 reporting date has records that differ only in their line item, which the API \
                  treats as separate records";
    explains(reason, "AT14.3", &items);
    blames_nobody(&items);
    for records in [
        vec![dated("letters", 3), dated("letters", 3)],
        vec![dated("letter L1", 1), dated("letter L2", 1), dated("letter L3", 1)],
    ] {
        ends_with(Fail, "AT14.3", &submitted(&records));
    }
}

#[test]
fn a_time_in_utc_may_be_written_with_an_offset_of_zero() {
    let refused = |offset: &str, again: bool| {
        at14(|s| {
            let mut record = record("2026-09-01", 2);
            record["timestamp"] = format!("2026-09-01T10:00:00{offset}").into();
            s.mi("M1", &record).answered(400);
            if again {
                record["timestamp"] = "2026-09-01T10:00:00Z".into();
                s.wait(1.0).mi("M2", &record);
            }
        })
    };
    let clauses = |script: &Script| -> Verdict { support::result("AT14.1", script).verdict };
    assert_eq!(clauses(&refused("+00:00", false)), Inconclusive);
    assert_eq!(clauses(&refused("+00:00", true)), Pass);
    for offset in ["+01:00", "-05:00", ""] {
        assert_eq!(clauses(&refused(offset, true)), Fail, "{offset}");
    }
}

#[test]
fn a_letter_without_a_group_may_be_accepted_or_rejected() {
    let groupless = [letter("G1").in_group(None)];
    let rejected = script(|s| {
        let why = Some(("J01", "No group"));
        s.list(100, &groupless).patch_for("G1", Rejected, why).wait(2.0);
        s.read_letter(&groupless[0].clone().in_status(Rejected), why);
    });
    let taken_on = script(|s| {
        s.list(100, &groupless).patch("G1", Accepted).wait(2.0);
        s.read_letter(&groupless[0].clone().in_status(Accepted), None);
    });
    for script in [rejected, taken_on] {
        blames_nobody(&script);
    }
}
