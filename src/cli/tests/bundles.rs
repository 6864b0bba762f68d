//! What a run leaves: the bundle's files, its reports, its keys, and what is made of a run that a
//! kill or a full disk broke off.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use letterproof_evidence::{read_journal, zip_path};
use letterproof_model::{Journal as _, Verdict};
use support::bundles::{
    QUICK, TESTS, contents, copied, faults, json, keys, sound, text, unpack, verify,
};
use support::{command, folders, letterproof, results, run_folder};

#[test]
fn the_zip_holds_what_the_folder_holds_and_every_promised_file() {
    let elsewhere = tempfile::tempdir().unwrap();
    unpack(&sound().zip, elsewhere.path());
    let files = contents(&sound().folder);
    assert!(contents(elsewhere.path()) == files);
    for name in [
        "results.json",
        "junit.xml",
        "index.html",
        "summary.md",
        "journal/exchanges.jsonl",
        "environment.json",
        "context.json",
        "lifecycle.svg",
        "manifest.dsse.json",
        "signing-key.pem",
        "AT2/ids.csv",
        "AT4/counts.csv",
        "AT4/letters.csv",
        "AT4/timings.csv",
    ] {
        assert!(files.contains_key(name), "{name} in {:?}", files.keys());
    }
    for test in 1..=15 {
        assert!(files.contains_key(&format!("AT{test}/criteria.csv")), "AT{test}");
    }
    for document in ["environment.json", "context.json", "results.json"] {
        let value = json(&sound().folder.join(document));
        assert_eq!(faults(document, &value), [""; 0], "{document}");
    }
    let pem = fs::read_to_string(&sound().key).unwrap();
    let secret = pem.lines().nth(1).unwrap().as_bytes();
    for (name, bytes) in &files {
        assert!(
            !bytes.windows(secret.len()).any(|part| part == secret),
            "the key that signs: {name}"
        );
    }
    let environment = json(&sound().folder.join("environment.json"));
    assert!(environment["command_line"].to_string().contains("--nonce"), "{environment}");
    assert_eq!(environment["profile"][0]["name"], "name");
}

#[test]
fn each_report_printed_is_the_file_in_the_folder() {
    for (format, name) in
        [("html", "index.html"), ("junit", "junit.xml"), ("markdown", "summary.md")]
    {
        let file = fs::read_to_string(sound().folder.join(name)).unwrap();
        for saved in [&sound().folder, &sound().zip] {
            let ended = command(&["report", text(saved), "--format", format]).ended();
            assert_eq!(ended.code, 0, "{format}: {}", ended.stderr);
            assert!(ended.stdout == file, "{format} is another file than {name}");
        }
    }
}

#[test]
fn what_repeats_the_journal_is_printed_when_asked_for_and_lies_in_no_bundle() {
    let calls = fs::read_to_string(sound().folder.join("journal/exchanges.jsonl")).unwrap();
    let calls = calls.matches("\"exchange\":{").count();
    assert!(calls > 1_000, "{calls}");
    for (format, name, each) in
        [("csv", "cross-check.csv", ",ex-"), ("har", "exchanges.har", "\"startedDateTime\"")]
    {
        let printed = [&sound().folder, &sound().zip].map(|saved| {
            let ended = command(&["report", text(saved), "--format", format]).ended();
            assert_eq!(ended.code, 0, "{format}: {}", ended.stderr);
            ended.stdout
        });
        assert!(printed[0] == printed[1], "{format} of the zip is another");
        assert_eq!(printed[0].matches(each).count(), calls, "{format}");
        assert!(!sound().folder.join(name).exists(), "{name}");
    }
}

#[test]
fn a_bundle_can_be_mailed() {
    let length = |path: &Path| fs::metadata(path).unwrap().len();
    let journal = length(&sound().folder.join("journal/exchanges.jsonl"));
    let zip = length(&sound().zip);
    // A second copy of every call, packed, would be a tenth of the journal or more.
    assert!(zip * 7 < journal, "{zip} bytes for a journal of {journal}");
}

