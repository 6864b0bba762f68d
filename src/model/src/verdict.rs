//! The six verdicts and how many of them become one.
//! Refuses to hide: a roll-up takes the gravest, and callers show the counts beside it.

use std::fmt;

use serde::{Deserialize, Serialize};

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
