//! Redaction at capture, by rule: before an exchange is kept, judged or shown, every value is
//! replaced that is not known to be harmless.
//!
//! What is harmless stands in lists: names of headers and parameters, what the contract knows of
//! the API's documents, texts known word for word. Any other value becomes `redacted:` and twelve
//! digits of a hash under a key made for the run (of a text with its length), so that equal values
//! stay comparable within the run and cannot be guessed from outside. A secret (by the name it
//! stands under, by its looks, or because it was given beforehand) is looked for wherever else it
//! turns up. Its key is never shown, and nothing is kept that cannot be read as text.

use std::sync::OnceLock;

use aws_lc_rs::{hmac, rand};
use letterproof_model::{
    Exchange, ExchangeId, Header, Operation, Outcome, RawExchange, RawOutcome, Request, Response,
    Route, TransportError, is_masked, masked,
};
use parking_lot::RwLock;

use crate::EvidenceError;
use crate::chain::hex;
use crate::redact::body::Carrier;
use crate::redact::known::{Class, Known, Mac};

mod body;
mod harmless;
mod headers;
mod json;
mod known;
mod text;
mod unfold;
mod url;

/// Replaces secrets, and remembers them to replace them again wherever they turn up.
pub struct Redactor {
    key: hmac::Key,
    base_url: String,
    known: RwLock<Known>,
    planned: OnceLock<Planned>,
}

/// Tells the requests that the harness plans itself by their words: whoever sends one, there is
/// nobody's data in it.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    /// Whether this path and query, under the base URL, is planned.
    pub path: fn(&str) -> bool,
    /// Whether this body of a request is planned.
    pub body: fn(&str) -> bool,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor (not shown: holds the run's key)")
    }
}

impl Redactor {
    /// A redactor with a key of its own. `base_url` is the API's base: URLs below it keep their
    /// harmless parameters, all others are taken for signed links.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn new(base_url: &str) -> Result<Self, EvidenceError> {
        let mut key = [0_u8; 32];
        rand::fill(&mut key).map_err(|_| EvidenceError::Random)?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &key),
            base_url: base_url.to_owned(),
            known: RwLock::new(Known::new()),
            planned: OnceLock::new(),
        })
    }

    /// Looks for a secret known beforehand (the API key, a static token) from now on. One of fewer
    /// than eight bytes is only replaced where its place gives it away.
    pub fn learn(&self, secret: &str) {
        self.secret(secret.trim(), Class::Credential);
    }

    /// Keeps these requests whole from now on; what was told first stands.
    pub fn expect(&self, planned: Planned) {
        self.planned.get_or_init(|| planned);
    }

    /// Replaces every secret in a text that is no recorded part: a message, a log line.
    #[must_use]
    pub fn scrub(&self, text: &str) -> String {
        self.clean_text(text, text::Prose::Yes).unwrap_or_else(|| text.to_owned())
    }

    /// Redacts an exchange; the recorder gives it its id.
    pub(crate) fn redact(&self, raw: RawExchange, id: ExchangeId) -> Exchange {
        let generation = self.known.read().generation();
        let RawExchange {
            actor,
            direction,
            pack,
            scenario,
            attempt,
            scheduled,
            started,
            connection,
            request,
            outcome,
        } = raw;
        let request_url = request.url;
        let operation = Route::of(&request.method, &request_url, &self.base_url).operation;
        let request = Request {
            method: self.cleaned(request.method),
            url: self.clean_url(&request_url).unwrap_or_else(|| request_url.clone()),
            body: self.body(Carrier::Request(operation), &request.headers, request.body),
            headers: self.clean_headers(request.headers, &request_url),
        };
        let outcome = match outcome {
            RawOutcome::Response(response) => Outcome::Response(Response {
                status: response.status,
                body: self.body(Carrier::Answer(operation), &response.headers, response.body),
                headers: self.clean_headers(response.headers, &request_url),
                headers_us: response.headers_us,
                done_us: response.done_us,
            }),
            RawOutcome::Error(error) => {
                Outcome::Error(TransportError { message: self.scrub(&error.message), ..error })
            }
        };
        let scenario = scenario.map(|scenario| self.cleaned(scenario));
        let mut exchange = Exchange {
            id,
            actor,
            direction,
            pack,
            scenario,
            attempt,
            scheduled,
            started,
            connection,
            request,
            outcome,
        };
        // A secret first met in the answer may have stood unrecognised in the request.
        if self.known.read().generation() != generation {
            self.clean_again(operation, &mut exchange);
        }
        exchange
    }

    fn clean_again(&self, operation: Operation, exchange: &mut Exchange) {
        let again = |text: &mut String| {
            if let Some(clean) = self.clean_known(text) {
                *text = clean;
            }
        };
        let of_headers = |headers: &mut [Header]| {
            for Header { value, .. } in headers {
                if let Some(clean) = self.clean_known(value) {
                    *value = clean.into();
                }
            }
        };
        again(&mut exchange.request.method);
        again(&mut exchange.request.url);
        of_headers(&mut exchange.request.headers);
        self.body_again(Carrier::Request(operation), &mut exchange.request.body);
        if let Outcome::Response(response) = &mut exchange.outcome {
            of_headers(&mut response.headers);
            self.body_again(Carrier::Answer(operation), &mut response.body);
        }
    }

    fn cleaned(&self, text: String) -> String {
        self.clean_text(&text, text::Prose::Yes).unwrap_or(text)
    }

    /// What is shown instead of a secret, which is looked for from now on.
    fn secret(&self, secret: &str, class: Class) -> String {
        if is_masked(secret) {
            return secret.to_owned();
        }
        let mac = self.mac(secret.as_bytes());
        if secret.len() >= known::SHORTEST && !self.known.read().contains(&mac, class) {
            self.known.write().learn(secret, class, |bytes| self.mac(bytes));
        }
        shown(&mac)
    }

    /// What is shown instead of a value that is hidden but not looked for elsewhere.
    fn mask(&self, value: &str) -> String {
        if is_masked(value) { value.to_owned() } else { shown(&self.mac(value.as_bytes())) }
    }

    /// What is shown instead of a text that is hidden: its length as well.
    fn mask_text(&self, text: &str) -> String {
        masked(&hex(&self.mac(text.as_bytes())), Some(text.len()))
    }

    fn mac(&self, bytes: &[u8]) -> Mac {
        let mut mac = [0; 32];
        mac.copy_from_slice(hmac::sign(&self.key, bytes).as_ref());
        mac
    }
}

fn shown(mac: &Mac) -> String {
    masked(&hex(mac), None)
}
