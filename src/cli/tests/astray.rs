//! An API whose links lead elsewhere: whatever the command, nothing arrives there, and the user is
//! told once where they led and what to write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod stub;
mod support;

use std::path::Path;

use letterproof_mock::AuthMode;
use stub::{Asked, Said, Stub};
use support::watched::{Double, Watching, api_headers, call, header};
use support::{Ended, command, folders, letterproof};

/// The mock, but for the links: they lead to `host`, a scheme with a name and perhaps a port.
fn leading_to(double: &Double, host: &str) -> Stub {
    let (mock, host) = (double.server.base_url().to_owned(), host.to_owned());
    Stub::start(move |asked| Some(passed_on(&mock, &host, asked)))
}

fn passed_on(mock: &str, host: &str, asked: &Asked) -> Said {
    let root = mock.strip_suffix("/nhs-notify-supplier").unwrap();
    let kept = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
        !["host", "connection", "content-length"].contains(&name.as_str())
    };
    let headers: String =
        asked.head.lines().filter(kept).map(|line| format!("{line}\r\n")).collect();
    let answer = call(&asked.method, &format!("{root}{}", asked.path), &headers, &asked.body);
    let status = match answer.status {
        200 => "200 OK",
        201 => "201 Created",
        202 => "202 Accepted",
        303 => "303 See Other",
        400 => "400 Bad Request",
        404 => "404 Not Found",
        other => panic!("{other} {}", asked.path),
    };
    let kind = header(&answer.head, "content-type").unwrap_or_default();
    let said = Said::new(status, &kind, answer.body).with_header("X-Letterproof-Mock", "true");
    match header(&answer.head, "location") {
        Some(link) => {
            let path = link.splitn(4, '/').nth(3).unwrap();
            said.with_header("Location", &format!("{host}/{path}"))
        }
        None => said,
    }
}

/// A server that nothing may ask anything of.
fn trap() -> Stub {
    Stub::start(|_| Some(Said::json("200 OK", "{}")))
}

/// Where links lead that nobody stated, and words of what the user is told.
fn elsewhere(trap: &Stub) -> Vec<(String, String)> {
    let port = trap.address().port();
    vec![
        (
            format!("http://127.0.0.1:{port}"),
            format!("write `storage_hosts = [\"127.0.0.1:{port}\"]`"),
        ),
        ("https://api.service.nhs.uk".to_owned(), "api.service.nhs.uk is production".to_owned()),
        ("http://169.254.169.254".to_owned(), "a machine's credentials".to_owned()),
        ("https://10.0.0.1".to_owned(), "10.0.0.1, a private address".to_owned()),
        (
            "https://bucket.s3.eu-west-2.amazonaws.com".to_owned(),
            "give --yes-storage bucket.s3.eu-west-2.amazonaws.com".to_owned(),
        ),
    ]
}

/// Told once, with exit code 2.
fn refused(ended: &Ended, words: &str) {
    assert_eq!(ended.code, 2, "{words}: {}\n{}", ended.stdout, ended.stderr);
    let told = ended.stderr.lines().filter(|line| line.contains(words)).count();
    assert_eq!(told, 1, "{words}: {}", ended.stderr);
}

