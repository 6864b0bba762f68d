//! A naive model of letters' lives, and the judges held against it.
//!
//! What may follow a status is written down here again, straight from the pack's status flows, so
//! that a mistake in the product's table shows as a difference. The model knows the API's truth and
//! which statuses the recording leaves possible; the judges only get the recording.
//! Refuses doubt: where an update may still be queued, only what must *not* be said is checked.

use std::collections::BTreeSet;

use letterproof_judge::{Traffic, judge_observer, judge_test};
use letterproof_model::{CriterionResult, LetterStatus, TestId, Verdict};

use super::script::{Script, letter};
use LetterStatus::{
    Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Pending, Printed,
    Rejected, Returned,
};

/// The letters that things happen to.
pub const LETTERS: [&str; 3] = ["L1", "L2", "L3"];

/// Longer than an update may take to show, in seconds.
const SETTLED: f64 = 61.0;
/// How many things happen, a second apart, before updates have to show.
const BEFORE_SETTLING: usize = 50;

/// The tests that judge moves to one status, with that status.
const TESTS: [(u8, LetterStatus); 9] = [
    (5, Printed),
    (6, Enclosed),
    (7, Dispatched),
    (8, Delivered),
    (9, Forwarded),
    (10, Returned),
    (11, Cancelled),
    (12, Failed),
    (13, Rejected),
];

/// What a supplier may send a letter of this status (the pack's flows and "eligible before").
fn may_follow(status: LetterStatus) -> &'static [LetterStatus] {
    match status {
        Pending => &[Accepted, Rejected],
        Accepted => &[Printed, Enclosed, Dispatched, Delivered, Forwarded, Cancelled, Failed],
        Printed => &[Enclosed, Dispatched, Delivered, Cancelled, Failed],
        Enclosed => &[Dispatched, Delivered, Cancelled, Failed],
        Dispatched => &[Delivered, Returned],
        Delivered => &[Returned],
        Forwarded => &[Delivered, Cancelled, Failed],
        Rejected | Cancelled | Failed | Returned => &[],
    }
}

/// Something that happens to one letter.
#[derive(Debug, Clone, Copy)]
pub enum Step {
    /// The supplier reads it, or finds it in a list while it is PENDING.
    Seen,
    /// The supplier sends it a status.
    Sent(LetterStatus, Reply),
    /// NHS Notify takes it back from a rejection, into the queue or as failed.
    Notify(bool),
}

/// What comes of an update.
#[derive(Debug, Clone, Copy)]
pub enum Reply {
    /// The API takes it on, and carries it out.
    TakenOn,
    /// The API refuses it.
    Refused,
    /// No answer arrives; whether it was carried out.
    Lost(bool),
}

/// A letter as the model knows it.
#[derive(Debug, Clone)]
struct Life {
    truth: LetterStatus,
    /// What it may be, as far as the recording tells; empty where that is anything.
    possible: Vec<LetterStatus>,
    last_sent: Option<LetterStatus>,
}

impl Life {
    /// Whether the recording shows that a move to this status is none of the lifecycle. Sending a
    /// status again, or the one a letter has, is no move.
    fn forbids(&self, to: LetterStatus) -> bool {
        let may = |from: &LetterStatus| *from == to || may_follow(*from).contains(&to);
        self.last_sent != Some(to) && !self.possible.is_empty() && !self.possible.iter().any(may)
    }
}

/// What the judges have to say.
#[derive(Debug, Default)]
struct Expected {
    /// Moves the API may have carried out and the lifecycle does not know.
    wrong: BTreeSet<(String, LetterStatus)>,
    /// Such moves that the API refused: an acceptance test may name them, an observer may not.
    tried: BTreeSet<(String, LetterStatus)>,
    /// Letters that were sent PENDING.
    pending: BTreeSet<String>,
    /// Letters that the supplier rejected, NHS Notify failed, and the supplier then failed too: the
    /// status is no other, yet none that the supplier may send.
    echoed: BTreeSet<String>,
}

/// Plays steps, each on one of the letters, on an API that applies updates at once, and compares
/// what the judges name with what the model expects.
///
/// # Panics
/// Where they differ.
pub fn judges_agree(begin: [LetterStatus; 3], steps: &[(usize, Step)]) {
    let mut script = Script::small();
    let mut expected = Expected::default();
    let mut lives = begin.map(|truth| Life { truth, possible: Vec::new(), last_sent: None });
    for (number, step) in steps {
        script.wait(SETTLED);
        let id = LETTERS[number % LETTERS.len()];
        let life = &mut lives[number % LETTERS.len()];
        happen(id, life, *step, &mut script, &mut expected);
    }
    let judged = Judged::of(&script);
    let wrong = |status: Option<LetterStatus>, moves: &BTreeSet<(String, LetterStatus)>| {
        let wanted = moves.iter().filter(|(_, to)| status.is_none_or(|only| only == *to));
        wanted.map(|(id, _)| id.clone()).collect::<BTreeSet<String>>()
    };
    let named = judged.named(&["O-MOVE-ELIGIBLE", "O-NOTHING-AFTER-END"]);
    let must = wrong(None, &expected.wrong);
    // PENDING has a check of its own, and may be what was sent after an end besides.
    let may = &(&must | &expected.pending) | &expected.echoed;
    assert!(must.is_subset(&named), "an observer misses one of {must:?}: {begin:?} {steps:?}");
    assert!(named.is_subset(&may), "an observer names {named:?}: {begin:?} {steps:?}");
    let named = judged.named(&["O-PENDING-NOT-SENT"]);
    assert_eq!(named, expected.pending, "sent PENDING: {begin:?} {steps:?}");
    for (test, status) in TESTS {
        let named = judged.named(&[&format!("AT{test}.1")]);
        let must = wrong(Some(status), &expected.wrong);
        let may = &must | &wrong(Some(status), &expected.tried);
        assert!(must.is_subset(&named), "AT{test} misses one of {must:?}: {begin:?} {steps:?}");
        assert!(named.is_subset(&may), "AT{test} names {named:?}: {begin:?} {steps:?}");
    }
}

