//! What a run would call, change and use up, before anything is sent: the numbers come from the features'
//! phrases and the ledger.

use std::sync::Arc;

use letterproof_client::{ClientError, Ledger, LetterRecord, Profile, Target};
use letterproof_model::{Capability, LetterStatus, Mode, TestId, grouped};
use letterproof_reference_supplier::Gate;
use letterproof_steps::FeatureSet;
use letterproof_steps::plan::{Outlook, Plan, Shortfall, plan as draw_up};

use crate::embedded::{Embedded, MockSettings};
use crate::ledgers::LedgerPlace;
use crate::told::Failure;

/// A plan with what it rests on.
pub struct Planned {
    /// What it would call, change and use up.
    pub plan: Plan,
    /// Where it would go.
    pub target: Target,
    /// Whether the target lives and ends with the run.
    pub embedded: bool,
    /// What the target holds, as far as is known.
    pub outlook: Outlook,
    /// What the ledger knows, and where it lies; none for a mock that ends with the run, or
    /// where nobody says whose it is.
    pub ledger: Option<(LedgerPlace, Counted)>,
}

/// What a ledger says is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counted {
    /// Letters known, by status; those in flight stand under the status reported.
    pub by_status: Vec<(LetterStatus, usize)>,
    /// Letters whose last update has not been seen.
    pub in_flight: usize,
}

impl Planned {
    /// Plans a run of these features: on the target of a profile with the ledger that lies there, or on
    /// the mock inside the run's own process.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a step has no cost.
    pub fn of(
        found: Option<(&Profile, LedgerPlace)>,
        mock: &MockSettings,
        features: &FeatureSet,
    ) -> Result<Self, Failure> {
        let Some((profile, place)) = found else {
            let target = Embedded::planned(mock)?;
            let outlook = outlook(&target, None, true);
            let plan = draw_up(features, outlook.clone())?;
            return Ok(Self { plan, target, embedded: true, outlook, ledger: None });
        };
        let known = place.peek(profile)?;
        let counted = known.as_ref().map(Counted::of).unwrap_or_default();
        Self::on(profile.target.clone(), known.as_ref(), Some((place, counted)), features)
    }

    /// Plans a run on a target of which no ledger can know anything.
    ///
    /// # Errors
    /// When a step has no cost.
    pub fn unknown(target: Target, features: &FeatureSet) -> Result<Self, Failure> {
        Self::on(target, None, None, features)
    }

    fn on(
        target: Target,
        known: Option<&Ledger>,
        ledger: Option<(LedgerPlace, Counted)>,
        features: &FeatureSet,
    ) -> Result<Self, Failure> {
        let outlook = outlook(&target, known, false);
        let plan = draw_up(features, outlook.clone())?;
        Ok(Self { plan, target, embedded: false, outlook, ledger })
    }

    /// Whether letters used up in vain would be gone for good.
    #[must_use]
    pub fn is_guarded(&self) -> bool {
        !self.embedded
            && self.target.has(Capability::Seeded)
            && self.target.has(Capability::Stateful)
    }

    /// The needs that are certainly not met, in words.
    #[must_use]
    pub fn shortages(&self) -> Vec<String> {
        if !self.embedded && !self.is_guarded() {
            return Vec::new();
        }
        self.plan.shortfalls().map(|short| shortage(&short)).collect()
    }

    /// Refuses a run that would use up letters in vain.
    ///
    /// # Errors
    /// Where too few letters are left for it.
    pub fn refuse_if_short(&self) -> Result<(), Failure> {
        let short = self.shortages();
        if self.embedded || short.is_empty() {
            return Ok(());
        }
        let fitting: Vec<String> = self.fitting().iter().map(ToString::to_string).collect();
        let fitting = if fitting.is_empty() {
            String::new()
        } else {
            format!("run what fits with --only {}; ", fitting.join(","))
        };
        let mut lines = vec![format!(
            "too few letters are left on {} for this run, and nothing was sent:",
            self.target.name
        )];
        lines.extend(short.iter().map(|short| format!("  {short}")));
        lines.push(format!(
            "{fitting}say --reseeded if the target was seeded anew since its last run, or --yes to \
             start all the same; `letterproof plan` says more"
        ));
        Err(Failure::Lines(lines))
    }

