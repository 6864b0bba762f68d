//! What reports, the live page and the ledger ask the traffic: where a letter stands, how many
//! letters moved, what was seen around an update, and what was called for a flow's letters.

#![allow(clippy::unwrap_used)]

mod support;

use letterproof_model::LetterStatus::{self, Accepted, Dispatched, Pending, Printed, Rejected};
use letterproof_model::{Body, Content, Operation};
use letterproof_traffic::books::at14_reconciliation;
use letterproof_traffic::flows::{Fetched, Flow, flows};
use letterproof_traffic::moves::{Count, Eligibility, count_moves, moves_to, updates};
use letterproof_traffic::readback::unread;
use letterproof_traffic::{CallIx, LetterIx, Standing, Traffic, standing, updates_of};
use support::cases::{at14, header, record, script};
use support::script::{BASE, json_body};
use support::{Script, letter, letters};

fn index(script: &Script) -> Traffic {
    Traffic::from_journal(&script.journal(), &script.context)
}

fn find(traffic: &Traffic, id: &str) -> LetterIx {
    traffic.letters().find(|(letter, _)| traffic.id_text(*letter) == id).unwrap().0
}

/// A script of one letter that was listed.
fn listed(write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        s.list(100, &letters(1));
        write(s);
    })
}

#[test]
fn a_letter_stands_where_it_was_last_sent_and_seen() {
    let stands = |write: &dyn Fn(&mut Script)| {
        let traffic = index(&listed(write));
        let Standing { sent, seen, confirmed } = standing(traffic.letter(find(&traffic, "L1")));
        (sent, seen, confirmed)
    };
    assert_eq!(stands(&|_| {}), (None, Some(Pending), false));
    let accept = |s: &mut Script| {
        s.patch("L1", Accepted);
    };
    assert_eq!(stands(&accept), (Some(Accepted), Some(Pending), false));
    let seen = |s: &mut Script| {
        s.moved("L1", Accepted);
    };
    assert_eq!(stands(&seen), (Some(Accepted), Some(Accepted), true));
    let seen_twice = |s: &mut Script| {
        s.moved("L1", Accepted).read("L1", Accepted);
    };
    assert_eq!(stands(&seen_twice), (Some(Accepted), Some(Accepted), true));
    let refused = |s: &mut Script| {
        s.moved("L1", Accepted).patch("L1", Printed).answered(400);
    };
    assert_eq!(stands(&refused), (Some(Accepted), Some(Accepted), true));
    let lost = |s: &mut Script| {
        s.moved("L1", Accepted).patch("L1", Printed).lost();
    };
    assert_eq!(stands(&lost), (Some(Printed), Some(Accepted), false));
    // A list shows no status of a letter that was sent one.
    let unlisted = |write: &dyn Fn(&mut Script)| {
        let traffic = index(&script(|s| write(s)));
        standing(traffic.letter(find(&traffic, "L1"))).seen
    };
    let sent_first = |s: &mut Script| {
        s.patch("L1", Accepted).list(100, &letters(1));
    };
    assert_eq!(unlisted(&sent_first), None);
    let only_fetched = |s: &mut Script| {
        s.fetch("L1");
    };
    assert_eq!(unlisted(&only_fetched), None);
}

#[test]
fn a_list_shows_a_letter_pending_again_once_its_rejection_should_have_shown_and_no_other_update() {
    let listed_again = |sent: LetterStatus, seconds: f64, next: LetterStatus| {
        let script = listed(|s| {
            s.patch("L1", sent).wait(seconds).list(100, &letters(1)).patch("L1", next);
        });
        moves_to(&index(&script), &script.context, next)[0].eligibility()
    };
    assert_eq!(listed_again(Rejected, 1.0, Accepted), Eligibility::Not(Rejected));
    assert_eq!(listed_again(Rejected, 61.0, Accepted), Eligibility::Eligible);
    assert_eq!(listed_again(Accepted, 61.0, Rejected), Eligibility::Not(Accepted));
}

#[test]
fn a_look_at_a_letter_names_the_status_it_told_and_an_update_none() {
    let traffic = index(&listed(|s| {
        s.moved("L1", Accepted);
    }));
    let events = &traffic.letter(find(&traffic, "L1")).events;
    let named: Vec<_> = events.iter().map(|event| event.named()).collect();
    assert_eq!(named, [Some(Pending), None, Some(Accepted)]);
}

#[test]
fn lists_updates_and_reads_whose_bodies_are_not_on_record_are_counted() {
    let missing = || Body::Opaque(Content::unrecorded(300));
    let traffic = index(&listed(|s| {
        s.list(100, &[]).edit_answer(|answer| answer.body = missing());
        s.patch("L1", Accepted).edit(|exchange| exchange.request.body = missing());
        s.read("L1", Accepted).edit_answer(|answer| answer.body = missing());
        s.read("L1", Accepted).status().edit_answer(|answer| answer.body = missing());
    }));
    assert_eq!((traffic.untold_letters(), traffic.untold_reads()), (2, 1));
}

