//! The examination itself, from what lies on this machine to what the API answers. Where a later
//! check could only repeat an earlier failure, it says so instead.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use letterproof_contract::Contract;
use letterproof_model::{
    Context, Exchange, FindingKind, LetterId, Mode, Recorder, TransportErrorKind, fold_findings,
    now,
};
use letterproof_wire::Refusal;
use url::Url;

use super::Diagnosis;
use crate::session::{is_web_page, unreachable};
use crate::{Auth, ClientError, Flow, Session, SessionOptions, Target};

/// Days before its end from which a certificate is worth a warning.
const CERTIFICATE_WARNING_DAYS: i64 = 30;
/// Seconds of skew from which it is worth a warning.
const SKEW_WARNING: i64 = 5;

/// What is looked at beyond the usual.
#[derive(Debug, Clone, Default)]
pub struct DoctorOptions {
    /// The JWKS as it is registered, to hold the key against.
    pub jwks: Option<String>,
    /// Whether to list one letter, which hides it for the visibility timeout.
    pub list_one: bool,
}

/// Examines one target.
pub struct Doctor {
    pub(super) target: Target,
    recorder: Arc<dyn Recorder>,
    pub(super) options: DoctorOptions,
    pub(super) diagnosis: Diagnosis,
    exchanges: Vec<Arc<Exchange>>,
}

impl Doctor {
    /// Prepares to examine a target; what is asked of it is recorded as ever.
    #[must_use]
    pub fn new(target: Target, recorder: Arc<dyn Recorder>, options: DoctorOptions) -> Self {
        let base_url = target.base_url.as_str().trim_end_matches('/').to_owned();
        let diagnosis = Diagnosis { target: target.name.clone(), base_url, checks: Vec::new() };
        Self { target, recorder, options, diagnosis, exchanges: Vec::new() }
    }

    /// Runs every check.
    ///
    /// # Errors
    /// When the target may not be reached at all, or an exchange could not be recorded; what the
    /// checks find is no error.
    pub async fn examine(mut self) -> Result<Diagnosis, ClientError> {
        let options = SessionOptions::default();
        let session = match Session::new(self.target.clone(), self.recorder.clone(), options) {
            Ok(session) => session,
            Err(error @ ClientError::Configuration { .. }) => {
                self.diagnosis.failure(
                    "setup",
                    "settings",
                    error.to_string(),
                    "Correct the profile.",
                );
                return Ok(self.diagnosis);
            }
            Err(error) => return Err(error),
        };
        let credentials = self.credentials().await;
        let resolved = self.names(session.guard()).await;
        self.proxy();
        if !resolved {
            for (name, title) in LATER {
                self.diagnosis.skipped(name, title, "the host's name is not known");
            }
            return Ok(self.diagnosis);
        }
        let reached = self.status(&session).await?;
        self.certificate(&session);
        let token = self.token(&session, credentials && reached).await?;
        self.clock(&session);
        let letter = self.list(&session, token).await?;
        self.storage(&session, letter).await?;
        self.limit(&session);
        self.drift();
        Ok(self.diagnosis)
    }

    async fn status(&mut self, session: &Session) -> Result<bool, ClientError> {
        const TITLE: &str = "GET /_status answers";
        // Asked without credentials: whether the host is reached at all comes before them.
        let mut probe = crate::Probe::new("GET", "/_status");
        probe.bearer = crate::BearerChoice::Absent;
        let exchange = session.probe(&Flow::harness(None), &probe).await?;
        self.exchanges.push(exchange.clone());
        let (found, remedy) = match exchange.status() {
            Some(status) if is_web_page(&exchange) => (
                format!("{status} with a web page"),
                "A proxy or sign-in portal answers in the API's place: check base_url and the \
                 proxy settings, or sign in to the network.",
            ),
            Some(status @ (200 | 401 | 403)) => {
                self.diagnosis.ok("status", TITLE, format!("{status}, {} ms", took_ms(&exchange)));
                return Ok(true);
            }
            Some(status) => (
                format!("{status}"),
                "Check the path of base_url; the service may also be down: try again later.",
            ),
            None => {
                let cause = exchange.error().map(|error| error.message.clone());
                (cause.unwrap_or_default(), self.unreached(&exchange))
            }
        };
        self.diagnosis.failure("status", TITLE, found, remedy);
        Ok(false)
    }

