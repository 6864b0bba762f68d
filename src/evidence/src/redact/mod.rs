//! Redaction at capture: secrets are replaced before an exchange is kept, judged or shown.
//!
//! Each secret becomes `redacted:` and twelve digits of a hash under a key made for the run, so
//! that equal secrets stay comparable within the run and cannot be guessed from outside. A secret
//! is known by the place it stands in (header, parameter, field), by its looks (a JWT), or because
//! it was seen before. Refuses to reveal its key, and to keep anything it cannot read as text.

mod body;
mod headers;
mod json;
mod known;
mod names;
mod text;
mod unfold;
mod url;

use aws_lc_rs::{hmac, rand};
use letterproof_model::{
    Exchange, ExchangeId, Outcome, RawExchange, RawOutcome, Request, Response, TransportError,
};
use parking_lot::RwLock;

use crate::EvidenceError;
use crate::digest::hex;
use known::{Class, Known, Mac};

/// What stands before the hash of a replaced secret.
const MASK: &str = "redacted:";
/// How many digits of the hash are shown.
const SHOWN: usize = 12;

/// Replaces secrets, and remembers them to replace them again wherever they turn up.
pub struct Redactor {
    key: hmac::Key,
    base_url: String,
    known: RwLock<Known>,
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
        })
    }

    /// Looks for a secret known beforehand (the API key, a static token) from now on. One of fewer
    /// than eight bytes is only replaced where its place gives it away.
    pub fn learn(&self, secret: &str) {
        self.secret(secret.trim(), Class::Credential);
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
        let request = Request {
            method: self.cleaned(request.method),
            url: self.clean_url(&request_url).unwrap_or_else(|| request_url.clone()),
            body: self.request_body(&request.headers, request.body),
            headers: self.clean_headers(request.headers, &request_url),
        };
        let outcome = match outcome {
            RawOutcome::Response(response) => Outcome::Response(Response {
                status: response.status,
                body: self.response_body(&response.headers, response.body),
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
            self.clean_again(&mut exchange);
        }
        exchange
    }

    fn clean_again(&self, exchange: &mut Exchange) {
        let again = |text: &mut String| {
            if let Some(clean) = self.clean_known(text) {
                *text = clean;
            }
        };
        again(&mut exchange.request.method);
        again(&mut exchange.request.url);
        exchange.request.headers.iter_mut().for_each(|header| again(&mut header.value));
        self.body_again(&mut exchange.request.body);
        if let Outcome::Response(response) = &mut exchange.outcome {
            response.headers.iter_mut().for_each(|header| again(&mut header.value));
            self.body_again(&mut response.body);
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

    fn mac(&self, bytes: &[u8]) -> Mac {
        let mut mac = [0; 32];
        mac.copy_from_slice(hmac::sign(&self.key, bytes).as_ref());
        mac
    }
}

fn shown(mac: &Mac) -> String {
    format!("{MASK}{}", hex(&mac[..SHOWN / 2]))
}

/// Whether a text is a replaced secret already, as in a recording read back.
fn is_masked(text: &str) -> bool {
    text.strip_prefix(MASK).is_some_and(|rest| {
        rest.len() == SHOWN && rest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}
