//! Load profiles, as far as the announcement before anything is sent: read, changed as the command
//! line changes them, and held against targets with and without a limit. No schedule may run
//! backwards, past its end, or above the target's limit.

use std::sync::OnceLock;
use std::time::Duration;

use letterproof_client::{Auth, Target};
use letterproof_load::{LoadPlan, LoadProfile, Schedule};

use crate::case::{named, text, twice};

const FILE: &str = "folder/load.toml";
/// How many of a schedule's requests are looked at.
const ARRIVALS: usize = 2_000;

/// Bytes as a load profile.
pub fn load_profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Some(profile) = named(FILE, twice(|| LoadProfile::parse(text, FILE))) else { return };
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

fn targets() -> &'static [Target; 2] {
    static TARGETS: OnceLock<[Target; 2]> = OnceLock::new();
    TARGETS.get_or_init(|| {
        let base = "http://127.0.0.1:9";
        let limited = Target::mock(base, base, Auth::None).expect("a stand-in");
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
