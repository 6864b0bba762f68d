//! The public sandbox of the sending API: stateless, open, canned answers.
//!
//! Two layers, as recorded: the gateway, which checks and words its own refusals, is here; the code
//! behind it, which knows plans and messages, answers alone in [`super::backend`]. What the gateway does first of two things that could both be
//! refused was not recorded where [`gateway`] says "assumed".

use std::time::Duration;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::accounts::{accounts, parameter};
use super::canned;
use super::ksuid::ksuid;
use super::problem::{Complaint, Problem, refusal};
use super::validate::{self, Kind};
use crate::reply::{JSON, Reply, VND_API, X_CORRELATION_ID, empty, with_body};

/// How long the gateway waits for what lies behind it.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request as the sandbox sees it.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    /// Below the API's base.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    /// Where links in answers begin: scheme, host and the API's base.
    pub(crate) base: &'a str,
    /// The gateway's own id of this call.
    pub(crate) id: &'a str,
    pub(crate) now: Timestamp,
    /// Sixteen random bytes, new at each call.
    pub(crate) random: &'a (dyn Fn() -> [u8; 16] + Sync),
}

impl<'a> Asked<'a> {
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn ksuid(&self) -> String {
        ksuid(self.now, (self.random)())
    }
}

/// What a call of the API asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Target<'a> {
    Send(Kind),
    Message(&'a str),
    Accounts,
    /// One of the pages that show how the gateway answers when what lies behind it fails.
    Broken(Broken),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Broken {
    Slow,
    Silent,
    Untrusted,
}

/// Finds what is asked for.
///
/// # Errors
/// The path or the method is none of the API's.
fn route<'a>(method: &Method, path: &'a str) -> Result<Target<'a>, Problem> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (allowed, target) = match parts.as_slice() {
        ["v1", "messages"] => (Method::POST, Target::Send(Kind::Message)),
        ["v1", "message-batches"] => (Method::POST, Target::Send(Kind::Batch)),
        ["v1", "messages", id] if !id.is_empty() => (Method::GET, Target::Message(id)),
        ["channels", "nhsapp", "accounts"] => (Method::GET, Target::Accounts),
        ["_timeout"] => (Method::GET, Target::Broken(Broken::Slow)),
        ["_timeout_408" | "_timeout_504"] => (Method::GET, Target::Broken(Broken::Silent)),
        ["_invalid_certificate"] => (Method::GET, Target::Broken(Broken::Untrusted)),
        _ => return Err(Problem::NotFound),
    };
    match *method {
        ref method if *method == allowed => Ok(target),
        // The code behind the gateway has no such page, and the gateway lets it say so.
        Method::HEAD => Err(Problem::NotFound),
        _ => Err(Problem::MethodNotAllowed),
    }
}

/// Answers as the gateway does.
pub(crate) async fn gateway(asked: &Asked<'_>) -> Reply {
    let mut reply = match (asked.method, asked.path) {
        (&Method::GET, "/_ping") => with_body(StatusCode::OK, VND_API, PING),
        (_, "/_status") if asked.header("apikey").is_none() => {
            refusal(&[Problem::Denied.into()], asked.id)
        }
        (&Method::GET, "/_status") => with_body(StatusCode::OK, VND_API, PING),
        _ => match preflight(asked) {
            Some(reply) => reply,
            None => {
                let answered = call(asked).await;
                let mut reply =
                    answered.unwrap_or_else(|complaints| refusal(&complaints, asked.id));
                sign(asked, &mut reply);
                reply
            }
        },
    };
    if *asked.method == Method::HEAD {
        reply.body_mut().clear();
    }
    let headers = reply.headers_mut();
    headers.entry(header::CONTENT_TYPE).or_insert(VND_API);
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache, no-store, must-revalidate"),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(origin) = asked.headers.get(header::ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("cross-origin"));
    }
    reply
}

