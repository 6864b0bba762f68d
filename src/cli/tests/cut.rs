//! What is cut away shows: in the ids of the calls, in the ledger, and in the criteria of an attempt
//! that was left unfinished.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::time::Duration;

use letterproof_evidence::{JOURNAL_FILE, read_journal, sha256_hex};
use letterproof_mock::{MockConfig, MockServer};
use letterproof_model::{About, Journal as _, Route, Verdict};
use letterproof_testing::journal::{heads, rechained};
use support::bundles::{NONCE, copied, forge, rewrite, sound, verify};
use support::{Ended, command, letterproof, quick_profile, results, run_folder, with_credentials};

/// The lines of a journal.
fn lines(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join(JOURNAL_FILE)).unwrap();
    text.lines().map(str::to_owned).collect()
}

/// A copy of the sound run with its journal forged and everything sealed and signed again.
fn forged(place: &Path, change: impl FnOnce(&mut Vec<String>)) -> Ended {
    let folder = copied(&sound().folder, place);
    forge(&folder, Some(&sound().key), |draft| {
        let mut lines = lines(draft.path());
        change(&mut lines);
        draft.write(JOURNAL_FILE, rechained(&lines).as_bytes()).unwrap();
    });
    verify(&folder, &[])
}

#[test]
fn every_call_of_the_supplier_carries_the_chain_under_the_nonce() {
    let saved = read_journal(&sound().folder.join(JOURNAL_FILE)).unwrap();
    let heads = heads(&fs::read_to_string(sound().folder.join(JOURNAL_FILE)).unwrap());
    let tail = |head: &String| sha256_hex(format!("{NONCE}{head}").as_bytes())[..16].to_owned();
    let tails: Vec<String> = heads.iter().map(tail).collect();
    let mut carried = 0;
    for exchange in saved.recording.exchanges() {
        if Route::of_exchange(&exchange, &saved.header.base_url).operation.is_api() {
            let id = exchange.request.header("x-correlation-id").unwrap();
            assert!(id.starts_with(NONCE) && tails.iter().any(|tail| id.ends_with(tail)), "{id}");
            assert!(!id.contains('.'), "the gateway uses full stops itself");
            carried += 1;
        }
    }
    assert!(carried > 10, "{carried}");
    assert_eq!(saved.carried.unwrap().calls, carried);
}

#[test]
fn a_stretch_cut_out_and_all_made_again_is_found_by_the_ids() {
    let place = tempfile::tempdir().unwrap();
    let is_call = |line: &String| line.contains("\"exchange\":{") && line.contains("/letters/");
    let told = forged(&place.path().join("cut"), |lines| {
        let first = lines.iter().position(is_call).unwrap();
        lines.drain(first..first + 3);
    });
    assert_eq!(told.code, 1, "{}", told.stdout);
    assert!(told.stdout.contains("was cut or replaced somewhere before ex-"), "{}", told.stdout);

    let told = forged(&place.path().join("stripped"), |lines| {
        lines[0] = lines[0].replace(",\"chained_ids\":true", "");
    });
    assert_eq!(told.code, 1, "{}", told.stdout);
    for words in ["was cut or replaced", "does not say that its calls carry the chain"] {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }

    // Unchanged, and made again the same way, it is sound.
    let told = forged(&place.path().join("same"), |_| {});
    assert_eq!(told.code, 0, "{}", told.stdout);
}

/// The sound run as the build before made it: its calls carry nothing, and nothing says so. `change`
/// is made to the name of that build.
fn of_the_build_before(place: &Path, commit: impl Fn(&str) -> String) -> Ended {
    let folder = copied(&sound().folder, place);
    let saved = read_journal(&folder.join(JOURNAL_FILE)).unwrap();
    forge(&folder, Some(&sound().key), |draft| {
        let mut calls = saved.recording.exchanges().iter();
        let mut lines = lines(draft.path());
        for line in &mut lines {
            if line.starts_with("{\"format\"") {
                for promise in [",\"chained_ids\":true", ",\"whole_attempts\":true"] {
                    assert!(line.contains(promise), "{line}");
                    *line = line.replace(promise, "");
                }
            } else if line.contains("\"exchange\":{") {
                let call = calls.next().unwrap();
                if let Some(id) = call.request.header("x-correlation-id") {
                    *line = line.replace(id, &id[..id.len() - "-0123456789abcdef".len()]);
                }
            }
        }
        let old = &saved.header.tool.commit;
        let name = |commit: &str| format!("\"commit\":\"{commit}\"");
        lines[0] = lines[0].replace(&name(old), &name(&commit(old)));
        draft.write(JOURNAL_FILE, rechained(&lines).as_bytes()).unwrap();
        rewrite(draft, "results.json", |results| {
            results["run"]["tool"]["commit"] = commit(old).into();
        });
        rewrite(draft, "environment.json", |told| {
            told["tool"]["commit"] = commit(old).into();
        });
    });
    verify(&folder, &[])
}