#[test]
fn a_download_in_one_range_brings_the_whole() {
    let brought = |range: &str| {
        let script = listed(|s| {
            s.fetch("L1").answered(206).edit_answer(|answer| {
                answer.headers.push(header("Content-Range", range));
            });
        });
        index(&script).calls().last().unwrap().1.brought_whole()
    };
    assert!(brought("bytes 0-99/100"));
    assert!(!brought("bytes 0-49/100"));
}

#[test]
fn a_letter_that_was_refused_before_a_flow_is_the_flows() {
    let taken_in = |status: u16| {
        let traffic = index(&script(|s| {
            let all = letters(6);
            s.patch("L1", Accepted).answered(status);
            for part in all.chunks(3) {
                s.list(3, part);
                part.iter().filter(|letter| letter.id != "L1").for_each(|letter| {
                    s.fetch(&letter.id);
                });
            }
            s.list(3, &[]);
        }));
        let flows = flows(&traffic, &Script::small().context);
        flows.iter().map(|flow| flow.letters.len()).collect::<Vec<_>>()
    };
    assert_eq!(taken_in(400), [6]);
    assert_eq!(taken_in(202), [5]);
}

#[test]
fn a_move_counts_once_it_was_taken_on_or_seen() {
    let counted = |write: &dyn Fn(&mut Script)| {
        let script = listed(write);
        let counts = count_moves(&index(&script), &script.context);
        counts
            .into_iter()
            .map(|(edge, Count { moved, seen })| (edge, moved, seen))
            .collect::<Vec<_>>()
    };
    let accepted = (Some(Pending), Accepted);
    let moved = |s: &mut Script| {
        s.moved("L1", Accepted);
    };
    assert_eq!(counted(&moved), [(accepted, 1, 1)]);
    let repeated = |s: &mut Script| {
        s.patch("L1", Accepted).patch("L1", Accepted).read("L1", Pending);
    };
    assert_eq!(counted(&repeated), [(accepted, 1, 0)]);
    let refused = |s: &mut Script| {
        s.patch("L1", Accepted).answered(400).read("L1", Accepted);
    };
    assert_eq!(counted(&refused), []);
    let lost = |s: &mut Script| {
        s.patch("L1", Accepted).lost();
    };
    assert_eq!(counted(&lost), []);
    let lost_and_seen = |s: &mut Script| {
        s.patch("L1", Accepted).lost().read("L1", Accepted);
    };
    assert_eq!(counted(&lost_and_seen), [(accepted, 1, 1)]);
    let seen_too_late = |s: &mut Script| {
        s.patch("L1", Accepted).patch("L1", Printed).read("L1", Accepted);
    };
    let printed = (Some(Accepted), Printed);
    assert_eq!(counted(&seen_too_late), [(accepted, 1, 0), (printed, 1, 0)]);
    let perhaps_accepted = |s: &mut Script| {
        s.patch("L1", Accepted).lost().patch("L1", Printed);
    };
    assert_eq!(counted(&perhaps_accepted), [(printed, 1, 0)]);
    let more = |s: &mut Script| {
        s.moved("L1", Accepted).list(100, &letters(2)).moved("L2", Accepted).patch("X", Accepted);
    };
    assert_eq!(counted(&more), [((None, Accepted), 1, 0), (accepted, 2, 2)]);
}

/// Each update of the listed letter: the status, and the calls that show it before and after.
fn around(write: &dyn Fn(&mut Script)) -> Vec<(LetterStatus, Option<u32>, Option<u32>)> {
    let traffic = index(&listed(write));
    updates(&traffic, find(&traffic, "L1"))
        .map(|update| {
            assert_eq!(traffic.id_text(update.letter), "L1");
            let [before, after] = [update.before, update.after].map(|e| e.map(|e| e.call.0));
            (update.update.status, before, after)
        })
        .collect()
}

#[test]
fn an_update_stands_between_what_was_seen_before_and_after_it() {
    let shown = |s: &mut Script| {
        s.patch("L1", Accepted).read("L1", Pending).read("L1", Accepted);
        s.read("L1", Accepted).patch("L1", Printed).read("L1", Pending).read("L1", Accepted);
    };
    let both = [(Accepted, Some(0), Some(3)), (Printed, Some(4), Some(7))];
    assert_eq!(around(&shown), both);
    let another_first = |s: &mut Script| {
        s.patch("L1", Accepted).patch("L1", Printed).read("L1", Printed);
    };
    let one = [(Accepted, Some(0), None), (Printed, Some(0), Some(3))];
    assert_eq!(around(&another_first), one);
    let unread = |s: &mut Script| {
        s.read("L1", Pending).body_not_recorded();
        s.patch("L1", Accepted).read("L1", Accepted).body_not_recorded().list(100, &letters(1));
    };
    assert_eq!(around(&unread), [(Accepted, Some(0), None)]);
    let by_harness = |s: &mut Script| {
        s.harness().moved("L1", Accepted);
    };
    assert_eq!(around(&by_harness), []);
}

