//! Time stamps as a supplier asks for them and a reviewer meets them, of `openssl ts` behind HTTP.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_evidence::zip_path;
use letterproof_testing::journal::{Chain, heads, rest};
use letterproof_testing::{OpensslStamper, StamperKind, serve};
use serde_json::Value;
use support::bundles::{copied, faults, forge, json, made, printed, sound, text, verify};
use support::watched::{Double, Watching, api_headers, call};
use support::{Ended, command, results};

/// A stamper's files, its address, and how often it was asked.
struct Authority {
    tsa: OpensslStamper,
    url: String,
    asked: Arc<AtomicUsize>,
}

fn authority(folder: &Path) -> Option<Authority> {
    let folder = folder.join("tsa");
    fs::create_dir_all(&folder).unwrap();
    let kind = StamperKind { key: "ec:prime256v1", ..StamperKind::default() };
    let tsa = OpensslStamper::new(&folder, kind)?;
    let asked: Arc<AtomicUsize> = Arc::default();
    let (answering, counted) = (tsa.clone(), Arc::clone(&asked));
    let address = serve(Arc::new(move |request| {
        counted.fetch_add(1, Ordering::SeqCst);
        (200, answering.answer(request))
    }));
    Some(Authority { tsa, url: format!("http://{address}/tsr"), asked })
}

fn stamp(bundle: &Path, url: &str) -> Ended {
    command(&["stamp", text(bundle), "--timestamp", url]).ended()
}

/// What `verify` prints as JSON, which must be as its schema says.
fn verification(bundle: &Path, arguments: &[&str]) -> Value {
    let found = printed(&verify(bundle, &[&["--format", "json"], arguments].concat()));
    assert_eq!(faults("verification.json", &found), [""; 0], "{found}");
    found
}

#[test]
fn a_run_is_stamped_from_its_start_to_its_manifest() {
    let out = tempfile::tempdir().unwrap();
    let Some(authority) = authority(out.path()) else { return };
    let (folder, ended) =
        made(&out.path().join("evidence"), &["--only", "AT1,AT2", "--timestamp", &authority.url]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);

    let root = authority.tsa.root();
    for bundle in [folder.clone(), zip_path(&folder)] {
        let told = verify(&bundle, &["--tsa-cert", text(&root)]);
        assert_eq!(told.code, 0, "{}\n{}", told.stdout, told.stderr);
        for words in
            ["stamped    the journal", "stamped    the manifest, at 20", "known by --tsa-cert"]
        {
            assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
        }
        let unknown = verify(&bundle, &[]);
        assert_eq!(unknown.code, 0, "{}", unknown.stdout);
        assert!(unknown.stdout.contains("CN=Test Stamper, O=Tests (an unknown authority;"));
    }
    let stamps = verification(&folder, &["--tsa-cert", text(&root)])["stamps"].clone();
    let stamps = stamps.as_array().unwrap();
    assert_eq!(stamps.len(), authority.asked.load(Ordering::SeqCst), "{stamps:?}");
    assert!(stamps.len() >= 2 && stamps.iter().all(|stamp| stamp["known"] == true), "{stamps:?}");
    let stamp = json(&folder.join("timestamp.json"));
    assert_eq!(faults("timestamp.json", &stamp), [""; 0]);
    assert!(!stamp.to_string().contains("tsr"), "the address stays out, the host is enough");

    // The first stamp stands right after the first scenarios' starts, before anything was called.
    let journal = fs::read_to_string(folder.join("journal/exchanges.jsonl")).unwrap();
    let lines: Vec<Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let first = lines.iter().find(|line| line["mark"]["kind"] == "stamped").unwrap();
    let stamped = first["mark"]["line"].as_u64().unwrap() as usize;
    assert_eq!(first["mark"]["head"], heads(&journal)[stamped - 1].as_str());
    let page = fs::read_to_string(folder.join("index.html")).unwrap();
    assert!(page.contains("of a time-stamping authority (RFC 3161)"));

    // Whom another authority's certificate does not vouch for.
    let elsewhere = tempfile::tempdir().unwrap();
    let stranger = self::authority(elsewhere.path()).unwrap();
    let told = verify(&folder, &["--tsa-cert", text(&stranger.tsa.root())]);
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(
        told.stdout.contains("is stamped by CN=Test Stamper, O=Tests, whom"),
        "{}",
        told.stdout
    );
}

/// Changes the first exchange of a stamped journal, and makes every hash in it again.
fn rewritten(journal: &str) -> String {
    let header = journal.lines().next().unwrap();
    let mut chain = Chain::begin(header);
    let mut heads = vec![chain.head().to_owned()];
    let mut written = format!("{header}\n");
    let mut is_changed = false;
    for line in journal.lines().skip(1) {
        let mut line = line.to_owned();
        if !is_changed && line.contains("\"exchange\":{") {
            line = line.replacen("\"attempt\":1", "\"attempt\":2", 1);
            is_changed = true;
        }
        let value: Value = serde_json::from_str(&line).unwrap();
        if value["mark"]["kind"] == "stamped" {
            let stamped = value["mark"]["line"].as_u64().unwrap() as usize;
            let old = value["mark"]["head"].as_str().unwrap();
            line = line.replace(old, &heads[stamped - 1]);
        }
        written.push_str(&chain.line(rest(&line)));
        written.push('\n');
        heads.push(chain.head().to_owned());
    }
    assert!(is_changed, "there is an exchange to change");
    written
}

