//! What a stretch of the journal measures: calls a second, latencies, bytes downloaded. Latencies are
//! shown by percentiles and by the slowest, never as averages.

use std::collections::BTreeMap;

use letterproof_model::Operation;
use letterproof_traffic::{Answer, Call, Micros, Traffic};

const SECOND: Micros = 1_000_000;
/// Points that a line is drawn of, at most.
const POINTS: i64 = 240;

/// The percentiles shown, as shares.
pub(crate) const PERCENTILES: [(f64, &str); 5] =
    [(0.5, "50 %"), (0.9, "90 %"), (0.95, "95 %"), (0.99, "99 %"), (0.999, "99.9 %")];

/// Latencies in microseconds, sorted.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    fn of(mut latencies: Vec<u64>) -> Self {
        latencies.sort_unstable();
        Self(latencies)
    }

    /// The latency that this share does not exceed.
    pub(crate) fn at(&self, share: f64) -> Option<u64> {
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        #[allow(clippy::cast_sign_loss)] // A share of a count.
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.clamp(1, self.0.len().max(1)) - 1).copied()
    }

    /// The slowest.
    pub(crate) fn slowest(&self) -> Option<u64> {
        self.0.last().copied()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// One second of a stretch.
#[derive(Debug, Default)]
pub(crate) struct Second {
    /// API calls sent in it.
    pub(crate) sent: u64,
    /// Answers with 429 to calls sent in it.
    pub(crate) throttled: u64,
    /// Calls sent in it that failed or were answered with 4xx (but 429) or 5xx.
    pub(crate) failed: u64,
    /// Latencies of the API calls sent in it.
    pub(crate) latencies: Latencies,
    /// Bytes of the downloads that ended in it.
    pub(crate) downloaded: u64,
}

/// A stretch of the journal, measured.
#[derive(Debug)]
pub(crate) struct Stretch {
    /// How long it was, in seconds.
    pub(crate) lasted: f64,
    /// The most API calls sent within any one second of it, wherever that second begins.
    pub(crate) peak: u64,
    /// API calls sent within the second before, by time in seconds.
    pub(crate) rate: Vec<(f64, f64)>,
    /// When calls were sent that were answered with 429, with the rate then.
    pub(crate) throttled: Vec<(f64, f64)>,
    /// Second by second.
    pub(crate) seconds: Vec<Second>,
    /// By operation, downloads included.
    pub(crate) operations: BTreeMap<Operation, Latencies>,
    /// Median, 95th percentile and slowest API call by time in seconds and milliseconds.
    pub(crate) latency: [Vec<(f64, f64)>; 3],
    /// Megabytes a second, by time in seconds.
    pub(crate) throughput: Vec<(f64, f64)>,
}

/// The least figures of an exchange that measuring needs.
struct Sample {
    sent: Micros,
    done: Micros,
    operation: Operation,
    status: Option<u16>,
    bytes: u64,
}

/// Measures the exchanges sent from `started` to `ended`. Every API call counts, whoever made it:
/// the limit is the application's.
pub(crate) fn stretch(traffic: &Traffic, started: Micros, ended: Micros) -> Stretch {
    let mut samples: Vec<Sample> = traffic
        .recorded()
        .filter(|call| call.operation != Operation::Token)
        .map(sample)
        // The second before counts too: a limit knows no beginning.
        .filter(|sample| (started - SECOND..=ended).contains(&sample.sent))
        .collect();
    samples.sort_by_key(|sample| sample.sent);
    let sent: Vec<Micros> =
        samples.iter().filter(|s| s.operation.is_api()).map(|sample| sample.sent).collect();
    samples.retain(|sample| sample.sent >= started);
    let seconds_from = |at: Micros| seconds(at - started);
    let rate = Rate { sent: &sent, started, ended };
    let throttled = samples
        .iter()
        .filter(|sample| sample.status == Some(429))
        .map(|sample| (seconds_from(sample.sent), number(rate.before(sample.sent))))
        .collect();
    Stretch {
        lasted: seconds(ended - started),
        peak: rate.peak(),
        rate: rate.line(),
        throttled,
        seconds: by_second(&samples, started, ended),
        operations: by_operation(&samples),
        latency: latency_line(&samples, started, ended),
        throughput: throughput_line(&samples, started, ended),
    }
}

fn sample(call: &Call) -> Sample {
    let status = match call.answer() {
        Answer::Status(status) => Some(status),
        Answer::Lost => None,
    };
    // Only downloads are measured by their length.
    let is_download = call.operation == Operation::Download;
    let bytes = is_download.then(|| call.exchange().response().map(|it| it.body.length()));
    Sample {
        sent: call.started,
        done: call.finished,
        operation: call.operation,
        status,
        bytes: bytes.flatten().unwrap_or(0),
    }
}

impl Sample {
    fn took(&self) -> u64 {
        u64::try_from(self.done - self.sent).unwrap_or(0)
    }
}

#[allow(clippy::cast_precision_loss)] // Exact for the next 285 years.
fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

#[allow(clippy::cast_precision_loss)] // Counts of calls.
fn number(count: u64) -> f64 {
    count as f64
}

#[allow(clippy::cast_precision_loss)] // Shown with three digits.
pub(crate) fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// Calls by the time they were sent.
struct Rate<'a> {
    sent: &'a [Micros],
    started: Micros,
    ended: Micros,
}

