//! Real HTTP clients that follow redirects by themselves, replayed: what they do through a witness
//! is what they do without one. `clients/` holds what each sent, byte for byte, when it fetched a
//! document through a witness, with places for what is new in each replay.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use letterproof_contract::Contract;
use letterproof_judge::judge_all;
use letterproof_mock::{AuthMode, MockConfig, MockServer, SecretToken};
use letterproof_model::{About, Context, Finding, Mode, Operation, Route, TestId};
use serde::Deserialize;
use support::{Scripted, Watched, quick, split, talk, upstream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The bearer of every capture, which opens nothing.
const BEARER: &str = "invented-bearer-of-a-fixture";

/// What a client sent.
#[derive(Deserialize)]
struct Client {
    client: String,
    /// Whether it sends the bearer to another host name, as it does to the real storage.
    keeps_bearer_at_another_host: bool,
    requests: Vec<Sent>,
}

/// One request: its lines without their ends, and its body.
#[derive(Deserialize)]
struct Sent {
    head: Vec<String>,
    #[serde(default)]
    body: String,
}

impl Sent {
    fn follows_a_link(&self) -> bool {
        self.head[0].contains("<link>")
    }

    /// The request with these values in its places.
    fn filled(&self, places: &[(&str, &str)]) -> String {
        let whole = format!("{}\r\n\r\n{}", self.head.join("\r\n"), self.body);
        places.iter().fold(whole, |text, (place, value)| text.replace(place, value))
    }
}

fn clients() -> Vec<Client> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let clients: Vec<Client> =
        files.map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect();
    assert_eq!(clients.len(), 11);
    clients
}

/// An answer as a raw client reads it.
struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (given, value) = line.split_once(": ")?;
            given.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// Sends bytes and reads one answer, whose length is announced or which has no body.
async fn ask(authority: &str, request: &str) -> Answer {
    let mut stream = TcpStream::connect(authority).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|part| part == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let answer = Answer { head, body: bytes[end + 4..].to_vec() };
            let length = answer.header("content-length").map_or(0, |text| text.parse().unwrap());
            if answer.body.len() >= length {
                return answer;
            }
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the answer ended early");
    }
}

/// A mock that wants the bearer of the captures.
async fn mock() -> MockServer {
    let config = MockConfig { auth: AuthMode::Static(SecretToken::new(BEARER)), ..quick() };
    MockServer::start(config).await.unwrap()
}

fn fresh() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// Two letters of the queue.
async fn two(watched: &Watched) -> [String; 2] {
    let url = format!("{}/letters?limit=2", watched.witness.base_url());
    let list = watched.client.get(url).bearer_auth(BEARER).header("x-request-id", fresh());
    let list: serde_json::Value = list.send().await.unwrap().json().await.unwrap();
    [0, 1].map(|at| list["data"][at]["id"].as_str().unwrap().to_owned())
}

/// Plays a client; the last document it got.
async fn play(watched: &Watched, client: &Client) -> Vec<u8> {
    let [letter, other] = two(watched).await;
    let (api, mut link, mut document) = (watched.address(), String::new(), Vec::new());
    for sent in &client.requests {
        let (downloads, path) = if link.is_empty() { ("", "") } else { split(&link) };
        let request = sent.filled(&[
            ("<api>", &api),
            ("<letter>", &letter),
            ("<other>", &other),
            ("<downloads>", downloads),
            ("<link>", path),
        ]);
        let to = if sent.follows_a_link() { downloads } else { api.as_str() };
        let answer = ask(to, &request).await;
        let told = || format!("{}: {}\n{}", client.client, sent.head[0], answer.head);
        assert!(matches!(answer.status(), "200" | "202" | "303"), "{}", told());
        if let Some(location) = answer.header("location") {
            // By this name and not the API's, the client decided about its bearer.
            let origin = watched.witness.download_origin().unwrap();
            assert!(location.starts_with(origin), "{location}");
            location.clone_into(&mut link);
        }
        if sent.follows_a_link() {
            document = answer.body;
        }
    }
    document
}

/// What the judges find about the supplier.
fn blamed(watched: &Watched, api: &MockServer) -> Vec<Finding> {
    let context = Context { mode: Mode::Observed, ..Context::stand_in(api.base_url()) };
    let contract = Contract::built_in().unwrap();
    let tests = [TestId::new(1).unwrap()];
    let judged = judge_all(&watched.journal.recording(), &context, &tests, contract);
    judged.findings.into_iter().filter(|finding| finding.about == About::Supplier).collect()
}

