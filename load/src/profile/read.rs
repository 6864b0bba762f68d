//! Turns a load profile's text into a profile.
//! Refuses half of it: with any problem there is no profile, and every problem is named.

use std::time::Duration;

use letterproof_model::nearest;
use toml::de::DeTable;

use super::fields::{FIELDS, LIMITS, MIX, SHAPES, THRESHOLDS, operations};
use super::reader::{Reader, line_of};
use super::{LoadProfile, Mix, Shape, Thresholds};
use crate::LoadError;
use crate::mix::LoadOperation;

/// Letters the API lists or updates in one call.
const MOST_LETTERS: u32 = 2_500;
/// The most steps, bursts or runs of a profile.
pub(super) const MOST_STEPS: u32 = 1_000;
const MOST_USERS: u32 = 10_000;
const LETTERS: u32 = 100;
const SMALL_BATCH: u32 = 10;
const SLOW_DOWNLOAD: Duration = Duration::from_secs(10);
const GIVE_UP_AFTER: Duration = Duration::from_secs(10);

/// Reads a profile; `origin` names it in messages.
pub(super) fn read(text: &str, origin: &str) -> Result<LoadProfile, LoadError> {
    let mut reader = Reader { origin, text, problems: Vec::new() };
    let document = DeTable::parse(text).map_err(|error| {
        let line = line_of(text, error.span().map_or(0, |span| span.start));
        LoadError::profile(format!("{origin}:{line}: this is no TOML: {}", error.message()))
    })?;
    let profile = build(document.get_ref(), &mut reader);
    match profile {
        Some(profile) if reader.problems.is_empty() => Ok(profile),
        _ => Err(LoadError::Problems(reader.problems)),
    }
}

fn build(top: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<LoadProfile> {
    let word = reader.text_of(top, "shape");
    let word = reader.need(top, "shape", word)?;
    if !SHAPES.contains(&word.as_str()) {
        let span = top.get("shape").map(toml::Spanned::span).unwrap_or_default();
        let hint = nearest(&word, SHAPES).map_or_else(
            || format!("shapes are {}", SHAPES.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        reader.problem(&span, "shape", &format!("there is no shape `{word}`; {hint}"));
        return None;
    }
    let mut fields = FIELDS.to_vec();
    fields.push((THRESHOLDS, &SHAPES));
    reader.check_names(top, &fields, &word);
    let name = read_name(top, reader);
    let about = reader.text_of(top, "about").unwrap_or_default();
    let shape = read_shape(&word, top, reader);
    let mix = if word == "at15" { Some(Mix::default()) } else { read_mix(top, reader) };
    let thresholds = read_thresholds(&word, top, reader);
    let letters = reader.count(top, "letters", 1..=MOST_LETTERS).unwrap_or(LETTERS);
    Some(LoadProfile {
        about,
        letters,
        list_limit: reader.count(top, "list_limit", 1..=MOST_LETTERS).unwrap_or(SMALL_BATCH),
        bulk_size: reader.count(top, "bulk_size", 1..=MOST_LETTERS).unwrap_or(SMALL_BATCH),
        download: reader.flag(top, "download").unwrap_or(true),
        users: reader.count(top, "users", 1..=MOST_USERS),
        slow_download: reader.time(top, "slow_download").unwrap_or(SLOW_DOWNLOAD),
        give_up_after: reader.time(top, "give_up_after").unwrap_or(GIVE_UP_AFTER),
        origin: reader.origin.to_owned(),
        rate_given_as: if word == "ramp" { "to" } else { "rate" },
        name: name?,
        shape: shape?,
        mix: mix?,
        thresholds,
    })
}

/// The name becomes a folder's.
fn read_name(top: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let name = reader.text_of(top, "name");
    let name = reader.need(top, "name", name)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.len() > 64 || !name.chars().all(plain) {
        let span = top.get("name").map(toml::Spanned::span).unwrap_or_default();
        reader.problem(
            &span,
            "name",
            "use up to 64 letters, digits, `-` and `_`: it names a folder",
        );
        return None;
    }
    Some(name)
}

fn read_shape(word: &str, top: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Shape> {
    let rate = |reader: &mut Reader<'_>, name: &str| {
        let rate = reader.rate(top, name);
        reader.need(top, name, rate)
    };
    let time = |reader: &mut Reader<'_>, name: &str| {
        let time = reader.time(top, name);
        reader.need(top, name, time)
    };
    let count = |reader: &mut Reader<'_>, name: &str| {
        let count = reader.count(top, name, 1..=MOST_STEPS);
        reader.need(top, name, count)
    };
    match word {
        "steady" => {
            let (rate, duration) = (rate(reader, "rate"), time(reader, "duration"));
            Some(Shape::Steady { rate: rate?, duration: duration? })
        }
        "ramp" => {
            let (from, to) = (rate(reader, "from"), rate(reader, "to"));
            let (steps, duration) = (count(reader, "steps"), time(reader, "duration"));
            let stop_at_429 = reader.flag(top, "stop_at_429").unwrap_or(true);
            Some(Shape::Ramp {
                from: from?,
                to: to?,
                steps: steps?,
                duration: duration?,
                stop_at_429,
            })
        }
        "spike" => {
            let (rate, bursts) = (rate(reader, "rate"), count(reader, "bursts"));
            let (idle, burst) = (time(reader, "idle"), time(reader, "burst"));
            Some(Shape::Spike { rate: rate?, idle: idle?, burst: burst?, bursts: bursts? })
        }
        "soak" => {
            let rate = rate(reader, "rate");
            let hours = reader.hours(top, "hours");
            let hours = reader.need(top, "hours", hours);
            let compress = reader
                .number(top, "compress", 1.0..=86_400.0, "a number from 1 to 86400")
                .unwrap_or(1.0);
            Some(Shape::Soak { rate: rate?, hours: hours?, compress })
        }
        _ => Some(Shape::At15 { runs: reader.count(top, "runs", 1..=MOST_STEPS).unwrap_or(3) }),
    }
}

fn table_of<'d>(
    top: &'d DeTable<'d>,
    name: &str,
    reader: &mut Reader<'_>,
) -> Option<&'d DeTable<'d>> {
    let value = top.get(name)?;
    let table = value.get_ref().as_table();
    if table.is_none() {
        reader.problem(&value.span(), name, &format!("write it as a table, [{name}]"));
    }
    table
}

