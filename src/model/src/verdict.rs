//! What is concluded: the six verdicts and how many of them become one, criteria with what was
//! expected, seen and where, and findings, with whom they are about.
//!
//! A roll-up takes the gravest verdict, and callers show the counts beside it. Equal findings are
//! folded into one with a count.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{CriterionId, ExchangeId, LetterId};

/// What was concluded about a criterion or a test.
///
/// Ordered from the lightest to the gravest: `error > fail > inconclusive > not-run >
/// not-applicable > pass`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Seen, and as the clause asks.
    Pass,
    /// The target lacks a capability the clause needs.
    NotApplicable,
    /// Nothing was attempted.
    NotRun,
    /// Something ran, but the evidence does not decide.
    Inconclusive,
    /// Seen, and not as the clause asks.
    Fail,
    /// The harness's own fault.
    Error,
}

impl Verdict {
    /// Every verdict, gravest first, as summaries list them.
    pub const ALL: [Self; 6] = [
        Self::Error,
        Self::Fail,
        Self::Inconclusive,
        Self::NotRun,
        Self::NotApplicable,
        Self::Pass,
    ];

    /// The word in files that programs read; people are shown [`Self::words`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Inconclusive => "inconclusive",
            Self::NotApplicable => "not-applicable",
            Self::NotRun => "not-run",
            Self::Error => "error",
        }
    }

    /// The verdict of this word, as files have it.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.as_str() == word)
    }

    /// What people are shown, the same everywhere; also what [`fmt::Display`] writes.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::NotApplicable => "not applicable",
            Self::NotRun => "not run",
            other => other.as_str(),
        }
    }

    /// The same at the head of a result: `Passed`, `Not run`.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Pass => "Passed",
            Self::Fail => "Failed",
            Self::Inconclusive => "Inconclusive",
            Self::NotApplicable => "Not applicable",
            Self::NotRun => "Not run",
            Self::Error => "Error",
        }
    }

    /// The gravest of these; `not-run` when there are none, since nothing was shown.
    #[must_use]
    pub fn roll_up(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().max().unwrap_or(Self::NotRun)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}

/// How a verdict was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The harness's reference supplier made the traffic.
    Driven,
    /// Another system made the traffic, and it was watched or imported.
    Observed,
    /// A person stated it and attached evidence.
    Attested,
}

/// How many exchanges or letters a result lists before it only counts them.
pub const EXCHANGES_SHOWN: usize = 25;

/// How a clause can be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClauseKind {
    /// Judged from recorded exchanges.
    Check,
    /// Stated by a person, with something attached.
    Attestation,
    /// Not tested, for a stated reason.
    NotTested,
}

/// The row of the pack that speaks of a clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PackRow {
    /// What the test is to show.
    Objective,
    /// What must be true before the test, with its eligible statuses and triggers.
    Precondition,
    /// What is to be done.
    Steps,
    /// What must be true after it.
    Acceptance,
    /// What must be handed in.
    Evidence,
}

impl PackRow {
    /// Its word, as serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Objective => "objective",
            Self::Precondition => "precondition",
            Self::Steps => "steps",
            Self::Acceptance => "acceptance",
            Self::Evidence => "evidence",
        }
    }
}

/// How far the pack carries a clause. A clause with several demands is as strong as the weakest one
/// that its judge can fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The pack states it, in the row named.
    Stated,
    /// The pack does not state it; it follows from the API's contract or the letters' lifecycle.
    Implied,
    /// Neither says so: we hold it to be good practice.
    Ours,
}

impl Strength {
    /// Its word, as serialised.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Implied => "implied",
            Self::Ours => "ours",
        }
    }
}

/// What was concluded about one criterion, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriterionResult {
    /// `AT4.2`, `C-…` in the conformance suite, or `O-…` for what only an observer sees.
    pub id: CriterionId,
    /// How the clause can be shown.
    pub kind: ClauseKind,
    /// The clause, in one sentence.
    pub clause: String,
    /// The verdict. An attestation is `not-run` until somebody has given it.
    pub verdict: Verdict,
    /// How it was obtained.
    pub mode: Mode,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub observed: String,
    /// The exchanges that show it: the first [`EXCHANGES_SHOWN`].
    pub exchanges: Vec<ExchangeId>,
    /// How many exchanges show it in all.
    pub exchange_count: u64,
    /// The letters at fault: the first [`EXCHANGES_SHOWN`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<LetterId>,
    /// Why the verdict is not `pass`, or what a reader must know about a pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something seen in the traffic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable name of the kind of finding, the key under which equal ones are folded
    /// (`F-LIST-LETTERS-MEDIA-TYPE`).
    pub id: String,
    /// Who it is about.
    pub about: About,
    /// How it weighs.
    pub kind: FindingKind,
    /// One line.
    pub title: String,
    /// What was expected.
    pub expected: String,
    /// What was seen the first time.
    pub observed: String,
    /// The clause or source it rests on.
    pub source: String,
    /// The exchanges that show it; the first few when there are many.
    pub exchanges: Vec<ExchangeId>,
    /// How often it was seen.
    pub count: u64,
}

