//! Learning from a saved journal, as a resumed run does: statuses, updates, and what downloads
//! showed of the letters' content.
//! Of the harness's own probes only downloads are taken in, and of these only what nobody can
//! print, as while they were made: a sound letter is one that the supplier itself has fetched.

use letterproof_model::{Document, Exchange, Journal, LetterId, Operation};
use letterproof_traffic::Traffic;
use serde::Deserialize;

use super::book::Ledger;
use super::record::Content;
use crate::ClientError;
use crate::wire::MiRecord;

impl Ledger {
    /// Learns from a whole journal.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn replay(&self, journal: &dyn Journal) -> Result<(), ClientError> {
        let mut traffic = Traffic::at(self.base_url());
        traffic.absorb(journal);
        for call in traffic.recorded() {
            match (call.operation, call.letter) {
                (Operation::Download, Some(letter)) => {
                    let letter = traffic.letter_id(letter);
                    self.replay_download(&letter, &call.exchange(), call.by_supplier())?;
                }
                (Operation::CreateMi, _) if call.by_supplier() => {
                    self.replay_mi(&call.exchange())?
                }
                _ if call.by_supplier() => self.observe(&call.exchange())?,
                _ => {}
            }
        }
        journal.whole().map_err(|error| ClientError::Unrecorded { message: error.message })
    }

    /// A record counts as submitted unless the API refused it: without an answer it may be there.
    fn replay_mi(&self, exchange: &Exchange) -> Result<(), ClientError> {
        #[derive(Deserialize)]
        struct Data {
            attributes: MiRecord,
        }
        let refused = exchange.status().is_some_and(|status| (400..500).contains(&status));
        match exchange.request.body.parse::<Document<Data>>() {
            Some(sent) if !refused => self.note_mi(&sent.data.attributes.key()).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn replay_download(
        &self,
        letter: &LetterId,
        exchange: &Exchange,
        by_supplier: bool,
    ) -> Result<(), ClientError> {
        let content = self.content_of(letter, exchange);
        let content = content.filter(|content| by_supplier || !content.is_sound());
        content.map_or(Ok(()), |content| self.note_content_at(letter, content, exchange.finished()))
    }

    /// Notes what a probe's download showed, where nobody can print it: whoever found that out, no
    /// scenario takes the letter on.
    ///
    /// # Errors
    /// When the ledger's file cannot be written.
    pub fn note_probed(&self, letter: &LetterId, exchange: &Exchange) -> Result<(), ClientError> {
        self.replay_download(letter, exchange, false)
    }

    fn content_of(&self, letter: &LetterId, exchange: &Exchange) -> Option<Content> {
        let stated = self.get(letter).and_then(|record| record.sha256);
        Content::of(exchange, stated.as_deref()).map(|(content, _)| content)
    }
}