fn read_mix(top: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Mix> {
    if !top.contains_key(MIX) {
        reader.missing(MIX, "it is missing; say in [mix] what is sent, as `letter = 3`");
        return None;
    }
    let table = table_of(top, MIX, reader)?;
    let words = operations();
    let mut weights = Vec::new();
    for key in table.keys() {
        let word = key.get_ref().as_ref();
        let weight = reader.number(table, word, 0.0..=1e9, "a weight of at least zero");
        match LoadOperation::ALL.into_iter().find(|operation| operation.as_str() == word) {
            Some(operation) => weights.push((operation, weight.unwrap_or(0.0))),
            None => {
                let hint = nearest(word, words.iter().copied()).map_or_else(
                    || format!("operations are {}", words.join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                reader.problem(&key.span(), word, &format!("there is no such operation; {hint}"));
            }
        }
    }
    weights.retain(|(_, weight)| *weight > 0.0);
    weights.sort_unstable_by_key(|(operation, _)| *operation);
    if weights.is_empty() {
        reader.missing(
            MIX,
            "its weights sum to nothing; give at least one operation a weight above zero",
        );
    }
    Some(Mix(weights))
}

fn read_thresholds(word: &str, top: &DeTable<'_>, reader: &mut Reader<'_>) -> Thresholds {
    let Some(table) = table_of(top, THRESHOLDS, reader) else { return Thresholds::default() };
    reader.check_names(table, &LIMITS, word);
    let mut share = |name: &str| reader.number(table, name, 0.0..=1.0, "a share from 0 to 1");
    let (error_rate, min_achieved) = (share("error_rate"), share("min_achieved"));
    let max_429 = reader.count(table, "max_429", 0..=u32::MAX).map(u64::from);
    let mut number = |name: &str, wanted: &str| reader.number(table, name, 0.0..=f64::MAX, wanted);
    Thresholds {
        error_rate,
        min_achieved,
        p95_ms: number("p95_ms", "a number of milliseconds"),
        p99_ms: number("p99_ms", "a number of milliseconds"),
        max_429,
        max_ratio: number("max_ratio", "a number"),
    }
}
