//! `letterproof witness` as its users meet it: a stranger's system works through it, and what it
//! recorded becomes evidence like that of a run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod stub;
mod support;

use std::path::Path;
use std::process::Command;

use letterproof_evidence::Bundle;
use letterproof_mock::AuthMode;
use letterproof_model::{Actor, Journal as _, Mode, Results, SupplierKind, TestResult, Verdict};
use stub::{Said, Stub, TOKEN};
use support::bundles::{keys, text};
use support::watched::{
    Double, Watching, api_headers, call, header, print_house, profile, verified,
};
use support::{command, folders, results, run_folder};

fn test_of<'r>(results: &'r Results, id: &str) -> &'r TestResult {
    results.tests.iter().find(|test| test.id.to_string() == id).unwrap()
}

#[test]
fn an_honest_print_house_passes_its_tests_and_the_bundle_verifies() {
    let (double, out) = (Double::start(2_500, AuthMode::Jwt), tempfile::tempdir().unwrap());
    let profile = profile(out.path(), &double);
    let arguments = ["--upstream", &profile, "--only", "AT1,AT3,AT4,AT7", "--window", "1"];
    let witness = Watching::start(out.path(), &arguments, &[]);
    let day = print_house(&double, &witness, &["--only", "AT1,AT3,AT4,AT7"]);
    assert_eq!(day.code, 0, "{}\n{}", day.stdout, day.stderr);
    let code = witness.finished();
    let folder = run_folder(out.path());
    let results = results(&folder);
    for id in ["AT1", "AT3", "AT4", "AT7"] {
        let test = test_of(&results, id);
        let seen = (test.verdict, test.mode);
        assert_eq!(seen, (Verdict::Pass, Mode::Observed), "{:#?}", test.criteria);
        // Nobody began or ended a scenario: the calls themselves tell how long it took.
        let span = test.span.unwrap();
        assert!(test.attempts.is_empty() && span.started < span.finished, "{span:?}");
        let run = &results.run;
        assert!(run.started <= span.started && span.finished <= run.finished, "{span:?}");
    }
    assert_eq!(test_of(&results, "AT15").span, None, "it was not asked for");
    let junit = std::fs::read_to_string(folder.join("junit.xml")).unwrap();
    let suite = |id: &str| {
        let tag = junit.split("<testsuite ").find(|tag| tag.contains(&format!("name=\"{id} ")));
        let time = tag.and_then(|tag| tag.split(" time=\"").nth(1)?.split('"').next());
        time.unwrap().parse::<f64>().unwrap()
    };
    assert!(suite("AT4") > 0.0, "{junit}");
    assert_eq!(code, 0);
    assert_eq!(results.run.supplier, SupplierKind::Witnessed);
    assert_eq!(results.run.window, Some(1));
    let failed: Vec<_> =
        results.observer.iter().filter(|check| check.verdict == Verdict::Fail).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    for file in ["index.html", "junit.xml", "manifest.dsse.json", "environment.json"] {
        assert!(folder.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let sound = verified(&folder);
    assert_eq!(sound.code, 0, "{}{}", sound.stdout, sound.stderr);
}

#[test]
fn a_print_house_that_accepts_twice_fails_at3_by_the_letters() {
    let (double, out) = (Double::start(200, AuthMode::Jwt), tempfile::tempdir().unwrap());
    let profile = profile(out.path(), &double);
    let witness = Watching::start(out.path(), &["--upstream", &profile, "--only", "AT3"], &[]);
    let arguments = ["--only", "AT3", "--letters", "200", "--fault", "duplicate-accept"];
    let day = print_house(&double, &witness, &arguments);
    assert_eq!(day.code, 0, "{}\n{}", day.stdout, day.stderr);
    assert_eq!(witness.finished(), 1);
    let folder = run_folder(out.path());
    let results = results(&folder);
    let test = test_of(&results, "AT3");
    let doubled = test.criteria.iter().find(|one| one.id.as_str() == "AT3.5").unwrap();
    assert_eq!((test.verdict, doubled.verdict), (Verdict::Fail, Verdict::Fail));
    assert!(doubled.letters.len() > 1, "{doubled:#?}");
    let twice = results.observer.iter().find(|one| one.id.as_str() == "O-UPDATE-ONCE").unwrap();
    assert_eq!(twice.verdict, Verdict::Fail);
    assert_eq!(verified(&folder).code, 0);
}

#[test]
fn a_plain_client_works_too_and_what_it_does_not_read_back_the_witness_does() {
    let (double, out) = (Double::start(5, AuthMode::None), tempfile::tempdir().unwrap());
    let upstream = ["--upstream", "mock", "--base-url", double.server.base_url(), "--only", "AT4"];
    let witness = Watching::start(out.path(), &[&upstream[..], &["--read-back"]].concat(), &[]);
    let base = witness.url("base_url").to_owned();
    let list = call("GET", &format!("{base}/letters?limit=1000"), &api_headers(""), "");
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    let updates: Vec<serde_json::Value> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|letter| {
            serde_json::json!({ "type": "Letter", "id": letter["id"],
                "attributes": { "status": "ACCEPTED" } })
        })
        .collect();
    let body = serde_json::json!({ "data": updates }).to_string();
    assert_eq!(call("POST", &format!("{base}/letters"), &api_headers(""), &body).status, 202);
    let note = format!("{}mark", witness.url("ui"));
    assert_eq!(call("POST", &note, "", "text=no+system+reads+back+here").status, 200);
    let code = witness.finished();
    assert_eq!(code, 3, "the letters are fewer than the pack asks for");

    let bundle = Bundle::open(&run_folder(out.path())).unwrap();
    let exchanges = bundle.journal.recording.exchanges();
    let own = exchanges.iter().filter(|exchange| exchange.actor == Actor::Harness).count();
    assert!(own >= 5, "{own} read-backs");
    assert!(exchanges.iter().take(2).all(|exchange| exchange.actor == Actor::Supplier));
    let read = &test_of(&bundle.results, "AT4").criteria[2];
    assert_eq!((read.id.as_str(), read.verdict), ("AT4.3", Verdict::Pass), "{read:#?}");
    let marks = bundle.journal.recording.marks();
    assert!(marks.iter().any(|mark| mark.words() == "no system reads back here"));
}

#[test]
fn nothing_it_prints_serves_or_keeps_holds_a_secret() {
    let stub = Stub::start(|asked| {
        let said = match asked.path.as_str() {
            TOKEN => Said::token("canary-token-9b1f"),
            path if path.ends_with("/data") => {
                let host = header(&asked.head, "host").unwrap();
                let link = format!("http://{host}/files/L1?X-Amz-Signature=canary0f5e7d");
                Said::json("303 See Other", "").with_header("Location", &link)
            }
            path if path.starts_with("/files/") => {
                Said::new("200 OK", "application/pdf", "%PDF-1.4 Dear canary-patient")
            }
            _ => Said::json("200 OK", "{}"),
        };
        Some(said)
    });
    let out = tempfile::tempdir().unwrap();
    let upstream = ["--upstream", "mock", "--base-url", &stub.base_url(), "--only", "AT1"];
    let witness = Watching::start(out.path(), &upstream, &[("RUST_LOG", "trace")]);
    let base = witness.url("base_url").to_owned();
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let asked = "grant_type=client_credentials&client_assertion=canary.canary.canary";
    assert_eq!(call("POST", witness.url("token_url"), form, asked).status, 200);
    let headers = api_headers("Authorization: Bearer canary-token-9b1f\r\napikey: canary-key\r\n");
    let data = call("GET", &format!("{base}/letters/L1/data"), &headers, "");
    let letter = call("GET", &header(&data.head, "location").unwrap(), "", "");
    assert!(String::from_utf8_lossy(&letter.body).contains("canary-patient"), "it passes whole");
    let page = witness.url("ui").to_owned();
    for path in ["", "state.json", "finish"] {
        hides(&call("GET", &format!("{page}{path}"), "", "").body, path);
    }
    witness.finished();
    let mut files = vec![out.path().to_owned()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            seen += 1;
            hides(&std::fs::read(&path).unwrap(), &path.display().to_string());
        }
    }
    assert!(seen > 10, "{seen} files");
}

