//! Reading letters for the record alone, before and after the work.
//! Refuses to look twice: what a letter shows then is what it shows.

use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_model::LetterId;

use super::work::Supplier;
use crate::{ClientError, Flow};

impl Supplier {
    /// Reads each of these letters once, as the harness's own under a scenario's name; tells how many
    /// were answered, and what it broke off with.
    pub async fn read_once(
        &self,
        letters: Vec<LetterId>,
        scenario: &str,
    ) -> (usize, Result<(), ClientError>) {
        let flow = Flow::harness(self.session().nonce()).in_scenario(scenario);
        let (flow, answered) = (&flow, &AtomicUsize::new(0));
        let read = self
            .each("reading letters for the record", letters, |id| async move {
                let answer = self.session().get_letter(flow, &id).await?;
                answered.fetch_add(1, Ordering::Relaxed);
                self.ledger().observe(&answer.exchange)
            })
            .await;
        (answered.load(Ordering::Relaxed), read.map(drop))
    }
}
