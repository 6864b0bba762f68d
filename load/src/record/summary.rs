//! The end of the records: figures, timeline, histogram and `summary.json`. All are tried, even if
//! one fails, and the first failure is reported.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::time::{Duration, SystemTime};

use letterproof_client::private;
use letterproof_model::{Performance, Timestamp};
use serde::{Deserialize, Serialize};

use super::collector::{Collector, Measured, OfOperation};
use super::timeline::{COLUMNS, Second, quantile_ms, write_log};
use super::{file, ms};
use crate::LoadError;
use crate::outcome::{Checked, Ended};
use crate::profile::Thresholds;
use crate::schedule::{Schedule, word};

/// The name and version of the format of `summary.json`.
pub const SUMMARY_FORMAT: &str = "letterproof-load/1";

/// What `summary.json` holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Always [`SUMMARY_FORMAT`].
    pub format: String,
    /// The profile's name.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// The target's name.
    pub target: String,
    /// The API's base URL.
    pub base_url: String,
    /// Requests per second the target allows.
    pub limit_per_s: Option<u32>,
    /// When the first request was due (UTC).
    pub started: Timestamp,
    /// When the last request ended (UTC).
    pub finished: Timestamp,
    /// How it ended.
    pub ended: Ended,
    /// The schedule.
    pub phases: Vec<ScheduledPhase>,
    /// All figures, their units in the names.
    pub figures: BTreeMap<String, f64>,
    /// API requests by operation.
    pub operations: BTreeMap<String, OperationSummary>,
    /// How many requests failed in which way, downloads included.
    pub failures: BTreeMap<String, u64>,
    /// Every threshold of the profile.
    pub thresholds: Vec<Checked>,
}

/// A phase of the schedule, as saved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScheduledPhase {
    /// What it is.
    pub label: String,
    /// When it begins, in milliseconds.
    pub starts_ms: f64,
    /// How long it is, in milliseconds.
    pub lasts_ms: f64,
    /// Requests per second asked for.
    pub asked_per_s: f64,
    /// Requests per second scheduled.
    pub scheduled_per_s: f64,
}

/// The requests of one operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OperationSummary {
    /// How many were sent.
    pub requests: u64,
    /// How many were answered.
    pub answered: u64,
    /// How many failed.
    pub failed: u64,
    /// Half were quicker, from their scheduled time.
    pub p50_ms: f64,
    /// Ninety-five in a hundred were.
    pub p95_ms: f64,
    /// Ninety-nine in a hundred were.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// What only the run knows of itself.
pub(crate) struct Whole<'a> {
    pub(crate) name: &'a str,
    pub(crate) about: &'a str,
    pub(crate) target: &'a str,
    pub(crate) base_url: &'a str,
    pub(crate) limit: Option<u32>,
    pub(crate) users: u32,
    pub(crate) schedule: &'a Schedule,
    pub(crate) thresholds: &'a Thresholds,
    pub(crate) started: Timestamp,
    /// How much of the schedule was run.
    pub(crate) ran: Duration,
    pub(crate) ended: Ended,
}

impl OfOperation {
    fn summary(&self) -> OperationSummary {
        OperationSummary {
            requests: self.requests,
            answered: self.answered,
            failed: self.failed,
            p50_ms: quantile_ms(&self.latency, 0.5),
            p95_ms: quantile_ms(&self.latency, 0.95),
            p99_ms: quantile_ms(&self.latency, 0.99),
            max_ms: self.latency.max() as f64 / 1e3,
        }
    }
}

impl Collector {
    /// Writes what is left to write, and gives figures and summary. All files are tried; what
    /// could not be written is told beside them.
    pub(crate) fn finish(&self, whole: &Whole<'_>) -> (Performance, Summary, Option<LoadError>) {
        let mut measured = self.measured.lock();
        let mut broken = None;
        let mut note = |path: &str, result: std::io::Result<()>| {
            if let Err(error) = result {
                broken.get_or_insert(LoadError::output(&self.folder.join(path), &error));
            }
        };
        note(file::REQUESTS, measured.close_rows());
        let ran = whole.ran;
        let due = |second: u64| whole.schedule.due_before(Duration::from_secs(second).min(ran));
        let seconds =
            measured.timeline.finish(ran.as_secs_f64(), |second| due(second + 1) - due(second));
        note(file::TIMELINE, write_timeline(&self.folder.join(file::TIMELINE), &seconds));
        note(
            file::HISTOGRAM,
            write_histogram(&self.folder.join(file::HISTOGRAM), whole.started, &measured),
        );
        let figures = measured.figures(whole);
        let summary = Summary {
            format: SUMMARY_FORMAT.to_owned(),
            name: whole.name.to_owned(),
            about: whole.about.to_owned(),
            target: whole.target.to_owned(),
            base_url: whole.base_url.to_owned(),
            limit_per_s: whole.limit,
            started: whole.started,
            finished: measured.finished(whole),
            ended: whole.ended.clone(),
            phases: phases(whole.schedule),
            thresholds: whole.thresholds.check(&figures),
            operations: measured
                .each
                .iter()
                .map(|(operation, of)| (word(*operation).to_owned(), of.summary()))
                .collect(),
            failures: measured.failures.clone(),
            figures: figures.clone(),
        };
        note(file::SUMMARY, write_json(&self.folder.join(file::SUMMARY), &summary));
        (Performance { name: format!("load {}", whole.name), figures }, summary, broken)
    }
}

