//! What a run or a pipeline objects to beyond the verdicts: findings about the supplier, and advice.
//! Refuses to object to what both sides agreed to live with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{About, CheckResult, Finding, FindingKind, WaiverUse};

/// How much beyond the verdicts decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strict {
    /// Violations by the supplier: findings, and rules that an observer saw broken.
    Violations,
    /// Advice that was not followed too.
    Advice,
}

impl fmt::Display for Strict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Violations => "violations",
            Self::Advice => "advice",
        })
    }
}

impl Strict {
    /// The ids of what this objects to, in the order of findings, then of checks. What is waived is
    /// left out.
    pub(crate) fn objections<'a>(
        self,
        findings: &'a [Finding],
        observer: &'a [CheckResult],
        conformance: &'a [CheckResult],
        waivers: &[WaiverUse],
    ) -> Vec<&'a str> {
        let is_violation = |finding: &&Finding| {
            finding.about == About::Supplier && finding.kind == FindingKind::Violation
        };
        let found = findings.iter().filter(is_violation).map(|finding| finding.id.as_str());
        let broken = observer.iter().filter(|check| check.is_broken());
        let advised = observer.iter().chain(conformance).filter(|check| check.is_advised());
        let advised = advised.filter(|_| self == Self::Advice);
        let failed = broken.chain(advised);
        let is_waived = |id: &&str| waivers.iter().any(|used| used.waiver.id == **id);
        found.chain(failed.map(|check| check.id.as_str())).filter(|id| !is_waived(id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{check, finding};
    use crate::{Strength, Verdict, Waiver, WaiverState};

    #[test]
    fn what_is_objected_to_is_broken_or_advised_against_and_not_waived() {
        let findings = [
            finding("F-ONE", About::Supplier, FindingKind::Violation),
            finding("F-NOTE", About::Supplier, FindingKind::Note),
            finding("F-API", About::Api, FindingKind::Violation),
            finding("F-TWO", About::Supplier, FindingKind::Violation),
        ];
        let of = |id, verdict, strength| CheckResult { strength, ..check(id, verdict) };
        let ours = Some(Strength::Ours);
        let observer = [
            of("O-BROKEN", Verdict::Fail, None),
            of("O-KEPT", Verdict::Pass, None),
            of("O-ADVICE", Verdict::Fail, ours),
            of("O-FOLLOWED", Verdict::Pass, ours),
        ];
        let conformance =
            [of("C-BROKEN", Verdict::Fail, None), of("C-ADVICE", Verdict::Fail, ours)];
        let objections = |strict: Strict, waivers| {
            strict.objections(&findings, &observer, &conformance, waivers)
        };
        assert_eq!(objections(Strict::Violations, &[]), ["F-ONE", "F-TWO", "O-BROKEN"]);
        assert_eq!(
            objections(Strict::Advice, &[]),
            ["F-ONE", "F-TWO", "O-BROKEN", "O-ADVICE", "C-ADVICE"]
        );
        let day = "2026-12-31".parse().unwrap();
        let waiver = Waiver {
            id: "F-TWO".into(),
            reason: "r".into(),
            agreed_by: "a".into(),
            reference: "r".into(),
            date: day,
            expires: day,
            line: 1,
        };
        let used = [WaiverUse { waiver, state: WaiverState::Applied }];
        assert_eq!(objections(Strict::Violations, &used), ["F-ONE", "O-BROKEN"]);
    }

    #[test]
    fn it_is_shown_by_the_word_that_files_use() {
        for strict in [Strict::Violations, Strict::Advice] {
            assert_eq!(serde_json::to_value(strict).unwrap(), strict.to_string());
        }
    }
}
