//! What a mock is given at its start: profile, timings, credentials, faults and limits. What may
//! change while it runs goes through its admin side.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::keys::{Jwks, SecretToken};
use crate::quota::Limiter;
use crate::supplier::faults::Fault;
use crate::supplier::seeds::{Mix, SeedPlan};

/// How long the queue of a mock, and of a run on one, lags the letters where nothing else is asked
/// for.
pub const DEFAULT_QUEUE_LAG: Duration = Duration::from_secs(2);

/// Which deployed system the mock behaves as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// The integration environment: stateful, seeded, behind a token.
    Int,
    /// The public sandbox: stateless, open, canned answers.
    Sandbox,
}

/// How a caller proves who it is.
#[derive(Debug, Clone)]
pub enum AuthMode {
    /// A bearer token from the token endpoint, got with a signed JWT.
    Jwt,
    /// One fixed bearer token, which belongs to the first registration.
    Static(SecretToken),
    /// Nothing is asked; `NHSD-Supplier-ID` may name a registration by its application id.
    None,
}

/// The media type the gateway puts on JSON answers of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// `application/vnd.api+json`, as the specification says.
    VndApi,
    /// `application/json`, as the handlers answered without the platform's gateway.
    Json,
}

/// The gateway in front of the handlers. What the real one does is not known for certain, so
/// each part can be switched on its own.
#[derive(Debug, Clone)]
pub struct Gateway {
    /// Refuse calls without a valid bearer token (401).
    pub check_bearer: bool,
    /// Refuse applications that belong to no supplier (403).
    pub check_application: bool,
    /// Enforce the rate limit (429).
    pub enforce_quota: bool,
    /// Send `X-Request-ID` and `X-Correlation-ID` back.
    pub echo_ids: bool,
    /// Make a correlation id where the caller sent none.
    pub generate_correlation_id: bool,
    /// Media type of JSON answers.
    pub media_type: MediaType,
    /// Send `X-Correlation-ID` back as the gateway's own chain of ids: the caller's request id, its
    /// correlation id and one of the gateway, with dots between them.
    pub dotted_correlation_id: bool,
    /// How refusals of the gateway itself are written.
    pub refusals: Refusals,
    /// How bodies come.
    pub framing: Framing,
    /// How many seconds the clock behind `Date` is fast; negative where it is slow.
    pub date_off: i64,
}

/// How the gateway writes its own refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusals {
    /// 401 as a fault of the gateway, 429 as the specification says.
    Usual,
    /// 401 and 429 as faults of the gateway.
    Faults,
    /// 401 as a problem like those of the handlers, 429 as the specification says.
    Problems,
}

/// How bodies of the API's answers come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// With their length.
    Length,
    /// In chunks.
    Chunked,
    /// Compressed, where the caller says that it reads gzip.
    Gzip,
}

/// Where documents are and how they are served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoragePlace {
    /// The host of download links; `None` for the one the caller used. It must lead here.
    pub host: Option<String>,
    /// The folder of all documents, between two slashes.
    pub folder: String,
    /// Further headers of every answer.
    pub headers: Vec<(&'static str, &'static str)>,
}

impl Default for StoragePlace {
    fn default() -> Self {
        Self { host: None, folder: "storage".to_owned(), headers: Vec::new() }
    }
}

impl Gateway {
    /// A gateway that does all the specification promises; the default.
    #[must_use]
    pub const fn as_specified() -> Self {
        Self {
            check_bearer: true,
            check_application: true,
            enforce_quota: true,
            echo_ids: true,
            generate_correlation_id: true,
            media_type: MediaType::VndApi,
            dotted_correlation_id: false,
            refusals: Refusals::Usual,
            framing: Framing::Length,
            date_off: 0,
        }
    }

    /// No gateway: the handlers alone, as they were recorded.
    #[must_use]
    pub const fn bare() -> Self {
        Self {
            check_bearer: false,
            check_application: true,
            enforce_quota: false,
            echo_ids: false,
            generate_correlation_id: false,
            media_type: MediaType::Json,
            ..Self::as_specified()
        }
    }
}

/// Bounds that keep a hostile or broken client from harming the mock.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Largest request body in bytes; more is refused with 413 before it is read.
    pub body_bytes: usize,
    /// Bytes of request bodies held at the same time; more is refused with 503.
    pub bodies_in_flight: usize,
    /// Connections at the same time; further ones wait to be accepted.
    pub connections: usize,
    /// Header fields of one request; more is refused with 431.
    pub headers: usize,
    /// Bytes of one request's line and headers; more is refused with 431.
    pub header_bytes: usize,
    /// Time for all headers of a request to arrive, also the longest idle time of a connection.
    pub header_timeout: Duration,
    /// Time for a whole request body to arrive.
    pub body_timeout: Duration,
    /// Time a client may take to read an answer before the connection is closed.
    pub write_timeout: Duration,
    /// Updates that may wait to be applied.
    pub queued_updates: usize,
    /// Management-information records kept; the oldest go first.
    pub mi_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            bodies_in_flight: 32 * 1024 * 1024,
            connections: 16_384,
            headers: 100,
            header_bytes: 64 * 1024,
            header_timeout: Duration::from_secs(75),
            body_timeout: Duration::from_secs(20),
            write_timeout: Duration::from_secs(60),
            queued_updates: 250_000,
            mi_records: 20_000,
        }
    }
}

