//! SIGKILL at random moments of a run, and of the runs that go on with it.
//!
//! The tap knows what the double answered, the double keeps its letters, and both outlive the run.
//! Refuses luck: the moments come from a seed, and are printed. `LETTERPROOF_KILLS=100` makes more
//! of them, `LETTERPROOF_SEED` others.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use letterproof_evidence::{INCOMPLETE, JournalReader, SavedJournal, zip_path};
use letterproof_model::{Journal as _, MarkKind, RequestId};

use crate::scene::{Dice, Double, TESTS, journal, journal_under, passed};
use crate::support::{Call, bundles, command, folders, run_folder};
use crate::tap::{Answered, Tap};

/// Kills that one run has to bear at most.
const MOST_OF_ONE_RUN: u64 = 4;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().unwrap())
}

/// What stood on disk at a kill.
struct Left {
    folder: PathBuf,
    /// The journal's whole lines.
    lines: Vec<u8>,
    saved: SavedJournal,
}

impl Left {
    /// What a killed run left; `None` when it had not yet begun to record, or was whole.
    fn under(out: &Path) -> Option<Self> {
        let path = journal_under(out)?;
        let folder = path.parent()?.parent()?.to_owned();
        let mut lines = std::fs::read(&path).ok()?;
        let whole = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        lines.truncate(whole);
        // Without a header nothing was sent; a chain that does not hold is a failure.
        let reader = JournalReader::open(&path).ok()?;
        let saved = reader.read_whole().unwrap();
        let begun = folder.join("run.json").exists();
        assert!(
            begun || saved.recording.exchanges().is_empty(),
            "sent, and cannot be gone on with"
        );
        (begun && folder.display().to_string().ends_with(INCOMPLETE)).then_some(Self {
            folder,
            lines,
            saved,
        })
    }

    /// Every answer of the double is recorded, but for those that were just arriving: the last of
    /// their connection, or, where the next request went out meanwhile, the last but one.
    fn holds_every_answer(&self, answered: &[Answered]) {
        let recorded: HashSet<RequestId> = self
            .saved
            .recording
            .exchanges()
            .iter()
            .filter_map(|one| one.request.request_id())
            .collect();
        let asked = answered.iter().filter(|one| !one.request_id.is_empty());
        for missing in asked.filter(|one| !recorded.contains(&one.request_id.as_str().into())) {
            let mut of_connection = answered.iter().rev();
            let later = of_connection
                .by_ref()
                .take_while(|one| one.request_id != missing.request_id)
                .filter(|one| one.connection == missing.connection)
                .count();
            assert!(later <= 1, "an answer is lost, and {later} came after it: {missing:?}");
        }
    }

    /// Scenarios that had begun and come to no end.
    fn broken_off(&self) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for mark in self.saved.recording.marks() {
            let Some(scenario) = mark.scenario.clone() else { continue };
            match mark.kind {
                MarkKind::ScenarioStarted => drop(open.insert(scenario)),
                MarkKind::ScenarioFinished(_) => drop(open.remove(&scenario)),
                _ => {}
            }
        }
        open
    }

    /// What stood at the kill still stands, and what it broke off was done again.
    fn is_gone_on_with_in(&self, folder: &Path) {
        let bytes = std::fs::read(folder.join(letterproof_evidence::JOURNAL_FILE)).unwrap();
        assert!(bytes.starts_with(&self.lines), "a line that stood at the kill is gone");
        let later = journal(folder);
        let marks = &later.recording.marks()[self.saved.recording.marks().len()..];
        for scenario in self.broken_off() {
            let again = |kind| {
                let of = Some(scenario.as_str());
                marks.iter().any(|mark| mark.kind.name() == kind && mark.scenario.as_deref() == of)
            };
            assert!(again("scenario-started"), "{scenario} was not done again");
            assert!(again("scenario-finished"), "{scenario} came to no end");
        }
    }
}

