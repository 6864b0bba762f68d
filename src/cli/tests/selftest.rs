//! `letterproof selftest` as its users meet it, and the habits it tries.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use support::command;

#[test]
fn one_entry_is_caught_and_its_matrix_is_one_json_document_and_three_files() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("matrix");
    let ended = command(&["selftest", "--only", "list-empty", "--format", "json", "--out"])
        .args([&out])
        .ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let document: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["format"], "letterproof-selftest/1");
    assert_eq!(document["entries"][0]["outcome"], "caught");
    assert_eq!(document["entries"][0]["red"], serde_json::json!(["AT2.2"]));
    for name in ["matrix.md", "matrix.csv", "matrix.html"] {
        assert!(std::fs::read_to_string(out.join(name)).unwrap().contains("list-empty"), "{name}");
    }
}

#[test]
fn a_name_that_is_in_no_catalogue_ends_with_2_and_a_next_step() {
    let ended = command(&["selftest", "--only", "no-such-fault"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("no-such-fault") && ended.stderr.contains("--fault list"));
    assert!(ended.stdout.is_empty());
}

#[test]
fn noise_and_single_faults_exclude_each_other_and_a_seed_needs_noise() {
    for words in
        [&["--noise", "1", "--only", "list-empty"][..], &["--seed", "2"], &["--noise", "0"]]
    {
        let ended = command(&["selftest"]).args(words).ended();
        assert_eq!(ended.code, 2, "{words:?}: {}", ended.stderr);
        assert!(ended.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn the_habits_of_the_sample_supplier_are_listed_and_a_misspelt_one_ends_with_2() {
    let ended = command(&["supplier", "--habit", "list"]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    for name in ["post-only", "lists-of-100", "same-request-id", "mi-per-line-item"] {
        assert!(ended.stdout.lines().any(|line| line.starts_with(name)), "{name}");
    }
    let somewhere = ["supplier", "--base-url", "http://127.0.0.1:9/x", "--habit", "post-olny"];
    let ended = command(&somewhere).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("did you mean `post-only`?"), "{}", ended.stderr);
    let ended = command(&["supplier", "--habit", "post-only"]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("--base-url"), "{}", ended.stderr);
}
