//! A stub of the API: a few letters, queued updates, a token endpoint, and faults by name. It knows
//! what the tests of `client` and of the reference supplier need and nothing more; whole runs are
//! tested with the mock.
#![allow(clippy::unwrap_used, reason = "only tests call this module")]
#![allow(missing_docs, reason = "tests read and set what the stub holds by its names")]

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde_json::{Value, json};

pub const API_KEY: &str = "canary-api-key-5b1";
pub const VISIBILITY: Duration = Duration::from_millis(300);
const APPLY_DELAY: Duration = Duration::from_millis(60);
const MISSING: &str = "missing";

pub fn other_key_pem() -> String {
    new_key_pem()
}

fn new_key_pem() -> String {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
    let text = STANDARD.encode(der.as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{text}\n-----END PRIVATE KEY-----\n")
}

/// A 2,048-bit key is enough to sign with, and is made in a fraction of the time.
pub fn key_pem() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(new_key_pem).clone()
}

pub fn pdf(pages: i32) -> Vec<u8> {
    use pdf_writer::{Pdf, Rect, Ref};
    let mut pdf = Pdf::new();
    let (catalog, tree) = (Ref::new(1), Ref::new(2));
    pdf.catalog(catalog).pages(tree);
    let kids: Vec<Ref> = (0..pages).map(|page| Ref::new(3 + page)).collect();
    pdf.pages(tree).kids(kids.iter().copied()).count(pages);
    for page in kids {
        pdf.page(page).parent(tree).media_box(Rect::new(0.0, 0.0, 595.0, 842.0));
    }
    pdf.finish()
}

