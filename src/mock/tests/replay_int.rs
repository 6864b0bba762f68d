//! The INT profile, without a gateway, against the recorded exchanges of the deployed handlers.
//!
//! Ids are translated, since the mock's letters have ids of their own; hashes and the gateway's
//! ids are compared for their form. Everything else must be equal to the byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::collections::HashMap;
use std::time::Duration;

use letterproof_mock::{
    AuthMode, Gateway, LetterPlan, MockConfig, MockServer, PdfKind, Registration, SecretToken,
    SeedPlan,
};
use reqwest::{Method, StatusCode};
use serde_json::Value;
use support::{client, conclude, recorded};

/// The letters of the recorded mock, kind by kind.
fn plan() -> SeedPlan {
    let of = |kind: &str, group: &str, count| LetterPlan {
        count: Some(count),
        ..LetterPlan::share(&format!("integration-specification-{kind}"), group, 0.0)
    };
    SeedPlan {
        pdf_bytes: 20_000,
        letters: vec![
            LetterPlan { priority: 1, ..of("english", "group-english", 833) },
            of("braille", "group-braille", 831),
            of("arabic", "group-arabic", 831),
            LetterPlan {
                pdf: PdfKind::Missing,
                priority: 20,
                ..of("missing-pdf", "group-error", 5)
            },
        ],
    }
}

fn registrations() -> Vec<Registration> {
    let of = |number: &str, supplier: &str| {
        let key = SecretToken::new(format!("key-{number}"));
        Registration::new(format!("apim-app-{number}"), supplier, key, None)
    };
    let other = Registration { letters: Some(0), ..of("2", "supplier-2") };
    let disabled = Registration { disabled: true, ..of("disabled", "supplier-3") };
    vec![of("1", "supplier-1"), other, disabled]
}

fn config() -> MockConfig {
    MockConfig {
        letters: 2_500,
        seeds: plan(),
        queue_lag: Duration::ZERO,
        auth: AuthMode::None,
        registrations: registrations(),
        gateway: Gateway::bare(),
        apply_delay: Duration::from_millis(400),
        rate_limit: None,
        ..MockConfig::default()
    }
}

struct Replay {
    server: MockServer,
    client: reqwest::Client,
    /// Recorded ids and what they are here.
    ids: HashMap<String, String>,
    ordinary: Vec<String>,
    missing: Vec<String>,
    /// The last lists, for what the recording concluded from them.
    lists: Vec<Vec<String>>,
    link: String,
    record: String,
}

