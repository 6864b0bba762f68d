//! Takes every exchange as it ends: writes its row, and counts it. Preparation and tokens have rows,
//! but do not count as load.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use letterproof_client::private;
use letterproof_model::{Exchange, Operation, Route, Timestamp};
use parking_lot::Mutex;

use super::row::{self, Label, Part, Row};
use super::timeline::{Timeline, count, empty, quantile_ms};
use super::{file, ms};
use crate::LoadError;

/// How many rows may wait for the start to be known.
const MOST_BEFORE: usize = 10_000;

/// Everything measured of a run.
pub(crate) struct Collector {
    pub(super) folder: PathBuf,
    base_url: String,
    slow_ms: f64,
    pub(super) measured: Mutex<Measured>,
}

/// What has been measured so far.
pub(super) struct Measured {
    csv: BufWriter<File>,
    /// Rows of the preparation, until the start of the load is known.
    before: Vec<Row>,
    start: Option<Timestamp>,
    line: String,
    pub(super) timeline: Timeline,
    pub(super) sends: Sends,
    pub(super) all: OfOperation,
    pub(super) each: BTreeMap<Operation, OfOperation>,
    pub(super) service: Histogram<u64>,
    pub(super) lag: Histogram<u64>,
    pub(super) downloads: OfOperation,
    pub(super) failures: BTreeMap<String, u64>,
    pub(super) throttled: u64,
    pub(super) bytes: u64,
    pub(super) download_bytes: u64,
    pub(super) rows: u64,
    /// When the first answer with 429 was due, from the start.
    pub(super) first_429: Option<Duration>,
    /// When the last request of the load ended, from the start.
    pub(super) last_done: f64,
    /// What each histogram begins as.
    empty: Histogram<u64>,
    recent: Histogram<u64>,
    recent_answers: u64,
    last_answer: Instant,
    unanswered: u64,
}

/// What is counted of one operation.
pub(super) struct OfOperation {
    pub(super) requests: u64,
    pub(super) answered: u64,
    pub(super) failed: u64,
    pub(super) latency: Histogram<u64>,
}

impl OfOperation {
    fn new(empty: &Histogram<u64>) -> Self {
        Self { requests: 0, answered: 0, failed: 0, latency: empty.clone() }
    }

    fn count(&mut self, row: &Row) {
        self.requests += 1;
        self.answered += u64::from(row.headers.is_some());
        self.failed += u64::from(row.failure.is_some());
        count(&mut self.latency, row.latency_us());
    }
}

/// What there is to tell since the last time.
#[derive(Debug, Default)]
pub(crate) struct Tick {
    pub(crate) done: u64,
    pub(crate) answers: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) errors: u64,
    pub(crate) throttled: u64,
}

impl Collector {
    /// Opens the records in a folder, which is made where there is none.
    pub(crate) fn open(folder: &Path, base_url: &str, slow: Duration) -> Result<Self, LoadError> {
        private::create_folders(folder).map_err(|error| LoadError::output(folder, &error))?;
        let path = folder.join(file::REQUESTS);
        // Records are never written over: a run that was measured stays measured.
        let created = private::new_file().create_new(true).open(&path);
        let mut csv = BufWriter::new(created.map_err(|error| LoadError::output(&path, &error))?);
        writeln!(csv, "{}", row::COLUMNS).map_err(|error| LoadError::output(&path, &error))?;
        let empty = empty().map_err(|problem| LoadError::output(folder, &problem))?;
        let measured = Measured {
            csv,
            before: Vec::new(),
            start: None,
            line: String::new(),
            timeline: Timeline::new(empty.clone()),
            sends: Sends::default(),
            all: OfOperation::new(&empty),
            each: BTreeMap::new(),
            service: empty.clone(),
            lag: empty.clone(),
            downloads: OfOperation::new(&empty),
            failures: BTreeMap::new(),
            throttled: 0,
            bytes: 0,
            download_bytes: 0,
            rows: 0,
            first_429: None,
            last_done: 0.0,
            recent: empty.clone(),
            empty,
            recent_answers: 0,
            last_answer: Instant::now(),
            unanswered: 0,
        };
        Ok(Self {
            folder: folder.to_owned(),
            base_url: base_url.to_owned(),
            slow_ms: ms(slow),
            measured: Mutex::new(measured),
        })
    }

    /// Takes an exchange that has ended.
    pub(crate) fn take(&self, exchange: &Exchange, label: Label) -> Result<(), LoadError> {
        let operation =
            Route::of(&exchange.request.method, &exchange.request.url, &self.base_url).operation;
        let row = Row::of(exchange, operation, label, self.slow_ms);
        let mut measured = self.measured.lock();
        measured.rows += 1;
        match measured.start {
            None if measured.before.len() < MOST_BEFORE => measured.before.push(row),
            None => {}
            Some(start) => {
                if row.part == Part::Load {
                    measured.count(&row, start);
                }
                measured.write(&row, start).map_err(|error| self.broken(&error))?;
            }
        }
        Ok(())
    }

