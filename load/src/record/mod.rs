//! What a load run leaves behind, in one folder. The files are the interface: reports plot from
//! them and never from this crate.
//!
//! - `requests.csv`: a row for each request, in the order in which they ended; see [`row::COLUMNS`].
//! - `timeline.csv`: a row for each second; see [`timeline::COLUMNS`].
//! - `latency.hdr`: an HdrHistogram interval log (version 1.3, V2 deflate), in microseconds from
//!   the scheduled time: one histogram of all API requests, and one for each operation under its
//!   tag. HdrHistogram's log processor, HistogramLogAnalyzer and the plotters of its other
//!   languages read it.
//! - `summary.json`: figures, failures, thresholds and the schedule, format `letterproof-load/1`.
//! - `goose.md` and `goose.json`: goose's own report.
//!
//! Rows hold ids, times, codes and lengths, of exchanges already redacted; never a secret.

mod collector;
mod recorder;
mod row;
mod summary;
mod timeline;

pub(crate) use collector::Collector;
pub use recorder::RowsOnly;
pub(crate) use recorder::{Tap, labelled};
pub(crate) use row::{Label, Part, row_failure};
pub(crate) use summary::Whole;
pub use summary::{OperationSummary, SUMMARY_FORMAT, ScheduledPhase, Summary};
pub use timeline::Second;

/// A file's name in the folder of records.
pub(crate) mod file {
    pub(crate) const REQUESTS: &str = "requests.csv";
    pub(crate) const TIMELINE: &str = "timeline.csv";
    pub(crate) const HISTOGRAM: &str = "latency.hdr";
    pub(crate) const SUMMARY: &str = "summary.json";
    pub(crate) const GOOSE: [&str; 2] = ["goose.md", "goose.json"];
}

/// Milliseconds of a time.
pub(crate) fn ms(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
