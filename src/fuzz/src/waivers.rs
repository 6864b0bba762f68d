//! Waivers files. What is read is whole and unique, and reads the same once it is written out; a
//! refusal names file and line.

use std::collections::BTreeSet;

use letterproof_harness::read_waivers;
use letterproof_model::Waiver;

use crate::case::{as_file, named, twice};

const FILE: &str = "waivers.toml";

/// Bytes as a waivers file.
pub fn waivers(data: &[u8]) {
    let Some(waivers) = read(data) else { return };
    let ids: BTreeSet<&str> = waivers.iter().map(|waiver| waiver.id.as_str()).collect();
    assert_eq!(ids.len(), waivers.len(), "each is waived once");
    for waiver in &waivers {
        assert!(waiver.date <= waiver.expires, "{waiver:?}");
        for words in [&waiver.id, &waiver.reason, &waiver.agreed_by, &waiver.reference] {
            assert!(!words.is_empty() && words.trim() == words, "{waiver:?}");
        }
    }
    let again = read(written(&waivers).as_bytes());
    let unplaced = |waivers: Vec<Waiver>| -> Vec<Waiver> {
        waivers.into_iter().map(|waiver| Waiver { line: 0, ..waiver }).collect()
    };
    assert_eq!(again.map(unplaced), Some(unplaced(waivers)), "written out and read again");
}

fn read(data: &[u8]) -> Option<Vec<Waiver>> {
    let read = as_file(FILE, data, |path| twice(|| read_waivers(path)));
    if let Err(message) = &read {
        // What is no UTF-8 text, or looks like another encoding, has no line to name.
        let is_text =
            std::str::from_utf8(data).is_ok() && letterproof_model::other_encoding(data).is_none();
        assert!(message.contains(" line ") || !is_text, "a refusal without a line: {message}");
    }
    named(FILE, read)
}

fn written(waivers: &[Waiver]) -> String {
    let entries: Vec<toml::Table> = waivers
        .iter()
        .map(|waiver| {
            let (date, expires) = (waiver.date.to_string(), waiver.expires.to_string());
            [
                ("id", &waiver.id),
                ("reason", &waiver.reason),
                ("agreed_by", &waiver.agreed_by),
                ("reference", &waiver.reference),
                ("date", &date),
                ("expires", &expires),
            ]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.clone().into()))
            .collect()
        })
        .collect();
    let file = toml::Table::from_iter([("waiver".to_owned(), entries.into())]);
    toml::to_string(&file).expect("waivers as TOML")
}
