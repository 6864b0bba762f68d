//! Learning from a saved journal, as a resumed run does: statuses, updates, and what downloads
//! showed of the letters' content.
//! Refuses the harness's own probes, which the ledger never saw while they were made either.

use std::collections::HashMap;

use letterproof_model::{Actor, Exchange, Journal, LetterId, Operation, Route};
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
        let mut links: HashMap<&str, LetterId> = HashMap::new();
        for exchange in journal.exchanges() {
            let route = Route::of_exchange(exchange, self.base_url());
            match route.operation {
                Operation::GetLetterData => {
                    let location = exchange.response().and_then(|answer| answer.header("location"));
                    if let (Some(letter), Some(location)) = (route.letter, location) {
                        links.insert(path_of(location), letter);
                    }
                }
                Operation::Download => {
                    if let Some(letter) = links.get(path_of(&exchange.request.url)) {
                        self.replay_download(letter, exchange)?;
                    }
                }
                Operation::CreateMi if exchange.actor == Actor::Supplier => {
                    self.replay_mi(exchange)?;
                }
                _ if exchange.actor == Actor::Supplier => self.observe(exchange)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A record counts as submitted unless the API refused it: without an answer it may be there.
    fn replay_mi(&self, exchange: &Exchange) -> Result<(), ClientError> {
        #[derive(Deserialize)]
        struct Document {
            data: Data,
        }
        #[derive(Deserialize)]
        struct Data {
            attributes: MiRecord,
        }
        let refused = exchange.status().is_some_and(|status| (400..500).contains(&status));
        match exchange.request.body.parse::<Document>() {
            Some(sent) if !refused => self.note_mi(&sent.data.attributes.key()).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn replay_download(&self, letter: &LetterId, exchange: &Exchange) -> Result<(), ClientError> {
        let stated = self.get(letter).and_then(|record| record.sha256);
        let content = Content::of(exchange, stated.as_deref()).map(|(content, _)| content);
        content.map_or(Ok(()), |content| self.note_content_at(letter, content, exchange.finished()))
    }
}

/// A link without host and signature: letters are stored under paths of their own.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or(rest, |at| &rest[at..]);
    path.split('?').next().unwrap_or(path)
}
