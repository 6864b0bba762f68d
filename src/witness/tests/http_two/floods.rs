//! Floods of frames that are cheap to send: each costs the witness no more than its connection.

use std::time::Duration;

use letterproof_mock::MockServer;
use letterproof_testing::frames::{self, END_HEADERS, END_STREAM, frame, kind};
use letterproof_testing::{Skip, skip};

use crate::support::{Watched, quick, upstream};
use crate::{Two, lives_on, request};

/// Most bytes that one flood sends before it gives up.
const FLOOD: usize = 8 * 1024 * 1024;
/// Most that a flood may leave behind in memory, in bytes: its own bytes are a part of this process.
const LEFT: u64 = 96 * 1024 * 1024;

const STATUS: &str = "/nhs-notify-supplier/_status";

/// A flood: what its client begins with, and one piece of it after another.
struct Flood {
    name: &'static str,
    /// By which frame of the witness's it ends, where it does not just pass by.
    ends: bool,
    settings: Vec<(u16, u32)>,
    opening: Vec<u8>,
    piece: Box<dyn Fn(u32) -> Vec<u8> + Send>,
    pieces: u32,
}

impl Flood {
    fn of(name: &'static str, piece: impl Fn(u32) -> Vec<u8> + Send + 'static) -> Self {
        let (settings, opening) = (Vec::new(), Vec::new());
        Self { name, ends: false, settings, opening, piece: Box::new(piece), pieces: 20_000 }
    }

    fn ending(self) -> Self {
        Self { ends: true, ..self }
    }

    fn after(self, opening: Vec<u8>) -> Self {
        Self { opening, ..self }
    }

    fn once(self) -> Self {
        Self { pieces: 1, ..self }
    }
}

fn floods(own: &str) -> Vec<Flood> {
    let get = request("GET", own, STATUS);
    let post = request("POST", own, "/nhs-notify-supplier/letters");
    let (asked, posted) = (frames::block(&get), frames::block(&post));
    let odd = |at: u32| 2 * at + 1;
    let head = move |at, flags| frame(kind::HEADERS, flags | END_HEADERS, odd(at), &asked);
    let (begun, again, local, gone) = (head.clone(), head.clone(), head.clone(), head.clone());
    let open = frame(kind::HEADERS, END_HEADERS, 1, &posted);
    let mut indexed = vec![0x40, 1, b'x', 127];
    // A value of 4,000 bytes in the table, and then named again and again in two bytes.
    indexed.extend([0xa1, 0x1e]);
    indexed.extend(vec![b'y'; 4_000]);
    let bomb = [frames::block(&get), indexed, vec![0xbe; 12_000]].concat();
    let many: Vec<(&str, &str)> = get.iter().copied().chain(vec![("x", "y"); 200]).collect();
    let many = frames::headers(1, END_STREAM, &many);
    let mut settings = Flood::of("tables of 4 GB", move |at| gone(at, END_STREAM));
    settings.settings = vec![(1, u32::MAX), (5, 16_777_215), (6, u32::MAX), (3, u32::MAX)];
    settings.pieces = 200;
    vec![
        Flood::of("rapid reset", move |at| {
            [begun(at, END_STREAM), frame(kind::RST_STREAM, 0, odd(at), &[0, 0, 0, 8])].concat()
        }),
        Flood::of("rapid reset of open requests", move |at| {
            let opened = again(at, 0);
            [opened, frame(kind::RST_STREAM, 0, odd(at), &[0, 0, 0, 8])].concat()
        }),
        Flood::of("streams made to fail", move |at| {
            [local(at, END_STREAM), frame(kind::WINDOW_UPDATE, 0, odd(at), &[0; 4])].concat()
        })
        .ending(),
        Flood::of("settings", |at| frames::settings(&[(4, 65_535 + at % 2), (1, at % 2 * 4_096)])),
        Flood::of("pings", |at| frame(kind::PING, 0, 0, &u64::from(at).to_be_bytes())),
        Flood::of("priorities", move |at| frame(kind::PRIORITY, 0, odd(at), &[0, 0, 0, 0, 16])),
        Flood::of("unknown frames", |_| frame(0xbb, 0xff, 9, &[0; 64])),
        Flood::of("empty pieces of a body", |_| frame(kind::DATA, 0, 1, &[]))
            .after(open.clone())
            .ending(),
        Flood::of("nothing but padding", |_| frame(kind::DATA, 8, 1, &[255; 256]))
            .after(open.clone()),
        Flood::of("continuations", |_| frame(kind::CONTINUATION, 0, 1, &[0; 16_000]))
            .after(frame(kind::HEADERS, END_STREAM, 1, &frames::block(&get)))
            .ending(),
        Flood::of("empty continuations", |_| frame(kind::CONTINUATION, 0, 1, &[]))
            .after(frame(kind::HEADERS, END_STREAM, 1, &frames::block(&get)))
            .ending(),
        Flood::of("window beyond all bounds", |_| {
            frame(kind::WINDOW_UPDATE, 0, 0, &[0x7f, 255, 255, 255])
        })
        .ending(),
        Flood::of("a window of 4 GB", |_| frames::settings(&[(4, u32::MAX)])).ending(),
        Flood::of("a frame of 16 MB", |_| {
            let mut long = frame(kind::DATA, 0, 1, &[0; 1_000]);
            long[..3].fill(255);
            long
        })
        .ending(),
        Flood::of("padding beyond its frame", |_| frame(kind::DATA, 8, 1, &[9, 0])).ending(),
        Flood::of("settings that acknowledge nothing", |_| frame(kind::SETTINGS, 1, 0, &[])),
        Flood::of("settings of a stream", |_| frame(kind::SETTINGS, 0, 1, &[])).ending(),
        Flood::of("a promise", |_| frame(kind::PUSH_PROMISE, END_HEADERS, 1, &[0, 0, 0, 2]))
            .ending(),
        Flood::of("a stream of the server's", |_| frame(kind::HEADERS, 5, 2, &[0x82])).ending(),
        Flood::of("a table that was not agreed", |_| {
            frame(kind::HEADERS, 5, 1, &[0x3f, 0xff, 0xff, 0xff, 0xff, 0x0f])
        })
        .ending(),
        Flood::of("an entry that is in no table", |_| frame(kind::HEADERS, 5, 1, &[0xff, 0x7f]))
            .ending(),
        Flood::of("a list that grows on reading", move |_| {
            frame(kind::HEADERS, END_HEADERS | END_STREAM, 1, &bomb[..])
        })
        .once(),
        Flood::of("two hundred fields", move |_| many.clone()).once(),
        settings,
    ]
}

