//! Bundles that earlier versions made, with journals of formats 1 and 2: they verify, render and are
//! judged again, and whoever reads one of format 1 is told how its marks were read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end so")]

mod support;

use std::path::{Path, PathBuf};

use letterproof_evidence::{
    Bundle, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2, Opened, RESULTS_FILE, zip_path,
};
use letterproof_model::{Journal as _, Mark, MarkKind, Results, RunEnd, ScenarioOutcome};
use support::bundles::{faults, forge, printed, rewrite, text, unpack, verify};
use support::{command, run_folder};

/// Made by `run` and by `witness`. The witnessed one of format 1 holds an injected fault, a note, and a
/// note that is made to look like an injection.
const BUNDLES: [(&str, &str); 4] = [
    (JOURNAL_FORMAT_1, "driven"),
    (JOURNAL_FORMAT_1, "witnessed"),
    (JOURNAL_FORMAT_2, "driven"),
    (JOURNAL_FORMAT_2, "witnessed"),
];

fn zip((format, name): (&str, &str)) -> PathBuf {
    let folder = format.strip_prefix("letterproof-").unwrap().replace('/', "-");
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    fixtures.join(folder).join(format!("{name}.zip"))
}

fn bundle(of: (&str, &str)) -> Bundle {
    Bundle::of(&Opened::open(&zip(of)).unwrap()).unwrap()
}

/// Whether a reader is told that its marks are free text.
fn is_told_of_free_text(told: &str) -> bool {
    told.contains("its marks are free text")
}

/// What a reader would hold two results against each other by; other judges may word it otherwise.
fn gist(results: &Results) -> (u8, Vec<String>, Vec<String>) {
    let tests = results.tests.iter().map(|test| format!("{} {}", test.id, test.verdict)).collect();
    let findings = results.findings.iter().map(|finding| finding.id.clone()).collect();
    (results.exit_code, tests, findings)
}

#[test]
fn they_verify_and_the_reader_is_told_how_their_marks_were_read() {
    for of in BUNDLES {
        let (format, name) = of;
        let told = verify(&zip(of), &[]);
        assert_eq!(told.code, 0, "{of:?}: {}{}", told.stdout, told.stderr);
        let is_old = format == JOURNAL_FORMAT_1;
        assert_eq!(is_told_of_free_text(&told.stdout), is_old, "{}", told.stdout);
        let standing = format!("{name} at a mock: ");
        assert!(told.stdout.to_lowercase().starts_with(&standing), "{}", told.stdout);
        assert!(told.stdout.contains("supplier       not stated"), "{}", told.stdout);
        let ended = verify(&zip(of), &["--format", "json"]);
        let found = printed(&ended);
        assert_eq!(faults("verification.json", &found), Vec::<String>::new());
        assert_eq!(found["conclusion"], "consistent");
        assert_eq!(found["journal"], format);
        assert_eq!(found["problems"], serde_json::json!([]), "another build made them");
        // Verdicts are spelled in words now; every other table is the same to the byte.
        let not_checked = found["not_checked"].to_string();
        assert!(!not_checked.replace("/criteria.csv", "").contains(".csv"), "{not_checked}");
    }
}

#[test]
fn other_words_are_named_as_not_checked_and_a_forged_verdict_is_found() {
    for name in ["driven", "witnessed"] {
        let of = (JOURNAL_FORMAT_2, name);
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join(bundle(of).results.run.id.to_string());
        unpack(&zip(of), &folder);
        std::fs::copy(zip(of), zip_path(&folder)).unwrap();
        let change = |field: &str, value: &str| {
            forge(&folder, None, |draft| {
                rewrite(draft, RESULTS_FILE, |results| {
                    let mut tests = results["tests"].as_array_mut().unwrap().iter_mut();
                    let criterion = tests.find_map(|test| {
                        let mut of_it = test["criteria"].as_array_mut()?.iter_mut();
                        of_it.find(|criterion| criterion["verdict"] == "not-run")
                    });
                    criterion.unwrap()[field] = value.into();
                });
            });
            verify(&folder, &[])
        };
        let worded = change("observed", "In the words of an earlier build");
        assert_eq!(worded.code, 0, "{name}: {}{}", worded.stdout, worded.stderr);
        let not_checked = "wording and measurements in `results.json`";
        assert!(worded.stdout.contains(not_checked), "{}", worded.stdout);
        let forged = change("verdict", "pass");
        assert_eq!(forged.code, 1, "{name}: {}{}", forged.stdout, forged.stderr);
        let found = "is pass in `results.json`, but not run by its exchanges";
        assert!(forged.stdout.contains(found), "{}", forged.stdout);
    }
}

