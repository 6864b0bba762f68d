//! Reads a HAR file entry by entry, so that no more than one lies in memory as it was written. An
//! entry of another shape ends nothing: it is handed on as one that cannot be read.
//!
//! Bodies that a HAR keeps in files of their own, as Playwright writes them: beside the HAR, or
//! with it in a zip.

use std::fs::File;
use std::io::{BufReader, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use letterproof_model::is_desktop_leftover;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;
use zip::ZipArchive;

use crate::import::shape::Entry;
use crate::names::is_plain;
use crate::{EvidenceError, JOURNAL_FILE};

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
            return wrong("it is JSON, but not a HAR file: it has no `log`");
        }
        if !VERSIONS.contains(&self.version.trim()) {
            return wrong("its HAR version is not 1.1 or 1.2; export it again as HAR 1.2");
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
                None => format!("it is not valid HAR ({place})"),
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

/// Largest body in a file of its own, in bytes.
const FILE_LIMIT: u64 = 64 << 20;
/// All such bodies of a recording together, in bytes.
const TOTAL_LIMIT: u64 = 4 << 30;
/// Most files of a zip that holds a HAR.
const FILES_LIMIT: usize = 200_000;
/// How a zip begins.
const ZIP: [u8; 4] = *b"PK\x03\x04";

type Archive = ZipArchive<BufReader<File>>;

/// The files that a HAR may refer to.
pub(super) struct Attached {
    place: Place,
    left: u64,
}

enum Place {
    /// Beside the HAR, in this folder.
    Folder(PathBuf),
    /// In the HAR's zip, below this prefix.
    Zip { archive: Box<Archive>, prefix: String },
}

impl Attached {
    /// The files beside a HAR.
    pub(super) fn beside(har: &Path) -> Self {
        let folder = har.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        Self { place: Place::Folder(folder), left: TOTAL_LIMIT }
    }

    /// The bytes of a body, or why they are not there.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, &'static str> {
        const MISSING: &str = "the file that holds its body is missing";
        const TOO_LARGE: &str = "the file that holds its body is too large";
        if !is_plain(name) {
            return Err("the file that holds its body has a name that is not allowed");
        }
        let limit = FILE_LIMIT.min(self.left);
        let mut bytes = Vec::new();
        match &mut self.place {
            Place::Folder(folder) => {
                let path = folder.join(name);
                // A link could lead anywhere, a pipe would never end.
                std::fs::symlink_metadata(&path)
                    .ok()
                    .filter(std::fs::Metadata::is_file)
                    .ok_or(MISSING)?;
                let file = File::open(&path).map_err(|_| MISSING)?;
                file.take(limit + 1).read_to_end(&mut bytes).map_err(|_| MISSING)?;
            }
            Place::Zip { archive, prefix } => {
                let file = archive.by_name(&format!("{prefix}{name}")).map_err(|_| MISSING)?;
                let read = file.take(limit + 1).read_to_end(&mut bytes);
                read.map_err(|_| "the file that holds its body is damaged")?;
            }
        }
        let length = bytes.len() as u64;
        self.left = self.left.saturating_sub(length);
        if length > limit { Err(TOO_LARGE) } else { Ok(bytes) }
    }
}

/// Whether a file is a zip that holds a HAR, and not the bundle of a run.
///
/// # Errors
/// When it cannot be read.
pub fn is_har_zip(path: &Path) -> Result<bool, EvidenceError> {
    let io = || EvidenceError::io("read", path, super::har::READ_HINT);
    let mut file = File::open(path).map_err(io())?;
    if !is_zip(&mut file).map_err(io())? {
        return Ok(false);
    }
    Ok(open(file).is_ok_and(|archive| har_in(&archive).is_ok()))
}

/// Whether a file begins as a zip does.
pub(super) fn is_zip(file: &mut File) -> std::io::Result<bool> {
    let mut mark = Vec::new();
    file.take(ZIP.len() as u64).read_to_end(&mut mark)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(mark == ZIP)
}

/// Hands the HAR in a zip to `read`, with the files beside it.
pub(super) fn in_zip<T>(
    path: &Path,
    read: impl FnOnce(&mut dyn Read, Attached) -> T,
) -> Result<T, String> {
    // One to read the HAR from, the other for the files that it names on the way.
    let again =
        || File::open(path).map_err(|_| "it cannot be opened; check its owner and mode".to_owned());
    let mut outer = open(again()?)?;
    let name = har_in(&outer)?;
    let prefix = name[..name.rfind('/').map_or(0, |at| at + 1)].to_owned();
    let place = Place::Zip { archive: Box::new(open(again()?)?), prefix };
    let mut har =
        outer.by_name(&name).map_err(|_| "the HAR in it cannot be unpacked".to_owned())?;
    Ok(read(&mut har, Attached { place, left: TOTAL_LIMIT }))
}

fn open(file: File) -> Result<Archive, String> {
    let archive = ZipArchive::new(BufReader::new(file))
        .map_err(|_| "it is a zip that cannot be read; export it again".to_owned())?;
    if archive.len() > FILES_LIMIT {
        return Err(format!("it holds more than {FILES_LIMIT} files"));
    }
    Ok(archive)
}

/// The name of the one HAR of a zip.
fn har_in(archive: &Archive) -> Result<String, String> {
    let names: Vec<String> =
        archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let file_name = |name: &str| name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    if names.iter().any(|name| name.ends_with(JOURNAL_FILE)) {
        return Err("it is the bundle of a run; give it with --from".to_owned());
    }
    let mut hars = names
        .into_iter()
        .filter(|name| file_name(name).ends_with(".har") && !is_desktop_leftover(Path::new(name)));
    match (hars.next(), hars.next()) {
        (Some(har), None) => Ok(har),
        (None, _) => Err("it is a zip without a .har file".to_owned()),
        (Some(_), Some(_)) => Err("it holds several .har files; give one of them".to_owned()),
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
            ("[]", "not valid HAR"),
            ("{}", "no `log`"),
            (r#"{"log":[]}"#, "not valid HAR"),
            (r#"{"log":{"version":"2.0","entries":[]}}"#, "not 1.1 or 1.2"),
            (r#"{"log":{"version":{},"entries":[]}}"#, "not 1.1 or 1.2"),
            (r#"{"log":{"version":"1.2"}}"#, "no `entries`"),
            (r#"{"log":{"version":"1.2","entries":[],"entries":[]}}"#, "not valid HAR"),
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
