//! Broken and hostile peers on either side: answered properly or closed, recorded where there was
//! a request, and after each the witness still passes a good request on.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::time::Duration;

use letterproof_mock::{Fault, MockConfig, MockServer};
use letterproof_model::TransportErrorKind;
use support::{Scripted, Watched, hear, quick, split, talk, upstream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

async fn before_double() -> (MockServer, Watched) {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    (api, watched)
}

/// It lives on: a good request on a connection of its own is answered and recorded.
async fn lives_on(watched: &Watched) {
    let before = watched.witness.counts().recorded;
    assert_eq!(watched.get("/_status").await.status(), 200);
    watched.recorded(usize::try_from(before).unwrap() + 1).await;
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("closed")
}

#[tokio::test]
async fn what_is_no_http_is_refused_and_noted() {
    let (api, watched) = before_double().await;
    for bytes in [
        "\u{1}\u{2}\u{3} nonsense\r\n\r\n",
        "GET /_status HTTP/9.9\r\nHost: h\r\n\r\n",
        "GET  /two  spaces HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /_status HTTP/1.1\r\nHost: h\r\nNo colon here\r\n\r\n",
        "GET /_status HTTP/1.1\r\nHost: h\r\nSpaced : x\r\n\r\n",
        "GET /_status HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n",
        "GET /_status HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n",
    ] {
        let answer = talk(&watched.address(), bytes).await;
        assert!(matches!(status(&answer), "400" | "closed"), "{bytes:?}: {answer}");
    }
    // A binary greeting, as a TLS client sends it to a plain port.
    let answer = talk(&watched.address(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").await;
    assert!(matches!(status(&answer), "400" | "closed"), "{answer}");
    watched.noted("not an HTTP request").await;
    assert_eq!(api.requests().total, 0);
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn it_is_no_forward_proxy() {
    let (api, watched) = before_double().await;
    for (request, expected) in [
        ("CONNECT int.example:443 HTTP/1.1\r\nHost: int.example:443\r\n\r\n", "405"),
        ("GET http://int.example/x HTTP/1.1\r\nHost: int.example\r\n\r\n", "421"),
        ("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "400"),
        ("GET /_download/AAAA/latest/meta-data HTTP/1.1\r\nHost: h\r\n\r\n", "404"),
        ("GET /nhs-notify-supplier/_status HTTP/1.1\r\n\r\n", "400"),
        ("GET /nhs-notify-supplier/_status HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ] {
        let answer = talk(&watched.address(), request).await;
        assert_eq!(status(&answer), expected, "{request:?}: {answer}");
        assert!(answer.contains("letterproof witness: "), "{answer}");
    }
    assert_eq!(api.requests().total, 0);
    watched.noted("CONNECT").await;
    watched.noted("not a forward proxy").await;
    // Absolute-form that names this very witness is a request like any other (RFC 9112, 3.2.2).
    let base = watched.witness.base_url();
    let request = format!("GET {base}/_status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(status(&talk(&watched.address(), request).await), "200");
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn requests_cannot_be_smuggled() {
    const SMUGGLED: &str = "DELETE /api/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let heads = [
        // Two lengths that differ, in two fields and in one.
        "Content-Length: 0\r\nContent-Length: 43\r\n\r\n",
        "Content-Length: 0, 43\r\n\r\n",
        "Content-Length: +43\r\n\r\n",
        "Content-Length: 0x2b\r\n\r\n",
        "Content-Length: -1\r\n\r\n",
        // A length and chunks; the chunks end before what is to be smuggled.
        "Content-Length: 48\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        // A coding that one side reads as chunked and the other does not.
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // Chunks that are no chunks.
        "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n\r\n",
    ];
    for head in heads {
        let api = Scripted::answering(ok, 0).await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        let request = format!("POST /api/letters HTTP/1.1\r\nHost: h\r\n{head}{SMUGGLED}");
        let answer = talk(&watched.address(), request).await;
        let answers = answer.matches("HTTP/1.1 ").count();
        let seen = api.seen();
        // The API never takes the rest for a request of its own within the one before it; where a
        // length and chunks stood together, the connection ends with the first answer.
        assert!(answers <= 1, "{head:?}: {answer}");
        for request in &seen {
            assert!(!request.contains("smuggled"), "{head:?}: {request}");
            let both = request.to_ascii_lowercase();
            let both = both.contains("content-length") && both.contains("transfer-encoding");
            assert!(!both, "{head:?}: {request}");
        }
        assert!(seen.len() <= 1, "{head:?}: {seen:?}");
        if seen.is_empty() {
            assert!(matches!(status(&answer), "400" | "502" | "closed"), "{head:?}: {answer}");
        }
        assert_eq!(watched.get("/letters").await.status(), 200, "{head:?}: it lives on");
    }
    // The same length said twice is one length.
    let api = Scripted::answering(ok, 3).await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let request = "POST /api/letters HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\
                   Content-Length: 3\r\nConnection: close\r\n\r\nabc";
    assert_eq!(status(&talk(&watched.address(), request).await), "200");
    assert_eq!(api.seen()[0].to_ascii_lowercase().matches("content-length").count(), 1);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_with_413_and_recorded() {
    let (api, watched) = before_double().await;
    let announced = "POST /nhs-notify-supplier/letters HTTP/1.1\r\nHost: h\r\n\
                     Content-Length: 99999999\r\n\r\n";
    assert_eq!(status(&talk(&watched.address(), announced).await), "413");
    let mut stream = TcpStream::connect(watched.address()).await.unwrap();
    let head = "POST /nhs-notify-supplier/letters HTTP/1.1\r\nHost: h\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..5 {
        let chunk = format!("4000\r\n{}\r\n", "x".repeat(0x4000));
        // The witness may have closed its side by now.
        let _ = stream.write_all(chunk.as_bytes()).await;
    }
    assert_eq!(status(&hear(&mut stream).await), "413");
    let exchanges = watched.recorded(2).await;
    for exchange in &exchanges {
        let error = exchange.error().unwrap();
        assert_eq!(error.kind, TransportErrorKind::Body);
        assert!(error.message.contains("answered 413 itself"), "{}", error.message);
    }
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn header_fields_beyond_the_limits_are_refused_with_431() {
    let (api, watched) = before_double().await;
    let long = format!(
        "GET /nhs-notify-supplier/_status HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n",
        "y".repeat(40 * 1024)
    );
    let many = format!(
        "GET /nhs-notify-supplier/_status HTTP/1.1\r\nHost: h\r\n{}\r\n",
        "X: y\r\n".repeat(200)
    );
    for request in [long, many] {
        assert_eq!(status(&talk(&watched.address(), request).await), "431");
    }
    watched.noted("beyond the limit").await;
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn an_api_that_is_down_is_a_502_and_on_record() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let watched = Watched::of(upstream(&format!("http://{gone}/api"), None), |_| {}).await;
    let answer = watched.get("/letters").await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("the API gave no answer"));
    let error = watched.recorded(1).await[0].error().cloned().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Connect);
    // It comes back on the same address, and the witness with it.
    let listener = TcpListener::bind(gone).await.unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 1_024];
        let _ = stream.read(&mut request).await;
        let ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(ok).await.unwrap();
    });
    assert_eq!(watched.get("/letters").await.status(), 200);
}

#[tokio::test]
async fn an_api_that_answers_nonsense_is_a_502_and_on_record() {
    for (answer, kind) in [
        ("\u{7}\u{7}\u{7}\r\n\r\n", TransportErrorKind::Protocol),
        ("HTTP/1.1 2000 Too much\r\n\r\n", TransportErrorKind::Protocol),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
            TransportErrorKind::Protocol,
        ),
        ("HTTP/1.1 200 OK\r\nX: y\r\n", TransportErrorKind::Reset),
        ("", TransportErrorKind::Reset),
    ] {
        let api = Scripted::answering(answer, 0).await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        assert_eq!(watched.get("/letters").await.status(), 502, "{answer:?}");
        let error = watched.recorded(1).await[0].error().cloned().unwrap();
        assert_eq!(error.kind, kind, "{answer:?}: {}", error.message);
        assert_eq!(watched.get("/letters").await.status(), 502, "it lives on");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_breaks_off_for_the_supplier_too() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf of it",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n",
    ] {
        let api = Scripted::answering(answer, 0).await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        let received = watched.get("/letters").await;
        assert_eq!(received.status(), 200);
        assert!(received.bytes().await.is_err(), "{answer:?}");
        let error = watched.recorded(1).await[0].error().cloned().unwrap();
        assert_eq!((error.kind, error.status), (TransportErrorKind::Body, Some(200)));
        assert!(error.received > 0);
    }
}

#[tokio::test]
async fn an_api_that_falls_silent_is_given_up() {
    let api = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api", api.local_addr().unwrap());
    let silent = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = api.accept().await {
            held.push(stream);
        }
    });
    let watched = Watched::of(upstream(&base, None), |config| {
        config.limits.answer_timeout = Duration::from_millis(300);
    })
    .await;
    assert_eq!(watched.get("/letters").await.status(), 504);
    let error = watched.recorded(1).await[0].error().cloned().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Timeout);
    assert_eq!(watched.get("/letters").await.status(), 504, "it lives on");
    silent.abort();

    // Silence within a body.
    let double = MockServer::start(MockConfig {
        faults: vec![Fault::parse("hang-body").unwrap()],
        ..quick()
    });
    let double = double.await.unwrap();
    let watched = Watched::before(&double).await;
    let received = watched.get("/letters?limit=5").await;
    assert!(received.bytes().await.is_err());
    let error = watched.recorded(1).await[0].error().cloned().unwrap();
    assert_eq!((error.kind, error.status), (TransportErrorKind::Timeout, Some(200)));
    double.arm(Vec::new());
    lives_on(&watched).await;
    double.shutdown().await;
}

