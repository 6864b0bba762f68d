//! `letterproof mock` as its users meet it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Child;

use support::{command, letterproof, results, run_folder};

/// A double that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn started(arguments: &[&str]) -> (Running, serde_json::Value) {
    let (child, line) = command(&["mock", "--listen", "127.0.0.1:0"]).args(arguments).ready();
    let running = Running(child);
    (running, serde_json::from_str(&line).expect("one line of JSON"))
}

/// A request as any HTTP client would make it.
fn get(base_url: &str, path: &str) -> String {
    let rest = base_url.strip_prefix("http://").unwrap();
    let (host, prefix) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "GET /{prefix}{path} HTTP/1.1\r\nHost: {host}\r\nX-Request-ID: 5b1e2f50-8c1e-4b6e-9a55-\
         0f6f3c1d2e11\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn int_is_announced_in_one_line_and_answers_a_plain_client() {
    let (_mock, ready) = started(&["--auth", "none", "--letters", "12"]);
    let answer = get(ready["base_url"].as_str().unwrap(), "/letters?limit=5");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(answer.matches("\"PENDING\"").count(), 5, "{answer}");
}

#[test]
fn the_mix_is_that_of_int_with_its_own_number_of_letters_and_groups_of_the_supplier() {
    let (_mock, ready) = started(&["--auth", "none"]);
    let base = ready["base_url"].as_str().unwrap();
    let list = || get(base, "/letters?limit=2500").matches("\"type\":\"Letter\"").count();
    assert_eq!((list(), list()), (2_500, 10));
    let (_mock, ready) = started(&["--auth", "none", "--mix", "int", "--letters", "8"]);
    let answer = get(ready["base_url"].as_str().unwrap(), "/letters");
    for group in ["english", "accessible", "international", "error"] {
        assert!(answer.contains(&format!("group-{group}-supplier-1")), "{answer}");
    }
}

#[test]
fn the_sandbox_profile_answers_without_a_token() {
    let (_mock, ready) = started(&["--profile", "sandbox"]);
    let answer = get(ready["base_url"].as_str().unwrap(), "/letters?limit=3");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

/// The same with a body, to the API by which organisations send.
fn post(base_url: &str, path: &str, body: &str) -> String {
    let rest = base_url.strip_prefix("http://").unwrap();
    let (host, prefix) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /{prefix}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/vnd.api+json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn the_sandbox_of_the_sending_api_takes_a_message_and_tells_of_known_ones() {
    const MESSAGE: &str = r#"{"data":{"type":"Message","attributes":{
        "routingPlanId":"b838b13c-f98c-4def-93f0-515d4e4f4ee1","messageReference":"appointment-1",
        "recipient":{"nhsNumber":"9990548609"}}}}"#;
    let (_mock, ready) = started(&["--pack", "sender", "--profile", "sandbox"]);
    let base = ready["base_url"].as_str().unwrap();
    let answer = post(base, "/v1/messages", MESSAGE);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(answer.contains("\"messageReference\":\"appointment-1\""), "{answer}");
    // Links lead back to the mock, never to the real sandbox.
    assert!(answer.contains(&format!("\"self\":\"{base}/v1/messages/")), "{answer}");
    let answer = post(base, "/v1/messages", &MESSAGE.replace("9990548609", "9990548600"));
    assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("CM_INVALID_NHS_NUMBER"));
    let answer = get(base, "/v1/messages/2WL3qFTEFM0qMY8xjRbt1LIKCzM");
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("delivered"), "{answer}");
}

#[test]
fn what_the_mock_of_the_sending_api_does_not_have_is_refused() {
    for (options, said) in [
        (vec!["--layer", "backend"], "--pack sender"),
        (vec!["--pack", "sender"], "--profile sandbox"),
        (vec!["--pack", "sender", "--profile", "sandbox", "--letters", "3"], "--letters"),
        (vec!["--pack", "sender", "--profile", "sandbox", "--fault", "list-206"], "--fault"),
    ] {
        let done = command(&["mock"]).args(&options).ended();
        assert_eq!(done.code, 2, "{options:?}");
        assert!(done.stderr.contains(said), "{options:?}: {}", done.stderr);
    }
}

#[test]
fn a_run_passes_against_it_with_the_credentials_it_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let credentials = folder.path().join("credentials");
    let (_mock, ready) = started(&["--credentials", credentials.to_str().unwrap()]);
    let text = std::fs::read_to_string(credentials.join("credentials.env")).unwrap();
    #[cfg(unix)]
    for file in ["credentials.env", "private-key.pem"] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = credentials.join(file).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{file} is open to others");
    }
    let out = folder.path().join("out");
    let mut call = letterproof(&out).args([
        "--only",
        "AT1,AT7",
        "--base-url",
        ready["base_url"].as_str().unwrap(),
    ]);
    for line in text.lines() {
        let (name, value) = line.split_once('=').unwrap();
        call = call.env(name, value);
    }
    let ended = call.ended();
    assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(results(&run_folder(&out)).counts.pass, 2);
}

#[test]
fn the_catalogue_names_every_fault_with_what_must_notice_it() {
    let ended = command(&["mock", "--fault", "list"]).ended();
    assert_eq!(ended.code, 0);
    assert!(ended.stdout.lines().any(|line| line.starts_with("lose-update")));
    assert!(ended.stdout.matches("noticed by: ").count() >= 60);
    assert!(!ended.stdout.contains("noticed by: \n"), "a fault that nothing notices");
}

#[test]
fn what_cannot_be_served_ends_with_2_and_one_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let seeds = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(seeds.path(), "this is not a seed file").unwrap();
    let seed_file = seeds.path().to_str().unwrap();
    for (arguments, word) in [
        (["--listen", &address], &*address),
        (["--fault", "no-such-fault"], "no-such-fault"),
        (["--seeds", seed_file], seed_file),
        (["--seeds", "no-such-file"], "no-such-file"),
        (["--auth", "secret-but-malformed"], "--auth takes"),
        (["--admin", "192.0.2.1:1"], "192.0.2.1:1"),
        (["--limiter", "guess"], "guess"),
        (["--apply-delay", "soon"], "soon"),
        (["--letters", "0"], "0"),
        (["--mix", "real"], "expected int or varied"),
        (["--queue-lag", "soon"], "soon"),
    ] {
        let ended = command(&["mock"]).args(arguments).ended();
        assert_eq!(ended.code, 2, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(word), "{arguments:?}: {}", ended.stderr);
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
    let ended = command(&["mock", "--auth", "secret-but-malformed"]).ended();
    assert!(!ended.stderr.contains("secret-but"), "a value that may be a token is not repeated");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_cleanly() {
    let (mut mock, _) = started(&["--auth", "none", "--letters", "1"]);
    let pid = mock.0.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(mock.0.wait().unwrap().code(), Some(0));
}
