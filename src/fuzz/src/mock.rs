//! Requests and raw connections that the mock has to bear.
//!
//! The first byte chooses: `0` takes the rest for a request to the mock of INT and `1` for one to
//! the mock of the sandbox (first line, header fields, an empty line, the body), anything else for
//! the bytes of a connection. A request within the API's base is always answered as the contract of
//! the mock's own API allows or a known deviation explains, and one that is refused changes nothing;
//! a connection ends.

use std::sync::LazyLock;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use letterproof_contract::Contract;
use letterproof_mock::{
    AuthMode, Limits, Mix, MockConfig, MockServer, Profile, SecretToken, SeedPlan,
};
use letterproof_model::{
    About, Actor, Body, Context, Direction, Exchange, ExchangeId, FindingKind, Header, Operation,
    Outcome, PackId, Response, Route, now,
};
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::common::{HANG, bounded, find, runtime};

/// Where the specification refuses a media type or charset before it looks at the body: the deployed
/// handlers look at neither, so that they find fault with the body instead.
const BEFORE_THE_BODY: [&str; 2] = ["-REFUSAL-MEDIA-TYPE", "-REFUSAL-CHARSET"];
/// Answers of the server itself to a request beyond its limits, before any API sees it.
const BEYOND_LIMITS: [u16; 5] = [408, 413, 414, 431, 503];
/// What opens the mock to a request that shows no credentials of its own.
const TOKEN: &str = "the-token-of-a-supplier";
/// Cases after which the mocks start again, so that updates do not pile up.
const A_WINDOW: u32 = 2_000;

/// The mocks serve all cases.
static STAGE: LazyLock<Mutex<Stage>> = LazyLock::new(|| Mutex::new(Stage::set()));

/// Bytes as a request or a connection to the mock.
pub fn mock(data: &[u8]) {
    let Some((first, rest)) = bounded(data).split_first() else { return };
    let mut stage = STAGE.lock();
    let stage = &mut *stage;
    let mocks = &stage.mocks;
    stage.runtime.block_on(async {
        match first {
            b'0' => mocks[0].answers(rest).await,
            b'1' => mocks[1].answers(rest).await,
            other => mocks[usize::from(other % 2)].ends(rest).await,
        }
    });
    stage.cases += 1;
    if stage.cases.is_multiple_of(A_WINDOW) {
        mocks.iter().for_each(|mock| mock.server.reset(1).expect("the seeds"));
    }
}

struct Stage {
    runtime: Runtime,
    mocks: [Mock; 2],
    cases: u32,
}

struct Mock {
    server: MockServer,
    address: String,
    context: Context,
}

impl Stage {
    fn set() -> Self {
        let runtime = runtime();
        let mocks = runtime.block_on(async {
            [Mock::start(Profile::Int).await, Mock::start(Profile::Sandbox).await]
        });
        Self { runtime, mocks, cases: 0 }
    }
}

impl Mock {
    async fn start(profile: Profile) -> Self {
        let config = MockConfig {
            profile,
            letters: 20,
            seeds: SeedPlan { pdf_bytes: 2_000, ..Mix::Varied.plan() },
            auth: AuthMode::Static(SecretToken::new(TOKEN)),
            apply_delay: Duration::ZERO,
            visibility_timeout: Duration::ZERO,
            queue_lag: Duration::ZERO,
            rate_limit: None,
            limits: Limits {
                body_timeout: Duration::from_millis(100),
                queued_updates: 1_000,
                mi_records: 100,
                ..Limits::default()
            },
            ..MockConfig::default()
        };
        let server = MockServer::start(config).await.expect("a mock");
        let base = server.base_url().to_owned();
        let address = base.split('/').nth(2).expect("its address").to_owned();
        let mut context = Context::stand_in(&base);
        if profile == Profile::Sandbox {
            "sandbox".clone_into(&mut context.target);
            context.capabilities.clear();
        }
        Self { server, address, context }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.address).await.expect("a connection")
    }

    /// A connection that carries these bytes, and no more, comes to its end.
    async fn ends(&self, bytes: &[u8]) {
        let (mut reading, mut writing) = self.connect().await.into_split();
        let write = async {
            // The mock may have had enough before the end.
            let _ = writing.write_all(bytes).await;
            let _ = writing.shutdown().await;
        };
        let mut answer = Vec::new();
        let read = reading.read_to_end(&mut answer);
        let ended = timeout(HANG, async { tokio::join!(write, read) }).await;
        assert!(ended.is_ok(), "the connection stays open");
    }

    /// A request is answered by the contract, and changes nothing where it is refused.
    async fn answers(&self, text: &[u8]) {
        let Some(asked) = Asked::read(text, &self.context.base_url) else { return };
        let before = self.server.state_summary();
        let answered = timeout(HANG, self.ask(&asked)).await.expect("an answer in time");
        let refused = answered.status >= 400;
        let beyond_limits = BEYOND_LIMITS.contains(&answered.status);
        let exchange = asked.exchange_with(answered);
        let contract = Contract::built_in().expect("the contract");
        let broken = contract.check(&exchange, &self.context).into_iter().find(|finding| {
            finding.about == About::Api
                && finding.kind == FindingKind::Violation
                && !BEFORE_THE_BODY.iter().any(|known| finding.id.ends_with(known))
        });
        assert!(beyond_limits || broken.is_none(), "{}: {broken:?}", exchange.headline());
        if refused {
            assert_eq!(before, self.server.state_summary(), "{}", exchange.headline());
        }
    }

    async fn ask(&self, asked: &Asked) -> Response {
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(self.connect().await)).await.expect("HTTP");
        let connection = tokio::spawn(connection);
        let mut request = Request::new(Full::new(asked.body.clone()));
        *request.method_mut() = asked.method.clone();
        *request.uri_mut() = asked.path.parse().expect("a path that was one before");
        request.headers_mut().clone_from(&asked.headers);
        let host = HeaderValue::from_str(&self.address).expect("an address");
        request.headers_mut().insert(header::HOST, host);
        let response = sender.send_request(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a whole answer").to_bytes();
        connection.abort();
        Response {
            status: parts.status.as_u16(),
            headers: fields(&parts.headers),
            body: kept(&body),
            headers_us: 1,
            done_us: 1,
        }
    }
}

