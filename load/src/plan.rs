//! Compares a profile with a target: the schedule, what it uses up, and whether it may be sent.
//!
//! Everything here is arithmetic; nothing is sent. Production is never loaded; the target's limit
//! caps every rate, and a rate of `"limit"` needs a target that has one.

use std::time::Duration;

use letterproof_client::{Pacer, Target};
use letterproof_model::grouped;
use letterproof_wire::is_production_host;

use crate::LoadError;
use crate::outcome::Checked;
use crate::profile::{LoadProfile, Rate, Shape, Thresholds};
use crate::schedule::{LoadOperation, Schedule};

/// The most any profile may ask of a target without a limit.
const MOST_PER_SECOND: f64 = 100_000.0;
/// For how long requests may go unanswered before arrivals wait for a user.
const SECONDS_UNANSWERED: f64 = 2.5;
const FEWEST_USERS: u32 = 8;
/// A server that takes 1,024 connections keeps room for downloads.
const MOST_USERS: u32 = 900;
const HOUR: f64 = 3_600.0;

/// What is to be run.
#[derive(Debug, Clone)]
pub enum LoadPlan {
    /// A load that this crate sends.
    Attack(Box<AttackPlan>),
    /// The AT15 flow, which the reference supplier runs.
    At15(At15Plan),
}

/// A load that this crate sends.
#[derive(Debug, Clone)]
pub struct AttackPlan {
    pub(crate) profile: LoadProfile,
    pub(crate) target: Target,
    pub(crate) schedule: Schedule,
    pub(crate) letters: LettersUsed,
    pub(crate) users: u32,
}

/// What the caller runs for a profile of shape `at15`.
#[derive(Debug, Clone, PartialEq)]
pub struct At15Plan {
    /// The profile's name.
    pub name: String,
    /// How many runs.
    pub runs: u32,
    /// What must hold of the best run.
    pub thresholds: Thresholds,
    letters: u32,
    target: String,
}

/// One run of the AT15 flow, as the caller measured it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct At15Run {
    /// From the first request to the end of the last download.
    pub elapsed: Duration,
    /// The least time it can take under the limit.
    pub floor: Duration,
    /// Letters taken in.
    pub letters: u64,
    /// Letters that did not arrive whole.
    pub incomplete: u64,
    /// Answers with 429.
    pub throttled: u64,
}

/// What a load uses up at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LettersUsed {
    /// Letters listed before the start.
    pub(crate) listed_before: u64,
    /// Lists in the mix.
    pub(crate) lists: u64,
    /// Letters hidden from further lists for a time, at most.
    pub(crate) hidden: u64,
    /// Updates and bulk updates.
    pub(crate) updates: u64,
    /// Letters set to ACCEPTED, at most.
    pub(crate) changed: u64,
    /// Records of management information created.
    pub(crate) mi_records: u64,
}

impl LoadProfile {
    /// Holds the profile against a target; nothing is sent.
    ///
    /// # Errors
    /// When the target is production, or cannot take what the profile asks for.
    pub fn plan(&self, target: &Target) -> Result<LoadPlan, LoadError> {
        if is_production_host(&target.base_url) || target.consent().is_some() {
            return Err(LoadError::Refused {
                message: format!(
                    "{} is production, where no load is ever sent; use the integration environment or a mock",
                    target.base_url.host_str().unwrap_or_default()
                ),
            });
        }
        if let Shape::At15 { runs } = self.shape {
            return Ok(LoadPlan::At15(At15Plan {
                name: self.name.clone(),
                runs,
                thresholds: self.thresholds,
                letters: target.seeded_letters,
                target: target.name.clone(),
            }));
        }
        let schedule = self.schedule(target)?;
        let letters = self.letters_used(&schedule);
        let needed = (schedule.peak() * SECONDS_UNANSWERED).ceil() as u32;
        let users = self.users.unwrap_or_else(|| needed.clamp(FEWEST_USERS, MOST_USERS));
        Ok(LoadPlan::Attack(Box::new(AttackPlan {
            profile: self.clone(),
            target: target.clone(),
            schedule,
            letters,
            users,
        })))
    }