#[tokio::test]
async fn real_clients_download_through_it_and_only_who_keeps_the_bearer_elsewhere_is_blamed() {
    for client in clients() {
        let api = mock().await;
        let watched = Watched::before(&api).await;
        let document = play(&watched, &client).await;
        assert!(document.starts_with(b"%PDF-"), "{}", client.client);
        let exchanges = watched.recorded(1 + client.requests.len()).await;
        let last = exchanges.last().unwrap();
        assert_eq!(
            Route::of_exchange(last, api.base_url()).operation,
            Operation::Download,
            "{}",
            client.client
        );
        let blamed: Vec<String> =
            blamed(&watched, &api).into_iter().map(|finding| finding.id).collect();
        let just = client.keeps_bearer_at_another_host;
        let expected = just.then_some("F-SUPPLIER-DOWNLOAD-REQUEST-DOWNLOAD-BEARER");
        assert_eq!(blamed, Vec::from_iter(expected), "{}", client.client);
        assert!(!watched.journal.text().contains(BEARER), "{}", client.client);
        assert_eq!(watched.witness.counts().refused, 0, "{}", client.client);
        api.shutdown().await;
    }
}

/// Header lines as they reach the other side: without what belongs to one connection.
fn passed_on(head: &[String]) -> Vec<&str> {
    let own = ["connection", "host", "upgrade", "http2-settings"];
    let names = |line: &&str| {
        let name = line.split(':').next().unwrap().to_ascii_lowercase();
        !own.contains(&name.as_str())
    };
    head[1..].iter().map(String::as_str).filter(names).collect()
}

#[tokio::test]
async fn the_storage_gets_what_each_client_sends_but_for_its_credentials() {
    for client in clients() {
        let storage = Scripted::answering(
            "HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\nContent-Length: 5\r\n\r\n%PDF-",
            0,
        )
        .await;
        let given = format!("{}/L1.pdf?X-Amz-Signature=a%2Fb", storage.base_url);
        let answer =
            format!("HTTP/1.1 303 See Other\r\nLocation: {given}\r\nContent-Length: 0\r\n\r\n");
        let api = Scripted::answering(answer, 0).await;
        let mut stated = upstream(&api.base_url, None);
        stated.storage = vec![storage.authority().parse().unwrap()];
        let watched = Watched::of(stated, |_| {}).await;
        let [.., data, follow] = client.requests.as_slice() else { panic!() };
        let address = watched.address();
        let asked = data.filled(&[("<api>", &address), ("<letter>", "L1")]);
        let asked = asked.replace("/nhs-notify-supplier/", "/api/");
        let link = ask(&address, &asked).await.header("location").unwrap().to_owned();
        let (downloads, path) = split(&link);
        let following = follow.filled(&[("<downloads>", downloads), ("<link>", path)]);
        // Whatever else a client may send along.
        let following = following.replace(
            "\r\n\r\n",
            "\r\napikey: canary-key\r\nCookie: canary=1\r\nRange: bytes=0-4\r\n\r\n",
        );
        assert_eq!(ask(downloads, &following).await.body, b"%PDF-", "{}", client.client);

        let seen = storage.seen().remove(0);
        assert!(seen.starts_with("GET /api/L1.pdf?X-Amz-Signature=a%2Fb HTTP/1.1\r\n"), "{seen}");
        assert!(!seen.contains("canary") && !seen.contains(BEARER), "{seen}");
        let lines: Vec<String> = seen.trim_end().lines().map(str::to_owned).collect();
        let mut expected = passed_on(&follow.head);
        expected.retain(|line| !line.starts_with("Authorization"));
        expected.push("Range: bytes=0-4");
        assert_eq!(passed_on(&lines), expected, "{}", client.client);
        // The API still gets all of it.
        let seen = api.seen().remove(0);
        let lines: Vec<String> = seen.trim_end().lines().map(str::to_owned).collect();
        assert_eq!(passed_on(&lines), passed_on(&data.head), "{}", client.client);
    }
}