impl Measured {
    fn finished(&self, whole: &Whole<'_>) -> Timestamp {
        let lasted = jiff::SignedDuration::from_secs_f64(self.last_done);
        whole.started.checked_add(lasted).unwrap_or(whole.started)
    }

    fn figures(&self, whole: &Whole<'_>) -> BTreeMap<String, f64> {
        let ran = whole.ran.as_secs_f64();
        // From the first scheduled request to the last end, or the end of the schedule.
        let elapsed = self.last_done.max(ran).max(1e-3);
        let asked = whole.schedule.asked_before(whole.ran);
        let usual = if self.service.is_empty() { 0.0 } else { quantile_ms(&self.service, 0.5) };
        let per_second = |count: u64| count as f64 / answering(self.last_done, usual / 1e3, ran);
        let sent = self.all.requests + self.downloads.requests;
        let unsent = self.unsent();
        let failed: u64 = self.failures.values().sum();
        let mut figures: BTreeMap<String, f64> = [
            ("elapsed_ms", elapsed * 1e3),
            ("planned_requests", whole.schedule.count() as f64),
            ("offered_requests", whole.schedule.due_before(whole.ran) as f64),
            ("requests", self.all.requests as f64),
            ("answered_requests", self.all.answered as f64),
            ("asked_per_s", asked / ran.max(1e-3)),
            ("achieved_per_s", per_second(self.all.answered)),
            ("most_sent_in_a_second", self.sends.busiest_second() as f64),
            ("failed", failed as f64),
            ("error_rate", failed as f64 / ((sent + unsent).max(1)) as f64),
            ("throttled_429", self.throttled as f64),
            ("bytes", self.bytes as f64),
            ("downloads", self.downloads.requests as f64),
            ("download_bytes", self.download_bytes as f64),
            ("download_mb_per_s", self.download_bytes as f64 / 1e6 / elapsed),
            ("users", f64::from(whole.users)),
            ("recorded_requests", self.rows as f64),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        if asked > 0.0 {
            let share = per_second(self.all.answered) / (asked / ran.max(1e-3));
            figures.insert("achieved_share".to_owned(), share);
        }
        if let Some(limit) = whole.limit {
            figures.insert("limit_per_s".to_owned(), f64::from(limit));
        }
        for (name, histogram) in [
            ("", &self.all.latency),
            ("service_", &self.service),
            ("lag_", &self.lag),
            ("download_", &self.downloads.latency),
        ] {
            if histogram.is_empty() {
                continue;
            }
            for (quantile, word) in
                [(0.5, "p50"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99"), (0.999, "p999")]
            {
                figures.insert(format!("{name}{word}_ms"), quantile_ms(histogram, quantile));
            }
            figures.insert(format!("{name}max_ms"), histogram.max() as f64 / 1e3);
        }
        let first = self.first_429.and_then(|at| whole.schedule.phase_at(at));
        if let Some(phase) = first {
            figures.insert("first_429_at_per_s".to_owned(), phase.rate);
        }
        figures
    }

    /// Arrivals without a request of their own.
    fn unsent(&self) -> u64 {
        let unsent = self.failures.iter().filter(|(name, _)| name.starts_with("unsent-"));
        unsent.map(|(_, count)| count).sum()
    }
}

/// The seconds in which answers came: each trails its request by what one usually takes, which is no
/// slowness of the sender.
fn answering(last_done: f64, usual: f64, ran: f64) -> f64 {
    (last_done - usual).max(ran).max(1e-3)
}

fn phases(schedule: &Schedule) -> Vec<ScheduledPhase> {
    let saved = schedule.phases().iter().map(|phase| ScheduledPhase {
        label: phase.label.clone(),
        starts_ms: ms(phase.starts),
        lasts_ms: ms(phase.lasts),
        asked_per_s: phase.asked,
        scheduled_per_s: phase.rate,
    });
    saved.collect()
}

fn created(path: &Path) -> std::io::Result<File> {
    private::new_file().create(true).truncate(true).open(path)
}

fn write_timeline(path: &Path, seconds: &[Second]) -> std::io::Result<()> {
    let mut text = format!("{COLUMNS}\n");
    for second in seconds {
        second.write(&mut text);
    }
    created(path)?.write_all(text.as_bytes())
}

fn write_histogram(path: &Path, started: Timestamp, measured: &Measured) -> std::io::Result<()> {
    let mut writer = BufWriter::new(created(path)?);
    let each: Vec<_> =
        measured.each.iter().map(|(operation, of)| (word(*operation), &of.latency)).collect();
    let lasted = Duration::from_secs_f64(measured.last_done.max(0.0));
    write_log(&mut writer, SystemTime::from(started), lasted, &measured.all.latency, &each)?;
    writer.flush()
}

fn write_json(path: &Path, summary: &Summary) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(summary)?;
    text.push('\n');
    created(path)?.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn the_latency_of_the_last_answers_does_not_lower_the_rate() {
        assert!(same(answering(60.2, 0.2, 60.0), 60.0));
        assert!(same(answering(0.0, 0.0, 0.0), 1e-3), "nothing was answered");
    }

    #[test]
    fn what_a_stall_delays_does() {
        assert!(same(answering(62.2, 0.2, 60.0), 62.0));
    }
}
