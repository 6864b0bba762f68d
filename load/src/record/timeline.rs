//! The run second by second, and its histograms of latencies, saved as an interval log.
//!
//! A second in which nothing happened has a row of noughts. Times are whole microseconds until a
//! figure is shown.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};
use serde::{Deserialize, Serialize};

use super::row::Row;

/// The columns of `timeline.csv`, the fields of [`Second`].
pub(super) const COLUMNS: &str = "second,offered,sent,achieved,s2xx,s3xx,s4xx,s429,s5xx,errors,bytes,downloads,download_bytes,p50_ms,p99_ms";

/// One second of a load run, counted from the first scheduled request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Second {
    /// Its number, from 0.
    pub second: u64,
    /// API requests due in it.
    pub offered: u64,
    /// API requests sent in it.
    pub sent: u64,
    /// API requests answered in it, whatever the status.
    pub achieved: u64,
    /// Answers with 2xx.
    pub s2xx: u64,
    /// Answers with 3xx, as links to content are.
    pub s3xx: u64,
    /// Answers with 4xx other than 429.
    pub s4xx: u64,
    /// Answers with 429.
    pub s429: u64,
    /// Answers with 5xx.
    pub s5xx: u64,
    /// API requests that ended in it without an answer.
    pub errors: u64,
    /// Bytes of API answers.
    pub bytes: u64,
    /// Downloads that ended in it.
    pub downloads: u64,
    /// Bytes of downloads.
    pub download_bytes: u64,
    /// Half of the API requests that ended in it were quicker, from their scheduled time; nothing
    /// where none ended.
    pub p50_ms: Option<f64>,
    /// Ninety-nine in a hundred were.
    pub p99_ms: Option<f64>,
}

impl Second {
    pub(super) fn write(&self, line: &mut String) {
        let counts = [
            self.second,
            self.offered,
            self.sent,
            self.achieved,
            self.s2xx,
            self.s3xx,
            self.s4xx,
            self.s429,
            self.s5xx,
            self.errors,
            self.bytes,
            self.downloads,
            self.download_bytes,
        ];
        for count in counts {
            line.push_str(&count.to_string());
            line.push(',');
        }
        let ms = |value: Option<f64>| value.map(|ms| format!("{ms:.3}")).unwrap_or_default();
        line.push_str(&format!("{},{}\n", ms(self.p50_ms), ms(self.p99_ms)));
    }
}

/// Every second so far. Latencies of a second are settled soon after it, so that a day costs no
/// more memory than its rows.
pub(super) struct Timeline {
    seconds: Vec<Second>,
    empty: Histogram<u64>,
    open: BTreeMap<usize, Histogram<u64>>,
}

/// For how many seconds after a second its latencies are kept apart.
const OPEN: usize = 2;

impl Timeline {
    /// A timeline without seconds; `empty` is what each second's latencies begin as.
    pub(super) fn new(empty: Histogram<u64>) -> Self {
        Self { seconds: Vec::new(), empty, open: BTreeMap::new() }
    }

    /// Counts an API request; times in seconds from the start.
    pub(super) fn request(&mut self, row: &Row, sent: f64, done: f64) {
        self.at(sent).sent += 1;
        let second = self.at(done);
        match row.status {
            None => second.errors += 1,
            // Headers came, but no whole answer.
            Some(_) if row.headers.is_none() => second.errors += 1,
            Some(status) => {
                second.achieved += 1;
                *match status {
                    429 => &mut second.s429,
                    ..300 => &mut second.s2xx,
                    300..400 => &mut second.s3xx,
                    400..500 => &mut second.s4xx,
                    _ => &mut second.s5xx,
                } += 1;
            }
        }
        second.bytes += row.bytes;
        let at = index(done);
        self.settle(at.saturating_sub(OPEN));
        // A second that is settled already takes no more; what comes so late joins the next one.
        let first_open = self.open.keys().next().copied().unwrap_or(at);
        let open = self.open.entry(at.max(first_open)).or_insert_with(|| self.empty.clone());
        count(open, row.latency_us());
    }

    /// Counts a download.
    pub(super) fn download(&mut self, row: &Row, done: f64) {
        let second = self.at(done);
        second.downloads += 1;
        second.download_bytes += row.bytes;
    }

    /// Every second up to the last, each with what was due in it.
    pub(super) fn finish(&mut self, whole: f64, offered: impl Fn(u64) -> u64) -> Vec<Second> {
        self.settle(usize::MAX);
        if whole > 0.0 {
            self.at(whole - 1e-9);
        }
        let mut seconds = std::mem::take(&mut self.seconds);
        for second in &mut seconds {
            second.offered = offered(second.second);
        }
        seconds
    }

    fn at(&mut self, time: f64) -> &mut Second {
        let at = index(time);
        while self.seconds.len() <= at {
            self.seconds.push(Second { second: self.seconds.len() as u64, ..Second::default() });
        }
        &mut self.seconds[at]
    }

    fn settle(&mut self, before: usize) {
        while let Some(entry) = self.open.first_entry().filter(|entry| *entry.key() < before) {
            let (at, histogram) = entry.remove_entry();
            if let Some(second) = self.seconds.get_mut(at) {
                second.p50_ms = Some(quantile_ms(&histogram, 0.5));
                second.p99_ms = Some(quantile_ms(&histogram, 0.99));
            }
        }
    }
}

fn index(time: f64) -> usize {
    time.max(0.0) as usize
}

/// An empty histogram to three figures, which grows as it needs.
///
/// # Errors
/// Never, in practice: three figures can be kept on any machine.
pub(super) fn empty() -> Result<Histogram<u64>, String> {
    Histogram::new(3).map_err(|error| format!("no histogram can be made: {error}"))
}

/// Counts a time in microseconds; a histogram that cannot grow so far counts its longest.
pub(super) fn count(histogram: &mut Histogram<u64>, micros: u64) {
    if histogram.record(micros).is_err() {
        histogram.saturating_record(micros);
    }
}

/// A quantile in milliseconds.
pub(super) fn quantile_ms(histogram: &Histogram<u64>, quantile: f64) -> f64 {
    histogram.value_at_quantile(quantile) as f64 / 1e3
}

/// Writes an interval log: all API requests without a tag, then each operation under its own.
pub(super) fn write_log(
    writer: &mut impl Write,
    start: SystemTime,
    lasted: Duration,
    all: &Histogram<u64>,
    each: &[(&'static str, &Histogram<u64>)],
) -> std::io::Result<()> {
    let mut serializer = V2DeflateSerializer::new();
    let mut log = IntervalLogWriterBuilder::new()
        .add_comment("[Histogram log format version 1.3]")
        .add_comment("Latency of API requests in microseconds, from their scheduled time")
        .with_start_time(start)
        .with_base_time(start)
        .with_max_value_divisor(1_000.0)
        .begin_log_with(writer, &mut serializer)?;
    let broken =
        |error| std::io::Error::other(format!("the histogram cannot be encoded: {error:?}"));
    log.write_histogram(all, Duration::ZERO, lasted, None).map_err(broken)?;
    for (tag, histogram) in each {
        log.write_histogram(histogram, Duration::ZERO, lasted, Tag::new(tag)).map_err(broken)?;
    }
    Ok(())
}