#[test]
fn a_repeat_or_a_refused_update_does_not_end_what_an_update_brought() {
    let refused_next = |s: &mut Script| {
        s.patch("L1", Accepted).patch("L1", Printed).answered(400).read("L1", Accepted);
    };
    let both = [(Accepted, Some(0), Some(3)), (Printed, Some(0), Some(3))];
    assert_eq!(around(&refused_next), both);
    let repeated = |s: &mut Script| {
        s.patch("L1", Accepted).lost().patch("L1", Accepted).read("L1", Accepted);
    };
    let both = [(Accepted, Some(0), Some(3)), (Accepted, Some(0), Some(3))];
    assert_eq!(around(&repeated), both);
    let refused_first = |s: &mut Script| {
        s.patch("L1", Accepted).answered(400).patch("L1", Accepted).read("L1", Accepted);
    };
    let second = [(Accepted, Some(0), None), (Accepted, Some(0), Some(3))];
    assert_eq!(around(&refused_first), second);
}

#[test]
fn a_flow_names_each_letters_link_best_download_and_tries() {
    let known = letters(4);
    let script = script(|s| {
        s.list(3, &known[..3]).fetch("L1");
        s.data("L2").follow("L2").answered(500).follow("L2").follow("L2").answered(500);
        s.data("L3").follow("L3").answered(500).follow("L3").answered(500).data("L3");
        s.list(3, &[known[0].clone(), known[3].clone()]).list(3, &[]);
    });
    let traffic = index(&script);
    let flows = flows(&traffic, &script.context);
    assert_eq!(flows.iter().map(|flow| flow.name()).collect::<Vec<_>>(), ["AT15 flow 1"]);
    let fetches = flows[0].fetches(&traffic);
    let shown: Vec<_> = fetches
        .iter()
        .map(|fetch| {
            let call = |call: Option<CallIx>| call.map(|call| call.0);
            let id = traffic.id_text(fetch.letter);
            (id, fetch.list.0, call(fetch.asked), call(fetch.download), fetch.tries)
        })
        .collect();
    let expected = [
        ("L1", 0, Some(1), Some(2), 1),
        ("L2", 0, Some(3), Some(5), 3),
        ("L3", 0, Some(7), Some(9), 2),
        ("L4", 11, None, None, 0),
    ];
    assert_eq!(shown, expected);
}

/// The flows of a script, each as whether it is whole and what `ask` says of it.
fn of_flows<T>(script: &Script, ask: impl Fn(&Flow<'_>, &Traffic) -> T) -> Vec<(bool, T)> {
    let traffic = index(script);
    flows(&traffic, &script.context).iter().map(|flow| (flow.whole, ask(flow, &traffic))).collect()
}

#[test]
fn only_readable_lists_of_the_chunks_size_belong_to_a_flow() {
    let known = letters(6);
    let script = script(|s| {
        s.list(3, &known[..3]).fetch("L1").list(100, &[]).list(3, &[]).answered(503);
        s.list(3, &known[3..]).list(3, &[]);
    });
    let listed_by = |flow: &Flow<'_>, traffic: &Traffic| {
        ["L1", "L6", "L1"].map(|id| flow.list_of(find(traffic, id)).map(|call| call.0))
    };
    assert_eq!(of_flows(&script, listed_by), [(true, [Some(0), Some(5), Some(0)])]);
}

#[test]
fn what_is_called_as_the_next_flow_begins_belongs_to_that_one() {
    let script = script(|s| {
        s.list(3, &letters(2)).fetch("L1").list(3, &[]);
        let begun = s.now();
        s.list(3, &letters(2)).set_clock(begun).data("L2").wait(1.0).list(3, &[]);
    });
    let asked = |flow: &Flow<'_>, traffic: &Traffic| {
        let asked = flow.fetches(traffic).into_iter().map(|fetch| fetch.asked.map(|call| call.0));
        asked.collect::<Vec<_>>()
    };
    let expected = [(true, vec![Some(1), None]), (true, vec![None, Some(5)])];
    assert_eq!(of_flows(&script, asked), expected);
}

