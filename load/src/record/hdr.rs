//! Histograms of latencies in microseconds, and the interval log they are saved as.
//! Refuses units of its own: everything is whole microseconds until a figure is shown.

use std::io::Write;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

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
