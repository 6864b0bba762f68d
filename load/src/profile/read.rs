//! Turns a load profile's text into a profile, or names every problem in it: an unknown field, one
//! that belongs to another shape, a number that no run could keep.

use std::time::Duration;

use letterproof_toml::{Table, Value};

use super::{LoadProfile, Mix, Rate, Shape, Thresholds};
use crate::schedule::LoadOperation;

/// Letters the API lists or updates in one call.
const MOST_LETTERS: u32 = 2_500;
/// The most steps, bursts or runs of a profile.
pub(super) const MOST_STEPS: u32 = 1_000;
/// The longest time a profile may ask for.
pub(super) const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);
const MOST_USERS: u32 = 10_000;
const LETTERS: u32 = 100;
const SMALL_BATCH: u32 = 10;
const SLOW_DOWNLOAD: Duration = Duration::from_secs(10);
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);

/// Reads a profile; `origin` names it in later messages.
pub(super) fn read(top: &Table<'_>, origin: &str) -> Option<LoadProfile> {
    let word = top.required().word("shape", &SHAPES);
    check_shape(top, &FIELDS, word);
    // It becomes a folder's name.
    let name = top.required().parsed("name", |name| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let fits = name.len() <= 64 && name.chars().all(plain);
        fits.then_some(name).ok_or("use up to 64 letters, digits, `-` and `_`: it names a folder")
    });
    let about = top.text("about").unwrap_or_default();
    let shape = word.and_then(|word| read_shape(word, top));
    let mix = match word {
        Some("at15") => Some(Mix::default()),
        _ => word.and_then(|_| read_mix(top)),
    };
    let thresholds = read_thresholds(word, &top.table("thresholds"));
    let letters = |name| top.whole(name, 1..=MOST_LETTERS);
    Some(LoadProfile {
        about: about.to_owned(),
        letters: letters("letters").unwrap_or(LETTERS),
        list_limit: letters("list_limit").unwrap_or(SMALL_BATCH),
        bulk_size: letters("bulk_size").unwrap_or(SMALL_BATCH),
        download: top.flag("download").unwrap_or(true),
        users: top.whole("users", 1..=MOST_USERS),
        slow_download: time(top, "slow_download").unwrap_or(SLOW_DOWNLOAD),
        give_up_after: time(top, "give_up_after").unwrap_or(GIVE_UP_AFTER),
        origin: origin.to_owned(),
        rate_given_as: if word == Some("ramp") { "to" } else { "rate" },
        name: name?.to_owned(),
        shape: shape?,
        mix: mix?,
        thresholds,
    })
}

/// A rate above zero, or the word `limit`.
fn rate(top: &Table<'_>, name: &'static str) -> Option<Rate> {
    let expected = "a number of requests per second above zero, or \"limit\"";
    top.value(name, expected, |value| match value.text() {
        Some(word) => (word == "limit").then_some(Rate::Limit),
        None => {
            let rate = value.number().filter(|rate| rate.is_finite() && *rate > 0.0);
            rate.map(Rate::PerSecond)
        }
    })
}

/// A length of time above zero.
fn time(top: &Table<'_>, name: &'static str) -> Option<Duration> {
    let expected =
        "a length of time above zero, and up to 744h, such as \"60s\", \"5m\" or \"24h\"";
    top.value(name, expected, |value| {
        value.time().filter(|time| !time.is_zero() && *time <= LONGEST)
    })
}

/// The weights of a day's hours, which do not sum to nothing.
fn hours(top: &Table<'_>) -> Option<Vec<f64>> {
    let expected =
        "24 weights of at least zero, one for each hour from midnight, that do not sum to nothing";
    top.value("hours", expected, |value| {
        let hours: Option<Vec<f64>> = value.list()?.into_iter().map(Value::number).collect();
        hours.filter(|hours| {
            hours.len() == 24
                && hours.iter().all(|weight| weight.is_finite() && *weight >= 0.0)
                && hours.iter().sum::<f64>() > 0.0
        })
    })
}

