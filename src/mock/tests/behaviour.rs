//! What a supplier meets on the mock of INT: lists, updates, documents, suppliers, gateway.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use letterproof_mock::{
    AuthMode, Fault, Gateway, Limiter, MediaType, Mix, MockConfig, MockServer, Registration,
    SecretToken,
};
use letterproof_model::LetterStatus;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use support::{Caller, quick};

async fn started(config: MockConfig) -> (MockServer, Caller) {
    let server = MockServer::start(config).await.unwrap();
    let caller = Caller::of(&server);
    (server, caller)
}

#[tokio::test]
async fn a_varied_list_holds_2500_pending_letters_of_every_kind_and_then_hides_them() {
    let config = MockConfig {
        auth: AuthMode::None,
        letters: Mix::Varied.letters(),
        seeds: Mix::Varied.plan(),
        ..MockConfig::default()
    };
    let (server, caller) = started(config).await;
    let list = caller.list(2_500).await;
    let ids: HashSet<&str> = list.iter().map(|letter| letter["id"].as_str().unwrap()).collect();
    assert_eq!((list.len(), ids.len()), (2_500, 2_500));
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for letter in &list {
        assert_eq!(letter["attributes"]["status"], "PENDING");
        *kinds.entry(letter["attributes"]["specificationId"].as_str().unwrap()).or_default() += 1;
    }
    let kind = |name: &str| kinds[format!("integration-specification-{name}").as_str()];
    assert!(kind("english") > 1_500 && kind("large-print") > 50 && kind("braille") > 50);
    for name in ["audio", "arabic", "urdu", "polish", "welsh", "unlisted"] {
        assert!(kind(name) > 0, "{name}");
    }
    let without = |key: &str| list.iter().filter(|l| l["attributes"].get(key).is_none()).count();
    assert!(without("sha256Hash") > 5);
    assert_eq!(without("groupId"), 0, "every letter has a group");

    assert!(caller.ids(2_500).await.is_empty(), "listed letters are hidden at once");
    server.make_visible();
    let again: Vec<String> = list.iter().map(|l| l["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(caller.ids(2_500).await, again, "they come back in the same order");
    server.shutdown().await;
}

#[tokio::test]
async fn the_mix_of_int_leaves_ten_letters_after_a_full_list_and_shares_its_documents() {
    let config = MockConfig {
        letters: Mix::Int.letters(),
        seeds: Mix::Int.plan(),
        visibility_timeout: Duration::from_secs(300),
        ..quick()
    };
    let (server, caller) = started(config).await;
    let first = caller.list(2_500).await;
    let rest = caller.list(2_500).await;
    assert_eq!((first.len(), rest.len()), (2_500, 10));
    let mut kinds: BTreeMap<[String; 2], (usize, BTreeSet<String>)> = BTreeMap::new();
    for letter in first.iter().chain(&rest) {
        let text = |name: &str| letter["attributes"][name].as_str().unwrap_or("none").to_owned();
        let (count, hashes) = kinds.entry([text("specificationId"), text("groupId")]).or_default();
        *count += 1;
        hashes.insert(text("sha256Hash"));
    }
    let count = |kind: &str, group: &str| {
        let kind = format!("integration-specification-{kind}");
        let (count, hashes) = &kinds[&[kind, format!("group-{group}-supplier-1")]];
        assert_eq!(hashes.len(), 1);
        (*count, hashes.first().unwrap().clone())
    };
    assert_eq!(kinds.len(), 4, "{kinds:?}");
    let (english, four_pages) = count("english", "english");
    assert_eq!((english, count("braille", "accessible")), (835, (835, four_pages.clone())));
    let (arabic, six_pages) = count("arabic", "international");
    assert!(arabic == 835 && four_pages != six_pages);
    assert_eq!(count("missing-pdf", "error"), (5, "none".to_owned()));
    server.shutdown().await;
}

#[tokio::test]
async fn the_queue_lags_the_letters_and_knows_them_as_pending() {
    const LAG: Duration = Duration::from_millis(700);
    for fault in [None, Some("keep-listed")] {
        let config = MockConfig {
            queue_lag: LAG,
            visibility_timeout: Duration::ZERO,
            faults: fault.map(|name| Fault::parse(name).unwrap()).into_iter().collect(),
            ..quick()
        };
        let (server, caller) = started(config).await;
        let before = caller.list(2_500).await;
        let id = before[0]["id"].as_str().unwrap().to_owned();
        let begun = std::time::Instant::now();
        caller.patch(&id, "ACCEPTED").await;
        assert_eq!(caller.status(&id).await, "ACCEPTED");
        let meanwhile = caller.list(2_500).await;
        assert!(begun.elapsed() < LAG, "this machine is too slow for the test");
        assert_eq!(meanwhile, before, "the list does not know of the update yet");
        assert_eq!(server.state_summary().queued, before.len());
        tokio::time::sleep(LAG).await;
        let listed = caller.ids(2_500).await.contains(&id);
        assert_eq!(listed, fault.is_some(), "{fault:?}");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_letter_that_comes_back_wrongly_outlives_the_lag() {
    let config = MockConfig {
        queue_lag: Duration::from_millis(50),
        visibility_timeout: Duration::ZERO,
        faults: vec![Fault::parse("relist").unwrap()],
        ..quick()
    };
    let (server, caller) = started(config).await;
    let ids = caller.ids(2).await;
    for id in &ids {
        caller.patch(id, "ACCEPTED").await;
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let listed = caller.ids(2_500).await;
    assert!(listed.contains(&ids[0]) && !listed.contains(&ids[1]), "{listed:?}");
    server.shutdown().await;
}

#[tokio::test]
async fn list_calls_at_the_same_time_return_the_same_letters() {
    let config = MockConfig { list_window: Duration::from_millis(150), ..quick() };
    let (server, caller) = started(config).await;
    let (one, two) = tokio::join!(caller.ids(30), caller.ids(30));
    assert_eq!(one.len(), 30);
    assert_eq!(one, two);
    assert_eq!(caller.ids(30).await.len(), 10, "one after the other they do not");
    server.shutdown().await;
}

#[tokio::test]
async fn an_update_is_answered_before_it_shows() {
    let late = MockConfig { apply_delay: Duration::from_secs(3_600), ..quick() };
    for (config, shown) in [(late, "PENDING"), (quick(), "ACCEPTED")] {
        let (server, caller) = started(config).await;
        let id = caller.ids(1).await.remove(0);
        let reply = caller.patch(&id, "ACCEPTED").await;
        assert_eq!(reply.status(), StatusCode::ACCEPTED);
        assert!(reply.bytes().await.unwrap().is_empty());
        assert_eq!(caller.status(&id).await, shown);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_bulk_of_a_thousand_is_accepted_and_leaves_the_queue() {
    let (server, caller) = started(MockConfig { letters: 1_200, ..quick() }).await;
    let ids = caller.ids(1_000).await;
    assert_eq!(caller.bulk(&ids, "ACCEPTED").await.status(), StatusCode::ACCEPTED);
    let state = server.state_summary();
    assert_eq!((state.queued, state.visible, state.updates_waiting), (200, 200, 0));
    assert_eq!(server.count(LetterStatus::Accepted), 1_000);
    server.make_visible();
    let rest: HashSet<String> = caller.ids(2_500).await.into_iter().collect();
    assert!(rest.len() == 200 && ids.iter().all(|id| !rest.contains(id)));
    server.shutdown().await;
}

#[tokio::test]
async fn without_order_some_updates_overtake_others_and_with_order_none_does() {
    let jitters = Duration::from_millis(300);
    for (unordered, apply_jitter, left) in
        [(false, Duration::ZERO, 0..=0), (true, Duration::ZERO, 1..=90), (false, jitters, 1..=199)]
    {
        let config = MockConfig {
            unordered,
            apply_jitter,
            letters: 200,
            apply_delay: Duration::from_millis(200),
            ..quick()
        };
        let (server, caller) = started(config).await;
        for id in caller.ids(200).await {
            caller.patch(&id, "ACCEPTED").await;
            caller.patch(&id, "DISPATCHED").await;
        }
        while server.state_summary().updates_waiting > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let behind = server.count(LetterStatus::Accepted);
        assert!(left.contains(&behind), "unordered {unordered}: {behind} left behind");
        assert_eq!(behind + server.count(LetterStatus::Dispatched), 200);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn failures_in_passing_strike_before_a_call_is_looked_at_and_never_one_that_makes_a_record() {
    let (server, caller) = started(MockConfig { hiccups: 1_000_000, ..quick() }).await;
    let id = server.a_letter_of("supplier-1").unwrap();
    let update = serde_json::json!({ "data": support::item(id.as_str(), "ACCEPTED") });
    let mut seen = BTreeSet::new();
    for _ in 0..40 {
        let request = caller.request(Method::PATCH, &format!("/letters/{id}"));
        let outcome = request.body(update.to_string()).send().await;
        seen.insert(outcome.ok().map(|reply| reply.status().as_u16()));
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), [None], "each was reset");
    assert_eq!(server.count(LetterStatus::Pending), 40, "nothing was done");
    let record = caller.request(Method::POST, "/mi").body("{}").send().await.unwrap();
    assert_eq!(record.status(), StatusCode::BAD_REQUEST, "it came to be looked at");
    server.shutdown().await;
}

#[tokio::test]
async fn documents_are_what_their_letters_say_the_exceptional_ones_included() {
    let config = MockConfig {
        auth: AuthMode::None,
        rate_limit: None,
        letters: 120,
        seeds: Mix::Varied.plan(),
        ..MockConfig::default()
    };
    let (server, caller) = started(config).await;
    let (mut long, mut corrupt, mut missing, mut size) = (0, 0, 0, 0);
    for letter in caller.list(2_500).await {
        let link = caller.link(letter["id"].as_str().unwrap()).await;
        let reply = caller.client.get(link).send().await.unwrap();
        let hash = letter["attributes"].get("sha256Hash").and_then(Value::as_str);
        let Some(hash) = hash else {
            assert_eq!(reply.status(), StatusCode::NOT_FOUND);
            assert_eq!(reply.headers()["content-type"], "application/xml");
            assert!(reply.text().await.unwrap().contains("<Code>NoSuchKey</Code>"));
            missing += 1;
            continue;
        };
        assert_eq!(reply.headers()["content-type"], "application/pdf");
        let bytes = reply.bytes().await.unwrap();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, hash);
        match lopdf::Document::load_mem(&bytes).map(|document| document.get_pages().len()) {
            Ok(pages @ 1..) => {
                long += usize::from(pages > 5);
                size = size.max(bytes.len());
            }
            _ => corrupt += 1,
        }
    }
    assert!(long > 0 && corrupt > 0 && missing > 0, "{long} {corrupt} {missing}");
    assert!((98_000..106_000).contains(&size), "{size}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_part_of_a_document_can_be_asked_for() {
    let (server, caller) = started(quick()).await;
    let id = caller.ids(1).await.remove(0);
    let link = caller.link(&id).await;
    let whole = caller.client.get(&link).send().await.unwrap().bytes().await.unwrap();
    let reply = caller.client.get(&link).header("Range", "bytes=10-19").send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(reply.bytes().await.unwrap(), whole[10..20]);
    server.shutdown().await;
}

fn application(number: &str, supplier: &str) -> Registration {
    let key = SecretToken::new(format!("key-{number}"));
    Registration::new(format!("app-{number}"), supplier, key, None)
}

#[tokio::test]
async fn suppliers_never_see_each_others_letters() {
    let registrations = vec![application("1", "supplier-1"), application("2", "supplier-2")];
    let (server, caller) = started(MockConfig { registrations, ..quick() }).await;
    let as_two = |method: Method, path: &str| {
        caller.request(method, path).header("NHSD-Supplier-ID", "app-2")
    };
    let one: HashSet<String> = caller.ids(2_500).await.into_iter().collect();
    let list: Value = as_two(Method::GET, "/letters").send().await.unwrap().json().await.unwrap();
    let two: Vec<&str> =
        list["data"].as_array().unwrap().iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert_eq!((one.len(), two.len()), (40, 40));
    assert!(two.iter().all(|id| !one.contains(*id)));

    let mine = one.iter().next().unwrap();
    for path in [format!("/letters/{mine}"), format!("/letters/{mine}/data")] {
        let reply = as_two(Method::GET, &path).send().await.unwrap();
        assert_eq!(reply.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let body = serde_json::json!({ "data": support::item(mine, "ACCEPTED") }).to_string();
    let reply = as_two(Method::PATCH, &format!("/letters/{mine}")).body(body).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::ACCEPTED, "a foreign update is dropped in silence");
    assert_eq!(caller.status(mine).await, "PENDING");
    server.shutdown().await;
}

#[tokio::test]
async fn each_part_of_the_gateway_can_be_switched_off() {
    let token = SecretToken::new("let-me-in");
    let nobody = Registration { supplier: None, ..application("1", "") };
    let closed =
        || MockConfig { auth: AuthMode::Static(token.clone()), rate_limit: Some(1), ..quick() };
    let get = async |config: MockConfig, bearer: Option<&str>| {
        let (server, caller) = started(config).await;
        let mut request = caller.request(Method::GET, "/letters?limit=1");
        if let Some(bearer) = bearer {
            request = request.bearer_auth(bearer);
        }
        let reply = request.send().await.unwrap();
        server.shutdown().await;
        reply
    };
    let off = |change: fn(&mut Gateway)| {
        let mut gateway = Gateway::as_specified();
        change(&mut gateway);
        gateway
    };
    assert_eq!(get(closed(), None).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(closed(), Some("wrong")).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(closed(), Some("let-me-in")).await.status(), StatusCode::OK);
    let gateway = off(|gateway| gateway.check_bearer = false);
    assert_eq!(get(MockConfig { gateway, ..closed() }, None).await.status(), StatusCode::OK);

    let unknown =
        || MockConfig { registrations: vec![nobody.clone(), application("2", "s")], ..quick() };
    let reply = get(unknown(), None).await;
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);
    let disabled = vec![Registration { disabled: true, ..application("1", "s") }];
    let reply = get(MockConfig { registrations: disabled, ..quick() }, None).await;
    assert_eq!(reply.status(), StatusCode::FORBIDDEN);

    let reply = get(quick(), None).await;
    assert_eq!(reply.headers()["content-type"], "application/vnd.api+json");
    assert_eq!(reply.headers()["x-request-id"], "7b6ab8c2-3f0f-4b39-9d3a-1f6a3f9c2d11");
    assert_eq!(reply.headers()["x-correlation-id"], "flow-1");
    let gateway = off(|gateway| {
        gateway.echo_ids = false;
        gateway.media_type = MediaType::Json;
    });
    let reply = get(MockConfig { gateway, ..quick() }, None).await;
    assert_eq!(reply.headers()["content-type"], "application/json");
    assert!(!reply.headers().contains_key("x-request-id"));
}

#[tokio::test]
async fn a_correlation_id_is_made_where_none_was_sent() {
    let (server, caller) = started(quick()).await;
    let url = format!("{}/letters?limit=1", caller.base);
    let reply = caller.client.get(url).header("X-Request-ID", "r").send().await.unwrap();
    assert_eq!(reply.headers()["x-correlation-id"].len(), 36);
    server.shutdown().await;
}

#[tokio::test]
async fn more_than_the_quota_is_answered_with_429_by_every_limiter() {
    for limiter in Limiter::ALL {
        let (server, caller) =
            started(MockConfig { rate_limit: Some(10), limiter, ..quick() }).await;
        let mut limited = 0;
        for _ in 0..30 {
            let reply = caller.get("/letters?limit=1").await;
            if reply.status() == StatusCode::TOO_MANY_REQUESTS {
                limited += 1;
                assert_eq!(reply.headers()["content-type"], "application/json");
                assert!(reply.headers().contains_key("retry-after"));
                let body: Value = reply.json().await.unwrap();
                assert_eq!((&body["limit"], &body["timeunit"]), (&10.into(), &"second".into()));
            }
        }
        assert!(limited > 0, "{limiter}");
        let seen = server.requests();
        assert_eq!((seen.api, seen.limited), (30, limited), "{limiter}");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_fault_can_be_asked_for_one_request_alone() {
    let (server, caller) = started(MockConfig { request_faults: true, ..quick() }).await;
    let get = async |fault: Option<&str>| {
        let mut request = caller.request(Method::GET, "/letters/nobody");
        if let Some(fault) = fault {
            request = request.header("X-Letterproof-Fault", fault);
        }
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(get(Some("not-found-410")).await, 410);
    assert_eq!(get(None).await, 404);
    assert_eq!(get(Some("nonsense")).await, 400);
    server.shutdown().await;

    let (server, caller) = started(quick()).await;
    let request = caller.request(Method::GET, "/letters/nobody");
    let reply = request.header("X-Letterproof-Fault", "not-found-410").send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::NOT_FOUND, "the header does nothing unless allowed");
    server.shutdown().await;
}

#[tokio::test]
async fn the_api_is_served_at_the_root_too_and_the_page_says_where_it_is() {
    let (server, caller) = started(quick()).await;
    let root = caller.base.trim_end_matches("/nhs-notify-supplier").to_owned();
    let url = format!("{root}/letters?limit=1");
    let reply = caller.client.get(url).header("X-Request-ID", "r").send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let page = caller.client.get(format!("{root}/")).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    let page = page.text().await.unwrap();
    for text in [server.base_url(), server.token_url(), "curl", "PENDING: 40"] {
        assert!(page.contains(text), "{text}");
    }
    server.shutdown().await;
}

#[tokio::test]
async fn two_mocks_with_one_seed_hold_the_same_letters_and_a_reset_makes_others() {
    let (one, first) = started(quick()).await;
    let (two, second) = started(quick()).await;
    let ids = first.ids(2_500).await;
    assert_eq!(ids, second.ids(2_500).await);
    two.reset(99).unwrap();
    let others = second.ids(2_500).await;
    assert!(others.len() == 40 && others.iter().all(|id| !ids.contains(id)));
    one.shutdown().await;
    two.shutdown().await;
}

#[tokio::test]
async fn a_stopped_double_frees_its_port() {
    let (server, caller) = started(quick()).await;
    // A connection kept alive must not hold it up.
    caller.ids(1).await;
    let address = caller.base.split('/').nth(2).unwrap().to_owned();
    server.shutdown().await;
    let listen = address.parse().unwrap();
    let server = MockServer::start(MockConfig { listen, ..quick() }).await.unwrap();
    let again = MockServer::start(MockConfig { listen, ..quick() }).await.unwrap_err().to_string();
    assert!(again.contains(&address) && !again.contains('\n'), "{again}");
    drop(server);
}
