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
