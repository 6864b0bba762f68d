//! What passes through a witness, unchanged, and what of it is on record.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use letterproof_mock::{AuthMode, MockConfig, MockServer};
use letterproof_model::{Body, Operation, Route};
use letterproof_witness::TlsListen;
use reqwest::Method;
use support::{Scripted, Watched, client, quick, talk, upstream};

#[path = "../../mock/tests/support/jwt.rs"]
#[allow(dead_code, missing_docs, unreachable_pub)]
mod jwt;

#[tokio::test]
async fn header_fields_keep_their_case_order_and_value_both_ways() {
    let api = Scripted::answering(
        "HTTP/1.1 200 Quite Fine\r\nX-ZULU: 1\r\nETag: \"a\"\r\nx-Alpha: 2\r\nKeep-Alive: 5\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\nok",
        0,
    )
    .await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let request = "GET /api/letters?limit=5&q=%2f+x HTTP/1.1\r\nHost: localhost:1\r\n\
                   X-ReQuEsT-iD: r1\r\nAuthorization: Bearer CANARY-TOKEN-1234\r\naccept: b/B\r\n\
                   Connection: close, X-Mine\r\nX-Mine: no\r\n\r\n";
    let answer = talk(&watched.address(), request).await;
    assert_eq!(
        answer,
        "HTTP/1.1 200 Quite Fine\r\nX-ZULU: 1\r\nETag: \"a\"\r\nx-Alpha: 2\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\nok"
    );
    let host = api.base_url.split('/').nth(2).unwrap();
    assert_eq!(
        api.seen(),
        [format!(
            "GET /api/letters?limit=5&q=%2f+x HTTP/1.1\r\nHost: {host}\r\nX-ReQuEsT-iD: r1\r\n\
             Authorization: Bearer CANARY-TOKEN-1234\r\naccept: b/B\r\n\r\n"
        )]
    );
    let exchanges = watched.recorded(1).await;
    // Passed on as it was; on record only what is known to be harmless.
    let recorded = format!("{}/letters?limit=5&q=redacted:", api.base_url);
    assert!(exchanges[0].request.url.starts_with(&recorded), "{}", exchanges[0].request.url);
    assert_eq!(exchanges[0].status(), Some(200));
    assert!(!watched.journal.text().contains("CANARY"));
}

#[tokio::test]
async fn a_compressed_answer_passes_as_it_is_and_is_read_for_the_record() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(b"{\"data\":[]}").unwrap();
    let packed = encoder.finish().unwrap();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.api+json\r\nContent-Encoding: gzip\r\n\
         Content-Length: {}\r\n\r\n",
        packed.len()
    );
    let api = Scripted::answering([head.into_bytes(), packed.clone()].concat(), 0).await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let answer = watched.get("/letters").await;
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    assert_eq!(answer.bytes().await.unwrap(), packed);
    let exchanges = watched.recorded(1).await;
    let body = &exchanges[0].response().unwrap().body;
    assert_eq!(*body, Body::Json { text: "{\"data\":[]}".to_owned() });
}

#[tokio::test]
async fn framing_keeps_its_meaning() {
    for (answer, expected) in [
        // Chunked stays chunked, and what comes after the body comes along when it is asked for.
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
        ),
        ("HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"),
        (
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
            "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nconnection: close\r\n\r\n",
        ),
        (
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
            "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nconnection: close\r\n\r\n",
        ),
        // Without a length it ends with the connection; the supplier learns where.
        (
            "HTTP/1.0 200 OK\r\n\r\nabc",
            "HTTP/1.1 200 OK\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        ),
        // An interim answer is the API's affair with the witness.
        (
            "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nconnection: close\r\n\r\nx",
        ),
    ] {
        let api = Scripted::answering(answer, 0).await;
        let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
        let request = "GET /api/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
        let heard = talk(&watched.address(), request).await;
        let bodies = |text: &str| {
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            let mut head: Vec<String> = head.lines().map(str::to_ascii_lowercase).collect();
            head.sort_unstable();
            // Where chunks begin and end has no meaning.
            let body: String = if head.iter().any(|line| line.contains("chunked")) {
                body.split("\r\n").skip(1).step_by(2).collect()
            } else {
                body.to_owned()
            };
            (head, body)
        };
        assert_eq!(bodies(&heard), bodies(expected), "{answer:?}");
        assert!(watched.recorded(1).await[0].response().is_some());
    }
}