    /// What to do where no answer came.
    fn unreached(&self, exchange: &Exchange) -> &'static str {
        let kind = exchange.error().map(|error| error.kind);
        match (kind, unreachable(exchange)) {
            (Some(TransportErrorKind::Connect), _) if self.is_proxied() => {
                "The proxy cannot be reached, needs credentials or blocks this host: check \
                 [network] proxy or HTTPS_PROXY, and ask whoever runs the proxy to allow the host."
            }
            (Some(TransportErrorKind::Connect), _) => {
                "Nothing answers at this address: check host and port of base_url, and that a \
                 firewall lets this machine out."
            }
            (_, ClientError::Unreachable { remedy, .. }) => remedy,
            _ => "Run it again.",
        }
    }

    fn certificate(&mut self, session: &Session) {
        const TITLE: &str = "the server's certificate";
        if self.target.base_url.scheme() != "https" {
            self.diagnosis.skipped(
                "certificate",
                TITLE,
                "the target is reached without TLS, on this machine",
            );
            return;
        }
        let Some(end) = session.certificate().and_then(|der| not_after(&der)) else {
            self.diagnosis.skipped("certificate", TITLE, "no TLS connection was made");
            return;
        };
        let days = end.duration_since(now()).as_hours() / 24;
        let found = format!("trusted, until {end} ({days} days)");
        if days < CERTIFICATE_WARNING_DAYS {
            let remedy = "Tell whoever runs the target: runs will fail once it has expired.";
            self.diagnosis.warning("certificate", TITLE, found, remedy);
        } else {
            self.diagnosis.ok("certificate", TITLE, found);
        }
    }

    async fn token(&mut self, session: &Session, sensible: bool) -> Result<bool, ClientError> {
        const TITLE: &str = "the platform issues a token";
        if matches!(self.target.auth, Auth::None) {
            self.diagnosis.skipped("token", TITLE, "this target does not need one");
            return Ok(sensible);
        }
        if !sensible {
            self.diagnosis.skipped("token", TITLE, "an earlier check failed");
            return Ok(false);
        }
        match session.preflight(&Flow::supplier(None)).await {
            Ok(exchange) => {
                self.exchanges.push(exchange.clone());
                match exchange.status() {
                    Some(401 | 403) => {
                        let remedy = "The token is not accepted by the API: check that the \
                                      application is connected to the Supplier API, which may take \
                                      five minutes after approval.";
                        let status = exchange.status().unwrap_or_default();
                        let found = format!("/_status answers {status} with it");
                        self.diagnosis.failure("token", TITLE, found, remedy);
                        return Ok(false);
                    }
                    _ => self.diagnosis.ok("token", TITLE, self.token_place()),
                }
                Ok(true)
            }
            Err(error) if error.is_fatal() => Err(error),
            Err(error) => {
                let remedy = match &error {
                    ClientError::TokenRefused { remedy, .. }
                    | ClientError::Unreachable { remedy, .. } => (*remedy).to_owned(),
                    _ => "Check token_url, and whether a proxy answers in its place.".to_owned(),
                };
                self.diagnosis.failure("token", TITLE, error.to_string(), remedy);
                Ok(false)
            }
        }
    }

    fn token_place(&self) -> String {
        match (&self.target.auth, &self.target.token_url) {
            (Auth::SignedJwt { .. }, Some(url)) => {
                let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
                format!("from {}", host.unwrap_or_default())
            }
            _ => "the given bearer token is accepted".to_owned(),
        }
    }

    fn clock(&mut self, session: &Session) {
        const TITLE: &str = "this machine's clock";
        let Some(skew) = session.clock_skew() else {
            self.diagnosis.skipped("clock", TITLE, "no answer carried a Date");
            return;
        };
        let seconds = skew.as_secs();
        let found = match seconds {
            0 => "agrees with the server's".to_owned(),
            ahead if ahead > 0 => format!("{ahead} s behind the server's"),
            behind => format!("{} s ahead of the server's", -behind),
        };
        if seconds.abs() >= SKEW_WARNING {
            let remedy = "Set this machine's clock from a time server; letterproof corrects its \
                          assertions meanwhile, but recorded times stay as this clock has them.";
            self.diagnosis.warning("clock", TITLE, found, remedy);
        } else {
            self.diagnosis.ok("clock", TITLE, found);
        }
    }

    async fn list(
        &mut self,
        session: &Session,
        sensible: bool,
    ) -> Result<Option<LetterId>, ClientError> {
        const TITLE: &str = "one letter can be listed";
        if !self.options.list_one {
            let why = "not agreed to: it would hide one letter for the visibility timeout";
            self.diagnosis.skipped("list", TITLE, why);
            return Ok(None);
        }
        if !sensible {
            self.diagnosis.skipped("list", TITLE, "an earlier check failed");
            return Ok(None);
        }
        let answer = match session.list_letters(&Flow::supplier(None), Some(1)).await {
            Ok(answer) => answer,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                self.diagnosis.failure(
                    "list",
                    TITLE,
                    error.to_string(),
                    "The API may be down. Try again when the visibility timeout is over: even a \
                     list whose answer is lost hides its letter.",
                );
                return Ok(None);
            }
        };
        self.exchanges.push(answer.exchange.clone());
        let mut letter = None;
        match (answer.status, answer.value) {
            (200, Some(list)) => {
                letter = list.data.first().map(|listed| listed.id.clone());
                let count = list.data.len();
                let found = format!("{count} listed, {} ms", took_ms(&answer.exchange));
                if count == 0 {
                    let remedy = "No letter is waiting, or all are hidden by an earlier list: wait \
                                  for the visibility timeout, or ask for letters to be seeded.";
                    self.diagnosis.warning("list", TITLE, found, remedy);
                } else {
                    self.diagnosis.ok("list", TITLE, found);
                }
            }
            (403, _) => self.diagnosis.failure(
                "list",
                TITLE,
                "403",
                "The API does not know this application as a supplier, or has disabled it: ask NHS \
                 Notify.",
            ),
            (status, _) => self.diagnosis.failure(
                "list",
                TITLE,
                format!("{status} where 200 with a list was expected"),
                "Compare base_url with the API's address for this environment; report it if that \
                 does not help.",
            ),
        }
        Ok(letter)
    }

    /// Asks for one link, and holds the host it leads to against the stated ones. It is not followed.
    async fn storage(
        &mut self,
        session: &Session,
        letter: Option<LetterId>,
    ) -> Result<(), ClientError> {
        let Some(letter) = letter else {
            let why = "no letter was listed whose link could be asked for";
            self.diagnosis.skipped(STORAGE.0, STORAGE.1, why);
            return Ok(());
        };
        let answer = match session.letter_data(&Flow::supplier(None), &letter).await {
            Ok(answer) => answer,
            Err(error) if error.is_fatal() => return Err(error),
            Err(error) => {
                let remedy = "The API may be down; try again.";
                self.diagnosis.failure(STORAGE.0, STORAGE.1, error.to_string(), remedy);
                return Ok(());
            }
        };
        self.exchanges.push(answer.exchange.clone());
        let Some((link, host)) = answer.value.and_then(|link| link.host().map(|host| (link, host)))
        else {
            let found = format!("{} without a link that can be followed", answer.status);
            let remedy = "The letter may have no document, or the API omits its Location: the \
                          conformance suite shows more.";
            self.diagnosis.warning(STORAGE.0, STORAGE.1, found, remedy);
            return Ok(());
        };
        match session.check_link(&link) {
            Ok(()) => {
                self.diagnosis.ok(STORAGE.0, STORAGE.1, format!("links lead to {host}, as stated"));
            }
            Err(Refusal::Unstated { host, may_ask: true }) => {
                let found = format!("links lead to {host}, which the profile does not state");
                let remedy = format!(
                    "If this is where NHS Notify keeps the letters, write `storage_hosts = \
                     [\"{host}\"]` at the top of the profile, or give --yes-storage {host}. Until \
                     then nothing is fetched from there."
                );
                self.diagnosis.warning(STORAGE.0, STORAGE.1, found, remedy);
            }
            Err(refusal) => {
                let found = format!("links lead to {host}: {refusal}");
                let remedy = "Ask whoever runs the target why its links lead there; nothing is \
                              fetched from there.";
                self.diagnosis.failure(STORAGE.0, STORAGE.1, found, remedy);
            }
        }
        Ok(())
    }

    fn limit(&mut self, session: &Session) {
        const TITLE: &str = "the rate limit";
        let kept = session.target().rate_limit;
        let kept = kept.map_or_else(
            || "no limit is set".to_owned(),
            |n| format!("at most {n} a second are sent"),
        );
        let usage = session.usage();
        if usage.throttled > 0 {
            let remedy = "Another client uses the same application's quota, or the quota is lower \
                          than the profile's rate_limit: lower it.";
            self.diagnosis.warning("limit", TITLE, format!("429 was seen; {kept}"), remedy);
        } else {
            self.diagnosis.ok("limit", TITLE, format!("no 429 in {} calls; {kept}", usage.api));
        }
    }

    fn drift(&mut self) {
        const TITLE: &str = "answers follow the contract";
        let context: Context = self.target.context(Mode::Driven);
        let Ok(contract) = Contract::built_in() else {
            self.diagnosis.skipped("contract", TITLE, "the built-in contract could not be read");
            return;
        };
        let answered = self.exchanges.iter().filter(|exchange| exchange.status().is_some());
        let checked = answered.clone().count();
        let found = answered.flat_map(|exchange| contract.check(exchange, &context));
        let found: Vec<String> = fold_findings(found)
            .into_iter()
            .filter(|finding| matches!(finding.kind, FindingKind::Violation | FindingKind::Drift))
            .map(|finding| finding.title)
            .collect();
        if found.is_empty() {
            self.diagnosis.ok("contract", TITLE, format!("{checked} answers checked"));
        } else {
            let remedy = "Nothing needs fixing here: the conformance suite shows more, and NHS \
                          Notify may want to know.";
            self.diagnosis.warning("contract", TITLE, found.join("; "), remedy);
        }
    }
}

