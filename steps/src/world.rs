//! The world of a scenario: a supplier with the letters it is working on. It does nothing before a
//! stage is set, or after the run has been ended.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use cucumber::World;
use letterproof_client::{ClientError, Reason};
use letterproof_model::{CriterionId, LetterId, LetterStatus, ScenarioOutcome};
use letterproof_reference_supplier::{MiSubmission, Reasons, Seen, Supplier};

use crate::phrases::Count;
use crate::prober::ProbeError;
use crate::sweep::before_seeding;
use crate::{Bench, Prober, Stage};

/// A supplier in the middle of a scenario.
#[derive(World, Default)]
pub struct SupplierWorld {
    work: Option<Work>,
    /// The letters last listed.
    pub(crate) listed: Vec<LetterId>,
    /// The letters this scenario works on.
    pub(crate) letters: Vec<LetterId>,
    /// The letters this scenario rejected on the way.
    pub(crate) rejected: Vec<LetterId>,
    /// The letters this scenario found that cannot be taken on, each with the reason.
    pub(crate) unfit: HashMap<LetterId, Reason>,
    /// The management information this scenario submitted.
    pub(crate) submitted: Vec<MiSubmission>,
    /// The checks this scenario probed.
    checks: Vec<CriterionId>,
    /// The criteria and checks that are to hold when the scenario has ended.
    named: Vec<CriterionId>,
    /// How many letters the scenario last called "the first".
    first: usize,
    failure: Option<ScenarioOutcome>,
}

struct Work {
    supplier: Supplier,
    bench: Arc<Bench>,
    prober: Arc<Prober>,
    stage: Stage,
}

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StepError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Probe(#[from] ProbeError),
    #[error("{0}")]
    Scenario(String),
}

/// Which of the scenario's letters a step is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Share {
    All,
    First(usize),
    AllBut(usize),
}

impl Share {
    /// The share that a phrase names; `first` is how many were last called first.
    pub(crate) fn named(words: &str, first: &mut usize) -> Self {
        if words == "the other letters" {
            return Self::AllBut(*first);
        }
        match words.split(' ').find_map(|word| word.parse::<Count>().ok()) {
            Some(count) => {
                *first = count.into();
                Self::First(*first)
            }
            None => Self::All,
        }
    }
}

/// How updates are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    OneByOne,
    InOneUpdate,
}

impl Way {
    /// The way a phrase names.
    pub(crate) fn named(words: &str) -> Self {
        if words == "one by one" { Self::OneByOne } else { Self::InOneUpdate }
    }
}

impl SupplierWorld {
    /// Puts the supplier on a stage, under a scenario's name.
    pub(crate) fn enter(&mut self, stage: &Stage, scenario: &str) {
        self.work = Some(Work {
            supplier: stage.supplier.for_scenario(scenario),
            bench: Arc::clone(&stage.bench),
            prober: Arc::clone(&stage.prober),
            stage: stage.clone(),
        });
    }

    /// The supplier, while the run goes on.
    pub(crate) fn supplier(&self) -> Result<Supplier, StepError> {
        let work = self.work.as_ref().ok_or_else(no_stage)?;
        match work.bench.stopped() {
            None => Ok(work.supplier.clone()),
            Some(reason) => Err(StepError::Scenario(ended(&reason))),
        }
    }

    /// The share that a phrase names: "the other letters" are all but those last called first.
    pub(crate) fn named_share(&mut self, words: &str) -> Share {
        Share::named(words, &mut self.first)
    }

    /// The first of the letters last listed.
    pub(crate) fn first_listed(&self, n: usize) -> &[LetterId] {
        &self.listed[..n.min(self.listed.len())]
    }

    /// The letters of a share.
    pub(crate) fn share(&self, share: Share) -> &[LetterId] {
        let letters = &self.letters[..];
        match share {
            Share::All => letters,
            Share::First(n) => &letters[..n.min(letters.len())],
            Share::AllBut(n) => &letters[n.min(letters.len())..],
        }
    }

