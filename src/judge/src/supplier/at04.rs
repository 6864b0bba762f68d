//! AT4: accept a list of letters in one update. That a letter is missing from a list proves nothing:
//! letters leave the list merely by being fetched, so only reads of each letter show the acceptance.

use std::cmp::Reverse;
use std::collections::HashSet;

use letterproof_model::{Context, LetterStatus};

use crate::moves::Eligibility;
use crate::readback::ReadBack;
use crate::ruling::{Ruling, Rulings, rule_or};
use crate::supplier::batch::{Batch, Carriers};
use crate::supplier::unfit::exceptional;
use crate::tally::Tally;
use crate::traffic::{Answer, CallIx, LetterIx, ListCall, Micros, Traffic, Via};
use letterproof_model::text::{count, many, micros, seconds};

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
        let pass = |n| format!("{} accepted, each PENDING before", many(n, "letter"));
        self.moved.over(pass, |moved, _, tally| {
            let first = moved.first_call(self.traffic);
            match moved.eligibility() {
                Eligibility::Eligible | Eligibility::Repeat => tally.good([self.list.call]),
                Eligibility::Not(other) => {
                    let calls = moved.seen_in.into_iter().chain([first]);
                    tally.fault(moved.letter, calls, format!("was {other}"));
                }
                Eligibility::Unknown => {
                    tally.open(moved.letter, [first], "has no earlier status on record");
                }
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
                let of_each = several.iter().take(3).map(|update| {
                    let sent = many(update.letters.len(), "letter");
                    format!("{} of {sent}", if update.via == Via::Patch { "PATCH" } else { "POST" })
                });
                let of_each: Vec<String> = of_each.collect();
                let more = if several.len() > 3 { ", …" } else { "" };
                let observed = format!(
                    "{letters} of a list of {} in {} ({}{more})",
                    count(self.list.entries().len() as u64),
                    many(several.len(), "update"),
                    of_each.join(", ")
                );
                Ruling::fail(observed).shown_by(shown())
            }
        }
        .expecting("one bulk update with all acceptances of the list, answered with 202")
    }

    fn none_skipped(&self) -> Ruling {
        let context = self.moved.context;
        let accepted: HashSet<LetterIx> =
            self.moved.moves.iter().map(|(moved, _)| moved.letter).collect();
        let (mut rejected, mut before) = (0, 0);
        let mut tally = Tally::default();
        for letter in self.list.letters() {
            let update = self.updates.first().map(|update| update.call);
            if accepted.contains(&letter) {
                tally.good(update);
            } else if let Some(earlier) = self.taken_on_before(letter) {
                before += 1;
                tally.good([earlier]);
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
        let ruling = tally.rule(self.traffic, "letter", |n| {
            let mut words = format!("{} listed, all accepted", many(n, "letter"));
            if rejected > 0 {
                words.push_str(&format!(
                    " except {} that cannot be accepted, rejected instead",
                    count(rejected as u64)
                ));
            }
            if before > 0 {
                words.push_str(&format!(
                    "; {} accepted before this list, which listed them again",
                    count(before as u64)
                ));
            }
            words
        });
        let batch = context.at4_batch;
        if ruling.passed() && listed < batch as usize {
            let reason = format!("the list had fewer letters than the {} asked for", count(batch));
            return Ruling::open(
                format!("{} listed, all accepted", many(listed, "letter")),
                reason,
            )
            .shown_by([self.list.call]);
        }
        ruling.if_sized("letters", batch, BATCH)
    }

    /// The call that took this letter on before the list was asked for: the list lags, or the
    /// update was lost, and neither is an omission.
    fn taken_on_before(&self, letter: LetterIx) -> Option<CallIx> {
        let mut sent = self.traffic.letter(letter).sent();
        let taken = |status| matches!(status, LetterStatus::Accepted | LetterStatus::Rejected);
        sent.find(|(event, update)| {
            taken(update.status)
                && update.answer.accepted()
                && !self.traffic.follows(event.at, self.list.finished)
        })
        .map(|(event, _)| event.call)
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
        let later: Vec<&ListCall> = self
            .traffic
            .supplier_lists()
            .filter(|list| list.readable() && list.started > from)
            .collect();
        let Some(last) = later.last().map(|list| list.call) else {
            let reason = "no list was asked for after the update";
            return Ruling::open("no later list", reason);
        };
        let mut slowest: Option<Micros> = None;
        let mut tally = Tally::default();
        for (letter, at, read) in seen {
            let Some((lag, listed)) = listed_after(self.traffic, letter, at) else {
                tally.good([last]);
                continue;
            };
            let named = self.traffic.call(listed).finished;
            match later.iter().find(|list| self.traffic.follows(list.started, named)) {
                Some(gone) => {
                    slowest = slowest.max(Some(lag));
                    tally.good([listed, gone.call]);
                }
                None => {
                    let words =
                        format!("was still listed {} after its acceptance was seen", seconds(lag));
                    tally.open(letter, [read, listed], words);
                }
            }
        }
        if tally.checked() == 0 {
            return Ruling::open(
                "no letter was read as ACCEPTED",
                "nothing to look for in the list",
            );
        }
        let timeout = micros(self.moved.context.visibility_timeout_ms);
        let over = self.traffic.deadline(self.list.finished, timeout);
        let shows = later.iter().any(|list| self.traffic.follows(list.started, over));
        let ruling = tally.rule(self.traffic, "letter", |n| match slowest {
            None => format!("{}, none listed again", many(n, "letter")),
            Some(lag) => format!(
                "{}, gone from the list; {} after the acceptance was seen",
                many(n, "letter"),
                seconds(lag)
            ),
        });
        if shows || !ruling.passed() {
            return ruling;
        }
        // The pack asks for this list at once, and for no other one.
        ruling.because(format!(
            "listed letters stay hidden for {}, and no list was asked for after that; reading the \
             letters shows the acceptance",
            seconds(timeout)
        ))
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
            .expecting(format!("the same number of updates and letters: {}", count(letters as u64)))
            .shown_by(self.updates.iter().map(|update| update.call))
            .about(doubled)
    }
}

/// How long after a moment a list still named a letter, and the last list that did.
pub(crate) fn listed_after(
    traffic: &Traffic,
    letter: LetterIx,
    at: Micros,
) -> Option<(Micros, CallIx)> {
    let events = traffic.letter(letter).events.iter();
    let mut listed =
        events.filter(|e| e.is_listed() && e.started > at && traffic.follows(e.started, at));
    listed.next_back().map(|event| (event.started - at, event.call))
}