#[test]
fn a_journal_rewritten_after_it_was_stamped_is_caught_though_every_hash_fits() {
    let out = tempfile::tempdir().unwrap();
    let Some(authority) = authority(out.path()) else { return };
    let (folder, ended) =
        made(&out.path().join("evidence"), &["--only", "AT1,AT2", "--timestamp", &authority.url]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    forge(&folder, None, |draft| {
        let path = draft.journal_path();
        let journal = fs::read_to_string(&path).unwrap();
        draft.write("journal/exchanges.jsonl", rewritten(&journal).as_bytes()).unwrap();
    });
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stdout.contains("that is a time stamp of something else"), "{}", told.stdout);
    let found = verification(&folder, &[]);
    let stamps = found["problems"].as_array().unwrap();
    assert!(stamps.iter().any(|problem| problem["kind"] == "stamp"), "{found}");
}

#[test]
fn a_run_goes_on_without_a_stamp_and_says_so_everywhere() {
    let out = tempfile::tempdir().unwrap();
    // Somebody who answers, and does not stamp.
    let address = serve(Arc::new(|_| (200, b"<html>a page</html>".to_vec())));
    let url = format!("http://{address}/");
    let (folder, ended) =
        made(&out.path().join("evidence"), &["--only", "AT1,AT2", "--timestamp", &url]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    for words in
        ["the run continues", "the manifest bears no time stamp", "not an answer to a request"]
    {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let findings = results(&folder).findings;
    let missing = findings.iter().find(|finding| finding.id == "F-NO-TIME-STAMP").unwrap();
    assert!(missing.observed.contains("not an answer to a request"), "{missing:?}");
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 0, "{}", told.stdout);
    for words in ["note       no time stamp was obtained from 127.0.0.1", "its manifest has none"] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }
    assert_eq!(verification(&folder, &[])["stamps"], Value::Array(vec![]));
}

#[test]
fn a_stamper_out_of_reach_holds_nothing_up() {
    let out = tempfile::tempdir().unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let (folder, ended) =
        made(&out.path().join("evidence"), &["--only", "AT1", "--timestamp", &url]);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert!(ended.stderr.contains("it was not reached"), "{}", ended.stderr);
    let bundle = zip_path(&folder);
    let refused = stamp(&bundle, &url);
    assert_eq!(refused.code, 4, "{}", refused.stderr);
    assert!(refused.stderr.contains("it was not reached"), "{}", refused.stderr);
    assert_eq!(verify(&bundle, &[]).code, 0, "the bundle is as it was");
}

#[test]
fn a_finished_bundle_is_stamped_and_keeps_its_signature() {
    let out = tempfile::tempdir().unwrap();
    let Some(authority) = authority(out.path()) else { return };
    let folder = copied(&sound().folder, &out.path().join("evidence"));
    let zip = out.path().join("handed-over.zip");
    fs::copy(zip_path(&folder), &zip).unwrap();
    let manifest = fs::read(folder.join("manifest.dsse.json")).unwrap();
    for bundle in [&folder, &zip] {
        let ended = stamp(bundle, &authority.url);
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stdout.contains("by CN=Test Stamper, O=Tests"), "{}", ended.stdout);
    }
    assert_eq!(fs::read(folder.join("manifest.dsse.json")).unwrap(), manifest);
    let (root, key) = (authority.tsa.root(), text(&sound().public));
    for bundle in [folder.clone(), zip_path(&folder), zip.clone()] {
        let told = verify(&bundle, &["--tsa-cert", text(&root), "--key", key]);
        assert_eq!(told.code, 0, "{}", told.stdout);
        assert!(told.stdout.contains("stamped    the manifest"), "{}", told.stdout);
    }
    let twice = stamp(&zip, &authority.url);
    assert_eq!(twice.code, 2, "{}", twice.stderr);
    assert!(twice.stderr.contains("already has a time stamp"), "{}", twice.stderr);

    // What openssl itself says of it, by hand as the documentation has it.
    if cfg!(unix) {
        let by_hand = "jq -r .token timestamp.json | base64 -d > ../token && openssl ts -verify \
                       -data manifest.dsse.json -in ../token -token_in -CAfile \"$0\"";
        let has_jq = std::process::Command::new("jq").arg("--version").output().is_ok();
        if has_jq {
            let said = std::process::Command::new("sh")
                .args(["-c", by_hand, text(&root)])
                .current_dir(&folder)
                .output()
                .unwrap();
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        }
    }

    // A statement makes the stamp void, which must be said.
    let attest = |more: &[&str]| {
        command(&["attest", text(&folder), "--criterion", "AT3.7", "--statement", "One job each."])
            .args(["--name", "A. Sample", "--date", "2026-01-02"])
            .args(["--role", "manager", "--sign-key", text(&sound().key)])
            .args(more)
            .ended()
    };
    let refused = attest(&[]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("--drop-stamp"), "{}", refused.stderr);
    assert!(folder.join("timestamp.json").exists());
    assert_eq!(attest(&["--drop-stamp"]).code, 0);
    assert!(!folder.join("timestamp.json").exists());
    assert_eq!(stamp(&folder, &authority.url).code, 0, "and it can be stamped again");
}