#[test]
fn a_run_sends_nothing_where_links_lead_that_nobody_stated() {
    let trap = trap();
    for (host, words) in elsewhere(&trap) {
        let double = Double::start(30, AuthMode::None);
        let api = leading_to(&double, &host);
        let out = tempfile::tempdir().unwrap();
        let ended = letterproof(out.path())
            .args(["--target", "mock", "--base-url", &api.base_url(), "--only", "AT7"])
            .args(["--suite", "acceptance", "--yes"])
            .ended();
        refused(&ended, &words);
        assert!(ended.stderr.contains("--resume"), "{}", ended.stderr);
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}

#[test]
fn a_load_sends_nothing_where_links_lead_that_nobody_stated() {
    let trap = trap();
    let out = tempfile::tempdir().unwrap();
    let profile = out.path().join("links.toml");
    let text = "name = \"links\"\nabout = \"links\"\nshape = \"steady\"\nrate = 20\nduration = \"2s\"\n\
                letters = 5\ndownload = true\n[mix]\ndata = 1\n";
    std::fs::write(&profile, text).unwrap();
    for (host, words) in elsewhere(&trap).into_iter().take(2) {
        let double = Double::start(30, AuthMode::None);
        let api = leading_to(&double, &host);
        let evidence = out.path().join("evidence").display().to_string();
        let ended = command(&["load", &profile.display().to_string()])
            .args(["--target", "mock", "--base-url", &api.base_url(), "--yes", "--out", &evidence])
            .ended();
        refused(&ended, &words);
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}

#[test]
fn a_sample_supplier_sends_nothing_where_links_lead_that_nobody_stated() {
    let trap = trap();
    for (host, words) in elsewhere(&trap).into_iter().take(2) {
        for habit in ["follow-redirects", "post-only"] {
            let double = Double::start(30, AuthMode::None);
            let api = leading_to(&double, &host);
            let ended = command(&["supplier", "--base-url", &api.base_url(), "--only", "AT4"])
                .args(["--letters", "30", "--visibility-timeout", "1s", "--habit", habit])
                .ended();
            assert_eq!(ended.code, 4, "{}\n{}", ended.stdout, ended.stderr);
            assert!(ended.stdout.contains(&words), "{words}: {}", ended.stdout);
        }
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}

#[test]
fn a_witness_passes_nothing_on_to_where_links_lead_that_nobody_stated() {
    let (trap, out) = (trap(), tempfile::tempdir().unwrap());
    for (host, words) in elsewhere(&trap).into_iter().take(2) {
        let double = Double::start(5, AuthMode::None);
        let api = leading_to(&double, &host);
        let upstream = ["--upstream", "mock", "--base-url", &api.base_url(), "--only", "AT1"];
        let witness = Watching::start(out.path(), &upstream, &[]);
        let base = witness.url("base_url").to_owned();
        let list = call("GET", &format!("{base}/letters?limit=1"), &api_headers(""), "");
        let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
        let id = list["data"][0]["id"].as_str().unwrap();
        let data = call("GET", &format!("{base}/letters/{id}/data"), &api_headers(""), "");
        let link = header(&data.head, "location").unwrap();
        assert_eq!(call("GET", &link, "", "").status, 502);
        let log = witness.log.clone();
        witness.finished();
        let log = std::fs::read_to_string(log).unwrap();
        assert!(log.contains(&words) || double_told(out.path(), &words), "{words}: {log}");
    }
    assert!(trap.asked().is_empty(), "{:?}", trap.asked());
}

/// Whether the journal of any run says so.
fn double_told(out: &Path, words: &str) -> bool {
    let escaped = words.replace('"', "\\\"");
    folders(out).iter().any(|name| {
        let journal = out.join(name).join("journal").join("exchanges.jsonl");
        std::fs::read_to_string(journal).is_ok_and(|text| text.contains(&escaped))
    })
}

#[test]
fn a_storage_that_was_agreed_to_beforehand_is_followed() {
    let double = Double::start(30, AuthMode::None);
    let api = leading_to(&double, &double.server.base_url().replace("/nhs-notify-supplier", ""));
    let storage = double.server.base_url().replace("http://", "");
    let storage = storage.split('/').next().unwrap();
    let out = tempfile::tempdir().unwrap();
    let ended = letterproof(out.path())
        .args(["--target", "mock", "--base-url", &api.base_url(), "--only", "AT1"])
        .args(["--suite", "acceptance", "--yes", "--yes-storage", storage])
        .ended();
    assert_ne!(ended.code, 2, "{}", ended.stderr);
    let folder = support::run_folder(out.path());
    let environment = std::fs::read_to_string(folder.join("environment.json")).unwrap();
    assert!(
        environment.contains("storage_hosts") && environment.contains(storage),
        "{environment}"
    );
}

#[test]
fn a_storage_host_that_is_none_is_refused_with_what_to_write() {
    for (host, words) in [
        ("*.amazonaws.com", "every customer of a provider"),
        ("https://files.example.org/x", "exact host"),
        ("api.service.nhs.uk", "production"),
        ("169.254.169.254", "credentials"),
    ] {
        for words_of in [&["run"][..], &["load", "steady"], &["supplier", "--base-url", "http://x"]]
        {
            let ended = command(words_of).args(["--yes-storage", host]).ended();
            assert_eq!(ended.code, 2, "{host}: {}", ended.stderr);
            assert!(ended.stderr.contains(words), "{host}: {}", ended.stderr);
        }
    }
}

#[test]
fn a_witness_away_from_this_machine_must_know_where_documents_are() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("evidence").display().to_string();
    let profile = out.path().join("ours.toml");
    std::fs::write(
        &profile,
        "extends = \"int\"\nbase_url = \"https://int.example.test/api\"\n[auth]\nmethod = \"none\"\n",
    )
    .unwrap();
    let ended = command(&["witness", "--out", &folder, "--upstream"]).args([&profile]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    for words in ["storage_hosts = [\"HOST\"]", "--yes-storage", "letterproof doctor"] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    let plain = ["--upstream", "mock", "--base-url", "http://int.example.test/api"];
    let ended = command(&["witness", "--out", &folder]).args(plain).ended();
    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert_eq!(folders(Path::new(&folder)), Vec::<String>::new());
}