#[tokio::test]
async fn a_head_request_is_answered_with_the_length_and_without_the_body() {
    let api = Scripted::answering("HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", 0).await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let request = "HEAD /api/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    let heard = talk(&watched.address(), request).await;
    assert_eq!(heard, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nconnection: close\r\n\r\n");
    assert_eq!(watched.recorded(1).await[0].response().unwrap().body, Body::None);
}

#[tokio::test]
async fn who_expects_100_continue_gets_it_and_the_body_follows() {
    let api = Scripted::answering("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 8).await;
    let watched = Watched::of(upstream(&api.base_url, None), |_| {}).await;
    let mut stream = tokio::net::TcpStream::connect(watched.address()).await.unwrap();
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let head = "POST /api/letters HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\
                Expect: 100-continue\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"{\"a\": 1}").await.unwrap();
    assert!(support::hear(&mut stream).await.starts_with("HTTP/1.1 202 Accepted"));
    assert!(api.seen()[0].ends_with("\r\n\r\n{\"a\": 1}"));
    let exchanges = watched.recorded(1).await;
    let recorded = exchanges[0].request.body.json_text().unwrap();
    assert!(recorded.starts_with("{\"a\": \"redacted:"), "{recorded}");
}

#[tokio::test]
async fn a_download_through_the_witness_keeps_its_signature_and_belongs_to_its_letter() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let id = watched.ids(40).await.remove(0);
    let link = watched.link(&id).await;
    let own = watched.witness.download_origin().unwrap();
    assert!(link.starts_with(&format!("{own}/_download/")), "{link}");
    let download = watched.client.get(&link).send().await.unwrap();
    assert_eq!(download.status(), 200);
    let pdf = download.bytes().await.unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    // The storage checks the signature, so one changed digit is refused.
    let at = link.find("X-Amz-Signature=").unwrap() + "X-Amz-Signature=".len();
    let digit = if &link[at..=at] == "0" { "1" } else { "0" };
    let forged = format!("{}{digit}{}", &link[..at], &link[at + 1..]);
    assert_eq!(watched.client.get(forged).send().await.unwrap().status(), 403);

    let exchanges = watched.recorded(4).await;
    let (data, download, forged) = (&exchanges[1], &exchanges[2], &exchanges[3]);
    let location = data.response().unwrap().header("location").unwrap();
    let storage = api.base_url().replace("/nhs-notify-supplier", "/storage/");
    assert!(location.starts_with(&storage), "{location}");
    assert_eq!(download.request.url, location, "the journal shows what the API gave");
    let route = Route::of_exchange(download, api.base_url());
    assert_eq!(route.operation, Operation::Download);
    let Body::Pdf(content) = &download.response().unwrap().body else { panic!() };
    assert_eq!(content.length, pdf.len() as u64);
    assert_eq!(content.sha256, letterproof_evidence::sha256_hex(&pdf));
    assert_eq!((content.pages.is_some(), &content.problem), (true, &None));
    // It has a host of its own, and so a connection of its own.
    assert!(!download.connection.unwrap().reused && forged.connection.unwrap().reused);
    assert!(!watched.journal.text().contains(&link[at..at + 32]), "a signature is on record");
    api.shutdown().await;
}

#[tokio::test]
async fn a_hundred_downloads_at_once_arrive_whole_and_are_all_on_record() {
    let api = MockServer::start(MockConfig { letters: 100, ..quick() }).await.unwrap();
    let watched = Watched::before(&api).await;
    let ids = watched.ids(100).await;
    let mut downloads = tokio::task::JoinSet::new();
    for id in ids {
        let link = watched.link(&id).await;
        let client = watched.client.clone();
        downloads.spawn(async move {
            let answer = client.get(link).send().await.unwrap();
            letterproof_evidence::sha256_hex(&answer.bytes().await.unwrap())
        });
    }
    let mut received = downloads.join_all().await;
    let mut kept: Vec<String> = watched
        .recorded(201)
        .await
        .iter()
        .filter(|exchange| exchange.request.url.contains("/storage/"))
        .filter_map(|exchange| exchange.response()?.body.content())
        .inspect(|content| assert!(content.pages.is_some(), "{content:?}"))
        .map(|content| content.sha256.clone())
        .collect();
    received.sort_unstable();
    kept.sort_unstable();
    assert_eq!(received.len(), 100);
    assert_eq!(received, kept);
    assert_eq!(watched.witness.stop().await.in_flight, 0);
    api.shutdown().await;
}

#[tokio::test]
async fn a_token_is_had_through_the_witness_with_the_audience_of_the_api() {
    let config = MockConfig { auth: AuthMode::Jwt, ..quick() };
    let api = MockServer::start(config).await.unwrap();
    let watched = Watched::before(&api).await;
    let credentials = api.demo_credentials().unwrap();
    let token_url = watched.witness.token_url().unwrap().to_owned();
    let ask = async |audience: &str| {
        let claims = jwt::claims(credentials, audience);
        let assertion = jwt::sign(credentials, &jwt::header(credentials), &claims);
        jwt::ask(&watched.client, &token_url, &assertion).await
    };
    assert_eq!(ask(&token_url).await.status(), 401, "the witness's own URL is not the audience");
    let answer = ask(api.token_url()).await;
    assert_eq!(answer.status(), 200);
    let answer: serde_json::Value = answer.json().await.unwrap();
    let token = answer["access_token"].as_str().unwrap();
    assert_eq!(watched.get("/letters?limit=1").await.status(), 401);
    let list = watched.request(Method::GET, "/letters?limit=1").bearer_auth(token);
    assert_eq!(list.send().await.unwrap().status(), 200);
    let exchanges = watched.recorded(4).await;
    assert_eq!(exchanges[1].request.url, api.token_url());
    let text = watched.journal.text();
    assert!(!text.contains(token) && !text.contains(credentials.api_key.expose()));
    api.shutdown().await;
}

#[tokio::test]
async fn http_2_is_spoken_in_plain_text_by_prior_knowledge() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    let h2 = reqwest::Client::builder().http2_prior_knowledge().no_proxy().build().unwrap();
    let url = format!("{}/letters?limit=2", watched.witness.base_url());
    let answers = futures::future::join_all(
        (0..20)
            .map(|_| h2.get(&url).header("x-request-id", uuid::Uuid::new_v4().to_string()).send()),
    )
    .await;
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    }
    assert_eq!(watched.witness.counts().connections, 1);
    assert_eq!(watched.recorded(20).await.iter().filter(|e| e.status() == Some(200)).count(), 20);
    api.shutdown().await;
}

