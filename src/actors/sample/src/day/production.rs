//! Production: each letter's way, dealt out by the flows of the pack, and the waves in which letters
//! go through the house, one status after another (AT5 to AT12). A wave begins when the one before it
//! has been seen.

use std::collections::{HashSet, VecDeque};

use letterproof_model::LetterStatus::{
    self, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Returned,
};
use letterproof_model::{LetterId, ReturnReason, SpecificationKind};

use super::documents::Flaw;
use super::{Day, Shift};
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::line::{Letter, Reason, Update};
use crate::report::SupplierError;
use crate::settings::Fates;

/// What came of preparing a letter's document for print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepared {
    /// It can be printed.
    Ready,
    /// It must not be printed.
    Flawed(Flaw),
    /// There is none.
    NoPdf,
    /// It could not be had today.
    NotHad,
}

/// A step of a letter's way: the status it is taken to, with code and text where it needs them.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) status: LetterStatus,
    pub(super) reason: Option<Reason>,
}

/// A letter in hand.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) letter: Letter,
    /// What came of its document, once it was asked for.
    pub(super) prepared: Option<Prepared>,
    /// The steps still before it.
    pub(super) path: VecDeque<Step>,
    /// Whether nothing more is to be done with it.
    pub(super) closed: bool,
    /// Whether it was given its way.
    pub(super) dealt: bool,
    /// Whether it was seen PRINTED.
    pub(super) printed: bool,
    /// Whether it was seen DISPATCHED.
    pub(super) dispatched: bool,
    /// Whether it was counted in a record of management information.
    pub(super) reported: bool,
}

impl Job {
    pub(super) fn new(letter: Letter, prepared: Option<Prepared>) -> Self {
        Self {
            letter,
            prepared,
            path: VecDeque::new(),
            closed: false,
            dealt: false,
            printed: false,
            dispatched: false,
            reported: false,
        }
    }

    pub(super) fn id(&self) -> &LetterId {
        &self.letter.id
    }
}

impl Prepared {
    /// The reason to report an accepted letter as FAILED for, if its document gives one.
    pub(super) fn reason_to_fail(self) -> Option<Reason> {
        match self {
            Self::Ready | Self::NotHad => None,
            Self::Flawed(Flaw::Damaged) => Some(Reason::new("F01", "The PDF is damaged")),
            Self::Flawed(Flaw::TooLong) => {
                Some(Reason::new("F02", "The PDF has more pages than an envelope takes"))
            }
            Self::Flawed(Flaw::OtherContent) => {
                Some(Reason::new("F03", "The PDF is not the one its hash was made of"))
            }
            Self::NoPdf => Some(Reason::new("F04", "There is no PDF")),
        }
    }
}

/// The waves of a day. No letter goes back to an earlier one.
const WAVES: [LetterStatus; 8] =
    [Forwarded, Printed, Enclosed, Dispatched, Delivered, Returned, Failed, Cancelled];

/// At most so many letters of a wave are updated one by one; the rest go in bulk.
const SINGLY: usize = 5;

impl Day<'_> {
    /// Takes every letter its way.
    pub(super) async fn produce(&mut self, shift: &Shift) -> Result<String, SupplierError> {
        self.deal_paths(shift);
        let mut moved = 0;
        for status in WAVES {
            let wave = self.next_wave(status);
            moved += wave.len();
            let worked = !wave.is_empty();
            let printed: HashSet<LetterId> = wave.iter().map(|(id, _)| id.clone()).collect();
            self.send_wave(status, wave).await?;
            if status == Printed && self.faults.has(Wrong::PrintUnseen) {
                let jobs = self.jobs.iter().filter(|job| printed.contains(job.id()));
                self.prepare(jobs.map(|job| &job.letter)).await?;
            }
            if worked && self.settings.has(Manner::DayBetweenStatuses) {
                self.let_a_day_pass().await;
            }
        }
        Ok(format!("{moved} steps by {} letters", self.jobs.len()))
    }

    /// The letters whose next step this is.
    fn next_wave(&mut self, status: LetterStatus) -> Vec<(LetterId, Step)> {
        let open = self.jobs.iter_mut().filter(|job| !job.closed);
        open.filter_map(|job| {
            let next = job.path.front().is_some_and(|step| step.status == status);
            let step = next.then(|| job.path.pop_front()).flatten()?;
            Some((job.id().clone(), step))
        })
        .collect()
    }

    async fn send_wave(
        &mut self,
        status: LetterStatus,
        wave: Vec<(LetterId, Step)>,
    ) -> Result<(), SupplierError> {
        if wave.is_empty() {
            return Ok(());
        }
        let update = |(id, step): &(LetterId, Step)| {
            Update::new(id, status, self.reason(status, step.reason.clone()))
        };
        let own = |manner| if let Manner::Singly(share) = manner { Some(share) } else { None };
        let singly = match self.settings.manners().find_map(own) {
            Some(share) => (wave.len() * share).div_ceil(100),
            // Both ways of updating are used wherever there are two letters.
            None => (wave.len() / 2).min(SINGLY),
        };
        let (one_by_one, together) = wave.split_at(singly);
        self.patch_each(one_by_one.iter().map(update)).await?;
        self.bulk(together.iter().map(update).collect()).await?;
        if self.faults.has(Wrong::Twice(status))
            && let Some(first) = wave.first()
        {
            self.line.patch(update(first)).await?;
        }
        self.see_all(wave.into_iter().map(|(id, _)| id).collect(), status).await
    }
}

/// Of so many letters at least one goes the ordinary way for each that fares otherwise.
const ORDINARY: usize = 8;

