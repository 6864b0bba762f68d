//! Every call in one line, for the cross-check with the gateway's logs, and AT15's download log.
//!
//! Of queries only those of lists are shown: the others are signatures, and no gateway log needs them.

use std::io::Write;

use letterproof_model::{Actor, Body, Exchange, Operation, Results, csv_line};
use letterproof_traffic::flows::{Fetch, Flow};
use letterproof_traffic::{Call, CallIx, Traffic};

use super::time;
use crate::words;

/// The name of the file in the evidence folder.
pub(crate) const CROSS_CHECK: &str = "cross-check.csv";

const CALLS: [&str; 11] = [
    "time",
    "exchange",
    "operation",
    "method",
    "path",
    "status",
    "transport_error",
    "request_id",
    "correlation_id",
    "letter",
    "actor",
];

/// Writes a line for every exchange, in the order of the journal.
pub(crate) fn cross_check(traffic: &Traffic, output: &mut dyn Write) -> std::io::Result<()> {
    let mut text = String::new();
    csv_line(&mut text, &CALLS);
    for call in traffic.recorded() {
        call_line(&mut text, traffic, call);
        output.write_all(text.as_bytes())?;
        text.clear();
    }
    output.write_all(text.as_bytes())
}

fn call_line(text: &mut String, traffic: &Traffic, call: &Call) {
    let exchange = call.exchange();
    let request = &exchange.request;
    let status = exchange.status().map(|status| status.to_string());
    csv_line(
        text,
        &[
            &time(exchange.started),
            exchange.id.as_str(),
            call.operation.label(),
            &request.method,
            &path(&request.url, call.operation),
            &status.unwrap_or_default(),
            exchange.error().map(|error| words::failure(error.kind)).unwrap_or_default(),
            request.header("x-request-id").unwrap_or_default(),
            request.header("x-correlation-id").unwrap_or_default(),
            call.letter.map(|letter| traffic.id_text(letter)).unwrap_or_default(),
            match exchange.actor {
                Actor::Supplier => "supplier",
                Actor::Harness => "harness",
            },
        ],
    );
}

/// What follows the host.
fn path(url: &str, operation: Operation) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |at| &rest[at..]);
    let path = match operation {
        Operation::ListLetters => path,
        _ => path.split(['?', '#']).next().unwrap_or(path),
    };
    path.to_owned()
}

/// What correlation ids of a run with a nonce begin with.
pub(crate) fn nonce_prefix(results: &Results) -> Option<String> {
    letterproof_model::correlation_prefix(results.run.nonce.as_deref()?)
}

/// How many API calls carry a correlation id with this beginning, of how many.
pub(crate) fn with_nonce(traffic: &Traffic, prefix: &str) -> (u64, u64) {
    let calls = traffic.recorded().filter(|call| call.operation.is_api());
    calls.fold((0, 0), |(with, all), call| {
        let exchange = call.exchange();
        let id = exchange.request.header("x-correlation-id").unwrap_or_default();
        (with + u64::from(id.starts_with(prefix)), all + 1)
    })
}

const DOWNLOADS: [&str; 19] = [
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

/// AT15's download log: for each flow and letter when it was listed, asked for and downloaded, and
/// whether what arrived is what the letter's hash promises; `None` where there was no flow.
pub(super) fn downloads(traffic: &Traffic, flows: &[Flow<'_>]) -> Option<String> {
    if flows.is_empty() {
        return None;
    }
    let mut file = String::new();
    csv_line(&mut file, &DOWNLOADS);
    for flow in flows {
        for fetch in flow.fetches(traffic) {
            download_line(&mut file, flow.number, &fetch, traffic);
        }
    }
    Some(file)
}

fn download_line(file: &mut String, flow: usize, fetch: &Fetch, traffic: &Traffic) {
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
    csv_line(
        file,
        &[
            &flow.to_string(),
            traffic.id_text(fetch.letter),
            list.id.as_str(),
            &time(list.finished()),
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
            sent: time(exchange.started),
            done: time(exchange.finished()),
            answer: words::answer(exchange),
        }
    }
}
