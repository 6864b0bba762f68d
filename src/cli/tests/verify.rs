//! `letterproof verify` as a reviewer meets it: what is sound, and every way not to be.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use letterproof_evidence::{RunFolder, zip_path};
use serde_json::{Value, json};
use support::bundles::{
    NONCE, contents, copied, failing, faults, forge, json, keys, made, printed, rechain, rewrite,
    sound, text, verify,
};
use support::{command, run, run_folder};

/// Verifies a bundle that must not be sound; returns what was said.
#[track_caller]
fn unsound(bundle: &Path, words: &[&str]) -> String {
    let ended = verify(bundle, &[]);
    assert_eq!(ended.code, 1, "{words:?}: {}\n{}", ended.stdout, ended.stderr);
    for word in words.iter().chain(&["problem ", "NOT sound"]) {
        assert!(ended.stdout.contains(word), "{word} in {}", ended.stdout);
    }
    ended.stdout
}

#[test]
fn zip_and_folder_are_sound_wherever_they_are_copied() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    let renamed = elsewhere.path().join("from the supplier.zip");
    fs::copy(&sound().zip, &renamed).unwrap();
    for bundle in [&sound().zip, &sound().folder, &folder, &zip_path(&folder), &renamed] {
        let ended = verify(bundle, &[]);
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        assert_eq!(ended.stderr, "");
        for words in [
            "\nconsistent in itself, but whoever has the bundle could have made it\n",
            "signature  by the key in the bundle",
            "no evidence for required tests: AT9, AT10, AT11, AT12, AT14, AT15",
        ] {
            assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
        }
        assert!(!ended.stdout.contains("sound"), "nobody vouches for it: {}", ended.stdout);
    }
}

#[test]
fn one_changed_byte_of_any_file_is_told_with_its_name() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    for name in [
        "results.json",
        "journal/exchanges.jsonl",
        "index.html",
        "AT2/ids.csv",
        "AT4/letters.csv",
        "manifest.dsse.json",
        "signing-key.pem",
    ] {
        let path = folder.join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        fs::write(&path, &changed).unwrap();
        unsound(&folder, &[name]);
        fs::write(&path, &whole).unwrap();
    }
    assert_eq!(verify(&folder, &[]).code, 0, "everything is as it was again");

    let zip = zip_path(&folder);
    let whole = fs::read(&zip).unwrap();
    for at in [10, whole.len() / 2, whole.len() - 200] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&zip, &changed).unwrap();
        unsound(&zip, &[]);
    }
}

/// The criterion of a test in `results.json`.
fn criterion<'a>(results: &'a mut Value, test: usize, id: &str) -> &'a mut Value {
    let criteria = results["tests"][test]["criteria"].as_array_mut().unwrap();
    criteria.iter_mut().find(|criterion| criterion["id"] == id).unwrap()
}

/// Verifies a copy of a run whose results were changed, everything else made again to fit.
#[track_caller]
fn doctored(of: &Path, key: Option<&Path>, change: impl Fn(&mut Value), words: &[&str]) -> String {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(of, elsewhere.path());
    forge(&folder, key, |draft| rewrite(draft, "results.json", change));
    let told = unsound(&zip_path(&folder), words);
    assert_eq!(verify(&folder, &[]).code, 1);
    told
}

#[test]
fn a_failure_made_a_pass_and_sealed_again_is_caught_and_its_criterion_named() {
    let told = doctored(
        failing(),
        None,
        |results| {
            criterion(results, 3, "AT4.3")["verdict"] = "pass".into();
            results["tests"][3]["verdict"] = "pass".into();
            results["counts"]["pass"] = 1.into();
            results["counts"]["fail"] = 0.into();
            results["exit_code"] = 0.into();
        },
        &[
            "AT4.3 is pass in `results.json`, and fail by its exchanges",
            "AT4 is pass in `results.json`, and fail by its exchanges",
            "the counts of verdicts do not match the tests",
            "the exit code is 0 in `results.json`, and 1 by the journal",
        ],
    );
    assert!(told.contains("unsigned: anyone could have made this bundle"), "{told}");
}

