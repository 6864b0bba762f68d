//! Appends to the journal: redact, number, write, and only then hand the exchange out.
//!
//! `record` returns when the operating system has the bytes, so that a killed process loses nothing
//! that anyone acted on; `sync` makes it survive a power cut. After a failed write nothing more is
//! written: what could not be kept must not be followed by anything.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use letterproof_model::{Exchange, ExchangeId, Mark, RawExchange, RecordError, Recorder};
use parking_lot::Mutex;

use crate::chain::Chaining;
use crate::journal::format::{Entry, JournalHeader, LINE_LIMIT, chain_tail, write_line};
use crate::journal::reader::JournalReader;
use crate::{EvidenceError, Redactor, folder};

const WRITE_HINT: &str = "free some space or choose another folder with --out, then start again";

/// Is told of every exchange once it is written.
pub type ExchangeObserver = Box<dyn Fn(&Arc<Exchange>) + Send + Sync>;
/// Is told of every mark once it is written.
pub type MarkObserver = Box<dyn Fn(&Mark) + Send + Sync>;
/// Is told how many lines the journal has, and the head of its chain.
pub type HeadObserver = Box<dyn Fn(u64, &str) + Send + Sync>;

/// The journal of a run under way.
pub struct JournalWriter {
    path: PathBuf,
    redactor: Redactor,
    chaining: Chaining,
    /// The nonce that calls carry the chain under; `None` where they carry none.
    nonce: Option<String>,
    file: Arc<File>,
    state: Mutex<State>,
    on_exchange: Vec<ExchangeObserver>,
    on_mark: Vec<MarkObserver>,
    on_head: Vec<HeadObserver>,
}

struct State {
    /// The head after the last line, as 64 digits.
    prev: String,
    /// Whole lines, the header among them.
    lines: u64,
    exchanges: u64,
    length: u64,
    failed: Option<RecordError>,
    buffer: Vec<u8>,
}

impl std::fmt::Debug for JournalWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JournalWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

impl JournalWriter {
    /// Begins a journal; the folder it lies in is made if it is missing.
    ///
    /// # Errors
    /// When the file exists already or cannot be written.
    pub fn create(path: &Path, header: &JournalHeader) -> Result<Self, EvidenceError> {
        let io = |action| EvidenceError::io(action, path, WRITE_HINT);
        if let Some(folder) = path.parent() {
            folder::create_folders(folder).map_err(io("make the folder of"))?;
        }
        let file = folder::new_file().create_new(true).open(path).map_err(|source| match source
            .kind()
        {
            std::io::ErrorKind::AlreadyExists => EvidenceError::Exists { path: path.into() },
            _ => io("create")(source),
        })?;
        let mut line = serde_json::to_vec(header).map_err(|error| io("write")(error.into()))?;
        let prev = header.chaining().head("", &line);
        line.push(b'\n');
        (&file).write_all(&line).map_err(io("write"))?;
        let redactor = Redactor::new(&header.base_url)?;
        let journal = Self::over(path, file, redactor, prev, (1, 0), line.len() as u64);
        Ok(journal.headed(header))
    }

    /// Opens the journal of a run that broke off, to append to it. A torn last line is cut off;
    /// the chain and the numbering go on, in the journal's own format. Secrets get new hashes, for the key of a run is never
    /// written down.
    ///
    /// # Errors
    /// When the journal cannot be read or written, its chain does not hold, or it is of format 1.
    pub fn resume(path: &Path) -> Result<Self, EvidenceError> {
        let io = |action| EvidenceError::io(action, path, WRITE_HINT);
        let mut reader = JournalReader::open(path)?;
        if reader.header().is_format_1() {
            return Err(EvidenceError::OldFormat { path: path.to_owned() });
        }
        for entry in reader.by_ref() {
            entry?;
        }
        let mut file = OpenOptions::new().write(true).open(path).map_err(io("open"))?;
        file.set_len(reader.whole_bytes()).map_err(io("shorten"))?;
        file.seek(SeekFrom::End(0)).map_err(io("open"))?;
        let redactor = Redactor::new(&reader.header().base_url)?;
        let (prev, counts) = (reader.head().to_owned(), (reader.lines(), reader.exchanges()));
        let journal = Self::over(path, file, redactor, prev, counts, reader.whole_bytes());
        Ok(journal.headed(reader.header()))
    }

    fn headed(self, header: &JournalHeader) -> Self {
        let nonce = header.chained_ids.then(|| header.nonce().to_owned());
        Self { nonce, chaining: header.chaining(), ..self }
    }

    fn over(
        path: &Path,
        file: File,
        redactor: Redactor,
        prev: String,
        (lines, exchanges): (u64, u64),
        length: u64,
    ) -> Self {
        let state = State { prev, lines, exchanges, length, failed: None, buffer: Vec::new() };
        Self {
            path: path.to_owned(),
            redactor,
            chaining: Chaining::Heads,
            nonce: None,
            file: Arc::new(file),
            state: Mutex::new(state),
            on_exchange: Vec::new(),
            on_mark: Vec::new(),
            on_head: Vec::new(),
        }
    }

    /// Calls `observer` with every exchange once it is written, in the order of the journal. It
    /// runs while the journal is held: it must be short and must not record anything itself.
    #[must_use]
    pub fn with_observer(mut self, observer: ExchangeObserver) -> Self {
        self.on_exchange.push(observer);
        self
    }

