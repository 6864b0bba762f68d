//! Production: letters go through the house in waves, one status after another (AT5 to AT12).
//! Refuses to overtake: a wave begins when the one before it has been seen.

use std::collections::HashSet;

use letterproof_model::LetterId;
use letterproof_model::LetterStatus::{
    self, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Printed, Returned,
};

use super::Day;
use super::job::Step;
use crate::error::SupplierError;
use crate::faults::Wrong;
use crate::habits::Manner;
use crate::shift::Shift;
use crate::wire::Update;

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