pub fn hex_sha256(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub struct Letter {
    pub status: String,
    pub specification: String,
    pub content: Option<Vec<u8>>,
    pub stated_hash: Option<String>,
    pub hidden_until: Option<Instant>,
    pub pending: Vec<(Instant, String)>,
}

#[derive(Default)]
pub struct Faults {
    /// Updates of these letters are lost.
    pub lost: HashSet<String>,
    /// Updates of these letters are applied as another status.
    pub twisted: HashMap<String, String>,
    /// Updates of these letters are applied and then undone.
    pub undone: HashSet<String>,
    /// Updates of these letters take so long.
    pub slow: HashMap<String, Duration>,
    /// The next answers of the API, whatever is asked: status and body.
    pub next: Vec<(u16, Value)>,
    /// Answers of the token endpoint, whatever is asked.
    pub token: Vec<(u16, String)>,
    /// The token endpoint refuses everything.
    pub no_tokens: bool,
    /// The token endpoint answers only when it gets a permit.
    pub token_gate: Option<Arc<tokio::sync::Semaphore>>,
    /// Every answer waits so long.
    pub latency: Duration,
    /// Where links lead, in place of this server.
    pub link_host: Option<String>,
}

#[derive(Default)]
pub struct World {
    pub order: Vec<String>,
    pub letters: HashMap<String, Letter>,
    pub faults: Faults,
    pub valid_tokens: HashSet<String>,
    pub token_needed: bool,
    pub token_life: u64,
    pub token_count: usize,
    pub assertions: Vec<String>,
    pub seen_headers: Vec<HeaderMap>,
    pub arrivals: Vec<Instant>,
    pub mi: Vec<Value>,
    /// Lists are refused with 403.
    pub forbidden: bool,
    /// How far this server's clock is ahead.
    pub clock_ahead_s: i64,
    links: usize,
}

pub type Shared = Arc<Mutex<World>>;

pub struct StubApi {
    address: SocketAddr,
    pub world: Shared,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for StubApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StubApi {
    pub async fn start() -> Self {
        let world: Shared = Arc::new(Mutex::new(World { token_life: 599, ..World::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let api = Router::new()
            .route("/api/_status", get(|| async { "{}" }))
            .route("/api/letters", get(list).post(bulk))
            .route("/api/letters/{id}", get(read).patch(patch))
            .route("/api/letters/{id}/data", get(data))
            .route("/api/mi", post(create_mi))
            .route("/api/mi/{id}", get(read_mi))
            .layer(axum::middleware::from_fn_with_state(world.clone(), gate));
        let app = Router::new()
            .merge(api)
            .route("/oauth2/token", post(token))
            .route("/files/{id}", get(file))
            .with_state(world.clone());
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, world, server }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    pub fn token_url(&self) -> String {
        format!("http://{}/oauth2/token", self.address)
    }

    pub fn require_tokens(&self) {
        self.world.lock().token_needed = true;
    }

    /// Seeds letters of a specification, each with this content.
    pub fn seed(&self, specification: &str, count: usize, content: Option<Vec<u8>>) {
        let mut world = self.world.lock();
        for _ in 0..count {
            let id = format!("L{:04}", world.order.len() + 1);
            world.order.push(id.clone());
            world.letters.insert(
                id,
                Letter {
                    status: "PENDING".to_owned(),
                    specification: specification.to_owned(),
                    stated_hash: content.as_deref().map(hex_sha256),
                    content: content.clone(),
                    hidden_until: None,
                    pending: Vec::new(),
                },
            );
        }
    }

    pub fn seed_ordinary(&self, count: usize) {
        self.seed("integration-specification-english", count, Some(pdf(1)));
    }

    /// Loses every letter, as a target does that is seeded anew.
    pub fn forget_letters(&self) {
        let mut world = self.world.lock();
        world.order.clear();
        world.letters.clear();
    }

    pub fn status(&self, id: &str) -> String {
        let mut world = self.world.lock();
        world.settle();
        world.letters[id].status.clone()
    }
}

impl World {
    fn settle(&mut self) {
        let now = Instant::now();
        for letter in self.letters.values_mut() {
            letter.pending.retain(|(at, status)| {
                if *at <= now {
                    letter.status.clone_from(status);
                }
                *at > now
            });
        }
    }

    fn update(&mut self, update: &Value) {
        let id = update["id"].as_str().unwrap().to_owned();
        let status = update["attributes"]["status"].as_str().unwrap().to_owned();
        if self.faults.lost.contains(&id) {
            return;
        }
        let delay = self.faults.slow.get(&id).copied().unwrap_or(APPLY_DELAY);
        let twisted = self.faults.twisted.get(&id).cloned();
        let undone = self.faults.undone.contains(&id);
        let at = Instant::now() + delay;
        let Some(letter) = self.letters.get_mut(&id) else { return };
        let before = letter.status.clone();
        letter.pending.push((at, twisted.unwrap_or(status)));
        if undone {
            letter.pending.push((at + Duration::from_millis(150), before));
        }
    }

    fn show(&self, id: &str) -> Value {
        let letter = &self.letters[id];
        let mut attributes = json!({
            "status": letter.status, "specificationId": letter.specification, "groupId": "group-1"
        });
        if letter.specification == MISSING {
            attributes.as_object_mut().unwrap().remove("specificationId");
        }
        if let Some(hash) = &letter.stated_hash {
            attributes["sha256Hash"] = json!(hash);
        }
        json!({"id": id, "type": "Letter", "attributes": attributes})
    }
}

fn document(status: u16, value: &Value) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    (status, [(header::CONTENT_TYPE, "application/vnd.api+json")], value.to_string())
        .into_response()
}

async fn gate(
    State(world): State<Shared>,
    request: axum::extract::Request,
    next: axum::middleware::Next,
) -> Response {
    let (refusal, latency, ahead) = {
        let mut world = world.lock();
        world.arrivals.push(Instant::now());
        world.seen_headers.push(request.headers().clone());
        let bearer = request.headers().get(header::AUTHORIZATION);
        let known = bearer
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .is_some_and(|token| world.valid_tokens.contains(token));
        let open = request.uri().path().ends_with("/_status") && bearer.is_none();
        let refusal = if world.forbidden && request.uri().path().ends_with("/letters") {
            Some((403, json!({"message": "no"})))
        } else if world.token_needed && !known && !open {
            Some((401, json!({"message": "bad token"})))
        } else if world.faults.next.is_empty() {
            None
        } else {
            Some(world.faults.next.remove(0))
        };
        (refusal, world.faults.latency, world.clock_ahead_s)
    };
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let mut response = match refusal {
        Some((status, body)) => document(status, &body),
        None => next.run(request).await,
    };
    if ahead != 0 {
        let moment =
            letterproof_model::Timestamp::from_second(letterproof_model::now().as_second() + ahead);
        let text = moment.unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        response.headers_mut().insert(header::DATE, text.parse().unwrap());
    }
    response
}

async fn token(State(world): State<Shared>, body: String) -> Response {
    tokio::time::sleep(Duration::from_millis(20)).await;
    let gate = {
        let mut world = world.lock();
        world.token_count += 1;
        let assertion = body.rsplit("client_assertion=").next().unwrap().to_owned();
        world.assertions.push(assertion);
        world.faults.token_gate.clone()
    };
    if let Some(gate) = gate {
        gate.acquire().await.unwrap().forget();
    }
    let mut world = world.lock();
    if world.faults.no_tokens {
        let refusal = r#"{"error":"invalid_request","error_description":"JWT has expired"}"#;
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    if !world.faults.token.is_empty() {
        let (status, body) = world.faults.token.remove(0);
        return (StatusCode::from_u16(status).unwrap(), body).into_response();
    }
    let token = format!("canary-token-{}", world.token_count);
    world.valid_tokens.insert(token.clone());
    let life = world.token_life.to_string();
    document(200, &json!({"access_token": token, "expires_in": life, "token_type": "Bearer"}))
}

async fn list(
    State(world): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let mut world = world.lock();
    world.settle();
    let limit = query.get("limit").map_or(2_500, |limit| limit.parse().unwrap());
    let now = Instant::now();
    let ids: Vec<String> = world
        .order
        .iter()
        .filter(|id| {
            let letter = &world.letters[*id];
            letter.status == "PENDING" && letter.hidden_until.is_none_or(|until| until <= now)
        })
        .take(limit)
        .cloned()
        .collect();
    for id in &ids {
        world.letters.get_mut(id).unwrap().hidden_until = Some(now + VISIBILITY);
    }
    let letters: Vec<Value> = ids.iter().map(|id| world.show(id)).collect();
    document(200, &json!({ "data": letters }))
}

async fn bulk(State(world): State<Shared>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut world = world.lock();
    for update in body["data"].as_array().unwrap() {
        world.update(update);
    }
    StatusCode::ACCEPTED.into_response()
}

async fn patch(State(world): State<Shared>, Path(id): Path<String>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["data"]["id"], json!(id));
    world.lock().update(&body["data"]);
    StatusCode::ACCEPTED.into_response()
}

async fn read(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let mut world = world.lock();
    world.settle();
    if world.letters.contains_key(&id) {
        document(200, &json!({"data": world.show(&id)}))
    } else {
        document(404, &json!({"errors": [{"code": "NOTIFY_NOT_FOUND", "detail": "none such"}]}))
    }
}

async fn data(
    State(world): State<Shared>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let mut world = world.lock();
    world.links += 1;
    let host = headers[header::HOST].to_str().unwrap().to_owned();
    let host = world.faults.link_host.clone().unwrap_or_else(|| format!("http://{host}"));
    assert!(uri.path().ends_with("/data"));
    let link = format!("{host}/files/{id}?X-Amz-Signature=canary-signature-{}", world.links);
    (StatusCode::SEE_OTHER, [(header::LOCATION, link)]).into_response()
}

async fn file(
    State(world): State<Shared>,
    method: Method,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    assert_eq!(method, Method::GET);
    assert!(!headers.contains_key(header::AUTHORIZATION), "storage must not learn the token");
    let world = world.lock();
    match world.letters.get(&id).and_then(|letter| letter.content.clone()) {
        Some(bytes) => ([(header::CONTENT_TYPE, "application/pdf")], bytes).into_response(),
        None => {
            let xml = "<Error><Code>NoSuchKey</Code></Error>";
            (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/xml")], xml)
                .into_response()
        }
    }
}

async fn create_mi(State(world): State<Shared>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let mut world = world.lock();
    world.mi.push(body.clone());
    let id = format!("mi-{}", world.mi.len());
    document(
        201,
        &json!({"data": {"id": id, "type": "ManagementInformation",
        "attributes": body["data"]["attributes"]}}),
    )
}

async fn read_mi(State(world): State<Shared>, Path(id): Path<String>) -> Response {
    let world = world.lock();
    let at: usize = id.strip_prefix("mi-").unwrap().parse().unwrap();
    let attributes = world.mi[at - 1]["data"]["attributes"].clone();
    document(
        200,
        &json!({"data": {"id": id, "type": "ManagementInformation",
        "attributes": attributes}}),
    )
}
