//! `letterproof gate` as a pipeline meets it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::Path;

use letterproof_evidence::zip_path;
use letterproof_mock::AuthMode;
use support::bundles::{NONCE, TESTS, copied, failing, faults, forge, made, printed, sound, text};
use support::watched::{Double, profile};
use support::{Ended, command, letterproof, results, run_folder, with_credentials};

/// Driven runs against a mock are good enough.
const ALLOWED: [&str; 2] = ["--allow", "driven,mock,unsigned"];

/// `letterproof gate BUNDLE ARGUMENTS --allow driven,mock,unsigned`, with no CI server around it.
fn gate(bundle: &Path, arguments: &[&str]) -> Ended {
    strictly(bundle, &[arguments, &ALLOWED].concat())
}

/// `letterproof gate BUNDLE ARGUMENTS`, with no CI server around it.
fn strictly(bundle: &Path, arguments: &[&str]) -> Ended {
    let none = ["gate", text(bundle)];
    command(&none).without("GITHUB_STEP_SUMMARY").args(arguments).ended()
}

#[test]
fn a_bundle_that_meets_every_demand_ends_with_0() {
    let demands = ["--require", TESTS, "--max-age", "14d", "--target", "mock"];
    for bundle in [&sound().zip, &sound().folder] {
        let ended = gate(bundle, &demands);
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        for words in ["a bundle that verifies", "AT7 passed", "every requirement is met"] {
            assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
        }
        assert!(!ended.stdout.contains("NOT met"), "{}", ended.stdout);
    }
    let signed = gate(&sound().zip, &["--require", "AT1", "--key", text(&sound().public)]);
    assert_eq!(signed.code, 0, "{}", signed.stdout);
}

#[test]
fn each_demand_that_is_not_met_ends_with_1_and_is_told() {
    let by_key = ["--key", text(&sound().public)];
    let doctored = tempfile::tempdir().unwrap();
    let folder = copied(failing(), doctored.path());
    forge(&folder, None, |draft| {
        let results = fs::read_to_string(draft.path().join("results.json")).unwrap();
        let results = results.replace("\"verdict\": \"fail\"", "\"verdict\": \"pass\"");
        draft.write("results.json", results.as_bytes()).unwrap();
    });
    let cases: [(&Path, &[&str], &str); 6] = [
        (&sound().zip, &["--require", "AT1,AT9"], "AT9 passed"),
        (&sound().zip, &[], "AT15 passed"),
        (&sound().zip, &["--require", "AT1", "--max-age", "0s"], "ended within the last"),
        (&sound().zip, &["--require", "AT1", "--target", "int"], "run against int"),
        (failing(), &["--require", "AT4"], "AT4 passed"),
        (&folder, &["--require", "AT4"], "a bundle that verifies"),
    ];
    for (bundle, arguments, demand) in cases {
        let ended = gate(bundle, arguments);
        assert_eq!(ended.code, 1, "{demand}: {}\n{}", ended.stdout, ended.stderr);
        let line = ended.stdout.lines().find(|line| line.contains(demand)).unwrap();
        assert!(line.contains("NOT met"), "{line}");
        assert!(ended.stdout.contains("NOT every requirement is met"), "{}", ended.stdout);
    }
    let unsigned = gate(failing(), &[&["--require", "AT1"], &by_key[..]].concat());
    assert_eq!(unsigned.code, 1, "{}", unsigned.stdout);
    assert!(
        unsigned.stdout.contains("not signed, though a key is expected"),
        "{}",
        unsigned.stdout
    );
}

