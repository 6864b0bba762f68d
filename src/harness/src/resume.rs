//! Continuing a run that a crash or Ctrl-C interrupted.
//!
//! What the run was asked for stands in `run.json`, what it did in its journal. Scenarios whose
//! every step had succeeded are left alone; the others are run again, each attempt kept.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use letterproof_client::{Ledger, Target};
use letterproof_evidence::{
    BundleKey, INCOMPLETE, JOURNAL_FILE, JournalHeader, JournalWriter, RunFolder, SavedJournal,
    head_at, read_journal, refuse_other_key, zip_path,
};
use letterproof_model::{
    Journal as _, LastAttempt, Mark, MarkKind, Mode, Recorder as _, RunId, ScenarioOutcome, TestId,
    Timestamp, go_on_after, last_attempts, now,
};
use letterproof_steps::{Bench, FeatureSet};
use serde::{Deserialize, Serialize};

use crate::folder::same_key;
use crate::told::{Failure, usage};

const FILE: &str = "run.json";
const FORMAT: &str = "letterproof-run/1";

/// A group of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// The acceptance pack, AT1 to AT15.
    Acceptance,
    /// The conformance checks of the API.
    Conformance,
    /// Both.
    All,
}

/// What a run is asked for, as far as continuing it needs it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Asked {
    /// The target, by name or profile file.
    pub target: String,
    /// Where it is instead of where it says.
    pub base_url: Option<String>,
    /// Which suites.
    pub suite: Suite,
    /// These tests alone, unless empty.
    pub only: Vec<TestId>,
    /// The folder of its features, where those are not the built-in ones.
    pub features: Option<PathBuf>,
    /// The official specification by which it is judged, where that is not the built-in contract.
    pub spec: Option<PathBuf>,
    /// Its test window.
    pub window: Option<u8>,
    /// The reviewer's nonce.
    pub nonce: Option<String>,
    /// How many letters the target holds.
    pub letters: Option<u32>,
    /// A letter of another supplier.
    pub foreign_letter: Option<String>,
    /// Who stamps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// The file in which a run keeps what it was asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    format: String,
    #[serde(flatten)]
    asked: Asked,
}

impl Asked {
    /// Whether requests go to the mock inside the run's own process.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        is_embedded(&self.target, self.base_url.as_deref())
    }

    /// Writes it down in the run's folder.
    pub(crate) fn remember(&self, folder: &RunFolder) -> Result<(), Failure> {
        let saved = Saved { format: FORMAT.to_owned(), asked: self.clone() };
        let text = serde_json::to_vec_pretty(&saved)
            .map_err(|error| Failure::Harness(format!("{FILE} cannot be written: {error}")))?;
        Ok(folder.write(FILE, &text)?)
    }

    /// What a run says that was stopped before its end: where it is, and how to resume it.
    pub(crate) fn stopped(&self, folder: &RunFolder, sign_key: Option<&Path>) -> String {
        let kept = folder.path().display();
        let key = same_key(sign_key);
        let next = if self.is_embedded() {
            "its letters were in the embedded mock and are gone, so start a new run".to_owned()
        } else {
            format!("continue with `letterproof run --resume {kept}{key}`")
        };
        format!(
            "stopped before the end; what was recorded is in {kept}: {next}, or make a bundle of what is \
             there with `letterproof report {kept}{key}`"
        )
    }
}

/// Whether requests to a target of this name go to the mock inside this process.
#[must_use]
pub fn is_embedded(target: &str, base_url: Option<&str>) -> bool {
    target == "mock" && base_url.is_none()
}

/// A run that was interrupted.
pub struct Broken {
    dir: PathBuf,
    /// What it was asked for.
    pub asked: Asked,
    /// What it recorded.
    pub(crate) journal: SavedJournal,
    /// Scenarios whose every step had succeeded.
    pub(crate) finished: HashSet<String>,
    /// Scenarios that had begun and come to no end of their own.
    pub(crate) broken_off: HashSet<String>,
    /// By how many seconds the clock was set back since, where it was.
    pub(crate) behind: Option<i64>,
}