#[tokio::test]
async fn https_is_spoken_with_a_certificate_of_its_own_authority() {
    let api = MockServer::start(quick()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tls = TlsListen { folder: folder.path().join("trust"), names: Vec::new() };
    let up = upstream(api.base_url(), Some(api.token_url()));
    let watched = Watched::of(up, |config| config.tls = Some(tls)).await;
    let pem = std::fs::read(watched.witness.certificate().unwrap()).unwrap();
    assert!(!String::from_utf8_lossy(&pem).contains("PRIVATE"));
    assert_eq!(std::fs::read_dir(folder.path().join("trust")).unwrap().count(), 1);
    let root = reqwest::Certificate::from_pem(&pem).unwrap();
    let trusting = || {
        let builder = reqwest::Client::builder().tls_certs_only([root.clone()]).no_proxy();
        builder.redirect(reqwest::redirect::Policy::none())
    };
    let base = watched.witness.base_url().replace("127.0.0.1", "localhost");
    for (client, version) in [
        (trusting().build().unwrap(), http::Version::HTTP_2),
        (trusting().http1_only().build().unwrap(), http::Version::HTTP_11),
    ] {
        let get = |url: &str| client.get(url).header("x-request-id", "r1").send();
        let list = get(&format!("{base}/letters?limit=1")).await.unwrap();
        assert_eq!(list.version(), version);
        let list: serde_json::Value = list.json().await.unwrap();
        let id = list["data"][0]["id"].as_str().unwrap();
        let data = get(&format!("{base}/letters/{id}/data")).await.unwrap();
        let link = data.headers()["location"].to_str().unwrap();
        assert!(link.starts_with("https://127.0.0.1:"), "a link has another name than the API");
        let pdf = client.get(link).send().await.unwrap().bytes().await.unwrap();
        assert!(pdf.starts_with(b"%PDF-"));
        api.make_visible();
    }
    assert!(client().get(format!("{base}/_status")).send().await.is_err(), "it is not trusted");
    watched.noted("TLS handshake failed").await;
    api.shutdown().await;
}

#[tokio::test]
async fn an_api_behind_tls_is_trusted_by_the_roots_given_and_by_no_others() {
    let api = MockServer::start(MockConfig { tls: true, ..quick() }).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, api.certificate_pem().unwrap()).unwrap();
    let mut trusted = upstream(api.base_url(), None);
    trusted.roots.push(roots);
    let watched = Watched::of(trusted, |_| {}).await;
    assert_eq!(watched.get("/letters?limit=1").await.status(), 200);
    let chains = |watched: &Watched| {
        let recording = watched.journal.recording();
        let marks = letterproof_model::Journal::marks(&recording).to_vec();
        let connected = marks.into_iter().filter_map(|mark| match mark.kind {
            letterproof_model::MarkKind::Connected { host, chain, .. } => Some((host, chain.len())),
            _ => None,
        });
        connected.collect::<Vec<_>>()
    };
    watched.recorded(1).await;
    assert_eq!(chains(&watched), [("127.0.0.1".to_owned(), 1)], "what the API showed is on record");

    let watched = Watched::of(upstream(api.base_url(), None), |_| {}).await;
    let answer = watched.get("/letters?limit=1").await;
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().contains("certificate"));
    let error = watched.recorded(1).await[0].error().cloned().unwrap();
    assert_eq!(error.kind, letterproof_model::TransportErrorKind::Tls);
    assert_eq!(chains(&watched), [], "a chain that does not hold shows nobody");
    api.shutdown().await;
}

