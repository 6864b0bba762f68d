//! Requests, their record, and what is repeated.

use std::sync::atomic::Ordering;
use std::time::Duration;

use letterproof_model::{Actor, TransportErrorKind};
use serde_json::json;

use super::Stage;
use crate::{
    ClientError, Flow, HeaderChoice, LetterUpdate, LinkChange, MiRecord, Probe, Session,
    SessionOptions,
};

fn record() -> MiRecord {
    MiRecord {
        line_item: "letters".to_owned(),
        timestamp: "2026-11-20T10:00:00Z".parse().unwrap(),
        quantity: 1,
        specification_id: None,
        group_id: None,
        stock_remaining: None,
    }
}

#[tokio::test]
async fn every_request_is_on_record_with_its_times_and_ids() {
    let stage = Stage::set().await.with_jwt();
    stage.api.seed_ordinary(1);
    let session = stage.session();
    let flow = stage.flow.clone().in_scenario("AT1 connect");
    session.list_letters(&flow, Some(1)).await.unwrap();
    let link = session.letter_data(&flow, &"L0001".into()).await.unwrap().value.unwrap();
    let download = session.download(&flow, &link).await.unwrap();
    assert_eq!(download.content().unwrap().pages, Some(1));

    let exchanges = stage.memory.exchanges();
    let asked: Vec<_> = exchanges.iter().map(|e| (e.request.method.as_str(), e.status())).collect();
    assert_eq!(
        asked,
        [("POST", Some(200)), ("GET", Some(200)), ("GET", Some(303)), ("GET", Some(200))]
    );
    let list = &exchanges[1];
    assert_eq!(list.actor, Actor::Supplier);
    assert_eq!(list.scenario.as_deref(), Some("AT1 connect"));
    assert_eq!(list.attempt, 1);
    let response = list.response().unwrap();
    assert!(response.headers_us > 0 && response.done_us >= response.headers_us);
    assert_eq!(list.request.correlation_id(), flow.correlation);
    let ids: std::collections::HashSet<_> =
        exchanges[1..3].iter().map(|e| e.request.request_id().unwrap()).collect();
    assert_eq!(ids.len(), 2);
    assert!(ids.iter().all(|id| uuid::Uuid::parse_str(id.as_str()).is_ok()));
    assert_eq!(exchanges[0].connection.map(|c| c.reused), Some(false));
    assert_eq!(exchanges[2].connection.map(|c| c.reused), Some(true));
    let usage = session.usage();
    assert_eq!((usage.api, usage.tokens, usage.downloads, usage.repeats), (2, 1, 1, 0));
}

#[tokio::test]
async fn what_is_recorded_as_sent_is_what_the_server_received() {
    let stage = Stage::set().await.with_jwt();
    let session = stage.session();
    session.check_status(&stage.flow).await.unwrap();
    let recorded = stage.memory.exchanges().last().unwrap().clone();
    let received = stage.api.world.lock().seen_headers[0].clone();
    for header in &recorded.request.headers {
        assert_eq!(received[header.name.as_str()], header.value.as_str(), "{}", header.name);
    }
    let unrecorded: Vec<_> = received
        .keys()
        .filter(|name| !recorded.request.headers.iter().any(|h| h.name == name.as_str()))
        .map(http::HeaderName::as_str)
        .collect();
    assert_eq!(unrecorded, ["host"]);
}

#[tokio::test]
async fn reads_and_updates_are_sent_again_after_a_gateway_fault_and_each_try_is_an_exchange() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    let session = stage.session();
    stage.api.world.lock().faults.next = vec![(502, json!({"message": "x"})), (503, json!({}))];
    let answer = session.get_letter(&stage.flow, &"L0001".into()).await.unwrap();
    assert!(answer.value.is_some());
    assert_eq!(answer.exchange.attempt, 3);
    stage.api.world.lock().faults.next = vec![(504, json!({}))];
    let update = LetterUpdate {
        id: "L0001".into(),
        status: letterproof_model::LetterStatus::Accepted,
        reason: None,
    };
    assert_eq!(session.patch_letter(&stage.flow, &update).await.unwrap().status, 202);
    assert_eq!(stage.memory.exchanges().len(), 5);
    assert_eq!(session.usage().repeats, 3);
}

#[tokio::test]
async fn a_list_whose_answer_was_lost_is_not_asked_for_again_at_once() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    stage.api.world.lock().faults.next = vec![(502, json!({"message": "x"}))];
    let answer = stage.session().list_letters(&stage.flow, None).await.unwrap();
    assert_eq!((answer.status, answer.exchange.attempt), (502, 1));
}