#[tokio::test]
async fn who_is_given_links_with_the_host_name_of_the_api_is_not_blamed_for_the_bearer() {
    let api = mock().await;
    let up = upstream(api.base_url(), Some(api.token_url()));
    let watched = Watched::of(up, |config| {
        config.download_host = Some("127.0.0.1".parse().unwrap());
    })
    .await;
    let clients = clients();
    // It keeps its bearer wherever it goes.
    let client = clients.iter().find(|client| client.keeps_bearer_at_another_host).unwrap();
    for _ in 0..2 {
        assert!(play(&watched, client).await.starts_with(b"%PDF-"));
    }
    let origin = watched.witness.download_origin().unwrap();
    assert!(origin.starts_with("http://127.0.0.1:"), "{origin}");
    let exchanges = watched.recorded(6).await;
    assert!(exchanges[2].request.header("authorization").is_none());
    assert_eq!(blamed(&watched, &api), []);
    assert_eq!(watched.journal.notes().len(), 1, "{:?}", watched.journal.notes());
    watched.noted("credentials came with a download").await;
    api.shutdown().await;
}

#[tokio::test]
async fn away_from_loopback_links_keep_the_name_the_api_is_called_by_and_the_bearer_is_kept() {
    let api = mock().await;
    let up = upstream(api.base_url(), Some(api.token_url()));
    let watched = Watched::of(up, |config| {
        config.listen = "0.0.0.0:0".parse().unwrap();
        config.hosts = vec!["print-house".parse().unwrap()];
    })
    .await;
    assert_eq!(watched.witness.download_origin(), None);
    let [letter, _] = two(&watched).await;
    let port = watched.witness.address().port();
    let call = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: print-house:{port}\r\nX-Request-ID: {}\r\n\
             Authorization: Bearer {BEARER}\r\nConnection: close\r\n\r\n",
            fresh()
        )
    };
    let here = format!("127.0.0.1:{port}");
    let data = ask(&here, &call(&format!("/nhs-notify-supplier/letters/{letter}/data"))).await;
    let (authority, path) = split(data.header("location").unwrap());
    assert_eq!(authority, format!("print-house:{port}"));
    assert!(ask(&here, &call(path)).await.body.starts_with(b"%PDF-"));
    watched.recorded(3).await;
    assert_eq!(blamed(&watched, &api), []);
    api.shutdown().await;
}

#[tokio::test]
async fn the_address_of_downloads_leads_to_documents_only() {
    let api = mock().await;
    let watched = Watched::before(&api).await;
    let downloads = watched.witness.download_origin().unwrap();
    let authority = downloads.strip_prefix("http://").unwrap();
    let before = api.requests().total;
    for (request, status) in [
        ("GET /nhs-notify-supplier/letters HTTP/1.1\r\nHost: h\r\n\r\n", "421"),
        ("POST /oauth2/token HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", "421"),
        ("GET /_download/AAAA/x HTTP/1.1\r\nHost: h\r\n\r\n", "404"),
        ("CONNECT int.example:443 HTTP/1.1\r\nHost: h\r\n\r\n", "405"),
        ("GET http://int.example/_download/A HTTP/1.1\r\nHost: int.example\r\n\r\n", "421"),
        ("GET /_download/AAAA/x HTTP/1.1\r\n\r\n", "400"),
        ("GET /_download/AAAA/x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
    ] {
        let answer = talk(authority, request).await;
        assert_eq!(answer.split(' ').nth(1), Some(status), "{request:?}: {answer}");
        assert!(answer.contains("letterproof witness: "), "{answer}");
    }
    assert_eq!(api.requests().total, before);
    watched.noted("documents only").await;
    // Whichever address of loopback its name stands for.
    let port: u16 = authority.rsplit(':').next().unwrap().parse().unwrap();
    for address in ["127.0.0.1", "[::1]"] {
        let here = format!("{address}:{port}");
        if TcpStream::connect(&here).await.is_ok() {
            let [letter, _] = two(&watched).await;
            let url = format!("{}/letters/{letter}/data", watched.witness.base_url());
            let data = watched.client.get(url).bearer_auth(BEARER).header("x-request-id", fresh());
            let data = data.send().await.unwrap();
            let (host, path) = split(data.headers()["location"].to_str().unwrap());
            let get = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            assert_eq!(ask(&here, &get).await.status(), "200", "{here}");
        }
    }
    // With the witness its ports are gone.
    watched.witness.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err());
    api.shutdown().await;
}