impl Rate<'_> {
    /// Calls sent in the second up to and including this moment.
    fn before(&self, at: Micros) -> u64 {
        let count = |until: Micros| self.sent.partition_point(|sent| *sent <= until);
        (count(at) - count(at - SECOND)) as u64
    }

    fn peak(&self) -> u64 {
        let of_it = self.sent.iter().filter(|at| **at >= self.started);
        of_it.map(|at| self.before(*at)).max().unwrap_or(0)
    }

    /// The rate over time; where several calls share a point, the highest.
    fn line(&self) -> Vec<(f64, f64)> {
        let step = ((self.ended - self.started) / POINTS).max(1);
        let mut line = vec![(0.0, number(self.before(self.started)))];
        let mut from = self.started;
        while from < self.ended {
            let to = (from + step).min(self.ended);
            let first = self.sent.partition_point(|sent| *sent <= from);
            let last = self.sent.partition_point(|sent| *sent <= to);
            let calls = self.sent[first..last].iter().map(|at| self.before(*at)).max();
            let highest = calls.unwrap_or(0).max(self.before(to));
            line.push((seconds(to - self.started), number(highest)));
            from = to;
        }
        line
    }
}

fn by_second(samples: &[Sample], started: Micros, ended: Micros) -> Vec<Second> {
    let whole = usize::try_from((ended - started) / SECOND).unwrap_or(0) + 1;
    let mut rows: Vec<(Second, Vec<u64>)> = Vec::new();
    rows.resize_with(whole, Default::default);
    let row = |at: Micros| usize::try_from((at - started) / SECOND).unwrap_or(0).min(whole - 1);
    for sample in samples {
        if sample.operation == Operation::Download {
            rows[row(sample.done)].0.downloaded += sample.bytes;
        } else {
            let (second, latencies) = &mut rows[row(sample.sent)];
            second.sent += 1;
            match sample.status {
                Some(429) => second.throttled += 1,
                Some(..400) => {}
                Some(_) | None => second.failed += 1,
            }
            latencies.push(sample.took());
        }
    }
    rows.into_iter()
        .map(|(second, latencies)| Second { latencies: Latencies::of(latencies), ..second })
        .collect()
}

fn by_operation(samples: &[Sample]) -> BTreeMap<Operation, Latencies> {
    let mut operations: BTreeMap<Operation, Vec<u64>> = BTreeMap::new();
    for sample in samples {
        operations.entry(sample.operation).or_default().push(sample.took());
    }
    operations.into_iter().map(|(name, latencies)| (name, Latencies::of(latencies))).collect()
}

/// A part of the stretch: its middle and its length in seconds, and the samples in it.
struct Part<'s> {
    middle: f64,
    lasted: f64,
    samples: Vec<&'s Sample>,
}

/// Samples put into parts of the stretch, all as long as each other but the last.
fn parts<'s>(
    samples: impl Iterator<Item = (Micros, &'s Sample)>,
    started: Micros,
    ended: Micros,
) -> Vec<Part<'s>> {
    let whole = (ended - started).max(1);
    let width = (whole / 60).max(50_000);
    // What would be a last part much shorter than the others belongs to the one before it.
    let last = ((whole + width / 2) / width - 1).max(0);
    let mut parts: BTreeMap<Micros, Vec<&Sample>> = BTreeMap::new();
    for (at, sample) in samples {
        parts.entry(((at - started).max(0) / width).min(last)).or_default().push(sample);
    }
    let part = |(number, samples): (Micros, Vec<&'s Sample>)| {
        let from = number * width;
        let to = if number == last { whole } else { from + width };
        Part { middle: seconds(from + to) / 2.0, lasted: seconds(to - from), samples }
    };
    parts.into_iter().map(part).collect()
}

fn latency_line(samples: &[Sample], started: Micros, ended: Micros) -> [Vec<(f64, f64)>; 3] {
    let api = samples.iter().filter(|s| s.operation.is_api()).map(|sample| (sample.sent, sample));
    let mut lines: [Vec<(f64, f64)>; 3] = Default::default();
    for part in parts(api, started, ended) {
        let latencies = Latencies::of(part.samples.iter().map(|sample| sample.took()).collect());
        let figures = [latencies.at(0.5), latencies.at(0.95), latencies.slowest()];
        for (line, figure) in lines.iter_mut().zip(figures) {
            line.extend(figure.map(|micros| (part.middle, millis(micros))));
        }
    }
    lines
}

fn throughput_line(samples: &[Sample], started: Micros, ended: Micros) -> Vec<(f64, f64)> {
    let downloads = samples.iter().filter(|s| s.operation == Operation::Download);
    let parts = parts(downloads.map(|sample| (sample.done, sample)), started, ended).into_iter();
    parts
        .map(|part| {
            let bytes: u64 = part.samples.iter().map(|sample| sample.bytes).sum();
            (part.middle, number(bytes) / 1e6 / part.lasted)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let latencies = Latencies::of(vec![5, 1, 4, 2, 3]);
        assert_eq!(latencies.at(0.5), Some(3));
        assert_eq!(latencies.at(0.999), Some(5));
        assert_eq!(latencies.at(0.0), Some(1));
        assert_eq!(Latencies::default().at(0.5), None);
    }

    #[test]
    fn the_peak_is_found_wherever_its_second_begins() {
        // Two bursts of three, 0.8 s apart, across the border of two whole seconds.
        let sent: Vec<Micros> =
            [600_000, 600_001, 600_002, 1_400_000, 1_400_001, 1_400_002].to_vec();
        let rate = Rate { sent: &sent, started: 0, ended: 3 * SECOND };
        assert_eq!(rate.peak(), 6);
        let highest = rate.line().iter().map(|(_, calls)| *calls).fold(0.0, f64::max);
        assert!((highest - 6.0).abs() < 1e-9);
        // A second apart to the microsecond, they fall into two.
        let sent = [0, SECOND];
        assert_eq!(Rate { sent: &sent, started: 0, ended: SECOND }.peak(), 1);
    }
}