#[test]
fn production_secrets_and_what_is_no_bundle_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let folder = &sound().folder;
    for (url, words) in [
        ("https://api.service.nhs.uk/tsr", "is production"),
        ("https://ME:HUSH@tsa.example/", "host and path alone"),
        ("http://tsa.example/?key=HUSH", "host and path alone"),
        ("tsa.example", "is not an address"),
    ] {
        let refused = stamp(folder, url);
        assert_eq!(refused.code, 2, "{url}: {}", refused.stderr);
        assert!(refused.stderr.contains(words), "{url}: {}", refused.stderr);
        assert!(!refused.stderr.contains("HUSH"), "{}", refused.stderr);
        let run = support::run(&out.path().join("run"), &["--only", "AT1", "--timestamp", url]);
        assert_eq!(run.code, 2, "{url}: {}", run.stderr);
        assert!(run.stderr.contains(words), "{url}: {}", run.stderr);
    }
    assert!(!out.path().join("run").exists(), "nothing was begun");
    let nothing = stamp(out.path(), "http://127.0.0.1:9/");
    assert_eq!(nothing.code, 2, "{}", nothing.stderr);
}

#[test]
fn a_load_is_stamped_from_its_start_to_its_manifest() {
    let out = tempfile::tempdir().unwrap();
    let Some(authority) = authority(out.path()) else { return };
    let evidence = out.path().join("evidence");
    let ended = command(&["load", "steady", "--rate", "20", "--duration", "2s", "--yes"])
        .args(["--timestamp", &authority.url, "--out", text(&evidence)])
        .ended();
    assert!(matches!(ended.code, 0 | 1), "{}\n{}", ended.stdout, ended.stderr);
    stamped_throughout(&support::run_folder(&evidence), &authority);
}

#[test]
fn a_witnessed_run_is_stamped_from_its_start_to_its_manifest() {
    let out = tempfile::tempdir().unwrap();
    let Some(authority) = authority(out.path()) else { return };
    let evidence = out.path().join("evidence");
    fs::create_dir_all(&evidence).unwrap();
    let double = Double::start(40, letterproof_mock::AuthMode::None);
    let upstream = ["--upstream", "mock", "--base-url", double.server.base_url()];
    let stamped = ["--only", "AT2", "--timestamp", &authority.url];
    let witness = Watching::start(&evidence, &[upstream, stamped].concat(), &[]);
    let list = format!("{}/letters?limit=2", witness.url("base_url"));
    assert_eq!(call("GET", &list, &api_headers(""), "").status, 200);
    assert!(matches!(witness.finished(), 0 | 1 | 3));
    stamped_throughout(&support::run_folder(&evidence), &authority);
}

/// The journal was stamped before its first call and after its last one, and the manifest.
fn stamped_throughout(folder: &Path, authority: &Authority) {
    let (root, elsewhere) = (authority.tsa.root(), tempfile::tempdir().unwrap());
    let stranger = self::authority(elsewhere.path()).unwrap().tsa.root();
    let found = verification(folder, &["--tsa-cert", text(&root)]);
    let lines: Vec<Option<u64>> =
        found["stamps"].as_array().unwrap().iter().map(|stamp| stamp["line"].as_u64()).collect();
    let journal = fs::read_to_string(folder.join("journal/exchanges.jsonl")).unwrap();
    let is_call =
        |(at, line): (usize, &str)| line.contains("\"exchange\":{").then_some(at as u64 + 1);
    let calls: Vec<u64> = journal.lines().enumerate().filter_map(is_call).collect();
    let (first, last) = (calls[0], calls[calls.len() - 1]);
    // A call may have been as quick as whoever asks for the first stamp.
    assert!(lines[0].is_some_and(|line| line <= first + 20), "{first}: {found}");
    assert!(lines.iter().flatten().any(|line| *line >= last), "{last}: {found}");
    assert_eq!(lines.last(), Some(&None), "the manifest bears none: {found}");
    // A pipeline can demand it.
    let gate = |certificate: &Path| {
        let demand = ["--require", "AT1", "--tsa-cert", text(certificate)];
        command(&["gate", text(folder)]).without("GITHUB_STEP_SUMMARY").args(demand).ended()
    };
    let verifies = |ended: &Ended| {
        let line = ended.stdout.lines().find(|line| line.contains("a bundle that verifies"));
        !line.unwrap().contains("NOT met")
    };
    assert!(verifies(&gate(&root)), "{}", gate(&root).stdout);
    assert!(!verifies(&gate(&stranger)), "{}", gate(&stranger).stdout);
    assert_eq!(gate(&folder.join("results.json")).code, 2, "that is not a certificate");
}