fn happen(id: &str, life: &mut Life, step: Step, script: &mut Script, expected: &mut Expected) {
    match step {
        Step::Seen => {
            // Once anything is known of it, only a read shows that it waits.
            if life.truth == Pending && life.possible.is_empty() && life.last_sent.is_none() {
                script.list(10, &[letter(id)]);
            } else {
                script.read(id, life.truth);
            }
            life.possible = vec![life.truth];
        }
        Step::Sent(status, reply) => {
            script.patch(id, status);
            if status == Pending {
                expected.pending.insert(id.to_owned());
            }
            if (life.last_sent, status) == (Some(Rejected), Failed) {
                expected.echoed.insert(id.to_owned());
            }
            let wrong = status != Pending && life.forbids(status);
            let moves = match reply {
                Reply::Refused => &mut expected.tried,
                Reply::TakenOn | Reply::Lost(_) => &mut expected.wrong,
            };
            if wrong {
                moves.insert((id.to_owned(), status));
            }
            answer(status, life, reply, script);
        }
        Step::Notify(again) => {
            if life.truth == Rejected {
                life.truth = if again { Pending } else { Failed };
            }
        }
    }
}

fn answer(status: LetterStatus, life: &mut Life, reply: Reply, script: &mut Script) {
    match reply {
        Reply::TakenOn => {
            life.truth = status;
            life.possible = vec![status];
        }
        Reply::Refused => {
            script.answered(400);
            return;
        }
        Reply::Lost(done) => {
            script.lost();
            if done {
                life.truth = status;
            }
            // Where it may be anything already, it still may.
            if !life.possible.is_empty() {
                life.possible.push(status);
            }
        }
    }
    life.last_sent = Some(status);
}

/// Something that a supplier does which keeps to the lifecycle, or sees of an API that lags.
#[derive(Debug, Clone, Copy)]
pub enum Honest {
    /// It sends one of the statuses that may follow, again and again until an answer arrives.
    Moves { choice: usize, lost: usize },
    /// It reads the letter; the answer may lag so many updates behind, but never steps back.
    Looks(usize),
    /// It waits until everything must have been applied.
    Waits,
}

/// Plays an honest supplier on an API that applies updates late.
///
/// # Panics
/// Where a judge names one of its moves.
pub fn an_honest_supplier_is_not_named(steps: &[(usize, Honest)]) {
    let mut script = Script::small();
    script.list(10, &LETTERS.map(letter));
    // What each letter was and became since everything was applied, and what was shown of it.
    let mut lives = LETTERS.map(|_| (vec![Pending], 0));
    let mut since = 0;
    for (number, step) in steps {
        let id = LETTERS[number % LETTERS.len()];
        let (past, shown) = &mut lives[number % LETTERS.len()];
        script.wait(1.0);
        since += 1;
        match *step {
            Honest::Moves { choice, lost } => {
                let Some(next) = past.last().and_then(|status| pick(may_follow(*status), choice))
                else {
                    continue;
                };
                for _ in 0..lost % 3 {
                    script.patch(id, next).lost();
                }
                script.bulk(next, &[id]);
                past.push(next);
            }
            Honest::Looks(behind) => {
                *shown = (*shown).max(past.len() - 1 - behind.min(past.len() - 1));
                script.read(id, past[*shown]);
            }
            Honest::Waits => since = BEFORE_SETTLING,
        }
        if since >= BEFORE_SETTLING {
            script.wait(SETTLED);
            since = 0;
            for (past, shown) in &mut lives {
                past.drain(..past.len() - 1);
                *shown = 0;
            }
        }
    }
    let judged = Judged::of(&script);
    let mut checks = vec!["O-MOVE-ELIGIBLE".to_owned(), "O-NOTHING-AFTER-END".to_owned()];
    checks.extend(TESTS.map(|(test, _)| format!("AT{test}.1")));
    for check in checks {
        let named = judged.named(&[&check]);
        assert!(named.is_empty(), "{check} names {named:?}: {steps:?}");
    }
}

fn pick(statuses: &[LetterStatus], choice: usize) -> Option<LetterStatus> {
    statuses.get(choice.checked_rem(statuses.len())?).copied()
}

/// Everything concluded from a script that names letters.
struct Judged(Vec<CriterionResult>);

impl Judged {
    fn of(script: &Script) -> Self {
        let traffic = Traffic::from_journal(&script.journal(), &script.context);
        let seen = judge_observer(&traffic, &script.context);
        let mut results: Vec<_> = seen.into_iter().flat_map(|check| check.criteria).collect();
        for (test, _) in TESTS {
            let test = TestId::new(test).unwrap();
            results.extend(judge_test(test, &traffic, &script.context).criteria);
        }
        Self(results)
    }

    /// The letters that these criteria name as moved wrongly.
    fn named(&self, ids: &[&str]) -> BTreeSet<String> {
        let of = |result: &&CriterionResult| ids.contains(&result.id.as_str());
        let failed = self.0.iter().filter(of).filter(|result| result.verdict == Verdict::Fail);
        failed.flat_map(|result| &result.letters).map(ToString::to_string).collect()
    }
}