#[test]
fn whatever_is_doctored_in_the_results_is_caught_though_the_same_key_signed_it_again() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 14] = [
        (
            |r| criterion(r, 1, "AT2.2")["observed"] = "2,500 letters".into(),
            "the wording of AT2.2 does not match",
        ),
        (
            |r| criterion(r, 1, "AT2.2")["exchanges"] = json!([]),
            "the wording of AT2.2 does not match",
        ),
        (|r| criterion(r, 8, "AT9.1")["verdict"] = "pass".into(), "AT9.1 is pass"),
        (|r| r["tests"][8]["selected"] = true.into(), "the description of AT9 does not match"),
        (|r| r["tests"][8]["required"] = false.into(), "the description of AT9 does not match"),
        (|r| drop(r["tests"].as_array_mut().unwrap().remove(8)), "AT9 follows from the journal"),
        (
            |r| drop(r["tests"][3]["criteria"].as_array_mut().unwrap().remove(2)),
            "AT4.3 follows from the journal, but is missing",
        ),
        (
            |r| {
                let twice = criterion(r, 3, "AT4.3").clone();
                r["tests"][3]["criteria"].as_array_mut().unwrap().push(twice);
            },
            "AT4.3 is in `results.json` twice",
        ),
        (|r| r["counts"]["pass"] = 15.into(), "the counts of verdicts"),
        (|r| r["run"]["window"] = 2.into(), "the description of the run does not match"),
        (
            |r| r["run"]["finished"] = "2030-01-01T00:00:00Z".into(),
            "the description of the run does not match",
        ),
        (
            |r| {
                r["waivers"] = json!([{"id": "AT9.1", "reason": "r", "agreed_by": "a",
                    "reference": "x", "date": "2026-01-01", "expires": "2099-01-01", "line": 1,
                    "state": "not-judged"}]);
            },
            "the waivers, or their states, do not match those",
        ),
        (
            |r| {
                r["performance"] = json!([{"name": "AT15", "figures": {"elapsed_ms": 0.5}}]);
            },
            "the measurements do not follow",
        ),
        (|r| r["signed_off"] = true.into(), "not written as letterproof writes it"),
    ];
    for (change, words) in changes {
        doctored(&sound().folder, Some(&sound().key), change, &[words]);
    }
}

#[test]
fn a_finding_taken_out_is_caught() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = made(out.path(), &["--only", "AT1", "--fault", "extra-field"]);
    assert_ne!(json(&folder.join("results.json"))["findings"], json!([]), "there is one");
    doctored(&folder, None, |r| r["findings"] = json!([]), &["the findings do not match"]);
}

/// Verifies a copy of the sound run that was changed, everything else made again to fit.
#[track_caller]
fn forged(change: impl FnOnce(&RunFolder), words: &[&str]) {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    forge(&folder, Some(&sound().key), change);
    unsound(&zip_path(&folder), words);
}

/// A report of the sound run that is made when asked for.
fn report(format: &str) -> String {
    let ended = command(&["report", text(&sound().zip), "--format", format]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    ended.stdout
}

#[test]
fn a_bundle_that_holds_every_call_again_as_earlier_builds_wrote_it_is_as_sound() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    forge(&folder, Some(&sound().key), |draft| {
        for (format, name) in [("csv", "cross-check.csv"), ("har", "exchanges.har")] {
            draft.write(name, report(format).as_bytes()).unwrap();
        }
    });
    let told = verify(&zip_path(&folder), &["--key", text(&sound().public)]);
    assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
    assert!(!told.stdout.contains("NOT checked"), "{}", told.stdout);
}

#[test]
fn what_stands_beside_the_results_cannot_be_doctored_either() {
    forged(
        |draft| rewrite(draft, "context.json", |context| context["rate_limit"] = 1.into()),
        &["`context.json` is not the context in the journal's head"],
    );
    for name in ["index.html", "junit.xml", "AT4/letters.csv", "AT2/ids.csv"] {
        forged(
            |draft| {
                let report = fs::read_to_string(draft.path().join(name)).unwrap();
                draft.write(name, report.replacen("200", "201", 1).as_bytes()).unwrap();
            },
            &[&format!("`{name}` is not the report that follows")],
        );
    }
    for (format, name) in [("csv", "cross-check.csv"), ("har", "exchanges.har")] {
        let report = report(format);
        forged(
            |draft| draft.write(name, report.replacen("200", "201", 1).as_bytes()).unwrap(),
            &[&format!("`{name}` is not the report that follows")],
        );
    }
    forged(
        |draft| fs::remove_dir_all(draft.path().join("AT4")).unwrap(),
        &["`AT4/criteria.csv` is missing, though AT4 was judged"],
    );
}