fn hides(text: &[u8], place: &str) {
    let text = String::from_utf8_lossy(text).to_lowercase();
    let found = text.lines().find(|line| line.contains("canary"));
    assert_eq!(found, None, "a secret shows in {place}");
}

#[test]
fn what_cannot_work_is_refused_before_anything_is_made() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("evidence").display().to_string();
    let production = "https://api.service.nhs.uk/nhs-notify-supplier";
    let mock = ["--upstream", "mock", "--base-url", "http://127.0.0.1:9/x"];
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("files.example:{}", other.local_addr().unwrap().port());
    for (arguments, reason) in [
        (vec!["--upstream", "mock", "--base-url", production], "production"),
        (vec!["--upstream", "prod-smoke"], "smoke test"),
        (vec!["--upstream", "mock"], "--base-url"),
        ([&mock[..], &["--ui", "0.0.0.0:9101"]].concat(), "loopback"),
        ([&mock[..], &["--inject", "404"]].concat(), "drop-response"),
        ([&mock[..], &["--listen", "203.0.113.1:9"]].concat(), "--listen"),
        ([&mock[..], &["--download-host", "http://files"]].concat(), "host name"),
        (
            [&mock[..], &["--listen", "127.0.0.1:0", "--download-host", &taken]].concat(),
            "--download-host",
        ),
        ([&mock[..], &["--waivers", "nowhere.toml"]].concat(), "nowhere.toml"),
        ([&mock[..], &["--host", "http://x"]].concat(), "host name"),
        ([&mock[..], &["--yes-storage", "*.amazonaws.com"]].concat(), "exact host"),
    ] {
        let ended = command(&["witness", "--out", &folder]).args(&arguments).ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(reason), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
        assert_eq!(folders(Path::new(&folder)), Vec::<String>::new(), "{arguments:?}");
    }
}

