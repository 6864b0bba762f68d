//! What a run came to, and where two runs differ. Pure: results in, differences out.
//! Refuses times and counts, which noise may change; every verdict is compared.

use std::collections::BTreeMap;

use letterproof_model::{About, CheckResult, Counts, Results, Verdict};

/// The id under which the exit code is compared.
const EXIT_CODE: &str = "exit code";
/// What is shown of an id that a run did not come to.
const NOTHING: &str = "nothing";

/// What a run came to, without times and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The verdict of every test, criterion and check, every finding about the supplier, and the
    /// exit code, each by its id.
    pub said: BTreeMap<String, String>,
    /// How many criteria and checks ended with each verdict.
    pub counts: Counts,
    /// The criteria and checks that failed, or whose judge broke.
    pub red: Vec<String>,
}

/// Something that two runs do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which test, criterion, check or finding.
    pub id: String,
    /// What the quiet run says.
    pub quiet: String,
    /// What the run under noise says.
    pub noisy: String,
}

impl Seen {
    /// What is compared of a results document.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        let tests = || results.tests.iter().filter(|test| test.selected);
        let criteria = tests().flat_map(|test| &test.criteria);
        let single: Vec<(String, Verdict)> = criteria
            .map(|one| (one.id.to_string(), one.verdict))
            .chain(results.conformance.iter().map(|one| (one.id.to_string(), one.verdict)))
            .collect();
        let supplier = results.findings.iter().filter(|one| one.about == About::Supplier);
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        said.extend(single.iter().map(|(id, verdict)| (id.clone(), verdict.to_string())));
        said.extend(tests().map(|test| (test.id.to_string(), test.verdict.to_string())));
        said.extend(results.conformance.iter().filter_map(deviating));
        said.extend(supplier.map(|one| (one.id.clone(), format!("{:?}", one.kind).to_lowercase())));
        said.insert(EXIT_CODE.to_owned(), results.exit_code.to_string());
        let is_red = |verdict| matches!(verdict, Verdict::Fail | Verdict::Error);
        let red = single.iter().filter(|(_, verdict)| is_red(*verdict));
        Self {
            said,
            red: red.map(|(id, _)| id.clone()).collect(),
            counts: Counts::of(single.iter().map(|(_, verdict)| *verdict)),
        }
    }

    /// Where a run under noise differs from this quiet one, by id.
    #[must_use]
    pub fn differences(&self, noisy: &Self) -> Vec<Difference> {
        let mut ids: Vec<&String> = self.said.keys().chain(noisy.said.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let of = |seen: &Self, id: &String| {
            seen.said.get(id).cloned().unwrap_or_else(|| NOTHING.to_owned())
        };
        ids.into_iter()
            .map(|id| Difference { id: id.clone(), quiet: of(self, id), noisy: of(noisy, id) })
            .filter(|one| one.quiet != one.noisy)
            .collect()
    }
}

/// A check that is not a plain pass or failure, with the kind of finding it stands for.
fn deviating(check: &CheckResult) -> Option<(String, String)> {
    let kind = check.finding?;
    Some((
        check.id.to_string(),
        format!("{} ({})", check.verdict, format!("{kind:?}").to_lowercase()),
    ))
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}, quiet: {}", self.id, self.noisy, self.quiet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(of: &[(&str, &str)]) -> Seen {
        let said = of.iter().map(|(id, what)| ((*id).to_owned(), (*what).to_owned())).collect();
        Seen { said, counts: Counts::default(), red: Vec::new() }
    }

    #[test]
    fn whatever_one_run_says_and_the_other_does_not_is_a_difference() {
        let quiet = seen(&[("AT1.1", "pass"), ("C-LIST", "pass"), ("exit code", "0")]);
        assert!(quiet.differences(&quiet).is_empty());
        let noisy = seen(&[("AT1.1", "inconclusive"), ("F-X", "note"), ("exit code", "0")]);
        let told: Vec<String> = quiet.differences(&noisy).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "AT1.1: inconclusive, quiet: pass",
                "C-LIST: nothing, quiet: pass",
                "F-X: note, quiet: nothing"
            ]
        );
    }
}
