//! AT4: accept a list of letters in one update.
//! Refuses list absence as proof: letters leave the list merely by being fetched, so only reads of
//! each letter show the acceptance.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use letterproof_model::{Context, LetterStatus};

use crate::batch::{Batch, Carriers};
use crate::readback::ReadBack;
use crate::ruling::{Ruling, Rulings, rule_or};
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, EventKind, LetterIx, ListCall, Micros, Traffic, Via};
use crate::unfit::exceptional;
use letterproof_model::text::{count, many};

/// Letters the pack's list asks for.
const BATCH: u32 = 1_000;

/// Judges AT4.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let batch = choose(traffic, context);
    let batches = count(context.at4_batch);
    let nothing = Ruling::not_run(format!("no list of {batches} was asked for and accepted"));
    rule_or(
        batch.as_ref().ok_or(nothing),
        [
            ("AT4.1", Batch::pending),
            ("AT4.2", Batch::one_update),
            ("AT4.3", |batch| batch.moved.seen_back()),
            ("AT4.4", Batch::none_skipped),
            ("AT4.5", Batch::gone),
            ("AT4.6", Batch::on_record),
        ],
    )
}

/// The first full list of the batch's size whose letters were accepted as the pack asks; if there
/// is none, the one that comes nearest. A label naming AT4 narrows the choice.
fn choose<'a>(traffic: &'a Traffic, context: &'a Context) -> Option<Batch<'a>> {
    let sized = || {
        traffic
            .supplier_lists()
            .filter(|list| list.limit == Some(context.at4_batch) && !list.entries().is_empty())
    };
    let labelled = |list: &ListCall| traffic.labelled(list.call, "AT4");
    let narrowed = sized().any(labelled);
    sized()
        .filter(|list| !narrowed || labelled(list))
        .filter_map(|list| Batch::of(list, traffic, context))
        .min_by_key(|batch| {
            let broken = [batch.one_update(), batch.none_skipped(), batch.pending()];
            let broken = broken.iter().filter(|ruling| !ruling.passed()).count();
            let short = batch.list.entries().len() < context.at4_batch as usize;
            (short, broken, Reverse(batch.moved.moves.len()))
        })
}