/// Where documents are.
const STORAGE: (&str, &str) = ("storage", "where links to letters lead");
/// The checks that need the network.
const LATER: [(&str, &str); 8] = [
    ("status", "GET /_status answers"),
    ("certificate", "the server's certificate"),
    ("token", "the platform issues a token"),
    ("clock", "this machine's clock"),
    ("list", "one letter can be listed"),
    STORAGE,
    ("limit", "the rate limit"),
    ("contract", "answers follow the contract"),
];

fn took_ms(exchange: &Exchange) -> u64 {
    exchange.response().map_or(0, |response| response.done_us / 1_000)
}

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of a certificate's validity (RFC 5280, `notAfter`); `None` when it is no certificate.
pub(super) fn not_after(der: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = value(der, SEQUENCE)?;
    let (body, _) = value(certificate, SEQUENCE)?;
    let rest = value(body, VERSION).map_or(body, |(_, rest)| rest);
    // Serial number, signature algorithm and issuer stand before the validity.
    let rest = skip(skip(skip(rest)?)?)?;
    let (validity, _) = value(rest, SEQUENCE)?;
    let (tag, text, _) = element(skip(validity)?)?;
    time(tag, std::str::from_utf8(text).ok()?)
}

fn time(tag: u8, text: &str) -> Option<Timestamp> {
    let full = match tag {
        // Two digits of the year: 50 and later are of the last century.
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let moment = DateTime::strptime("%Y%m%d%H%M%SZ", &full).ok()?;
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

fn value(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, value, rest) = element(bytes)?;
    (tag == wanted).then_some((value, rest))
}

fn skip(bytes: &[u8]) -> Option<&[u8]> {
    element(bytes).map(|(_, _, rest)| rest)
}

/// The first element: its tag, its value, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if first & 0x80 == 0 {
        (usize::from(*first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
        let length = digits.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        (length, rest.get(count..)?)
    };
    Some((*tag, rest.get(..length)?, rest.get(length..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for (year, expected) in [(2031, "2031-05-06T00:00:00Z"), (2065, "2065-05-06T00:00:00Z")] {
            let mut parameters =
                rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 5, 6);
            let key = rcgen::KeyPair::generate().unwrap();
            let certificate = parameters.self_signed(&key).unwrap();
            assert_eq!(not_after(certificate.der()).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for bytes in
            [&b""[..], b"\x30", b"\x30\x84\xff\xff\xff\xff", b"\x30\x03\x30\x01\x00", b"text"]
        {
            assert_eq!(not_after(bytes), None);
        }
    }
}
