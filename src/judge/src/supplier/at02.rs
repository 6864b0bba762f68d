//! AT2: receive the whole daily list in one call. Lists are not added up: one call must bring
//! everything. Where several calls ask for 2,500, the one that shows most is judged; a label naming
//! AT2 narrows the choice. Any seeding from 2,500 up fills the list.

use std::cmp::Reverse;

use letterproof_model::{Context, LetterStatus};

use crate::ruling::{Ruling, Rulings, rule};
use crate::supplier::hidden::{Hidden, hidden_before, taken_on_before};
use crate::tally::Tally;
use crate::traffic::{ListCall, ListContent, Traffic};
use letterproof_model::text::{count, many, micros};

/// Letters the pack seeds, and the limit it asks for.
pub(crate) const SEEDED: u32 = 2_500;

/// Judges AT2.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    let calls: Vec<&ListCall> =
        traffic.supplier_lists().filter(|list| list.limit == Some(SEEDED)).collect();
    let list = choose(&calls, traffic, context);
    let daily = Daily { calls, list, traffic, context };
    rule(
        &daily,
        [
            ("AT2.1", one_call),
            ("AT2.2", |daily| daily.over(|list| whole(list, daily.traffic, daily.context))),
            ("AT2.3", |daily| daily.over(|list| unique(list, daily.traffic))),
            ("AT2.4", |daily| daily.over(|list| pending(list, daily.traffic))),
            ("AT2.5", |daily| daily.over(on_record)),
        ],
    )
}

/// The calls for the whole list.
struct Daily<'a> {
    calls: Vec<&'a ListCall>,
    /// The one that shows most.
    list: Option<&'a ListCall>,
    traffic: &'a Traffic,
    context: &'a Context,
}

impl Daily<'_> {
    /// A ruling on the list, where one could be read.
    fn over(&self, judge: impl FnOnce(&ListCall) -> Ruling) -> Ruling {
        match self.list {
            Some(list) => judge(list),
            None if self.calls.is_empty() => {
                Ruling::not_run("GET /letters?limit=2500 was not called")
            }
            None => Ruling::open("no list could be read", self.why_none())
                .shown_by(self.calls.iter().map(|list| list.call)),
        }
    }
}

impl Daily<'_> {
    /// Why no list could be read: what is wrong is said once, of the call itself.
    fn why_none(&self) -> &'static str {
        let malformed = |list: &ListCall| matches!(list.content, ListContent::Malformed);
        match self.calls.iter().copied().any(malformed) {
            true => {
                "GET /letters?limit=2500 was answered with 200 but without a list of letters: see \
                 AT2.1"
            }
            false => "GET /letters?limit=2500 was not answered with a list: see AT2.1",
        }
    }
}

/// The call that shows most: fewest clauses broken or left open, then the longest list, then the
/// first. What an earlier list had hidden from a second one excuses nothing of the first.
fn choose<'a>(
    calls: &[&'a ListCall],
    traffic: &Traffic,
    context: &Context,
) -> Option<&'a ListCall> {
    let readable = || calls.iter().copied().filter(|list| list.readable());
    let labelled = |list: &&ListCall| traffic.labelled(list.call, "AT2");
    let narrowed = readable().any(|list| labelled(&list));
    readable().filter(|list| !narrowed || labelled(list)).min_by_key(|list| {
        let broken = [
            !whole(list, traffic, context).passed(),
            unique(list, traffic).failed(),
            pending(list, traffic).failed(),
        ];
        let broken = broken.into_iter().filter(|failed| *failed).count();
        (broken, Reverse(list.entries().len()))
    })
}

fn one_call(Daily { calls, list, .. }: &Daily<'_>) -> Ruling {
    if let Some(list) = list {
        let letters = many(list.entries().len(), "letter");
        return Ruling::pass(format!("answered with {letters}")).shown_by([list.call]);
    }
    let shown = calls.iter().map(|list| list.call);
    match calls.last().map(|list| &list.content) {
        None => Ruling::not_run("GET /letters?limit=2500 was not called"),
        Some(ListContent::NotRecorded) => {
            Ruling::open("answered with 200", "the recording does not include the list")
                .shown_by(shown)
        }
        Some(ListContent::None(answer)) if !answer.asks_for_repeat() => {
            Ruling::fail(answer.words()).shown_by(shown)
        }
        Some(ListContent::None(answer)) => {
            Ruling::open(answer.words(), "the call was not repeated with success").shown_by(shown)
        }
        Some(_) => Ruling::fail("answered with 200 but without a list of letters").shown_by(shown),
    }
}

