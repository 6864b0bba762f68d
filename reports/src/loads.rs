//! Load runs as their files tell them: `performance/<name>/summary.json` and `timeline.csv`.
//!
//! The files are the interface; columns and figures that are not known are passed over, so that a
//! later version of them can still be shown. A file of another format is an error.

use std::collections::{BTreeMap, BTreeSet};

use letterproof_evidence::Opened;
use serde::Deserialize;

use crate::ReportError;

/// The folder of load runs in a bundle.
const FOLDER: &str = "performance";
const FORMAT: &str = "letterproof-load/1";
const SUMMARY: &str = "summary.json";
const TIMELINE: &str = "timeline.csv";
/// Longest file read, in bytes: a day has 86,400 seconds.
const LIMIT: u64 = 32 << 20;

/// One load run.
#[derive(Debug, Clone)]
pub struct LoadRun {
    pub(crate) name: String,
    pub(crate) summary: Summary,
    pub(crate) seconds: Vec<Second>,
    /// Its records in the bundle.
    pub(crate) files: Vec<String>,
}

/// What reports show of `summary.json`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Summary {
    format: String,
    #[serde(default)]
    pub(crate) about: String,
    #[serde(default)]
    pub(crate) limit_per_s: Option<f64>,
    pub(crate) ended: Ended,
    #[serde(default)]
    pub(crate) figures: BTreeMap<String, f64>,
    #[serde(default)]
    pub(crate) operations: BTreeMap<String, OfOperation>,
    #[serde(default)]
    pub(crate) failures: BTreeMap<String, u64>,
    #[serde(default)]
    pub(crate) thresholds: Vec<Threshold>,
}

/// How a load run ended.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Ended {
    how: String,
    problem: Option<String>,
}

/// The requests of one operation.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct OfOperation {
    pub(crate) requests: u64,
    #[serde(default)]
    pub(crate) failed: u64,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) max_ms: f64,
}

/// What had to hold.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Threshold {
    pub(crate) name: String,
    pub(crate) kept: bool,
    pub(crate) expected: String,
    pub(crate) observed: String,
}

/// One second of the timeline.
#[derive(Debug, Clone, Default)]
pub(crate) struct Second {
    pub(crate) offered: f64,
    pub(crate) sent: f64,
    pub(crate) achieved: f64,
    pub(crate) throttled: f64,
    pub(crate) failed: f64,
    pub(crate) download_bytes: f64,
    pub(crate) p50_ms: Option<f64>,
    pub(crate) p99_ms: Option<f64>,
}

/// The names of the load runs in a bundle.
pub(crate) fn names(opened: &Opened) -> BTreeSet<String> {
    let name = |(file, _): (&str, u64)| {
        let (name, file) = file.strip_prefix(FOLDER)?.strip_prefix('/')?.split_once('/')?;
        (file == SUMMARY).then(|| name.to_owned())
    };
    opened.files().filter_map(name).collect()
}

impl LoadRun {
    /// Reads a load run from a bundle; one that broke off may have no timeline.
    pub(crate) fn read(opened: &Opened, name: &str) -> Result<Self, ReportError> {
        let path = |file: &str| format!("{FOLDER}/{name}/{file}");
        let summary = opened.read(&path(SUMMARY), LIMIT)?;
        let timeline = match opened.size(&path(TIMELINE)) {
            Some(_) => opened.read(&path(TIMELINE), LIMIT)?,
            None => Vec::new(),
        };
        let folder = path("");
        let files = opened.files().map(|(file, _)| file).filter(|file| file.starts_with(&folder));
        let files = files.map(str::to_owned).collect();
        Ok(Self { files, ..Self::parse(name, &summary, &timeline)? })
    }

    /// Takes a load run from what its files hold.
    ///
    /// # Errors
    /// When the summary is of another format, or a number of the timeline is none.
    pub fn parse(name: &str, summary: &[u8], timeline: &[u8]) -> Result<Self, ReportError> {
        let broken = |file: &str, problem: String| ReportError::Load {
            file: format!("{FOLDER}/{name}/{file}"),
            problem,
        };
        let summary: Summary = serde_json::from_slice(summary)
            .map_err(|error| broken(SUMMARY, format!("not the JSON expected here: {error}")))?;
        if summary.format != FORMAT {
            return Err(broken(SUMMARY, format!("its format is not `{FORMAT}`")));
        }
        let text = String::from_utf8_lossy(timeline);
        let seconds = seconds(&text).map_err(|problem| broken(TIMELINE, problem))?;
        Ok(Self { name: name.to_owned(), summary, seconds, files: Vec::new() })
    }

    /// How it ended, in a sentence.
    pub(crate) fn ended(&self) -> String {
        let Ended { how, problem } = &self.summary.ended;
        match (how.as_str(), problem) {
            ("completed", _) => "Ran to its end.".to_owned(),
            ("stopped", _) => "Stopped by the tester.".to_owned(),
            ("limit-found", _) => "Ended at the first 429, as intended.".to_owned(),
            ("target-lost", _) => "The target stopped answering.".to_owned(),
            (_, Some(problem)) => format!("It could not continue: {problem}"),
            (how, None) => format!("Ended: {how}."),
        }
    }

    /// The most API requests sent within one second.
    pub(crate) fn peak(&self) -> f64 {
        let counted = self.summary.figures.get("most_sent_in_a_second").copied();
        counted.unwrap_or_else(|| self.seconds.iter().map(|second| second.sent).fold(0.0, f64::max))
    }

    /// Answers with 429.
    pub(crate) fn throttled(&self) -> f64 {
        let counted = self.summary.figures.get("throttled_429").copied();
        counted.unwrap_or_else(|| self.seconds.iter().map(|second| second.throttled).sum())
    }
}

fn seconds(text: &str) -> Result<Vec<Second>, String> {
    let mut lines = text.lines();
    let columns: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    lines.enumerate().map(|(at, line)| second(&columns, line, at + 2)).collect()
}

fn second(columns: &[&str], line: &str, number: usize) -> Result<Second, String> {
    let mut second = Second::default();
    for (column, cell) in columns.iter().zip(line.split(',')) {
        let value: Option<f64> = match cell {
            "" => None,
            cell => match cell.parse() {
                Ok(value) => Some(value),
                Err(_) => return Err(format!("line {number}: `{column}` is not a number")),
            },
        };
        let count = value.unwrap_or(0.0);
        match *column {
            "offered" => second.offered = count,
            "sent" => second.sent = count,
            "achieved" => second.achieved = count,
            "s429" => second.throttled = count,
            "s4xx" | "s5xx" | "errors" => second.failed += count,
            "download_bytes" => second.download_bytes = count,
            "p50_ms" => second.p50_ms = value,
            "p99_ms" => second.p99_ms = value,
            _ => {}
        }
    }
    Ok(second)
}