impl Broken {
    /// Reads what a run left.
    ///
    /// # Errors
    /// When it cannot be continued: its letters are gone, or an earlier version recorded it.
    pub fn read(dir: &Path) -> Result<Self, Failure> {
        let path = dir.join(FILE);
        let unusable = |problem: String| {
            Failure::Usage(format!("{}: not a run that can be resumed: {problem}", path.display()))
        };
        let text = std::fs::read(&path).map_err(|error| unusable(error.to_string()))?;
        let Saved { format, asked } = serde_json::from_slice(&text)
            .map_err(|error| unusable(format!("it does not say what was asked for ({error})")))?;
        if format != FORMAT {
            return Err(unusable(format!("its format is {format}, not {FORMAT}")));
        }
        if asked.is_embedded() {
            return Err(unusable(
                "its letters were those of the mock inside the run's own process, and are gone \
                 with it; start a new run"
                    .to_owned(),
            ));
        }
        let journal = read_journal(&dir.join(JOURNAL_FILE)).map_err(usage)?;
        if journal.header.is_format_1() {
            return Err(Failure::Usage(format!(
                "{}: an earlier version recorded this run, in a format that this one reads and does \
                 not write, so it cannot be resumed; start a new run, and make a bundle of this one \
                 with `letterproof report {}`",
                dir.display(),
                dir.display()
            )));
        }
        let (finished, broken_off) = ends(&journal);
        // Judges and ledger go by the order of times.
        let behind = go_on_after(last_time(&journal));
        Ok(Self { dir: dir.to_owned(), asked, journal, finished, broken_off, behind })
    }

    /// Refuses a key that would not sign the bundle as it was to be.
    ///
    /// # Errors
    /// When it is such a key, or none is given and one is needed.
    pub fn refuse_other_key(&self, key: Option<&BundleKey>) -> Result<(), Failure> {
        refuse_other_key(&self.dir, key.into()).map_err(usage)
    }

    /// The features that are still to be driven: none, where only the judging is left.
    ///
    /// # Errors
    /// When nothing is left to do, or the target is now elsewhere.
    pub fn left_of(&self, features: &FeatureSet, target: &Target) -> Result<FeatureSet, Failure> {
        let context = target.context(Mode::Driven);
        if context.base_url != self.journal.header.base_url {
            return Err(Failure::Usage(format!(
                "{}: this run was made at {}, but its target is now at {}",
                self.dir.display(),
                self.journal.header.base_url,
                context.base_url
            )));
        }
        let left = features.clone().that_apply(&context).without(&self.finished);
        if left.scenario_count() == 0 && !self.is_incomplete() {
            return Err(Failure::Usage(format!(
                "{}: every scenario of this run had succeeded; there is nothing to resume",
                self.dir.display()
            )));
        }
        Ok(left)
    }

    fn is_incomplete(&self) -> bool {
        self.dir.file_name().is_some_and(|name| name.to_string_lossy().ends_with(INCOMPLETE))
    }

    /// Has the judges and the ledger learn what was recorded, and notes that the run goes on.
    pub(crate) fn catch_up(
        &self,
        journal: &JournalWriter,
        bench: &Bench,
        ledger: &Ledger,
    ) -> Result<(), Failure> {
        let recording = &self.journal.recording;
        recording.exchanges().iter().for_each(|exchange| bench.see(&exchange.to_arc()));
        let resumed = recording.marks().iter().filter(|mark| mark.kind == MarkKind::Resumed);
        resumed.for_each(|mark| bench.resumed(mark.at));
        ledger.replay(recording)?;
        let mark = Mark::new(now(), MarkKind::Resumed);
        bench.resumed(mark.at);
        ledger.note_lost_list(mark.at);
        let doubt = self.doubt(journal, ledger)?.map(|kind| Mark::new(mark.at, kind));
        let behind = self.behind.map(|behind| {
            let words = "s before the last time in this journal, from which times go on";
            Mark::note(mark.at, format!("the clock of the machine stands {behind} {words}"))
        });
        let mut marks = [Some(mark), behind, doubt].into_iter().flatten();
        let marked = marks.try_for_each(|mark| journal.mark(mark));
        marked.map_err(|error| Failure::Harness(error.message))
    }

