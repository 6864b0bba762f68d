//! Where each letter goes: the flows of the pack, dealt out over the letters taken on.
//! Refuses to print what cannot be printed, and what a specialist has to make.

use letterproof_model::LetterStatus::{
    self, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Returned,
};
use letterproof_model::{ReturnReason, SpecificationKind};

use super::Day;
use super::job::{Job, Prepared, Step};
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::settings::Fates;
use crate::shift::Shift;
use crate::wire::Reason;

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
