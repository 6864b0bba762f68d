//! What gateways and stores in front of the same handlers do differently.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

mod support;

use letterproof_mock::{
    AuthMode, Framing, Gateway, MockConfig, MockServer, Refusals, SecretToken, StoragePlace,
};
use reqwest::header::{CONTENT_ENCODING, CONTENT_LENGTH, DATE, TRANSFER_ENCODING};
use reqwest::{Client, Response};
use serde_json::Value;
use support::{Caller, quick};

async fn behind(gateway: Gateway) -> (MockServer, Caller) {
    started(MockConfig { gateway, ..quick() }).await
}

async fn started(config: MockConfig) -> (MockServer, Caller) {
    let server = MockServer::start(config).await.unwrap();
    let caller = Caller::of(&server);
    (server, caller)
}

fn header<'a>(reply: &'a Response, name: &str) -> Option<&'a str> {
    reply.headers().get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn bodies_come_with_their_length_in_chunks_or_compressed_where_that_is_read() {
    let (_server, caller) = behind(Gateway::as_specified()).await;
    let plain = caller.get("/letters?limit=3").await;
    assert!(plain.headers().contains_key(CONTENT_LENGTH));
    let gateway = Gateway { framing: Framing::Chunked, ..Gateway::as_specified() };
    let (_server, caller) = behind(gateway).await;
    let chunked = caller.get("/letters?limit=3").await;
    assert_eq!(header(&chunked, TRANSFER_ENCODING.as_str()), Some("chunked"));
    assert_eq!(chunked.json::<Value>().await.unwrap()["data"].as_array().unwrap().len(), 3);
    let gateway = Gateway { framing: Framing::Gzip, ..Gateway::as_specified() };
    let (_server, caller) = behind(gateway).await;
    assert_eq!(header(&caller.get("/letters?limit=1").await, CONTENT_ENCODING.as_str()), None);
    let list = || caller.request(reqwest::Method::GET, "/letters?limit=3");
    let packed = list().header("Accept-Encoding", "gzip").send().await.unwrap();
    assert_eq!(header(&packed, CONTENT_ENCODING.as_str()), Some("gzip"));
    assert!(packed.bytes().await.unwrap().starts_with(&[0x1F, 0x8B]));
    // One that unpacks says by itself that it reads gzip.
    let unpacking = Caller { client: Client::builder().no_proxy().build().unwrap(), ..caller };
    let packed = unpacking.request(reqwest::Method::GET, "/letters?limit=2");
    let list: Value = packed.send().await.unwrap().json().await.unwrap();
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn ids_dates_and_refusals_are_the_gateways_own() {
    let gateway =
        Gateway { dotted_correlation_id: true, date_off: -3_600, ..Gateway::as_specified() };
    let (_server, caller) = behind(gateway).await;
    let reply = caller.get("/letters?limit=1").await;
    let chain = header(&reply, "x-correlation-id").unwrap();
    assert!(chain.contains(".flow-1.") && chain.starts_with("7b6ab8c2-"), "{chain}");
    assert_eq!(reply.headers().get_all("x-correlation-id").iter().count(), 1);
    let date = jiff::fmt::rfc2822::parse(header(&reply, DATE.as_str()).unwrap()).unwrap();
    let behind_by = jiff::Timestamp::now().as_second() - date.timestamp().as_second();
    assert!((3_590..=3_610).contains(&behind_by), "{behind_by}");
    for (refusals, fault_429, problem_401) in [
        (Refusals::Usual, false, false),
        (Refusals::Faults, true, false),
        (Refusals::Problems, false, true),
    ] {
        let gateway = Gateway { refusals, ..Gateway::as_specified() };
        let auth = AuthMode::Static(SecretToken::new("the-one-token"));
        let config = MockConfig { gateway, auth, rate_limit: Some(1), ..quick() };
        let (_server, caller) = started(config).await;
        let refused = caller.get("/letters?limit=1").await;
        assert_eq!(refused.status(), 401);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body.get("errors").is_some(), problem_401, "{body}");
        assert_eq!(body.get("fault").is_some(), !problem_401, "{body}");
        let call = || {
            let call = caller.request(reqwest::Method::GET, "/letters?limit=1");
            call.bearer_auth("the-one-token").send()
        };
        let mut limited = call().await.unwrap();
        while limited.status() != 429 {
            limited = call().await.unwrap();
        }
        let body: Value = limited.json().await.unwrap();
        assert_eq!(body.get("fault").is_some(), fault_429, "{body}");
        assert_eq!(body.get("ratelimiting_expiry_time_ms").is_some(), !fault_429, "{body}");
    }
}

#[tokio::test]
async fn documents_are_where_the_store_is() {
    let storage = StoragePlace {
        host: Some("localhost".to_owned()),
        folder: "eu-west-2/letters".to_owned(),
        headers: vec![("x-cache", "Miss")],
    };
    let (_server, caller) = started(MockConfig { storage, ..quick() }).await;
    let id = caller.ids(1).await.remove(0);
    let link = caller.link(&id).await;
    assert!(
        link.starts_with("http://localhost:") && link.contains("/eu-west-2/letters/"),
        "{link}"
    );
    let document = caller.client.get(&link).send().await.unwrap();
    assert_eq!((document.status().as_u16(), header(&document, "x-cache")), (200, Some("Miss")));
    let elsewhere = link.replace("/eu-west-2/letters/", "/storage/");
    assert_ne!(caller.client.get(elsewhere).send().await.unwrap().status(), 200);
}
