//! What only an observer of the supplier can see, beside the clauses of the pack.
//! Refuses verdicts: each is a finding about the supplier, as a violation where a rule is broken
//! and as a note where it is merely worth knowing. The harness's own calls are left out.

mod calls;
mod letters;

use letterproof_model::{About, Context, EXCHANGES_SHOWN, Finding, FindingKind};

use crate::traffic::{CallIx, Traffic};

/// What was seen of the supplier in the traffic, one finding for each kind with its count.
#[must_use]
pub fn observe(traffic: &Traffic, context: &Context) -> Vec<Finding> {
    let seen = [
        letters::wrong_moves(traffic, context),
        letters::repeated_updates(traffic),
        letters::unseen_statuses(traffic, context),
        letters::updates_after_end(traffic),
        letters::pending_sent(traffic),
        letters::not_taken(traffic),
        letters::not_fetched(traffic),
        letters::produced_with_other_content(traffic),
        letters::mi_doubled(traffic),
        calls::parallel_lists(traffic),
        calls::request_ids_reused(traffic),
        calls::tokens_not_reused(traffic),
        calls::late_downloads(traffic),
        calls::hasty_repeats(traffic),
        calls::given_up(traffic),
        calls::rate_exceeded(traffic, context),
    ];
    seen.into_iter().filter_map(|seen| seen.finding(traffic)).collect()
}

/// One kind of thing to see, and where it was seen.
pub(crate) struct Seen {
    id: &'static str,
    kind: FindingKind,
    title: &'static str,
    expected: &'static str,
    source: &'static str,
    items: Vec<(Vec<CallIx>, String)>,
}

impl Seen {
    const fn of(
        id: &'static str,
        kind: FindingKind,
        title: &'static str,
        expected: &'static str,
        source: &'static str,
    ) -> Self {
        Self { id, kind, title, expected, source, items: Vec::new() }
    }

    fn add(&mut self, calls: impl IntoIterator<Item = CallIx>, words: impl Into<String>) {
        self.items.push((calls.into_iter().collect(), words.into()));
    }

    fn finding(self, traffic: &Traffic) -> Option<Finding> {
        let (_, observed) = self.items.first()?;
        let observed = observed.clone();
        let mut exchanges = Vec::new();
        for call in self.items.iter().flat_map(|(calls, _)| calls) {
            let id = traffic.exchange_id(*call);
            if !exchanges.contains(&id) {
                exchanges.push(id);
            }
            if exchanges.len() == EXCHANGES_SHOWN {
                break;
            }
        }
        Some(Finding {
            id: self.id.to_owned(),
            about: About::Supplier,
            kind: self.kind,
            title: self.title.to_owned(),
            expected: self.expected.to_owned(),
            observed,
            source: self.source.to_owned(),
            exchanges,
            count: self.items.len() as u64,
        })
    }
}
