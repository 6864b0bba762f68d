//! `letterproof run --waivers`: failures that were agreed on stay failures, and no waiver outlives
//! its bug.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use letterproof_evidence::zip_path;
use letterproof_model::{Results, Verdict, WaiverState};
use support::bundles::{made, text, verify};
use support::{Ended, folders, results, run};

/// A waivers file of one entry, which begins on line 3.
fn file(folder: &Path, id: &str, expires: &str) -> PathBuf {
    let path = folder.join("waivers.toml");
    let entry = format!(
        "# agreed with NHS\n\n[[waiver]]\nid = \"{id}\"\nreason = \"lost until release 4.2\"\n\
         agreed_by = \"NHS onboarding lead\"\nreference = \"SUP-118\"\ndate = 2026-01-02\n\
         expires = {expires}\n"
    );
    fs::write(&path, entry).unwrap();
    path
}

/// Runs AT4 with a lost update, or AT1 without any fault.
fn judged(tests: &[&str], id: &str, expires: &str) -> (tempfile::TempDir, PathBuf, Ended) {
    let out = tempfile::tempdir().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let waivers = file(kept.path(), id, expires);
    let (folder, ended) = made(out.path(), &[tests, &["--waivers", text(&waivers)]].concat());
    (out, folder, ended)
}

fn report(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

fn at4(results: &Results) -> Vec<(&str, Verdict)> {
    results.tests[3]
        .checks()
        .filter(|check| check.verdict != Verdict::Pass)
        .map(|check| (check.id.as_str(), check.verdict))
        .collect()
}

const LOST: [&str; 4] = ["--only", "AT4", "--fault", "lose-update=1"];

#[test]
fn a_waived_failure_stays_a_failure_and_is_shown_as_waived() {
    let (_out, folder, ended) = judged(&LOST, "AT4.3", "2099-12-31");
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let results = results(&folder);
    assert_eq!((results.tests[3].verdict, results.counts.fail), (Verdict::Fail, 1));
    assert_eq!(at4(&results), [("AT4.3", Verdict::Fail)]);
    assert_eq!(results.waivers[0].state, WaiverState::Applied);
    for words in [
        "fail, waived",
        "AT4.3 fail, waived: ",
        "1 fail",
        "waiver    AT4.3 until 2099-12-31: lost until release 4.2 (agreed by NHS onboarding lead, SUP-118)",
    ] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    let page = report(&folder, "index.html");
    for words in ["waived", "SUP-118", "NHS onboarding lead", "lost until release 4.2"] {
        assert!(page.contains(words), "{words} is not in the page");
    }
    let junit = report(&folder, "junit.xml");
    assert!(junit.contains("<failure") && junit.contains("waived"), "{junit}");
    let verified = verify(&zip_path(&folder), &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn an_expired_waiver_fails_the_run_with_3_and_the_line_to_delete() {
    let (_out, folder, ended) = judged(&LOST, "AT4.3", "2026-01-31");
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    let told = "the waiver of AT4.3 expired on 2026-01-31: delete its entry at line 3";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    let results = results(&folder);
    assert_eq!((results.exit_code, results.waivers[0].state), (3, WaiverState::Expired));
    assert_eq!(at4(&results), [("AT4.3", Verdict::Fail)]);
    assert_eq!(verify(&folder, &[]).code, 0);
}

#[test]
fn a_waiver_whose_failure_no_longer_occurs_fails_the_run_with_3_and_the_line_to_delete() {
    let (_out, folder, ended) = judged(&["--only", "AT1"], "AT1.1", "2099-12-31");
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    let told = "AT1.1 no longer fails: delete its waiver at line 3 of the waivers file";
    assert!(ended.stdout.contains(told), "{}", ended.stdout);
    assert_eq!(results(&folder).tests[0].verdict, Verdict::Pass);
    let page = report(&folder, "index.html");
    assert!(page.contains("no longer needed: delete it"), "the page says so too");
}

#[test]
fn a_waiver_of_what_was_not_run_decides_nothing() {
    let (_out, folder, ended) = judged(&["--only", "AT1"], "AT4.3", "2099-12-31");
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("AT4.3 was not judged in this run"), "{}", ended.stdout);
    assert_eq!(results(&folder).waivers[0].state, WaiverState::NotJudged);
}

#[test]
fn another_failure_than_the_waived_one_still_fails_the_run() {
    let (_out, folder, ended) = judged(&LOST, "AT4.2", "2099-12-31");
    assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(results(&folder).waivers[0].state, WaiverState::Unneeded);
    assert!(ended.stdout.contains("AT4.3 fail: "), "{}", ended.stdout);
    assert!(ended.stdout.contains("delete its waiver at line 3"), "{}", ended.stdout);
}

#[test]
fn a_waivers_file_that_cannot_be_used_ends_with_2_before_any_traffic() {
    let kept = tempfile::tempdir().unwrap();
    let unknown = file(kept.path(), "AT4.33", "2099-12-31");
    let other = kept.path().join("other.toml");
    fs::write(&other, "[[waiver]]\nid = \"AT4.3\"\n").unwrap();
    for (waivers, words) in [
        (unknown.as_path(), "waivers.toml:4: field `waiver.id`: this is not the id of a criterion"),
        (&other, "other.toml:1: field `waiver.agreed_by`: it is missing"),
        (Path::new("no-such.toml"), "no-such.toml"),
    ] {
        let out = tempfile::tempdir().unwrap();
        let ended = run(out.path(), &["--only", "AT1", "--waivers", text(waivers)]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
        assert_eq!(folders(out.path()), Vec::<String>::new());
    }
}