#[tokio::test]
async fn no_flood_of_frames_stops_the_witness_or_fills_its_memory() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::of(upstream(api.base_url(), None), |config| {
        config.limits.write_timeout = Duration::from_millis(500);
    })
    .await;
    let own = watched.address();
    lives_on(&watched, "its start").await;
    for flood in floods(&own) {
        let (name, before) = (flood.name, resident());
        let answered = api.requests().total;
        let mut two = Two::with(&own, &flood.settings).await;
        two.send(&flood.opening).await;
        let (mut sent, mut streams) = (0, 0);
        for at in 0..flood.pieces {
            let piece = (flood.piece)(at);
            sent += piece.len();
            streams += 1;
            if two.is_closed() || sent > FLOOD || !two.send(piece).await {
                break;
            }
        }
        if flood.ends {
            let over = |heard: &[frames::Heard]| heard.iter().any(|one| one.kind == kind::GOAWAY);
            assert!(two.until(over).await, "{name} goes on: {sent} bytes");
        }
        if flood.pieces == 1 {
            let status = two.outcome(1).await;
            assert!(status.is_none_or(|status| status == 431), "{name}: {status:?}");
            assert_eq!(api.requests().total, answered, "{name} reached the API");
        }
        lives_on(&watched, name).await;
        assert!(api.requests().total <= answered + streams + 2, "{name} multiplied");
        if let (Some(before), Some(now)) = (before, resident()) {
            let grown = now.saturating_sub(before);
            assert!(grown < LEFT, "{name} left {grown} bytes");
        }
        drop(two);
    }
    if resident().is_none() {
        skip(Skip::Machine, "this system does not say how much memory a process holds");
    }
    watched.noted("more header fields than this witness takes").await;
    let odd = watched.journal.exchanges();
    let odd = odd.iter().filter(|one| !one.request.url.ends_with("/_status"));
    assert!(odd.into_iter().all(|one| one.error().is_some()), "a flood is on record as a call");
    api.shutdown().await;
}

#[tokio::test]
async fn a_client_that_reads_none_of_its_answers_is_cut_off() {
    let api = MockServer::start(quick()).await.unwrap();
    let watched = Watched::of(upstream(api.base_url(), None), |config| {
        config.limits.write_timeout = Duration::from_millis(300);
    })
    .await;
    let own = watched.address();
    for piece in [frame(kind::PING, 0, 0, &[1; 8]), frames::settings(&[(4, 1)])] {
        let mut stream = tokio::net::TcpStream::connect(&own).await.unwrap();
        let opening = [frames::PREFACE, &frames::settings(&[])].concat();
        let asked = frames::headers(1, END_STREAM, &request("GET", &own, STATUS));
        let pieces = piece.repeat(1_000);
        let flood = async {
            use tokio::io::AsyncWriteExt as _;
            stream.write_all(&[opening, asked].concat()).await?;
            loop {
                stream.write_all(&pieces).await?;
            }
        };
        let ended: Result<std::io::Result<()>, _> =
            tokio::time::timeout(Duration::from_secs(20), flood).await;
        assert!(matches!(ended, Ok(Err(_))), "it is answered for ever, and reads nothing");
        lives_on(&watched, "one that does not read").await;
    }
    api.shutdown().await;
}

/// The memory that this process holds, in bytes; `None` where the system does not say so.
fn resident() -> Option<u64> {
    let pages = std::fs::read_to_string("/proc/self/statm").ok()?;
    pages.split(' ').nth(1)?.parse::<u64>().ok().map(|pages| pages * 4096)
}
