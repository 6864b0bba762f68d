//! `letterproof plan`: what a run with the same options would call, change and use up.
//! Refuses to send anything, and to count by hand: the numbers come from the features' phrases.

use std::sync::Arc;

use letterproof_client::{Auth, ClientError, Gate, Ledger, LetterRecord, Target};
use letterproof_model::{Capability, LetterStatus, Mode, TestId};
use letterproof_steps::FeatureSet;
use letterproof_steps::plan::{Outlook, Plan, Shortfall, plan as draw_up};

use crate::args::{OutputFormat, RunOptions};
use crate::embedded::Embedded;
use crate::failure::Failure;
use crate::ledgers::Place;
use crate::{out, plan_json, plan_text, run, targets};

/// A plan with what it rests on.
pub(crate) struct Planned {
    pub(crate) plan: Plan,
    pub(crate) target: Target,
    /// Whether the target lives and ends with the run.
    pub(crate) embedded: bool,
    pub(crate) outlook: Outlook,
    /// What the ledger knows, and where it lies; none for a double that ends with the run, or
    /// where nobody says whose it is.
    pub(crate) ledger: Option<(Place, Counted)>,
}

/// What a ledger says is left.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Letters known, by status; those in flight stand under the status reported.
    pub(crate) by_status: Vec<(LetterStatus, usize)>,
    /// Letters whose last update has not been seen.
    pub(crate) in_flight: usize,
}

/// Prints the plan; returns the exit code.
pub(crate) fn plan(options: &RunOptions) -> Result<u8, Failure> {
    if options.resume.is_some() {
        return Err(Failure::Usage("a plan is for a whole run; leave --resume out".to_owned()));
    }
    if options.target == targets::PROD_SMOKE {
        return Err(Failure::Usage(format!(
            "{} fetches the letters named with --letter and submits one record; there is nothing \
             to plan",
            targets::PROD_SMOKE
        )));
    }
    let features = run::features(options)?;
    let planned = if options.target == "int" && std::env::var_os("LETTERPROOF_KID").is_none() {
        Planned::without_credentials(options, &features)?
    } else {
        Planned::of(options, &features)?
    };
    match options.format {
        OutputFormat::Table => out::print(&plan_text::render(&planned))?,
        OutputFormat::Json => out::json(&plan_json::render(&planned))?,
    }
    Ok(0)
}

impl Planned {
    /// Plans a run of these features.
    pub(crate) fn of(options: &RunOptions, features: &FeatureSet) -> Result<Self, Failure> {
        let Some(profile) = targets::of_run(options)? else {
            let target = Embedded::planned(&options.into())?;
            let outlook = outlook(&target, None, true);
            let plan = draw_up(features, outlook.clone())?;
            return Ok(Self { plan, target, embedded: true, outlook, ledger: None });
        };
        let place = Place::of(options, &profile);
        let known = place.peek(&profile)?;
        let counted = known.as_ref().map(Counted::of).unwrap_or_default();
        Self::on(profile.target, known.as_ref(), Some((place, counted)), features)
    }

    /// Plans a run on INT for somebody who has no credentials there yet.
    fn without_credentials(options: &RunOptions, features: &FeatureSet) -> Result<Self, Failure> {
        targets::refuse_options_of_the_mock(options)?;
        let mut target = Target::int(Auth::None)?;
        if let Some(base) = &options.base_url {
            target = target.at(base)?;
        }
        if let Some(letters) = options.letters {
            target.seeded_letters = letters;
        }
        Self::on(target, None, None, features)
    }

    fn on(
        target: Target,
        known: Option<&Ledger>,
        ledger: Option<(Place, Counted)>,
        features: &FeatureSet,
    ) -> Result<Self, Failure> {
        let outlook = outlook(&target, known, false);
        let plan = draw_up(features, outlook.clone())?;
        Ok(Self { plan, target, embedded: false, outlook, ledger })
    }

    /// Whether letters used up in vain would be gone for good.
    pub(crate) fn is_guarded(&self) -> bool {
        !self.embedded
            && self.target.has(Capability::Seeded)
            && self.target.has(Capability::Stateful)
    }

    /// The needs that are certainly not met, in words.
    pub(crate) fn shortages(&self) -> Vec<String> {
        if !self.embedded && !self.is_guarded() {
            return Vec::new();
        }
        self.plan.shortfalls().map(|short| shortage(&short)).collect()
    }

    /// Refuses a run that would use up letters in vain.
    pub(crate) fn refuse_if_short(&self) -> Result<(), Failure> {
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
    pub(crate) fn fitting(&self) -> Vec<TestId> {
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
    pub(crate) fn known(&self) -> usize {
        self.by_status.iter().map(|(_, count)| count).sum()
    }
}

/// What is known of a target before a run, by its settings and its ledger.
pub(crate) fn outlook(target: &Target, known: Option<&Ledger>, reseeds: bool) -> Outlook {
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
pub(crate) fn shortage(short: &Shortfall<'_>) -> String {
    let need = short.need;
    let tests: Vec<String> = short.scenario.tests.iter().map(ToString::to_string).collect();
    let who = if tests.is_empty() { short.scenario.scenario.clone() } else { tests.join(", ") };
    let (letters, what) = (plan_text::counted(need.letters), need.what);
    if need.whole {
        format!(
            "{who} needs all {letters} letters seeded PENDING, and {} are by then",
            need.waiting
        )
    } else {
        format!("{who} needs {what}: {letters}, and {} of any kind are left by then", need.waiting)
    }
}
