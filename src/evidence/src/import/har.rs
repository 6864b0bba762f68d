//! A HAR file read once, from its first byte to its last, and hashed on the way.
//! Refuses files beyond a limit, recordings of another API, and clocks by which no order can be
//! told.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use letterproof_model::Timestamp;

use super::call::{Call, call, target};
use super::document::{self, Fault};
use super::gaps::Gaps;
use super::order::{Import, Source};
use super::place::{Place, Places, host};
use super::shape::Entry;
use crate::EvidenceError;
use crate::digest::Sha256;

/// Largest HAR file read, in bytes. A full run's is about 60 MB.
pub const HAR_LIMIT: u64 = 512 << 20;

/// Most calls of one recording.
const CALLS_LIMIT: usize = 500_000;
/// From how many calls on it is no chance that all began at a whole second.
const CHANCE: usize = 10;
const READ_HINT: &str = "check that the file is there and readable";

/// Which calls of a recording are judged.
#[derive(Debug, Clone, Copy)]
pub struct ImportScope<'a> {
    /// The API's base URL.
    pub base_url: &'a str,
    /// Its token endpoint, where it has one.
    pub token_url: Option<&'a str>,
}

/// Reads a HAR 1.2 file. Of what went elsewhere than to the API and its token endpoint only the
/// links that the API gave are kept, whose content is reduced to length, hash and pages.
///
/// # Errors
/// When the file cannot be read, is no HAR 1.2, holds an entry that cannot be true (its number is
/// told), or no call of this API.
pub fn read_har(path: &Path, scope: &ImportScope<'_>) -> Result<Import, EvidenceError> {
    let io = || EvidenceError::io("read", path, READ_HINT);
    let file = File::open(path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => {
            let problem = "there is no such file".to_owned();
            EvidenceError::Import { path: path.to_owned(), problem }
        }
        _ => io()(source),
    })?;
    let size = file.metadata().map_err(io())?.len();
    if size > HAR_LIMIT {
        return Err(EvidenceError::TooLarge { path: path.to_owned(), size, limit: HAR_LIMIT });
    }
    read(path, file, scope)
}

/// Reads a HAR that lies anywhere; errors name it as `path`.
pub(super) fn read(
    path: &Path,
    input: impl Read,
    scope: &ImportScope<'_>,
) -> Result<Import, EvidenceError> {
    let mut hashed = Hashed { input: input.take(HAR_LIMIT), hash: Sha256::new(), length: 0 };
    let mut calls = Calls::new(scope);
    let mut buffered = BufReader::with_capacity(1 << 16, &mut hashed);
    skip_mark(&mut buffered).map_err(EvidenceError::io("read", path, READ_HINT))?;
    let read = document::read(buffered, &mut |number, entry| calls.take(number, entry));
    let found = read.and_then(|()| calls.settle()).map_err(|fault| match fault {
        Fault::Io(source) => EvidenceError::io("read", path, READ_HINT)(source),
        Fault::Whole(problem) => EvidenceError::Import { path: path.to_owned(), problem },
        Fault::Entry(entry, problem) => {
            EvidenceError::ImportEntry { path: path.to_owned(), entry, problem }
        }
    })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = Source { name, size: hashed.length, sha256: hashed.hash.finish() };
    Ok(Import::of(source, found.calls, found.gaps))
}

/// A byte-order mark, which some exporters write, is none of the JSON.
fn skip_mark(input: &mut BufReader<impl Read>) -> std::io::Result<()> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    Ok(())
}

/// Hashes what is read through it.
struct Hashed<R> {
    input: R,
    hash: Sha256,
    length: u64,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.hash.update(&buffer[..length]);
        self.length += length as u64;
        Ok(length)
    }
}

/// A call to another place, which may turn out to have followed a link of the API.
struct Elsewhere {
    number: u64,
    key: String,
    /// What is wrong with it matters only if it is kept.
    call: Result<Call, String>,
}

/// The calls of a recording, gathered entry by entry.
struct Calls {
    places: Places,
    calls: Vec<Call>,
    elsewhere: Vec<Elsewhere>,
    entries: u64,
}

/// What was gathered.
struct Found {
    calls: Vec<Call>,
    gaps: Gaps,
}

impl Calls {
    fn new(scope: &ImportScope<'_>) -> Self {
        let places = Places::new(scope.base_url, scope.token_url);
        Self { places, calls: Vec::new(), elsewhere: Vec::new(), entries: 0 }
    }

    fn take(&mut self, number: u64, entry: Entry) -> Result<(), String> {
        self.entries = number;
        if self.calls.len() + self.elsewhere.len() >= CALLS_LIMIT {
            return Err(format!("it is beyond the {CALLS_LIMIT} calls that are read"));
        }
        let (method, url) = target(&entry)?;
        match self.places.of(&method, &url)? {
            Place::Nowhere => self.places.leave_out(None),
            Place::Elsewhere { key } if matches!(method.as_str(), "GET" | "HEAD") => {
                let call = call(entry, method, url, letterproof_model::Operation::Download);
                self.elsewhere.push(Elsewhere { number, key, call });
            }
            Place::Elsewhere { key } => self.places.leave_out(host(&key)),
            Place::Ours { operation, url } => {
                let call = call(entry, method, url, operation)?;
                if let Some(location) = call.link() {
                    self.places.gave(&call.raw.request.url, location);
                }
                self.calls.push(call);
            }
        }
        Ok(())
    }

    /// Decides what is kept, once every link is known.
    fn settle(mut self) -> Result<Found, Fault> {
        for Elsewhere { number, key, call } in std::mem::take(&mut self.elsewhere) {
            if self.places.is_link(&key) {
                self.calls.push(call.map_err(|fault| Fault::Entry(number, fault))?);
            } else {
                self.places.leave_out(host(&key));
            }
        }
        if self.calls.is_empty() {
            let hosts = self.places.other_hosts();
            return Err(Fault::Whole(format!(
                "none of its {} entries is a call of {}{hosts}; give the API's address with \
                 --base-url",
                self.entries,
                self.places.base(),
            )));
        }
        let whole_second = |at: Timestamp| at.as_microsecond() % 1_000_000 == 0;
        if self.calls.len() > CHANCE && self.calls.iter().all(|call| whole_second(call.started)) {
            return Err(Fault::Whole(
                "its times are whole seconds, by which no order of calls can be told; export it \
                 with milliseconds"
                    .to_owned(),
            ));
        }
        let gaps = Gaps::of(&self.calls, self.entries, &self.places);
        Ok(Found { calls: self.calls, gaps })
    }
}
