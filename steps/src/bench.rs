//! The bench of judges: sees every exchange as it is recorded and answers which criteria hold.
//! Refuses a verdict of its own; it asks the judges over all that was recorded so far.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use letterproof_judge::JudgeCache;
use letterproof_model::{Context, CriterionId, CriterionResult, Exchange, Timestamp, Verdict};

/// Judges at hand while scenarios run.
#[derive(Debug)]
pub struct Bench {
    judges: Mutex<JudgeCache>,
    /// Scenarios that have not come to their criteria yet.
    acting: Mutex<HashSet<String>>,
    failed: Mutex<HashSet<String>>,
    stopped: Mutex<Option<String>>,
}

/// A criterion that does not hold, or that nobody knows.
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
    /// The pack has no such clause.
    #[error("{0} is no clause of the acceptance pack and no check of the conformance suite")]
    Unknown(CriterionId),
}

impl Bench {
    /// A bench for a target.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            judges: Mutex::new(JudgeCache::new(context)),
            acting: Mutex::default(),
            failed: Mutex::default(),
            stopped: Mutex::default(),
        }
    }

    /// Takes in an exchange; called by the recorder, in the order of the journal.
    pub fn see(&self, exchange: &Arc<Exchange>) {
        lock(&self.judges).push(Arc::clone(exchange));
    }

    /// Takes in that the run goes on after it had broken off, before anything else is recorded.
    pub fn resumed(&self, at: Timestamp) {
        lock(&self.judges).resumed(at);
    }

    /// Whether a criterion holds over all that was recorded so far.
    ///
    /// # Errors
    /// When it does not, with what was expected and seen.
    pub(crate) fn holds(&self, criterion: &CriterionId) -> Result<(), CriterionError> {
        let mut judges = lock(&self.judges);
        let Some(result) = judges.result_of(criterion) else {
            return Err(CriterionError::Unknown(criterion.clone()));
        };
        match result.verdict {
            Verdict::Pass => Ok(()),
            verdict => Err(CriterionError::DoesNotHold {
                id: criterion.clone(),
                verdict,
                expected: result.expected.clone(),
                observed: result.observed.clone(),
            }),
        }
    }

    /// Whether checks of the conformance suite hold over all that was recorded so far: passed, or
    /// not applicable to this target.
    ///
    /// # Errors
    /// When one does not, with what was expected and seen.
    pub(crate) fn checks_hold(&self, ids: &[String]) -> Result<(), CriterionError> {
        let mut judges = lock(&self.judges);
        for id in ids {
            let result = judges
                .conformance()
                .iter()
                .find(|result| result.id.as_str() == id)
                .ok_or_else(|| CriterionError::Unknown(CriterionId::from(id.as_str())))?;
            if !matches!(result.verdict, Verdict::Pass | Verdict::NotApplicable) {
                let of = result.criteria.first();
                let text = |pick: fn(&CriterionResult) -> &String| {
                    of.map(pick).cloned().unwrap_or_default()
                };
                return Err(CriterionError::DoesNotHold {
                    id: result.id.clone(),
                    verdict: result.verdict,
                    expected: text(|result| &result.expected),
                    observed: text(|result| &result.observed),
                });
            }
        }
        Ok(())
    }

    /// Notes that a scenario begins to act.
    pub(crate) fn acts(&self, scenario: &str) {
        lock(&self.acting).insert(scenario.to_owned());
    }

    /// Notes that a scenario has done what it does, or has ended.
    pub(crate) fn rests(&self, scenario: &str) {
        lock(&self.acting).remove(scenario);
    }

    /// Whether a scenario is still making traffic.
    pub(crate) fn is_anyone_acting(&self) -> bool {
        !lock(&self.acting).is_empty()
    }

    /// Notes that a step of a scenario failed.
    pub(crate) fn note_failure(&self, scenario: &str) {
        lock(&self.failed).insert(scenario.to_owned());
    }

    /// Whether a step of a scenario failed.
    pub(crate) fn has_failed(&self, scenario: &str) -> bool {
        lock(&self.failed).contains(scenario)
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

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
