//! Reads single values of a profile, and tells what is wrong with them by file, line and field.
//! Refuses to show a value: it may be a secret put in the wrong place.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use letterproof_model::nearest;
use letterproof_wire::StorageHost;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use url::Url;

use super::fields::{FIELDS, Kind, SPECIFICATIONS, TABLES, of_table};
use crate::SecretSource;

/// The file being read, and what was found wrong with it.
pub(super) struct Reader<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, span: &Range<usize>, field: &str, said: &str) {
        let line = line_of(self.text, span.start);
        let place = if field.is_empty() { String::new() } else { format!("`{field}`: ") };
        self.problems.push(format!("{}:{line}: {place}{said}", self.path.display()));
    }

    /// Names every field that no profile has.
    pub(super) fn check_names(&mut self, table: &str, found: &DeTable<'_>) {
        let mut known: Vec<&str> = of_table(table).map(|field| field.name).collect();
        if table.is_empty() {
            known.extend(TABLES.iter().map(|(name, _)| *name).filter(|name| !name.is_empty()));
            known.push(SPECIFICATIONS);
        }
        for key in found.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let place =
                    if table.is_empty() { "the profile".to_owned() } else { format!("[{table}]") };
                let elsewhere = FIELDS.iter().find(|field| field.name == name);
                let hint = match (nearest(name, known.iter().copied()), elsewhere) {
                    (_, Some(field)) if field.table.is_empty() => {
                        "it belongs at the top, before the first table".to_owned()
                    }
                    (_, Some(field)) => format!("it belongs in [{}]", field.table),
                    (Some(near), None) => format!("did you mean `{near}`?"),
                    (None, None) => format!("fields there are {}", known.join(", ")),
                };
                self.problem(&key.span(), name, &format!("{place} has no such field; {hint}"));
            }
        }
    }

    pub(super) fn text_of(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let value = table.get(name)?;
        match value.get_ref().as_str() {
            Some(text) if !text.trim().is_empty() => Some(text.to_owned()),
            _ => {
                self.wrong_kind(value, name, "some text in quotes");
                None
            }
        }
    }

    /// A text as something else; what is wrong with it is told without showing it.
    pub(super) fn parsed<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text_of(table, name)?;
        let span = table.get(name).map(Spanned::span).unwrap_or_default();
        read(&text).map_err(|said| self.problem(&span, name, &said)).ok()
    }

    pub(super) fn word(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        words: &[&str],
    ) -> Option<String> {
        let text = self.text_of(table, name)?;
        let span = table.get(name).map(Spanned::span).unwrap_or_default();
        self.known_word(&span, name, &text, words).then_some(text)
    }

    pub(super) fn words(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        words: &[&str],
    ) -> Option<Vec<String>> {
        let texts = self.texts(table, name)?;
        let before = self.problems.len();
        for (span, text) in &texts {
            self.known_word(span, name, text, words);
        }
        (self.problems.len() == before).then(|| texts.into_iter().map(|(_, text)| text).collect())
    }

    pub(super) fn paths(&mut self, table: &DeTable<'_>, name: &str) -> Option<Vec<PathBuf>> {
        let texts = self.texts(table, name)?;
        Some(texts.iter().map(|(_, text)| self.beside(text)).collect())
    }

    pub(super) fn hosts(&mut self, table: &DeTable<'_>, name: &str) -> Option<Vec<StorageHost>> {
        let texts = self.texts(table, name)?;
        let before = self.problems.len();
        let mut hosts = Vec::new();
        for (span, text) in &texts {
            match text.parse() {
                Ok(host) => hosts.push(host),
                Err(error) => self.problem(span, name, &format!("{error}")),
            }
        }
        (self.problems.len() == before).then_some(hosts)
    }

    pub(super) fn path(&mut self, table: &DeTable<'_>, name: &str) -> Option<PathBuf> {
        let text = self.text_of(table, name)?;
        Some(self.beside(&text))
    }

    pub(super) fn url(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let text = self.text_of(table, name)?;
        let span = table.get(name).map(Spanned::span).unwrap_or_default();
        match Url::parse(&text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                self.problem(&span, name, "give an address that begins with https:// or http://");
                None
            }
            Ok(url) if !url.username().is_empty() || url.password().is_some() => {
                self.problem(
                    &span,
                    name,
                    "the address carries credentials, which no profile may hold",
                );
                None
            }
            Ok(_) => Some(text),
            Err(error) => {
                self.problem(&span, name, &format!("this is no address ({error})"));
                None
            }
        }
    }

    pub(super) fn time(&mut self, table: &DeTable<'_>, name: &str) -> Option<Duration> {
        let value = table.get(name)?;
        let time = match value.get_ref() {
            DeValue::String(text) => {
                text.parse::<jiff::SignedDuration>().ok().and_then(|time| time.try_into().ok())
            }
            DeValue::Integer(_) => whole(value.get_ref()).map(Duration::from_secs),
            _ => None,
        };
        if time.is_none() {
            self.wrong_kind(value, name, "a length of time such as \"300s\", \"5m\" or \"250ms\"");
        }
        time
    }

    pub(super) fn count(&mut self, table: &DeTable<'_>, name: &str) -> Option<u32> {
        let value = table.get(name)?;
        let number = whole(value.get_ref()).and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        if number.is_none() {
            self.wrong_kind(value, name, "a whole number above zero");
        }
        number
    }

    pub(super) fn secret(&mut self, table: &DeTable<'_>, name: &str) -> Option<SecretSource> {
        const WAYS: [&str; 3] = ["env", "file", "command"];
        let value = table.get(name)?;
        if value.get_ref().is_str() {
            self.problem(
                &value.span(),
                name,
                "the secret itself is written here, which is refused; name where it is found, as { env = \"…\" }, { file = \"…\" } or { command = [\"…\"] }, and treat what was written as disclosed",
            );
            return None;
        }
        let found = value.get_ref().as_table();
        let way = found.filter(|found| found.len() == 1).and_then(|found| found.keys().next());
        let (Some(found), Some(way)) = (found, way) else {
            self.wrong_kind(
                value,
                name,
                "one of { env = \"…\" }, { file = \"…\" }, { command = [\"…\"] }",
            );
            return None;
        };
        match way.get_ref().as_ref() {
            "env" => self.text_of(found, "env").map(SecretSource::Env),
            "file" => self.path(found, "file").map(SecretSource::File),
            "command" => {
                let words = self.texts(found, "command")?;
                if words.is_empty() {
                    self.problem(
                        &value.span(),
                        name,
                        "the command is empty; give the program and its arguments",
                    );
                    return None;
                }
                Some(SecretSource::Command(words.into_iter().map(|(_, word)| word).collect()))
            }
            other => {
                let hint = nearest(other, WAYS)
                    .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
                let said = format!("a secret comes from env, file or command{hint}");
                self.problem(&way.span(), name, &said);
                None
            }
        }
    }

    fn texts(&mut self, table: &DeTable<'_>, name: &str) -> Option<Vec<(Range<usize>, String)>> {
        let value = table.get(name)?;
        let texts = value.get_ref().as_array().and_then(|items| {
            items
                .iter()
                .map(|item| Some((item.span(), item.get_ref().as_str()?.to_owned())))
                .collect::<Option<Vec<_>>>()
        });
        if texts.is_none() {
            self.wrong_kind(value, name, "a list of texts, as [\"…\", \"…\"]");
        }
        texts
    }

    fn known_word(&mut self, span: &Range<usize>, name: &str, text: &str, words: &[&str]) -> bool {
        if words.contains(&text) {
            return true;
        }
        let hint = nearest(text, words.iter().copied()).map_or_else(
            || format!("give one of {}", words.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        self.problem(span, name, &format!("this word is not known here; {hint}"));
        false
    }

    fn wrong_kind(&mut self, value: &Spanned<DeValue<'_>>, name: &str, wanted: &str) {
        let found = value.get_ref().type_str();
        self.problem(
            &value.span(),
            name,
            &format!("here belongs {wanted}, not a value of type {found}"),
        );
    }

    fn beside(&self, text: &str) -> PathBuf {
        self.path.parent().unwrap_or(Path::new("")).join(text)
    }
}

impl Kind {
    /// What a value of this kind looks like in JSON Schema.
    pub(super) fn schema(self) -> serde_json::Value {
        use serde_json::json;
        match self {
            Self::Text | Self::Path => json!({"type": "string", "minLength": 1}),
            Self::Url => json!({"type": "string", "pattern": "^https?://"}),
            Self::Time => json!({"type": ["string", "integer"]}),
            Self::Count => json!({"type": "integer", "minimum": 1}),
            Self::Word(words) => json!({"enum": words}),
            Self::Words(words) => {
                json!({"type": "array", "items": {"enum": words}, "uniqueItems": true})
            }
            Self::Paths => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
            Self::Hosts => {
                json!({"type": "array", "items": {"type": "string", "pattern": "^[^*/@]+$"}})
            }
            Self::Secret => json!({
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
                "properties": {
                    "env": {"type": "string", "minLength": 1},
                    "file": {"type": "string", "minLength": 1},
                    "command": {"type": "array", "items": {"type": "string"}, "minItems": 1}
                }
            }),
        }
    }
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    let digits = number.as_str().replace('_', "");
    u64::from_str_radix(digits.strip_prefix('+').unwrap_or(&digits), number.radix()).ok()
}

/// The line, from 1, in which a byte of the text stands.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