    fn schedule(&self, target: &Target) -> Result<Schedule, LoadError> {
        let top = |rate| self.per_second(rate, self.rate_given_as, target);
        let phases: Vec<(String, Duration, f64)> = match &self.shape {
            Shape::Steady { rate, duration } => vec![("steady".to_owned(), *duration, top(*rate)?)],
            Shape::Ramp { from, to, steps, duration, .. } => {
                let (from, to) = (self.per_second(*from, "from", target)?, top(*to)?);
                if from > to {
                    return Err(self.wrong(
                        "from",
                        &format!("{from}/s is above the last step's {to}/s; a ramp rises"),
                    ));
                }
                let last = f64::from(steps.saturating_sub(1)).max(1.0);
                let step = |at: u32| {
                    let rate = (to - from).mul_add(f64::from(at) / last, from);
                    (format!("step {} of {steps}", at + 1), *duration / *steps, rate)
                };
                (0..*steps).map(step).collect()
            }
            Shape::Spike { rate, idle, burst, bursts } => {
                let rate = top(*rate)?;
                let pair = |at: u32| {
                    let burst_of = format!("burst {} of {bursts}", at + 1);
                    [(format!("before {burst_of}"), *idle, 0.0), (burst_of, *burst, rate)]
                };
                (0..*bursts).flat_map(pair).collect()
            }
            Shape::Soak { rate, hours, compress } => {
                let rate = top(*rate)?;
                let busiest = hours.iter().copied().fold(0.0, f64::max);
                let hour = Duration::from_secs_f64(HOUR / compress);
                let of_day = |(at, weight): (usize, &f64)| {
                    (format!("{at:02}:00"), hour, rate * (weight / busiest))
                };
                hours.iter().enumerate().map(of_day).collect()
            }
            Shape::At15 { .. } => Vec::new(),
        };
        Ok(Schedule::new(phases, Pacer::new(target.rate_limit).steady_rate()))
    }

    /// A rate in requests per second, if the target allows it.
    fn per_second(&self, rate: Rate, field: &str, target: &Target) -> Result<f64, LoadError> {
        match (rate, target.rate_limit) {
            (Rate::Limit, Some(limit)) => Ok(f64::from(limit)),
            (Rate::Limit, None) => Err(self.wrong(
                field,
                &format!("target {} has no limit to keep; give a number of requests per second", target.name),
            )),
            (Rate::PerSecond(rate), Some(limit)) if rate > f64::from(limit) => Err(self.wrong(
                field,
                &format!(
                    "{rate}/s is above the limit of {limit}/s of target {}; ask for at most {limit}, or raise rate_limit in the target's profile if NHS Notify has agreed to more",
                    target.name
                ),
            )),
            (Rate::PerSecond(rate), _) if rate > MOST_PER_SECOND => Err(self.wrong(
                field,
                &format!("{rate}/s is more than this harness can send; ask for at most {MOST_PER_SECOND}"),
            )),
            (Rate::PerSecond(rate), _) => Ok(rate),
        }
    }

    fn wrong(&self, field: &str, said: &str) -> LoadError {
        LoadError::profile(if field.starts_with("--") {
            format!("{field}: {said}")
        } else {
            format!("{}: field `{field}`: {said}", self.origin)
        })
    }

    fn letters_used(&self, schedule: &Schedule) -> LettersUsed {
        let count = |operation| (schedule.count() as f64 * self.mix.share(operation)).ceil() as u64;
        let listed_before = if self.needs_letters() { u64::from(self.letters) } else { 0 };
        let (lists, single, bulk) =
            (count(LoadOperation::List), count(LoadOperation::Update), count(LoadOperation::Bulk));
        // Records that are read must have been created.
        let first_record = u64::from(self.mix.has(LoadOperation::MiRead));
        LettersUsed {
            listed_before,
            lists,
            hidden: listed_before + lists * u64::from(self.list_limit),
            updates: single + bulk,
            changed: listed_before.min(single + bulk * u64::from(self.bulk_size)),
            mi_records: count(LoadOperation::Mi) + first_record,
        }
    }