    /// Sends the probes of the checks in a table: their ids stand in its first column.
    pub(crate) async fn probe(&mut self, table: &[Vec<String>]) -> Result<(), StepError> {
        let supplier = self.supplier()?;
        let prober = Arc::clone(&self.work.as_ref().ok_or_else(no_stage)?.prober);
        let ids = table.iter().filter_map(|row| row.first());
        self.checks = ids.map(|id| id.as_str().into()).collect();
        let probes = self.checks.iter().map(|check| prober.send(&supplier, check.as_str()));
        let sent = futures::future::try_join_all(probes).await;
        self.noted(sent).map(|_| ())
    }

    /// Notes that the checks probed are to hold.
    pub(crate) fn name_checks(&mut self) {
        self.named.append(&mut self.checks);
    }

    /// Notes that a criterion is to hold. Nothing is judged here: what shows it may still be under
    /// way, and later steps of the scenario may add to it.
    pub(crate) fn name_criterion(&mut self, criterion: &str) {
        self.named.push(criterion.into());
    }

    /// The criteria and checks that are to hold, once.
    pub(crate) fn take_named(&mut self) -> Vec<CriterionId> {
        std::mem::take(&mut self.named)
    }

    /// Has the target seeded anew, where that is in the harness's hands.
    pub(crate) async fn seed_anew(&self) -> Result<(), StepError> {
        let Some(stage) = self.work.as_ref().map(|work| &work.stage) else { return Ok(()) };
        let Some(reseed) = &stage.reseed else { return Ok(()) };
        before_seeding(stage).await;
        reseed().map_err(StepError::Scenario)
    }

    /// Reports a status of a share of the letters.
    pub(crate) async fn report(
        &mut self,
        share: Share,
        status: LetterStatus,
        way: Way,
        reasons: impl Into<Reasons>,
    ) -> Result<(), StepError> {
        let supplier = self.supplier()?;
        if !supplier.context().reports(status) {
            // The workflow knows no such step; the letters go on from where they are.
            return Ok(());
        }
        let letters = self.share(share).to_vec();
        let sent = match way {
            Way::OneByOne => supplier.move_one_by_one(&letters, status, reasons).await,
            Way::InOneUpdate => supplier.move_in_bulk(&letters, status, reasons).await,
        };
        self.noted(sent).map(|_| ())
    }

    /// Looks letters up until they show a status, and rejected ones until they show REJECTED.
    pub(crate) async fn look_up(
        &mut self,
        share: Share,
        status: LetterStatus,
    ) -> Result<(), StepError> {
        let supplier = self.supplier()?;
        if !supplier.context().reports(status) {
            return Ok(());
        }
        let letters = self.share(share).to_vec();
        let rejected = std::mem::take(&mut self.rejected);
        let (seen, _): (Result<Seen, _>, Result<Seen, _>) = futures::join!(
            supplier.see(&letters, status),
            supplier.see(&rejected, LetterStatus::Rejected)
        );
        self.noted(seen).map(|_| ())
    }

    /// Keeps an error's words for the journal, and ends the run where going on makes no sense.
    pub(crate) fn noted<T, E: Into<StepError>>(
        &mut self,
        result: Result<T, E>,
    ) -> Result<T, StepError> {
        result.map_err(|error| {
            let error = error.into();
            let client = match &error {
                StepError::Client(client) | StepError::Probe(ProbeError::Client(client)) => {
                    Some(client)
                }
                _ => None,
            };
            self.failure = Some(match client {
                Some(ClientError::Interrupted) => ScenarioOutcome::Stopped(error.to_string()),
                _ => ScenarioOutcome::Failed(error.to_string()),
            });
            if let Some(work) = &self.work
                && let Some(client) = client.filter(|client| client.is_fatal())
            {
                work.bench.stop(client.to_string());
            }
            error
        })
    }

    /// How the scenario ended early, once.
    pub(crate) fn take_failure(&mut self) -> Option<ScenarioOutcome> {
        self.failure.take()
    }
}

/// Why a scenario came to no end of its own.
pub(crate) fn ended(reason: &str) -> String {
    format!("the run was ended: {reason}")
}

fn no_stage() -> StepError {
    StepError::Scenario("the scenario has no stage; run it with letterproof".to_owned())
}

impl fmt::Debug for SupplierWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a supplier with {} letters at work", self.letters.len())
    }
}
