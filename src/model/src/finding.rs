//! Findings: things seen that someone should know, with who they are about.
//! Refuses to repeat itself: equal findings are folded into one with a count.

use serde::{Deserialize, Serialize};

use crate::ExchangeId;

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
                let room = crate::EXCHANGES_SHOWN.saturating_sub(kept.exchanges.len());
                kept.exchanges.extend(finding.exchanges.into_iter().take(room));
            }
        }
    }
    folded.into_values().collect()
}
