//! A HAR file read once, from its first byte to its last, and hashed on the way. What is wrong with
//! one entry costs that entry alone.
//!
//! A recording read and not yet recorded: its calls in the order in which they began. It is never
//! shown: it holds secrets until a journal has redacted them.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use letterproof_model::{
    Mark, Operation, Recorder as _, RunEnd, Timestamp, grouped, other_encoding, without_mark,
};

use crate::chain::Sha256;
use crate::import::call::{Call, address, call, method};
use crate::import::document;
use crate::import::document::{Attached, Fault, in_zip, is_zip};
use crate::import::left_out::{Gaps, LeftOut, Why, many};
use crate::import::place::{Place, Places, host};
use crate::import::shape::Entry;
use crate::{EvidenceError, JournalWriter};

/// Largest HAR file read, in bytes. A full run's is about 60 MB.
pub const HAR_LIMIT: u64 = 512 << 20;

/// Most calls of one recording.
const CALLS_LIMIT: usize = 500_000;
/// From how many calls on it is no chance that all began at a whole second.
const CHANCE: usize = 10;
pub(super) const READ_HINT: &str = "check that the file is there and readable";

/// Which calls of a recording are judged.
#[derive(Debug, Clone, Copy)]
pub struct ImportScope<'a> {
    /// The API's base URL.
    pub base_url: &'a str,
    /// Its token endpoint, where it has one.
    pub token_url: Option<&'a str>,
}

/// Reads a HAR 1.1 or 1.2 file, with the bodies beside it, or a zip of both. Of what went elsewhere than to the API and its token endpoint only the
/// links that the API gave are kept, whose content is reduced to length, hash and pages.
///
/// # Errors
/// When the file cannot be read, is no HAR, or holds no call of this API.
pub fn read_har(path: &Path, scope: &ImportScope<'_>) -> Result<Import, EvidenceError> {
    let io = || EvidenceError::io("read", path, READ_HINT);
    let mut file = File::open(path).map_err(|source| match source.kind() {
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
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut hashed = Hashed { input: file.try_clone().map_err(io())?, hash: Sha256::new() };
    if !is_zip(&mut file).map_err(io())? {
        let found = read(path, &mut hashed, Attached::beside(path), scope)?;
        let sha256 = hashed.hash.finish();
        return Ok(Import::of(Source { name, size, sha256 }, found.calls, found.gaps));
    }
    let unzipped = in_zip(path, |input, attached| read(path, input, attached, scope));
    let found =
        unzipped.map_err(|problem| EvidenceError::Import { path: path.to_owned(), problem })??;
    std::io::copy(&mut hashed, &mut std::io::sink()).map_err(io())?;
    let sha256 = hashed.hash.finish();
    Ok(Import::of(Source { name, size, sha256 }, found.calls, found.gaps))
}

/// Reads a HAR that lies anywhere; errors name it as `path`.
pub(super) fn read(
    path: &Path,
    input: impl Read,
    attached: Attached,
    scope: &ImportScope<'_>,
) -> Result<Found, EvidenceError> {
    let mut calls = Calls::new(scope, attached);
    let mut buffered = BufReader::with_capacity(1 << 16, input.take(HAR_LIMIT));
    let read = skip_mark(&mut buffered)
        .and_then(|()| document::read(buffered, &mut |number, entry| calls.take(number, entry)));
    read.and_then(|()| calls.settle()).map_err(|fault| match fault {
        Fault::Io(source) => EvidenceError::io("read", path, READ_HINT)(source),
        Fault::Whole(problem) => EvidenceError::Import { path: path.to_owned(), problem },
        Fault::Entry(entry, problem) => {
            EvidenceError::ImportEntry { path: path.to_owned(), entry, problem }
        }
    })
}

/// A byte-order mark, which some exporters write, is none of the JSON.
fn skip_mark(input: &mut BufReader<impl Read>) -> Result<(), Fault> {
    let beginning = input.fill_buf().map_err(Fault::Io)?;
    if let Some(name) = other_encoding(beginning) {
        return Err(Fault::Whole(format!("it is {name} text; save it as UTF-8")));
    }
    let mark = beginning.len() - without_mark(beginning).len();
    input.consume(mark);
    Ok(())
}

/// Hashes what is read through it.
struct Hashed<R> {
    input: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.input.read(buffer)?;
        self.hash.update(&buffer[..length]);
        Ok(length)
    }
}

/// A call to another place, which may turn out to have followed a link of the API.
struct Elsewhere {
    number: u64,
    key: String,
    /// What is wrong with it matters only if it is kept.
    call: Result<Call, Why>,
}

/// The calls of a recording, gathered entry by entry.
struct Calls {
    places: Places,
    attached: Attached,
    calls: Vec<Call>,
    elsewhere: Vec<Elsewhere>,
    left_out: LeftOut,
    entries: u64,
}

/// What was gathered.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) calls: Vec<Call>,
    pub(super) gaps: Gaps,
}

impl Calls {
    fn new(scope: &ImportScope<'_>, attached: Attached) -> Self {
        Self {
            places: Places::new(scope.base_url, scope.token_url),
            attached,
            calls: Vec::new(),
            elsewhere: Vec::new(),
            left_out: LeftOut::default(),
            entries: 0,
        }
    }

