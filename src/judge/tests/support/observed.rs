//! For each check of what an observer sees, a journal that fails it and one that passes it.

use letterproof_judge::{Traffic, judge_observer};
use letterproof_model::LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Forwarded, Pending, Printed, Rejected,
};
use letterproof_model::{CheckResult, CriterionResult, Mode, Verdict};

use super::cases::{FORWARD, record, then};
use super::script::{Script, letters};

/// A journal that fails a check, and one that passes it.
pub struct Watched {
    pub id: &'static str,
    pub red: Script,
    pub green: Script,
}

/// What an observer sees of a supplier that lists three letters and goes on like this.
pub fn watched(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = Script::small();
    script.context.mode = Mode::Observed;
    script.list(100, &letters(3));
    write(&mut script);
    script
}

/// The results of the observer's checks over a script.
pub fn observed(script: &Script) -> Vec<CheckResult> {
    let traffic = Traffic::from_journal(&script.journal(), &script.context);
    judge_observer(&traffic, &script.context)
}

/// The result of one of the observer's checks over a script.
pub fn result(id: &str, script: &Script) -> CriterionResult {
    let check = observed(script).into_iter().find(|check| check.id.as_str() == id);
    check.unwrap_or_else(|| panic!("{id} is no check")).criteria.remove(0)
}

/// Holds the verdict of one of the observer's checks against the one it should be.
#[track_caller]
pub fn ends_with(verdict: Verdict, id: &str, script: &Script) {
    let result = result(id, script);
    assert_eq!(result.verdict, verdict, "{result:#?}");
}

fn case(id: &'static str, red: fn(&mut Script), green: fn(&mut Script)) -> Watched {
    Watched { id, red: watched(red), green: watched(green) }
}

/// Takes two letters all the way to DISPATCHED, their PDFs fetched.
fn dispatched(s: &mut Script) {
    for id in ["L1", "L2"] {
        s.moved(id, Accepted).fetch(id).moved(id, Printed).moved(id, Dispatched);
    }
}

/// Every check with its journals.
pub fn every_watched() -> Vec<Watched> {
    let mut cases = of_updates();
    cases.extend(of_lists());
    cases.extend(of_content());
    cases.extend(of_calls());
    cases
}

fn of_updates() -> Vec<Watched> {
    vec![
        case(
            "O-MOVE-ELIGIBLE",
            |s| then(s.moved("L2", Dispatched)),
            |s| then(s.moved("L2", Accepted).moved("L2", Printed)),
        ),
        case(
            "O-UPDATE-ONCE",
            |s| then(s.moved("L1", Accepted).patch("L1", Accepted)),
            |s| then(s.patch("L1", Accepted).lost().wait(1.0).patch("L1", Accepted)),
        ),
        case(
            "O-SECOND-LIST",
            |s| {
                s.patch("L1", Accepted).wait(301.0).list(100, &letters(3)).patch("L1", Accepted);
            },
            |s| then(s.wait(301.0).list(100, &letters(3)).patch("L1", Accepted)),
        ),
        case(
            "O-STATUS-SEEN-FIRST",
            |s| then(s.patch("L1", Accepted).patch("L1", Printed)),
            |s| then(s.moved("L1", Accepted).patch("L1", Printed)),
        ),
        case(
            "O-NOTHING-AFTER-END",
            |s| {
                s.moved("L1", Accepted).moved_for("L1", Cancelled, "C01", "Asked for");
                s.moved("L1", Printed);
            },
            |s| {
                // Back in the queue, and forwarded to somebody who delivers.
                s.moved("L3", Accepted);
                s.moved_for("L1", Rejected, "J01", "Unfit").wait(400.0).list(100, &letters(1));
                s.moved("L1", Accepted).moved("L2", Accepted).patch_for("L2", Forwarded, FORWARD);
                s.wait(2.0).read("L2", Forwarded).moved("L2", Delivered);
            },
        ),
        case(
            "O-PENDING-NOT-SENT",
            |s| then(s.patch("L1", Pending)),
            |s| then(s.patch("L1", Accepted)),
        ),
    ]
}

