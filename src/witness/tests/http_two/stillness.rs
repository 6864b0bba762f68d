//! Streams that never end and windows that never open: nobody is waited for without end, and nobody
//! who moves is cut off.

use std::time::{Duration, Instant};

use letterproof_mock::{MockConfig, MockServer, SeedPlan};
use letterproof_model::TransportErrorKind;
use letterproof_testing::frames::{self, END_STREAM, Heard, kind};
use letterproof_witness::WitnessConfig;

use crate::support::{Watched, quick, split, upstream};
use crate::{Two, lives_on, request};

/// SETTINGS_INITIAL_WINDOW_SIZE.
const WINDOW: u16 = 4;

/// Nothing may stand still for longer than a moment.
fn impatient(config: &mut WitnessConfig) {
    config.limits.write_timeout = Duration::from_millis(300);
}

async fn before(api: &MockServer) -> Watched {
    Watched::of(upstream(api.base_url(), None), impatient).await
}

/// Waits until nothing is under way any more.
async fn nothing_under_way(watched: &Watched) {
    for _ in 0..500 {
        if watched.witness.counts().in_flight == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("something is under way still: {:?}", watched.witness.counts());
}

#[tokio::test]
async fn a_window_that_never_opens_is_not_waited_for() {
    let config = MockConfig {
        seeds: SeedPlan { pdf_bytes: 2_000_000, ..quick().seeds },
        letters: 4,
        ..quick()
    };
    let api = MockServer::start(config).await.unwrap();
    let watched = before(&api).await;
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let (files, document) = split(&link);
    let recorded = watched.witness.counts().recorded;
    let own = watched.address();
    for (at, path) in [(own.as_str(), "/nhs-notify-supplier/letters"), (files, document)] {
        let mut two = Two::with(at, &[(WINDOW, 0)]).await;
        two.send(frames::headers(1, END_STREAM, &request("GET", at, path))).await;
        let started = |heard: &[Heard]| heard.iter().any(|one| one.status() == Some(200));
        assert!(two.until(started).await && !two.is_closed(), "{path}");
        // A client that is there and takes nothing.
        let ping = frames::frame(kind::PING, 0, 0, &[0; 8]);
        let begun = Instant::now();
        while !two.is_closed() && begun.elapsed() < crate::SOON {
            two.send(&ping).await;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(two.is_closed(), "{path} is held open for a client that takes nothing");
    }
    nothing_under_way(&watched).await;
    let exchanges = watched.recorded(usize::try_from(recorded).unwrap() + 2).await;
    let list = &exchanges[exchanges.len() - 2];
    assert!(list.response().is_some(), "the API had answered it, as with HTTP/1.1");
    let error = exchanges.last().unwrap().error().unwrap();
    assert_eq!((error.kind, error.status), (TransportErrorKind::Body, Some(200)));
    lives_on(&watched, "windows of zero").await;
    api.shutdown().await;
}

#[tokio::test]
async fn a_client_that_is_slow_or_waits_for_a_slow_api_is_not_cut_off() {
    let config = MockConfig {
        latency: Duration::from_millis(1_200),
        seeds: SeedPlan { pdf_bytes: 400_000, ..quick().seeds },
        letters: 4,
        ..quick()
    };
    let api = MockServer::start(config).await.unwrap();
    let watched = before(&api).await;
    let own = watched.address();
    // The API takes three times as long as a connection may stand still.
    let mut two = Two::to(&own).await;
    let path = "/nhs-notify-supplier/letters?limit=1";
    two.send(frames::headers(1, END_STREAM, &request("GET", &own, path))).await;
    assert_eq!(two.outcome(1).await, Some(200));
    // The client takes a document in pieces, over a longer time than that.
    let id = watched.ids(1).await.remove(0);
    let link = watched.link(&id).await;
    let (files, document) = split(&link);
    let mut two = Two::with(files, &[(WINDOW, 0)]).await;
    two.send(frames::headers(1, END_STREAM, &request("GET", files, document))).await;
    let ended = |heard: &[Heard]| heard.iter().any(|one| one.ends(1));
    for _ in 0..60 {
        let wider = 40_000_u32.to_be_bytes();
        for stream in [0, 1] {
            two.send(frames::frame(kind::WINDOW_UPDATE, 0, stream, &wider)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        if ended(&two.heard()) {
            break;
        }
    }
    let heard = two.heard();
    let data = heard.iter().filter(|one| one.kind == kind::DATA);
    let received: usize = data.map(|one| one.payload.len()).sum();
    assert!(ended(&heard) && received > 300_000, "{received} bytes");
    api.shutdown().await;
}

#[tokio::test]
async fn a_connection_used_for_nothing_more_is_ended_whatever_it_pings() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = before(&api).await;
    let own = watched.address();
    let mut two = Two::to(&own).await;
    let path = "/nhs-notify-supplier/_status";
    two.send(frames::headers(1, END_STREAM, &request("GET", &own, path))).await;
    assert_eq!(two.outcome(1).await, Some(200));
    let begun = Instant::now();
    while !two.is_closed() && begun.elapsed() < crate::SOON {
        two.send(frames::frame(kind::PING, 0, 0, &[7; 8])).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(two.is_closed(), "pings keep a connection open that nobody uses");
    let notes = watched.journal.notes();
    assert!(notes.is_empty(), "a connection that was used and then left alone: {notes:?}");
    lives_on(&watched, "an idle connection").await;
    api.shutdown().await;
}

#[tokio::test]
async fn a_stream_that_never_ends_is_not_waited_for() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = before(&api).await;
    let own = watched.address();
    let post = request("POST", &own, "/nhs-notify-supplier/letters");
    for drips in [false, true] {
        let mut two = Two::to(&own).await;
        two.send(frames::headers(1, 0, &post)).await;
        let begun = Instant::now();
        let over = |two: &Two| two.is_closed() || two.heard().iter().any(|one| one.ends(1));
        while !over(&two) && begun.elapsed() < crate::SOON {
            if drips {
                two.send(frames::frame(kind::DATA, 0, 1, b" ")).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(two.outcome(1).await, Some(408), "drips: {drips}");
    }
    let exchanges = watched.recorded(2).await;
    let kinds: Vec<_> = exchanges.iter().map(|one| one.error().map(|error| error.kind)).collect();
    assert_eq!(kinds, [Some(TransportErrorKind::Timeout); 2]);
    // Header fields that never end hold a connection for as long as its client may be silent, and
    // nothing but the connection.
    let mut two = Two::to(&own).await;
    two.send(frames::frame(kind::HEADERS, END_STREAM, 1, &frames::block(&post))).await;
    assert!(two.until(|_| false).await, "a head that never ends holds its connection");
    watched.noted("no whole request").await;
    lives_on(&watched, "endless streams").await;
    api.shutdown().await;
}

#[tokio::test]
async fn bodies_of_many_streams_share_one_room() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::of(upstream(api.base_url(), None), |config| {
        config.limits.bodies_in_flight = 40_000;
        config.limits.body_timeout = Duration::from_secs(10);
    })
    .await;
    let own = watched.address();
    let post = request("POST", &own, "/nhs-notify-supplier/letters");
    let blanks = vec![b' '; 15_000];
    let mut two = Two::to(&own).await;
    // Each within what one request may bring; together more than there is room for.
    for stream in [1, 3, 5, 7] {
        two.send(frames::headers(stream, 0, &post)).await;
        two.send(frames::frame(kind::DATA, 0, stream, &blanks)).await;
    }
    let refused = |heard: &[Heard]| [5, 7].iter().all(|at| heard.iter().any(|one| one.ends(*at)));
    assert!(two.until(refused).await && !two.is_closed(), "{:?}", two.heard());
    assert!(two.heard().iter().any(|one| one.status() == Some(503)));
    // Room comes back with the end of the others.
    for stream in [1, 3] {
        two.send(frames::frame(kind::DATA, END_STREAM, stream, b"")).await;
    }
    nothing_under_way(&watched).await;
    let exchanges = watched.recorded(4).await;
    let cut = exchanges.iter().filter_map(|exchange| exchange.error());
    let cut: Vec<_> = cut.filter(|error| error.message.contains("answered 503 itself")).collect();
    assert_eq!(cut.len(), 2, "{exchanges:?}");
    for _ in 0..5 {
        let body = vec![b' '; 30_000];
        let sent = watched.request(reqwest::Method::POST, "/letters").body(body).send().await;
        assert_ne!(sent.unwrap().status(), 503);
    }
    lives_on(&watched, "many bodies").await;
    api.shutdown().await;
}
