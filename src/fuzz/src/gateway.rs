//! A gateway's log, as `reconcile` takes it. Against a bundle without calls every row that is read
//! is one that the bundle lacks; a refusal names the file.

use jiff::SignedDuration;
use letterproof_evidence::{JournalHeader, SavedJournal};
use letterproof_harness::reconcile;
use letterproof_model::{Recording, RunId, ToolInfo};

use crate::case::{as_file, named, twice};

const FILE: &str = "gateway.csv";
const BASE: &str = "https://int.example/nhs-notify-supplier";

/// Bytes as a gateway's log.
pub fn gateway(data: &[u8]) {
    let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
    let journal = SavedJournal {
        header: JournalHeader::new(RunId::fixed("fuzzed"), tool, BASE),
        recording: Recording::default(),
        torn_tail: false,
        head: String::new(),
        carried: None,
    };
    let read = as_file(FILE, data, |path| {
        twice(|| {
            let found = reconcile(&journal, path, SignedDuration::from_mins(5))?;
            let lacking = found.only_gateway.len() as u64;
            assert_eq!((lacking, found.matched), (found.gateway_calls, 0), "nothing is left out");
            assert_eq!(found.agrees, lacking == 0);
            for call in &found.only_gateway {
                assert!(call.line > 1 && call.said.path.starts_with('/'), "{call:?}");
            }
            Ok::<_, letterproof_evidence::EvidenceError>(found.only_gateway)
        })
    });
    named(FILE, read);
}