fn of_lists() -> Vec<Watched> {
    vec![
        case(
            "O-LIST-SERIAL",
            |s| {
                let at = s.now();
                s.list(10, &[]).set_clock(at + 1_000).list(10, &[]);
            },
            |s| then(s.list(10, &[]).list(10, &[])),
        ),
        case(
            "O-ONE-JOB",
            |s| then(s.wait(301.0).list(100, &letters(3)).fetch("L1").fetch("L1")),
            |s| {
                s.wait(301.0).list(100, &letters(3)).fetch("L1").answered(403).wait(70.0);
                s.fetch("L1");
            },
        ),
        case(
            "O-LISTED-TAKEN-ON",
            |s| then(s.bulk(Accepted, &["L1", "L3"]).wait(301.0).status()),
            |s| {
                s.bulk(Accepted, &["L1", "L3"]).patch_for("L2", Rejected, Some(("J01", "Unfit")));
                s.wait(301.0).status();
            },
        ),
        case(
            "O-BULK-USED",
            |s| {
                s.list(4, &letters(3));
                s.patch("L1", Accepted).patch("L2", Accepted).patch("L3", Accepted);
            },
            |s| then(s.list(4, &letters(3)).bulk(Accepted, &["L1", "L2", "L3"])),
        ),
    ]
}

fn of_content() -> Vec<Watched> {
    vec![
        case(
            "O-PDF-FETCHED",
            |s| then(s.moved("L1", Accepted).fetch("L1").lost().moved("L1", Printed)),
            |s| {
                s.moved("L1", Accepted).fetch("L1").lost().wait(1.0).fetch("L1");
                s.moved("L1", Printed);
            },
        ),
        case(
            "O-CONTENT-SAME",
            |s| {
                s.moved("L1", Accepted).data("L1").follow_to("L1", "00".into(), Some(1), None);
                s.moved("L1", Printed);
            },
            |s| then(s.moved("L1", Accepted).fetch("L1").moved("L1", Printed)),
        ),
        case(
            "O-DOWNLOAD-IN-TIME",
            |s| then(s.data("L1").wait(61.0).follow("L1").answered(403).data("L1")),
            |s| then(s.data("L1").wait(59.0).follow("L1")),
        ),
        case(
            "O-MI-ONCE",
            |s| {
                // The answer got lost after the API had taken the record on.
                dispatched(s);
                s.mi("M1", &record("2026-09-01", 2)).lost().edit(|exchange| {
                    if let letterproof_model::Outcome::Error(error) = &mut exchange.outcome {
                        error.status = Some(201);
                    }
                });
                s.wait(1.0).mi("M2", &record("2026-09-01", 2));
            },
            |s| {
                dispatched(s);
                s.mi("M1", &record("2026-09-01", 2)).answered(429).wait(1.0);
                s.mi("M1", &record("2026-09-01", 2));
            },
        ),
        case(
            "O-MI-COUNTS",
            |s| {
                dispatched(s);
                s.mi("M1", &record("2026-09-01", 3));
            },
            |s| {
                dispatched(s);
                s.mi("M1", &record("2026-09-01", 2));
            },
        ),
        case(
            "O-MI-TIME",
            |s| {
                dispatched(s);
                s.mi("M1", &record("2025-09-01", 2));
            },
            |s| {
                dispatched(s);
                s.mi("M1", &record("2026-09-01", 2));
            },
        ),
    ]
}

fn of_calls() -> Vec<Watched> {
    vec![
        case(
            "O-REQUEST-ID-UNIQUE",
            |s| then(s.list(10, &[]).edit(|e| e.request.headers[0].value = "request-1".into())),
            |s| {
                s.patch("L1", Accepted).answered(502).wait(1.0).patch("L1", Accepted);
                let id = s.exchanges[s.exchanges.len() - 2].request.headers[0].value.clone();
                s.edit(|e| e.request.headers[0].value = id);
            },
        ),
        case(
            "O-TOKEN-REUSED",
            |s| {
                for _ in 0..4 {
                    s.token().list(10, &[]).wait(1.0);
                }
            },
            |s| then(s.token().list(10, &[]).wait(400.0).token().list(10, &[])),
        ),
        case(
            "O-READS-NEEDED",
            |s| {
                for _ in 0..101 {
                    s.read("L1", Pending);
                }
            },
            |s| then(s.read("L1", Pending).read("L1", Pending)),
        ),
        case("O-RATE-KEPT", |s| calls_within_a_second(s, 400), |s| calls_within_a_second(s, 290)),
        case(
            "O-BACK-OFF-429",
            |s| then(s.list(10, &[]).answered(429).list(10, &[])),
            |s| then(s.list(10, &[]).answered(429).wait(1.0).list(10, &[])),
        ),
        case(
            "O-BACK-OFF-5XX",
            |s| then(s.patch("L1", Accepted).answered(502).wait(301.0).status()),
            |s| {
                // Taken on in another call, and made again once at once.
                s.patch("L1", Accepted).answered(502).bulk(Accepted, &["L1"]);
                s.list(10, &[]).answered(500).list(10, &[]).wait(301.0).status();
            },
        ),
    ]
}

pub fn calls_within_a_second(s: &mut Script, calls: i64) {
    let began = s.now();
    for call in 0..calls {
        s.set_clock(began + call * 900_000 / calls).status();
    }
}