/// What the gateway says of itself.
const PING: &str = r#"{"version":"local","revision":"1","releaseId":"local","commitId":"local"}"#;

/// The answer to a browser that asks whether it may call.
fn preflight(asked: &Asked<'_>) -> Option<Reply> {
    const HEADERS: &str = "origin, x-requested-with, accept, content-type, nhsd-session-urid, \
                           x-correlation-id, authorization";
    let asks = header::ACCESS_CONTROL_REQUEST_METHOD;
    let (origin, method) = (asked.headers.get(header::ORIGIN)?, asked.headers.get(&asks)?);
    if *asked.method != Method::OPTIONS {
        return None;
    }
    let mut reply = empty(StatusCode::OK);
    let headers = reply.headers_mut();
    // It sends back what it was asked.
    headers.insert(header::ORIGIN, origin.clone());
    headers.insert(asks, method.clone());
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3628800"));
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, PUT, POST, PATCH, DELETE"),
    );
    Some(reply)
}

/// Puts the id of the call and the media type that was asked for on an answer.
fn sign(asked: &Asked<'_>, reply: &mut Reply) {
    let refused = reply.status() == StatusCode::NOT_ACCEPTABLE;
    let headers = reply.headers_mut();
    let own = HeaderValue::from_str(asked.id).ok();
    let given = asked.headers.get(X_CORRELATION_ID).filter(|value| !value.is_empty()).cloned();
    if let Some(id) = given.or(own) {
        headers.insert(X_CORRELATION_ID, id);
    }
    let plain = asked.header("accept") == Some("application/json") && !refused;
    headers.insert(header::CONTENT_TYPE, if plain { JSON } else { VND_API });
    if asked.headers.contains_key(header::ORIGIN) {
        let shown = HeaderValue::from_static("x-correlation-id");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
    }
}

/// Answers a call of the API. The order of the first five refusals is assumed.
///
/// # Errors
/// What the gateway complains of.
async fn call(asked: &Asked<'_>) -> Result<Reply, Vec<Complaint>> {
    let refused = |problem: Problem| vec![Complaint::from(problem)];
    let target = route(asked.method, asked.path).map_err(refused)?;
    match asked.header("authorization") {
        Some("banned") => return Err(refused(Problem::Banned)),
        Some("Bearer InvalidMockToken") => return Err(refused(Problem::Denied)),
        Some("Bearer ClientNotRecognised") => return Err(refused(Problem::Forbidden)),
        _ => {}
    }
    let known = |value: &str| matches!(value, "application/json" | "application/vnd.api+json");
    if asked.header("accept").is_some_and(|value| value != "*/*" && !known(value)) {
        return Err(refused(Problem::NotAcceptable));
    }
    if matches!(target, Target::Send(_)) && !asked.header("content-type").is_some_and(known) {
        return Err(refused(Problem::UnsupportedMedia));
    }
    if let Some(problem) = asked.header("prefer").and_then(preferred) {
        return Err(vec![problem]);
    }
    match target {
        Target::Send(kind) => send(asked, kind),
        Target::Message(id) => {
            let known = canned::known(id, |id| message_link(asked, id));
            known.map(|document| shown(StatusCode::OK, &document)).ok_or(refused(Problem::NotFound))
        }
        Target::Accounts => {
            let link = format!("{}/channels/nhsapp/accounts", asked.base);
            accounts(asked.query, &link).map(|it| shown(StatusCode::OK, &it)).map_err(refused)
        }
        Target::Broken(Broken::Slow) => {
            let time = parameter(asked.query, "sleep").and_then(|time| time.parse().ok());
            let time = Duration::from_millis(time.unwrap_or_default());
            tokio::time::sleep(time.min(PATIENCE)).await;
            if time > PATIENCE {
                return Err(refused(Problem::GatewayTimeout));
            }
            Ok(shown(StatusCode::OK, &json!({})))
        }
        Target::Broken(Broken::Silent) => Err(refused(Problem::GatewayTimeout)),
        Target::Broken(Broken::Untrusted) => Err(refused(Problem::Unavailable)),
    }
}

