//! For each acceptance test one journal that passes, and the pieces such journals are made of.

use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Rejected,
    Returned,
};
use letterproof_model::{Header, LetterStatus, return_reason_text};
use serde_json::{Value, json};

use super::script::{BRAILLE, ENGLISH, Letter, Script, hash_of, letter, letters};

/// Ends a chain of calls where a closure must return nothing.
pub fn then(_: &mut Script) {}

pub fn ids(letters: &[Letter]) -> Vec<&str> {
    letters.iter().map(|letter| letter.id.as_str()).collect()
}

pub fn script(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    write(&mut script);
    script
}

/// A script of some letters listed and accepted, each seen ACCEPTED.
pub fn accepted(write: impl FnOnce(&mut Script)) -> Script {
    script(|s| {
        let mut known = letters(5);
        known[4].specification = Some(BRAILLE);
        s.list(100, &known);
        for known in &known {
            s.patch(&known.id, Accepted);
        }
        s.wait(2.0);
        for known in known {
            s.read_letter(&known.in_status(Accepted), None);
        }
        write(s);
    })
}

/// A journal in which every check of this test passes, and no check of any test fails.
pub fn passing(test: u8) -> Script {
    match test {
        1 => at1(|_| {}),
        2 => {
            let mut s = Script::pack();
            s.list(2_500, &letters(2_500));
            s
        }
        3 => at3(Again::Honest),
        4 => {
            let mut s = Script::pack();
            at4(&mut s, 1_000);
            s
        }
        5 => accepted(|s| {
            s.moved("L1", Printed).bulk(Printed, &["L2", "L3"]).wait(2.0);
            s.read("L2", Printed).read("L3", Printed);
        }),
        6 => accepted(|s| {
            s.moved("L1", Printed).moved("L1", Enclosed).moved("L2", Enclosed);
        }),
        7 => accepted(|s| {
            s.moved("L1", Printed).moved("L1", Enclosed).moved("L1", Dispatched);
            s.moved("L2", Printed).bulk(Dispatched, &["L2", "L3"]).wait(2.0);
            s.read("L2", Dispatched).read("L3", Dispatched);
        }),
        8 => accepted(|s| {
            both_dispatched(s);
            s.moved("L1", Delivered).moved("L3", Delivered);
        }),
        9 => accepted(|s| {
            s.patch_for("L5", Forwarded, FORWARD).wait(2.0);
            s.read_letter(&braille("L5", Forwarded), FORWARD);
        }),
        10 => accepted(|s| {
            both_dispatched(s);
            s.moved_for("L1", Returned, "R01", text_of("R01"));
            s.moved("L2", Delivered).moved_for("L2", Returned, "R09", text_of("R09"));
        }),
        11 => accepted(|s| {
            s.moved_for("L1", Cancelled, "C01", "Asked for by NHS Notify");
            s.moved("L2", Printed).moved_for("L2", Cancelled, "C01", "Asked for by NHS Notify");
        }),
        12 => accepted(|s| {
            damaged(s, "L1");
            s.moved_for("L1", Failed, "F01", "The PDF is damaged");
            s.data("L2").follow_to("L2", hash_of("L2"), Some(6), None);
            s.moved_for("L2", Failed, "F02", "More than five pages");
        }),
        13 => script(|s| {
            let unfit = [
                letter("U1").of(Some("no-such")),
                letter("U2").of(None),
                letter("U3").without_hash(),
            ];
            s.list(100, &unfit).fetch_nothing("U3");
            let why = Some(("J01", "Cannot be taken on"));
            for letter in unfit {
                s.patch_for(&letter.id, Rejected, why).wait(2.0);
                s.read_letter(&letter.in_status(Rejected), why);
            }
        }),
        14 => at14(|s| {
            s.mi("M1", &record("2026-09-01", 2)).mi_read("M1", &record("2026-09-01", 2));
        }),
        15 => {
            let mut s = Script::pack();
            for flow in 0..3 {
                flow_of(&mut s, flow, 2_500, 500, |_, _| false);
            }
            s
        }
        _ => unreachable!("the pack has fifteen tests"),
    }
}

pub const FORWARD: Option<(&str, &str)> = Some(("A01", "Accessible format"));

