//! The public sandbox: stateless, open, canned answers, and the manners of its framework.
//!
//! It agrees with recorded exchanges in status, media type, id echo and body: it knows 23 listed
//! letters, a few example bodies, and nothing it is sent.

mod check;
mod data;

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use crate::reply::{HTML, Reply, X_CORRELATION_ID, X_REQUEST_ID, empty, with_body};
use crate::shared::Shared;
use crate::supplier::calls::{ABOUT, Call};

use crate::supplier::storage;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Where the one document of the sandbox is served.
pub(crate) const DOCUMENT: &str = "/storage/sandbox/letter.pdf";

/// One thing the request validator does not like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Complaint {
    path: String,
    message: String,
    #[serde(rename = "errorCode", skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

/// How the framework refuses: a message, and complaints or an empty text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    status: StatusCode,
    message: String,
    complaints: Vec<Complaint>,
}

#[derive(Serialize)]
struct RefusalBody<'a> {
    message: &'a str,
    errors: Value,
}

impl Refusal {
    /// A refusal of the body parser, which lists nothing.
    fn bare(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), complaints: Vec::new() }
    }

    /// A refusal with one complaint of the same words.
    fn one(status: StatusCode, path: &str, message: String) -> Self {
        let complaint = Complaint { path: path.to_owned(), message: message.clone(), code: None };
        Self { status, message, complaints: vec![complaint] }
    }

    fn reply(&self) -> Reply {
        let errors = if self.complaints.is_empty() {
            Value::from("")
        } else {
            // The keys' order matters to the eye only, so it is written out.
            let items: Vec<String> = self
                .complaints
                .iter()
                .filter_map(|complaint| serde_json::to_string(complaint).ok())
                .collect();
            let message = serde_json::to_string(&self.message).unwrap_or_default();
            let body = format!("{{\"message\":{message},\"errors\":[{}]}}", items.join(","));
            return with_body(self.status, JSON, body);
        };
        let body = RefusalBody { message: &self.message, errors };
        // Plain data with text keys cannot fail to serialise.
        with_body(self.status, JSON, serde_json::to_vec(&body).unwrap_or_default())
    }
}

/// An operation the sandbox's own specification knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation<'a> {
    Status,
    List,
    Update,
    Get(&'a str),
    Patch,
    Data(&'a str),
    Mi,
}

impl Operation<'_> {
    /// The route in the framework's notation.
    const fn route(self) -> &'static str {
        match self {
            Self::Status => "/_status",
            Self::List | Self::Update => "/letters",
            Self::Get(_) | Self::Patch => "/letters/:id",
            Self::Data(_) => "/letters/:id/data",
            Self::Mi => "/mi",
        }
    }

    const fn takes_body(self) -> bool {
        matches!(self, Self::Update | Self::Patch | Self::Mi)
    }
}

fn route<'a>(method: &Method, path: &'a str) -> Result<Operation<'a>, Refusal> {
    let trimmed = path.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(path);
    let parts: Vec<&str> = trimmed.split('/').skip(1).collect();
    let operation = match (parts.as_slice(), method) {
        (["_status"], &Method::GET) => Some(Operation::Status),
        (["letters"], &Method::GET) => Some(Operation::List),
        (["letters"], &Method::POST) => Some(Operation::Update),
        (["letters", id], &Method::GET) => Some(Operation::Get(id)),
        (["letters", _], &Method::PATCH) => Some(Operation::Patch),
        (["letters", id, "data"], &Method::GET) => Some(Operation::Data(id)),
        (["mi"], &Method::POST) => Some(Operation::Mi),
        (["_status" | "letters" | "mi"] | ["letters", _] | ["letters", _, "data"], _) => None,
        _ => return Err(Refusal::one(StatusCode::NOT_FOUND, path, "not found".to_owned())),
    };
    operation.ok_or_else(|| {
        let message = format!("{method} method not allowed");
        Refusal::one(StatusCode::METHOD_NOT_ALLOWED, path, message)
    })
}

