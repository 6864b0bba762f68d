//! The world in which a plan is drawn up: what a supplier would hold at each step, by what the
//! ledger and the target's settings say. No target is asked.

use std::collections::HashSet;
use std::time::Duration;

use cucumber::World;
use letterproof_model::{Capability, Context, LetterStatus, Operation};
use letterproof_traffic::SAMPLE;

use super::bill::{Bill, Need, Range, Wait};
use crate::phrases::agreed;
use crate::world::{Share, Way};

/// At most so many percent of letters are taken to be such that they cannot be taken on.
const UNFIT: u64 = 5;
/// At most so many cannot be taken on or produced: on INT a third has six pages.
const UNPRODUCIBLE: u64 = 40;
/// The most letters one list or one update names.
const DAILY: u64 = 2_500;

/// What is known before a run.
#[derive(Debug, Clone)]
pub struct Outlook {
    /// The target's settings.
    pub context: Context,
    /// Letters that are PENDING.
    pub waiting: u64,
    /// Letters that are ACCEPTED and that nobody works on.
    pub accepted: u64,
    /// Whether listed letters are still hidden.
    pub hidden: bool,
    /// Whether the harness itself can seed the target anew.
    pub reseeds: bool,
}

impl Outlook {
    /// The outlook on a target that was seeded and not used yet.
    #[must_use]
    pub fn fresh(context: Context, reseeds: bool) -> Self {
        let waiting = u64::from(context.seeded_letters);
        Self { context, waiting, accepted: 0, hidden: false, reseeds }
    }
}

/// A supplier on paper.
#[derive(Debug, Default, World)]
pub(crate) struct Draft {
    outlook: Option<Outlook>,
    pub(super) queue: Queue,
    pub(super) held: Held,
    pub(super) bill: Bill,
}

/// What scenarios share.
#[derive(Debug, Default)]
pub(super) struct Queue {
    /// PENDING letters.
    pending: Range,
    /// ACCEPTED letters that nobody works on.
    free: Range,
    /// Letters dispatched in this run.
    pub(super) dispatched: Range,
    /// Accepted letters that turned out not to be producible.
    unproducible: Range,
    /// Whether any letter is known.
    known: bool,
    /// Whether listed letters are hidden.
    hidden: bool,
    /// The most time that has gone by since they were.
    since_list: Duration,
    /// Whether the last thing that happened was a daily list.
    daily_list_is_fresh: bool,
    /// The probes sent.
    pub(super) probes: HashSet<String>,
    /// Letters that moved since the target was last seeded, which a final sweep reads.
    moved: Range,
    /// Whether the target has been seeded anew.
    seeded_anew: bool,
    /// PENDING letters when the present batch began: its scenarios come in any order.
    at_start: Range,
    /// Whether scenarios beside this one may list first, since no letter was known when they began.
    others_list: bool,
    /// Whether another scenario may have found letters unfit that nobody has decided on.
    finds: bool,
}

/// What a scenario holds.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) asked: u64,
    pub(super) listed: Range,
    pub(super) letters: Range,
    pub(super) rejected: Range,
    pub(super) unfit: Range,
    pub(super) submitted: Range,
    pub(super) prepared: bool,
    pub(super) first: usize,
}

impl Draft {
    pub(super) fn new(outlook: Outlook) -> Self {
        let queue = Queue {
            pending: Range::exactly(outlook.waiting),
            free: Range::up_to(outlook.accepted),
            hidden: outlook.hidden,
            ..Queue::default()
        };
        Self { outlook: Some(outlook), queue, ..Self::default() }
    }

    /// Begins scenarios that run side by side, or one alone.
    pub(super) fn begin(&mut self, scenarios: usize) {
        self.queue.at_start = self.queue.pending;
        self.queue.finds |= scenarios > 1;
        self.queue.others_list = scenarios > 1 && !self.queue.known;
    }

    /// Ends a scenario and gives its bill.
    pub(super) fn leave(&mut self) -> Bill {
        self.held = Held::default();
        self.queue.finds |= self.bill.calls.contains_key(&Operation::GetLetterData);
        std::mem::take(&mut self.bill)
    }