#[test]
fn a_doctored_journal_breaks_its_chain_and_one_made_again_other_verdicts() {
    forged(
        |draft| {
            let journal = fs::read_to_string(draft.journal_path()).unwrap();
            let journal = journal.replacen("\"status\":200", "\"status\":206", 1);
            draft.write("journal/exchanges.jsonl", journal.as_bytes()).unwrap();
        },
        &["breaks its hash chain at line"],
    );
    forged(
        |draft| {
            // A forger with time: no letter of AT7 was read as DISPATCHED, and every line is
            // chained again.
            rechain(draft, |line| {
                let text = "/exchange/outcome/response/body/text";
                if let Some(Value::String(read)) = line.pointer_mut(text) {
                    *read = read.replace("DISPATCHED", "ENCLOSED");
                }
            });
        },
        &["AT7 is pass in `results.json`, and"],
    );
}

#[test]
fn a_journal_that_cannot_be_read_makes_no_sound_bundle_though_every_hash_fits() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 2] = [
        (
            |line| {
                if line["mark"]["kind"] == "ended" {
                    line["mark"]["kind"] = "of a later version".into();
                }
            },
            "this is not a journal line",
        ),
        (
            |line| {
                if line["format"].is_string() {
                    line["format"] = "letterproof-journal/9".into();
                }
            },
            "letterproof-journal/9",
        ),
    ];
    for (change, words) in changes {
        forged(
            |draft| rechain(draft, change),
            &["`journal/exchanges.jsonl` cannot be read, so nothing was derived", words],
        );
    }
}

/// A copy of a run as version 9.9.9 would have made it, all of it made again to fit.
fn of_another_version(
    run: &Path,
    elsewhere: &Path,
    change: impl Fn(&mut Value),
    page: impl Fn(&RunFolder),
) -> PathBuf {
    let folder = copied(run, elsewhere);
    forge(&folder, None, |draft| {
        rechain(draft, |line| {
            if line.get("format").is_some() {
                line["tool"]["version"] = "9.9.9".into();
            }
        });
        rewrite(draft, "environment.json", |told| told["tool"]["version"] = "9.9.9".into());
        rewrite(draft, "results.json", |results| {
            results["run"]["tool"]["version"] = "9.9.9".into();
            change(results);
        });
        page(draft);
    });
    zip_path(&folder)
}

/// Pages as another version would lay them out.
fn other_design(draft: &RunFolder) {
    draft.write("index.html", b"<!doctype html><title>another design</title>").unwrap();
    draft.write("poster.html", b"<!doctype html><title>passed</title>").unwrap();
}

#[test]
fn what_another_build_made_is_checked_as_far_as_it_can_be_and_the_rest_is_named() {
    let elsewhere = tempfile::tempdir().unwrap();
    let worded = |results: &mut Value| {
        results["run"]["pack"]["version"] = "2031-01-01".into();
        criterion(results, 1, "AT2.2")["observed"] = "said in other words".into();
        // A clause that this build does not know, and by which nothing is shown.
        let mut unknown = criterion(results, 8, "AT9.1").clone();
        unknown["id"] = "AT9.77".into();
        results["tests"][8]["criteria"].as_array_mut().unwrap().push(unknown);
    };
    let bundle = of_another_version(&sound().folder, elsewhere.path(), worded, other_design);
    let ended = verify(&bundle, &[]);
    assert_eq!(ended.code, 0, "{}", ended.stdout);
    for words in [
        "made by    letterproof 9.9.9",
        "NOT checked  `index.html`",
        "NOT checked  `poster.html`",
        "NOT checked  wording and measurements in `results.json`",
        "NOT checked  known to one of the two builds only: AT9.77",
        "consistent in itself, but whoever has the bundle could have made it; see above for what \
         was NOT checked",
    ] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    assert!(!ended.stdout.contains("`AT4/letters.csv`"), "made again: {}", ended.stdout);
    let document = printed(&verify(&bundle, &["--format", "json"]));
    assert_eq!(faults("verification.json", &document), [""; 0], "{document}");
}

