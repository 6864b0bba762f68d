//! Broken and hostile clients are answered or closed, and the mock goes on serving.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::time::Duration;

use letterproof_mock::{Limits, MockConfig, MockServer};
use letterproof_testing::frames;
use support::{Caller, quick};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

fn limits() -> Limits {
    Limits {
        header_timeout: Duration::from_millis(300),
        body_timeout: Duration::from_millis(300),
        write_timeout: Duration::from_millis(300),
        ..Limits::default()
    }
}

async fn started(limits: Limits) -> (MockServer, Caller, String) {
    let server = MockServer::start(MockConfig { limits, ..quick() }).await.unwrap();
    let caller = Caller::of(&server);
    let address = caller.base.split('/').nth(2).unwrap().to_owned();
    (server, caller, address)
}

/// Sends bytes and reads until the mock closes, at most some seconds. What could not be sent
/// because the mock had closed already is no matter.
async fn talk(address: &str, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for piece in pieces {
        if stream.write_all(piece).await.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let ended = tokio::time::timeout(Duration::from_secs(8), read).await;
    assert!(ended.is_ok(), "the connection stayed open: {}", String::from_utf8_lossy(&answer));
    String::from_utf8_lossy(&answer).into_owned()
}

/// It still serves.
async fn assert_alive(caller: &Caller) {
    assert_eq!(caller.get("/letters?limit=1").await.status(), 200);
}

const PATCH: &str =
    "PATCH /letters/a HTTP/1.1\r\nhost: x\r\nx-request-id: r\r\nconnection: close\r\n";

#[tokio::test]
async fn an_oversized_body_is_refused_before_it_is_read() {
    let (server, caller, address) = started(limits()).await;
    let head = format!("{PATCH}content-length: 3000000000\r\n\r\n");
    let answer = talk(&address, &[head.as_bytes()]).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_alive(&caller).await;

    // Without an announced length it is refused once it is too long.
    let head = format!("{PATCH}transfer-encoding: chunked\r\n\r\n");
    let chunk = [b"100000\r\n", vec![b' '; 0x10_0000].as_slice(), b"\r\n"].concat();
    let answer = talk(&address, &[head.as_bytes(), &chunk, &chunk, &chunk, &chunk]).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert_alive(&caller).await;
    server.shutdown().await;
}

#[tokio::test]
async fn all_bodies_together_take_no_more_than_their_budget() {
    let limits = Limits { bodies_in_flight: 1_000, ..limits() };
    let (server, caller, _) = started(limits).await;
    let long = format!("{{\"data\":\"{}\"}}", "x".repeat(2_000));
    let reply = caller.send(reqwest::Method::PATCH, "/letters/a", long).await;
    assert_eq!(reply.status(), 503);
    for _ in 0..5 {
        // What was taken is given back: short bodies go on being served.
        let reply = caller.send(reqwest::Method::PATCH, "/letters/a", "x".repeat(900)).await;
        assert_eq!(reply.status(), 400);
    }
    server.shutdown().await;
}

#[tokio::test]
async fn deep_json_and_invalid_utf_8_are_refused() {
    let (server, caller, _) = started(limits()).await;
    for (path, method) in [("/letters/a", "PATCH"), ("/letters", "POST"), ("/mi", "POST")] {
        for body in [
            "[".repeat(1_000_000).into_bytes(),
            format!("{}{}", "{\"data\":".repeat(20_000), "}".repeat(20_000)).into_bytes(),
            b"{\"data\":\"\xff\xfe\"}".to_vec(),
            vec![0; 5_000],
        ] {
            let method: reqwest::Method = method.parse().unwrap();
            let reply = caller.request(method, path).body(body).send().await.unwrap();
            assert_eq!(reply.status(), 400, "{path}");
        }
    }
    assert_alive(&caller).await;
    server.shutdown().await;
}

#[tokio::test]
async fn thousands_of_headers_and_endless_ones_are_refused() {
    let (server, caller, address) = started(limits()).await;
    let many: String = (0..5_000).map(|n| format!("x-{n}: y\r\n")).collect();
    let long = format!("x-long: {}\r\n", "y".repeat(5_000_000));
    for headers in [many, long] {
        let request = format!("GET /letters HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let answer = talk(&address, &[request.as_bytes()]).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert_alive(&caller).await;
    }
    server.shutdown().await;
}

#[tokio::test]
async fn what_is_no_http_is_refused() {
    let (server, caller, address) = started(limits()).await;
    for garbage in [
        &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"PATCH /letters/a HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST /mi HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ] {
        let answer = talk(&address, &[garbage]).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert_alive(&caller).await;
    server.shutdown().await;
}

#[tokio::test]
async fn slow_and_silent_clients_are_closed() {
    let (server, caller, address) = started(limits()).await;
    // Half-open: nothing is ever sent, or the headers never end.
    assert_eq!(talk(&address, &[]).await, "");
    let answer = talk(&address, &[b"GET /letters HTTP/1.1\r\nhost: x\r\n"]).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // The body never ends.
    let head = format!("{PATCH}content-length: 100\r\n\r\n{{");
    let answer = talk(&address, &[head.as_bytes()]).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_alive(&caller).await;
    server.shutdown().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_closed_and_holds_nobody_up() {
    let limits = Limits { connections: 2, ..limits() };
    let config =
        MockConfig { limits, visibility_timeout: Duration::ZERO, letters: 2_500, ..quick() };
    let server = MockServer::start(config).await.unwrap();
    let caller = Caller::of(&server);
    let address = caller.base.split('/').nth(2).unwrap().to_owned();
    let request = "GET /letters HTTP/1.1\r\nhost: x\r\nx-request-id: r\r\n\r\n".repeat(200);
    let mut deaf = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        deaf.push(stream);
    }
    // Both places are taken until the mock gives up on them.
    assert_alive(&caller).await;
    server.shutdown().await;
}

/// A small generator of numbers, the same ones in every run.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[tokio::test]
async fn mangled_requests_never_end_the_double() {
    let (server, caller, address) = started(limits()).await;
    let body = r#"{"data":[{"id":"a","type":"Letter","attributes":{"status":"ACCEPTED"}}]}"#;
    let right = format!(
        "POST /letters HTTP/1.1\r\nhost: x\r\nx-request-id: r\r\nconnection: close\r\n\
         content-type: application/vnd.api+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let mut state = 0x9E37_79B9_7F4A_7C15;
    let mut mangled = Vec::new();
    for _ in 0..400 {
        let mut bytes = right.clone().into_bytes();
        for _ in 0..=random(&mut state) % 4 {
            let at = random(&mut state) as usize % bytes.len();
            bytes[at] = random(&mut state) as u8;
        }
        bytes.truncate(bytes.len() - random(&mut state) as usize % 3);
        mangled.push(bytes);
    }
    // Many at a time: some wait for the rest of a request until the mock gives up on them.
    for some in mangled.chunks(100) {
        let mut running = tokio::task::JoinSet::new();
        for bytes in some {
            let (bytes, address) = (bytes.clone(), address.clone());
            running.spawn(async move { talk(&address, &[&bytes]).await });
        }
        for answer in running.join_all().await {
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 "), "{answer}");
            assert!(!answer.starts_with("HTTP/1.1 5") || answer.starts_with("HTTP/1.1 500"));
        }
    }
    assert_alive(&caller).await;
    server.shutdown().await;
}

/// A mock speaks HTTP/1.1 alone, at each of its doors: HTTP/2 is refused, whatever it brings.
#[tokio::test]
async fn http_2_is_no_request_at_any_door() {
    let config =
        MockConfig { limits: limits(), admin: Some("127.0.0.1:0".parse().unwrap()), ..quick() };
    let server = MockServer::start(config).await.unwrap();
    let caller = Caller::of(&server);
    let before = server.requests().total;
    let doors =
        [&caller.base, server.admin_url().unwrap()].map(|url| url.split('/').nth(2).unwrap());
    for door in doors {
        let path =
            [(":method", "POST"), (":scheme", "http"), (":authority", door), (":path", "/reset")];
        let asked = frames::headers(1, frames::END_STREAM, &path);
        let reset = frames::frame(frames::kind::RST_STREAM, 0, 1, &[0, 0, 0, 8]);
        let flood = frames::settings(&[(1, u32::MAX), (4, 0)]).repeat(1_000);
        for rest in [asked.clone(), [asked, reset].concat().repeat(200), flood, Vec::new()] {
            let answer = talk(door, &[frames::PREFACE, &rest]).await;
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{answer}");
            assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
        }
        let upgrade = format!(
            "GET /state HTTP/1.1\r\nhost: {door}\r\nconnection: upgrade, http2-settings, close\r\n\
             upgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
        );
        let answer = talk(door, &[upgrade.as_bytes()]).await;
        assert!(answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.1 101"), "{answer}");
    }
    assert!(server.requests().total <= before + 1, "only what came as HTTP/1.1 is a request");
    assert_alive(&caller).await;
    server.shutdown().await;

    let server = MockServer::start(MockConfig { tls: true, ..quick() }).await.unwrap();
    let root =
        reqwest::Certificate::from_pem(server.certificate_pem().unwrap().as_bytes()).unwrap();
    let client = || reqwest::Client::builder().no_proxy().tls_certs_only([root.clone()]);
    let url = format!("{}/_status", server.base_url());
    let two = client().http2_prior_knowledge().build().unwrap();
    assert!(two.get(&url).send().await.is_err(), "HTTP/2 is not offered over TLS either");
    let one = client().build().unwrap().get(&url).send().await.unwrap();
    assert_eq!(one.version(), reqwest::Version::HTTP_11);
    server.shutdown().await;
}