    pub(super) fn context(&self) -> Option<&Context> {
        self.outlook.as_ref().map(|outlook| &outlook.context)
    }

    fn time(&self, of: impl Fn(&Context) -> u64) -> Duration {
        Duration::from_millis(self.context().map_or(0, of))
    }

    /// How many letters a list asks for at this target.
    pub(super) fn agreed(&self, asked: u32) -> u64 {
        u64::from(self.context().map_or(asked, |context| agreed(asked, context)))
    }

    /// Letters the target was seeded with.
    pub(super) fn seeded(&self) -> u64 {
        self.context().map_or(0, |context| u64::from(context.seeded_letters))
    }

    pub(super) fn call(&mut self, operation: Operation, count: Range) {
        self.bill.call(operation, count);
    }

    pub(super) fn wait(&mut self, what: &str, least: Duration, most: Duration) {
        self.queue.since_list += most;
        let waits = &mut self.bill.waits;
        match waits.iter_mut().find(|wait| wait.what == what) {
            Some(known) => {
                known.least += least;
                known.most += most;
            }
            None => waits.push(Wait { what: what.to_owned(), least, most }),
        }
    }

    /// The step needs so many PENDING letters.
    pub(super) fn need(&mut self, what: &'static str, letters: u64) {
        let waiting = self.queue.pending;
        self.bill.needs.push(Need { what, letters, whole: false, waiting });
    }

    /// The step needs all letters seeded.
    pub(super) fn need_all(&mut self) {
        let (letters, waiting) = (self.seeded(), self.queue.pending);
        let what = "all letters seeded";
        self.bill.needs.push(Need { what, letters, whole: true, waiting });
    }

    /// The share of so many letters that may be unfit to be taken on.
    pub(super) fn unfit_among(&self, letters: Range) -> Range {
        let rejects = self
            .context()
            .is_some_and(|context| context.supports.contains(&LetterStatus::Rejected));
        if rejects { percent_of(letters, UNFIT) } else { Range::NONE }
    }

    /// The share of so many letters that may be rejected where all that was found out counts.
    pub(super) fn rejected_among(&self, letters: Range) -> Range {
        if self.unfit_among(letters).is_possible() {
            percent_of(letters, UNPRODUCIBLE)
        } else {
            Range::NONE
        }
    }

    /// A list of letters is received.
    pub(super) fn list(&mut self, limit: u64) -> Range {
        self.call(Operation::ListLetters, Range::exactly(1));
        self.note_list();
        self.queue.daily_list_is_fresh = limit >= DAILY;
        self.queue.pending.at_most(limit)
    }

    pub(super) fn note_list(&mut self) {
        (self.queue.known, self.queue.hidden) = (true, true);
        self.queue.since_list = Duration::ZERO;
    }

    /// The daily list is received, unless it was just now.
    pub(super) fn list_if_stale(&mut self) -> Range {
        if self.queue.daily_list_is_fresh {
            return self.queue.pending.at_most(DAILY);
        }
        self.wait_until_letters_show();
        self.list(DAILY)
    }

    /// Letters are listed where none is known.
    pub(super) fn know_letters(&mut self) {
        if self.queue.known {
            // Those known may all be of the wrong kind.
            self.call(Operation::ListLetters, Range::up_to(1));
        } else {
            self.list(DAILY);
        }
    }

    /// Listed letters show again.
    pub(super) fn wait_until_letters_show(&mut self) {
        if std::mem::take(&mut self.queue.hidden) {
            let timeout = self.time(|context| context.visibility_timeout_ms);
            let least = timeout.saturating_sub(self.queue.since_list);
            self.wait("listed letters show again", least, timeout);
        }
    }

    /// Letters are looked up until they show a status.
    pub(super) fn see(&mut self, letters: Range) {
        if letters.is_possible() {
            self.call(Operation::GetLetter, Range::at_least(letters.least));
            // Looked for somewhat beyond the deadline, to tell a late change from none.
            let longest = self.time(|context| context.update_deadline_ms).mul_f64(1.25);
            self.wait("updates show", Duration::ZERO, longest);
        }
    }

