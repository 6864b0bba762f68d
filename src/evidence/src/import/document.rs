//! Reads a HAR file entry by entry, so that no more than one lies in memory as it was written.
//! Refuses what is not HAR 1.1 or 1.2, and says where reading ended without quoting what is there.
//! An entry of another shape ends nothing: it is handed on as one that cannot be read.

use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess};
use serde::de::{Unexpected, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::shape::Entry;

/// The versions that are read. By the format, a file that names none is of version 1.1.
const VERSIONS: [&str; 3] = ["", "1.1", "1.2"];

/// Why a file cannot be used.
#[derive(Debug)]
pub(super) enum Fault {
    /// It cannot be read.
    Io(io::Error),
    /// It is wrong as a whole.
    Whole(String),
    /// Reading ended in the entry of this number, counted from 1.
    Entry(u64, String),
}

/// Takes an entry, or nothing where it is none, and says why no more can be taken.
pub(super) type Take<'a> = dyn FnMut(u64, Option<Entry>) -> Result<(), String> + 'a;

/// Hands every entry to `take`, with its number counted from 1.
pub(super) fn read(input: impl Read, take: &mut Take<'_>) -> Result<(), Fault> {
    let version = String::new();
    let mut reading = Reading { entry: 0, fault: None, version, log: false, entries: false, take };
    let mut json = serde_json::Deserializer::from_reader(input);
    let read = Whole(&mut reading).deserialize(&mut json).and_then(|()| json.end());
    match read {
        Ok(()) => reading.whole(),
        Err(error) => Err(reading.fault(error)),
    }
}

/// How far reading has come.
struct Reading<'t, 'a> {
    /// The entry being read, counted from 1; 0 outside the list of entries.
    entry: u64,
    /// Why that entry could not be taken.
    fault: Option<String>,
    version: String,
    log: bool,
    entries: bool,
    take: &'t mut Take<'a>,
}

impl Reading<'_, '_> {
    fn whole(self) -> Result<(), Fault> {
        let wrong = |words: &str| Err(Fault::Whole(words.to_owned()));
        if !self.log {
            return wrong("it is JSON, but no HAR: it has no `log`");
        }
        if !VERSIONS.contains(&self.version.trim()) {
            return wrong("its HAR version is neither 1.1 nor 1.2; export it again as HAR 1.2");
        }
        if !self.entries {
            return wrong("its `log` has no `entries`");
        }
        Ok(())
    }

    fn fault(self, error: serde_json::Error) -> Fault {
        let place = format!("line {}, column {}", error.line(), error.column());
        let words = match error.classify() {
            Category::Io => return Fault::Io(error.into()),
            Category::Data => match self.fault {
                Some(fault) => return Fault::Entry(self.entry, fault),
                None => format!("it is not in the form of HAR ({place})"),
            },
            Category::Eof => format!("the file ends in the middle ({place}); export it again"),
            Category::Syntax => format!("it is not JSON ({place})"),
        };
        if self.entry > 0 { Fault::Entry(self.entry, words) } else { Fault::Whole(words) }
    }
}

macro_rules! seed {
    ($name:ident, $read:ident, $expected:literal) => {
        struct $name<'r, 't, 'a>(&'r mut Reading<'t, 'a>);

        impl<'de> DeserializeSeed<'de> for $name<'_, '_, '_> {
            type Value = ();

            fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<(), D::Error> {
                input.$read(self)
            }
        }

        impl $name<'_, '_, '_> {
            fn expected(f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($expected)
            }
        }
    };
}

seed!(Whole, deserialize_map, "a HAR document");
seed!(Log, deserialize_map, "the log of a HAR");
seed!(Entries, deserialize_seq, "the entries of a HAR");

