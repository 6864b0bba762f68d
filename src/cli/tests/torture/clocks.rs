//! The wall clock jumps by an hour, to and fro, while a run goes on: the run's, the double's, or
//! that of the machine both are on.
//!
//! A small library that is compiled on the spot stands before the C library's clock.
//! Refuses nothing else of time: what is measured, waits and expires goes by the steady clock.

use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use letterproof_model::{Journal as _, TestId, Verdict};
use letterproof_testing::{Skip, skip};

use crate::scene::{Double, TESTS, journal, killed_after_recording, passed};
use crate::support::{Call, bundles, command, folders, run_folder};
use crate::tap::Tap;

/// Where the clock jumps to, in seconds beside the true time, and over again.
const JUMPS: [i64; 4] = [3_600, 0, -3_600, 0];
/// Between two jumps; the double's tokens live twice as long.
const REST: Duration = Duration::from_millis(1_500);
/// Longest time for the rest of a run.
const PATIENCE: Duration = Duration::from_secs(240);
/// Longer than any run here, and far shorter than a jump.
const SHORT: i64 = 600;

/// A clock that can be set.
struct Clock {
    library: PathBuf,
    file: PathBuf,
}

impl Clock {
    /// Compiles the library; `None` where there is no C compiler.
    fn made(folder: &Path) -> Option<Self> {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torture/clock.c");
        let (library, file) = (folder.join("clock.so"), folder.join("offset"));
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"])
            .args([&library, &source])
            .status();
        let Ok(status) = compiled else {
            skip(Skip::Machine, "a clock that can be set needs a C compiler, `cc`");
            return None;
        };
        assert!(status.success(), "clock.c does not compile");
        let clock = Self { library, file };
        std::fs::write(&clock.file, 0_i64.to_ne_bytes()).unwrap();
        Some(clock)
    }

    /// Sets it, in place: whoever goes by it has the file mapped.
    fn set(&self, offset: i64) {
        let file = std::fs::File::options().write(true).open(&self.file).unwrap();
        file.write_all_at(&offset.to_ne_bytes(), 0).unwrap();
    }

    fn worn_by(&self, call: Call) -> Call {
        call.env("LD_PRELOAD", bundles::text(&self.library))
            .env("LETTERPROOF_TEST_CLOCK", bundles::text(&self.file))
    }
}

/// Who goes by the clock that jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobodys,
    TheRuns,
    TheDoubles,
    TheMachines,
}

