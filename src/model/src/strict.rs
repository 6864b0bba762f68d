//! What a run or a pipeline objects to beyond the verdicts: findings about the supplier, and advice.
//! Refuses to object to what both sides agreed to live with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{About, CheckResult, Finding, FindingKind, Verdict, WaiverUse};

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
        let failed = broken.chain(advised).filter(|check| check.verdict == Verdict::Fail);
        let is_waived = |id: &&str| waivers.iter().any(|used| used.waiver.id == **id);
        found.chain(failed.map(|check| check.id.as_str())).filter(|id| !is_waived(id)).collect()
    }
}
