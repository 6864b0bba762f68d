//! A hostile API and a hostile page get nowhere: no link leads astray, no credential reaches storage,
//! and no page of another site speaks for the supplier.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use letterproof_mock::MockServer;
use letterproof_model::{LetterStatus, TransportErrorKind};
use letterproof_witness::{Witness, WitnessConfig, WitnessError};
use support::{Scripted, Watched, client, quick, split, talk, upstream};

/// A witness before an API whose every answer is a redirect.
async fn leading_to(location: &str) -> (Scripted, Watched) {
    let answer =
        format!("HTTP/1.1 303 See Other\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let api = Scripted::answering(answer, 0).await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    (api, watched)
}

/// Follows what the witness made of the API's redirect: status and text.
async fn followed(watched: &Watched) -> (u16, String) {
    let link = watched.link("L1").await;
    let answer = client().get(link).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_link_that_leads_astray_is_followed_by_nobody_and_noted_with_what_to_do() {
    let trap = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", 0).await;
    let at = trap.authority();
    let port = at.rsplit(':').next().unwrap();
    for (location, words) in [
        (format!("http://{at}/secrets?sig=canary"), at.to_owned()),
        (format!("http://localhost:{port}/x?sig=canary"), format!("localhost:{port}")),
        (format!("http://0177.0.0.1:{port}/x?sig=canary"), "127.0.0.1".to_owned()),
        (format!("http://127.1:{port}/x"), "127.0.0.1".to_owned()),
        (format!("http://[::ffff:127.0.0.1]:{port}/x"), "does not state".to_owned()),
        (format!("//{at}/x"), at.to_owned()),
        ("https://api.service.nhs.uk/x?sig=canary".to_owned(), "is production".to_owned()),
        ("https://API.SERVICE.nhs.uk.:8443/x".to_owned(), "is production".to_owned()),
        ("https://someone@api.service.nhs.uk/x".to_owned(), "is production".to_owned()),
        ("http://169.254.169.254/latest/meta-data".to_owned(), "credentials".to_owned()),
        ("https://10.0.0.1/x".to_owned(), "a private address".to_owned()),
        ("https://[fe80::1]/x".to_owned(), "a link-local address".to_owned()),
        ("https://0.0.0.0/x".to_owned(), "unspecified".to_owned()),
        ("https://someone@127.0.0.1/x".to_owned(), "a user's name".to_owned()),
        ("http://bucket.example.org/x".to_owned(), "without TLS".to_owned()),
        (
            "https://bucket.example.org/x?sig=canary".to_owned(),
            "storage_hosts = [\"bucket.example.org\"]".to_owned(),
        ),
    ] {
        let (_api, watched) = leading_to(&location).await;
        for _ in 0..2 {
            let (status, text) = followed(&watched).await;
            assert_eq!(status, 502, "{location}: {text}");
            assert!(text.contains(&words.replace('"', "\\\"")), "{location}: {text}");
        }
        let notes = watched.journal.notes();
        let noted: Vec<_> = notes.iter().filter(|note| note.contains("not followed")).collect();
        assert!(noted.len() == 1 && noted[0].contains(&words), "{location}: {notes:?}");
        let exchanges = watched.recorded(4).await;
        let failed = exchanges[1].error().unwrap();
        assert_eq!(failed.kind, TransportErrorKind::Connect, "{location}");
        assert!(!watched.journal.text().contains("canary"), "{location}");
    }
    assert_eq!(trap.seen(), Vec::<String>::new(), "something was sent there");
}

#[tokio::test]
async fn a_stated_storage_is_passed_on_to() {
    let storage = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 0).await;
    let at = storage.authority();
    let answer =
        format!("HTTP/1.1 303 See Other\r\nlocation: http://{at}/L1\r\ncontent-length: 0\r\n\r\n");
    let api = Scripted::answering(answer, 0).await;
    let mut stated = upstream(&api.base_url, None);
    stated.storage = vec![at.parse().unwrap()];
    let watched = Watched::of(stated, |_| {}).await;
    assert_eq!(followed(&watched).await, (200, "ok".to_owned()));
}

#[tokio::test]
async fn an_upstream_that_must_not_be_reached_has_no_witness() {
    let (_api, quiet) = leading_to("/x").await;
    for (base, words) in [
        ("https://api.service.nhs.uk/nhs-notify-supplier", "is production"),
        ("https://api.service.nhs.uk./nhs-notify-supplier", "is production"),
        ("http://int.example.org/nhs-notify-supplier", "without TLS"),
        ("http://10.0.0.1/nhs-notify-supplier", "without TLS"),
        ("https://169.254.169.254/x", "credentials"),
    ] {
        let config = WitnessConfig::new(upstream(base, None), quiet.journal.clone());
        let refused = Witness::start(config).await.unwrap_err();
        assert!(matches!(refused, WitnessError::Refused(_)), "{base}: {refused}");
        assert!(refused.to_string().contains(words), "{base}: {refused}");
    }
}

/// What a supplier's library may send along by any name.
const CREDENTIALS: [(&str, &str); 9] = [
    ("Authorization", "Bearer canary-1"),
    ("apikey", "canary-2"),
    ("Cookie", "session=canary-3"),
    ("Ocp-Apim-Subscription-Key", "canary-4"),
    ("x-functions-key", "canary-5"),
    ("Authentication", "canary-6"),
    ("X-Session-Id", "canary-7"),
    ("X-Amz-Security-Token", "canary-8"),
    ("Proxy-Authorization", "Basic canary-9"),
];

#[tokio::test]
async fn no_credential_reaches_the_storage_by_whichever_name() {
    let storage = Scripted::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", 0).await;
    let at = storage.authority();
    let answer =
        format!("HTTP/1.1 303 See Other\r\nlocation: http://{at}/L1\r\ncontent-length: 0\r\n\r\n");
    let api = Scripted::answering(answer, 0).await;
    for shared_door in [false, true] {
        let mut stated = upstream(&api.base_url, None);
        stated.storage = vec![at.parse().unwrap()];
        let watched = Watched::of(stated, |config| {
            if shared_door {
                config.listen = ([0, 0, 0, 0], 0).into();
            }
        })
        .await;
        let link = watched.link("L1").await;
        let mut request = client().get(link).header("Range", "bytes=0-");
        for (name, value) in CREDENTIALS {
            request = request.header(name, value);
        }
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
    for seen in storage.seen() {
        assert!(!seen.contains("canary"), "{seen}");
        assert!(seen.to_lowercase().contains("range: bytes=0-"), "{seen}");
    }
    assert_eq!(storage.seen().len(), 2);
}

/// The status of a request with these lines, sent to a door.
async fn status(door: &str, lines: &str) -> String {
    let answer = talk(door, format!("{lines}Connection: close\r\n\r\n")).await;
    answer.split(' ').nth(1).unwrap_or("none").to_owned()
}

#[tokio::test]
async fn it_answers_to_its_own_names_and_to_no_page_of_another_site() {
    let api = MockServer::start(quick()).await.unwrap();
    let hosts = ["witness".parse().unwrap(), "outside:8080".parse().unwrap()];
    let named = Watched::of(upstream(api.base_url(), None), |config| {
        config.hosts = hosts.to_vec();
    })
    .await;
    let (door, port) = (named.address(), named.witness.address().port());
    let get = "GET /nhs-notify-supplier/_status HTTP/1.1\r\n";
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("Witness:{port}"),
        "outside:8080".to_owned(),
    ] {
        assert_eq!(status(&door, &format!("{get}Host: {host}\r\n")).await, "200", "{host}");
        let own = format!("{get}Host: {host}\r\nOrigin: http://{host}\r\n");
        assert_eq!(status(&door, &own).await, "200", "{host}");
    }
    let taken_on = api.requests().total;
    let evil = format!("Host: evil.example:{port}\r\n");
    let here = format!("Host: 127.0.0.1:{port}\r\n");
    for (lines, expected) in [
        (format!("{get}{evil}"), "421"),
        (format!("{get}Host: 127.0.0.1\r\n"), "421"),
        (format!("{get}Host: witness:8080\r\n"), "421"),
        (format!("{get}{here}{evil}"), "400"),
        (get.to_owned(), "400"),
        (format!("{get}{here}Origin: http://evil.example\r\n"), "403"),
        (format!("{get}{here}Origin: null\r\n"), "403"),
        (format!("{get}{here}Sec-Fetch-Site: cross-site\r\n"), "403"),
        (format!("{get}{here}Sec-Fetch-Site: same-site\r\n"), "403"),
    ] {
        assert_eq!(status(&door, &lines).await, expected, "{lines}");
    }
    // A form of a page that changes a letter is nobody's doing.
    let id = named.ids(1).await.remove(0);
    let body = format!(
        "{{\"data\":{{\"type\":\"Letter\",\"id\":\"{id}\",\"attributes\":{{\"status\":\"ACCEPTED\"}}}}}}"
    );
    let post = format!(
        "PATCH /nhs-notify-supplier/letters/{id} HTTP/1.1\r\n{here}Origin: http://evil.example\r\n\
         X-Request-ID: 7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11\r\nContent-Type: text/plain\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    assert!(talk(&door, &post).await.starts_with("HTTP/1.1 403"));
    assert_eq!(api.count(LetterStatus::Accepted), 0);
    assert_eq!(api.requests().total, taken_on + 1, "the list alone was passed on");
    let exchanges = named.recorded(9).await;
    assert_eq!(exchanges.len(), 9, "what was refused is nobody's traffic");
    let notes = named.journal.notes();
    let page = "was refused with 403: a page of another site sent it";
    assert!(
        notes.iter().any(|note| note.starts_with("PATCH ") && note.contains(page)),
        "{notes:?}"
    );
    assert!(notes.iter().any(|note| note.contains("--host")), "{notes:?}");
    api.shutdown().await;
}

#[tokio::test]
async fn the_door_of_the_documents_is_guarded_likewise() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let (authority, path) = split(&link);
    let port = authority.rsplit(':').next().unwrap();
    let get = format!("GET {path} HTTP/1.1\r\n");
    assert_eq!(status(authority, &format!("{get}Host: {authority}\r\n")).await, "200");
    for (lines, expected) in [
        (format!("{get}Host: evil.example:{port}\r\n"), "421"),
        (format!("{get}Host: {authority}\r\nOrigin: http://evil.example\r\n"), "403"),
        (format!("{get}Host: {authority}\r\nSec-Fetch-Site: cross-site\r\n"), "403"),
    ] {
        assert_eq!(status(authority, &lines).await, expected, "{lines}");
    }
    api.shutdown().await;
}

#[tokio::test]
async fn a_request_of_http_2_is_held_to_the_same_names() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let two = reqwest::Client::builder()
        .http2_prior_knowledge()
        .no_proxy()
        .resolve("evil.example", watched.witness.address())
        .build()
        .unwrap();
    let at = |host: &str| {
        format!("http://{host}:{}/nhs-notify-supplier/_status", watched.witness.address().port())
    };
    assert_eq!(two.get(at("127.0.0.1")).send().await.unwrap().status(), 200);
    assert_eq!(two.get(at("evil.example")).send().await.unwrap().status(), 421);
    let foreign = two.get(at("127.0.0.1")).header("Origin", "http://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    api.shutdown().await;
}
