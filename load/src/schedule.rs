//! When requests are due, and which: an open arrival model on an absolute schedule, and the mix of
//! operations.
//!
//! A schedule is a row of phases, each with a constant rate; the i-th request is due when the
//! integral of the rate reaches i. Nothing that happens later moves it: a slow answer delays no
//! arrival, it only makes the next ones late, and that lateness is measured. No phase has a rate
//! above the cap; each keeps what was asked beside what is sent.
//!
//! The order of a mix follows from its weights alone, so that a run can be repeated and what it uses
//! up can be counted before it starts.

use std::time::Duration;

use letterproof_model::Operation;

/// A time of constant rate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Phase {
    /// What it is, as `step 3 of 10` or `09:00`.
    pub(crate) label: String,
    /// When it begins, from the start of the schedule.
    pub(crate) starts: Duration,
    /// How long it is.
    pub(crate) lasts: Duration,
    /// Requests per second that the profile asks for.
    pub(crate) asked: f64,
    /// Requests per second that are scheduled: what was asked, or the cap.
    pub(crate) rate: f64,
}

impl Phase {
    fn ends(&self) -> Duration {
        self.starts + self.lasts
    }

    fn until(&self, time: Duration) -> f64 {
        time.clamp(self.starts, self.ends()).saturating_sub(self.starts).as_secs_f64()
    }
}

/// When requests are due.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    phases: Vec<Phase>,
}

/// One request to come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arrival {
    /// Its number, from 0.
    pub index: u64,
    /// When it is due, from the start of the schedule.
    pub at: Duration,
}

impl Schedule {
    /// Puts phases (label, length, rate asked for) one after the other; no phase is scheduled
    /// faster than `cap` requests per second.
    #[must_use]
    pub fn new(
        phases: impl IntoIterator<Item = (String, Duration, f64)>,
        cap: Option<f64>,
    ) -> Self {
        let mut starts = Duration::ZERO;
        let phases = phases.into_iter().map(|(label, lasts, asked)| {
            let rate = cap.map_or(asked, |cap| asked.min(cap));
            let phase = Phase { label, starts, lasts, asked, rate };
            starts += lasts;
            phase
        });
        Self { phases: phases.collect() }
    }

    /// Its phases, in order.
    #[must_use]
    pub(crate) fn phases(&self) -> &[Phase] {
        &self.phases
    }

    /// How long it is.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.phases.last().map_or(Duration::ZERO, Phase::ends)
    }

    /// The highest rate scheduled, per second.
    #[must_use]
    pub fn peak(&self) -> f64 {
        self.phases.iter().map(|phase| phase.rate).fold(0.0, f64::max)
    }

    /// How many requests it holds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.due_before(self.duration())
    }

    /// How many requests are due before this time.
    #[must_use]
    pub(crate) fn due_before(&self, time: Duration) -> u64 {
        first_at(self.phases.iter().map(|phase| phase.rate * phase.until(time)).sum())
    }

    /// How many requests the profile asks for before this time, capped or not.
    #[must_use]
    pub(crate) fn asked_before(&self, time: Duration) -> f64 {
        self.phases.iter().map(|phase| phase.asked * phase.until(time)).sum()
    }

    /// The phase at this time.
    #[must_use]
    pub(crate) fn phase_at(&self, time: Duration) -> Option<&Phase> {
        self.phases.iter().find(|phase| time >= phase.starts && time < phase.ends())
    }

    /// Every request to come, in order.
    #[must_use]
    pub fn arrivals(&self) -> Arrivals {
        Arrivals { phases: self.phases.clone(), phase: 0, before: 0.0, next: 0 }
    }
}

/// Whole requests once the integral of the rate has reached this much: the first is due at 0.
/// Sums of fractions miss whole numbers by a hair, which must not make or lose a request.
fn first_at(integral: f64) -> u64 {
    (integral - 1e-6).ceil().max(0.0) as u64
}

/// The requests of a schedule, one after the other.
#[derive(Debug, Clone)]
pub struct Arrivals {
    phases: Vec<Phase>,
    phase: usize,
    /// The integral of the rate before the present phase.
    before: f64,
    next: u64,
}

