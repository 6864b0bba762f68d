//! `letterproof judge` as its users meet it: recordings made elsewhere and by earlier runs, put
//! before the same judges.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use letterproof_evidence::read_journal;
use letterproof_model::{
    About, Context, FindingKind, Journal as _, MarkKind, Results, SupplierKind, Verdict,
};
use letterproof_testing::journal::rechained;
use serde_json::{Value, json};
use support::{Ended, command, folders, results, run};
use tempfile::TempDir;

const TESTS: &str = "AT1,AT2,AT3,AT4,AT7";
const PRODUCTION: &str = "https://api.service.nhs.uk/nhs-notify-supplier";

/// A run on the embedded double, shared by the tests of this file, which only read it.
struct Ran {
    folder: PathBuf,
    results: Results,
    har: Value,
}

static RAN: LazyLock<Ran> = LazyLock::new(|| {
    // Not a folder of its own each time: nothing shared is ever cleaned up.
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judge");
    let _ = std::fs::remove_dir_all(&out);
    let ended = run(&out, &["--suite", "acceptance", "--only", TESTS]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let folder = made_in(&out);
    let har = command(&["report", &folder.display().to_string(), "--format", "har"]).ended();
    let har = serde_json::from_str(&har.stdout).unwrap();
    Ran { results: results(&folder), folder, har }
});

/// A profile of the double of that run.
fn profile(folder: &Path) -> String {
    let text = std::fs::read_to_string(RAN.folder.join("context.json")).unwrap();
    let context: Context = serde_json::from_str(&text).unwrap();
    let text = format!(
        "extends = \"mock\"\nname = \"mock\"\nbase_url = \"{}\"\n[auth]\nmethod = \"signed-jwt\"\n\
         kid = \"any\"\napi_key = {{ env = \"NOT_SET\" }}\nkey = {{ env = \"NOT_SET\" }}\n[limits]\n\
         visibility_timeout = \"{}ms\"\nupdate_deadline = \"{}ms\"\n",
        context.base_url, context.visibility_timeout_ms, context.update_deadline_ms,
    );
    let path = folder.join("double.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

/// The one run folder there.
fn made_in(out: &Path) -> PathBuf {
    let mut names = folders(out);
    names.retain(|name| !name.ends_with(".zip"));
    assert_eq!(names.len(), 1, "{names:?}");
    out.join(&names[0])
}

/// Copies a folder with all in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// What became of a recording: its folder under `out`, where there is one.
struct Judged {
    work: TempDir,
    ended: Ended,
}

impl Judged {
    fn out(&self) -> PathBuf {
        self.work.path().join("out")
    }

    fn folder(&self) -> PathBuf {
        made_in(&self.out())
    }

    fn results(&self) -> Results {
        results(&self.folder())
    }
}

/// Judges the HAR of that run after a change.
fn judged(change: impl FnOnce(&mut Vec<Value>)) -> Judged {
    let work = tempfile::tempdir().unwrap();
    let mut har = RAN.har.clone();
    let Value::Array(entries) = &mut har["log"]["entries"] else { panic!("entries") };
    change(entries);
    let file = work.path().join("traffic.har");
    std::fs::write(&file, har.to_string()).unwrap();
    let profile = profile(work.path());
    let ended = command(&["judge"])
        .args([&file])
        .args(["--target", &profile, "--only", TESTS, "--out"])
        .args([work.path().join("out")])
        .ended();
    Judged { work, ended }
}

fn verdicts(results: &Results) -> BTreeMap<String, Verdict> {
    let criteria = results.tests.iter().flat_map(|test| test.checks());
    criteria.map(|criterion| (criterion.id.to_string(), criterion.verdict)).collect()
}

/// Takes what a HAR of another tool would not have out of ours.
fn foreign(entries: &mut [Value]) {
    for entry in entries {
        entry.as_object_mut().unwrap().remove("_letterproof");
    }
}

fn is_bulk(entry: &Value) -> bool {
    entry["request"]["method"] == "POST"
        && entry["request"]["url"].as_str().unwrap().ends_with("/letters")
}

#[test]
fn the_har_of_a_run_gives_the_verdicts_of_the_run() {
    let again = judged(|_| {});
    assert_eq!(again.ended.code, 0, "{}\n{}", again.ended.stdout, again.ended.stderr);
    let results = again.results();
    assert_eq!(verdicts(&results), verdicts(&RAN.results));
    assert_eq!(results.run.supplier, SupplierKind::Imported);
    assert!(again.ended.stderr.contains("not in the recording: what the run noted"));
    let bundle = again.folder().with_extension("zip");
    let verified = command(&["verify"]).args([bundle]).ended();
    assert_eq!(verified.code, 0, "{}", verified.stdout);
}

#[test]
fn the_har_of_another_tool_gives_the_same_verdicts_where_nothing_rests_on_what_it_lacks() {
    let again = judged(|entries| foreign(entries));
    assert_eq!(again.ended.code, 0, "{}\n{}", again.ended.stdout, again.ended.stderr);
    assert_eq!(verdicts(&again.results()), verdicts(&RAN.results));
    assert!(again.ended.stderr.contains("does not say who made a call"), "{}", again.ended.stderr);
}

#[test]
fn a_bulk_acceptance_left_out_of_the_recording_does_not_pass() {
    let again = judged(|entries| {
        let letters = |entry: &Value| entry["request"]["bodySize"].as_u64();
        let bulk = (0..entries.len()).filter(|at| is_bulk(&entries[*at]));
        // The largest is that of AT4's thousand.
        let at = bulk.max_by_key(|at| letters(&entries[*at])).unwrap();
        entries.remove(at);
    });
    assert!([1, 3].contains(&again.ended.code), "{}", again.ended.stdout);
    assert_ne!(again.results().tests[3].verdict, Verdict::Pass);
}

#[test]
fn bodies_left_out_are_named_and_leave_open_what_rests_on_them() {
    let answers = judged(|entries| {
        foreign(entries);
        for entry in entries {
            entry["response"]["content"].as_object_mut().unwrap().remove("text");
        }
    });
    let updates = judged(|entries| {
        for entry in entries.iter_mut().filter(|entry| is_bulk(entry)) {
            entry["request"].as_object_mut().unwrap().remove("postData");
        }
    });
    for (again, named, resting) in [
        (answers, "responses have no body", &["AT1.2", "AT2.1", "AT4.3", "AT7.2"]),
        (updates, "requests have no body", &["AT3.1", "AT4.1", "AT4.2", "AT7.1"]),
    ] {
        assert_eq!(again.ended.code, 3, "{}", again.ended.stdout);
        assert!(again.ended.stderr.contains(named), "{}", again.ended.stderr);
        let found = verdicts(&again.results());
        for id in resting {
            let verdict = found[*id];
            let open = [Verdict::Inconclusive, Verdict::NotRun].contains(&verdict);
            assert!(open, "{named}: {id} is {verdict}");
        }
        assert!(!found.values().any(|verdict| *verdict == Verdict::Fail), "{found:?}");
        let journal = read_journal(&again.folder().join("journal/exchanges.jsonl")).unwrap();
        let noted = |mark: &letterproof_model::Mark| matches!(&mark.kind, MarkKind::Note { text } if text.contains(named));
        assert!(journal.recording.marks().iter().any(noted), "the journal says it too");
    }
}

#[test]
fn no_secret_of_a_recording_is_anywhere_in_the_new_folder() {
    const CANARY: &str = "CANARY";
    let again = judged(|entries| {
        foreign(entries);
        let base = RAN.results.run.target.base_url.clone();
        let host = base.split("/nhs-").next().unwrap().to_owned();
        let token = json!({ "access_token": "CANARY-access-token-0123456789" }).to_string();
        let mut call = entries[0].clone();
        call["request"]["method"] = json!("GET");
        let mut asked = call.clone();
        asked["request"] = json!({ "method": "POST", "url": format!("{host}/oauth2/token"),
            "headers": [{ "name": "Content-Type", "value": "application/x-www-form-urlencoded" },
                        { "name": "Cookie", "value": "session=CANARY-cookie-0123" }],
            "postData": { "mimeType": "", "params": [
                { "name": "client_assertion", "value": "CANARY-assertion-0123456789" }] } });
        asked["response"]["content"] = json!({ "size": token.len(), "text": token });
        let mut link = call.clone();
        link["request"]["url"] = json!(format!("{base}/letters/a/data"));
        link["response"]["status"] = json!(303);
        let signed = "https://store.example/a.pdf?X-Amz-Signature=CANARYsignature0123456789";
        link["response"]["headers"] = json!([{ "name": "Location", "value": signed }]);
        let mut letter = call.clone();
        letter["request"]["url"] = json!(signed);
        letter["response"]["content"] = json!({ "mimeType": "text/plain", "size": 19,
            "text": "Dear CANARY patient" });
        let mut strange = call.clone();
        strange["request"]["url"] = json!("https://strange.example/?q=CANARY");
        for entry in entries.iter_mut() {
            for header in entry["request"]["headers"].as_array_mut().unwrap() {
                if header["name"].as_str().unwrap().eq_ignore_ascii_case("authorization") {
                    header["value"] = json!("Bearer CANARY-access-token-0123456789");
                }
            }
        }
        entries.extend([asked, link, letter, strange]);
    });
    let folder = again.folder();
    assert!(!format!("{}{}", again.ended.stdout, again.ended.stderr).contains(CANARY));
    let mut places = vec![folder.clone()];
    let mut read = 0;
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        read += 1;
        let bytes = std::fs::read(&place).unwrap();
        let found = bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
        assert!(!found, "{}", place.display());
    }
    assert!(read > 10, "{read} files");
    let journal = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
    let letter = journal.recording.exchanges().iter().find(|exchange| {
        exchange.request.url.starts_with("https://store.example/a.pdf?X-Amz-Signature=redacted:")
    });
    let letter = letter.unwrap();
    let content = letter.response().unwrap().body.content().cloned().unwrap();
    assert_eq!(content.length, 19);
}

#[test]
fn a_bundle_judged_again_gives_the_same_results_from_the_same_journal() {
    let out = tempfile::tempdir().unwrap();
    let zip = RAN.folder.with_extension("zip");
    let ended =
        command(&["judge", "--from"]).args([&zip]).args([Path::new("--out"), out.path()]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let folder = made_in(out.path());
    for same in ["journal/exchanges.jsonl", "results.json", "context.json", "environment.json"] {
        let [before, after] =
            [&RAN.folder, &folder].map(|folder| std::fs::read(folder.join(same)).unwrap());
        assert!(before == after, "{same} differs");
    }
    let verified = command(&["verify"]).args([folder.with_extension("zip")]).ended();
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let twice =
        command(&["judge", "--from"]).args([&zip]).args([Path::new("--out"), out.path()]).ended();
    assert_eq!(twice.code, 2, "evidence is never overwritten");
}

#[test]
fn a_journal_of_its_own_is_judged_as_its_run_was_asked_to_be() {
    let out = tempfile::tempdir().unwrap();
    let file = RAN.folder.join("journal/exchanges.jsonl");
    let ended = command(&["judge"]).args([&file]).args([Path::new("--out"), out.path()]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("this journal has no manifest"), "{}", ended.stderr);
    assert_eq!(results(&made_in(out.path())), RAN.results);
    let only = command(&["judge", "--only", "AT1"])
        .args([&file])
        .args([Path::new("--out"), out.path()])
        .ended();
    assert_eq!(only.code, 2);
    assert!(only.stderr.contains("which --only cannot change"), "{}", only.stderr);
}

#[test]
fn a_bundle_that_was_changed_is_not_judged_again() {
    let work = tempfile::tempdir().unwrap();
    let folder = work.path().join("run");
    copy(&RAN.folder, &folder);
    std::fs::write(folder.join("summary.md"), "all is well").unwrap();
    let ended = command(&["judge", "--from"])
        .args([&folder])
        .args([Path::new("--out"), work.path()])
        .ended();
    assert_eq!(ended.code, 2);
    assert!(ended.stderr.contains("summary.md"), "{}", ended.stderr);
    assert_eq!(folders(work.path()), ["run"]);
}

#[test]
fn a_recording_of_production_is_judged_and_said_to_be_one() {
    let work = tempfile::tempdir().unwrap();
    let entry = json!({ "startedDateTime": "2026-11-20T10:15:00.001Z", "time": 5,
        "request": { "method": "GET", "url": format!("{PRODUCTION}/_status"), "headers": [
            { "name": "X-Request-ID", "value": "5f7e9c3e-0000-4000-8000-000000000001" }] },
        "response": { "status": 200, "content": { "text": "{}" } } });
    let har = json!({ "log": { "version": "1.2", "entries": [entry] } });
    let file = work.path().join("production.har");
    std::fs::write(&file, har.to_string()).unwrap();
    let judge = |target: &str| {
        let out = work.path().join(target);
        let ended = command(&["judge", "--target", target, "--only", "AT1"])
            .args(["--base-url", PRODUCTION])
            .args([&file])
            .args([Path::new("--out"), &out])
            .ended();
        assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("is of production; nothing is sent"), "{}", ended.stderr);
        results(&made_in(&out))
    };
    // What is called `int` lies at INT, or is told with its host.
    for (target, name) in [("int", "int at api.service.nhs.uk"), ("prod-smoke", "prod-smoke")] {
        let results = judge(target);
        assert_eq!(
            (results.run.target.name.as_str(), results.tests[0].criteria[0].verdict),
            (name, Verdict::Pass)
        );
    }
}

/// One foreign or odd entry, a browser's own doing, or a coding: none is held against the API.
#[test]
fn what_other_tools_write_is_no_breach_by_the_api() {
    let work = tempfile::tempdir().unwrap();
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../evidence/tests/cases/har");
    let packed = std::fs::read_to_string(cases.join("own-gzip-kept.har")).unwrap();
    let zstd = work.path().join("own-zstd-kept.har");
    std::fs::write(&zstd, packed.replace("\"gzip\"", "\"zstd\"")).unwrap();
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&cases).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(zstd);
    assert_eq!(files.len(), 10);
    for (number, file) in files.iter().enumerate() {
        let out = work.path().join(number.to_string());
        let ended = command(&["judge", "--conformance", "--only", "AT1"])
            .args([file])
            .args([Path::new("--out"), &out])
            .ended();
        let name = file.display();
        assert!([0, 3].contains(&ended.code), "{name}: {}\n{}", ended.stdout, ended.stderr);
        let results = results(&made_in(&out));
        let breaches: Vec<_> = results
            .findings
            .iter()
            .filter(|found| found.about == About::Api && found.kind == FindingKind::Violation)
            .map(|found| &found.id)
            .collect();
        assert!(breaches.is_empty(), "{name}: {breaches:?}");
    }
}

#[test]
fn what_is_no_recording_is_refused_by_name_with_2_and_leaves_no_folder() {
    let work = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = work.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let base = "https://int.api.service.nhs.uk/nhs-notify-supplier";
    let new = r#"{"log":{"version":"2.0","entries":[]}}"#;
    let other = r#"{"format":"letterproof-journal/9"}"#;
    let cases = [
        (file("a.har", "<html>"), "a.har cannot be judged: it is not JSON"),
        (file("b.har", new), "b.har cannot be judged: its HAR version is not 1.1 or 1.2"),
        (file("c.jsonl", &format!("{other}\n")), "format `letterproof-journal/9` is not"),
        (file("d.zip", "PK\u{3}\u{4}..."), "give a bundle with --from"),
        (work.path().to_owned(), "give a bundle with --from"),
        (work.path().join("missing.har"), "missing.har"),
    ];
    let out = work.path().join("out");
    for (path, words) in cases {
        let ended = command(&["judge", "--base-url", base])
            .args([&path])
            .args([Path::new("--out"), &out])
            .ended();
        assert_eq!(ended.code, 2, "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert!(!out.exists());
    assert_eq!(command(&["judge"]).ended().code, 2, "there is nothing to judge");
}

#[test]
fn a_journal_from_before_there_were_briefs_is_judged_as_the_options_ask() {
    let work = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(RAN.folder.join("journal/exchanges.jsonl")).unwrap();
    let mut header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    header.as_object_mut().unwrap().remove("brief");
    // The chain of an old journal begins with the hash of its own first line.
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[0] = header.to_string();
    let old = rechained(&lines);
    let file = work.path().join("old.jsonl");
    std::fs::write(&file, old).unwrap();
    let profile = profile(work.path());
    let out = work.path().join("out");
    let ended = command(&["judge", "--target", &profile, "--only", "AT1,AT2"])
        .args([&file])
        .args([Path::new("--out"), &out])
        .ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("as the options ask"), "{}", ended.stderr);
    let folder = made_in(&out);
    let results = results(&folder);
    assert_eq!(results.run.supplier, SupplierKind::Imported);
    let passed = results.tests.iter().filter(|test| test.verdict == Verdict::Pass).count();
    assert_eq!(passed, 2);
    let journal = read_journal(&folder.join("journal/exchanges.jsonl")).unwrap();
    assert_eq!(journal.recording.exchanges().len(), text.matches("\"exchange\":{").count());
}