/// An application that may ask for tokens, and the supplier it acts for.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The application's id at the gateway, never secret (`apim-app-1`).
    pub application: String,
    /// The API key: `iss` and `sub` of the signed JWT.
    pub api_key: SecretToken,
    /// The registered public keys; `None` when nobody registered any (403 at the token endpoint).
    pub jwks: Option<Jwks>,
    /// The supplier this application acts for; `None` when it is no known supplier (403).
    pub supplier: Option<String>,
    /// Whether the supplier is disabled (403).
    pub disabled: bool,
    /// Letters seeded for this supplier; `None` takes the number of the configuration.
    pub letters: Option<u32>,
}

impl Registration {
    /// An application of one supplier, with its keys.
    pub fn new(
        application: impl Into<String>,
        supplier: impl Into<String>,
        api_key: SecretToken,
        jwks: Option<Jwks>,
    ) -> Self {
        Self {
            application: application.into(),
            api_key,
            jwks,
            supplier: Some(supplier.into()),
            disabled: false,
            letters: None,
        }
    }
}

/// What a mock is given at its start. The default is INT with its timings on a free port.
#[derive(Debug, Clone)]
pub struct MockConfig {
    /// Which system to behave as.
    pub profile: Profile,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the admin side listens; it must be a loopback address. `None` leaves it out.
    pub admin: Option<SocketAddr>,
    /// Letters seeded for each supplier.
    pub letters: u32,
    /// Decides ids, order, mix and documents.
    pub seed: u64,
    /// The mix of letters.
    pub seeds: SeedPlan,
    /// How a caller proves who it is.
    pub auth: AuthMode,
    /// Registered applications; when empty, one with [`crate::DemoCredentials`] is made.
    pub registrations: Vec<Registration>,
    /// The API key of the application that is made, where it had one before; a new one when absent.
    pub demo_api_key: Option<SecretToken>,
    /// Which parts of the gateway are in place.
    pub gateway: Gateway,
    /// How long a listed letter stays hidden (INT: 300 s).
    pub visibility_timeout: Duration,
    /// Time between reading a list and hiding its letters, in which another list call gets the
    /// same letters, as on INT.
    pub list_window: Duration,
    /// How long an unaccepted letter stays in the queue (INT: 168 h).
    pub retention: Duration,
    /// How long a queued update takes to show.
    pub apply_delay: Duration,
    /// Up to this much more, evenly spread, is added for each update on top of `apply_delay`, so
    /// that updates overtake each other.
    pub apply_jitter: Duration,
    /// How long a letter stays in the queue after it has left PENDING; a list names it until then,
    /// as on INT.
    pub queue_lag: Duration,
    /// Whether some updates overtake others, as on INT.
    pub unordered: bool,
    /// Where documents are.
    pub storage: StoragePlace,
    /// How long a download link works (INT: 60 s).
    pub link_ttl: Duration,
    /// Requests per second for each application; `None` for no limit.
    pub rate_limit: Option<u32>,
    /// How the rate limit counts.
    pub limiter: Limiter,
    /// Added to every answer of the API: half before the request is looked at and counted, half
    /// before it is answered.
    pub latency: Duration,
    /// Up to this much more, evenly spread, is added on top of `latency`.
    pub latency_jitter: Duration,
    /// Of a million calls of the API and downloads, so many are reset before they are looked at.
    /// Never one that makes a record, since no client may send that again.
    pub hiccups: u32,
    /// Life of an access token, told as `expires_in` (INT: 599 s).
    pub token_lifetime: Duration,
    /// Serve HTTPS with a certificate made at the start.
    pub tls: bool,
    /// Ways in which the mock is wrong.
    pub faults: Vec<Fault>,
    /// Whether a request may carry a fault of its own in `X-Letterproof-Fault`.
    pub request_faults: bool,
    /// Bounds against hostile clients.
    pub limits: Limits,
}

impl Default for MockConfig {
    fn default() -> Self {
        Self {
            profile: Profile::Int,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            admin: None,
            letters: Mix::DEFAULT.letters(),
            seed: 1,
            seeds: Mix::DEFAULT.plan(),
            auth: AuthMode::Jwt,
            registrations: Vec::new(),
            demo_api_key: None,
            gateway: Gateway::as_specified(),
            visibility_timeout: Duration::from_secs(300),
            list_window: Duration::ZERO,
            retention: Duration::from_secs(168 * 3600),
            apply_delay: Duration::from_secs(2),
            apply_jitter: Duration::ZERO,
            queue_lag: DEFAULT_QUEUE_LAG,
            unordered: false,
            storage: StoragePlace::default(),
            link_ttl: Duration::from_secs(60),
            rate_limit: Some(300),
            limiter: Limiter::FixedWindow,
            latency: Duration::ZERO,
            latency_jitter: Duration::ZERO,
            hiccups: 0,
            token_lifetime: Duration::from_secs(599),
            tls: false,
            faults: Vec::new(),
            request_faults: false,
            limits: Limits::default(),
        }
    }
}