#[test]
fn what_is_whole_is_not_made_again_but_a_lost_zip_is() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    let whole = command(&["report", text(&folder)]).ended();
    assert_eq!(whole.code, 2, "{}", whole.stdout);
    assert!(whole.stderr.contains("say with --format which report"), "{}", whole.stderr);
    let key = command(&["report", text(&folder), "--sign-key", text(&sound().key)]).ended();
    assert_eq!(key.code, 2, "{}", key.stdout);

    // A kill between the naming of the folder and the making of its zip.
    let zip = fs::read(zip_path(&folder)).unwrap();
    fs::remove_file(zip_path(&folder)).unwrap();
    let made = command(&["report", text(&folder)]).ended();
    assert_eq!(made.code, 0, "{}", made.stderr);
    assert!(fs::read(zip_path(&folder)).unwrap() == zip, "the same files make the same zip");
    for (arguments, word) in [(["report", "gone"], "gone"), (["report", "gone.incomplete"], "gone")]
    {
        let ended = command(&arguments).ended();
        assert_eq!(ended.code, 2, "{}", ended.stdout);
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}

/// Starts a run and waits until its journal holds so many exchanges.
fn begun(out: &Path, exchanges: usize) -> (Child, PathBuf) {
    let mut child = letterproof(out).args(["--only", TESTS]).args(QUICK).spawn();
    let started = Instant::now();
    loop {
        assert!(started.elapsed() < Duration::from_secs(60), "the run did not get that far");
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        std::thread::sleep(Duration::from_millis(10));
        let Some(name) = folders(out).into_iter().next() else { continue };
        let folder = out.join(name);
        let saved = read_journal(&folder.join("journal/exchanges.jsonl"));
        if saved.is_ok_and(|saved| saved.recording.exchanges().len() >= exchanges) {
            return (child, folder);
        }
    }
}

/// The folder of a run that was killed after so many exchanges; the first of them are the first look
/// at its letters, before any scenario.
fn killed(out: &Path, exchanges: usize) -> PathBuf {
    let (mut child, folder) = begun(out, exchanges);
    child.kill().unwrap();
    child.wait().unwrap();
    folder
}

/// Has `report` complete a folder, and checks that what it makes is honest; returns it.
#[track_caller]
fn completed(incomplete: &Path) -> PathBuf {
    let ended = command(&["report", text(incomplete)]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let out = incomplete.parent().unwrap();
    let folder = run_folder(out);
    assert!(ended.stdout.contains(text(&folder)), "{}", ended.stdout);
    let results = results(&folder);
    assert_eq!(results.exit_code, 3, "nobody knows what the rest would have shown");
    assert!(results.tests.iter().all(|test| test.verdict != Verdict::Fail), "{}", ended.stdout);
    for bundle in [&folder, &zip_path(&folder)] {
        let verified = verify(bundle, &[]);
        assert_eq!(verified.code, 0, "{}", verified.stdout);
    }
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains(", interrupted, "), "the page says so");
    folder
}

#[test]
fn of_a_killed_run_an_honest_bundle_is_made() {
    let out = tempfile::tempdir().unwrap();
    let folder = completed(&killed(out.path(), 80));
    let results = results(&folder);
    let unfinished = results.tests.iter().filter(|test| test.selected);
    assert!(unfinished.filter(|test| test.verdict == Verdict::NotRun).count() >= 2);
}

#[test]
fn of_a_run_killed_in_the_middle_of_a_line_and_of_a_file_too() {
    let out = tempfile::tempdir().unwrap();
    let folder = killed(out.path(), 80);
    let journal = folder.join("journal/exchanges.jsonl");
    let mut torn = fs::read(&journal).unwrap();
    torn.extend(b"{\"prev\":\"0123456789abcdef");
    fs::write(&journal, torn).unwrap();
    fs::create_dir_all(folder.join("AT4")).unwrap();
    fs::write(folder.join("AT4/.writing-x1y2z3"), "half a fi").unwrap();
    fs::create_dir_all(folder.join("AT5")).unwrap();
    let folder = completed(&folder);
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("The last line of the journal is torn"), "the page says so");
}