#[tokio::test]
async fn a_probe_is_sent_again_after_a_fault_on_the_way_unless_it_makes_a_record() {
    let stage = Stage::set().await;
    let session = stage.session();
    let faults = || vec![(502, json!({})), (503, json!({}))];
    stage.api.world.lock().faults.next = faults();
    let answer = session.probe(&stage.flow, &Probe::new("GET", "/letters")).await.unwrap();
    assert_eq!((answer.status(), answer.attempt), (Some(200), 3));
    stage.api.world.lock().faults.next = faults();
    let probe = Probe::new("POST", "/mi").with_body("{}");
    let answer = session.probe(&stage.flow, &probe).await.unwrap();
    assert_eq!((answer.status(), answer.attempt), (Some(502), 1));
}

#[tokio::test]
async fn a_record_of_management_information_is_never_sent_twice_after_a_fault() {
    let stage = Stage::set().await;
    let session = stage.session();
    stage.api.world.lock().faults.next = vec![(502, json!({"message": "x"}))];
    let answer = session.create_mi(&stage.flow, &record()).await.unwrap();
    assert_eq!(answer.status, 502);
    assert_eq!(stage.memory.exchanges().len(), 1);
}

#[tokio::test]
async fn a_429_is_waited_out_until_its_stated_expiry_and_lowers_the_pace() {
    let mut stage = Stage::set().await;
    stage.target.rate_limit = Some(100);
    let session = stage.session();
    let until = letterproof_model::now().as_millisecond() + 400;
    stage.api.world.lock().faults.next =
        vec![(429, json!({"message": "slow", "ratelimiting_expiry_time_ms": until}))];
    let answer = session.create_mi(&stage.flow, &record()).await.unwrap();
    assert_eq!(answer.status, 201, "a refused record was not taken, so it may be sent again");
    let arrivals = stage.api.world.lock().arrivals.clone();
    let waited = arrivals[1] - arrivals[0];
    assert!(waited >= Duration::from_millis(300), "{waited:?}");
    assert!(session.pacer().share() < 1.0);
    assert_eq!(session.usage().throttled, 1);
}

#[tokio::test]
async fn a_target_that_is_not_there_is_named_with_what_to_check() {
    let mut stage = Stage::set().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    stage.target = stage.target.at(&format!("http://{free}/api")).unwrap();
    let error = stage.session().preflight(&stage.flow).await.unwrap_err();
    assert!(error.is_configuration());
    let ClientError::Unreachable { url, kind, .. } = &error else { panic!("{error}") };
    assert_eq!(*kind, TransportErrorKind::Connect);
    assert!(url.contains(&free.to_string()));
    assert_eq!(stage.memory.exchanges().len(), 4, "each try is an exchange");
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_on_record() {
    let mut stage = Stage::set().await;
    stage.target.timeouts.answer = Duration::from_millis(50);
    stage.api.world.lock().faults.latency = Duration::from_secs(5);
    let exchange =
        stage.session().probe(&stage.flow, &Probe::new("GET", "/_status")).await.unwrap();
    assert_eq!(exchange.error().unwrap().kind, TransportErrorKind::Timeout);
}

#[tokio::test]
async fn nothing_is_sent_once_an_exchange_could_not_be_recorded() {
    let stage = Stage::set().await;
    let session = stage.session();
    stage.memory.room.store(1, Ordering::SeqCst);
    session.check_status(&stage.flow).await.unwrap();
    for _ in 0..2 {
        let error = session.check_status(&stage.flow).await.unwrap_err();
        assert!(matches!(error, ClientError::Unrecorded { .. }) && error.is_fatal(), "{error}");
    }
    assert_eq!(stage.api.world.lock().arrivals.len(), 2, "the third was never sent");
}

#[tokio::test]
async fn a_request_cut_short_is_on_record_as_interrupted() {
    let stage = Stage::set().await;
    let session = stage.session();
    stage.api.world.lock().faults.latency = Duration::from_secs(5);
    let call = session.check_status(&stage.flow);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err());
    let exchanges = stage.memory.exchanges();
    assert_eq!(exchanges.len(), 1);
    assert_eq!(exchanges[0].error().unwrap().kind, TransportErrorKind::Interrupted);
}

#[tokio::test]
async fn a_stopped_session_sends_nothing_more_and_cuts_waits_short() {
    let stage = Stage::set().await;
    let session = stage.session();
    let waiting = tokio::spawn({
        let session = session.clone();
        async move { session.sleep(Duration::from_secs(60)).await }
    });
    tokio::task::yield_now().await;
    session.stop();
    assert!(matches!(waiting.await.unwrap(), Err(ClientError::Interrupted)));
    let error = session.check_status(&stage.flow).await.unwrap_err();
    assert!(matches!(error, ClientError::Interrupted));
    assert!(stage.memory.exchanges().is_empty());
}