    /// Says when the first request of the load is due; times count from then.
    pub(crate) fn start(&self, start: Timestamp) -> Result<(), LoadError> {
        let mut measured = self.measured.lock();
        measured.start = Some(start);
        measured.last_answer = Instant::now();
        for row in std::mem::take(&mut measured.before) {
            measured.write(&row, start).map_err(|error| self.broken(&error))?;
        }
        Ok(())
    }

    /// Counts an arrival whose request could not be sent at all, as without a token.
    pub(crate) fn unsent(&self, why: &str) {
        let mut measured = self.measured.lock();
        measured.unanswered += 1;
        *measured.failures.entry(format!("unsent-{why}")).or_default() += 1;
    }

    /// What there is to tell since the last time; rows are on disk afterwards.
    pub(crate) fn tick(&self) -> Result<Tick, LoadError> {
        let mut measured = self.measured.lock();
        measured.csv.flush().map_err(|error| self.broken(&error))?;
        let tick = Tick {
            done: measured.all.requests,
            answers: std::mem::take(&mut measured.recent_answers),
            p50_ms: quantile_ms(&measured.recent, 0.5),
            p99_ms: quantile_ms(&measured.recent, 0.99),
            errors: measured.failures.values().sum(),
            throttled: measured.throttled,
        };
        measured.recent.reset();
        Ok(tick)
    }

    /// When the first answer with 429 was due, from the start.
    pub(crate) fn first_429(&self) -> Option<Duration> {
        self.measured.lock().first_429
    }

    /// For how long requests have failed without any answer, where at least a few did.
    pub(crate) fn silent_for(&self) -> Option<Duration> {
        const A_FEW: u64 = 5;
        let measured = self.measured.lock();
        (measured.unanswered >= A_FEW).then(|| measured.last_answer.elapsed())
    }

    fn broken(&self, error: &std::io::Error) -> LoadError {
        LoadError::output(&self.folder.join(file::REQUESTS), error)
    }
}

impl Measured {
    /// Rows that waited for a start that never came are written all the same.
    pub(super) fn close_rows(&mut self) -> std::io::Result<()> {
        if let Some(first) = self.before.first().map(|row| row.sent) {
            for row in std::mem::take(&mut self.before) {
                self.write(&row, first)?;
            }
        }
        self.csv.flush()
    }

    fn write(&mut self, row: &Row, start: Timestamp) -> std::io::Result<()> {
        self.line.clear();
        row.write(start, &mut self.line);
        self.csv.write_all(self.line.as_bytes())
    }

    fn count(&mut self, row: &Row, start: Timestamp) {
        let since = |at: Timestamp| at.duration_since(start).as_secs_f64();
        let (sent, done) = (since(row.sent), since(row.done));
        self.last_done = self.last_done.max(done);
        if let Some(failure) = &row.failure {
            *self.failures.entry(failure.clone()).or_default() += 1;
        }
        if row.operation == Operation::Download {
            self.timeline.download(row, done);
            self.downloads.count(row);
            self.download_bytes += row.bytes;
            return;
        }
        self.timeline.request(row, sent, done);
        self.sends.count(sent);
        self.all.count(row);
        let of = self.each.entry(row.operation).or_insert_with(|| OfOperation::new(&self.empty));
        of.count(row);
        count(&mut self.service, row.service_us());
        count(&mut self.lag, row.lag_us());
        count(&mut self.recent, row.latency_us());
        self.bytes += row.bytes;
        if row.headers.is_some() {
            self.recent_answers += 1;
            self.unanswered = 0;
            self.last_answer = Instant::now();
        } else {
            self.unanswered += 1;
        }
        if row.status == Some(429) {
            self.throttled += 1;
            let due = Duration::from_secs_f64(since(row.scheduled).max(0.0));
            self.first_429 = Some(self.first_429.map_or(due, |known| known.min(due)));
        }
    }
}

/// Counts sends in hundredths of a second.
#[derive(Default)]
pub(super) struct Sends {
    slots: Vec<u16>,
}

const SLOTS_PER_SECOND: usize = 100;

impl Sends {
    /// Counts a send, in seconds from the start.
    pub(super) fn count(&mut self, at: f64) {
        let slot = (at.max(0.0) * SLOTS_PER_SECOND as f64) as usize;
        if self.slots.len() <= slot {
            self.slots.resize(slot + 1, 0);
        }
        self.slots[slot] = self.slots[slot].saturating_add(1);
    }

    /// The most of any hundred slots in a row.
    pub(super) fn busiest_second(&self) -> u64 {
        let mut sum = 0u64;
        let mut most = 0;
        for (at, slot) in self.slots.iter().enumerate() {
            sum += u64::from(*slot);
            if at >= SLOTS_PER_SECOND {
                sum -= u64::from(self.slots[at - SLOTS_PER_SECOND]);
            }
            most = most.max(sum);
        }
        most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_may_begin_anywhere() {
        let mut sends = Sends::default();
        for at in [0.1, 0.9, 1.05, 1.09, 1.1, 3.0] {
            sends.count(at);
        }
        assert_eq!(sends.busiest_second(), 4);
    }
}