impl<'de> Visitor<'de> for Whole<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::expected(f)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "log" {
                map.next_value_seed(Log(self.0))?;
                self.0.log = true;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Log<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::expected(f)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "version" => {
                    self.0.version = match map.next_value()? {
                        Value::String(version) => version,
                        Value::Null => String::new(),
                        other => other.to_string(),
                    }
                }
                "entries" if self.0.entries => {
                    return Err(M::Error::invalid_value(Unexpected::Map, &"one list of entries"));
                }
                "entries" => {
                    map.next_value_seed(Entries(self.0))?;
                    self.0.entries = true;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Self::expected(f)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<(), S::Error> {
        let mut number = 0;
        loop {
            number += 1;
            self.0.entry = number;
            let Some(entry) = seq.next_element::<Box<RawValue>>()? else { break };
            if let Err(fault) = (self.0.take)(number, Entry::read(entry.get())) {
                self.0.fault = Some(fault);
                return Err(S::Error::custom("an entry cannot be used"));
            }
        }
        self.0.entry = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faulty(text: &str) -> String {
        match read(text.as_bytes(), &mut |_, _| Ok(())) {
            Ok(()) => "nothing".to_owned(),
            Err(Fault::Io(error)) => error.to_string(),
            Err(Fault::Whole(words)) => words,
            Err(Fault::Entry(number, words)) => format!("entry {number}: {words}"),
        }
    }

    #[test]
    fn what_is_no_har_is_told_by_its_first_fault() {
        for (text, words) in [
            ("", "ends in the middle"),
            ("<html>", "it is not JSON (line 1, column 1)"),
            ("[]", "not in the form of HAR"),
            ("{}", "no `log`"),
            (r#"{"log":[]}"#, "not in the form of HAR"),
            (r#"{"log":{"version":"2.0","entries":[]}}"#, "neither 1.1 nor 1.2"),
            (r#"{"log":{"version":{},"entries":[]}}"#, "neither 1.1 nor 1.2"),
            (r#"{"log":{"version":"1.2"}}"#, "no `entries`"),
            (r#"{"log":{"version":"1.2","entries":[],"entries":[]}}"#, "not in the form"),
            (r#"{"log":{"version":"1.2","entries":[]}}x"#, "it is not JSON"),
            (r#"{"log":{"version":"1.2","entries":[{},{},{"#, "entry 3: the file ends"),
        ] {
            assert!(faulty(text).contains(words), "{text}: {}", faulty(text));
        }
        assert_eq!(faulty(r#"{"log":{"version":"1.2","entries":[],"pages":null}}"#), "nothing");
    }

    #[test]
    fn each_version_is_read_that_exporters_write() {
        for version in [r#""1.2""#, r#""1.1""#, r#""""#, "null", "1.2"] {
            let text = format!(r#"{{"log":{{"version":{version},"entries":[]}}}}"#);
            assert_eq!(faulty(&text), "nothing", "{version}");
        }
        assert_eq!(faulty(r#"{"log":{"entries":[]}}"#), "nothing", "1.1 by default");
    }

    #[test]
    fn an_entry_that_is_none_is_handed_on_and_ends_nothing() {
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let text =
            format!(r#"{{"log":{{"entries":[{{}},null,[1],"\ud800",{{"x":{deep}}},{{}}]}}}}"#);
        let mut read_ones = Vec::new();
        read(text.as_bytes(), &mut |number, entry| {
            read_ones.extend(entry.map(|_| number));
            Ok(())
        })
        .unwrap();
        assert_eq!(read_ones, [1, 6]);
    }

    #[test]
    fn a_fault_quotes_nothing_of_the_file() {
        let text = r#"{"log":{"version":"1.2","entries":[{"request":"CANARY-SECRET"#;
        assert!(faulty(text).starts_with("entry 1: "), "{}", faulty(text));
        assert!(!faulty(text).contains("CANARY"), "{}", faulty(text));
    }

    #[test]
    fn nesting_without_end_is_no_json_and_no_crash() {
        let deep = format!(r#"{{"log":{{"version":"1.2","entries":[{}"#, "[".repeat(100_000));
        assert!(faulty(&deep).starts_with("entry 1: "), "{}", faulty(&deep));
    }
}