    /// Decisions of other scenarios show.
    pub(super) fn wait_for_decisions(&mut self) {
        let deadline = self.time(|context| context.update_deadline_ms);
        self.wait("decisions under way show", Duration::ZERO, deadline);
    }

    /// PENDING letters get another status.
    pub(super) fn use_up(&mut self, letters: Range) {
        self.queue.pending = self.queue.pending.minus(letters);
        self.queue.moved = self.queue.moved.plus(letters);
        self.bill.used_up = self.bill.used_up.plus(letters);
    }

    /// The letters that cannot be taken on, as far as nobody beside this scenario has decided on them.
    pub(super) fn unfit_waiting(&self) -> Range {
        self.unfit_among(self.queue.at_start)
    }

    /// A list that is decided on whole waits for what others have listed meanwhile.
    pub(super) fn wait_for_lists_of_others(&mut self) {
        if std::mem::take(&mut self.queue.others_list) {
            let timeout = self.time(|context| context.visibility_timeout_ms);
            self.wait("listed letters show again", Duration::ZERO, timeout);
        }
    }

    /// Letters that some scenario found to be unfit are rejected before a list that is decided on;
    /// those on the list count with it.
    pub(super) fn reject_what_was_found(&mut self, listed: u64) {
        if self.queue.finds {
            let others = self.queue.pending.minus(Range::exactly(listed));
            let unfit = self.rejected_among(others);
            // These are all that there may be, so another list of the scenario finds none.
            self.queue.finds = false;
            self.use_up(unfit);
            self.report(unfit, LetterStatus::Rejected, Way::InOneUpdate);
            self.see(unfit);
        }
    }

    /// PDFs are fetched.
    pub(super) fn fetch(&mut self, letters: Range) {
        self.call(Operation::GetLetterData, letters);
        self.call(Operation::Download, letters.perhaps());
    }

    /// A status is reported.
    pub(super) fn report(&mut self, letters: Range, status: LetterStatus, way: Way) {
        let reported = self.context().is_none_or(|context| context.reports(status));
        if !letters.is_possible() || !reported {
            return;
        }
        self.queue.daily_list_is_fresh = false;
        match way {
            Way::OneByOne => self.call(Operation::PatchLetter, letters),
            Way::InOneUpdate => self.call(Operation::UpdateLetters, letters.in_parts_of(DAILY)),
        }
        self.bill.update(status, letters);
        match status {
            // Neighbours may take them up, or not be there any more to do so.
            LetterStatus::Accepted => self.queue.free = self.queue.free.plus(letters.perhaps()),
            LetterStatus::Dispatched => {
                self.queue.dispatched = self.queue.dispatched.plus(letters);
            }
            _ => {}
        }
    }

    /// PENDING letters are accepted.
    pub(super) fn accept(&mut self, letters: Range, way: Way) {
        self.use_up(letters);
        self.report(letters, LetterStatus::Accepted, way);
    }

    /// Letters are listed, accepted and seen, as far as none lie ready.
    pub(super) fn take_accepted(&mut self, n: u64, what: &'static str, fetched: bool) {
        let ready = self.queue.free.at_most(n);
        let fresh = Range::exactly(n).minus(ready);
        self.queue.free = self.queue.free.minus(ready);
        // Those ready may have been accepted in this run, and count already.
        self.queue.moved = self.queue.moved.plus(ready.perhaps());
        if fresh.least > 0 {
            self.know_letters();
        }
        let waiting = self.queue.pending.plus(ready);
        self.bill.needs.push(Need { what, letters: n, whole: false, waiting });
        if fetched {
            // Letters whose PDF is not sound are looked at as well, and left.
            self.fetch(Range::at_least(fresh.least));
        }
        let free = self.queue.free;
        self.accept(fresh, Way::InOneUpdate);
        // They are this scenario's own.
        self.queue.free = free;
        self.see(fresh);
        self.held.letters = Range::exactly(n);
    }

    /// One ordinary letter is taken from the queue, accepted in a way of its own, and seen.
    pub(super) fn accept_one(&mut self, way: Way) {
        self.know_letters();
        self.need("ordinary letters", 1);
        self.fetch(Range::at_least(1));
        let free = self.queue.free;
        self.accept(Range::exactly(1), way);
        self.queue.free = free;
        self.see(Range::exactly(1));
    }