impl Iterator for Arrivals {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            let phase = self.phases.get(self.phase)?;
            let after = self.before + phase.rate * phase.lasts.as_secs_f64();
            if self.next >= first_at(after) {
                self.before = after;
                self.phase += 1;
                continue;
            }
            let within = ((self.next as f64 - self.before) / phase.rate).max(0.0);
            let within = Duration::from_secs_f64(within).min(phase.lasts);
            let arrival = Arrival { index: self.next, at: phase.starts + within };
            self.next += 1;
            return Some(arrival);
        }
    }
}

/// An operation a mix may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LoadOperation {
    /// `GET /_status`.
    Status,
    /// `GET /letters`, which hides the letters it lists.
    List,
    /// `GET /letters/{id}`.
    Letter,
    /// `GET /letters/{id}/data`, and the download behind it.
    Data,
    /// `PATCH /letters/{id}` to ACCEPTED.
    Update,
    /// `POST /letters`: several letters to ACCEPTED.
    Bulk,
    /// `POST /mi`.
    Mi,
    /// `GET /mi/{id}`.
    MiRead,
}

impl LoadOperation {
    /// Every operation, in the order of profiles and announcements.
    pub const ALL: [Self; 8] = [
        Self::Status,
        Self::List,
        Self::Letter,
        Self::Data,
        Self::Update,
        Self::Bulk,
        Self::Mi,
        Self::MiRead,
    ];

    /// The word used in profiles and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        word(self.operation())
    }

    /// The API's operation.
    #[must_use]
    pub const fn operation(self) -> Operation {
        match self {
            Self::Status => Operation::Status,
            Self::List => Operation::ListLetters,
            Self::Letter => Operation::GetLetter,
            Self::Data => Operation::GetLetterData,
            Self::Update => Operation::PatchLetter,
            Self::Bulk => Operation::UpdateLetters,
            Self::Mi => Operation::CreateMi,
            Self::MiRead => Operation::GetMi,
        }
    }

    /// Whether it is about letters that must be known first.
    #[must_use]
    pub(crate) const fn needs_letters(self) -> bool {
        matches!(self, Self::Letter | Self::Data | Self::Update | Self::Bulk)
    }

    /// Whether a success has this status code. The sandbox answers `POST /mi` with 200 where the
    /// specification says 201.
    pub(crate) fn expects(self, status: u16) -> bool {
        match self {
            Self::Status | Self::List | Self::Letter | Self::MiRead => status == 200,
            Self::Data => status == 303,
            Self::Update | Self::Bulk => status == 202,
            Self::Mi => matches!(status, 200 | 201),
        }
    }
}

/// The word for an operation in records; calls around the API have words too.
pub(crate) const fn word(operation: Operation) -> &'static str {
    match operation {
        Operation::Status => "status",
        Operation::ListLetters => "list",
        Operation::UpdateLetters => "bulk",
        Operation::GetLetter => "letter",
        Operation::PatchLetter => "update",
        Operation::GetLetterData => "data",
        Operation::CreateMi => "mi",
        Operation::GetMi => "mi-read",
        Operation::Token => "token",
        Operation::Download => "download",
        Operation::Unknown => "unknown",
    }
}

/// Takes the operations of a mix in turn: each as often as its weight says, spread evenly.
#[derive(Debug, Clone)]
pub(crate) struct MixCursor {
    entries: Vec<(LoadOperation, f64, f64)>,
    total: f64,
}

impl MixCursor {
    /// Begins a mix of operations with weights that do not sum to nothing.
    pub(crate) fn new(weights: &[(LoadOperation, f64)]) -> Self {
        let entries = weights.iter().map(|(operation, weight)| (*operation, *weight, 0.0));
        Self { entries: entries.collect(), total: weights.iter().map(|(_, weight)| weight).sum() }
    }