/// The fewest letters that a whole list holds: as many as were seeded, or the limit.
pub(crate) fn floor(context: &Context) -> u32 {
    context.seeded_letters.min(SEEDED)
}

fn whole(list: &ListCall, traffic: &Traffic, context: &Context) -> Ruling {
    let entries = list.entries().len();
    let floor = floor(context);
    let observed = format!("{} entries in the list", count(entries as u64));
    let hidden = hidden_before(list, traffic, micros(context.visibility_timeout_ms));
    let ruling = match hidden {
        Hidden::Unknown(lost) if entries < floor as usize => {
            let reason = "an earlier list, whose answer was lost, hid its letters; ask again after \
                          the visibility timeout";
            return Ruling::open(observed, reason).shown_by([lost, list.call]);
        }
        Hidden::Letters(hidden) if entries < floor as usize => {
            let lacking = floor as usize - entries;
            match elsewhere(lacking, hidden, list, traffic) {
                Some(reason) => return Ruling::open(observed, reason).shown_by([list.call]),
                None => Ruling::of(false, observed),
            }
        }
        _ => Ruling::of(entries >= floor as usize, observed),
    };
    ruling
        .expecting(format!("{} entries", count(floor)))
        .shown_by([list.call])
        .if_sized("letters", floor, SEEDED)
}

/// Where the letters that a list lacks can be, if all of them can be somewhere: hidden, or taken on.
fn elsewhere(lacking: usize, hidden: usize, list: &ListCall, traffic: &Traffic) -> Option<String> {
    if hidden >= lacking {
        return Some(format!(
            "{} hidden by a list asked for shortly before; ask again after the visibility timeout",
            many(hidden, "letter")
        ));
    }
    let taken_on = taken_on_before(list, traffic);
    (hidden + taken_on >= lacking).then(|| {
        format!(
            "{} accepted or rejected earlier and no longer listed; ask for the whole list before \
             accepting any",
            many(taken_on, "letter")
        )
    })
}

fn unique(list: &ListCall, traffic: &Traffic) -> Ruling {
    let entries = list.entries().len();
    let unique = list.letters().len();
    if unique == entries {
        let observed = format!("{} entries, each with a unique id", count(entries as u64));
        return Ruling::pass(observed).shown_by([list.call]);
    }
    let mut sorted: Vec<_> = list.entries().iter().map(|entry| entry.letter).collect();
    sorted.sort_unstable();
    let mut repeated: Vec<_> =
        sorted.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect();
    repeated.dedup();
    let first = repeated.first().map_or("", |letter| traffic.id_text(*letter));
    let observed = format!(
        "{} entries with {} unique ids; listed twice: {first}{}",
        count(entries as u64),
        count(unique as u64),
        if repeated.len() > 1 {
            format!(" and {} more", repeated.len() - 1)
        } else {
            String::new()
        }
    );
    Ruling::fail(observed).shown_by([list.call]).about(repeated)
}

fn pending(list: &ListCall, traffic: &Traffic) -> Ruling {
    let mut tally = Tally::default();
    for entry in list.entries() {
        match entry.status {
            Some(LetterStatus::Pending) => tally.good([list.call]),
            Some(other) => tally.fault(entry.letter, [list.call], format!("is {other}")),
            None => tally.fault(entry.letter, [list.call], "has an unknown status"),
        }
    }
    tally.rule(traffic, "letter", |n| format!("{}, all PENDING", many(n, "letter")))
}

/// The list itself with its time: a list that could be read is on record.
fn on_record(list: &ListCall) -> Ruling {
    let unique = count(list.letters().len() as u64);
    let retrieved = count(list.entries().len() as u64);
    Ruling::pass(format!("on record: {retrieved} retrieved, {unique} unique")).shown_by([list.call])
}
