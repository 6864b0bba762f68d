//! AT15's download log: for each flow and letter when it was listed, asked for and downloaded, and
//! whether what arrived is what the letter's hash promises.

use letterproof_model::{Body, Exchange};
use letterproof_traffic::flows::{Fetch, Flow};
use letterproof_traffic::{CallIx, Traffic};

use crate::{csv, words};

const HEADINGS: [&str; 19] = [
    "flow",
    "letter",
    "list_exchange",
    "listed_at",
    "data_exchange",
    "data_sent_at",
    "data_done_at",
    "data_answer",
    "download_exchange",
    "download_sent_at",
    "download_done_at",
    "download_answer",
    "downloads_tried",
    "bytes",
    "sha256_listed",
    "sha256_downloaded",
    "sha256_matches",
    "pages",
    "problem",
];

/// The file; `None` where there was no flow.
pub(super) fn csv(traffic: &Traffic, flows: &[Flow<'_>]) -> Option<String> {
    if flows.is_empty() {
        return None;
    }
    let mut file = String::new();
    csv::line(&mut file, &HEADINGS);
    for flow in flows {
        for fetch in flow.fetches(traffic) {
            line(&mut file, flow.number, &fetch, traffic);
        }
    }
    Some(file)
}

fn line(file: &mut String, flow: usize, fetch: &Fetch, traffic: &Traffic) {
    let at = |call: CallIx| traffic.call(call).exchange();
    let list = at(fetch.list);
    let (asked, exchange) = (fetch.asked.map(at), fetch.download.map(at));
    let data = Times::of(asked.as_deref());
    let exchange = exchange.as_deref();
    let download = Times::of(exchange);
    let content = exchange.and_then(|e| e.response()).and_then(|answer| answer.body.content());
    let arrived = exchange
        .and_then(|exchange| exchange.response())
        .filter(|answer| answer.status == 200 && !matches!(answer.body, Body::None));
    let listed = traffic.letter(fetch.letter).hash().map_or("", |hash| traffic.text(hash));
    let got = content.filter(|_| arrived.is_some()).map_or("", |content| content.sha256.as_str());
    let matches = match (listed, got) {
        ("", _) | (_, "") => "",
        (listed, got) if listed.eq_ignore_ascii_case(got) => "yes",
        _ => "no",
    };
    let bytes = arrived.map(|answer| answer.body.length().to_string()).unwrap_or_default();
    let pages = content.and_then(|content| content.pages).map(|pages| pages.to_string());
    csv::line(
        file,
        &[
            &flow.to_string(),
            traffic.id_text(fetch.letter),
            list.id.as_str(),
            &csv::time(list.finished()),
            &data.exchange,
            &data.sent,
            &data.done,
            &data.answer,
            &download.exchange,
            &download.sent,
            &download.done,
            &download.answer,
            &fetch.tries.to_string(),
            &bytes,
            listed,
            got,
            matches,
            &pages.unwrap_or_default(),
            content.and_then(|content| content.problem.as_deref()).unwrap_or_default(),
        ],
    );
}

/// An exchange's id, times and answer, empty where there is none.
#[derive(Default)]
struct Times {
    exchange: String,
    sent: String,
    done: String,
    answer: String,
}

impl Times {
    fn of(exchange: Option<&Exchange>) -> Self {
        let Some(exchange) = exchange else { return Self::default() };
        Self {
            exchange: exchange.id.to_string(),
            sent: csv::time(exchange.started),
            done: csv::time(exchange.finished()),
            answer: words::answer(exchange),
        }
    }
}