/// A request as it was written down.
struct Asked {
    method: Method,
    path: String,
    url: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Asked {
    /// Reads `METHOD /path`, fields up to an empty line, and a body; of fields those that are some.
    fn read(text: &[u8], base_url: &str) -> Option<Self> {
        let (head, body) = match find(text, b"\n\n") {
            Some(at) => (&text[..at], &text[at + 2..]),
            None => (text, &[][..]),
        };
        let mut lines = head.split(|byte| *byte == b'\n');
        let first = std::str::from_utf8(lines.next()?).ok()?;
        let (method, path) = first.split_once(' ')?;
        let method = Method::from_bytes(method.as_bytes()).ok()?;
        let url = format!("{base_url}{path}");
        let uri: http::Uri = url.parse().ok().filter(|_| path.starts_with('/'))?;
        // Below the base there is no token endpoint, and a path that looks like it is no call.
        let operation = Route::of(method.as_str(), &url, base_url).operation;
        if operation == Operation::Token {
            return None;
        }
        let fields = lines.filter_map(field).filter(|(name, _)| !is_of_the_wire(name));
        let mut headers: HeaderMap = fields.collect();
        headers.entry(header::AUTHORIZATION).or_insert_with(bearer);
        Some(Self {
            // A tunnel is no request of an API.
            method: Some(method).filter(|method| *method != Method::CONNECT)?,
            path: uri.path_and_query()?.to_string(),
            url,
            headers,
            body: Bytes::copy_from_slice(body),
        })
    }

    /// The exchange, not redacted: what a field teaches a recorder must not blind the contract.
    fn exchange_with(self, answer: Response) -> Exchange {
        Exchange {
            id: ExchangeId::fixed("ex-000001"),
            // Requests are as wrong as they may be: only the answer is held against the contract.
            actor: Actor::Harness,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started: now(),
            connection: None,
            request: letterproof_model::Request {
                method: self.method.to_string(),
                url: self.url,
                headers: fields(&self.headers),
                body: kept(&self.body),
            },
            outcome: Outcome::Response(answer),
        }
    }
}

fn bearer() -> HeaderValue {
    HeaderValue::from_str(&format!("Bearer {TOKEN}")).expect("a token that a header can carry")
}

fn field(line: &[u8]) -> Option<(HeaderName, HeaderValue)> {
    let at = line.iter().position(|byte| *byte == b':')?;
    let value = HeaderValue::from_bytes(line[at + 1..].trim_ascii()).ok()?;
    Some((HeaderName::from_bytes(&line[..at]).ok()?, value))
}

/// Fields that frame a message and that the HTTP library sets.
fn is_of_the_wire(name: &HeaderName) -> bool {
    use header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE};
    [CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TRANSFER_ENCODING, UPGRADE].contains(name)
}

fn fields(headers: &HeaderMap) -> Vec<Header> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers
        .iter()
        .map(|(name, value)| Header { name: name.as_str().into(), value: text(value).into() })
        .collect()
}

fn kept(body: &[u8]) -> Body {
    match std::str::from_utf8(body) {
        Ok("") => Body::None,
        Ok(text) if serde_json::from_str::<serde_json::Value>(text).is_ok() => {
            Body::Json { text: text.to_owned() }
        }
        _ => Body::Text { text: String::from_utf8_lossy(body).into_owned() },
    }
}
