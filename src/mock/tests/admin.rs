//! The admin side, and HTTPS.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::net::{Ipv4Addr, SocketAddr};

use letterproof_mock::{AuthMode, MockConfig, MockServer};
use reqwest::{Certificate, Method, StatusCode};
use serde_json::{Value, json};
use support::{Caller, client, quick};

const ANY: SocketAddr = SocketAddr::V4(std::net::SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0));

struct Admin {
    server: MockServer,
    caller: Caller,
}

impl Admin {
    async fn start(config: MockConfig) -> Self {
        let server = MockServer::start(MockConfig { admin: Some(ANY), ..config }).await.unwrap();
        let caller = Caller::of(&server);
        Self { server, caller }
    }

    async fn order(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}{path}", self.server.admin_url().unwrap());
        let mut request = self.caller.client.request(method, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let reply = request.send().await.unwrap();
        (reply.status(), reply.json().await.unwrap())
    }

    async fn get(&self, path: &str) -> Value {
        let (status, body) = self.order(Method::GET, path, Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        body
    }
}

#[tokio::test]
async fn letters_can_be_seeded_shown_read_and_reset() {
    let admin = Admin::start(quick()).await;
    let ids = admin.caller.ids(2_500).await;
    assert_eq!(admin.get("/state").await["visible"], 0);
    admin.order(Method::POST, "/visible", Value::Null).await;
    assert_eq!(admin.get("/state").await["visible"], 40);

    let (_, added) = admin.order(Method::POST, "/seed", json!({ "letters": 5 })).await;
    assert_eq!(added["added"], 5);
    let plan =
        json!({ "plan": { "pdf_bytes": 900, "letters": [{ "specification": "s", "count": 2 }] } });
    assert_eq!(admin.order(Method::POST, "/seed", plan).await.1["added"], 2);
    assert_eq!(admin.get("/state?supplier=supplier-1").await["letters"], 47);
    let unique: std::collections::HashSet<String> =
        admin.caller.ids(2_500).await.into_iter().collect();
    assert_eq!(unique.len(), 47, "a second seeding makes new ids");

    admin.caller.patch(&ids[0], "ACCEPTED").await;
    let letter = admin.get(&format!("/letters/{}", ids[0])).await;
    assert_eq!(letter["data"]["attributes"]["status"], "ACCEPTED");
    let requests = admin.get("/requests").await;
    assert_eq!(requests["total"], 3);

    let (_, state) = admin.order(Method::POST, "/reset", json!({ "seed": 5 })).await;
    assert_eq!((&state["letters"], &state["visible"]), (&40.into(), &40.into()));
    assert!(admin.caller.ids(2_500).await.iter().all(|id| !ids.contains(id)));
    admin.server.shutdown().await;
}

#[tokio::test]
async fn faults_can_be_armed_and_disarmed_while_it_runs() {
    let admin = Admin::start(quick()).await;
    let get = async || admin.caller.get("/letters/nobody").await.status().as_u16();
    assert_eq!(get().await, 404);
    let order = json!({ "faults": ["not-found-410"] });
    assert_eq!(admin.order(Method::PUT, "/faults", order).await.0, StatusCode::OK);
    assert_eq!(get().await, 410);
    let (status, answer) =
        admin.order(Method::PUT, "/faults", json!({ "faults": ["nonsense"] })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].as_str().unwrap().contains("nonsense"));
    assert_eq!(get().await, 410, "a refused order changes nothing");
    admin.order(Method::DELETE, "/faults", Value::Null).await;
    assert_eq!(get().await, 404);
    assert!(admin.get("/catalogue").await.as_array().unwrap().len() >= 60);
    admin.server.shutdown().await;
}

#[tokio::test]
async fn it_hands_out_tokens_and_refuses_what_it_does_not_know() {
    let admin = Admin::start(MockConfig { auth: AuthMode::Jwt, ..quick() }).await;
    let (_, token) = admin.order(Method::POST, "/token", Value::Null).await;
    let request = admin.caller.request(Method::GET, "/letters?limit=1");
    let reply = request.bearer_auth(token["access_token"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    for (method, path, body, status) in [
        (Method::GET, "/nope", Value::Null, 404),
        (Method::GET, "/letters/nope", Value::Null, 404),
        (Method::GET, "/state?supplier=nobody", Value::Null, 400),
        (Method::POST, "/seed", json!({ "lettres": 5 }), 400),
        (Method::POST, "/seed", json!({ "plan": { "letters": [] } }), 400),
        (Method::PUT, "/faults", json!([]), 400),
    ] {
        let (seen, answer) = admin.order(method, path, body).await;
        assert_eq!(seen.as_u16(), status, "{path}: {answer}");
        assert!(answer["error"].is_string(), "{path}");
    }
    let url = format!("{}/state", admin.server.admin_url().unwrap());
    let reply = admin.caller.client.get(url).header("Host", "evil.example").send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    admin.server.shutdown().await;
}

#[tokio::test]
async fn a_page_of_another_site_orders_nothing() {
    let admin = Admin::start(quick()).await;
    let url = admin.server.admin_url().unwrap().to_owned();
    let own = url.strip_prefix("http://").unwrap();
    let port = own.rsplit(':').next().unwrap();
    for (name, value, expected) in [
        ("Origin", "http://evil.example".to_owned(), 403),
        ("Origin", "null".to_owned(), 403),
        ("Origin", format!("https://{own}"), 403),
        ("Sec-Fetch-Site", "cross-site".to_owned(), 403),
        ("Sec-Fetch-Site", "same-site".to_owned(), 403),
        ("Host", format!("evil.example:{port}"), 403),
        ("Host", "127.0.0.1:1".to_owned(), 403),
        ("Origin", url.clone(), 200),
        ("Sec-Fetch-Site", "same-origin".to_owned(), 200),
        ("Host", format!("localhost:{port}"), 200),
    ] {
        for method in [Method::GET, Method::POST] {
            let path = if method == Method::GET { "state" } else { "reset" };
            let call = admin.caller.client.request(method, format!("{url}/{path}"));
            let reply = call.header(name, &value).send().await.unwrap();
            assert_eq!(reply.status().as_u16(), expected, "{path} {name}: {value}");
        }
    }
    admin.server.shutdown().await;
}

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let config = MockConfig { admin: Some("0.0.0.0:0".parse().unwrap()), ..quick() };
    let message = MockServer::start(config).await.unwrap_err().to_string();
    assert!(message.contains("0.0.0.0:0") && message.contains("loopback"), "{message}");
}

#[tokio::test]
async fn https_works_for_whoever_trusts_the_certificate_and_for_nobody_else() {
    let server = MockServer::start(MockConfig { tls: true, ..quick() }).await.unwrap();
    assert!(server.base_url().starts_with("https://127.0.0.1:"));
    let stranger = client().get(server.base_url()).send().await;
    assert!(stranger.is_err());
    let certificate = Certificate::from_pem(server.certificate_pem().unwrap().as_bytes()).unwrap();
    let trusting = reqwest::Client::builder()
        .tls_certs_only([certificate])
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .unwrap();
    let caller = Caller { client: trusting, base: server.base_url().to_owned() };
    let id = caller.ids(1).await.remove(0);
    let link = caller.link(&id).await;
    assert!(link.starts_with("https://"), "{link}");
    assert_eq!(caller.client.get(link).send().await.unwrap().status(), StatusCode::OK);
    server.shutdown().await;
}
