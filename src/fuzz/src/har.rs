//! Recordings made elsewhere. What is taken in becomes a journal with as many exchanges as calls
//! were kept, which reads back sound; a refusal names the file.

use std::path::Path;

use letterproof_evidence::{
    Import, ImportScope, JournalHeader, JournalWriter, is_journal, read_har, read_journal,
};
use letterproof_model::{Journal as _, RunId, ToolInfo};

use crate::case::{as_file, in_folder, named, twice};

const FILE: &str = "traffic.har";
const BASE: &str = "https://int.example/supplier";
const SCOPE: ImportScope<'_> =
    ImportScope { base_url: BASE, token_url: Some("https://int.example/oauth2/token") };

/// Bytes as a HAR file.
pub fn har(data: &[u8]) {
    as_file(FILE, data, |path| {
        named(FILE, twice(|| is_journal(path)));
        let gist = |import: Import| (import.calls(), import.notes().to_vec());
        let Some((calls, _)) = named(FILE, twice(|| read_har(path, &SCOPE).map(gist))) else {
            return;
        };
        let import = read_har(path, &SCOPE).expect("it was read before");
        assert_eq!(recorded(import), calls, "every call is recorded");
    });
}

/// How many exchanges the journal holds that a recording becomes.
fn recorded(import: Import) -> usize {
    in_folder(|folder| {
        let path = folder.join("imported.jsonl");
        forget(&path);
        let tool = ToolInfo { version: "0".to_owned(), commit: "unknown".to_owned() };
        let header = JournalHeader::new(RunId::from("20260821t101500z-abc123"), tool, BASE);
        let journal = JournalWriter::create(&path, &header).expect("a journal");
        import.append_to(&journal).expect("the calls in the journal");
        drop(journal);
        read_journal(&path).expect("a sound journal").recording.exchanges().len()
    })
}

fn forget(path: &Path) {
    if path.exists() {
        std::fs::remove_file(path).expect("the last case's journal out of the way");
    }
}