#[tokio::test]
async fn a_probe_is_sent_as_asked_for_and_as_the_harness() {
    let stage = Stage::set().await;
    let session = stage.session();
    let mut probe = Probe::new("GET", "/letters?limit=5&limit=5");
    probe.request_id = HeaderChoice::Absent;
    probe.correlation_id = HeaderChoice::Value(String::new());
    probe.headers.push(("X-Other".to_owned(), "1".to_owned()));
    let exchange = session.probe(&Flow::supplier(None), &probe).await.unwrap();
    assert_eq!(exchange.actor, Actor::Harness);
    assert!(exchange.request.url.ends_with("?limit=5&limit=5"));
    let headers = stage.api.world.lock().seen_headers[0].clone();
    assert!(!headers.contains_key("x-request-id"));
    assert_eq!(headers["x-correlation-id"], "");
    assert_eq!(headers["x-other"], "1");
}

#[tokio::test]
async fn a_probe_that_http_cannot_carry_is_refused_and_not_sent() {
    let stage = Stage::set().await;
    let mut probe = Probe::new("GET", "/letters");
    probe.request_id = HeaderChoice::Value("a\r\nb".to_owned());
    let error = stage.session().probe(&stage.flow, &probe).await.unwrap_err();
    assert!(error.to_string().contains("x-request-id"), "{error}");
    assert!(stage.memory.exchanges().is_empty());
}

#[tokio::test]
async fn a_link_can_be_probed_with_another_signature() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    let session = stage.session();
    let link = session.letter_data(&stage.flow, &"L0001".into()).await.unwrap().value.unwrap();
    session.probe_link(&stage.flow, &link, LinkChange::Signature).await.unwrap();
    assert!(stage.memory.exchanges()[1].request.url.ends_with("canary-signature-0"));
}

#[tokio::test]
async fn a_link_is_followed_again_after_a_fault_on_the_way_but_once_where_that_is_asked() {
    let mut stage = Stage::set().await;
    stage.target.storage_hosts = vec!["127.0.0.1:1".parse().unwrap()];
    stage.api.seed_ordinary(1);
    // Nobody listens there.
    stage.api.world.lock().faults.link_host = Some("http://127.0.0.1:1".to_owned());
    let session = stage.session();
    let link = session.letter_data(&stage.flow, &"L0001".into()).await.unwrap().value.unwrap();
    let once = session.download_once(&stage.flow, &link).await.unwrap();
    assert_eq!((once.status(), once.exchange.attempt), (None, 1));
    let probed = session.probe_link(&stage.flow, &link, LinkChange::AsIs).await.unwrap();
    assert_eq!(probed.status(), None);
    assert!(probed.exchange.attempt > 1, "{}", probed.exchange.attempt);
}

#[tokio::test]
async fn a_letter_id_of_any_form_stays_one_part_of_the_path() {
    let stage = Stage::set().await;
    let session = stage.session();
    let answer = session.get_letter(&stage.flow, &"../mi?x=1#y".into()).await.unwrap();
    assert_eq!(answer.status, 404);
    assert!(answer.exchange.request.url.ends_with("/api/letters/..%2Fmi%3Fx=1%23y"));
}

#[tokio::test]
async fn content_is_kept_only_where_a_folder_was_named_for_it() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(2);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("pdfs");
    let options = SessionOptions { keep_pdfs: Some(kept.clone()), ..SessionOptions::default() };
    let keeping = Session::new(stage.target.clone(), stage.memory.clone(), options).unwrap();
    for (session, id) in [(keeping, "L0001"), (stage.session(), "L0002")] {
        let link = session.letter_data(&stage.flow, &id.into()).await.unwrap().value.unwrap();
        assert!(session.download(&stage.flow, &link).await.unwrap().is_pdf());
    }
    assert!(std::fs::read(kept.join("L0001.pdf")).unwrap().starts_with(b"%PDF-"));
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 1);
}

#[tokio::test]
async fn an_empty_document_is_recorded_as_what_it_is() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    stage.api.world.lock().letters.get_mut("L0001").unwrap().content = Some(Vec::new());
    let session = stage.session();
    let link = session.letter_data(&stage.flow, &"L0001".into()).await.unwrap().value.unwrap();
    let download = session.download(&stage.flow, &link).await.unwrap();
    assert_eq!(download.content().map(|content| content.length), Some(0));
}
