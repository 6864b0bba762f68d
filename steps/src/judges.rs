//! The judges at hand while scenarios run: they take in every exchange as it is recorded and answer
//! which criteria hold, over all that was recorded so far.
//!
//! Recording never waits for judging: an exchange is only put aside here, for the journal is held
//! meanwhile, and is indexed when somebody asks.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use letterproof_judge::JudgeCache;
use letterproof_model::{Context, CriterionId, CriterionResult, Exchange, Timestamp, Verdict};
use letterproof_traffic::{Micros, Sweep};

/// Judges at hand while scenarios run.
#[derive(Debug)]
pub struct Bench {
    /// What was recorded since anybody last asked; held only to add to it or to take it.
    recorded: Mutex<Vec<Arc<Exchange>>>,
    /// Held while judging.
    judges: Mutex<JudgeCache>,
    stopped: Mutex<Option<String>>,
}

/// A criterion or check that does not hold, or that nobody knows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CriterionError {
    /// The judges did not pass it.
    #[error("{id} is {verdict}: expected {expected}; observed {observed}")]
    DoesNotHold {
        /// The criterion.
        id: CriterionId,
        /// What the judges say instead.
        verdict: Verdict,
        /// What was expected.
        expected: String,
        /// What was seen.
        observed: String,
    },
    /// Neither the pack nor the suite has it; features that name such an id are not run.
    #[error("unknown criterion {0}: expected a clause of the pack or a conformance check")]
    Unknown(CriterionId),
}

impl Bench {
    /// A bench for a target.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            recorded: Mutex::default(),
            judges: Mutex::new(JudgeCache::new(context)),
            stopped: Mutex::default(),
        }
    }

    /// Takes in an exchange; called by the recorder, in the order of the journal.
    pub fn see(&self, exchange: &Arc<Exchange>) {
        lock(&self.recorded).push(Arc::clone(exchange));
    }

    /// Takes in that the run goes on after it had broken off, before anything else is recorded.
    pub fn resumed(&self, at: Timestamp) {
        self.judges().resumed(at);
    }

    /// The judges, who have indexed all that was recorded so far.
    fn judges(&self) -> MutexGuard<'_, JudgeCache> {
        let mut judges = lock(&self.judges);
        // Taken while the judges are held, so that two who ask at once do not mix up the order.
        let recorded = std::mem::take(&mut *lock(&self.recorded));
        recorded.into_iter().for_each(|exchange| judges.push(exchange));
        judges
    }

    /// Whether criteria of the pack and checks of the conformance suite all hold over what was
    /// recorded so far: they passed, or do not apply to this target.
    ///
    /// # Errors
    /// For the first that does not, with what was expected and seen.
    pub(crate) fn hold(&self, ids: &[CriterionId]) -> Result<(), CriterionError> {
        let mut judges = self.judges();
        ids.iter().try_for_each(|id| holds(&mut judges, id))
    }

    /// The letters that a final sweep reads, by all that was recorded so far.
    pub(crate) fn sweep(&self, since: Micros, seed: &str) -> Sweep {
        self.judges().traffic().sweep(since, seed)
    }

    /// Ends the run: no further step is begun.
    pub fn stop(&self, reason: impl Into<String>) {
        lock(&self.stopped).get_or_insert(reason.into());
    }

    /// Why the run was ended early, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<String> {
        lock(&self.stopped).clone()
    }
}

fn holds(judges: &mut JudgeCache, id: &CriterionId) -> Result<(), CriterionError> {
    let unknown = || CriterionError::Unknown(id.clone());
    let (verdict, shown) = if id.test().is_some() {
        let result = judges.result_of(id).ok_or_else(unknown)?;
        (result.verdict, Some(result))
    } else {
        let check = judges.conformance().iter().find(|check| check.id == *id);
        let check = check.ok_or_else(unknown)?;
        (check.verdict, check.criteria.first())
    };
    if matches!(verdict, Verdict::Pass | Verdict::NotApplicable) {
        return Ok(());
    }
    let text = |pick: fn(&CriterionResult) -> &String| shown.map(pick).cloned().unwrap_or_default();
    Err(CriterionError::DoesNotHold {
        id: id.clone(),
        verdict,
        expected: text(|result| &result.expected),
        observed: text(|result| &result.observed),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use letterproof_model::Recorder as _;

    use super::*;
    use crate::recorded::{BASE, journal, status_call};

    #[test]
    fn recording_does_not_wait_for_judging() {
        let bench = Arc::new(Bench::new(Context::stand_in(BASE)));
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(folder.path(), &bench);
        let (recorded, was_recorded) = mpsc::channel();
        let judging = bench.judges();
        let recording = std::thread::spawn(move || {
            journal.record(status_call(200)).unwrap();
            recorded.send(()).unwrap();
        });
        let prompt = was_recorded.recv_timeout(Duration::from_secs(20));
        assert!(prompt.is_ok(), "the recorder waits for the judges");
        assert_eq!(judging.traffic().len(), 0);
        drop(judging);
        recording.join().unwrap();
        assert_eq!(bench.judges().traffic().len(), 1, "whoever asks next is answered over it");
    }
}