    /// The next operation: the one that has waited longest for its share.
    pub(crate) fn next(&mut self) -> LoadOperation {
        for (_, weight, credit) in &mut self.entries {
            *credit += *weight;
        }
        let ahead = self.entries.iter_mut().max_by(|(_, _, one), (_, _, two)| one.total_cmp(two));
        match ahead {
            Some((operation, _, credit)) => {
                *credit -= self.total;
                *operation
            }
            None => LoadOperation::Status,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phases() -> impl Strategy<Value = Vec<(String, Duration, f64)>> {
        let phase = (1u64..4_000, prop_oneof![Just(0.0), 0.5f64..400.0]);
        let named = |(ms, rate)| (String::new(), Duration::from_millis(ms), rate);
        prop::collection::vec(phase.prop_map(named), 1..6)
    }

    proptest! {
        #[test]
        fn arrivals_never_run_backwards_and_are_as_many_as_the_integral_of_the_rate(phases in phases()) {
            let schedule = Schedule::new(phases, None);
            let times: Vec<Duration> = schedule.arrivals().map(|one| one.at).collect();
            prop_assert!(times.is_sorted());
            prop_assert!(times.last().is_none_or(|last| *last <= schedule.duration()));
            prop_assert_eq!(times.len() as u64, schedule.count());
            let integral = schedule.asked_before(schedule.duration());
            prop_assert!((times.len() as f64 - integral).abs() <= 1.0);
        }

        #[test]
        fn no_sliding_second_holds_more_than_the_limit(phases in phases(), limit in 1u32..300) {
            let schedule = Schedule::new(phases, Some(f64::from(limit)));
            let times: Vec<Duration> = schedule.arrivals().map(|one| one.at).collect();
            let mut first = 0;
            for (at, time) in times.iter().enumerate() {
                // Due times are cut to nanoseconds: two that are a second apart may miss it by one.
                while *time - times[first] >= Duration::from_secs(1) - Duration::from_micros(1) {
                    first += 1;
                }
                prop_assert!(at - first < limit as usize, "{} at {time:?}", at - first + 1);
            }
        }

        #[test]
        fn what_is_due_before_a_time_is_what_arrives_before_it(phases in phases(), ms in 0u64..20_000) {
            let schedule = Schedule::new(phases, Some(123.0));
            let time = Duration::from_millis(ms);
            let arrived = schedule.arrivals().filter(|one| one.at < time).count() as i64;
            prop_assert!((arrived - schedule.due_before(time) as i64).abs() <= 1);
        }
    }

    #[test]
    fn a_cap_lowers_what_is_sent_and_not_what_was_asked() {
        let schedule =
            Schedule::new([("all".to_owned(), Duration::from_secs(10), 300.0)], Some(290.0));
        assert_eq!(
            (schedule.count(), schedule.asked_before(schedule.duration())),
            (2_900, 3_000.0)
        );
        assert_eq!(schedule.phase_at(Duration::from_secs(9)).map(|p| p.rate), Some(290.0));
        assert_eq!(schedule.phase_at(Duration::from_secs(10)), None);
    }

    proptest! {
        #[test]
        fn each_operation_comes_as_often_as_its_weight_says(
            weights in prop::collection::vec(0.1f64..50.0, 1..8),
            count in 1usize..2_000,
        ) {
            let mix: Vec<_> = LoadOperation::ALL.into_iter().zip(weights).collect();
            let total: f64 = mix.iter().map(|(_, weight)| weight).sum();
            let mut cursor = MixCursor::new(&mix);
            let taken: Vec<_> = (0..count).map(|_| cursor.next()).collect();
            for (operation, weight) in &mix {
                let seen = taken.iter().filter(|one| *one == operation).count() as f64;
                let due = count as f64 * weight / total;
                prop_assert!((seen - due).abs() <= mix.len() as f64, "{operation:?}: {seen} of {due}");
            }
        }
    }

    #[test]
    fn the_order_is_the_same_each_time_and_spread_evenly() {
        let mix = [(LoadOperation::Letter, 3.0), (LoadOperation::List, 1.0)];
        let take = || {
            let mut cursor = MixCursor::new(&mix);
            (0..8).map(|_| cursor.next().as_str()).collect::<Vec<_>>()
        };
        assert_eq!(take(), take());
        let lists = take().iter().filter(|word| **word == "list").count();
        assert_eq!(lists, 2);
        assert!(take()[..4].contains(&"list") && take()[4..].contains(&"list"));
    }
}