#[tokio::test]
async fn a_long_body_streams_and_is_on_record_before_its_last_byte() {
    let api = MockServer::start(MockConfig { letters: 2_500, ..quick() }).await.unwrap();
    let watched = Watched::before(&api).await;
    let list = watched.get("/letters?limit=2500").await.bytes().await.unwrap();
    assert!(list.len() > 256 * 1024);
    let exchanges = watched.journal.exchanges();
    assert_eq!(exchanges.len(), 1, "not yet");
    assert_eq!(exchanges[0].response().unwrap().body.json_text().unwrap().as_bytes(), list);
    api.shutdown().await;
}

#[tokio::test]
async fn marks_bracket_what_the_supplier_does() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::before(&api).await;
    watched.witness.begin_scenario("AT1 connect").unwrap();
    watched.get("/_status").await;
    watched.witness.mark("the tester looked at the proof").unwrap();
    watched.witness.end_scenario().unwrap();
    watched.get("/_status").await;
    let exchanges = watched.recorded(2).await;
    assert_eq!(exchanges[0].scenario.as_deref(), Some("AT1 connect"));
    assert_eq!(exchanges[1].scenario, None);
    assert_eq!(
        watched.journal.notes(),
        ["AT1 connect", "the tester looked at the proof", "AT1 connect"]
    );
    api.shutdown().await;
}

#[tokio::test]
async fn stopping_lets_an_exchange_finish_and_frees_the_port() {
    let api = MockServer::start(MockConfig { latency: Duration::from_millis(150), ..quick() });
    let api = api.await.unwrap();
    let watched = Watched::before(&api).await;
    let (address, journal) = (watched.witness.address(), watched.journal.clone());
    let request = watched.request(Method::GET, "/letters?limit=1").send();
    let answer = tokio::spawn(request);
    tokio::time::sleep(Duration::from_millis(60)).await;
    let counts = watched.witness.stop().await;
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    assert_eq!((counts.recorded, counts.in_flight), (1, 0));
    assert_eq!(journal.exchanges().len(), 1);
    drop(tokio::net::TcpListener::bind(address).await.unwrap());
    api.shutdown().await;
}