#[test]
fn an_optional_test_that_was_asked_for_by_name_is_demanded_like_a_mandatory_one() {
    let out = tempfile::tempdir().unwrap();
    let (folder, ended) = made(out.path(), &["--only", "AT1,AT13", "--fault", "drop-reason"]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    let line = |ended: &Ended| {
        let found = ended.stdout.lines().find(|line| line.contains("AT13 passed"));
        found.map(|line| line.contains("NOT met"))
    };
    assert_eq!(line(&gate(&folder, &[])), Some(true));
    assert_eq!(line(&gate(&folder, &["--require", "AT1"])), None, "who names tests means them");
    assert_eq!(line(&gate(&sound().zip, &[])), None, "nobody asked for it");
    let owed = gate(&folder, &["--require", "AT1", "--nothing-owed"]);
    assert!(owed.stdout.contains("needed for AT13.7, AT13.8"), "{}", owed.stdout);
}

#[test]
fn the_step_summary_is_written_in_markdown_and_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("summary.md");
    fs::write(&file, "# Build\n").unwrap();
    let met = gate(&sound().zip, &["--require", "AT1", "--summary", text(&file)]);
    assert_eq!(met.code, 0, "{}", met.stderr);
    let not_met = command(&["gate", text(&zip_path(failing())), "--require", "AT4"])
        .args(ALLOWED)
        .env("GITHUB_STEP_SUMMARY", text(&file))
        .ended();
    assert_eq!(not_met.code, 1, "{}", not_met.stdout);
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("# Build\n## letterproof gate: met\n"), "{written}");
    for words in
        ["| AT1 passed | yes | pass |", "## letterproof gate: NOT met", "| **no** |", "AT4.3"]
    {
        assert!(written.contains(words), "{words} in {written}");
    }
    for (tests, code, verdict) in
        [("AT1", 0, "every requirement is met"), ("AT9", 1, "NOT every requirement is met")]
    {
        let ended = gate(&sound().zip, &["--require", tests, "--summary", text(folder.path())]);
        assert_eq!(ended.code, code, "{}", ended.stdout);
        assert!(ended.stdout.contains(verdict), "{}", ended.stdout);
        assert!(ended.stderr.contains("the summary cannot be written"), "{}", ended.stderr);
    }
}

#[test]
fn under_github_each_demand_that_is_not_met_is_marked_on_stderr() {
    let call = |on: &str| {
        let call = command(&["gate", text(failing()), "--require", "AT4", "--format", "json"]);
        call.without("GITHUB_STEP_SUMMARY").env("GITHUB_ACTIONS", on).ended()
    };
    let marked = call("true");
    assert_eq!(marked.code, 1, "{}", marked.stderr);
    let mark = "::error title=letterproof gate%3A AT4 passed::found: fail";
    assert!(marked.stderr.contains(mark), "{}", marked.stderr);
    assert_eq!(printed(&marked)["met"], false, "stdout is the result's alone");
    assert!(!call("false").stderr.contains("::error"));
}

#[test]
fn strict_demands_that_nothing_is_held_against_the_supplier() {
    for strict in ["violations", "advice"] {
        let ended = gate(&sound().zip, &["--require", "AT1", "--strict", strict]);
        let line = ended.stdout.lines().find(|line| line.contains("no violation by the supplier"));
        assert!(line.is_some(), "{}", ended.stdout);
        assert_eq!(ended.code == 0, !ended.stdout.contains("NOT met"), "{}", ended.stdout);
    }
    let ended = gate(&sound().zip, &["--require", "AT1", "--strict", "violations"]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    assert_eq!(gate(&sound().zip, &["--strict", "everything"]).code, 2);
}

#[test]
fn json_is_one_document_as_its_schema_says() {
    for (bundle, code) in [(sound().zip.as_path(), 0), (failing(), 1)] {
        let ended = gate(bundle, &["--require", "AT4", "--format", "json"]);
        assert_eq!(ended.code, code, "{}", ended.stdout);
        let document = printed(&ended);
        assert_eq!(faults("gate.json", &document), [""; 0], "{document}");
        assert_eq!(document["met"], code == 0);
    }
}

#[test]
fn what_cannot_be_held_against_demands_ends_with_2() {
    let bundle = text(&sound().zip);
    for (arguments, word) in [
        (&["gate", "no-such.zip"][..], "no-such.zip"),
        (&["gate", bundle, "--require", "AT16"], "AT16"),
        (&["gate", bundle, "--max-age", "14"], "not a time"),
        (&["gate", bundle, "--key", "no-such.pem"], "no-such.pem"),
    ] {
        let ended = command(arguments).without("GITHUB_STEP_SUMMARY").ended();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(word), "{word} in {}", ended.stderr);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.zip");
    fs::write(&file, "not a zip").unwrap();
    let ended = gate(&file, &[]);
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("a.zip: it is not a zip file"), "{}", ended.stderr);
}

/// The line of a demand in a gate's table.
fn line_of<'a>(ended: &'a Ended, demand: &str) -> &'a str {
    let found = ended.stdout.lines().find(|line| line.contains(demand));
    found.unwrap_or_else(|| panic!("{demand} in {}", ended.stdout))
}