/// Answers a call under the sandbox profile.
pub(crate) fn answer(shared: &Shared, call: &Call<'_>) -> Reply {
    let _ = shared;
    let mut reply = if *call.method == Method::OPTIONS {
        options()
    } else {
        extra(call).unwrap_or_else(|| handle(call).unwrap_or_else(|refusal| refusal.reply()))
    };
    if *call.method == Method::HEAD {
        reply.body_mut().clear();
    }
    let headers = reply.headers_mut();
    headers.insert("x-powered-by", HeaderValue::from_static("Express"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    reply
}

fn options() -> Reply {
    let mut reply = empty(StatusCode::NO_CONTENT);
    reply.headers_mut().insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET,HEAD,PUT,PATCH,POST,DELETE"),
    );
    reply
}

/// The pages the original serves besides its API. Their texts are the specification's own, so the
/// mock has short ones instead.
fn extra(call: &Call<'_>) -> Option<Reply> {
    if *call.method != Method::GET {
        return None;
    }
    match call.path {
        "/hello" => Some(with_body(StatusCode::OK, HTML, "Hello World. path: (path)")),
        "/openapi" => {
            let media_type = HeaderValue::from_static("text/yaml; charset=UTF-8");
            Some(with_body(StatusCode::OK, media_type, data::OUTLINE))
        }
        "/api-docs" | "/api-docs/" => Some(with_body(StatusCode::OK, HTML, data::DOCS)),
        _ => None,
    }
}

fn handle(call: &Call<'_>) -> Result<Reply, Refusal> {
    // The parser comes before anything else, so a broken body is refused on any path.
    let body = check::body(call)?;
    let operation = route(call.method, call.path)?;
    if operation == Operation::Status {
        return Ok(empty(StatusCode::OK));
    }
    if operation.takes_body() {
        check::media_type(call, operation.route())?;
    }
    let limit = check::parameters(call, operation == Operation::List)?;
    let body = body.unwrap_or_else(|| json!({}));
    match operation {
        Operation::Update => check::bulk(&body)?,
        Operation::Patch => check::patch(&body)?,
        Operation::Mi => check::mi(&body)?,
        _ => {}
    }
    let mut reply = match operation {
        Operation::Status => empty(StatusCode::OK),
        Operation::List => list(limit),
        Operation::Get(id) => data::letter(id).map_or_else(not_found, |letter| {
            with_body(StatusCode::OK, JSON, json!({ "data": letter }).to_string())
        }),
        Operation::Data(id) if id == data::WITH_DOCUMENT => document(call.root),
        Operation::Data(_) => not_found(),
        Operation::Patch if data::is_known_patch(&body) => empty(StatusCode::ACCEPTED),
        Operation::Update if data::is_known_bulk(&body) => empty(StatusCode::ACCEPTED),
        Operation::Mi if data::is_known_mi(&body) => {
            with_body(StatusCode::OK, JSON, data::created_mi().to_string())
        }
        Operation::Patch | Operation::Update | Operation::Mi => not_found(),
    };
    for name in [X_REQUEST_ID, X_CORRELATION_ID] {
        echo(call, &mut reply, name);
    }
    Ok(reply)
}

fn echo(call: &Call<'_>, reply: &mut Reply, name: HeaderName) {
    if let Some(value) = call.headers.get(&name).filter(|value| !value.is_empty()) {
        reply.headers_mut().insert(name, value.clone());
    }
}

fn list(limit: f64) -> Reply {
    if !(0.0..=2_500.0).contains(&limit) {
        return problem(
            StatusCode::BAD_REQUEST,
            "NOTIFY_INVALID_REQUEST",
            "Invalid request",
            "The limit parameter must be a positive number not greater than 2500",
        );
    }
    let letters: Vec<Value> = data::listed().take(limit as usize).collect();
    with_body(StatusCode::OK, JSON, json!({ "data": letters }).to_string())
}

fn document(root: &str) -> Reply {
    let mut reply = empty(StatusCode::SEE_OTHER);
    if let Ok(link) = HeaderValue::from_str(&format!("{root}{DOCUMENT}")) {
        reply.headers_mut().insert(header::LOCATION, link);
    }
    reply
}

fn not_found() -> Reply {
    problem(
        StatusCode::NOT_FOUND,
        "NOTIFY_RESOURCE_NOT_FOUND",
        "Resource not found",
        "No resource found with that ID",
    )
}

fn problem(status: StatusCode, code: &str, title: &str, detail: &str) -> Reply {
    let body = json!({ "errors": [{
        "code": code, "detail": detail, "id": data::ERROR_ID, "links": { "about": ABOUT },
        "status": status.as_str(), "title": title,
    }]});
    with_body(status, JSON, body.to_string())
}

/// Serves the one document, whose link needs no signature.
pub(crate) fn serve_document(shared: &Shared, method: &Method) -> Reply {
    let document = shared.shelf.read().any();
    match document.filter(|_| matches!(*method, Method::GET | Method::HEAD)) {
        Some(document) => storage::whole(&document),
        None => empty(StatusCode::NOT_FOUND),
    }
}