pub fn braille(id: &str, status: LetterStatus) -> Letter {
    letter(id).of(Some(BRAILLE)).in_status(status)
}

pub fn text_of(code: &str) -> &'static str {
    return_reason_text(code).unwrap()
}

pub fn both_dispatched(s: &mut Script) {
    s.moved("L1", Dispatched).bulk(Dispatched, &["L2", "L3"]).wait(2.0);
    s.read("L2", Dispatched).read("L3", Dispatched);
}

pub fn damaged(s: &mut Script, id: &str) {
    s.data(id).follow_to(id, hash_of(id), None, Some("no trailer"));
}

/// Token, status, list; `change` is called after each.
fn at1(change: impl Fn(&mut Script)) -> Script {
    script(|s| {
        s.token();
        change(s);
        s.status();
        change(s);
        s.list(10, &letters(2));
        change(s);
    })
}

/// How the list of AT3 is asked for again.
#[derive(Clone, Copy, PartialEq)]
pub enum Again {
    Honest,
    AfterUpdates,
    ChangedLater,
    AcceptedTwice,
}

pub fn at3(again: Again) -> Script {
    script(|s| {
        let all = letters(6);
        s.list(2_500, &all);
        if again == Again::AfterUpdates {
            s.patch("L1", Accepted).wait(300.0).list(2_500, &all[1..]);
            return;
        }
        s.list(2_500, &[]);
        s.wait(301.0).list(2_500, &all[usize::from(again == Again::ChangedLater)..]);
        s.patch("L1", Accepted).wait(2.0).read("L1", Accepted).fetch("L1").fetch("L2");
        if again == Again::AcceptedTwice {
            s.patch("L1", Accepted);
        }
    })
}

pub fn at4(s: &mut Script, size: usize) {
    let batch = letters(size);
    let limit = s.context.at4_batch;
    s.list(limit, &batch).bulk(Accepted, &ids(&batch)).wait(3.0);
    for letter in &batch {
        s.read(&letter.id, Accepted);
    }
    s.list(limit, &[]);
}

/// Dispatches two letters by both ways, then leaves the reports to `write`.
pub fn at14(write: impl FnOnce(&mut Script)) -> Script {
    accepted(|s| {
        s.moved("L1", Dispatched).bulk(Dispatched, &["L2"]).wait(2.0).read("L2", Dispatched);
        write(s);
    })
}

pub fn record(date: &str, quantity: u32) -> Value {
    record_of(date, quantity, ENGLISH, "group-a")
}

fn record_of(date: &str, quantity: u32, specification: &str, group: &str) -> Value {
    json!({"lineItem": "letter", "timestamp": format!("{date}T10:00:00Z"), "quantity": quantity,
        "specificationId": specification, "groupId": group})
}

/// One AT15 flow; `instead` may do something else for the letter's download and then says so.
pub fn flow_of(
    s: &mut Script,
    flow: usize,
    size: usize,
    chunk: usize,
    mut instead: impl FnMut(&mut Script, &str) -> bool,
) {
    let all: Vec<Letter> = (1..=size).map(|n| letter(&format!("F{flow}-{n}"))).collect();
    let limit = s.context.at15_chunk;
    for part in all.chunks(chunk) {
        s.list(limit, part).bulk(Accepted, &ids(part));
        let began = s.now();
        for (at, letter) in part.iter().enumerate() {
            // Downloads overlap, a few hundred a second.
            s.set_clock(began + at as i64 * 1_000);
            if !instead(s, &letter.id) {
                s.fetch(&letter.id);
            }
        }
    }
    s.list(limit, &[]);
    s.wait(1.0);
}

pub fn at15(mut instead: impl FnMut(&mut Script, &str) -> bool) -> Script {
    script(|s| {
        for flow in 0..3 {
            flow_of(s, flow, 6, 3, &mut instead);
        }
    })
}

/// Three flows in which one PDF is fetched in another way.
pub fn fetched_otherwise(fetch: impl Fn(&mut Script)) -> Script {
    at15(|s, id| {
        let other = id == "F1-2";
        if other {
            fetch(s);
        }
        other
    })
}

/// A header, for scripts that add one.
pub fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), value: value.into() }
}
