//! For each criterion a journal that fails it and nothing else.

use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Pending, Printed,
    Rejected, Returned,
};
use serde_json::json;

use super::cases::{
    Again, FORWARD, accepted, at3, at4, at14, at15, both_dispatched, braille, damaged, flow_of,
    ids, record, script, text_of, then,
};
use super::script::{Letter, Script, hash_of, letter, letters};

/// For every check of the pack, a journal that fails it and nothing else.
pub fn failing() -> Vec<(&'static str, Script)> {
    let mut cases = Vec::new();
    cases.extend(failing_lists());
    cases.extend(failing_moves());
    cases.extend(failing_ends());
    cases.extend(failing_reports());
    cases
}

/// For every clause that no supplier can fail, a journal that does not decide it.
pub fn undecided() -> Vec<(&'static str, Script)> {
    vec![
        ("AT1.5", script(|s| then(s.token().list(10, &letters(2)).status().lost()))),
        ("AT2.5", script(|s| then(s.list(2_500, &letters(6)).body_not_recorded()))),
        (
            "AT3.6",
            script(|s| then(s.list(2_500, &letters(6)).list(2_500, &[]).body_not_recorded())),
        ),
        (
            "AT4.5",
            script(|s| {
                at4(s, 4);
                s.wait(1.0).list(4, &letters(1));
            }),
        ),
    ]
}

fn failing_lists() -> Vec<(&'static str, Script)> {
    let whole = |change: fn(&mut Vec<Letter>)| {
        script(|s| {
            let mut list = letters(6);
            change(&mut list);
            s.list(2_500, &list);
        })
    };
    vec![
        ("AT1.1", script(|s| then(s.token().status().answered(500).list(10, &letters(2))))),
        ("AT1.2", script(|s| then(s.token().status().list(10, &[]).answered(500)))),
        (
            "AT1.3",
            script(|s| then(s.token().status().list(10, &[]).answered(401).list(10, &letters(2)))),
        ),
        (
            "AT1.4",
            script(|s| then(s.token().status().list(10, &letters(2)).without("Authorization"))),
        ),
        ("AT2.1", script(|s| then(s.list(10, &letters(2)).list(2_500, &[]).answered(400)))),
        ("AT2.2", whole(|list| drop(list.pop()))),
        ("AT2.3", whole(|list| list[5] = list[0].clone())),
        ("AT2.4", whole(|list| list[3].status = Accepted)),
        ("AT3.1", at3(Again::AfterUpdates)),
        ("AT3.3", at3(Again::ChangedLater)),
        ("AT3.5", at3(Again::AcceptedTwice)),
        (
            "AT4.1",
            script(|s| {
                let batch = letters(4);
                s.read("L2", Printed).list(4, &batch).bulk(Accepted, &ids(&batch)).wait(3.0);
                ids(&batch).iter().for_each(|id| then(s.read(id, Accepted)));
                s.list(4, &[]);
            }),
        ),
        (
            "AT4.2",
            script(|s| {
                s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2"]).bulk(Accepted, &["L3", "L4"]);
                s.wait(3.0);
                ["L1", "L2", "L3", "L4"].iter().for_each(|id| then(s.read(id, Accepted)));
                s.list(4, &[]);
            }),
        ),
        (
            "AT4.3",
            script(|s| {
                s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L3", "L4"]).wait(3.0);
                ["L1", "L2", "L4"].iter().for_each(|id| then(s.read(id, Accepted)));
                s.read("L3", Pending).wait(60.0).read("L3", Pending).list(4, &[]);
            }),
        ),
        (
            "AT4.4",
            script(|s| {
                s.list(4, &letters(4)).bulk(Accepted, &["L1", "L2", "L4"]).wait(3.0);
                ["L1", "L2", "L4"].iter().for_each(|id| then(s.read(id, Accepted)));
                s.list(4, &[]);
            }),
        ),
        (
            "AT4.6",
            script(|s| {
                at4(s, 4);
                s.patch("L2", Accepted);
            }),
        ),
    ]
}

