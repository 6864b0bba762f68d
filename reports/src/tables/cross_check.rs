//! Every call in one line, so that NHS Notify can sample its gateway's logs against this run.
//! Refuses queries but those of lists: the others are signatures, and no gateway log needs them.

use std::io::Write;

use letterproof_model::{Actor, Operation, Results};
use letterproof_traffic::{Call, Traffic};

use crate::{csv, words};

/// The name of the file in the evidence folder.
pub(crate) const FILE_NAME: &str = "cross-check.csv";

const HEADINGS: [&str; 11] = [
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
    csv::line(&mut text, &HEADINGS);
    for call in traffic.recorded() {
        line(&mut text, traffic, call);
        output.write_all(text.as_bytes())?;
        text.clear();
    }
    output.write_all(text.as_bytes())
}

fn line(text: &mut String, traffic: &Traffic, call: &Call) {
    let exchange = call.exchange();
    let request = &exchange.request;
    let status = exchange.status().map(|status| status.to_string());
    csv::line(
        text,
        &[
            &csv::time(exchange.started),
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