/// The refusal that a caller asks for by `Prefer: code=…`; `None` for one that is not known.
fn preferred(value: &str) -> Option<Complaint> {
    let duplicate = |problem, kind: Kind| {
        Complaint::at(problem, format!("/data/attributes/{}", kind.reference()))
    };
    Some(match value.strip_prefix("code=")? {
        "401" => Problem::Denied.into(),
        "403" => Problem::Forbidden.into(),
        "403.1" => Problem::Banned.into(),
        "408" => Problem::RequestTimeout.into(),
        "422_message" => duplicate(Problem::DuplicateMessage, Kind::Message),
        "422_batch" => duplicate(Problem::DuplicateBatch, Kind::Batch),
        "425" => Problem::TooEarly.into(),
        "429" => Problem::Quota.into(),
        "500" => Problem::Internal.into(),
        "503" => Problem::Unavailable.into(),
        "504" => Problem::GatewayTimeout.into(),
        _ => return None,
    })
}

fn shown(status: StatusCode, document: &Value) -> Reply {
    with_body(status, VND_API, document.to_string())
}

fn message_link(asked: &Asked<'_>, id: &str) -> String {
    format!("{}/v1/messages/{id}", asked.base)
}

fn send(asked: &Asked<'_>, kind: Kind) -> Result<Reply, Vec<Complaint>> {
    let body = validate::gateway(kind, asked.body)?;
    let authorization = asked.header("authorization").unwrap_or_default();
    let version = decide(kind, &body, authorization)?;
    Ok(match kind {
        Kind::Message => {
            let id = asked.ksuid();
            let document = created(&body, version, &id, asked.now, message_link(asked, &id));
            let mut reply = shown(StatusCode::CREATED, &document);
            if let Ok(location) = HeaderValue::from_str(&format!("/v1/messages/{id}")) {
                reply.headers_mut().insert(header::LOCATION, location);
            }
            reply
        }
        Kind::Batch => {
            let attributes = &body["data"]["attributes"];
            shown(
                StatusCode::CREATED,
                &json!({ "data": {
                    "type": "MessageBatch",
                    "id": asked.ksuid(),
                    "attributes": {
                        "messageBatchReference": attributes["messageBatchReference"],
                        "routingPlan": plan_of(&body, "1"),
                        "messages": listed(asked, &body),
                    },
                }}),
            )
        }
    })
}

/// The plan a body names, as answers show it.
pub(super) fn plan_of(body: &Value, version: &str) -> Value {
    canned::plan(body["data"]["attributes"]["routingPlanId"].as_str().unwrap_or_default(), version)
}

/// A message just taken.
pub(super) fn created(
    body: &Value,
    version: &str,
    id: &str,
    now: Timestamp,
    link: String,
) -> Value {
    json!({ "data": {
        "type": "Message",
        "id": id,
        "attributes": {
            "routingPlan": plan_of(body, version),
            "messageReference": body["data"]["attributes"]["messageReference"],
            "messageStatus": "created",
            "timestamps": { "created": format!("{now:.3}") },
        },
        "links": { "self": link },
    }})
}

/// The messages of a batch just taken, each with its new id.
pub(super) fn listed(asked: &Asked<'_>, body: &Value) -> Vec<Value> {
    validate::messages(Kind::Batch, body)
        .iter()
        .map(|message| {
            json!({ "messageReference": message["messageReference"], "id": asked.ksuid() })
        })
        .collect()
}