/// The rulings on a batch.
impl Batch<'_> {
    fn pending(&self) -> Ruling {
        let listed: HashMap<_, _> =
            self.list.entries().iter().map(|entry| (entry.letter, entry.status)).collect();
        let pass = |n| format!("{} accepted, each listed as PENDING", many(n, "letter"));
        self.moved.over(pass, |moved, _, tally| {
            let first = moved.first_call(self.traffic);
            let before = listed.get(&moved.letter).copied().flatten().or(moved.seen_before);
            match before {
                Some(LetterStatus::Pending) => tally.good([self.list.call]),
                Some(other) => {
                    tally.fault(moved.letter, [self.list.call, first], format!("was {other}"));
                }
                None => tally.open(moved.letter, [first], "has no status before on record"),
            }
        })
    }

    fn one_update(&self) -> Ruling {
        let Carriers { carried, carriers, refused } = self.carriers();
        let shown = || carriers.iter().map(|update| update.call);
        let letters = many(carried.len(), "acceptance");
        match (carriers.as_slice(), refused) {
            ([], Some(update)) if update.answer == Answer::Lost => {
                let reason = "no answer arrived, and the call was not repeated with success";
                Ruling::open("the update was not answered", reason).shown_by([update.call])
            }
            ([], update) => {
                let answer = update.map_or(Answer::Lost, |update| update.answer);
                Ruling::fail(format!("the update was {}", answer.words()))
                    .shown_by(update.map(|update| update.call))
            }
            ([only], _) if only.via == Via::Patch => {
                Ruling::fail(format!("{letters}, by PATCH")).shown_by(shown())
            }
            ([only], _) => {
                let observed = format!("{letters} in one update, {}", only.answer.words());
                Ruling::of(only.answer == Answer::Status(202), observed).shown_by(shown())
            }
            (several, _) => {
                let observed = format!("{letters} in {}", many(several.len(), "update"));
                Ruling::fail(observed).shown_by(shown())
            }
        }
        .expecting("one bulk update with all acceptances of the list, answered with 202")
    }

    fn none_skipped(&self) -> Ruling {
        let context = self.moved.context;
        let accepted: HashSet<LetterIx> =
            self.moved.moves.iter().map(|(moved, _)| moved.letter).collect();
        let mut rejected = 0;
        let mut tally = Tally::default();
        for letter in self.list.letters() {
            let update = self.updates.first().map(|update| update.call);
            if accepted.contains(&letter) {
                tally.good(update);
            } else if exceptional(letter, self.traffic, context)
                && self
                    .traffic
                    .letter(letter)
                    .sent()
                    .any(|(_, u)| u.status == LetterStatus::Rejected)
            {
                rejected += 1;
                tally.good(update);
            } else {
                let calls = [Some(self.list.call), update].into_iter().flatten();
                tally.fault(letter, calls, "was listed and not accepted");
            }
        }
        let listed = self.list.letters().len();
        let ruling = tally.rule(self.traffic, "letter", |n| match rejected {
            0 => format!("{} listed, all accepted", many(n, "letter")),
            _ => format!(
                "{} listed, all accepted but {} that cannot be taken on, rejected instead",
                many(n, "letter"),
                count(rejected as u64)
            ),
        });
        let batch = context.at4_batch;
        if ruling.passed() && listed < batch as usize {
            let reason = format!("the list held fewer than the {} asked for", count(batch));
            return Ruling::open(
                format!("{} listed, all accepted", many(listed, "letter")),
                reason,
            )
            .shown_by([self.list.call]);
        }
        ruling.if_sized("letters", batch, BATCH)
    }

    fn gone(&self) -> Ruling {
        let seen: Vec<(LetterIx, Micros, CallIx)> = self
            .moved
            .moves
            .iter()
            .filter_map(|(moved, back)| match back {
                ReadBack::Seen { call, .. } => {
                    Some((moved.letter, self.traffic.call(*call).finished, *call))
                }
                _ => None,
            })
            .collect();
        let from = self.updates.iter().map(|update| update.started).min().unwrap_or(Micros::MAX);
        let later = self
            .traffic
            .supplier_lists()
            .filter(|list| list.readable() && list.started > from)
            .map(|list| list.call)
            .next();
        let Some(later) = later else {
            let reason = "no list was asked for after the update";
            return Ruling::open("no later list", reason);
        };
        let mut tally = Tally::default();
        for (letter, at, read) in seen {
            let back = self.traffic.letter(letter).events.iter().find(|event| {
                matches!(event.kind, EventKind::Listed(_))
                    && event.started > at
                    && self.traffic.follows(event.started, at)
            });
            match back {
                Some(event) => {
                    tally.fault(
                        letter,
                        [read, event.call],
                        "was listed again after its acceptance",
                    );
                }
                None => tally.good([later]),
            }
        }
        if tally.checked() == 0 {
            return Ruling::open(
                "no letter was read as ACCEPTED",
                "nothing to look for in the list",
            );
        }
        tally.rule(self.traffic, "letter", |n| format!("{}, none listed again", many(n, "letter")))
    }

    fn on_record(&self) -> Ruling {
        let ruling = self.moved.on_record();
        if !ruling.passed() {
            return ruling;
        }
        let mut updates = 0_usize;
        let mut doubled = Vec::new();
        for (moved, _) in &self.moved.moves {
            let accepted = moved.updates(self.traffic).filter(|(_, u)| u.answer.accepted()).count();
            updates += accepted;
            if accepted > 1 {
                doubled.push(moved.letter);
            }
        }
        let letters = self.moved.moves.len();
        let observed = format!(
            "{} for {}, with status before and after",
            many(updates, "update"),
            many(letters, "letter")
        );
        Ruling::of(updates == letters, observed)
            .expecting(format!("as many updates as letters: {}", count(letters as u64)))
            .shown_by(self.updates.iter().map(|update| update.call))
            .about(doubled)
    }
}
