//! A fault as it was asked for (which one, how often, how long or how much), and which faults are
//! armed for everyone and for one request. While none is, a request costs one relaxed load.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use letterproof_model::nearest;
use parking_lot::RwLock;

use crate::supplier::faults::catalogue::{FaultEntry, fault_catalogue};
use crate::supplier::faults::effect::{Effect, Rewrite};

/// How many of the chances to be wrong a fault takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dose {
    /// Every one.
    Always,
    /// The first so many.
    First(u32),
    /// So many in a million, evenly spread.
    PerMillion(u32),
}

impl Dose {
    /// Whether the chance with this number (from 0) is taken.
    pub(crate) fn takes(self, chance: u64) -> bool {
        match self {
            Self::Always => true,
            Self::First(count) => chance < u64::from(count),
            Self::PerMillion(rate) => {
                let done = |chances: u64| chances.wrapping_mul(u64::from(rate)) / 1_000_000;
                done(chance + 1) > done(chance)
            }
        }
    }
}

impl fmt::Display for Dose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Always => f.write_str("always"),
            Self::First(count) => write!(f, "{count}"),
            Self::PerMillion(rate) => write!(f, "{}%", f64::from(*rate) / 10_000.0),
        }
    }
}

/// What may follow the `=`, with the value taken when nothing does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentSyntax {
    /// How often: a number of times, a percentage, or `always`.
    Dose(Dose),
    /// A time (`250ms`, `2s`, `1m`), optionally with how often: `2s@5%`.
    Time(Duration),
    /// A number, optionally with how often: `3@1`.
    Number(u32),
}

impl fmt::Display for ArgumentSyntax {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dose(usual) => write!(f, "[=TIMES|RATE%|always] (default {usual})"),
            Self::Time(usual) => write!(f, "[=TIME[@OFTEN]] (default {}ms)", usual.as_millis()),
            Self::Number(usual) => write!(f, "[=NUMBER[@OFTEN]] (default {usual})"),
        }
    }
}

/// A fault to be armed.
#[derive(Debug, Clone)]
pub struct Fault {
    pub(crate) entry: &'static FaultEntry,
    pub(crate) dose: Dose,
    pub(crate) time: Duration,
    pub(crate) number: u32,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseFaultError {
    /// No such name.
    #[error("unknown fault `{name}`{}; `letterproof mock --fault list` prints the catalogue", .near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default())]
    Unknown {
        /// What was given.
        name: String,
        /// The fault whose name comes nearest.
        near: Option<&'static str>,
    },
    /// The argument is not of the fault's syntax.
    #[error("fault `{name}` does not take `{argument}`; it takes {name}{syntax}")]
    Argument {
        /// The fault.
        name: &'static str,
        /// What was given.
        argument: String,
        /// What it takes.
        syntax: ArgumentSyntax,
    },
}

impl Fault {
    /// Reads `NAME` or `NAME=ARG`.
    ///
    /// # Errors
    /// The catalogue has no such name, or the argument does not fit.
    pub fn parse(text: &str) -> Result<Self, ParseFaultError> {
        let (name, argument) = match text.split_once('=') {
            Some((name, argument)) => (name.trim(), Some(argument.trim())),
            None => (text.trim(), None),
        };
        let entry = fault_catalogue().iter().find(|entry| entry.name == name).ok_or_else(|| {
            ParseFaultError::Unknown {
                name: name.to_owned(),
                near: nearest(name, fault_catalogue().iter().map(|entry| entry.name)),
            }
        })?;
        let mut fault = Self { entry, dose: Dose::Always, time: Duration::ZERO, number: 0 };
        match entry.argument {
            ArgumentSyntax::Dose(usual) => fault.dose = usual,
            ArgumentSyntax::Time(usual) => fault.time = usual,
            ArgumentSyntax::Number(usual) => fault.number = usual,
        }
        let Some(argument) = argument else { return Ok(fault) };
        fault.read(argument).ok_or_else(|| ParseFaultError::Argument {
            name: entry.name,
            argument: argument.to_owned(),
            syntax: entry.argument,
        })?;
        Ok(fault)
    }

    fn read(&mut self, argument: &str) -> Option<()> {
        let (value, often) = match argument.split_once('@') {
            Some((value, often)) => (value, Some(parse_dose(often)?)),
            None => (argument, None),
        };
        match self.entry.argument {
            ArgumentSyntax::Dose(_) => {
                if often.is_some() {
                    return None;
                }
                self.dose = parse_dose(value)?;
            }
            ArgumentSyntax::Time(_) => self.time = parse_time(value)?,
            ArgumentSyntax::Number(_) => self.number = value.parse().ok()?,
        }
        self.dose = often.unwrap_or(self.dose);
        Some(())
    }

    /// The catalogue's entry.
    #[must_use]
    pub fn entry(&self) -> &'static FaultEntry {
        self.entry
    }
}

impl FromStr for Fault {
    type Err = ParseFaultError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.entry.name)?;
        match self.entry.argument {
            ArgumentSyntax::Dose(_) => return write!(f, "={}", self.dose),
            ArgumentSyntax::Time(_) => write!(f, "={}ms", self.time.as_millis())?,
            ArgumentSyntax::Number(_) => write!(f, "={}", self.number)?,
        }
        if self.dose == Dose::Always { Ok(()) } else { write!(f, "@{}", self.dose) }
    }
}

