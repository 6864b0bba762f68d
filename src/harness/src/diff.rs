//! Two runs side by side: verdicts, criteria, findings, counts and timings that changed.
//! Nothing is weighed: a count or a timing that changed is shown and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use letterproof_model::{CheckResult, Results, Verdict};
use serde::Serialize;

/// The name and version of the format of a comparison.
pub const DIFF_FORMAT: &str = "letterproof-diff/1";

/// One thing that is not in both runs the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What kind of thing.
    pub kind: DifferenceKind,
    /// Its id or name.
    pub id: String,
    /// What it was in the first run; empty where it was not there.
    pub before: String,
    /// What it is in the second run; empty where it is not there.
    pub after: String,
}

/// Kinds of difference, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The verdict of an acceptance test.
    Test,
    /// The verdict of a criterion.
    Criterion,
    /// The verdict of a check of the conformance suite, or of one only an observer can make.
    Check,
    /// A finding that only one of the runs has.
    Finding,
    /// How often a call was made, or a finding seen.
    Count,
    /// How long something took, or another measured figure.
    Timing,
}

impl DifferenceKind {
    /// Whether such a difference makes the runs differ; a count or a timing alone does not.
    #[must_use]
    pub fn decides(self) -> bool {
        !matches!(self, Self::Count | Self::Timing)
    }
}

/// What changed from one run to another, by kind and id.
#[must_use]
pub fn diff(before: &Results, after: &Results) -> Vec<Difference> {
    let (old, new) = (facts(before), facts(after));
    let keys: BTreeSet<&Key> = old.keys().chain(new.keys()).collect();
    let value = |of: &BTreeMap<Key, String>, key: &Key| of.get(key).cloned().unwrap_or_default();
    keys.into_iter()
        .map(|key| Difference {
            kind: key.0,
            id: key.2.clone(),
            before: value(&old, key),
            after: value(&new, key),
        })
        .filter(|difference| difference.before != difference.after)
        .map(Difference::settled)
        .collect()
}

impl Difference {
    /// A finding that both runs have differs in its count alone.
    fn settled(self) -> Self {
        let in_both = !self.before.is_empty() && !self.after.is_empty();
        match self.kind {
            DifferenceKind::Finding if in_both => Self { kind: DifferenceKind::Count, ..self },
            _ => self,
        }
    }
}

/// A kind, a place in the natural order, a name.
type Key = (DifferenceKind, usize, String);

fn facts(results: &Results) -> BTreeMap<Key, String> {
    let mut facts = BTreeMap::new();
    let mut add = |kind, id: String, value: String| {
        let place = place(&id);
        facts.insert((kind, place, id), value);
    };
    for test in &results.tests {
        add(DifferenceKind::Test, test.id.to_string(), word(test.verdict));
        for criterion in test.checks() {
            add(DifferenceKind::Criterion, criterion.id.to_string(), word(criterion.verdict));
        }
        let took = test.took().map(|took| took.as_secs_f64());
        if let Some(seconds) = took.filter(|seconds| *seconds > 0.0) {
            add(DifferenceKind::Timing, test.id.to_string(), format!("{seconds:.1} s"));
        }
    }
    for CheckResult { id, verdict, .. } in results.conformance.iter().chain(&results.observer) {
        add(DifferenceKind::Check, id.to_string(), word(*verdict));
    }
    for finding in &results.findings {
        let value = format!("{} times", finding.count);
        add(DifferenceKind::Finding, finding.id.clone(), value);
    }
    for (operation, count) in &results.run.exchanges {
        add(DifferenceKind::Count, operation.clone(), count.to_string());
    }
    for flow in &results.performance {
        for (figure, value) in &flow.figures {
            add(DifferenceKind::Timing, format!("{} {figure}", flow.name), format!("{value:.3}"));
        }
    }
    facts
}

/// AT2 comes before AT10.
fn place(id: &str) -> usize {
    let digits: String = id
        .strip_prefix("AT")
        .unwrap_or_default()
        .chars()
        .map_while(|c| (c.is_ascii_digit() || c == '.').then_some(c))
        .collect();
    let mut parts = digits.split('.').map(|part| part.parse::<usize>().unwrap_or(0));
    parts.next().unwrap_or(0) * 1000 + parts.next().unwrap_or(0)
}

fn word(verdict: Verdict) -> String {
    verdict.as_str().to_owned()
}