    /// Calls `observer` with every mark once it is written, as [`Self::with_observer`] does.
    #[must_use]
    pub fn with_mark_observer(mut self, observer: MarkObserver) -> Self {
        self.on_mark.push(observer);
        self
    }

    /// Calls `observer` with the number of lines and the head of the chain after every line, and
    /// whenever the journal was made to survive a power cut; else as [`Self::with_observer`] does.
    #[must_use]
    pub fn with_head_observer(mut self, observer: HeadObserver) -> Self {
        self.on_head.push(observer);
        self
    }

    /// How many lines the journal has, the header among them, and the head of its chain.
    #[must_use]
    pub fn position(&self) -> (u64, String) {
        let state = self.state.lock();
        (state.lines, state.prev.clone())
    }

    /// Where the journal lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What replaces secrets, to teach it those known beforehand.
    #[must_use]
    pub fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// How many exchanges stand in the journal.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.state.lock().exchanges
    }

    /// Makes everything written so far survive a power cut; called at the end of each scenario.
    ///
    /// # Errors
    /// When the system could not do it, or an earlier write failed.
    pub fn sync(&self) -> Result<(), RecordError> {
        let file = Arc::clone(&self.file);
        if let Some(error) = &self.state.lock().failed {
            return Err(error.clone());
        }
        // Outside the lock: a slow disk must not hold up the traffic.
        file.sync_data().map_err(|error| {
            let error = self.failure(&error);
            self.state.lock().failed.get_or_insert(error).clone()
        })?;
        let state = self.state.lock();
        self.on_head.iter().for_each(|observer| observer(state.lines, &state.prev));
        Ok(())
    }

    fn append(&self, make: impl FnOnce(u64) -> Entry) -> Result<Entry, RecordError> {
        let mut state = self.state.lock();
        if let Some(error) = &state.failed {
            return Err(error.clone());
        }
        let entry = make(state.exchanges + 1);
        let State { prev, buffer, .. } = &mut *state;
        buffer.clear();
        let written = write_line(buffer, self.chaining.prev(prev), &entry)
            .map_err(std::io::Error::from)
            .and_then(|()| {
                if buffer.len() as u64 > LINE_LIMIT {
                    Err(std::io::Error::other("the exchange is too large for one line"))
                } else {
                    (&*self.file).write_all(buffer)
                }
            });
        if let Err(error) = written {
            // Leave no torn line behind; where that fails too, a reader copes with it.
            let _ = self.file.set_len(state.length);
            let error = self.failure(&error);
            state.failed = Some(error.clone());
            return Err(error);
        }
        state.lines += 1;
        state.length += state.buffer.len() as u64;
        state.prev = self.chaining.head(&state.prev, &state.buffer[..state.buffer.len() - 1]);
        if state.buffer.capacity() > 1 << 20 {
            state.buffer = Vec::new();
        }
        match &entry {
            Entry::Exchange(exchange) => {
                state.exchanges += 1;
                self.on_exchange.iter().for_each(|observer| observer(exchange));
            }
            Entry::Mark(mark) => self.on_mark.iter().for_each(|observer| observer(mark)),
        }
        self.on_head.iter().for_each(|observer| observer(state.lines, &state.prev));
        Ok(entry)
    }

    fn failure(&self, error: &std::io::Error) -> RecordError {
        let message = format!("cannot write {}: {error}; {WRITE_HINT}", self.path.display());
        RecordError { message }
    }
}

impl Recorder for JournalWriter {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        // Redacted before the lock is taken, so that only numbering and writing are serial.
        let mut exchange = self.redactor.redact(raw, ExchangeId::fixed(""));
        let entry = self.append(|number| {
            exchange.id = ExchangeId::numbered(number);
            Entry::Exchange(Arc::new(exchange))
        })?;
        match entry {
            Entry::Exchange(exchange) => Ok(exchange),
            Entry::Mark(_) => Err(RecordError { message: "an exchange became a mark".to_owned() }),
        }
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        let mark = mark.with_texts(|text| self.redactor.scrub(text));
        self.append(|_| Entry::Mark(mark)).map(|_| ())
    }

    fn scrub(&self, text: &str) -> String {
        self.redactor.scrub(text)
    }

    fn chain_tail(&self) -> Option<String> {
        let nonce = self.nonce.as_deref()?;
        // Hashed outside the lock: appending must not wait for it.
        let head = self.state.lock().prev.clone();
        Some(chain_tail(nonce, &head))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use letterproof_model::now;

    use super::*;

    #[test]
    fn a_full_disk_stops_this_record_and_every_later_one() {
        let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let redactor = Redactor::new("https://api.example").unwrap();
        let journal = JournalWriter::over(
            Path::new("journal.jsonl"),
            file,
            redactor,
            String::new(),
            (0, 0),
            0,
        );
        let mark = || Mark::note(now(), "x");
        let first = journal.mark(mark()).unwrap_err();
        assert!(first.message.contains("journal.jsonl"), "{first}");
        assert!(first.message.contains("--out"), "{first}");
        assert_eq!(journal.mark(mark()).unwrap_err(), first);
        assert_eq!(journal.sync().unwrap_err(), first);
        assert_eq!(journal.exchanges(), 0);
    }
}
