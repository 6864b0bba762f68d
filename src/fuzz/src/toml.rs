//! TOML files that people write. All come through one reader, so that one rule holds for each: two
//! readings agree, and every line of a refusal names file and line and shows no value, which may be
//! a secret that was written in the wrong place.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use letterproof_client::{Auth, Profile, Target};
use letterproof_harness::read_waivers;
use letterproof_load::{LoadPlan, LoadProfile, Schedule};
use letterproof_mock::SeedPlan;
use letterproof_model::{Context, Mode, Waiver, other_encoding};
use toml::de::{DeTable, DeValue};

use crate::common::{CANARY, as_file, bounded, text, twice};

const FILE: &str = "file.toml";
/// How many of a schedule's requests are looked at.
const ARRIVALS: usize = 2_000;

/// Bytes as a target profile: one that is read gives judges a context they can keep.
pub fn profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = twice(|| {
        Profile::parse(text, Path::new(FILE))
            .map(|profile| (format!("{profile:?}"), profile.target.context(Mode::Driven)))
    });
    let Some((_, context)) = told(text, read) else { return };
    let kept = serde_json::to_string(&context).expect("a context as JSON");
    assert_eq!(serde_json::from_str::<Context>(&kept).ok(), Some(context), "what a journal keeps");
}

/// Bytes as a load profile, as far as the announcement before anything is sent: read, changed as the
/// command line changes it, and held against targets with and without a limit. No schedule may run
/// backwards, past its end, or above the target's limit.
pub fn load_profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(profile) = told(text, twice(|| LoadProfile::parse(text, FILE))) else { return };
    let day = Duration::from_secs(86_400);
    let changed = [
        Ok(profile.clone()),
        profile.clone().with_rate(0.001),
        profile.clone().with_rate(f64::MAX),
        profile.clone().with_duration(Duration::from_nanos(1)),
        profile.clone().with_duration(day),
        profile.with_duration(Duration::MAX),
    ];
    for profile in changed.into_iter().flatten() {
        for target in targets() {
            if let Ok(plan) = profile.plan(target) {
                assert!(!plan.announcement().is_empty(), "every load is announced");
                if let LoadPlan::Attack(plan) = plan {
                    holds(plan.schedule(), target.rate_limit);
                }
            }
        }
    }
}

/// Bytes as a seed file: what is read can be made.
pub fn seed_plan(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(plan) = told(text, twice(|| SeedPlan::from_toml(text, FILE))) else { return };
    assert!(!plan.letters.is_empty(), "a plan without letters");
    for letters in &plan.letters {
        let wanted = letters.count.is_some() || letters.share > 0.0 || letters.at_least > 0;
        assert!(wanted && letters.share.is_finite() && letters.share >= 0.0, "{letters:?}");
        assert!(letters.documents > 0 && letters.pages != Some(0), "{letters:?}");
    }
}

/// Bytes as a waivers file. What is read is whole and unique, and reads the same once it is written
/// out.
pub fn waivers(data: &[u8]) {
    let Some(waivers) = waivers_of(data) else { return };
    let ids: BTreeSet<&str> = waivers.iter().map(|waiver| waiver.id.as_str()).collect();
    assert_eq!(ids.len(), waivers.len(), "each is waived once");
    for waiver in &waivers {
        assert!(waiver.date <= waiver.expires, "{waiver:?}");
        for words in [&waiver.id, &waiver.reason, &waiver.agreed_by, &waiver.reference] {
            assert!(!words.is_empty() && words.trim() == words, "{waiver:?}");
        }
    }
    let again = waivers_of(written(&waivers).as_bytes());
    let unplaced = |waivers: Vec<Waiver>| -> Vec<Waiver> {
        waivers.into_iter().map(|waiver| Waiver { line: 0, ..waiver }).collect()
    };
    assert_eq!(again.map(unplaced), Some(unplaced(waivers)), "written out and read again");
}

/// What was read, if anything was; a refusal must be as every reader's.
fn told<T: Debug>(text: &str, read: Result<T, String>) -> Option<T> {
    let message = match read {
        Ok(read) => return Some(read),
        Err(message) => message,
    };
    assert!(!message.is_empty(), "a refusal without a word");
    for line in message.lines() {
        let (_, place) = line.split_once(FILE).expect("a refusal that names the file");
        let number = place.strip_prefix(':').and_then(|place| place.split(':').next());
        let number = number.and_then(|number| number.parse().ok());
        let is_there =
            number.is_some_and(|number| (1..=text.lines().count() + 1).contains(&number));
        assert!(is_there, "a refusal without a line of the file: {line}");
    }
    assert!(!message.contains(CANARY) || is_a_name(text), "a refusal shows a value: {message}");
    None
}

/// Whether the canary is part of a field's name, which a refusal may well show.
fn is_a_name(text: &str) -> bool {
    fn names(value: &DeValue<'_>) -> bool {
        match value {
            DeValue::Table(table) => in_table(table),
            DeValue::Array(items) => items.iter().any(|item| names(item.get_ref())),
            _ => false,
        }
    }
    fn in_table(table: &DeTable<'_>) -> bool {
        table.iter().any(|(name, value)| name.get_ref().contains(CANARY) || names(value.get_ref()))
    }
    DeTable::parse(text).is_ok_and(|table| in_table(table.get_ref()))
}

fn targets() -> &'static [Target; 2] {
    static TARGETS: OnceLock<[Target; 2]> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let base = "http://127.0.0.1:9";
        let limited = Target::mock(base, base, Auth::None).expect("a mock");
        let mut unlimited = limited.clone();
        unlimited.rate_limit = None;
        [limited, unlimited]
    })
}

fn holds(schedule: &Schedule, limit: Option<u32>) {
    let end = schedule.duration();
    assert!(schedule.peak().is_finite(), "an endless rate");
    assert!(limit.is_none_or(|limit| schedule.peak() <= f64::from(limit)), "above the limit");
    let mut before = Duration::ZERO;
    for (number, arrival) in schedule.arrivals().take(ARRIVALS).enumerate() {
        assert_eq!(arrival.index, number as u64);
        assert!((before..=end).contains(&arrival.at), "{:?} after {before:?}", arrival.at);
        before = arrival.at;
    }
}

fn waivers_of(data: &[u8]) -> Option<Vec<Waiver>> {
    let read = as_file(FILE, data, |path| twice(|| read_waivers(path)));
    match std::str::from_utf8(bounded(data)) {
        Ok(text) if other_encoding(data).is_none() => told(text, read),
        // What is no text, or looks like another encoding, has no line to name.
        _ => {
            assert!(read.is_err_and(|message| message.contains(FILE)), "no text was read");
            None
        }
    }
}

fn written(waivers: &[Waiver]) -> String {
    let entries: Vec<toml::Table> = waivers
        .iter()
        .map(|waiver| {
            let (date, expires) = (waiver.date.to_string(), waiver.expires.to_string());
            [
                ("id", &waiver.id),
                ("reason", &waiver.reason),
                ("agreed_by", &waiver.agreed_by),
                ("reference", &waiver.reference),
                ("date", &date),
                ("expires", &expires),
            ]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone().into()))
            .collect()
        })
        .collect();
    let file = toml::Table::from_iter([("waiver".to_owned(), entries.into())]);
    toml::to_string(&file).expect("waivers as TOML")
}