#[test]
fn links_to_documents_have_another_host_name_than_the_api_or_a_note_says_that_they_have_not() {
    let out = tempfile::tempdir().unwrap();
    let upstream = ["--upstream", "mock", "--base-url", "http://127.0.0.1:9/x", "--only", "AT1"];
    let named = [&upstream[..], &["--download-host", "files.example"]].concat();
    for (listen, arguments, links) in [
        ("127.0.0.1:0", &upstream[..], Some("http://localhost:")),
        ("0.0.0.0:0", &named, Some("http://files.example:")),
        ("0.0.0.0:0", &upstream, None),
    ] {
        let witness = Watching::at(listen, out.path(), arguments, &[]);
        let downloads = witness.ready["downloads"].as_str();
        match links {
            Some(links) => assert!(downloads.is_some_and(|url| url.starts_with(links)), "{links}"),
            None => assert_eq!(downloads, None),
        }
        let log = witness.log.clone();
        witness.finished();
        let noted = std::fs::read_to_string(log).unwrap().contains("--download-host");
        assert_eq!(noted, links.is_none());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_as_the_page_does() {
    let (double, out) = (Double::start(5, AuthMode::None), tempfile::tempdir().unwrap());
    let upstream = ["--upstream", "mock", "--base-url", double.server.base_url(), "--only", "AT1"];
    let witness = Watching::start(out.path(), &upstream, &[]);
    let base = witness.url("base_url").to_owned();
    for path in ["/_status", "/letters?limit=5"] {
        assert_eq!(call("GET", &format!("{base}{path}"), &api_headers(""), "").status, 200);
    }
    let id = witness.child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let log = witness.log.clone();
    let code = witness.ended();
    let results = results(&run_folder(out.path()));
    assert_eq!(test_of(&results, "AT1").criteria[1].verdict, Verdict::Pass);
    assert_eq!(code, i32::from(results.exit_code));
    let told = std::fs::read_to_string(log).unwrap();
    for part in ["live page: http://127.0.0.1:", "tests: ", "next, AT1: have your system ask"] {
        assert!(told.contains(part), "`{part}` is missing in {told}");
    }
}

#[test]
fn a_witness_begun_with_a_key_is_completed_with_that_key_or_not_in_silence() {
    let (double, out) = (Double::start(5, AuthMode::None), tempfile::tempdir().unwrap());
    let [(ours, public), (other, _)] =
        ["ours", "other"].map(|name| keys(&out.path().join(".keys").join(name)));
    let upstream = ["--upstream", "mock", "--base-url", double.server.base_url(), "--only", "AT1"];
    let killed = |name: &str, key: &[&str]| {
        let place = out.path().join(name);
        std::fs::create_dir_all(&place).unwrap();
        let mut witness = Watching::start(&place, &[&upstream[..], key].concat(), &[]);
        let url = format!("{}/_status", witness.url("base_url"));
        assert_eq!(call("GET", &url, &api_headers(""), "").status, 200);
        witness.child.kill().unwrap();
        witness.child.wait().unwrap();
        run_folder(&place)
    };
    let folder = killed("signed", &["--sign-key", text(&ours)]);
    let report =
        |folder: &Path, more: &[&str]| command(&["report", text(folder)]).args(more).ended();
    for (more, found) in [
        (&[][..], "no --sign-key is given"),
        (&["--sign-key", text(&other)], "--sign-key gives key"),
    ] {
        let ended = report(&folder, more);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert_eq!(ended.stderr.lines().count(), 1, "{}", ended.stderr);
        for words in ["was to be signed with key", found, "--drop-signature"] {
            assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
        }
        assert!(!folder.join("results.json").exists(), "nothing was written");
    }
    let ended = report(&folder, &["--sign-key", text(&ours)]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let whole = run_folder(folder.parent().unwrap());
    let signed = command(&["verify", text(&whole), "--key", text(&public)]).ended();
    assert_eq!(signed.code, 0, "{}", signed.stdout);

    let given_up = report(&killed("lost", &["--sign-key", text(&ours)]), &["--drop-signature"]);
    assert_eq!(given_up.code, 0, "{}", given_up.stderr);
    let unsigned = verified(&run_folder(&out.path().join("lost")));
    assert!(unsigned.code == 0 && unsigned.stdout.contains("unsigned"), "{}", unsigned.stdout);
    assert_eq!(report(&killed("without", &[]), &[]).code, 0, "it was begun without a key");
}