    /// The tests whose every need may be met.
    #[must_use]
    pub fn fitting(&self) -> Vec<TestId> {
        let short: Vec<TestId> =
            self.plan.shortfalls().flat_map(|short| short.scenario.tests.clone()).collect();
        let all = self.plan.scenarios.iter().flat_map(|scenario| scenario.tests.iter().copied());
        let mut fitting: Vec<TestId> = all.filter(|test| !short.contains(test)).collect();
        fitting.sort_unstable();
        fitting.dedup();
        fitting
    }
}

impl Counted {
    fn of(ledger: &Ledger) -> Self {
        let records = ledger.select(|_| true);
        let status = |record: &LetterRecord| match &record.moved {
            Some(moved) if !moved.seen => Some(moved.status),
            _ => record.status,
        };
        let of = |wanted| records.iter().filter(|record| status(record) == Some(wanted)).count();
        Self {
            by_status: LetterStatus::ALL
                .into_iter()
                .map(|wanted| (wanted, of(wanted)))
                .filter(|(_, count)| *count > 0)
                .collect(),
            in_flight: records.iter().filter(|record| record.in_flight()).count(),
        }
    }

    /// Letters known in any status.
    #[must_use]
    pub fn known(&self) -> usize {
        self.by_status.iter().map(|(_, count)| count).sum()
    }
}

/// What is known of a target before a run, by its settings and its ledger.
fn outlook(target: &Target, known: Option<&Ledger>, reseeds: bool) -> Outlook {
    let fresh = Outlook::fresh(target.context(Mode::Driven), reseeds);
    let Some(ledger) = known else { return fresh };
    let count = |wanted: &dyn Fn(&LetterRecord) -> bool| {
        u64::try_from(ledger.select(wanted).len()).unwrap_or(u64::MAX)
    };
    let waits =
        |record: &LetterRecord| record.status == Some(LetterStatus::Pending) && !record.in_flight();
    let gone = count(&|record| !waits(record) && (record.status.is_some() || record.in_flight()));
    Outlook {
        // Letters that were never listed are still there, as far as anybody knows.
        waiting: count(&waits).max(fresh.waiting.saturating_sub(gone)),
        accepted: count(&|record| {
            record.status == Some(LetterStatus::Accepted) && !record.in_flight()
        }),
        hidden: ledger.all_shown_at().is_some(),
        ..fresh
    }
}

/// Keeps the first update from being sent when lists have shown that the target holds too few
/// letters for what is to be used up; `refuse` is told why.
pub(crate) fn gate(
    features: FeatureSet,
    outlook: Outlook,
    refuse: impl Fn(String) + Send + Sync + 'static,
) -> Gate {
    Arc::new(move |ledger, all_listed| {
        if !all_listed {
            return Ok(());
        }
        let waits = |record: &LetterRecord| {
            record.status == Some(LetterStatus::Pending) && !record.in_flight()
        };
        let waiting = ledger.select(waits).len();
        let outlook =
            Outlook { waiting: u64::try_from(waiting).unwrap_or(u64::MAX), ..outlook.clone() };
        let Ok(plan) = draw_up(&features, outlook) else { return Ok(()) };
        // Whether the whole seeding is there is for the judges to say.
        let Some(short) = plan.shortfalls().find(|short| !short.need.whole) else { return Ok(()) };
        refuse(shortage(&short));
        Err(ClientError::TooFewLetters {
            what: short.need.what.to_owned(),
            needed: usize::try_from(short.need.letters).unwrap_or(usize::MAX),
            found: waiting,
            remedy: "Have the target seeded again, or leave the test out.",
        })
    })
}

/// A need that is not met, in words.
#[must_use]
pub fn shortage(short: &Shortfall<'_>) -> String {
    let need = short.need;
    let tests: Vec<String> = short.scenario.tests.iter().map(ToString::to_string).collect();
    let who = if tests.is_empty() { short.scenario.scenario.clone() } else { tests.join(", ") };
    let (letters, what) = (grouped(need.letters), need.what);
    if need.whole {
        format!(
            "{who} needs all {letters} letters seeded PENDING, and {} are by then",
            need.waiting
        )
    } else {
        format!("{who} needs {what}: {letters}, and {} of any kind are left by then", need.waiting)
    }
}
