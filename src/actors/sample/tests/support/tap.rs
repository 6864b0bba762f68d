//! A recording tap between a supplier and the mock: every exchange is written down, whole, before
//! the supplier sees its answer, as the witness does it.
//! Of tokens and documents nothing is kept that could be used.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body as Sent, Bytes};
use axum::extract::{Request as Asked, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response as Answer;
use letterproof_contract::content::inspect_download;
use letterproof_model::{
    Actor, Body, Direction, Exchange, ExchangeId, Header, Outcome, PackId, Recording, Request,
    Response, Timestamp, TransportError, TransportErrorKind, now,
};
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What goes wrong at the tap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The first so many calls of this method and path are answered with this status.
    Status(&'static str, &'static str, usize, u16),
    /// The first answer to this method and path breaks off after the API has done its part.
    Cut(&'static str, &'static str),
}

impl Trouble {
    fn is_at(self, asked: &str, at: &str) -> bool {
        let (Self::Status(method, path, ..) | Self::Cut(method, path)) = self;
        asked == method && at.ends_with(path)
    }
}

struct Shared {
    root: String,
    own: String,
    client: reqwest::Client,
    journal: Mutex<Recording>,
    trouble: Option<Trouble>,
    troubled: Mutex<usize>,
}

/// A running tap.
pub struct Tap {
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Tap {
    /// Stands between a supplier and the system at `root` (scheme, host and port).
    pub async fn start(root: &str, trouble: Option<Trouble>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Arc::new(Shared {
            root: root.to_owned(),
            own: format!("http://{}", listener.local_addr().unwrap()),
            client: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .build()
                .unwrap(),
            journal: Mutex::default(),
            trouble,
            troubled: Mutex::new(0),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { shared, task }
    }

    /// Where the supplier finds it: scheme, host and port.
    pub fn address(&self) -> &str {
        &self.shared.own
    }

    /// Everything recorded so far.
    pub fn recording(&self) -> Recording {
        self.shared.journal.lock().clone()
    }

    /// Notes a call of the harness itself, so that the recording goes on until now.
    pub fn end_here(&self) {
        let response = Response {
            status: 200,
            headers: Vec::new(),
            body: Body::None,
            headers_us: 1,
            done_us: 2,
        };
        let request = Request {
            method: "GET".to_owned(),
            url: format!("{}/nhs-notify-supplier/_status", self.shared.root),
            headers: Vec::new(),
            body: Body::None,
        };
        self.shared.keep(Actor::Harness, now(), request, Outcome::Response(response));
    }
}

impl Shared {
    fn keep(&self, actor: Actor, started: Timestamp, request: Request, outcome: Outcome) {
        let mut journal = self.journal.lock();
        let number = letterproof_model::Journal::exchanges(&*journal).len() + 1;
        journal.push(Arc::new(Exchange {
            id: ExchangeId::new(format!("ex-{number:06}")),
            actor,
            direction: Direction::ToApi,
            pack: PackId::Supplier,
            scenario: None,
            attempt: 1,
            scheduled: None,
            started,
            connection: None,
            request,
            outcome,
        }));
    }

    /// Whether this call's turn for trouble has come.
    fn troubles(&self, method: &str, path: &str) -> Option<Trouble> {
        let trouble = self.trouble.filter(|trouble| trouble.is_at(method, path))?;
        let most = match trouble {
            Trouble::Status(.., most, _) => most,
            Trouble::Cut(..) => 1,
        };
        let mut troubled = self.troubled.lock();
        *troubled += 1;
        (*troubled <= most).then_some(trouble)
    }
}

fn headers(map: &HeaderMap) -> Vec<Header> {
    let shown = |name: &str, value: &str| match name {
        "authorization" => "Bearer [not kept]".to_owned(),
        _ => value.to_owned(),
    };
    map.iter()
        .map(|(name, value)| Header {
            name: name.as_str().into(),
            value: shown(name.as_str(), value.to_str().unwrap_or_default()).into(),
        })
        .collect()
}

fn json(bytes: &[u8]) -> Body {
    if bytes.is_empty() {
        return Body::None;
    }
    let text = String::from_utf8_lossy(bytes).into_owned();
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(_) => Body::Json { text },
        Err(_) => Body::Text { text },
    }
}

fn answer_body(path: &str, map: &HeaderMap, bytes: &[u8]) -> Body {
    if path.ends_with("/oauth2/token") {
        return Body::None;
    }
    if !path.starts_with("/storage/") {
        return json(bytes);
    }
    let kind = map.get("content-type").and_then(|value| value.to_str().ok());
    match inspect_download(bytes, kind) {
        (content, true) => Body::Pdf(content),
        (content, false) => Body::Opaque(content),
    }
}

async fn pass(State(shared): State<Arc<Shared>>, asked: Asked) -> Answer {
    let (parts, body) = asked.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let path = parts.uri.path_and_query().unwrap().as_str().to_owned();
    let plain = parts.uri.path().to_owned();
    let method = parts.method.as_str().to_owned();
    let token = plain.ends_with("/oauth2/token");
    let request = Request {
        method: method.clone(),
        url: format!("{}{path}", shared.root),
        headers: headers(&parts.headers),
        body: if token { Body::None } else { json(&body) },
    };
    let (started, begun) = (now(), Instant::now());
    let trouble = shared.troubles(&method, &plain);
    let (status, map, bytes) = match trouble {
        Some(Trouble::Status(.., status)) => {
            (StatusCode::from_u16(status).unwrap(), HeaderMap::new(), Bytes::new())
        }
        _ => forward(&shared, &parts, &path, body).await,
    };
    let micros = || u64::try_from(begun.elapsed().as_micros()).unwrap();
    let headers_us = micros();
    let kept = answer_body(&plain, &map, &bytes);
    let outcome = if matches!(trouble, Some(Trouble::Cut(..))) {
        Outcome::Error(TransportError {
            kind: TransportErrorKind::Body,
            message: "the connection was cut".to_owned(),
            after_us: micros(),
            status: Some(status.as_u16()),
            received: 0,
        })
    } else {
        Outcome::Response(Response {
            status: status.as_u16(),
            headers: headers(&map),
            body: kept,
            headers_us,
            done_us: micros().max(headers_us + 1),
        })
    };
    shared.keep(Actor::Supplier, started, request, outcome);
    let mut answer = Answer::builder().status(status);
    for (name, value) in &map {
        // A link leads back here, as it does through the witness.
        let value = value.to_str().unwrap_or_default().replace(&shared.root, &shared.own);
        answer = answer.header(name, value);
    }
    let body = if matches!(trouble, Some(Trouble::Cut(..))) {
        let cut = std::io::Error::other("cut");
        Sent::from_stream(futures::stream::iter([Err::<Bytes, _>(cut)]))
    } else {
        Sent::from(bytes)
    };
    answer.body(body).unwrap()
}

async fn forward(
    shared: &Shared,
    parts: &axum::http::request::Parts,
    path: &str,
    body: Bytes,
) -> (StatusCode, HeaderMap, Bytes) {
    let mut sent = parts.headers.clone();
    for name in ["host", "content-length", "connection"] {
        sent.remove(name);
    }
    let request = shared.client.request(parts.method.clone(), format!("{}{path}", shared.root));
    let response = request.headers(sent).body(body).send().await.unwrap();
    let (status, mut map) = (response.status(), response.headers().clone());
    for name in ["transfer-encoding", "content-length", "connection"] {
        map.remove(name);
    }
    (status, map, response.bytes().await.unwrap())
}