fn uuids(text: &str) -> Vec<String> {
    let is_uuid = |part: &str| {
        part.len() == 36
            && part.bytes().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    let cut = |c: char| !(c.is_ascii_hexdigit() || c == '-');
    text.split(cut).filter(|part| is_uuid(part)).map(str::to_owned).collect()
}

impl Replay {
    async fn start() -> Self {
        let server = MockServer::start(config()).await.unwrap();
        let client = client();
        let url = format!("{}/letters", server.base_url());
        let reply = client.get(url).header("X-Request-ID", "setup").send().await.unwrap();
        let list: Value = reply.json().await.unwrap();
        server.make_visible();
        let (mut ordinary, mut missing) = (Vec::new(), Vec::new());
        for letter in list["data"].as_array().unwrap().iter().rev() {
            let id = letter["id"].as_str().unwrap().to_owned();
            match letter["attributes"]["specificationId"].as_str().unwrap() {
                "integration-specification-english" => ordinary.push(id),
                "integration-specification-missing-pdf" => missing.push(id),
                _ => {}
            }
        }
        Self {
            server,
            client,
            ids: HashMap::new(),
            ordinary,
            missing,
            lists: Vec::new(),
            link: String::new(),
            record: String::new(),
        }
    }

    /// Finds letters here for the ids a request names, unless the recording did not know them.
    fn learn(&mut self, name: &str, was_found: bool, texts: &[&str]) {
        let found: Vec<String> = texts.iter().flat_map(|text| uuids(text)).collect();
        for (at, id) in found.into_iter().enumerate() {
            let unknown = !was_found
                || name == "PATCH unknown id"
                || (name.contains("one unknown id of two") && at == 1);
            if unknown || self.ids.contains_key(&id) {
                continue;
            }
            let shelf =
                if name.contains("missing") { &mut self.missing } else { &mut self.ordinary };
            self.ids.insert(id, shelf.pop().unwrap());
        }
    }

    fn here(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (there, here)| text.replace(there, here))
    }

    async fn settle(&self) {
        while self.server.state_summary().updates_waiting > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Plays one recorded exchange and says what differs.
    async fn play(&mut self, row: &Value) -> Option<String> {
        let name = row["name"].as_str().unwrap();
        let Some(request) = row.get("request") else {
            return self.observe(name, &row["observation"]).await;
        };
        if name.starts_with("GET after pipeline") || name.starts_with("GET: ") {
            self.settle().await;
        }
        if name.contains("AT3 first") || name.contains("(forced)") || name.contains("reverting") {
            self.settle().await;
            self.server.make_visible();
        }
        let path = request["path"].as_str().unwrap();
        let body = request["body"].as_str();
        if path.contains("/mi/") && !self.record.is_empty() && !name.contains("unknown") {
            // The record read back is the one created first.
            for id in uuids(path) {
                self.ids.insert(id, self.record.clone());
            }
        }
        let was_found = row["response"]["status"] != 404;
        // The recording keeps only the beginning of the longest body.
        let whole = name.contains("2501 items").then(too_many);
        let body = whole.as_deref().or(body);
        if whole.is_none() {
            self.learn(name, was_found, &[path, body.unwrap_or_default()]);
        }
        let method: Method = request["method"].as_str().unwrap().parse().unwrap();
        let url = format!("{}{}", self.server.base_url(), self.here(path));
        let mut builder = self.client.request(method.clone(), url);
        for (name, value) in request["headers"].as_object().unwrap() {
            builder = builder.header(name, value.as_str().unwrap());
        }
        if let Some(body) = body {
            builder = builder.body(self.here(body));
        }
        let reply = builder.send().await.unwrap();
        let expected = &row["response"];
        let mut wrong = Vec::new();
        let mut compare = |what: &str, seen: Value, was: &Value| {
            if seen != *was {
                wrong.push(format!("{what} is {seen}, was {was}"));
            }
        };
        compare("status", reply.status().as_u16().into(), &expected["status"]);
        let header = |name: &str| {
            reply.headers().get(name).map_or(Value::Null, |value| value.to_str().unwrap().into())
        };
        compare("content-type", header("content-type"), &expected["headers"]["content-type"]);
        let is_list = row.get("dataCount").is_some();
        if !is_list {
            let length = &expected["headers"]["content-length"];
            compare("content-length", header("content-length"), length);
        }
        if let Some(location) = expected["headers"].get("location") {
            let seen = header("location");
            compare(
                "location",
                parameters(seen.as_str().unwrap()),
                &parameters(location.as_str().unwrap()),
            );
            self.link = seen.as_str().unwrap().to_owned();
        }
        let text = reply.text().await.unwrap();
        if is_list {
            let list: Value = serde_json::from_str(&text).unwrap();
            let letters = list["data"].as_array().unwrap();
            compare("letters", letters.len().into(), &row["dataCount"]);
            let pending = letters.iter().all(|l| l["attributes"]["status"] == "PENDING");
            compare("all PENDING", pending.into(), &true.into());
            let id = |letter: &Value| letter["id"].as_str().unwrap().to_owned();
            self.lists.push(letters.iter().map(id).collect());
        } else {
            let was = self.here(expected["body"].as_str().unwrap_or_default());
            if name == "POST /mi valid" {
                self.record = uuids(&text)[0].clone();
            }
            compare("body", formed(&text).into(), &formed(&was).into());
        }
        (!wrong.is_empty()).then(|| format!("{name}: {}", wrong.join("; ")))
    }

    /// Repeats what the recording did between its exchanges.
    async fn observe(&mut self, name: &str, was: &Value) -> Option<String> {
        let seen: Vec<(&str, Value)> = match name {
            "AT3" => {
                let n = self.lists.len();
                let (first, second) = (&self.lists[n - 3], &self.lists[n - 2]);
                let unique: std::collections::HashSet<&String> = first.iter().collect();
                vec![
                    ("first", first.len().into()),
                    ("unique", unique.len().into()),
                    ("second", second.len().into()),
                    ("visibilityTimeout", 300.into()),
                ]
            }
            "AT3-after" => {
                let n = self.lists.len();
                let same = self.lists[n - 1] == self.lists[n - 4];
                vec![("third", self.lists[n - 1].len().into()), ("sameIds", same.into())]
            }
            "follow Location" => {
                let reply = self.client.get(&self.link).send().await.unwrap();
                let hash = reply.headers()["x-amz-meta-sha256hash"].to_str().unwrap().to_owned();
                vec![
                    ("status", reply.status().as_u16().into()),
                    ("contentType", reply.headers()["content-type"].to_str().unwrap().into()),
                    ("sha256Matches", (sha256(&reply.bytes().await.unwrap()) == hash).into()),
                ]
            }
            "tampered signature" => {
                let link = self.link.replacen("X-Amz-Signature=", "X-Amz-Signature=0", 1);
                self.refused(Method::GET, &link, was).await
            }
            "HEAD on presigned GET url" => self.refused(Method::HEAD, &self.link, was).await,
            "follow Location (missing PDF)" => self.refused(Method::GET, &self.link, was).await,
            "presigned URL after >60s" => return expired(was).await,
            "reverted-to-PENDING letter listed?" => {
                let last = self.lists.last().unwrap();
                let listed = |there: &str| Value::from(last.contains(&self.ids[there]));
                vec![
                    ("count", last.len().into()),
                    ("listed", listed("0f6f6cb6-ddb3-41c3-8a23-a1fc3cd6b881")),
                    ("pendingOnPendingListed", listed("e4d8eff1-02ee-4fae-a7d6-1b9aedb0320d")),
                ]
            }
            _ if name.contains("state") => {
                self.settle().await;
                let state = self.server.state_summary();
                let by_status: serde_json::Map<String, Value> = state
                    .by_status
                    .iter()
                    .filter(|(_, count)| *count > 0)
                    .map(|(status, count)| (status.to_string(), (*count).into()))
                    .collect();
                vec![
                    ("letters", state.letters.into()),
                    ("byStatus", by_status.into()),
                    ("pendingQueue", state.queued.into()),
                ]
            }
            _ => panic!("nobody knows what to do for the observation {name}"),
        };
        let wrong: Vec<String> = seen
            .into_iter()
            .filter(|(key, value)| was[*key] != *value)
            .map(|(key, value)| format!("{key} is {value}, was {}", was[key]))
            .collect();
        (!wrong.is_empty()).then(|| format!("{name}: {}", wrong.join("; ")))
    }

    /// Status and XML code of a refusal of the storage.
    async fn refused(&self, method: Method, link: &str, was: &Value) -> Vec<(&'static str, Value)> {
        let reply = self.client.request(method, link).send().await.unwrap();
        let status = reply.status().as_u16();
        let text = reply.text().await.unwrap();
        let same = code(&text) == code(was["body"].as_str().unwrap_or_default());
        vec![("status", if same { status.into() } else { Value::from(text) })]
    }
}

fn too_many() -> String {
    let items: Vec<Value> =
        (0..2_501).map(|at| support::item(&format!("letter-{at}"), "ACCEPTED")).collect();
    serde_json::json!({ "data": items }).to_string()
}

fn code(xml: &str) -> Option<&str> {
    Some(xml.split_once("<Code>")?.1.split_once("</Code>")?.0)
}

fn sha256(bytes: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The names of a link's parameters.
fn parameters(link: &str) -> Value {
    let names = link.split_once('?').unwrap().1.split('&').map(|p| p.split('=').next().unwrap());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.into()
}

/// A body with what is new each time made alike: the gateway's ids, a record's id, a hash.
fn formed(text: &str) -> String {
    let mut text = text.to_owned();
    for (start, length) in
        [("rrt-", 36), ("\"sha256Hash\":\"", 64), ("{\n  \"data\": {\n    \"id\": \"", 36)]
    {
        if let Some(at) = text.find(start) {
            let from = at + start.len();
            let to = from + length;
            assert!(text.is_char_boundary(to) && text.len() >= to, "{text}");
            text.replace_range(from..to, "…");
        }
    }
    text
}

/// A link after its life, on a mock whose links live shorter.
async fn expired(was: &Value) -> Option<String> {
    let config = MockConfig {
        link_ttl: Duration::from_millis(1),
        letters: 1,
        seeds: SeedPlan::plain(),
        ..config()
    };
    let server = MockServer::start(config).await.unwrap();
    let caller = support::Caller::of(&server);
    let id = caller.ids(1).await.remove(0);
    let link = caller.link(&id).await;
    let mut reply = caller.client.get(&link).send().await.unwrap();
    // A link may still be alive within its first millisecond.
    while reply.status() == StatusCode::OK {
        reply = caller.client.get(&link).send().await.unwrap();
    }
    let status = Value::from(reply.status().as_u16());
    let text = reply.text().await.unwrap();
    server.shutdown().await;
    let same = status == was["status"] && code(&text) == code(was["body"].as_str().unwrap());
    (!same).then(|| format!("expired link: {status} {text}"))
}

#[tokio::test]
async fn the_int_profile_agrees_with_the_recorded_handlers() {
    let Some(all) = recorded("int-capture.jsonl") else { return };
    let mut replay = Replay::start().await;
    let mut differences = Vec::new();
    let mut total = 0;
    for (at, row) in all.iter().enumerate() {
        // How the recorded mock was set up is no exchange.
        if matches!(row["name"].as_str().unwrap(), "reset" | "config") {
            continue;
        }
        total += 1;
        if let Some(difference) = replay.play(row).await {
            differences.push((at + 1, difference));
        }
    }
    assert!(total > 120, "{total}");
    conclude("int", total, &differences);
    replay.server.shutdown().await;
}
