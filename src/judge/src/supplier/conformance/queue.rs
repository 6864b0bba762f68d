//! The queue behind the lists: it hides what it named, names every letter that waits, and lets go of
//! letters that were taken on. A letter is not lost while its limit, another list, a lost answer, a
//! pause or another consumer may explain that a list lacks it.

use letterproof_model::text::{many, micros, seconds};
use letterproof_model::{Capability, LetterStatus, Mode};

use super::check::{Check, Concluded, traffic};
use super::matching::Probed;
use super::read::none_or;
use crate::ruling::Ruling;
use crate::supplier::hidden::lost_before;
use crate::supplier::pairs::{Window, is_cut, pairs};
use crate::tally::Tally;
use crate::traffic::{CallIx, Event, EventKind, Letter, LetterIx, ListCall, Micros, Traffic};

/// How long after it was first known a letter is looked for: letters leave the queue unaccepted
/// after 168 hours.
const DAY: Micros = 24 * 60 * 60 * 1_000_000;

pub(super) const CHECKS: &[Check] = &[
    traffic(
        "C-LIST-HIDES",
        "Listed letters are hidden",
        &[],
        hides,
        "Within the visibility timeout that the profile declares, no list repeats a letter.",
        "deployed API, GET /letters",
    )
    .needing(&[Capability::Stateful, Capability::VisibilityTimeout])
    .advice(),
    traffic(
        "C-LIST-COMPLETE",
        "No waiting letter is missing from the lists",
        &[],
        complete,
        "A letter known to be waiting is in every later list that has room for it, once the \
         visibility timeout is over.",
        "OAS listLetters; AT2",
    )
    .needing(&[Capability::Stateful]),
    traffic(
        "C-LIST-LAG",
        "Accepted letters leave the list",
        &[],
        leaves,
        "After its acceptance was seen, no list names a letter for longer than the queue may lag.",
        "OAS listLetters; public handlers of the API",
    )
    .needing(&[Capability::Stateful]),
];

fn hides(probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    for pair in pairs(probed.traffic, probed.context) {
        if pair.updated.is_some() || pair.window == Window::After {
            continue;
        }
        let first = pair.first.letters();
        let mut again = pair.second.letters();
        again.retain(|letter| first.binary_search(letter).is_ok());
        let shown = [pair.first.call, pair.second.call];
        match again.first() {
            None => tally.good(shown),
            Some(letter) if pair.window == Window::AtOnce => {
                let listed = many(again.len(), "letter");
                let words =
                    format!("is one of {listed} listed again {} later", seconds(pair.gap()));
                tally.fault(*letter, shown, words);
            }
            Some(_) => {}
        }
    }
    or_nothing(tally, probed, "second list", "each without a letter of the first")
}

/// A list that has room for every letter that waits, and what it names.
struct Room<'a> {
    list: &'a ListCall,
    letters: Vec<LetterIx>,
    /// When the letter it names that is known longest was first known.
    known_since: Micros,
}

/// The lists that must name every waiting letter: whole, not cut by their limit, with no lost list
/// before them.
fn roomy<'a>(traffic: &'a Traffic, timeout: Micros) -> Vec<Room<'a>> {
    let lists = traffic.lists().iter().filter(|list| {
        list.readable()
            && list.limit.is_some()
            && !is_cut(list)
            && lost_before(list, traffic, timeout).is_none()
    });
    lists
        .map(|list| {
            let letters = list.letters();
            let known_since = first_known(traffic, &letters);
            Room { list, letters, known_since }
        })
        .collect()
}

/// When the first of these letters was known; never, where there are none.
fn first_known(traffic: &Traffic, letters: &[LetterIx]) -> Micros {
    let known = |letter: &LetterIx| traffic.letter(*letter).events.first().map(|event| event.at);
    letters.iter().filter_map(known).min().unwrap_or(Micros::MAX)
}

/// When lists began that named only letters nobody knew: the target may have been seeded again, and
/// what waited before may be gone.
fn seedings(traffic: &Traffic) -> Vec<Micros> {
    let lists = traffic.lists().iter().filter(|list| !list.entries().is_empty());
    lists
        .filter(|list| first_known(traffic, &list.letters()) >= list.started)
        .map(|list| list.started)
        .collect()
}

impl Room<'_> {
    /// Whether the queue is the one in which a letter waited at this moment.
    fn same_queue(&self, since: Micros, seedings: &[Micros]) -> bool {
        match self.letters.is_empty() {
            true => !seedings.iter().any(|at| (since..=self.list.started).contains(at)),
            false => self.known_since <= since,
        }
    }
}

