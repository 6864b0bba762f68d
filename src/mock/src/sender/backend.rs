//! The code behind the sandbox's gateway, for those who run it alone.

use http::{HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use super::accounts::accounts;
use super::canned;
use super::problem::{Complaint, Problem};
use super::sandbox::{Asked, created, decide, listed, plan_of};
use super::validate::{self, Kind};
use crate::reply::{HTML, Reply, with_body};

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Answers a call.
pub(crate) fn answer(asked: &Asked<'_>) -> Reply {
    let json = |status: StatusCode, body: Value| with_body(status, JSON, body.to_string());
    let refused = |status: u16, message: String| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        json(status, json!({ "message": message }))
    };
    // The gateway puts its own address in the place of this.
    let root = "%PATH_ROOT%";
    match (asked.method, asked.path) {
        (&Method::GET, "/_ping" | "/_status" | "/health") => json(
            StatusCode::OK,
            json!({
                "status": "pass", "ping": "pong", "service": "communications-manager",
                "version": {},
            }),
        ),
        (&Method::POST, "/api/v1/send" | "/api/v1/messages") => {
            let kind = if asked.path.ends_with("send") { Kind::Batch } else { Kind::Message };
            let is_json = asked.header("content-type").is_some_and(|it| it.contains("json"));
            if !is_json || asked.body.is_empty() {
                return refused(400, "Missing request body".to_owned());
            }
            let Ok(body) = serde_json::from_slice::<Value>(asked.body) else {
                let body = json!({ "error": "something went wrong" });
                return json(StatusCode::INTERNAL_SERVER_ERROR, body);
            };
            match taken(asked, kind, &body) {
                Ok(version) if kind == Kind::Message => {
                    let id = asked.ksuid();
                    let link = format!("{root}/{id}");
                    json(StatusCode::CREATED, created(&body, version, &id, asked.now, link))
                }
                Ok(_) => json(
                    StatusCode::OK,
                    json!({
                        "requestId": asked.ksuid(),
                        "routingPlan": plan_of(&body, "1"),
                        "messages": listed(asked, &body),
                    }),
                ),
                Err(reply) => reply.map_or_else(
                    || refused(400, "Duplicate messageReferences".to_owned()),
                    |complaints| backend_refusal(&body, &complaints),
                ),
            }
        }
        (&Method::GET, path) if path.starts_with("/api/v1/messages/") => {
            let id = path.rsplit('/').next().unwrap_or_default();
            match canned::known(id, |_| root.to_owned()) {
                Some(document) => json(StatusCode::OK, document),
                None => refused(404, format!("Message with id of {id} not found")),
            }
        }
        (&Method::GET, "/api/channels/nhsapp/accounts") => match accounts(asked.query, root) {
            Ok(document) => json(StatusCode::OK, document),
            Err(problem) => refused(problem.status().as_u16(), "Report not found".to_owned()),
        },
        (method, path) => {
            let page = format!(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
                 <title>Error</title>\n</head>\n<body>\n<pre>Cannot {method} {}</pre>\n</body>\n\
                 </html>\n",
                path.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
            );
            let mut reply = with_body(StatusCode::NOT_FOUND, HTML, page);
            let nosniff = HeaderValue::from_static("nosniff");
            reply.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
            reply
        }
    }
}

/// What the code behind the gateway makes of a body nobody checked before.
///
/// # Errors
/// Its complaints; `None` where a batch has a reference twice.
fn taken(
    asked: &Asked<'_>,
    kind: Kind,
    body: &Value,
) -> Result<&'static str, Option<Vec<Complaint>>> {
    if kind == Kind::Batch {
        let mut seen = std::collections::HashSet::new();
        let mut references = validate::messages(kind, body)
            .iter()
            .map(|message| message["messageReference"].to_string());
        if references.any(|reference| !seen.insert(reference)) {
            return Err(None);
        }
    }
    let authorization = asked.header("authorization").unwrap_or_default();
    decide(kind, body, authorization).map_err(Some)
}

/// The words of the code behind the gateway. Recorded are those for a plan nobody knows, for one that
/// is under way and for contact details; the others are ours.
fn backend_refusal(body: &Value, complaints: &[Complaint]) -> Reply {
    let first = complaints.first().map_or(Problem::Internal, |complaint| complaint.problem);
    let plan = body["data"]["attributes"]["routingPlanId"].as_str().unwrap_or_default();
    let mut document = json!({ "message": match first {
        Problem::NoSuchPlan => format!(
            "Routing Config does not exist for clientId \"sandbox_client_id\" and routingPlanId \"{plan}\""
        ),
        Problem::TooEarly => "Message with this idempotency key is already being processed".to_owned(),
        Problem::Invalid => "Invalid routing config".to_owned(),
        problem => format!("{problem:?}"),
    }});
    let worded = complaints.iter().filter_map(|it| Some((it.pointer.as_deref()?, it.detail?)));
    let errors: Vec<Value> = worded
        .clone()
        .map(|(field, message)| {
            json!({
                "title": "Invalid value", "code": "CM_INVALID_VALUE", "field": field,
                "message": message, "statusCode": 400,
            })
        })
        .collect();
    if let Some((field, message)) = worded.clone().next() {
        let name = field.rsplit('/').next().unwrap_or_default();
        document = json!({
            "message": format!("Invalid recipient contact details. Field '{name}': {message}"),
            "errors": errors,
        });
    }
    with_body(first.status(), JSON, document.to_string())
}