fn failing_moves() -> Vec<(&'static str, Script)> {
    let mut cases = Vec::new();
    // From PENDING, lost, sent twice, not on record.
    for (test, status) in [(5, Printed), (6, Enclosed), (7, Dispatched), (8, Delivered)] {
        let id = |clause: u8| -> &'static str {
            Box::leak(format!("AT{test}.{clause}").into_boxed_str())
        };
        let beside = move |s: &mut Script| {
            s.moved("L1", status).bulk(status, &["L2"]).wait(2.0).read("L2", status);
        };
        cases.push((
            id(1),
            accepted(|s| {
                beside(s);
                s.list(100, &[letter("P1")]).moved("P1", status);
            }),
        ));
        cases.push((
            id(2),
            accepted(|s| {
                beside(s);
                s.patch("L3", status).read("L3", Accepted).wait(60.0).read("L3", Accepted);
            }),
        ));
        if test == 5 {
            cases.push((
                id(3),
                accepted(|s| {
                    beside(s);
                    s.patch("L1", status).wait(2.0).read("L1", status);
                }),
            ));
        }
        if test != 7 {
            cases.push((id(5), accepted(|s| then(s.patch("L3", status).wait(61.0).status()))));
        }
    }
    cases
}

fn failing_ends() -> Vec<(&'static str, Script)> {
    let forwarded = |s: &mut Script| {
        s.patch_for("L5", Forwarded, FORWARD).wait(2.0);
        s.read_letter(&braille("L5", Forwarded), FORWARD);
    };
    let lost = |s: &mut Script, id: &str, status, from: Letter, reason| {
        s.patch_for(id, status, reason).wait(61.0).read_letter(&from, None);
    };
    let why = Some(("X01", "A reason"));
    let mut cases = vec![
        (
            "AT9.1",
            accepted(|s| {
                s.moved("L1", Printed);
                s.list(100, &[braille("B1", Pending)]);
                s.patch_for("B1", Forwarded, FORWARD).wait(2.0);
                s.read_letter(&braille("B1", Forwarded), FORWARD);
            }),
        ),
        ("AT9.2", accepted(|s| then(s.moved_for("L1", Forwarded, "A01", "Accessible format")))),
        ("AT9.3", accepted(|s| lost(s, "L5", Forwarded, braille("L5", Accepted), FORWARD))),
        (
            "AT9.4",
            accepted(|s| {
                s.patch_for("L5", Forwarded, Some(("A01", ""))).wait(2.0);
                s.read_letter(&braille("L5", Forwarded), Some(("A01", "")));
            }),
        ),
        (
            // Without AT5 in the workflow, only AT9 judges what is printed.
            "AT9.5",
            accepted(|s| {
                forwarded(s);
                s.patch("L5", Printed).wait(2.0).read_letter(&braille("L5", Printed), FORWARD);
            })
            .supporting(&[]),
        ),
        (
            "AT9.6",
            accepted(|s| {
                s.patch_for("L5", Forwarded, FORWARD).wait(61.0).status();
            }),
        ),
        ("AT10.1", accepted(|s| then(s.moved_for("L1", Returned, "R01", text_of("R01"))))),
        (
            "AT10.2",
            accepted(|s| {
                both_dispatched(s);
                let from = letter("L1").in_status(Dispatched);
                lost(s, "L1", Returned, from, Some(("R01", text_of("R01"))));
            }),
        ),
        (
            "AT10.3",
            accepted(|s| {
                both_dispatched(s);
                s.moved_for("L1", Returned, "R99", "Somewhere else");
            }),
        ),
        (
            "AT10.4",
            accepted(|s| {
                both_dispatched(s);
                s.moved_for("L1", Returned, "R01", text_of("R02"));
            }),
        ),
        (
            "AT10.5",
            accepted(|s| {
                both_dispatched(s);
                s.patch_for("L1", Returned, Some(("R01", text_of("R01")))).wait(61.0).status();
            }),
        ),
    ];
    for (test, status, clauses) in [
        (11, Cancelled, [1, 3, 4, 5, 6]),
        (12, Failed, [1, 2, 3, 0, 6]),
        (13, Rejected, [1, 2, 3, 4, 6]),
    ] {
        let id = |at: usize| -> &'static str {
            Box::leak(format!("AT{test}.{}", clauses[at]).into_boxed_str())
        };
        let from = letter("P1");
        let from = if status == Rejected { from } else { from.in_status(Accepted) };
        let begin = |s: &mut Script| {
            s.list(100, &[letter("P1")]);
            if status != Rejected {
                s.moved("P1", Accepted);
            }
        };
        cases.push((
            id(0),
            accepted(|s| {
                if status == Rejected {
                    s.moved_for("L1", status, "X01", "A reason");
                } else {
                    s.list(100, &[letter("P1")]).moved_for("P1", status, "X01", "A reason");
                }
            }),
        ));
        cases.push((
            id(1),
            script(|s| {
                begin(s);
                lost(s, "P1", status, from.clone(), why);
            }),
        ));
        cases.push((
            id(2),
            script(|s| {
                begin(s);
                s.patch_for("P1", status, Some(("", "A reason"))).wait(2.0);
                s.read_for("P1", status, Some(("", "A reason")));
            }),
        ));
        // Production after the end: PRINTED, which only this test judges where AT5 is not in the
        // workflow.
        let after = if status == Rejected { Accepted } else { Printed };
        // After FAILED that is the observer's check.
        if status != Failed {
            cases.push((
                id(3),
                script(|s| {
                    begin(s);
                    s.moved_for("P1", status, "X01", "A reason").moved("P1", after);
                })
                .supporting(&[Rejected]),
            ));
        }
        cases.push((
            id(4),
            script(|s| {
                begin(s);
                s.patch_for("P1", status, why).wait(61.0).status();
            }),
        ));
    }
    cases.push((
        "AT12.4",
        accepted(|s| {
            damaged(s, "L1");
            s.moved("L1", Printed);
        }),
    ));
    cases.push((
        "AT13.5",
        script(|s| {
            let unknown = letter("U1").of(Some("no-such"));
            s.list(100, std::slice::from_ref(&unknown)).patch("U1", Accepted).wait(2.0);
            s.read_letter(&unknown.clone().in_status(Accepted), None)
                .patch("U1", Printed)
                .wait(2.0);
            s.read_letter(&unknown.in_status(Printed), None);
        }),
    ));
    cases
}