#[test]
fn a_missing_pdf_is_excused_only_where_the_letter_has_no_hash() {
    let became = |fetched| match fetched {
        Fetched::Whole(call) => format!("whole {}", call.0),
        Fetched::InParts(call) => format!("in parts {}", call.0),
        Fetched::NoPdf => "no PDF".to_owned(),
        Fetched::Rejected => "rejected".to_owned(),
        Fetched::Not(call) => format!("not {:?}", call.map(|call| call.0)),
    };
    let [first, second, third] = ["L1", "L2", "L3"].map(letter);
    let script = script(|s| {
        s.list(3, &[first, second.without_hash(), third.without_hash()]);
        s.fetch_nothing("L1").fetch_nothing("L2").data("L3").follow("L3").answered(500);
        s.list(3, &[]);
    });
    let all = |flow: &Flow<'_>, traffic: &Traffic| {
        ["L1", "L2", "L3"].map(|id| became(flow.fetched(find(traffic, id), traffic)))
    };
    let expected = ["not Some(2)", "no PDF", "not Some(6)"].map(str::to_owned);
    assert_eq!(of_flows(&script, all), [(true, expected)]);
}

#[test]
fn a_flow_took_as_long_as_its_successful_calls_of_an_operation() {
    let script = script(|s| {
        s.list(3, &letters(3)).fetch("L1").data("L2").answered(500).fetch("L2");
        s.edit_answer(|answer| answer.done_us = 9_000);
        s.list(3, &[]);
    });
    let took = |flow: &Flow<'_>, traffic: &Traffic| {
        [Operation::GetLetterData, Operation::Download].map(|each| flow.took(each, traffic))
    };
    let expected = [vec![3_007, 3_007], vec![3_007, 9_000]];
    assert_eq!(of_flows(&script, took), [(true, expected)]);
}

#[test]
fn letters_nobody_described_have_a_row_of_their_own_in_the_books() {
    let rows = |write: &dyn Fn(&mut Script)| {
        let rows = at14_reconciliation(&index(&at14(write)));
        rows.iter().map(|row| (row.described, row.dispatched, row.sent)).collect::<Vec<_>>()
    };
    let described = |s: &mut Script| {
        s.mi("M1", &record("2026-09-01", 2));
    };
    assert_eq!(rows(&described), [(true, 2, 2)]);
    let unknown = |s: &mut Script| {
        s.patch("X1", Dispatched).mi("M1", &record("2026-09-01", 2));
    };
    assert_eq!(rows(&unknown), [(true, 2, 2), (false, 0, 1)]);
}

#[test]
fn an_exchanges_updates_are_the_letters_it_names_with_a_known_status() {
    let script = script(|s| {
        s.patch("L1", Accepted).bulk(Printed, &["L1", "L2"]).read("L1", Accepted);
        s.bulk(Printed, &["L1"]).edit(|exchange| {
            let named = [("L1", "PRINTED"), ("L2", "SHREDDED")];
            let data = named.map(
                |(id, status)| serde_json::json!({"id": id, "attributes": {"status": status}}),
            );
            exchange.request.body = json_body(&serde_json::json!({"data": data}));
        });
    });
    let sent: Vec<Vec<_>> = script
        .exchanges
        .iter()
        .map(|exchange| updates_of(exchange, BASE))
        .map(|sent| sent.into_iter().map(|(id, status)| (id.to_string(), status)).collect())
        .collect();
    let sent_for = |id: &str, status| (id.to_owned(), status);
    assert_eq!(sent[0], [sent_for("L1", Accepted)]);
    assert_eq!(sent[1], [sent_for("L1", Printed), sent_for("L2", Printed)]);
    assert_eq!(sent[2], []);
    assert_eq!(sent[3], [sent_for("L1", Printed)]);
}

#[test]
fn a_body_that_is_held_and_shows_no_status_says_why() {
    let why = |body: Body| {
        let script = listed(|s| {
            s.read("L1", Accepted).edit_answer(|answer| answer.body = body);
        });
        let traffic = index(&script);
        let (read, _) =
            traffic.calls().find(|(_, call)| call.operation == Operation::GetLetter).unwrap();
        unread(read, &traffic)
    };
    let held = |id: &str, attributes: &str| {
        let text =
            format!(r#"{{"data":{{"type":"Letter","id":"{id}","attributes":{attributes}}}}}"#);
        why(Body::Json { text })
    };
    for (words, told) in [
        ("status is \"accepted\"", held("L1", r#"{"status":"accepted"}"#)),
        ("present twice", held("L1", r#"{"status":"ACCEPTED","status":"PENDING"}"#)),
        ("has no status", held("L1", "{}")),
        ("is not text", held("L1", r#"{"status":7}"#)),
        ("is not JSON", why(Body::Text { text: "{".to_owned() })),
        ("does not include the answer's body", why(Body::None)),
        ("about another letter", held("L2", r#"{"status":"ACCEPTED"}"#)),
    ] {
        assert!(told.contains(words), "{words} in {told}");
    }
}