#[test]
fn a_claim_of_another_build_covers_no_difference() {
    type Change = fn(&mut Value);
    let changes: [(Change, &str); 6] = [
        (
            |r| criterion(r, 8, "AT9.1")["verdict"] = "pass".into(),
            "AT9.1 is pass in `results.json`, and not run by its exchanges",
        ),
        (
            |r| drop(r["tests"][3]["criteria"].as_array_mut().unwrap().remove(2)),
            "AT4.3 follows from the journal, but is missing",
        ),
        (
            |r| {
                let mut more = criterion(r, 3, "AT4.3").clone();
                more["id"] = "AT4.77".into();
                r["tests"][3]["criteria"].as_array_mut().unwrap().push(more);
            },
            "AT4.77 is in `results.json`, but does not follow",
        ),
        (|r| r["exit_code"] = 1.into(), "the exit code is 1"),
        (|r| r["run"]["nonce"] = "other".into(), "the description of the run does not match"),
        (
            |r| {
                r["findings"] = json!([{"id": "F-X", "about": "api", "kind": "note", "title": "t",
                    "expected": "e", "observed": "o", "source": "s", "exchanges": [], "count": 1}]);
            },
            "the findings do not match",
        ),
    ];
    for (change, words) in changes {
        let elsewhere = tempfile::tempdir().unwrap();
        unsound(&of_another_version(&sound().folder, elsewhere.path(), change, |_| ()), &[words]);
    }
}

#[test]
fn flipped_conformance_is_caught_whatever_build_is_claimed() {
    let out = tempfile::tempdir().unwrap();
    let quick = ["--visibility-timeout", "1s", "--apply-delay", "50ms"];
    let asked = ["--suite", "conformance", "--nonce", NONCE, "--fault", "foreign-read"];
    let ended = run(out.path(), &[&quick[..], &asked].concat());
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let folder = run_folder(out.path());
    let honest = verify(&folder, &[]);
    assert_eq!(honest.code, 0, "{}", honest.stdout);
    assert!(honest.stdout.contains("faults were injected on purpose: foreign-read"));
    let flipped = |results: &mut Value| {
        let checks = results["conformance"].as_array_mut().unwrap();
        for check in checks.iter_mut().filter(|check| check["verdict"] == "fail") {
            check["verdict"] = "pass".into();
            for criterion in check["criteria"].as_array_mut().unwrap() {
                criterion["verdict"] = "pass".into();
            }
        }
        results["exit_code"] = 0.into();
    };
    let elsewhere = tempfile::tempdir().unwrap();
    let bundle = of_another_version(&folder, elsewhere.path(), flipped, other_design);
    unsound(&bundle, &["is pass in `results.json`, and fail by its exchanges"]);
}

#[test]
fn the_expected_key_is_asked_for_and_no_other_will_do() {
    let elsewhere = tempfile::tempdir().unwrap();
    let (_, other) = keys(elsewhere.path());
    let right = verify(&sound().zip, &["--key", text(&sound().public)]);
    assert_eq!(right.code, 0, "{}", right.stdout);
    assert!(right.stdout.contains("by the expected key"), "{}", right.stdout);
    assert!(right.stdout.contains("\nsound: signed by the expected key"), "{}", right.stdout);
    let wrong = verify(&sound().zip, &["--key", text(&other)]);
    assert_eq!(wrong.code, 1, "{}", wrong.stdout);
    assert!(wrong.stdout.contains("not with the expected"), "{}", wrong.stdout);
    let unsigned = verify(&zip_path(failing()), &["--key", text(&other)]);
    assert_eq!(unsigned.code, 1, "{}", unsigned.stdout);
    assert!(
        unsigned.stdout.contains("not signed, though a key is expected"),
        "{}",
        unsigned.stdout
    );
    for (key, word) in [("no-such.pem", "no-such.pem"), (text(&sound().key), "private key")] {
        let ended = verify(&sound().zip, &["--key", key]);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{key}: {}", ended.stderr);
        assert!(ended.stderr.contains(word), "{}", ended.stderr);
    }
}

