//! The recorders of a load run: one for runs without a journal, where the rows are the record, and
//! the tap that hands every exchange of the session to the collector, whoever made it.
//!
//! Credentials, tokens and the queries of links are removed before anyone looks. A request whose row
//! cannot be written ends the session.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use letterproof_model::{
    Body, Exchange, ExchangeId, Header, Mark, Operation, Outcome, RawBody, RawExchange, RawOutcome,
    RecordError, Recorder, Request, Response, Route,
};

use super::collector::Collector;
use super::row::{Label, Part};

/// The headers that answers and rows are read from.
const KEPT: [&str; 6] =
    ["x-request-id", "x-correlation-id", "content-type", "retry-after", "date", "content-length"];

/// Keeps no exchange; each lives as long as its caller looks at it.
#[derive(Debug)]
pub struct RowsOnly {
    base_url: String,
    count: AtomicU64,
}

impl RowsOnly {
    /// A recorder for the target with this base URL.
    #[must_use]
    pub fn new(base_url: &str) -> Self {
        Self { base_url: base_url.to_owned(), count: AtomicU64::new(0) }
    }
}

impl Recorder for RowsOnly {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        let operation = Route::of(&raw.request.method, &raw.request.url, &self.base_url).operation;
        // A token is a secret whole, and the session has its own copy.
        let secret = operation == Operation::Token;
        let outcome = match raw.outcome {
            RawOutcome::Error(error) => Outcome::Error(error),
            RawOutcome::Response(response) => Outcome::Response(Response {
                status: response.status,
                headers: kept(response.headers),
                body: if secret { Body::None } else { body(response.body) },
                headers_us: response.headers_us,
                done_us: response.done_us,
            }),
        };
        let url = match operation {
            Operation::Download | Operation::Token => without_query(raw.request.url),
            _ => raw.request.url,
        };
        Ok(Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{number:06}")),
            actor: raw.actor,
            direction: raw.direction,
            pack: raw.pack,
            scenario: raw.scenario,
            attempt: raw.attempt,
            scheduled: raw.scheduled,
            started: raw.started,
            connection: raw.connection,
            request: Request {
                method: raw.request.method,
                url,
                headers: kept(raw.request.headers),
                body: Body::None,
            },
            outcome,
        }))
    }

    fn mark(&self, _mark: Mark) -> Result<(), RecordError> {
        Ok(())
    }

    /// Nothing of live data is kept, so messages made of it say nothing either.
    fn scrub(&self, _text: &str) -> String {
        "(not shown)".to_owned()
    }
}

fn kept(headers: Vec<(String, String)>) -> Vec<Header> {
    let wanted = |name: &str| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name));
    headers.into_iter().filter(|(name, _)| wanted(name)).map(Header::from).collect()
}

fn body(raw: RawBody) -> Body {
    match raw {
        RawBody::None => Body::None,
        RawBody::Bytes(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Body::Json { text },
            Err(error) => {
                Body::Text { text: String::from_utf8_lossy(error.as_bytes()).into_owned() }
            }
        },
        RawBody::Download { content, pdf: true } => Body::Pdf(content),
        RawBody::Download { content, pdf: false } => Body::Opaque(content),
    }
}

fn without_query(url: String) -> String {
    url.split('?').next().unwrap_or_default().to_owned()
}

tokio::task_local! {
    static LABEL: Label;
}

/// Does work whose requests carry this label, also when it is cut short.
pub(crate) async fn labelled<T>(label: Label, work: impl Future<Output = T>) -> T {
    LABEL.scope(label, work).await
}

/// A recorder that hands on to another one, and to the collector.
pub(crate) struct Tap {
    pub(crate) inner: Arc<dyn Recorder>,
    pub(crate) collector: Arc<Collector>,
}

impl Recorder for Tap {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let exchange = self.inner.record(raw)?;
        let label = LABEL.try_with(Label::clone).unwrap_or_else(|_| Label::of(Part::Session));
        self.collector
            .take(&exchange, label)
            .map_err(|error| RecordError { message: error.to_string() })?;
        Ok(exchange)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.inner.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.inner.scrub(text)
    }

    fn chain_tail(&self) -> Option<String> {
        self.inner.chain_tail()
    }
}

#[cfg(test)]
mod tests {
    use letterproof_model::{Actor, Direction, PackId, RawRequest, RawResponse};

    use super::*;

    #[test]
    fn no_secret_is_left_in_an_exchange() {
        let recorder = RowsOnly::new("https://int.example/api");
        for url in ["https://int.example/oauth2/token", "https://store.example/a.pdf?sig=canary"] {
            let exchange = recorder
                .record(RawExchange {
                    actor: Actor::Harness,
                    direction: Direction::ToApi,
                    pack: PackId::Supplier,
                    scenario: None,
                    attempt: 1,
                    scheduled: None,
                    started: letterproof_model::now(),
                    connection: None,
                    request: RawRequest {
                        method: "GET".to_owned(),
                        url: url.to_owned(),
                        headers: vec![
                            ("authorization".to_owned(), "Bearer canary".to_owned()),
                            ("X-Request-ID".to_owned(), "r1".to_owned()),
                        ],
                        body: RawBody::Bytes(b"client_assertion=canary".to_vec()),
                    },
                    outcome: RawOutcome::Response(RawResponse {
                        status: 200,
                        headers: vec![("location".to_owned(), "https://x/?sig=canary".to_owned())],
                        body: if url.contains("token") {
                            RawBody::Bytes(b"{\"access_token\":\"canary\"}".to_vec())
                        } else {
                            RawBody::None
                        },
                        headers_us: 1,
                        done_us: 2,
                    }),
                })
                .unwrap();
            assert!(!serde_json::to_string(&*exchange).unwrap().contains("canary"));
            assert_eq!(exchange.request.header("x-request-id"), Some("r1"));
        }
    }
}
