//! What every noisy run came to, where two runs differ, and the exit code that follows; for a
//! terminal, a page, a spreadsheet and a program (`letterproof-noise/1`).
//!
//! Every verdict is compared, but no times or counts, which noise may change.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use letterproof_model::{About, CheckResult, Counts, Results, Verdict};
use serde::Serialize;

use super::draw::Noise;
use crate::SelftestError;

/// One run.
#[derive(Debug, Clone)]
pub struct NoiseRow {
    /// Its number; 0 for the quiet one.
    pub number: usize,
    /// How the mock behaved.
    pub noise: Noise,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// What it came to, or why it broke.
    pub ended: Result<Seen, String>,
    /// Where it differs from the quiet run.
    pub differences: Vec<Difference>,
}

impl NoiseRow {
    /// Whether it came to what the quiet run came to.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.ended.is_ok() && self.differences.is_empty()
    }

    /// `same`, `differs` or `void`; the quiet run's own word is `control`.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        match (&self.ended, self.number, self.differences.is_empty()) {
            (Err(_), ..) => "void",
            (Ok(_), 0, _) => "control",
            (Ok(_), _, true) => "same",
            (Ok(_), _, false) => "differs",
        }
    }
}

/// What came of every run.
#[derive(Debug, Clone)]
pub struct NoiseReport {
    /// What decided all noise.
    pub seed: u64,
    /// The quiet run.
    pub control: NoiseRow,
    /// The others, by number.
    pub rows: Vec<NoiseRow>,
}

impl NoiseReport {
    /// The quiet run and the others.
    pub fn all(&self) -> impl Iterator<Item = &NoiseRow> {
        std::iter::once(&self.control).chain(&self.rows)
    }

    /// What was red in the quiet run, where nothing should be.
    #[must_use]
    pub fn alarms(&self) -> &[String] {
        self.control.ended.as_ref().map(|seen| &*seen.red).unwrap_or_default()
    }

    /// 4 where a run was void, 1 where one differs or something was red in the quiet one, else 0.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if self.all().any(|row| row.ended.is_err()) {
            4
        } else if self.all().any(|row| !row.is_good()) || !self.alarms().is_empty() {
            1
        } else {
            0
        }
    }

    /// Writes `noise.md` and `noise.csv` into a folder, which is made if it is missing. Gives
    /// their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, SelftestError> {
        let files = [("noise.md", self.markdown()), ("noise.csv", self.csv())];
        crate::write(folder, files)
    }
}

/// The id under which the exit code is compared.
const EXIT_CODE: &str = "exit code";
/// What is shown of an id that a run did not come to.
const NOTHING: &str = "nothing";

/// What a run came to, without times and counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The verdict of every test, criterion and check, every finding about the supplier, and the
    /// exit code, each by its id.
    pub said: BTreeMap<String, String>,
    /// How many criteria and checks ended with each verdict.
    pub counts: Counts,
    /// The criteria and checks that failed, or whose judge broke.
    pub red: Vec<String>,
}

/// Something that two runs do not agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of which test, criterion, check or finding.
    pub id: String,
    /// What the quiet run says.
    pub quiet: String,
    /// What the run under noise says.
    pub noisy: String,
}

impl Seen {
    /// What is compared of a results document.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        let tests = || results.tests.iter().filter(|test| test.selected);
        let criteria = tests().flat_map(|test| &test.criteria);
        let single: Vec<(String, Verdict)> = criteria
            .map(|one| (one.id.to_string(), one.verdict))
            .chain(results.conformance.iter().map(|one| (one.id.to_string(), one.verdict)))
            .collect();
        let supplier = results.findings.iter().filter(|one| one.about == About::Supplier);
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        said.extend(single.iter().map(|(id, verdict)| (id.clone(), verdict.to_string())));
        said.extend(tests().map(|test| (test.id.to_string(), test.verdict.to_string())));
        said.extend(results.conformance.iter().filter_map(deviating));
        said.extend(supplier.map(|one| (one.id.clone(), format!("{:?}", one.kind).to_lowercase())));
        said.insert(EXIT_CODE.to_owned(), results.exit_code.to_string());
        let is_red = |verdict| matches!(verdict, Verdict::Fail | Verdict::Error);
        let red = single.iter().filter(|(_, verdict)| is_red(*verdict));
        Self {
            said,
            red: red.map(|(id, _)| id.clone()).collect(),
            counts: Counts::of(single.iter().map(|(_, verdict)| *verdict)),
        }
    }

    /// Where a run under noise differs from this quiet one, by id.
    #[must_use]
    pub fn differences(&self, noisy: &Self) -> Vec<Difference> {
        let mut ids: Vec<&String> = self.said.keys().chain(noisy.said.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let of = |seen: &Self, id: &String| {
            seen.said.get(id).cloned().unwrap_or_else(|| NOTHING.to_owned())
        };
        ids.into_iter()
            .map(|id| Difference { id: id.clone(), quiet: of(self, id), noisy: of(noisy, id) })
            .filter(|one| one.quiet != one.noisy)
            .collect()
    }
}

/// A check that is not a plain pass or failure, with the kind of finding it stands for.
fn deviating(check: &CheckResult) -> Option<(String, String)> {
    let kind = check.finding?;
    Some((
        check.id.to_string(),
        format!("{} ({})", check.verdict, format!("{kind:?}").to_lowercase()),
    ))
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}, quiet: {}", self.id, self.noisy, self.quiet)
    }
}

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
    /// How the mock behaved, in words.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(of: &[(&str, &str)]) -> Seen {
        let said = of.iter().map(|(id, what)| ((*id).to_owned(), (*what).to_owned())).collect();
        Seen { said, counts: Counts::default(), red: Vec::new() }
    }

    #[test]
    fn whatever_one_run_says_and_the_other_does_not_is_a_difference() {
        let quiet = seen(&[("AT1.1", "pass"), ("C-LIST", "pass"), ("exit code", "0")]);
        assert!(quiet.differences(&quiet).is_empty());
        let noisy = seen(&[("AT1.1", "inconclusive"), ("F-X", "note"), ("exit code", "0")]);
        let told: Vec<String> = quiet.differences(&noisy).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "AT1.1: inconclusive, quiet: pass",
                "C-LIST: nothing, quiet: pass",
                "F-X: note, quiet: nothing"
            ]
        );
    }
}
