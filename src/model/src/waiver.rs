//! Waivers: failures that both sides agreed to live with for a time.
//!
//! A waived failure stays a failure and is shown as waived; it only no longer decides the exit
//! code. Refuses to outlive its bug: a waiver that has expired, or whose failure no longer occurs,
//! makes the run incomplete until its entry is deleted.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::{Judgement, TestResult, Timestamp, Verdict};

/// An agreed exception for one criterion or finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The criterion (`AT4.2`, `C-…`, `O-…`) or finding (`F-…`).
    pub id: String,
    /// Why the failure is acceptable for now.
    pub reason: String,
    /// The role of the person who agreed.
    pub agreed_by: String,
    /// Where the agreement can be looked up.
    pub reference: String,
    /// When it was agreed.
    pub date: Date,
    /// The last day it holds.
    pub expires: Date,
    /// The line of the waivers file on which its entry begins.
    pub line: u32,
}

/// What became of a waiver in a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaiverUse {
    /// The waiver.
    #[serde(flatten)]
    pub waiver: Waiver,
    /// Whether it was needed and held.
    pub state: WaiverState,
}

/// Whether a waiver was needed and held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WaiverState {
    /// Its failure occurred, and it holds.
    Applied,
    /// It holds no longer.
    Expired,
    /// Its failure did not occur.
    Unneeded,
    /// The run was not asked to show what it is about, so nothing can be said.
    NotJudged,
}

impl WaiverUse {
    /// Whether the entry must be deleted from the waivers file.
    #[must_use]
    pub fn must_go(&self) -> bool {
        matches!(self.state, WaiverState::Expired | WaiverState::Unneeded)
    }

    /// What the person who keeps the waivers file must do, if anything.
    #[must_use]
    pub fn advice(&self) -> Option<String> {
        let Waiver { id, line, expires, .. } = &self.waiver;
        match self.state {
            WaiverState::Applied | WaiverState::NotJudged => None,
            WaiverState::Expired => Some(format!(
                "the waiver of {id} expired on {expires}: delete its entry at line {line}, or agree \
                 on a new date"
            )),
            WaiverState::Unneeded => Some(format!(
                "{id} no longer fails: delete its waiver at line {line} of the waivers file"
            )),
        }
    }
}

/// What became of each waiver in a run that ended at this time (dates are those of UTC).
#[must_use]
pub fn use_waivers(waivers: &[Waiver], at: Timestamp, run: &Judgement<'_>) -> Vec<WaiverUse> {
    let today = at.to_zoned(TimeZone::UTC).date();
    let mut judged = BTreeSet::new();
    let mut failed = BTreeSet::new();
    let of_tests = run.tests.iter().filter(|test| test.selected).flat_map(TestResult::checks);
    let results = of_tests.chain(run.checks().flat_map(|check| &check.criteria));
    for result in results.map(|result| (result.id.as_str(), result.verdict)) {
        note(result, &mut judged, &mut failed);
    }
    for check in run.checks() {
        note((check.id.as_str(), check.verdict), &mut judged, &mut failed);
    }
    failed.extend(run.findings.iter().map(|finding| finding.id.as_str()));
    let state = |waiver: &Waiver| {
        let id = waiver.id.as_str();
        if waiver.expires < today {
            WaiverState::Expired
        } else if failed.contains(id) {
            WaiverState::Applied
        } else if judged.contains(id) || id.starts_with("F-") {
            WaiverState::Unneeded
        } else {
            WaiverState::NotJudged
        }
    };
    waivers
        .iter()
        .map(|waiver| WaiverUse { waiver: waiver.clone(), state: state(waiver) })
        .collect()
}

fn note<'a>(
    (id, verdict): (&'a str, Verdict),
    judged: &mut BTreeSet<&'a str>,
    failed: &mut BTreeSet<&'a str>,
) {
    if !matches!(verdict, Verdict::NotRun | Verdict::NotApplicable) {
        judged.insert(id);
    }
    if verdict == Verdict::Fail {
        failed.insert(id);
    }
}