#[test]
fn json_is_one_document_as_its_schema_says() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = copied(&sound().folder, elsewhere.path());
    fs::remove_file(folder.join("AT4/criteria.csv")).unwrap();
    for (bundle, code) in [(&sound().zip, 0), (&folder, 1)] {
        let ended = verify(bundle, &["--format", "json"]);
        assert_eq!(ended.code, code, "{}", ended.stdout);
        let document = printed(&ended);
        assert_eq!(faults("verification.json", &document), [""; 0], "{document}");
        let conclusion = if code == 0 { "consistent" } else { "not-sound" };
        assert_eq!(document["conclusion"], conclusion);
        let problems = document["problems"].as_array().unwrap();
        assert_eq!(problems.is_empty(), code == 0, "{problems:?}");
        let mut wrong = document.clone();
        wrong["colour"] = 1.into();
        assert_eq!(faults("verification.json", &wrong).len(), 1);
    }
}

#[test]
fn what_is_no_bundle_is_told_in_a_sentence() {
    let elsewhere = tempfile::tempdir().unwrap();
    let missing = verify(&elsewhere.path().join("gone.zip"), &[]);
    assert_eq!((missing.code, missing.stdout.as_str()), (2, ""));
    assert!(missing.stderr.contains("gone.zip is missing"), "{}", missing.stderr);

    let folder = copied(&sound().folder, elsewhere.path());
    let incomplete = elsewhere.path().join("run.incomplete");
    fs::rename(&folder, &incomplete).unwrap();
    fs::write(incomplete.join(".writing-x"), "half").unwrap();
    let path = text(&incomplete);
    for call in [&["verify", path][..], &["gate", path], &["readiness", path], &["summary", path]] {
        let ended = command(call).without("GITHUB_STEP_SUMMARY").ended();
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{call:?}: {}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        let next =
            ["letterproof report", "letterproof run --resume"].map(|it| format!("`{it} {path}`"));
        for words in ["was interrupted or is still running", &next[0], &next[1]] {
            assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        }
    }
    // What `witness` began cannot be gone on with.
    fs::remove_file(incomplete.join("run.json")).unwrap();
    let told = verify(&incomplete, &[]).stderr;
    assert!(told.contains("letterproof report") && !told.contains("--resume"), "{told}");
}

#[test]
fn the_nonce_begins_every_correlation_id_and_stands_in_manifest_and_report() {
    let files = contents(&sound().folder);
    let table = report("csv");
    let mut rows = table.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let at = |name| header.iter().position(|column| *column == name).unwrap();
    let (operation, id) = (at("operation"), at("correlation_id"));
    let api: Vec<_> = rows
        .filter(|row| !row[operation].ends_with("/oauth2/token") && row[operation] != "download")
        .collect();
    assert!(api.len() > 500, "{}", api.len());
    for row in api {
        assert!(row[id].starts_with(&format!("{NONCE}-")), "{row:?}");
    }
    let manifest = json(&sound().folder.join("manifest.dsse.json"));
    let payload = decoded(manifest["payload"].as_str().unwrap());
    let statement: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(statement["predicate"]["letterproof"]["nonce"], NONCE);
    for report in ["index.html", "summary.md"] {
        let report = String::from_utf8(files[report].clone()).unwrap();
        assert!(report.contains(NONCE));
    }
}

/// Base64, without another dependency.
fn decoded(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => c - b'A',
        b'a'..=b'z' => c - b'a' + 26,
        b'0'..=b'9' => c - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    for c in text.bytes().filter(|c| *c != b'=') {
        held = (held << 6) | u32::from(value(c));
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

#[test]
fn a_run_judged_with_an_official_specification_is_verified_with_it() {
    let Some(specification) = letterproof_testing::upstream("openapi.json") else { return };
    let out = tempfile::tempdir().unwrap();
    let (folder, ended) = made(out.path(), &["--only", "AT1,AT2", "--spec", text(&specification)]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let with = verify(&folder, &["--spec", text(&specification)]);
    assert_eq!(with.code, 0, "{}", with.stdout);
    assert!(!with.stdout.contains("another specification"), "{}", with.stdout);
    let without = verify(&folder, &[]);
    assert_eq!(without.code, 0, "{}", without.stdout);
    assert!(without.stdout.contains("give the official file with --spec"), "{}", without.stdout);
    let wrong = verify(&folder, &["--spec", "no-such.json"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stdout);
}

#[test]
fn verifying_asks_for_a_bundle() {
    let ended = command(&["verify"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    assert!(ended.stderr.contains("<BUNDLE>"), "{}", ended.stderr);
}