#[test]
fn every_report_of_them_can_be_made() {
    for of in BUNDLES {
        for (format, shows) in [
            ("html", "</html>"),
            ("junit", "</testsuites>"),
            ("markdown", " at a mock: "),
            ("csv", "/letters"),
            ("har", "\"entries\""),
        ] {
            let made = command(&["report", text(&zip(of)), "--format", format]).ended();
            assert_eq!(made.code, 0, "{of:?} as {format}: {}", made.stderr);
            assert!(made.stdout.contains(shows), "{of:?} as {format}: {}", made.stdout);
        }
    }
}

#[test]
fn judged_again_they_come_to_the_same_and_keep_their_format() {
    for of in BUNDLES {
        let out = tempfile::tempdir().unwrap();
        let saved = bundle(of).results;
        let judged =
            command(&["judge", "--from", text(&zip(of)), "--out", text(out.path())]).ended();
        assert_eq!(judged.code, i32::from(saved.exit_code), "{of:?}: {}", judged.stderr);
        let folder = run_folder(out.path());
        assert_eq!(gist(&support::results(&folder)), gist(&saved), "{of:?}");
        let told = verify(&folder, &[]);
        assert_eq!(told.code, 0, "{of:?}: {}{}", told.stdout, told.stderr);
        let is_old = of.0 == JOURNAL_FORMAT_1;
        assert_eq!(is_told_of_free_text(&told.stdout), is_old, "{}", told.stdout);
        assert_eq!(Bundle::open(&folder).unwrap().journal.header.format, of.0);
    }
}

#[test]
fn marks_of_format_1_are_read_as_they_were() {
    let driven = bundle((JOURNAL_FORMAT_1, "driven")).journal.recording;
    let outcomes: Vec<_> = driven
        .marks()
        .iter()
        .filter_map(|mark| match &mark.kind {
            MarkKind::ScenarioFinished(outcome) => Some(outcome.clone()),
            _ => None,
        })
        .collect();
    assert!(!outcomes.is_empty() && outcomes.contains(&ScenarioOutcome::Succeeded));
    assert_eq!(RunEnd::of(driven.marks()), RunEnd::Whole);

    let witnessed = bundle((JOURNAL_FORMAT_1, "witnessed")).journal.recording;
    let injected = witnessed.marks().iter().filter_map(Mark::injected_into).count();
    assert_eq!(injected, 2, "the fault, and the note that looks like one");
    let notes: Vec<String> = witnessed
        .marks()
        .iter()
        .filter(|mark| matches!(mark.kind, MarkKind::Note { .. }))
        .map(Mark::words)
        .collect();
    assert!(notes.contains(&"the press stops".to_owned()), "{notes:?}");
    assert_eq!(RunEnd::of(witnessed.marks()), RunEnd::Whole);
}

#[test]
fn a_run_of_format_1_is_not_resumed_and_the_way_out_is_named() {
    let work = tempfile::tempdir().unwrap();
    unpack(&zip((JOURNAL_FORMAT_1, "driven")), work.path());
    // As if its letters had been those of a mock that is still there.
    let path = work.path().join("run.json");
    let mut asked: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    asked["base_url"] = "http://127.0.0.1:9/nhs-notify-supplier".into();
    std::fs::write(&path, asked.to_string()).unwrap();
    let before = support::bundles::contents(work.path());
    let ended = command(&["run", "--resume", text(work.path())]).ended();
    assert_eq!(ended.code, 2, "{}{}", ended.stdout, ended.stderr);
    let way_out = format!("`letterproof report {}`", work.path().display());
    for words in ["cannot be resumed", "start a new run", &way_out] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(support::bundles::contents(work.path()) == before, "nothing was changed");
}