    /// What is to be noted where the ledger does not vouch for the journal: the run had come
    /// further, or its journal was another one.
    fn doubt(&self, journal: &JournalWriter, ledger: &Ledger) -> Result<Option<MarkKind>, Failure> {
        let (found, _) = journal.position();
        let Some(last) = ledger.head_of(&self.journal.header.run_id) else {
            return Ok(Some(MarkKind::Unvouched { known: None, found }));
        };
        let is_there = head_at(journal.path(), last.lines)?.is_some_and(|head| head == last.head);
        let doubt = MarkKind::Unvouched { known: Some(last.lines), found };
        Ok((!is_there).then_some(doubt))
    }

    /// Opens the folder; one that looked whole is incomplete again until the run has ended.
    ///
    /// # Errors
    /// When it cannot be opened or renamed.
    pub fn reopen(
        &self,
        key: Option<&BundleKey>,
    ) -> Result<(RunId, Timestamp, RunFolder), Failure> {
        let mut dir = std::path::absolute(&self.dir).unwrap_or_else(|_| self.dir.clone());
        if !self.is_incomplete() {
            let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let renamed = dir.with_file_name(format!("{name}{INCOMPLETE}"));
            std::fs::rename(&dir, &renamed).map_err(|error| {
                Failure::Usage(format!(
                    "cannot rename {} to mark it as incomplete ({error}); close programs that have \
                     its files open",
                    dir.display()
                ))
            })?;
            // Whatever was made of the run so far is made again when it ends.
            let _ = std::fs::remove_file(zip_path(&dir));
            dir = renamed;
        }
        let JournalHeader { run_id, started, .. } = self.journal.header.clone();
        Ok((run_id, started, RunFolder::reopen(&dir, key.into())?))
    }
}

/// The latest time in a journal.
fn last_time(journal: &SavedJournal) -> Timestamp {
    let marks = journal.recording.marks().iter().map(|mark| mark.at);
    marks.chain(journal.recording.ended()).fold(journal.header.started, Timestamp::max)
}

/// Which scenarios succeeded in their last attempt, and which came to no end of their own.
fn ends(journal: &SavedJournal) -> (HashSet<String>, HashSet<String>) {
    let last = last_attempts(journal.recording.marks());
    let named = |wanted: &dyn Fn(&LastAttempt<'_>) -> bool| {
        let found = last.iter().filter(|(_, attempt)| wanted(attempt));
        found.map(|(scenario, _)| (*scenario).to_owned()).collect()
    };
    let succeeded = named(&|attempt| attempt.outcome == Some(&ScenarioOutcome::Succeeded));
    (succeeded, named(&|attempt| !attempt.is_whole()))
}

#[cfg(test)]
mod tests {
    use letterproof_model::ToolInfo;

    use super::*;

    #[test]
    fn scenarios_are_told_apart_by_their_last_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("exchanges.jsonl");
        let tool = ToolInfo { version: "0".to_owned(), commit: "0".to_owned() };
        let header = JournalHeader::new("r1".into(), tool, "http://127.0.0.1:9");
        let journal = JournalWriter::create(&path, &header).unwrap();
        let mark = |kind, scenario: &str| {
            let scenario = Some(scenario.to_owned());
            journal.mark(Mark { at: now(), scenario, kind }).unwrap();
        };
        for name in ["AT1", "AT4", "AT5", "AT6"] {
            mark(MarkKind::ScenarioStarted, name);
        }
        let failure = "a note says: every step succeeded, the run was asked to stop".to_owned();
        for (name, outcome) in [
            ("AT1", ScenarioOutcome::Succeeded),
            ("AT5", ScenarioOutcome::Failed(failure)),
            ("AT6", ScenarioOutcome::Stopped("Ctrl-C".to_owned())),
        ] {
            mark(MarkKind::ScenarioFinished(outcome), name);
        }
        mark(MarkKind::Note { text: "every step succeeded".to_owned() }, "AT4");
        let (finished, broken_off) = ends(&read_journal(&path).unwrap());
        assert_eq!(finished, HashSet::from(["AT1".to_owned()]));
        assert_eq!(broken_off, HashSet::from(["AT4".to_owned(), "AT6".to_owned()]));
    }
}