/// Who a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum About {
    /// The supplier under test.
    Supplier,
    /// The API.
    Api,
    /// This harness.
    Harness,
}

/// How a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A rule was broken.
    Violation,
    /// A known difference between the specification and the deployed API.
    Deviation,
    /// An addition the specification does not know.
    Drift,
    /// Worth knowing.
    Note,
}

/// Folds findings with the same id into one each, counts added and the first exchanges kept; the
/// gravest kinds come first, then by id.
#[must_use]
pub fn fold_findings(findings: impl IntoIterator<Item = Finding>) -> Vec<Finding> {
    let mut folded: std::collections::BTreeMap<(FindingKind, String), Finding> =
        std::collections::BTreeMap::new();
    for finding in findings {
        match folded.entry((finding.kind, finding.id.clone())) {
            std::collections::btree_map::Entry::Vacant(slot) => {
                slot.insert(finding);
            }
            std::collections::btree_map::Entry::Occupied(mut slot) => {
                let kept = slot.get_mut();
                kept.count += finding.count;
                for exchange in finding.exchanges {
                    // One exchange may show a finding more than once.
                    if kept.exchanges.len() < crate::EXCHANGES_SHOWN
                        && !kept.exchanges.contains(&exchange)
                    {
                        kept.exchanges.push(exchange);
                    }
                }
            }
        }
    }
    folded.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EXCHANGES_SHOWN;

    #[test]
    fn the_gravest_verdict_wins() {
        for (at, grave) in Verdict::ALL.into_iter().enumerate() {
            for light in &Verdict::ALL[at..] {
                assert_eq!(Verdict::roll_up([grave, *light]), grave);
            }
        }
    }

    #[test]
    fn nothing_shown_is_not_run() {
        assert_eq!(Verdict::roll_up([]), Verdict::NotRun);
    }

    #[test]
    fn the_words_of_files_are_those_of_the_contract() {
        for verdict in Verdict::ALL {
            let word = verdict.as_str();
            assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{word}\""));
            assert_eq!(Verdict::named(word), Some(verdict));
        }
        assert_eq!(Verdict::named("not run"), None);
    }

    #[test]
    fn people_are_shown_one_spelling_of_not_run() {
        assert_eq!(Verdict::NotRun.to_string(), "not run");
        for verdict in Verdict::ALL {
            let (words, title) = (verdict.to_string(), verdict.title().to_lowercase());
            assert!(title.starts_with(&words) && !words.contains('-'), "{words}: {title}");
        }
    }

    /// A finding seen this often, once in each of these exchanges.
    fn seen(id: &str, kind: FindingKind, exchanges: std::ops::Range<usize>) -> Finding {
        Finding {
            id: id.into(),
            about: About::Api,
            kind,
            title: "t".into(),
            expected: "e".into(),
            observed: format!("first in {}", exchanges.start),
            source: "s".into(),
            count: exchanges.len() as u64,
            exchanges: exchanges.map(|at| ExchangeId::new(format!("ex-{at:06}"))).collect(),
        }
    }

    #[test]
    fn equal_findings_become_one_with_their_counts_added() {
        let (first, second) =
            (seen("F-A", FindingKind::Drift, 0..2), seen("F-A", FindingKind::Drift, 2..5));
        let folded = fold_findings([first, second]);
        assert_eq!(
            folded,
            [Finding { observed: "first in 0".into(), ..seen("F-A", FindingKind::Drift, 0..5) }]
        );
    }

    #[test]
    fn an_exchange_that_shows_a_finding_twice_is_named_once() {
        let [one, again] = [0..2, 1..3].map(|at| seen("F-A", FindingKind::Note, at));
        let folded = fold_findings([one, again]);
        assert_eq!(folded[0].count, 4);
        assert_eq!(folded[0].exchanges, seen("F-A", FindingKind::Note, 0..3).exchanges);
    }

    #[test]
    fn of_many_exchanges_the_first_are_kept_and_all_are_counted() {
        let folded = fold_findings((0..40).map(|at| seen("F-A", FindingKind::Note, at..at + 1)));
        assert_eq!(folded[0].count, 40);
        assert_eq!(
            folded[0].exchanges,
            seen("F-A", FindingKind::Note, 0..EXCHANGES_SHOWN).exchanges
        );
    }

    #[test]
    fn the_gravest_findings_come_first_and_then_by_id() {
        use FindingKind::{Deviation, Drift, Note, Violation};
        let mixed = [
            ("F-Z", Note),
            ("F-B", Violation),
            ("F-A", Violation),
            ("F-Y", Drift),
            ("F-X", Deviation),
        ];
        let folded = fold_findings(mixed.map(|(id, kind)| seen(id, kind, 0..1)));
        let order: Vec<_> = folded.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(order, ["F-A", "F-B", "F-X", "F-Y", "F-Z"]);
    }
}