/// Runs until the moment has come; whether it was killed rather than done.
fn killed_after(call: Call, moment: Duration) -> bool {
    let mut child = call.spawn();
    let started = Instant::now();
    while started.elapsed() < moment {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

struct Torture<'a> {
    double: &'a Double,
    dice: Dice,
    /// How long a run takes that nobody kills.
    whole: Duration,
    kills: u64,
}

impl Torture<'_> {
    /// One run, killed up to so many times, and what became of it.
    fn round(&mut self, most: u64) {
        self.double.order("POST /reset");
        let tap = Tap::before(self.double.address());
        let out = tempfile::tempdir().unwrap();
        let out = out.path();
        let profile = self.double.profile(out, &tap.base_url(), "");
        let mut left: Vec<Left> = Vec::new();
        for _ in 0..most.min(MOST_OF_ONE_RUN) {
            let moment = self.whole.mul_f64(self.dice.throw());
            let folder = Left::under(out).map(|left| left.folder);
            let call = match &folder {
                Some(folder) => self.double.resume(out, folder),
                None => self.double.run(out, &profile, TESTS),
            };
            let before = tap.answered().len();
            let killed = killed_after(call, moment);
            self.kills += u64::from(killed);
            let now = Left::under(out);
            let recorded = now.as_ref().map_or(0, |left| left.saved.recording.exchanges().len());
            println!("killed: {killed}, after {moment:?}, with {recorded} exchanges recorded");
            if let Some(now) = now {
                now.holds_every_answer(&tap.answered()[before..]);
                left.push(now);
            } else if !folders(out).is_empty() {
                break;
            }
        }
        let folder = self.concluded(out, &profile);
        for left in &left {
            left.is_gone_on_with_in(&folder);
        }
        assert_eq!(tap.taken_twice(), [], "an update was sent again that the API had taken");
    }

    /// Has the run come to its end, and checks its bundle.
    fn concluded(&self, out: &Path, profile: &str) -> PathBuf {
        let folder = folders(out).into_iter().next().map(|name| out.join(name));
        let ended = match folder {
            None => self.double.run(out, profile, TESTS).ended(),
            Some(folder) if Left::under(out).is_some() => self.double.resume(out, &folder).ended(),
            Some(folder) if !folder.display().to_string().ends_with(INCOMPLETE) => {
                // Killed when all but its zip was made, or not even that was left to do.
                if !zip_path(&folder).exists() {
                    let made = command(&["report", bundles::text(&folder)]).ended();
                    assert_eq!(made.code, 0, "{}", made.stderr);
                }
                assert_eq!(bundles::verify(&zip_path(&folder), &[]).code, 0);
                return folder;
            }
            Some(folder) => {
                // Killed before the first request: it says so, and a new run is free to begin.
                let ended = self.double.resume(out, &folder).ended();
                assert_eq!(ended.code, 2, "{}", ended.stderr);
                std::fs::remove_dir_all(folder).unwrap();
                self.double.run(out, profile, TESTS).ended()
            }
        };
        let folder = run_folder(out);
        let results = passed(&ended, &folder);
        assert_eq!(results.counts.pass as usize, TESTS.split(',').count(), "{}", ended.stdout);
        folder
    }
}

#[test]
fn killed_at_any_moment_a_run_loses_nothing_repeats_nothing_and_tells_the_truth() {
    let (wanted, seed) = (number("LETTERPROOF_KILLS", 8), number("LETTERPROOF_SEED", 20_261_120));
    let folder = tempfile::tempdir().unwrap();
    let double = Double::start(folder.path(), &[]);
    let started = Instant::now();
    let profile = double.profile(folder.path(), double.base_url(), "");
    let ended = double.run(folder.path(), &profile, TESTS).ended();
    passed(&ended, &run_folder(folder.path()));
    let whole = started.elapsed();
    println!("seed {seed}; undisturbed, the run takes {whole:?}");
    let mut torture = Torture { double: &double, dice: Dice(seed), whole, kills: 0 };
    while torture.kills < wanted {
        torture.round(wanted - torture.kills);
    }
}
