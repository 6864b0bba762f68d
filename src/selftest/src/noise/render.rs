//! The runs for a terminal, a page, a spreadsheet and a program (format `letterproof-noise/1`).
//! Refuses to bury what differs: it stands at the end, where a reader looks first.

use std::fmt::Write as _;

use letterproof_model::Verdict;
use serde::Serialize;

use super::compare::Difference;
use super::report::{NoiseReport, NoiseRow};

/// The name and version of the format.
const FORMAT: &str = "letterproof-noise/1";
/// The columns of every table.
const COLUMNS: [&str; 13] = [
    "run",
    "latency",
    "updates show after",
    "order",
    "hidden",
    "failures",
    "seconds",
    "outcome",
    "pass",
    "fail",
    "inconclusive",
    "not applicable",
    "not run",
];
/// The verdicts that have a column.
const COUNTED: [Verdict; 5] =
    [Verdict::Pass, Verdict::Fail, Verdict::Inconclusive, Verdict::NotApplicable, Verdict::NotRun];

impl NoiseRow {
    /// One line: number, noise, seconds, outcome and the first difference.
    #[must_use]
    pub fn line(&self) -> String {
        let first = self.complaints().into_iter().next().unwrap_or_default();
        let Self { number, noise, seconds, .. } = self;
        let line =
            format!("run {number:<3} {noise:<62} {seconds:6.1} s  {:<8} {first}", self.outcome());
        line.trim_end().to_owned()
    }

    /// Why it is void, or where it differs.
    fn complaints(&self) -> Vec<String> {
        match &self.ended {
            Err(reason) => vec![reason.clone()],
            Ok(_) => self.differences.iter().map(ToString::to_string).collect(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.number.to_string()];
        cells.extend(self.noise.cells());
        cells.push(format!("{:.1}", self.seconds));
        cells.push(self.outcome().to_owned());
        let counts = self.ended.as_ref().map(|seen| seen.counts).unwrap_or_default();
        cells.extend(COUNTED.map(|verdict| counts.get(verdict).to_string()));
        cells
    }
}

impl NoiseReport {
    /// A line for each run, the counts, and what is not as it should be.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in self.all() {
            let _ = writeln!(text, "{}", row.line());
        }
        let same = self.rows.iter().filter(|row| row.is_good()).count();
        let _ =
            writeln!(text, "\n{same} of {} runs came to the control's verdicts", self.rows.len());
        for complaint in self.complaints() {
            let _ = writeln!(text, "{complaint}");
        }
        text
    }

    /// A page to be kept beside other evidence.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = format!(
            "# No false alarms\n\n\
             Whole runs (AT1 to AT15 and the conformance suite, 2,500 letters) against a healthy \
             mock, each under noise drawn from seed {}: latency of 0 to 400 ms with jitter, \
             updates that show after 0 to 12 s in order or not, visibility timeouts of 10 to 60 s, \
             and one call in a hundred whose connection is reset before it is looked at, where a \
             client may call again. Delays are real, and the rate limit is on. \
             The time agreed for AT15 is six times its floor under each run's latency. Run 0 is the \
             quiet control; only durations may differ from it.\n\n",
            self.seed
        );
        let _ = writeln!(page, "| {} |\n|{}", COLUMNS.join(" | "), "---|".repeat(COLUMNS.len()));
        for row in self.all() {
            let _ = writeln!(page, "| {} |", row.cells().join(" | "));
        }
        let complaints = self.complaints();
        if complaints.is_empty() {
            page.push_str("\nEvery run came to the same verdicts.\n");
        } else {
            page.push_str("\n## What differs\n\n");
        }
        for complaint in complaints {
            let _ = writeln!(page, "- {}", complaint.replace('\n', " "));
        }
        page
    }

    /// One line for each run (RFC 4180, lines ended by LF).
    #[must_use]
    pub fn csv(&self) -> String {
        let mut file = format!("{},differences\n", COLUMNS.join(","));
        for row in self.all() {
            // Numbers and fixed words hold neither commas nor quotes; a reason may.
            let told = row.complaints().join("; ").replace('"', "\"\"").replace('\n', " ");
            let _ = writeln!(file, "{},\"{told}\"", row.cells().join(","));
        }
        file
    }

    /// The runs for programs.
    #[must_use]
    pub fn document(&self) -> NoiseDocument {
        NoiseDocument {
            format: FORMAT,
            seed: self.seed,
            runs: self.all().map(entry).collect(),
            alarms: self.alarms().to_vec(),
            exit_code: self.exit_code(),
        }
    }

    fn complaints(&self) -> Vec<String> {
        let red = self.alarms().iter().map(|id| format!("run 0 (quiet): {id} is red"));
        let of = |row: &NoiseRow| {
            let number = row.number;
            row.complaints().into_iter().map(move |words| format!("run {number}: {words}"))
        };
        red.chain(self.all().flat_map(of)).collect()
    }
}

/// The runs as one JSON document.
#[derive(Debug, Serialize)]
pub struct NoiseDocument {
    /// Always `letterproof-noise/1`.
    pub format: &'static str,
    /// What decided all noise.
    pub seed: u64,
    /// The quiet run first.
    pub runs: Vec<NoiseEntry>,
    /// What was red in the quiet run.
    pub alarms: Vec<String>,
    /// The process's exit code.
    pub exit_code: u8,
}

/// One run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct NoiseEntry {
    /// Its number; 0 for the quiet one.
    pub run: usize,
    /// How the double behaved, in words.
    pub noise: String,
    /// How long it took.
    pub seconds: f64,
    /// `control`, `same`, `differs` or `void`.
    pub outcome: &'static str,
    /// How many criteria and checks ended with each verdict.
    pub counts: letterproof_model::Counts,
    /// Why it is void.
    pub reason: Option<String>,
    /// Where it differs from the quiet one.
    pub differences: Vec<DifferenceEntry>,
}

/// Something that differs.
#[derive(Debug, Serialize)]
pub struct DifferenceEntry {
    /// Of which test, criterion, check or finding.
    pub id: String,
    /// What the quiet run says.
    pub quiet: String,
    /// What the run says.
    pub noisy: String,
}

impl From<&Difference> for DifferenceEntry {
    fn from(one: &Difference) -> Self {
        let Difference { id, quiet, noisy } = one.clone();
        Self { id, quiet, noisy }
    }
}

fn entry(row: &NoiseRow) -> NoiseEntry {
    NoiseEntry {
        run: row.number,
        noise: row.noise.to_string(),
        seconds: row.seconds,
        outcome: row.outcome(),
        counts: row.ended.as_ref().map(|seen| seen.counts).unwrap_or_default(),
        reason: row.ended.as_ref().err().cloned(),
        differences: row.differences.iter().map(Into::into).collect(),
    }
}