fn parse_dose(text: &str) -> Option<Dose> {
    if text == "always" {
        return Some(Dose::Always);
    }
    if let Some(percent) = text.strip_suffix('%') {
        let percent: f64 = percent.parse().ok()?;
        return (0.0..=100.0)
            .contains(&percent)
            .then_some(Dose::PerMillion((percent * 10_000.0).round() as u32));
    }
    text.parse().ok().map(Dose::First)
}

fn parse_time(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: f64 = digits.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?;
    let unit = match &text[digits.len()..] {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return None,
    };
    Duration::try_from_secs_f64(number * unit).ok().filter(|t| *t <= Duration::from_secs(86_400))
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    chances: AtomicU64,
}

/// Faults armed together.
#[derive(Debug, Default)]
struct Set(Vec<Armed>);

impl Set {
    fn new(faults: impl IntoIterator<Item = Fault>) -> Arc<Self> {
        let armed = faults.into_iter().map(|fault| Armed { fault, chances: AtomicU64::new(0) });
        Arc::new(Self(armed.collect()))
    }
}

/// The faults armed for every request.
#[derive(Debug)]
pub(crate) struct Board {
    any: AtomicBool,
    set: RwLock<Arc<Set>>,
}

/// How a fault that struck was dosed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) number: u32,
    pub(crate) time: Duration,
}

/// The faults one request meets.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    all: Option<Arc<Set>>,
    own: Option<Arc<Set>>,
}

impl Board {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let board = Self { any: AtomicBool::new(false), set: RwLock::default() };
        board.arm(faults);
        board
    }

    /// Replaces the armed faults; their counts begin anew.
    pub(crate) fn arm(&self, faults: Vec<Fault>) {
        let any = !faults.is_empty();
        *self.set.write() = Set::new(faults);
        self.any.store(any, Ordering::Release);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.set.read().0.iter().map(|armed| armed.fault.to_string()).collect()
    }

    /// The faults a request meets, its own included.
    pub(crate) fn view(&self, own: Option<Fault>) -> View {
        let all = self.any.load(Ordering::Acquire).then(|| Arc::clone(&self.set.read()));
        View { all, own: own.map(|fault| Set::new([fault])) }
    }
}

impl View {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && self.own.is_none()
    }

    fn armed(&self) -> impl Iterator<Item = &Armed> {
        [&self.all, &self.own].into_iter().flatten().flat_map(|set| &set.0)
    }

    /// Asks whether an effect strikes now; each question is one chance.
    pub(crate) fn hit(&self, effect: Effect) -> Option<Hit> {
        if self.is_empty() {
            return None;
        }
        self.armed()
            .find(|armed| armed.fault.entry.effect == effect && armed.strikes())
            .map(Hit::of)
    }

    pub(crate) fn on(&self, effect: Effect) -> bool {
        self.hit(effect).is_some()
    }

    /// The status of a `FailWith` that strikes now.
    pub(crate) fn failure(&self) -> Option<u16> {
        self.armed().find_map(|armed| match armed.fault.entry.effect {
            Effect::FailWith(status) if armed.strikes() => Some(status),
            _ => None,
        })
    }

    /// The rewrites that strike an answer chosen by `covers`.
    pub(crate) fn rewrites(&self, covers: impl Fn(&Rewrite) -> bool) -> Vec<Rewrite> {
        self.armed()
            .filter_map(|armed| match armed.fault.entry.effect {
                Effect::Rewrite(rewrite) if covers(&rewrite) && armed.strikes() => Some(rewrite),
                _ => None,
            })
            .collect()
    }
}

impl Armed {
    fn strikes(&self) -> bool {
        self.fault.dose.takes(self.chances.fetch_add(1, Ordering::Relaxed))
    }
}

impl Hit {
    fn of(armed: &Armed) -> Self {
        Self { number: armed.fault.number, time: armed.fault.time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_reads_back_what_it_writes() {
        for text in [
            "lose-update=1",
            "lose-update=2.5%",
            "lose-update=always",
            "late-update=90000ms",
            "stall=250ms@5%",
            "list-omit=3",
            "list-omit=3@1",
        ] {
            assert_eq!(Fault::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Fault::parse(" lose-update ").unwrap().dose, Dose::First(1));
    }

    #[test]
    fn what_is_no_fault_is_refused_in_one_line() {
        for text in [
            "",
            "=",
            "nonsense",
            "lose-update=",
            "lose-update=-1",
            "lose-update=101%",
            "lose-update=1@2",
            "lose-update=NaN%",
            "late-update=2",
            "late-update=-2s",
            "late-update=infs",
            "late-update=1e99h",
            "list-omit=x",
            "list-omit=1@",
        ] {
            let message = Fault::parse(text).unwrap_err().to_string();
            assert!(!message.contains('\n') && message.contains("fault"), "{text}: {message}");
        }
    }

    #[test]
    fn a_rate_is_met_exactly_and_spread_evenly() {
        let dose = Dose::PerMillion(50_000);
        let taken: Vec<u64> = (0..1_000).filter(|chance| dose.takes(*chance)).collect();
        assert_eq!(taken.len(), 50);
        assert!(taken.windows(2).all(|pair| pair[1] - pair[0] == 20));
        assert!(!(0..9).any(|chance| Dose::PerMillion(0).takes(chance)));
        assert_eq!((0..9).filter(|chance| Dose::First(4).takes(*chance)).count(), 4);
    }
}