    fn take(&mut self, number: u64, entry: Option<Entry>) -> Result<(), String> {
        self.entries = number;
        if self.calls.len() + self.elsewhere.len() >= CALLS_LIMIT {
            return Err(format!("it is beyond the {CALLS_LIMIT} calls that are read"));
        }
        let taken = match entry {
            Some(entry) => self.sort(number, entry),
            None => Err(Why::Odd("it is not valid HAR".to_owned())),
        };
        if let Err(why) = taken {
            self.left_out.entry(number, why);
        }
        Ok(())
    }

    /// Puts an entry where it belongs, or says why it is left out.
    fn sort(&mut self, number: u64, entry: Entry) -> Result<(), Why> {
        let url = address(&entry).map_err(Why::Odd)?;
        let method = method(&entry);
        let place = self.places.of(method.as_deref().unwrap_or_default(), &url);
        match place.map_err(Why::Odd)? {
            Place::Nowhere => Err(Why::Elsewhere),
            Place::Elsewhere { key } if matches!(method.as_deref(), Ok("GET" | "HEAD")) => {
                let call = self.call(entry, method, url, Operation::Download);
                self.elsewhere.push(Elsewhere { number, key, call });
                Ok(())
            }
            Place::Elsewhere { key } => {
                self.places.leave_out(host(&key));
                Err(Why::Elsewhere)
            }
            Place::Ours { operation, url } => {
                let call = self.call(entry, method, url, operation)?;
                if let Some(location) = call.link() {
                    self.places.gave(&call.raw.request.url, location);
                }
                self.keep(number, call);
                Ok(())
            }
        }
    }

    fn call(
        &mut self,
        entry: Entry,
        method: Result<String, String>,
        url: String,
        operation: Operation,
    ) -> Result<Call, Why> {
        if entry.is_preflight() {
            return Err(Why::Preflight);
        }
        if entry.is_from_cache() {
            return Err(Why::Cached);
        }
        let method = method.map_err(Why::Odd)?;
        call(entry, method, url, operation, &mut self.attached).map_err(Why::Odd)
    }

    fn keep(&mut self, number: u64, mut call: Call) {
        for odd in std::mem::take(&mut call.odd) {
            self.left_out.part(number, odd);
        }
        self.calls.push(call);
    }

    /// Decides what is kept, once every link is known.
    fn settle(mut self) -> Result<Found, Fault> {
        for Elsewhere { number, key, call } in std::mem::take(&mut self.elsewhere) {
            match call {
                Ok(call) if self.places.is_link(&key) => self.keep(number, call),
                Err(why) if self.places.is_link(&key) => self.left_out.entry(number, why),
                Ok(_) | Err(_) => {
                    self.places.leave_out(host(&key));
                    self.left_out.entry(number, Why::Elsewhere);
                }
            }
        }
        if self.calls.is_empty() {
            let hosts = self.places.other_hosts();
            return Err(Fault::Whole(format!(
                "none of its {} entries is a call of {}{hosts}{}; give the API's address with \
                 --base-url",
                self.entries,
                self.places.base(),
                self.left_out.first_odd(),
            )));
        }
        let whole_second = |at: Timestamp| at.as_microsecond() % 1_000_000 == 0;
        if self.calls.len() > CHANCE && self.calls.iter().all(|call| whole_second(call.started)) {
            return Err(Fault::Whole(
                "its times are whole seconds, so the order of calls is unknown; export it with \
                 milliseconds"
                    .to_owned(),
            ));
        }
        let gaps = Gaps::of(&self.calls, self.entries, &self.left_out);
        Ok(Found { calls: self.calls, gaps })
    }
}

/// Which file a recording was read from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Its name, without folders.
    pub(super) name: String,
    /// Its length in bytes.
    pub(super) size: u64,
    pub(super) sha256: String,
}

/// The calls of a recording made elsewhere, still with their secrets.
#[derive(Debug)]
pub struct Import {
    /// At least one, in the order in which they began.
    calls: Vec<Call>,
    started: Timestamp,
    finished: Timestamp,
    notes: Vec<String>,
    source: String,
}

impl Import {
    pub(super) fn of(source: Source, mut calls: Vec<Call>, gaps: Gaps) -> Self {
        // Exporters list calls by their end, or by page; a stable sort keeps what began together
        // in the order of the file.
        calls.sort_by_key(|call| call.started);
        let started = calls.first().map_or_else(letterproof_model::now, |call| call.started);
        let finished = calls.iter().map(Call::finished).max().unwrap_or(started);
        let source = format!(
            "Imported from {}: {} bytes, SHA-256 {}; {} of {}.",
            source.name,
            grouped(source.size),
            source.sha256,
            many(calls.len() as u64, "call"),
            many(gaps.entries, "entry"),
        );
        Self { calls, started, finished, notes: gaps.sentences(), source }
    }

    /// When its first call began.
    #[must_use]
    pub fn started(&self) -> Timestamp {
        self.started
    }

    /// When its last call ended.
    #[must_use]
    pub fn finished(&self) -> Timestamp {
        self.finished
    }

    /// How many calls are kept.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// What the recording does not hold, in sentences without a full stop.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Records every call as live traffic would be, after notes on where the recording comes from
    /// and what is missing in it, and closes the journal.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn append_to(self, journal: &JournalWriter) -> Result<(), EvidenceError> {
        journal.mark(Mark::note(self.started, self.source))?;
        for note in self.notes {
            journal.mark(Mark::note(self.started, format!("Not in the recording: {note}.")))?;
        }
        for call in self.calls {
            journal.record(call.raw)?;
        }
        journal.mark(RunEnd::Whole.mark(self.finished))?;
        Ok(journal.sync()?)
    }
}
