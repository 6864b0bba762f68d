//! What a known deviation is, and how one is found that explains a difference.
//! Refuses to guess: a row explains only the check, calls and statuses it names.

use letterproof_model::Operation;

use super::table::TABLE;
use crate::difference::{Check, Difference, Seen};

/// Which targets a deviation is known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviationTarget {
    /// The deployed API: INT, production, and what stands in for them.
    Deployed,
    /// The public sandbox.
    Sandbox,
    /// Both.
    Everywhere,
}

/// A known difference between the specification and what is deployed.
#[derive(Clone, Copy)]
pub struct Deviation {
    /// A stable name, also the id of its findings.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Where it is known of.
    pub target: DeviationTarget,
    /// What the specification says.
    pub specification: &'static str,
    /// What the target does.
    pub deployed: &'static str,
    /// What that rests on.
    pub source: &'static str,
    /// The checks it explains.
    pub(super) checks: &'static [Check],
    /// The facets of the check it explains; empty for any.
    pub(super) facets: &'static [&'static str],
    /// The calls it is known of; empty for any.
    pub(super) operations: &'static [Operation],
    /// The statuses it is known with; empty for any.
    pub(super) statuses: &'static [u16],
    /// What else must hold of the exchange.
    pub(super) when: fn(&Seen<'_>, &Difference) -> bool,
}

impl std::fmt::Debug for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deviation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Every known deviation, for documentation and reports.
#[must_use]
pub fn deviations() -> &'static [Deviation] {
    TABLE
}

/// The row that explains a difference.
pub(crate) fn explain(seen: &Seen<'_>, difference: &Difference) -> Option<&'static Deviation> {
    let status = seen.response()?.status;
    TABLE.iter().find(|row| {
        let here = match row.target {
            DeviationTarget::Everywhere => true,
            DeviationTarget::Sandbox => seen.is_sandbox(),
            DeviationTarget::Deployed => !seen.is_sandbox(),
        };
        here && row.checks.contains(&difference.check)
            && (row.facets.is_empty() || row.facets.contains(&difference.facet.as_str()))
            && (row.operations.is_empty() || row.operations.contains(&seen.operation()))
            && (row.statuses.is_empty() || row.statuses.contains(&status))
            && (row.when)(seen, difference)
    })
}
