//! `letterproof drift` and `run --spec` as their users meet them.

#![allow(clippy::unwrap_used)]

mod support;

use std::path::Path;

use letterproof_testing::upstream;
use support::{command, folders, results, run, run_folder};

/// An official file of one operation, in which a listed letter must say what colour it is.
const COLOURED: &str = r##"{"openapi": "3.0.3", "info": {"title": "t", "version": "9"}, "paths":
    {"/letters": {"get": {"responses": {"200": {"description": "d", "content":
    {"application/vnd.api+json": {"schema": {"type": "object", "required": ["data"], "properties":
    {"data": {"type": "array", "items": {"type": "object", "required": ["colour"],
    "properties": {"colour": {"type": "string"}}}}}}}}}}}}}}"##;

fn written(folder: &Path, text: &str) -> String {
    let path = folder.join("official.json");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The official specification; where it is missing the test is skipped.
fn official() -> Option<String> {
    upstream("openapi.json").map(|path| path.display().to_string())
}

#[test]
fn a_specification_that_breaks_the_contract_ends_with_1_and_is_told_per_operation() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), COLOURED);
    let ended = command(&["drift", &file]).ended();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    for words in ["breaking:", "GET /letters", "POST /mi"] {
        assert!(ended.stdout.contains(words), "{words} in {}", ended.stdout);
    }
    let ended = command(&["drift", &file, "--format", "json"]).ended();
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let value: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert!(!value["breaking"].as_array().unwrap().is_empty(), "{value}");
}

#[test]
fn the_official_specification_breaks_nothing() {
    let Some(file) = official() else { return };
    let ended = command(&["drift", &file]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stdout.contains("breaking: 0"), "{}", ended.stdout);
}

#[test]
fn what_is_no_specification_ends_with_2_and_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["{", "{}", "[1, 2]", "a: [b"] {
        let file = written(folder.path(), text);
        for arguments in [&["drift", &file][..], &["run", "--only", "AT1", "--spec", &file]] {
            let ended = command(arguments).args(["--format", "json"]).ended();
            assert_eq!(ended.code, 2, "{text}: {}", ended.stdout);
            assert!(ended.stderr.contains("official.json"), "{text}: {}", ended.stderr);
            assert_eq!(ended.stdout, "");
        }
    }
    let ended = command(&["drift", "no-such-file.yml"]).ended();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("no-such-file.yml"), "{}", ended.stderr);
}

#[test]
fn a_run_with_a_specification_holds_bodies_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = written(folder.path(), COLOURED);
    let judged = |extra: &[&str]| {
        let out = tempfile::tempdir().unwrap();
        let ended = run(out.path(), &[&["--only", "AT1", "--letters", "20"][..], extra].concat());
        assert_eq!(
            ended.code, 0,
            "the API's faults are no fault of the supplier: {}",
            ended.stdout
        );
        serde_json::to_string(&results(&run_folder(out.path())).findings).unwrap()
    };
    assert!(!judged(&[]).contains("colour"));
    assert!(judged(&["--spec", &file]).contains("colour"));
}

#[test]
fn a_run_with_the_official_specification_passes() {
    let Some(file) = official() else { return };
    let out = tempfile::tempdir().unwrap();
    let ended = run(out.path(), &["--only", "AT1,AT7", "--spec", &file]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(folders(out.path()).len(), 1);
}