#[test]
fn a_kill_while_the_bundle_is_made_loses_nothing() {
    let out = tempfile::tempdir().unwrap();
    let folder = killed(out.path(), 300);
    // Killed ever later, until one is whole before the kill.
    for pause in (0..400).step_by(40) {
        if !folder.exists() {
            break;
        }
        let mut child = command(&["report", text(&folder)]).spawn();
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    if folder.exists() {
        completed(&folder);
        return;
    }
    let whole = folder.with_extension("");
    if !zip_path(&whole).exists() {
        assert_eq!(command(&["report", text(&whole)]).ended().code, 0);
    }
    assert_eq!(verify(&whole, &[]).code, 0);
    assert_eq!(verify(&zip_path(&whole), &[]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_run_that_goes_on_is_not_completed() {
    let out = tempfile::tempdir().unwrap();
    let (mut child, folder) = begun(out.path(), 80);
    let ended = command(&["report", text(&folder)]).ended();
    let went_on = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(went_on, "the run was over before it could be disturbed");
    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
    assert!(ended.stderr.contains("still being written"), "{}", ended.stderr);
    completed(&folder);
}

#[test]
fn the_bundle_of_a_killed_run_can_be_signed() {
    let out = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let (key, public) = keys(kept.path());
    let folder = killed(out.path(), 80);
    let ended = command(&["report", text(&folder), "--sign-key", text(&key)]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let verified = verify(&folder.with_extension(""), &["--key", text(&public)]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn keys_that_sign_bundles_are_written_once_and_for_their_owner_alone() {
    let out = tempfile::tempdir().unwrap();
    let folder = text(out.path());
    let call = || command(&["keys", "--signing", "--out", folder]).ended();
    let ended = call();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(folders(out.path()), ["letterproof-signing.pem", "letterproof-signing.pub.pem"]);
    let private = out.path().join("letterproof-signing.pem");
    let pem = fs::read_to_string(&private).unwrap();
    assert!(pem.starts_with("-----BEGIN PRIVATE KEY-----"));
    let line = pem.lines().nth(1).unwrap();
    assert!(!ended.stdout.contains(line) && !ended.stderr.contains(line));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&private).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = call();
    assert_eq!(again.code, 2, "{}", again.stdout);
    assert_eq!(fs::read_to_string(&private).unwrap(), pem, "{}", again.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_stops_the_run_with_4_keeps_what_was_recorded_and_leaves_nothing_half_written() {
    // Full while the second list is recorded, while letters are read back, and among the reports.
    for kilobytes in [600, 1_200, 2_400, 4_200] {
        let Some(disk) = support::small_disk::SmallDisk::of(kilobytes) else { return };
        let ended = letterproof(disk.path()).args(["--only", TESTS]).args(QUICK).ended();
        assert_eq!(ended.code, 4, "{kilobytes}: {}\n{}", ended.stdout, ended.stderr);
        for words in ["No space left on device", "what was recorded is in"] {
            assert!(ended.stderr.contains(words), "{kilobytes}: {words} in {}", ended.stderr);
        }
        let folder = run_folder(disk.path());
        assert!(text(&folder).ends_with(".incomplete"));
        let recorded = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
        assert!(!recorded.torn_tail && !recorded.recording.exchanges().is_empty());
        if folder.join("results.json").exists() {
            results(&folder);
        }

        let roomy = tempfile::tempdir().unwrap();
        let copy = roomy.path().join(folder.file_name().unwrap());
        assert!(
            std::process::Command::new("cp")
                .arg("-r")
                .args([&folder, &copy])
                .status()
                .unwrap()
                .success()
        );
        let report = command(&["report", text(&copy)]).ended();
        assert_eq!(report.code, 0, "{}", report.stderr);
        let whole = copy.with_extension("");
        let verified = verify(&zip_path(&whole), &[]);
        assert_eq!(verified.code, 0, "{}", verified.stdout);
        let kept = read_journal(&whole.join("journal/exchanges.jsonl")).unwrap();
        assert_eq!(kept.head, recorded.head, "nothing was added and nothing lost");
    }
}