#[tokio::test]
async fn a_supplier_that_vanishes_within_a_download_is_on_record_with_what_it_got() {
    let config = MockConfig {
        seeds: letterproof_mock::SeedPlan { pdf_bytes: 8_000_000, ..quick().seeds },
        letters: 2,
        ..quick()
    };
    let api = MockServer::start(config).await.unwrap();
    let watched = Watched::before(&api).await;
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let (authority, path) = split(&link);
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut some = vec![0; 10_000];
    stream.read_exact(&mut some).await.unwrap();
    drop(stream);
    let exchanges = watched.recorded(3).await;
    let error = exchanges[2].error().unwrap();
    assert_eq!((error.kind, error.status), (TransportErrorKind::Body, Some(200)));
    assert!(error.received > 0 && error.received < 8_000_000, "{}", error.received);
    assert!(exchanges[2].request.url.contains("/storage/"));
    lives_on(&watched).await;
    assert_eq!(watched.witness.counts().in_flight, 0);
    api.shutdown().await;
}

#[tokio::test]
async fn a_supplier_that_vanishes_before_the_answer_is_on_record() {
    let config = MockConfig { latency: Duration::from_millis(400), ..quick() };
    let api = MockServer::start(config).await.unwrap();
    let watched = Watched::before(&api).await;
    let mut stream = TcpStream::connect(watched.address()).await.unwrap();
    let request = "GET /nhs-notify-supplier/letters HTTP/1.1\r\nHost: h\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    drop(stream);
    let exchanges = watched.recorded(1).await;
    assert_eq!(exchanges[0].error().unwrap().kind, TransportErrorKind::Interrupted);
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn slow_suppliers_are_not_waited_for_without_end() {
    let (api, watched) = before_double().await;
    // Nothing, the beginning of HTTP/2, half a request, half a body.
    for (bytes, part) in [
        ("", "no whole request"),
        ("PRI * HT", "no whole request"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "no whole request"),
        ("GET /nhs-notify-supplier/_status HTTP/1.1\r\nHost: h\r\nX", ""),
    ] {
        let mut stream = TcpStream::connect(watched.address()).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        let closed = async { while stream.read(&mut [0; 256]).await.is_ok_and(|n| n > 0) {} };
        let closed = tokio::time::timeout(Duration::from_secs(5), closed).await;
        assert!(closed.is_ok(), "{bytes:?} holds its connection");
        watched.noted(part).await;
    }
    let half =
        "POST /nhs-notify-supplier/letters HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n{";
    assert_eq!(status(&talk(&watched.address(), half).await), "408");
    let error = watched.recorded(1).await[0].error().cloned().unwrap();
    assert_eq!(error.kind, TransportErrorKind::Timeout);
    lives_on(&watched).await;
    api.shutdown().await;
}

#[tokio::test]
async fn a_supplier_that_does_not_read_is_cut_off() {
    let config = MockConfig {
        seeds: letterproof_mock::SeedPlan { pdf_bytes: 16_000_000, ..quick().seeds },
        letters: 1,
        ..quick()
    };
    let api = MockServer::start(config).await.unwrap();
    let up = upstream(api.base_url(), None);
    let watched = Watched::of(up, |config| {
        config.limits.write_timeout = Duration::from_millis(300);
    })
    .await;
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let (authority, path) = split(&link);
    let mut stream = TcpStream::connect(authority).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let exchanges = watched.recorded(3).await;
    assert_eq!(exchanges[2].error().unwrap().kind, TransportErrorKind::Body);
    lives_on(&watched).await;
    drop(stream);
    api.shutdown().await;
}

#[tokio::test]
async fn a_connection_kept_open_for_nothing_after_use_is_no_refusal() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let mut stream = TcpStream::connect(watched.address()).await.unwrap();
    let path = watched.witness.base_url().splitn(4, '/').nth(3).unwrap().to_owned();
    let host = watched.address();
    let request =
        format!("GET /{path}/_status HTTP/1.1\r\nHost: {host}\r\nX-Request-ID: 1\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    // Until the witness closes it, once the time for another request is over.
    let answer = hear(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!((watched.witness.counts().refused, watched.journal.notes().len()), (0, 0));
}