/// Plans that can be used, with the version a single message is answered with.
const PLANS: [(&str, &str); 8] = [
    ("00000000-0000-0000-0000-000000000001", "odbGpMQvYRM7sp7jueU2lRHQiueKujVO"),
    ("00000000-0000-0000-0000-000000000002", "HXdzlIX2Rv2qy7j9MR3FxbPHhJM7Jjzt"),
    ("00000000-0000-0000-0000-000000000003", "xoERWoahq12cq8WMXya4yed9hZtZbMxJ"),
    (canned::PLAN, "ztoe2qRAM8M8vS0bqajhyEBcvXacrGPp"),
    ("49e43b98-70cb-47a9-a55e-fe70c9a6f77c", "G.uwELAFAGMsKEBk2iIeRCBOB6kj6OkE"),
    ("b402cd20-b62a-4357-8e02-2952959531c8", "J7ZPQIf1yyUB4CiBpUBoy.1ahfOTCCQ7"),
    ("936e9d45-15de-4a95-bb36-ae163c33ae53", "riOAKoN4ajoVyUf9U2xwHVNRHc5V52A."),
    ("9ba00d23-cd6f-4aca-8688-00abc85a7980", "nkz2osS_oc8IZ5GqeN_1yXKSXe9VEUjV"),
];

/// Plans that show a failure, and which.
const FAILING_PLANS: [(&str, Problem); 6] = [
    ("4ead415a-c033-4b39-9b05-326ac237a3be", Problem::Invalid),
    ("3bb82e6a-9873-4683-b2b9-fdf33c9ba86f", Problem::Internal),
    ("d895ade5-0029-4fc3-9fb5-86e1e5370854", Problem::TooEarly),
    ("c8857ccf-06ec-483f-9b3a-7fc732d9ad48", Problem::MissingTemplates),
    ("aeb16ab8-cb9c-4d23-92e9-87c78119175c", Problem::MissingTemplates),
    ("a3a4e55d-7a21-45a6-9286-8eb595c872a8", Problem::DuplicateTemplates),
];

/// What the code behind the gateway makes of a body: the version of the plan it will use.
///
/// # Errors
/// The plan, the originator or the contact details are refused.
pub(super) fn decide(
    kind: Kind,
    body: &Value,
    authorization: &str,
) -> Result<&'static str, Vec<Complaint>> {
    let plan = body["data"]["attributes"]["routingPlanId"].as_str().unwrap_or_default();
    if let Some((_, problem)) = FAILING_PLANS.iter().find(|known| known.0 == plan) {
        let pointed = !matches!(problem, Problem::Internal | Problem::TooEarly);
        let pointer = pointed.then(|| "/data/attributes/routingPlanId".to_owned());
        return Err(vec![Complaint { problem: *problem, pointer, detail: None }]);
    }
    let Some((_, version)) = PLANS.iter().find(|known| known.0 == plan) else {
        return Err(vec![Complaint::at(Problem::NoSuchPlan, "/data/attributes/routingPlanId")]);
    };
    if let Some(complaint) = not_allowed(kind, body, authorization) {
        return Err(vec![complaint]);
    }
    let complaints = validate::contact_details(kind, body);
    if complaints.is_empty() { Ok(version) } else { Err(complaints) }
}

/// What the account that a caller pretends to have may not set, or must.
fn not_allowed(kind: Kind, body: &Value, authorization: &str) -> Option<Complaint> {
    // The recorded pointer is the batch's, also for a single message.
    let originators = "/data/attributes/messages";
    let mut messages = validate::messages(kind, body).iter();
    let has_code = |message: &Value| {
        message["originator"]["odsCode"].as_str().is_some_and(|code| !code.is_empty())
    };
    match authorization {
        "noDefaultOds" if messages.any(|message| !has_code(message)) => {
            Some(Complaint::at(Problem::OdsCodeRequired, originators))
        }
        "noOdsChange" if messages.any(has_code) => {
            Some(Complaint::at(Problem::CannotSetOdsCode, originators))
        }
        "notAllowedContactDetailOverride" => messages
            .position(|message| message["recipient"]["contactDetails"].is_object())
            .map(|at| {
                let place = validate::contact_place(kind, at);
                Complaint::at(Problem::CannotSetContactDetails, place)
            }),
        _ => None,
    }
}
