//! What the manifest repeats of `results.json`: which run it was and how each test ended.
//! Refuses no field it does not know, so that results may grow without a new manifest format.

use letterproof_model::{PackInfo, RunId, Standing, Strength, Timestamp, ToolInfo, Verdict, Who};
use serde::Deserialize;

use super::{Outcome, TargetName};

/// The part of `results.json` that the manifest rests on.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) run: RunFacts,
    tests: Vec<Judged>,
    conformance: Vec<Judged>,
    #[serde(default)]
    observer: Vec<Judged>,
    exit_code: u8,
}

/// Which run it was.
#[derive(Debug, Deserialize)]
pub(crate) struct RunFacts {
    pub(crate) id: RunId,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) tool: ToolInfo,
    pub(crate) pack: PackInfo,
    pub(crate) target: TargetName,
    pub(crate) window: Option<u8>,
    pub(crate) nonce: Option<String>,
    #[serde(default)]
    pub(crate) standing: Option<Standing>,
    #[serde(default)]
    pub(crate) who: Who,
}

/// A test of the pack or a check of the conformance suite.
#[derive(Debug, Deserialize)]
struct Judged {
    id: String,
    verdict: Verdict,
    #[serde(default)]
    strength: Option<Strength>,
}

impl Facts {
    /// Reads `results.json`; `None` when it is no results document.
    pub(crate) fn read(results: &[u8]) -> Option<Self> {
        serde_json::from_slice(results).ok()
    }

    /// How the run ended: as its exit code says (0 passed, 3 incomplete, else failed), but for a
    /// failure that did not decide, being optional or waived: it stays a failure, and is warned of.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut deciding = self.tests.iter().chain(&self.conformance);
        match self.exit_code {
            0 if !deciding.any(|test| test.ended() == Outcome::Failed) => Outcome::Passed,
            0 | 3 => Outcome::Warned,
            _ => Outcome::Failed,
        }
    }

    /// The tests and checks that ended so, in the order of the results.
    pub(crate) fn tests(&self, outcome: Outcome) -> Vec<String> {
        let all = self.tests.iter().chain(&self.conformance).chain(&self.observer);
        all.filter(|test| test.ended() == outcome).map(|test| test.id.clone()).collect()
    }
}

impl Judged {
    /// What was not decided is a warning, and so is advice that was not followed.
    fn ended(&self) -> Outcome {
        match self.verdict {
            Verdict::Pass => Outcome::Passed,
            Verdict::Fail if self.strength == Some(Strength::Ours) => Outcome::Warned,
            Verdict::Fail | Verdict::Error => Outcome::Failed,
            Verdict::Inconclusive | Verdict::NotRun | Verdict::NotApplicable => Outcome::Warned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(verdict: &str, observed: &str, exit_code: u8) -> Outcome {
        let text = format!(
            r#"{{"run":{{"id":"r","started":"2026-08-21T10:00:00Z","finished":"2026-08-21T10:00:00Z",
            "tool":{{"version":"1","commit":"c"}},"pack":{{"version":"p"}},"later":1,
            "target":{{"name":"mock","base_url":"b","capabilities":["unheard-of"]}},
            "window":null,"nonce":null}},"tests":[{{"id":"AT1","verdict":"{verdict}"}}],
            "conformance":[],"observer":[{{"id":"O-1","verdict":"{observed}"}}],
            "exit_code":{exit_code}}}"#
        );
        Facts::read(text.as_bytes()).unwrap().outcome()
    }

    #[test]
    fn the_outcome_follows_the_exit_code_and_never_hides_a_failure() {
        assert_eq!(outcome("pass", "pass", 0), Outcome::Passed);
        assert_eq!(outcome("pass", "fail", 0), Outcome::Passed);
        assert_eq!(outcome("not-applicable", "pass", 0), Outcome::Passed);
        assert_eq!(outcome("fail", "pass", 0), Outcome::Warned);
        assert_eq!(outcome("not-run", "pass", 3), Outcome::Warned);
        for code in [1, 2, 4] {
            assert_eq!(outcome("pass", "pass", code), Outcome::Failed);
        }
    }
}
