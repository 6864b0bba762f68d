//! What was found: checks beside the pack (the conformance suite, and what an observer of the supplier
//! saw), and findings about the supplier, the API and the harness, each by themselves.

use letterproof_model::{About, CheckResult, Counts, Finding, Results, Verdict};
use serde::Serialize;

use super::acceptance::{Criterion, Desk, Tag};
use super::exchanges::{References, Shelf};
use crate::{outcome, words};

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
        waived: outcome::waiver_of(desk.results, check.id.as_str(), check.verdict).is_some(),
        kind: check.finding.filter(|_| !check.is_advice()).map(words::finding_kind),
        criteria,
        open: check.is_broken() || check.verdict == Verdict::Error,
    }
}

/// Findings about one of the three.
#[derive(Debug, Serialize)]
pub(super) struct FindingGroup {
    anchor: &'static str,
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    items: Vec<FindingView>,
}

#[derive(Debug, Serialize)]
struct FindingView {
    id: String,
    anchor: String,
    kind: &'static str,
    waived: Option<String>,
    title: String,
    expected: String,
    observed: String,
    source: String,
    seen: String,
    exchanges: References,
}

/// Words every finding.
pub(super) fn finding_groups(results: &Results, shelf: &Shelf<'_>) -> Vec<FindingGroup> {
    let group = |about, anchor, title, lead, none| FindingGroup {
        anchor,
        title,
        lead,
        none,
        items: results
            .findings
            .iter()
            .filter(|finding| finding.about == about)
            .map(|finding| view(finding, results, shelf))
            .collect(),
    };
    vec![
        group(
            About::Supplier,
            "findings-supplier",
            "Findings about the supplier",
            "What the supplier did that someone should know about.",
            "Nothing was found about the supplier.",
        ),
        group(
            About::Api,
            "findings-api",
            "Findings about the API",
            "How the API differs from its specification. None of these is the supplier's fault, \
             and none makes an acceptance test fail by itself.",
            "Nothing was found about the API.",
        ),
        group(
            About::Harness,
            "findings-harness",
            "Findings about letterproof",
            "What letterproof could not do, or did in a way that a reader needs to know about.",
            "Nothing was found about letterproof.",
        ),
    ]
}

fn view(finding: &Finding, results: &Results, shelf: &Shelf<'_>) -> FindingView {
    let kind = words::finding_kind(finding.kind);
    FindingView {
        id: finding.id.clone(),
        anchor: words::finding_anchor(finding),
        kind,
        waived: outcome::waiver_of(results, &finding.id, Verdict::Fail).map(outcome::waiver_words),
        title: finding.title.clone(),
        expected: finding.expected.clone(),
        observed: finding.observed.clone(),
        source: finding.source.clone(),
        seen: match finding.count {
            1 => "seen once".to_owned(),
            count => format!("seen {} times", words::number(count)),
        },
        exchanges: shelf.finding(finding),
    }
}