fn read_shape(word: &str, top: &Table<'_>) -> Option<Shape> {
    let needed = &top.required();
    let count = |table: &Table<'_>, name| table.whole(name, 1..=MOST_STEPS);
    match word {
        "steady" => {
            let (rate, duration) = (rate(needed, "rate"), time(needed, "duration"));
            Some(Shape::Steady { rate: rate?, duration: duration? })
        }
        "ramp" => {
            let (from, to) = (rate(needed, "from"), rate(needed, "to"));
            let (steps, duration) = (count(needed, "steps"), time(needed, "duration"));
            let stop_at_429 = top.flag("stop_at_429").unwrap_or(true);
            let (from, to, steps, duration) = (from?, to?, steps?, duration?);
            Some(Shape::Ramp { from, to, steps, duration, stop_at_429 })
        }
        "spike" => {
            let (rate, bursts) = (rate(needed, "rate"), count(needed, "bursts"));
            let (idle, burst) = (time(needed, "idle"), time(needed, "burst"));
            Some(Shape::Spike { rate: rate?, idle: idle?, burst: burst?, bursts: bursts? })
        }
        "soak" => {
            let (rate, hours) = (rate(needed, "rate"), hours(needed));
            let compress = top.number("compress", 1.0..=86_400.0, "a number from 1 to 86400");
            Some(Shape::Soak { rate: rate?, hours: hours?, compress: compress.unwrap_or(1.0) })
        }
        _ => Some(Shape::At15 { runs: count(top, "runs").unwrap_or(3) }),
    }
}

fn read_mix(top: &Table<'_>) -> Option<Mix> {
    let table = top.table(MIX);
    if !table.is_given() {
        if !top.has(MIX) {
            top.problem(MIX, "it is missing; say in [mix] what is sent, as `letter = 3`");
        }
        return None;
    }
    let weight = |operation: LoadOperation| {
        let weight = table.number(operation.as_str(), 0.0..=1e9, "a weight of at least zero");
        Some((operation, weight.filter(|weight| *weight > 0.0)?))
    };
    let mut weights: Vec<_> = LoadOperation::ALL.into_iter().filter_map(weight).collect();
    weights.sort_unstable_by_key(|(operation, _)| *operation);
    if weights.is_empty() {
        let said = "its weights sum to nothing; give at least one operation a weight above zero";
        top.problem(MIX, said);
    }
    Some(Mix(weights))
}

fn read_thresholds(shape: Option<&str>, table: &Table<'_>) -> Thresholds {
    check_shape(table, &LIMITS, shape);
    let share = |name| table.number(name, 0.0..=1.0, "a share from 0 to 1");
    let number = |name, expected| table.number(name, 0.0..=f64::MAX, expected);
    Thresholds {
        error_rate: share("error_rate"),
        min_achieved: share("min_achieved"),
        p95_ms: number("p95_ms", "a number of milliseconds"),
        p99_ms: number("p99_ms", "a number of milliseconds"),
        max_429: table.whole("max_429", 0..=u32::MAX).map(u64::from),
        max_ratio: number("max_ratio", "a number"),
    }
}

/// The shapes, as profiles name them.
const SHAPES: [&str; 5] = ["steady", "ramp", "spike", "soak", "at15"];

/// The shapes that send a mix.
const ATTACKS: &[&str] = &["steady", "ramp", "spike", "soak"];

/// The table of what is sent.
const MIX: &str = "mix";

/// Fields at the top that not every shape has.
const FIELDS: [(&str, &[&str]); 20] = [
    ("rate", &["steady", "spike", "soak"]),
    ("duration", &["steady", "ramp"]),
    ("from", &["ramp"]),
    ("to", &["ramp"]),
    ("steps", &["ramp"]),
    ("stop_at_429", &["ramp"]),
    ("idle", &["spike"]),
    ("burst", &["spike"]),
    ("bursts", &["spike"]),
    ("hours", &["soak"]),
    ("compress", &["soak"]),
    ("runs", &["at15"]),
    ("letters", ATTACKS),
    ("list_limit", ATTACKS),
    ("bulk_size", ATTACKS),
    ("download", ATTACKS),
    ("users", ATTACKS),
    ("slow_download", ATTACKS),
    ("give_up_after", ATTACKS),
    (MIX, ATTACKS),
];

/// Fields of `[thresholds]` that not every shape has.
const LIMITS: [(&str, &[&str]); 4] =
    [("p95_ms", ATTACKS), ("p99_ms", ATTACKS), ("min_achieved", ATTACKS), ("max_ratio", &["at15"])];

/// Tells the fields that this shape has no use for.
fn check_shape(table: &Table<'_>, fields: &[(&'static str, &[&str])], shape: Option<&str>) {
    for &(name, of) in fields {
        let has = table.has(name);
        if let Some(shape) = shape.filter(|shape| has && !of.contains(shape)) {
            let of = of.join(", ");
            table.problem(name, format!("shape {shape} has no such field; it belongs to {of}"));
        }
    }
}