impl Day<'_> {
    /// Gives every letter taken on its way.
    pub(super) fn deal_paths(&mut self, shift: &Shift) {
        let (mut ordinary, mut accessible) = (Vec::new(), Vec::new());
        let open = |(_, job): &(usize, &mut Job)| !job.closed && !job.dealt;
        for (at, job) in self.jobs.iter_mut().enumerate().filter(open) {
            job.dealt = true;
            let kind = job.letter.attributes.specification_id.as_ref();
            let kind = kind.and_then(|id| self.settings.kind(id));
            match job.prepared.unwrap_or(Prepared::NotHad) {
                Prepared::NotHad => {}
                Prepared::NoPdf if self.faults.has(Wrong::ForgetMissing) => {}
                Prepared::Flawed(_) if self.faults.has(Wrong::ForgetDamaged) => {}
                flawed if flawed.reason_to_fail().is_some() => {
                    job.path.push_back(Step { status: Failed, reason: flawed.reason_to_fail() });
                }
                _ if kind == Some(SpecificationKind::Accessible) => accessible.push(at),
                _ => ordinary.push(at),
            }
        }
        if self.faults.has(Wrong::ForwardStandard) && !ordinary.is_empty() {
            accessible.push(ordinary.remove(0));
        }
        let fates = scaled(self.settings.fates, ordinary.len(), shift);
        let own = |manner| if let Manner::Path(path) = manner { Some(path) } else { None };
        let unseen: Option<&'static [LetterStatus]> =
            self.faults.has(Wrong::PrintUnseen).then_some(&[Printed, Dispatched]);
        let own = unseen.or_else(|| self.settings.manners().find_map(own));
        for (number, at) in ordinary.into_iter().enumerate() {
            // A habit's way is gone to its end, whatever the tests of the day need.
            let usual = || ordinary_path(number, fates).into_iter();
            let needed = || usual().filter(|status| shift.reaches(*status)).collect();
            self.give(at, own.map_or_else(needed, <[LetterStatus]>::to_vec), number);
        }
        let cancelled = fates.cancelled.min(accessible.len() / 2);
        for (number, at) in accessible.into_iter().enumerate() {
            let path: &[LetterStatus] =
                if number < cancelled { &[Forwarded, Cancelled] } else { &[Forwarded] };
            self.give(at, path.to_vec(), number);
        }
    }

    fn give(&mut self, at: usize, path: Vec<LetterStatus>, number: usize) {
        let step = |status| Step { status, reason: usual_reason(status, number) };
        self.jobs[at].path = path.into_iter().map(step).collect();
    }
}

/// So few letters that most go the ordinary way, and none fares as this shift does not go.
fn scaled(fates: Fates, ordinary: usize, shift: &Shift) -> Fates {
    let few = ordinary / ORDINARY;
    Fates {
        cancelled: if shift.reaches(Cancelled) { fates.cancelled.min(few) } else { 0 },
        returned: fates.returned.min(ordinary / 3),
        spoilt: fates.spoilt.min(few),
    }
}

/// The way of an ordinary letter: cancelled at some stage, spoilt in the press, or through the
/// house by one of the pack's flows and then, for some, back from the post.
fn ordinary_path(number: usize, fates: Fates) -> Vec<LetterStatus> {
    let stages: [&[LetterStatus]; 3] =
        [&[Cancelled], &[Printed, Cancelled], &[Printed, Enclosed, Cancelled]];
    let cancelled = fates.cancelled * stages.len();
    if number < cancelled {
        return stages[number % stages.len()].to_vec();
    }
    if number < cancelled + fates.spoilt {
        return vec![Printed, Failed];
    }
    let number = number - cancelled - fates.spoilt;
    let house: &[LetterStatus] = match number % 4 {
        0 => &[Printed, Enclosed, Dispatched],
        1 => &[Printed, Dispatched],
        2 => &[Enclosed, Dispatched],
        _ => &[Dispatched],
    };
    let post: &[LetterStatus] = match (number < fates.returned, number % 2) {
        (true, 0) => &[Returned],
        (true, _) => &[Delivered, Returned],
        (false, _) => &[Delivered],
    };
    [house, post].concat()
}

fn usual_reason(status: LetterStatus, number: usize) -> Option<Reason> {
    match status {
        Forwarded => Some(Reason::new("W01", "Passed on to the accessible-format specialist")),
        Cancelled => Some(Reason::new("C01", "Cancelled at the request of NHS Notify")),
        Failed => Some(Reason::new("F05", "Spoilt in the press")),
        Returned => {
            let ReturnReason { code, text } = ReturnReason::ALL[number % ReturnReason::ALL.len()];
            Some(Reason::new(code, text))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use letterproof_model::{Move, judge_move};

    use super::*;

    const FATES: Fates = Fates { cancelled: 2, returned: 20, spoilt: 1 };

    #[test]
    fn every_step_of_every_way_is_a_move_of_the_lifecycle() {
        for number in 0..100 {
            let mut from = LetterStatus::Accepted;
            for to in ordinary_path(number, FATES) {
                assert_eq!(judge_move(from, to), Move::Eligible, "{number}: {from} to {to}");
                from = to;
            }
        }
    }

    #[test]
    fn the_ways_reach_every_end_and_all_ten_return_reasons() {
        let paths: Vec<_> = (0..100).map(|number| ordinary_path(number, FATES)).collect();
        let ends = |status| paths.iter().filter(|path| path.last() == Some(&status)).count();
        assert_eq!([ends(Cancelled), ends(Failed), ends(Returned)], [6, 1, 20]);
        let codes: std::collections::BTreeSet<_> = (0..100)
            .filter(|number| paths[*number].last() == Some(&Returned))
            .filter_map(|number| usual_reason(Returned, number)?.code)
            .collect();
        assert_eq!(codes.len(), 10);
    }
}