fn complete(probed: &Probed<'_>) -> Concluded {
    let (traffic, context) = (probed.traffic, probed.context);
    let timeout = micros(context.visibility_timeout_ms);
    let (lists, seedings) = (roomy(traffic, timeout), seedings(traffic));
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        let Some(waiting) = Waiting::of(letter, micros(context.queue_lag_ms)) else { continue };
        let mut missing: Option<CallIx> = None;
        for room in &lists {
            let Room { list, letters, .. } = room;
            if letters.binary_search(&ix).is_ok() {
                // Named again: another consumer may have had it in the meantime.
                missing = None;
                if traffic.follows(list.started, waiting.from) {
                    tally.good([list.call]);
                }
            } else if room.same_queue(waiting.from, &seedings)
                && waiting.during(list, traffic)
                && !hidden(letter, list, traffic, timeout)
            {
                missing.get_or_insert(list.call);
            }
        }
        let Some(list) = missing else { continue };
        let ended = traffic.call(list).finished;
        let named_later = letter
            .events
            .iter()
            .any(|event| event.is_listed() && traffic.follows(event.started, ended));
        if !named_later && (context.mode == Mode::Driven || waits_after(letter, list, traffic)) {
            let words = "is waiting, but missing from a list that has room for it";
            tally.fault(ix, [waiting.shown, list], words);
        }
    }
    or_nothing(tally, probed, "listing", "none missing where the list has room")
}

/// From when to when a letter is known to wait in the queue.
struct Waiting {
    from: Micros,
    until: Micros,
    shown: CallIx,
}

impl Waiting {
    /// Until something was sent for it, or it was read as something else.
    fn of(letter: &Letter, lag: Micros) -> Option<Self> {
        let mut waiting: Option<Self> = None;
        let mut last = Micros::MIN;
        for event in &letter.events {
            match event.kind {
                // A letter that was only read may have to reach the queue yet.
                EventKind::Listed(_) | EventKind::Read(Some(LetterStatus::Pending), _) => {
                    let from = if event.is_listed() { event.at } else { event.at + lag };
                    let until = Micros::MAX;
                    waiting.get_or_insert(Self { from, until, shown: event.call });
                    last = event.at;
                }
                EventKind::Read(Some(_), _) => {
                    return waiting.map(|waiting| Self { until: last, ..waiting });
                }
                EventKind::Sent(update) if !update.answer.refused() => {
                    return waiting.map(|waiting| Self { until: event.at, ..waiting });
                }
                _ => {}
            }
        }
        waiting
    }

    /// Whether it waited all the time that this list took, and was watched until then.
    fn during(&self, list: &ListCall, traffic: &Traffic) -> bool {
        traffic.follows(list.started, self.from)
            && traffic.follows(self.until, list.finished)
            && list.started - self.from < DAY
            && traffic.watched(self.from, list.started) == list.started - self.from
    }
}

/// Whether another list may have hidden the letter from this one.
fn hidden(letter: &Letter, list: &ListCall, traffic: &Traffic, timeout: Micros) -> bool {
    letter.events.iter().any(|event| {
        event.is_listed()
            && event.call != list.call
            && !traffic.follows(event.started, list.finished)
            && !traffic.follows(list.started, event.at + timeout)
    })
}

/// Whether a read after this list showed that the letter still waits.
fn waits_after(letter: &Letter, list: CallIx, traffic: &Traffic) -> bool {
    let after = traffic.call(list).finished;
    let pending = |event: &&Event| event.shows() == Some(LetterStatus::Pending);
    letter.events.iter().filter(pending).any(|event| traffic.follows(event.started, after))
}

fn leaves(probed: &Probed<'_>) -> Concluded {
    let traffic = probed.traffic;
    let lag = micros(probed.context.queue_lag_ms);
    let last = traffic.lists().iter().rfind(|list| list.readable());
    let mut tally = Tally::default();
    for (ix, letter) in traffic.letters() {
        // When it was seen to be taken on; NHS Notify may put a rejected letter back.
        let mut taken: Option<&Event> = None;
        let mut late: Option<(&Event, &Event)> = None;
        for event in &letter.events {
            if let Some(status) = event.shows() {
                let back = matches!(status, LetterStatus::Pending | LetterStatus::Rejected);
                taken = if back { None } else { taken.or(Some(event)) };
            }
            let (true, Some(seen)) = (event.is_listed(), taken) else { continue };
            let due = seen.at.saturating_add(lag);
            if traffic.follows(event.started, due) {
                late = Some((seen, event));
            }
        }
        match (late, taken, last) {
            (Some((seen, listed)), ..) => {
                let after = seconds(listed.started - seen.at);
                let words = format!("was still listed {after} after its acceptance was seen");
                tally.fault(ix, [seen.call, listed.call], words);
            }
            (None, Some(seen), Some(list)) if traffic.follows(list.started, seen.at) => {
                tally.good([seen.call, list.call]);
            }
            _ => {}
        }
    }
    or_nothing(tally, probed, "letter", "none listed longer than the queue may lag")
}

/// A ruling over what was seen; a queue that nobody looked at twice shows nothing of it.
fn or_nothing(
    tally: Tally,
    probed: &Probed<'_>,
    noun: &'static str,
    words: &'static str,
) -> Concluded {
    if tally.checked() == 0 {
        return Concluded::plain(Ruling::not_applicable("no later list shows it"));
    }
    none_or(tally, probed, noun, words)
}