#[test]
fn a_bundle_of_the_build_before_verifies_and_says_what_it_rests_on() {
    let place = tempfile::tempdir().unwrap();
    let told = of_the_build_before(&place.path().join("honest"), |_| "0123456789ab".to_owned());
    assert_eq!(told.code, 0, "{}", told.stdout);
    assert!(told.stdout.contains("do not carry the journal's chain, as in earlier versions"));
    let told = of_the_build_before(&place.path().join("forged"), str::to_owned);
    assert_eq!(told.code, 1, "{}", told.stdout);
    if !told.stdout.contains("(unknown)") {
        assert!(told.stdout.contains("carry the chain, as this version writes it"));
    }
}

#[test]
fn verify_says_what_the_runs_of_others_rest_on() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/journal-1");
    for (name, words) in [
        ("driven", "do not carry the journal's chain, as in earlier versions"),
        ("witnessed", "cannot carry the journal's chain"),
    ] {
        let told = verify(&fixtures.join(format!("{name}.zip")), &[]);
        assert_eq!(told.code, 0, "{}", told.stdout);
        let text = told.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(words) && text.contains("letterproof reconcile"), "{text}");
    }
}

async fn double() -> MockServer {
    let config = MockConfig {
        visibility_timeout: Duration::from_secs(1),
        apply_delay: Duration::from_millis(50),
        ..MockConfig::default()
    };
    MockServer::start(config).await.unwrap()
}

/// A whole run of AT1 and AT2 at this mock.
fn whole(out: &Path, server: &MockServer) -> std::path::PathBuf {
    let profile = quick_profile(out, server);
    let call = letterproof(out).args(["--only", "AT1,AT2", "--target", &profile]);
    let ended = with_credentials(call, server).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    run_folder(out)
}

fn resumed(out: &Path, server: &MockServer) -> Ended {
    let call = command(&["run", "--resume"]).with_state(&out.join(".state"));
    with_credentials(call, server).args([&run_folder(out)]).ended()
}