#[test]
fn without_options_a_gate_demands_int_witnessed_signed_and_this_build() {
    let ended = strictly(&sound().zip, &[]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    for (demand, met, found) in [
        ("a bundle that verifies", true, "consistent in itself"),
        (" signed ", true, "by the key in the bundle"),
        ("made by this build", true, "made by letterproof"),
        ("witnessed", false, "driven: letterproof made the calls"),
        ("run at INT", false, "the record shows a mock: its answers say so"),
        ("AT7 passed", true, "pass"),
        ("AT15 passed", false, "not run"),
    ] {
        let line = line_of(&ended, demand);
        assert_eq!(!line.contains("NOT met"), met, "{line}");
        assert!(line.contains(found), "{line}");
    }
    let unsigned = strictly(failing(), &[]);
    let line = line_of(&unsigned, " signed ");
    assert!(line.contains("NOT met") && line.contains("anyone could have made"), "{line}");
}

#[test]
fn each_allowance_takes_one_demand_away_and_no_other() {
    for (allowed, demand) in [
        ("driven", " witnessed "),
        ("mock", "run at INT"),
        ("unsigned", " signed "),
        ("other-build", "made by this build"),
    ] {
        let demands = |arguments: &[&str]| strictly(failing(), arguments).stdout.lines().count();
        let ended = strictly(failing(), &["--allow", allowed]);
        assert!(!ended.stdout.contains(demand), "{}", ended.stdout);
        assert_eq!(demands(&["--allow", allowed]) + 1, demands(&[]));
    }
    let both = strictly(&sound().zip, &["--witnessed", "--allow", "driven"]);
    assert_eq!(both.code, 2, "{}", both.stdout);
    assert!(both.stderr.contains("give only one of them"), "{}", both.stderr);
}

#[test]
fn a_profile_that_is_called_int_and_leads_to_a_mock_is_refused_with_the_reason() {
    let (double, out) = (Double::start(2_500, AuthMode::Jwt), tempfile::tempdir().unwrap());
    let profile = profile(out.path(), &double);
    let named = fs::read_to_string(&profile).unwrap().replace("\"quick\"", "\"INT\"");
    fs::write(&profile, named).unwrap();
    let arguments = ["--target", &profile, "--only", "AT1", "--suite", "acceptance", "--yes"];
    let run = with_credentials(letterproof(out.path()), &double.server).args(arguments).ended();
    assert_eq!(run.code, 0, "{}\n{}", run.stdout, run.stderr);
    let bundle = run_folder(out.path());
    let results = results(&bundle);
    assert_eq!(results.run.target.name, "INT", "a name is free text");
    let asked = ["--require", "AT1", "--target", "INT", "--allow", "driven,unsigned"];
    let ended = strictly(&bundle, &asked);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    let line = line_of(&ended, "run at INT");
    let why = "the target is named `INT`, but the record shows a mock: its answers say so";
    assert!(line.contains("NOT met") && line.contains(why), "{line}");
    let mocked = strictly(&bundle, &[&asked[..], &["--allow", "mock"]].concat());
    assert_eq!(mocked.code, 0, "what was wrong was the place alone: {}", mocked.stdout);
}

#[test]
fn what_a_reviewer_asks_for_is_held_against_the_record() {
    let met = ["--nonce", NONCE, "--window", "1", "--host", "127.0.0.1", "--no-violations"];
    let ended = gate(&sound().zip, &[&["--require", TESTS], &met[..]].concat());
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    for (arguments, demand, found) in [
        (["--nonce", "other"], "made with the nonce other", NONCE),
        (["--window", "2"], "of test window 2", "test window 1"),
        (["--host", "int.api.service.nhs.uk"], "answered only by int.api", "answered by 127.0.0.1"),
        (["--pack-version", "2020-01-01"], "judged by the pack of 2020-01-01", "2026-"),
    ] {
        let ended = gate(&sound().zip, &[&["--require", "AT1"], &arguments[..]].concat());
        assert_eq!(ended.code, 1, "{}", ended.stdout);
        let line = line_of(&ended, demand);
        assert!(line.contains("NOT met") && line.contains(found), "{line}");
    }
    let owed = gate(&sound().zip, &["--require", "AT3", "--nothing-owed"]);
    let line = line_of(&owed, "no statement still needed");
    assert!(line.contains("NOT met") && line.contains("needed for AT3.7"), "{line}");
}
