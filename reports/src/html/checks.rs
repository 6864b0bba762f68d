//! Checks beside the pack: the conformance suite, and what an observer of the supplier saw.

use letterproof_model::{CheckResult, Counts, Verdict};
use serde::Serialize;

use super::acceptance::{Criterion, Desk, Tag};
use crate::{waived, words};

/// A group of checks.
#[derive(Debug, Serialize)]
pub(super) struct Checks {
    /// `123 passed, 1 failed`.
    line: String,
    items: Vec<Check>,
}

#[derive(Debug, Serialize)]
struct Check {
    id: String,
    title: String,
    tag: Tag,
    waived: bool,
    kind: Option<&'static str>,
    criteria: Vec<Criterion>,
    open: bool,
}

/// Words a group of checks.
pub(super) fn checks(checks: &[CheckResult], desk: &Desk<'_>) -> Checks {
    let advised = checks.iter().filter(|check| check.is_advised()).count() as u64;
    let judged = checks.iter().filter(|check| !check.is_advised());
    let counts = Counts::of(judged.map(|check| check.verdict));
    let mut parts: Vec<String> = Verdict::ALL
        .iter()
        .filter(|verdict| counts.get(**verdict) > 0)
        .map(|v| format!("{} {}", words::number(counts.get(*v)), v.title().to_lowercase()))
        .collect();
    if advised > 0 {
        parts.push(format!("{} advice", words::number(advised)));
    }
    Checks { line: parts.join(", "), items: checks.iter().map(|c| check(c, desk)).collect() }
}

fn check(check: &CheckResult, desk: &Desk<'_>) -> Check {
    let mut criteria: Vec<Criterion> = check.criteria.iter().map(|c| desk.criterion(c)).collect();
    // What was not followed of advice is no failure.
    let tag = || if check.is_advised() { Tag::advice() } else { Tag::of(check.verdict) };
    if check.is_advised() {
        criteria.iter_mut().for_each(|criterion| criterion.tag = tag());
    }
    // Several criteria of a check may share its id, but an anchor may stand only once.
    for (at, criterion) in criteria.iter_mut().enumerate().skip(1) {
        criterion.anchor = format!("{}-{}", criterion.id, at + 1);
    }
    Check {
        id: check.id.to_string(),
        title: check.title.clone(),
        tag: tag(),
        waived: waived::waiver_of(desk.results, check.id.as_str(), check.verdict).is_some(),
        kind: check.finding.filter(|_| !check.is_advice()).map(words::finding_kind),
        criteria,
        open: check.is_broken() || check.verdict == Verdict::Error,
    }
}
