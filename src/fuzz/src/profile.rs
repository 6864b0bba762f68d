//! Target profiles. A refusal names the file and never shows a value, which may be a secret that
//! was written in the wrong place; a profile that is read gives judges a context they can keep.

use std::path::Path;

use letterproof_client::Profile;
use letterproof_model::{Context, Mode};
use toml::de::{DeTable, DeValue};

use crate::case::{CANARY, named, text, twice};

const FILE: &str = "folder/target.toml";

/// Bytes as a target profile.
pub fn profile(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let read = twice(|| {
        Profile::parse(text, Path::new(FILE))
            .map(|profile| (format!("{profile:?}"), profile.target.context(Mode::Driven)))
    });
    if let Err(message) = &read {
        assert!(!message.contains(CANARY) || is_a_name(text), "a refusal shows a value: {message}");
    }
    let Some((_, context)) = named(FILE, read) else { return };
    let kept = serde_json::to_string(&context).expect("a context as JSON");
    assert_eq!(serde_json::from_str::<Context>(&kept).ok(), Some(context), "what a journal keeps");
}

/// Whether the canary is part of a field's name, which a refusal may well show.
fn is_a_name(text: &str) -> bool {
    fn names(value: &DeValue<'_>) -> bool {
        match value {
            DeValue::Table(table) => in_table(table),
            DeValue::Array(items) => items.iter().any(|item| names(item.get_ref())),
            _ => false,
        }
    }
    fn in_table(table: &DeTable<'_>) -> bool {
        table.iter().any(|(name, value)| name.get_ref().contains(CANARY) || names(value.get_ref()))
    }
    DeTable::parse(text).is_ok_and(|table| in_table(table.get_ref()))
}