    /// Whether letters must be listed before the start.
    pub(crate) fn needs_letters(&self) -> bool {
        self.mix.weights().iter().any(|(operation, _)| operation.needs_letters())
    }
}

impl LoadPlan {
    /// What will be sent and used up, line by line, for a person to read before the start.
    #[must_use]
    pub fn announcement(&self) -> Vec<String> {
        match self {
            Self::Attack(plan) => plan.announcement(),
            Self::At15(plan) => vec![
                format!(
                    "Load {} on target {}: {} runs of the AT15 flow.",
                    plan.name, plan.target, plan.runs
                ),
                format!(
                    "  letters     all letters of the queue ({} seeded) are set to ACCEPTED in each run",
                    grouped(u64::from(plan.letters))
                ),
            ],
        }
    }
}

impl At15Plan {
    /// Checks the thresholds on the best run: the quickest of those with the fewest incomplete
    /// letters. Without any run, none is kept.
    #[must_use]
    pub fn check(&self, runs: &[At15Run]) -> Vec<Checked> {
        let best = runs.iter().min_by_key(|run| (run.incomplete, run.elapsed));
        let figures = best.map(|run| {
            [
                ("error_rate".to_owned(), run.incomplete as f64 / run.letters as f64),
                ("throttled_429".to_owned(), run.throttled as f64),
                ("ratio_to_floor".to_owned(), run.elapsed.as_secs_f64() / run.floor.as_secs_f64()),
            ]
        });
        self.thresholds.check(&figures.into_iter().flatten().collect())
    }
}

impl AttackPlan {
    /// When requests are due.
    #[must_use]
    pub fn schedule(&self) -> &Schedule {
        &self.schedule
    }

    /// How many requests may be under way at once.
    #[must_use]
    pub fn users(&self) -> u32 {
        self.users
    }

    /// The profile it follows.
    #[must_use]
    pub fn profile(&self) -> &LoadProfile {
        &self.profile
    }

    fn announcement(&self) -> Vec<String> {
        let (profile, schedule) = (&self.profile, &self.schedule);
        let count = schedule.count();
        let mut lines = vec![format!(
            "Load {} on target {} ({}): {} requests in {:.1} s.",
            profile.name,
            self.target.name,
            self.target.base_url,
            grouped(count),
            schedule.duration().as_secs_f64()
        )];
        let asked = schedule.phases().iter().map(|phase| phase.asked).fold(0.0, f64::max);
        lines.push(match self.target.rate_limit {
            Some(limit) => format!(
                "  rate        up to {:.1}/s is asked for and {:.1}/s sent; the limit is {limit}/s in any second",
                asked,
                schedule.peak()
            ),
            None => {
                format!("  rate        up to {asked:.1}/s; the target declares no limit")
            }
        });
        let share = |operation| (count as f64 * profile.mix.share(operation)).round() as u64;
        let mix: Vec<String> = profile
            .mix
            .weights()
            .iter()
            .map(|(operation, _)| format!("{} {}", operation.as_str(), grouped(share(*operation))))
            .collect();
        lines.push(format!("  mix         {}", mix.join(" · ")));
        lines.extend(self.used_up().into_iter().map(|line| format!("  {line}")));
        lines
    }

    fn used_up(&self) -> Vec<String> {
        let used = &self.letters;
        let mut lines = Vec::new();
        if used.hidden > 0 {
            lines.push(format!(
                "letters     up to {} are listed and hidden from further lists for {:.0} s ({} before the start, {} lists in the mix)",
                grouped(used.hidden),
                self.target.visibility_timeout.as_secs_f64(),
                grouped(used.listed_before),
                grouped(used.lists),
            ));
        }
        if used.changed > 0 {
            lines.push(format!(
                "            up to {} are set to ACCEPTED by {} updates, which cannot be undone",
                grouped(used.changed),
                grouped(used.updates),
            ));
        }
        if used.mi_records > 0 {
            lines.push(format!(
                "records     {} of management information are created and cannot be deleted",
                grouped(used.mi_records)
            ));
        }
        if lines.is_empty() {
            lines.push("letters     none are used up".to_owned());
        }
        lines
    }
}
