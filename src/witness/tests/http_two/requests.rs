//! What HTTP/2 can say and HTTP/1.1 cannot, or says otherwise: it never becomes another request.

use letterproof_model::TransportErrorKind;
use letterproof_testing::frames::{self, END_STREAM, kind};

use crate::support::{Watched, upstream};
use crate::{Keeping, Two, lives_on, request};

/// What no honest client sends.
const SMUGGLED: &str = "DELETE /api/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";

type Fields = Vec<(&'static str, String)>;

/// An honest request with its fields changed.
fn changed(own: &str, change: impl FnOnce(&mut Fields)) -> Fields {
    let mut fields = vec![
        (":method", "GET".to_owned()),
        (":scheme", "http".to_owned()),
        (":authority", own.to_owned()),
        (":path", "/api/letters".to_owned()),
    ];
    change(&mut fields);
    fields
}

fn with(own: &str, name: &'static str, value: impl Into<String>) -> Fields {
    changed(own, |fields| fields.push((name, value.into())))
}

/// One of the first four fields said otherwise.
fn said(own: &str, at: usize, value: impl Into<String>) -> Fields {
    changed(own, |fields| fields[at].1 = value.into())
}

fn without(own: &str, at: usize) -> Fields {
    changed(own, |fields| drop(fields.remove(at)))
}

/// Requests that must reach nobody.
fn hostile(own: &str) -> Vec<Fields> {
    vec![
        // Pseudo fields twice, unknown, of an answer, behind others, or missing.
        with(own, ":path", "/api/smuggled"),
        with(own, ":method", "DELETE"),
        with(own, ":authority", "evil.example"),
        with(own, ":scheme", "https"),
        with(own, ":smuggled", "x"),
        with(own, ":status", "200"),
        with(own, ":", "x"),
        changed(own, |fields| fields.insert(0, ("accept", "x".to_owned()))),
        without(own, 0),
        without(own, 1),
        without(own, 3),
        said(own, 3, ""),
        // Targets that are no path, or more than one line.
        said(own, 3, "letters"),
        said(own, 3, "*"),
        said(own, 3, "@evil.example/smuggled"),
        said(own, 3, ".evil.example/smuggled"),
        said(own, 3, ":80/smuggled"),
        said(own, 3, "http://evil.example/smuggled"),
        said(own, 3, "/api/letters HTTP/1.1"),
        said(own, 3, format!("/api/letters HTTP/1.1\r\nHost: h\r\n\r\n{SMUGGLED}")),
        said(own, 3, "/api/letters\n"),
        said(own, 3, "/api/letters\0"),
        // Methods that are more than a word.
        said(own, 0, "GE T"),
        said(own, 0, ""),
        said(own, 0, "GET /api/smuggled HTTP/1.1\r\nX:"),
        said(own, 0, "CONNECT"),
        changed(own, |fields| {
            fields[0].1 = "CONNECT".to_owned();
            fields.push((":protocol", "websocket".to_owned()));
        }),
        changed(own, |fields| {
            fields[0].1 = "CONNECT".to_owned();
            fields.remove(3);
            fields.remove(1);
        }),
        // Other hosts, or two.
        said(own, 2, "evil.example"),
        said(own, 2, format!("user@{own}")),
        said(own, 2, format!("{own}\r\nX: y")),
        with(own, "host", "evil.example"),
        changed(own, |fields| {
            fields.push(("host", own.to_owned()));
            fields.push(("host", "evil.example".to_owned()));
        }),
        without(own, 2),
        // Values that would end their line, names that are none.
        with(own, "x", format!("y\r\n\r\n{SMUGGLED}")),
        with(own, "x", format!("y\n\n{SMUGGLED}")),
        with(own, "x", format!("y\r{SMUGGLED}")),
        with(own, "x", "y\0z"),
        with(own, "X-Upper", "y"),
        with(own, "x y", "z"),
        with(own, "x:y", "z"),
        with(own, "", "y"),
        with(own, "x\r\nhost", "evil.example"),
        with(own, "x: y\r\n\r\nDELETE /api/smuggled HTTP/1.1\r\nx", "z"),
        // Fields of one connection of HTTP/1.1.
        with(own, "transfer-encoding", "chunked"),
        with(own, "transfer-encoding", "identity"),
        with(own, "connection", "close"),
        with(own, "connection", "x-request-id"),
        with(own, "keep-alive", "timeout=5"),
        with(own, "proxy-connection", "keep-alive"),
        with(own, "upgrade", "h2c"),
        with(own, "te", "gzip"),
        // Lengths that are none, or that nothing follows.
        with(own, "content-length", "43"),
        with(own, "content-length", "+43"),
        with(own, "content-length", "0x2b"),
        with(own, "content-length", "-1"),
        with(own, "content-length", "0, 43"),
        with(own, "content-length", "99999999999999999999999"),
        changed(own, |fields| {
            fields.push(("content-length", "0".to_owned()));
            fields.push(("content-length", "43".to_owned()));
        }),
    ]
}

#[tokio::test]
async fn no_request_of_http_2_becomes_another_one() {
    let api = Keeping::start().await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let own = watched.address();
    let all = hostile(&own);
    for (flags, fields) in [END_STREAM, 0].into_iter().flat_map(|f| all.iter().map(move |a| (f, a)))
    {
        let mut two = Two::to(&own).await;
        two.send(frames::headers(1, flags, fields)).await;
        if flags == 0 {
            // Some of them with a body that would be the other request.
            two.send(frames::frame(kind::DATA, END_STREAM, 1, SMUGGLED.as_bytes())).await;
        }
        let status = two.outcome(1).await;
        assert!(status.is_none_or(|status| (400..500).contains(&status)), "{status:?}: {fields:?}");
    }
    for seen in api.seen() {
        assert!(!seen.contains("smuggled") && !seen.contains("evil"), "{seen}");
    }
    let exchanges = watched.journal.exchanges();
    let answered = exchanges.iter().filter(|exchange| exchange.response().is_some());
    assert_eq!(answered.count(), 0, "what was no request is on record as one that was answered");
    lives_on(&watched, "hostile requests").await;
}

#[tokio::test]
async fn a_body_is_as_long_as_it_says_or_no_request_at_all() {
    for (length, body) in [("5", SMUGGLED), ("0", SMUGGLED), ("400", "{}"), ("43", SMUGGLED)] {
        let api = Keeping::start().await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        let own = watched.address();
        let mut two = Two::to(&own).await;
        let mut fields = request("POST", &own, "/api/letters");
        fields.push(("content-length", length));
        two.send(frames::headers(1, 0, &fields)).await;
        two.send(frames::frame(kind::DATA, END_STREAM, 1, body.as_bytes())).await;
        let status = two.outcome(1).await;
        assert!(status.is_none_or(|status| status >= 400), "{length}: {status:?}");
        lives_on(&watched, length).await;
        for seen in api.seen().iter().filter(|seen| !seen.contains("/_status")) {
            assert!(crate::whole_requests(seen.as_bytes()) == 0, "{length}: {seen}");
            assert!(!seen.contains("smuggled"), "{length}: {seen}");
        }
        for exchange in watched.journal.exchanges() {
            let posted = exchange.request.method == "POST";
            let kind = exchange.error().map(|error| error.kind);
            let broken = [TransportErrorKind::Protocol, TransportErrorKind::Interrupted];
            assert!(
                !posted || kind.is_some_and(|kind| broken.contains(&kind)),
                "{length}: {kind:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_reads_like_a_request_stays_a_body() {
    for length in [None, Some(SMUGGLED.len().to_string())] {
        let api = Keeping::start().await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        let own = watched.address();
        let mut two = Two::to(&own).await;
        let mut fields = request("POST", &own, "/api/letters");
        fields.extend(length.as_deref().map(|length| ("content-length", length)));
        fields.push(("x-quoted", "DELETE /api/smuggled HTTP/1.1"));
        two.send(frames::headers(1, 0, &fields)).await;
        let (first, second) = SMUGGLED.as_bytes().split_at(20);
        two.send(frames::frame(kind::DATA, 0, 1, first)).await;
        two.send(frames::frame(kind::DATA, END_STREAM, 1, second)).await;
        assert_eq!(two.outcome(1).await, Some(200));
        let exchanges = watched.recorded(1).await;
        assert!(exchanges[0].response().is_some());
        let seen = api.seen();
        assert_eq!(seen.len(), 1);
        assert_eq!(crate::whole_requests(seen[0].as_bytes()), 1, "{seen:?}");
        lives_on(&watched, "a quoting body").await;
    }
}

#[tokio::test]
async fn an_upgrade_to_http_2_is_not_offered() {
    let api = Keeping::start().await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let own = watched.address();
    let request = format!(
        "GET /api/letters HTTP/1.1\r\nHost: {own}\r\nConnection: Upgrade, HTTP2-Settings, close\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n"
    );
    let answer = crate::support::talk(&own, request).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = api.seen().concat().to_ascii_lowercase();
    assert!(!seen.contains("upgrade") && !seen.contains("http2-settings"), "{seen}");
}