/// Cuts the journal before AT2 began, as one would who does not like what came then.
fn cut_before_at2(folder: &Path) {
    let kept: Vec<String> =
        lines(folder).into_iter().take_while(|line| !line.contains("\"scenario\":\"AT2")).collect();
    fs::write(folder.join(JOURNAL_FILE), kept.join("\n") + "\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_gone_on_with_from_a_cut_journal_is_named_everywhere_and_passes_nothing() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let folder = whole(out.path(), &server);
    let before = lines(&folder).len();
    cut_before_at2(&folder);
    let ended = resumed(out.path(), &server);
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    let found = results(&folder);
    assert_eq!((found.exit_code, found.counts.fail), (3, 0));
    let named = found.findings.iter().find(|finding| finding.id == "F-JOURNAL-OLDER").unwrap();
    let words = format!("the ledger had seen {before} lines of it");
    assert!(named.about == About::Harness && named.observed.contains(&words), "{named:?}");
    for file in ["index.html", "summary.md"] {
        let text = fs::read_to_string(folder.join(file)).unwrap();
        assert!(text.contains("older journal"), "{file}");
    }
    let told = verify(&folder, &[]);
    assert_eq!(told.code, 0, "{}", told.stdout);
    assert!(told.stdout.contains(&words), "{}", told.stdout);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_its_ledger_forgot_says_so_and_one_that_it_knows_does_not() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let folder = whole(out.path(), &server);
    cut_before_at2(&folder);
    fs::remove_dir_all(out.path().join(".state")).unwrap();
    let ended = resumed(out.path(), &server);
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let found = results(&folder);
    let ids = |id: &str| found.findings.iter().any(|finding| finding.id == id);
    assert!(ids("F-JOURNAL-UNVOUCHED") && !ids("F-JOURNAL-OLDER"), "{:?}", found.findings);
    let told = verify(&folder, &[]);
    assert!(told.stdout.contains("The ledger has no entry for this run"), "{}", told.stdout);

    // A ledger that began afresh for the letters still knows the runs.
    let (other, profile) = (out.path().join(".other"), quick_profile(out.path(), &server));
    let call = command(&["run", "--only", "AT1", "--reseeded", "--target", &profile, "--out"]);
    let call = call.args([&other]).with_state(&out.path().join(".state"));
    let ended = with_credentials(call, &server).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    cut_before_at2(&folder);
    let ended = resumed(out.path(), &server);
    assert_eq!(ended.code, 3, "{}\n{}", ended.stdout, ended.stderr);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_left_unfinished_proves_nothing_until_a_whole_one_follows() {
    let server = double().await;
    let out = tempfile::tempdir().unwrap();
    let folder = whole(out.path(), &server);
    // As if the process had been killed at the end of AT2, all of its calls recorded.
    let kept: Vec<String> = lines(&folder);
    let end = kept
        .iter()
        .rposition(|line| line.contains("scenario-finished") && line.contains("\"AT2"))
        .unwrap();
    let incomplete = folder
        .with_file_name(format!("{}.incomplete", folder.file_name().unwrap().to_string_lossy()));
    fs::rename(&folder, &incomplete).unwrap();
    fs::write(incomplete.join(JOURNAL_FILE), rechained(&kept[..end])).unwrap();
    fs::remove_file(letterproof_evidence::zip_path(&folder)).unwrap();
    let ended = command(&["report"]).args([&incomplete]).ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    let found = results(&folder);
    let at2 = &found.tests[1];
    assert_eq!((found.tests[0].verdict, at2.verdict), (Verdict::Pass, Verdict::Inconclusive));
    let reason = at2.criteria[0].reason.as_deref().unwrap();
    assert!(reason.contains("was left unfinished"), "{reason}");
    assert_eq!(verify(&folder, &[]).code, 0);

    let ended = resumed(out.path(), &server);
    let found = results(&folder);
    assert_eq!(found.tests[1].verdict, Verdict::Pass, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(found.tests[1].attempts.len(), 2, "every attempt stays");
    server.shutdown().await;
}

/// Kills a run of AT3 amid its calls, and cuts so many lines off its journal.
fn killed_and_cut(out: &Path, server: &MockServer, cut: usize) {
    let profile = quick_profile(out, server);
    let call = letterproof(out).args(["--only", "AT3", "--target", &profile]);
    let mut child = with_credentials(call, server).spawn();
    let began = std::time::Instant::now();
    let amid = |line: &&String| line.contains("\"exchange\":{") && line.contains("\"AT3");
    let path = loop {
        assert!(child.try_wait().unwrap().is_none(), "the run ended by itself");
        assert!(began.elapsed() < Duration::from_secs(60), "the run did not get that far");
        std::thread::sleep(Duration::from_millis(5));
        let Some(name) = support::folders(out).into_iter().next() else { continue };
        let path = out.join(name);
        if path.join(JOURNAL_FILE).exists() && lines(&path).iter().filter(amid).count() > 2 {
            break path;
        }
    };
    child.kill().unwrap();
    child.wait().unwrap();
    let bytes = fs::read(path.join(JOURNAL_FILE)).unwrap();
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(path.join(JOURNAL_FILE), &bytes[..whole]).unwrap();
    let kept = lines(&path);
    fs::write(path.join(JOURNAL_FILE), kept[..kept.len() - cut].join("\n") + "\n").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_cut_off_after_a_kill_are_missed_however_few_they_are() {
    for cut in [0, 1, 3] {
        let server = double().await;
        let out = tempfile::tempdir().unwrap();
        killed_and_cut(out.path(), &server, cut);
        let ended = resumed(out.path(), &server);
        let found = results(&run_folder(out.path()));
        let older = found.findings.iter().filter(|finding| finding.id == "F-JOURNAL-OLDER").count();
        let expected = if cut == 0 { (0, 0) } else { (3, 1) };
        assert_eq!((ended.code, older), expected, "{cut} lines: {}", ended.stderr);
        server.shutdown().await;
    }
}
