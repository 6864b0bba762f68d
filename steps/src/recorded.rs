//! What the unit tests of several modules record.

use std::path::Path;
use std::sync::Arc;

use letterproof_evidence::{JournalHeader, JournalWriter};
use letterproof_model::{
    Actor, Direction, PackId, RawBody, RawExchange, RawOutcome, RawRequest, RawResponse, ToolInfo,
    now,
};

use crate::Bench;

/// Nothing listens here: what is recorded was never sent.
pub(crate) const BASE: &str = "http://127.0.0.1:9";

/// A journal in this folder that tells a bench what it records.
pub(crate) fn journal(folder: &Path, bench: &Arc<Bench>) -> JournalWriter {
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let header = JournalHeader::new("run-1".into(), tool, BASE);
    let seen = Arc::clone(bench);
    let journal = JournalWriter::create(&folder.join("exchanges.jsonl"), &header).unwrap();
    journal.with_observer(Box::new(move |exchange| seen.see(exchange)))
}

/// The supplier asked whether the service is up, and was answered so.
pub(crate) fn status_call(status: u16) -> RawExchange {
    RawExchange {
        direction: Direction::ToApi,
        pack: PackId::Supplier,
        actor: Actor::Supplier,
        scenario: None,
        attempt: 1,
        scheduled: None,
        started: now(),
        connection: None,
        request: RawRequest {
            method: "GET".into(),
            url: format!("{BASE}/_status"),
            headers: vec![("X-Request-ID".into(), "a3bb189e-8bf9-3888-9912-ace4e6543002".into())],
            body: RawBody::None,
        },
        outcome: RawOutcome::Response(RawResponse {
            status,
            headers: Vec::new(),
            body: RawBody::None,
            headers_us: 1_000,
            done_us: 1_000,
        }),
    }
}