fn failing_reports() -> Vec<(&'static str, Script)> {
    vec![
        (
            "AT14.1",
            at14(|s| then(s.mi("M1", &record("2026-09-01", 2)).edit_answer(|a| a.status = 200))),
        ),
        ("AT14.2", at14(|s| then(s.mi("M1", &record("2026-09-01", 3))))),
        (
            "AT14.3",
            at14(|s| then(s.mi("M1", &record("2026-09-01", 2)).mi("M2", &record("2026-09-01", 2)))),
        ),
        (
            "AT14.4",
            at14(|s| {
                s.list(100, &[letter("G1").in_group(Some("group-b"))]);
                s.patch("G1", Accepted).wait(2.0);
                let g1 = |status| letter("G1").in_group(Some("group-b")).in_status(status);
                s.read_letter(&g1(Accepted), None).patch("G1", Dispatched).wait(2.0);
                s.read_letter(&g1(Dispatched), None).mi("M1", &record("2026-09-01", 2));
            }),
        ),
        ("AT15.1", script(|s| (0..3).for_each(|n| flow_of(s, n, 6 - n % 2, 3, |_, _| false)))),
        (
            "AT15.2",
            script(|s| {
                (0..3).for_each(|n| flow_of(s, n, 6, 3, |_, _| false));
                // In the last flow one letter was not in the bulk update but patched.
                let bulk = s.exchanges.iter().rposition(|e| e.request.method == "POST").unwrap();
                let one = s.exchanges[bulk].started;
                s.exchanges[bulk].request.body = super::script::json_body(&json!({"data": [
                        {"id": "F2-4", "type": "Letter", "attributes": {"status": "ACCEPTED"}},
                        {"id": "F2-5", "type": "Letter", "attributes": {"status": "ACCEPTED"}}]}));
                let end = s.now();
                s.patch("F2-6", Accepted).edit(|e| e.started = one);
                s.set_clock(end);
            }),
        ),
        ("AT15.3", at15(|_, id| id == "F1-2")),
        (
            "AT15.4",
            at15(|s, id| {
                let wrong = id == "F1-2";
                if wrong {
                    s.data(id).follow_to(id, hash_of("other"), Some(2), None);
                }
                wrong
            }),
        ),
        (
            "AT15.5",
            at15(|s, id| {
                if id.ends_with("-6") {
                    s.wait(10.0);
                }
                false
            }),
        ),
        ("AT15.6", script(|s| (0..2).for_each(|n| flow_of(s, n, 6, 3, |_, _| false)))),
        (
            "AT15.7",
            at15(|s, id| {
                let wrong = id == "F1-2";
                if wrong {
                    let began = s.now();
                    s.data(id).set_clock(began - 5_000).follow(id);
                }
                wrong
            }),
        ),
    ]
}
