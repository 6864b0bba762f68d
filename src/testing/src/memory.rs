//! A recorder in memory that keeps what it is given, so that tests can look. It redacts only the
//! word `canary`.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_model::{
    Body, Exchange, ExchangeId, Header, Mark, Outcome, RawBody, RawExchange, RawOutcome,
    RecordError, Recorder, Request, Response,
};
use parking_lot::Mutex;

/// Keeps exchanges and marks in memory.
#[derive(Default)]
pub struct Memory {
    exchanges: Mutex<Vec<Arc<Exchange>>>,
    /// The marks, in order.
    pub marks: Mutex<Vec<Mark>>,
    /// Records so many exchanges and then fails; 0 for no end.
    pub room: AtomicUsize,
}

impl Memory {
    /// The exchanges, in order.
    #[must_use]
    pub fn exchanges(&self) -> Vec<Arc<Exchange>> {
        self.exchanges.lock().clone()
    }

    /// Why the marks say that was waited.
    #[must_use]
    pub fn waits(&self) -> Vec<String> {
        let marks = self.marks.lock();
        let waits = marks.iter().filter_map(|mark| match &mark.kind {
            letterproof_model::MarkKind::Wait { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        waits.collect()
    }

    /// How many exchanges have this method, and this part in their URL.
    #[must_use]
    pub fn count(&self, method: &str, part: &str) -> usize {
        self.exchanges()
            .iter()
            .filter(|e| e.request.method == method && e.request.url.contains(part))
            .count()
    }
}

fn body(raw: RawBody) -> Body {
    match raw {
        RawBody::None => Body::None,
        RawBody::Bytes(bytes) => {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
                Body::Json { text }
            } else {
                Body::Text { text }
            }
        }
        RawBody::Download { content, pdf: true } => Body::Pdf(content),
        RawBody::Download { content, pdf: false } => Body::Opaque(content),
    }
}

fn headers(raw: Vec<(String, String)>) -> Vec<Header> {
    raw.into_iter().map(Header::from).collect()
}

impl Recorder for Memory {
    fn record(&self, raw: RawExchange) -> Result<Arc<Exchange>, RecordError> {
        let mut exchanges = self.exchanges.lock();
        let room = self.room.load(Ordering::SeqCst);
        if room > 0 && exchanges.len() >= room {
            return Err(RecordError { message: "the disk is full; free space".to_owned() });
        }
        let exchange = Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{:06}", exchanges.len() + 1)),
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
                url: raw.request.url,
                headers: headers(raw.request.headers),
                body: body(raw.request.body),
            },
            outcome: match raw.outcome {
                RawOutcome::Response(response) => Outcome::Response(Response {
                    status: response.status,
                    headers: headers(response.headers),
                    body: body(response.body),
                    headers_us: response.headers_us,
                    done_us: response.done_us,
                }),
                RawOutcome::Error(error) => Outcome::Error(error),
            },
        });
        exchanges.push(exchange.clone());
        Ok(exchange)
    }

    fn mark(&self, mark: Mark) -> Result<(), RecordError> {
        self.marks.lock().push(mark);
        Ok(())
    }

    fn scrub(&self, text: &str) -> String {
        text.replace("canary", "[scrubbed]")
    }
}