    /// Letters that turn out not to be producible are looked for, accepted and seen.
    pub(super) fn accept_unproducible(&mut self, n: u64) {
        self.know_letters();
        self.need("letters with a damaged or too long PDF", 1);
        self.fetch(Range::at_least(1));
        let found = Range { least: 1, most: Some(n.max(1)) };
        let free = self.queue.free;
        self.accept(found, Way::InOneUpdate);
        self.queue.free = free;
        self.queue.unproducible = self.queue.unproducible.plus(found);
        self.see(found);
    }

    /// All accepted letters that cannot be produced are failed.
    pub(super) fn fail_unproducible(&mut self) {
        // A scenario beside this one may have failed them first.
        let bad = self.queue.unproducible.plus(percent_of(self.queue.free, UNPRODUCIBLE)).perhaps();
        self.report(bad, LetterStatus::Failed, Way::InOneUpdate);
        self.held.letters = bad;
    }

    /// The share of the scenario's letters.
    pub(super) fn share(&self, share: Share) -> Range {
        let letters = self.held.letters;
        let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
        match share {
            Share::All => letters,
            Share::First(n) => letters.at_most(number(n)),
            Share::AllBut(n) => letters.minus(Range::exactly(number(n))),
        }
    }

    /// A listed queue is decided on: what is unfit is rejected, the rest accepted.
    pub(super) fn decide_on(&mut self, letters: Range, parts: Range, unfit: Range) -> Range {
        let accepted = letters.minus(unfit);
        // The two come to the letters listed, whatever the share is.
        self.use_up(letters);
        self.queue.daily_list_is_fresh = false;
        self.call(Operation::UpdateLetters, parts);
        if unfit.is_possible() {
            self.call(Operation::UpdateLetters, parts.perhaps());
        }
        self.bill.update(LetterStatus::Accepted, accepted);
        self.bill.update(LetterStatus::Rejected, unfit);
        self.queue.free = self.queue.free.plus(accepted.perhaps());
        accepted
    }

    /// The whole queue is taken in, list by list, and every PDF fetched.
    pub(super) fn take_in_queue(&mut self, chunk: u64) {
        self.need_all();
        let letters = self.queue.pending;
        let lists = letters.in_parts_of(chunk);
        self.call(Operation::ListLetters, lists.plus(Range::exactly(1)));
        self.note_list();
        let unfit = self.unfit_among(letters);
        let accepted = self.decide_on(letters, lists, unfit);
        self.fetch(accepted);
        let bad = percent_of(accepted, UNPRODUCIBLE);
        self.see(unfit);
        self.see(bad);
        self.report(bad, LetterStatus::Failed, Way::InOneUpdate);
        self.see(bad);
    }

    /// What moved is read once more, with a sample of what did not that was read before as well.
    pub(super) fn sweep(&mut self) {
        let stateful = self.context().is_some_and(|context| context.has(Capability::Stateful));
        if stateful && self.queue.moved.is_possible() {
            let sample = Range::up_to(2 * SAMPLE as u64);
            self.call(Operation::GetLetter, self.queue.moved.plus(sample));
        }
    }

    /// The target is seeded anew, if that is in the harness's hands.
    pub(super) fn seed_anew(&mut self) {
        let seeded = self.seeded();
        if self.outlook.as_ref().is_some_and(|outlook| outlook.reseeds) {
            // What is seeded anew a second time is not swept.
            if !std::mem::replace(&mut self.queue.seeded_anew, true) {
                self.sweep();
            }
            self.queue.moved = Range::NONE;
            self.queue.pending = Range::exactly(seeded);
            self.queue.free = Range::NONE;
            self.queue.unproducible = Range::NONE;
            self.queue.hidden = false;
            self.queue.finds = false;
        }
    }
}

/// None of the letters, or up to so many percent.
fn percent_of(letters: Range, percent: u64) -> Range {
    let most = letters.most.map(|most| (most * percent).div_ceil(100));
    Range { least: 0, most }
}