/// A run during which the clock jumps; its verdicts.
fn verdicts(whose: Whose) -> Option<Vec<(TestId, Verdict)>> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::made(folder.path())?;
    let double = Double::of(folder.path(), |credentials| {
        let call = command(&Double::asked("127.0.0.1:0", credentials));
        // Several tokens in each run, so that some are asked for at each time.
        let call = call.args(["--token-lifetime", "3s"]);
        let jumps = matches!(whose, Whose::TheDoubles | Whose::TheMachines);
        if jumps { clock.worn_by(call) } else { call }.ready()
    });
    let tap = Tap::before(double.address());
    let out = folder.path().join("out");
    let profile = double.profile(folder.path(), &tap.base_url(), "");
    let call = double.run(&out, &profile, TESTS);
    let jumps = matches!(whose, Whose::TheRuns | Whose::TheMachines);
    let call = if jumps { clock.worn_by(call) } else { call };

    let run = std::thread::spawn(move || call.ended());
    let mut jumps = JUMPS.into_iter().cycle();
    let mut jumped = 0;
    let mut last = Instant::now();
    while !run.is_finished() {
        if whose != Whose::Nobodys && last.elapsed() >= REST && !tap.answered().is_empty() {
            clock.set(jumps.next()?);
            jumped += 1;
            last = Instant::now();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    println!("{whose:?}: the clock jumped {jumped} times");
    assert!(whose == Whose::Nobodys || jumped >= 2, "{whose:?}: the run was over too soon");
    let ended = run.join().unwrap();
    let folder = run_folder(&out);
    let results = passed(&ended, &folder);
    no_time_runs_backwards(&folder);
    assert_eq!(tap.taken_twice(), [], "{whose:?}");
    Some(results.tests.iter().map(|test| (test.id, test.verdict)).collect())
}

/// The journal's times are those of the run's own steady clock, in the order of its lines.
fn no_time_runs_backwards(folder: &Path) {
    let saved = journal(folder);
    let begun = saved.header.started.as_second();
    let ends: Vec<i64> =
        saved.recording.exchanges().iter().map(|one| one.finished().as_second()).collect();
    // Calls side by side may be written down in another order than they ended.
    for pair in ends.windows(2) {
        assert!(pair[1] >= pair[0] - 1, "{} s after {} s", pair[1], pair[0]);
    }
    let marks = saved.recording.marks().iter().map(|mark| mark.at.as_second());
    for time in ends.iter().copied().chain(marks) {
        assert!((begun..begun + SHORT).contains(&time), "{} s from the start", time - begun);
    }
}

#[test]
fn a_clock_that_jumps_by_an_hour_changes_no_verdict() {
    let all = [Whose::Nobodys, Whose::TheRuns, Whose::TheDoubles, Whose::TheMachines];
    let told = std::thread::scope(|scope| {
        let runs = all.map(|whose| scope.spawn(move || verdicts(whose)));
        runs.map(|run| run.join().unwrap())
    });
    for (whose, verdicts) in all.iter().zip(&told) {
        assert_eq!(*verdicts, told[0], "{whose:?}");
    }
}

/// Kills a run as soon as it can be gone on with, most likely before its first call.
fn killed_once_begun(call: Call, out: &Path) -> PathBuf {
    let mut child = call.spawn();
    let begun = |name: &String| out.join(name).join("run.json").exists();
    while !folders(out).first().is_some_and(begun) {
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        std::thread::sleep(Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    run_folder(out)
}

/// A run whose machine has its clock set between the kill and going on; what its marks say.
fn gone_on_with(before: i64, after: i64, exchanges: usize) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::made(folder.path())?;
    clock.set(before);
    let double = Double::of(folder.path(), |credentials| {
        clock.worn_by(command(&Double::asked("127.0.0.1:0", credentials))).ready()
    });
    let out = folder.path().join("out");
    let profile = double.profile(folder.path(), double.base_url(), "");
    let call = clock.worn_by(double.run(&out, &profile, TESTS));
    let broken = match exchanges {
        0 => killed_once_begun(call, &out),
        _ => killed_after_recording(call, &out, exchanges),
    };
    clock.set(after);
    let call = clock.worn_by(double.resume(&out, &broken));
    let run = std::thread::spawn(move || call.ended());
    let started = Instant::now();
    while !run.is_finished() {
        let waited = started.elapsed();
        assert!(waited < PATIENCE, "set from {before} to {after}: it waits for a time far off");
        std::thread::sleep(Duration::from_millis(20));
    }
    let ended = run.join().unwrap();
    let folder = run_folder(&out);
    let results = passed(&ended, &folder);
    let doubts = results.findings.iter().filter(|one| one.id.starts_with("F-JOURNAL"));
    // Killed that early, the run may not be in the ledger yet, which is told.
    let known = exchanges == 0 || doubts.count() == 0;
    assert!(known, "the ledger knows the whole journal: {:?}", results.findings);
    Some(journal(&folder).recording.marks().iter().map(|mark| mark.words()).collect())
}

#[test]
fn a_clock_set_between_a_kill_and_going_on_hangs_nothing_and_accuses_nobody() {
    // Killed before its first call, and amid its updates.
    let cases = [(0, 3_600, 30), (3_600, 0, 30), (3_600, 0, 0), (0, 0, 30)];
    let told = std::thread::scope(|scope| {
        let runs = cases.map(|(from, to, at)| scope.spawn(move || gone_on_with(from, to, at)));
        runs.map(|run| run.join().unwrap())
    });
    for ((from, to, at), told) in cases.into_iter().zip(told) {
        let Some(told) = told else { return };
        let words = "the clock of the machine stands 3";
        let noted = told.iter().any(|mark| mark.starts_with(words));
        assert_eq!(noted, from > to, "{from} to {to} at {at}: {told:?}");
    }
}
