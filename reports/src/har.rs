//! HAR 1.2 of every recorded exchange, for browsers and proxies to open.
//!
//! What HAR has no field for (who made the call, which attempt, hashes of letters) stands in
//! `_letterproof`. The whole file is never in memory, and what was not recorded (protocol version,
//! connection times, cookies) is left unknown.

use std::io::Write;

use letterproof_evidence::Bundle;
use letterproof_model::{
    Body, Exchange, Header, Journal as _, Outcome, Response, header_value, visible_json,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::ReportError;

/// Writes a bundle's exchanges as HAR 1.2.
///
/// # Errors
/// When the output cannot be written.
pub fn har(bundle: &Bundle, output: &mut dyn Write) -> Result<(), ReportError> {
    let run = &bundle.results.run;
    let comment = format!(
        "Run {} against {}. Secrets are replaced by keyed hashes; contents of letters are left out.",
        run.id, run.target.name
    );
    output.write_all(b"{\"log\":{\"version\":\"1.2\",\"creator\":")?;
    write_json(output, &json!({ "name": "letterproof", "version": run.tool.version }))?;
    output.write_all(b",\"comment\":")?;
    write_json(output, &comment)?;
    output.write_all(b",\"entries\":[")?;
    for (at, exchange) in bundle.journal.recording.exchanges().iter().enumerate() {
        output.write_all(if at == 0 { b"\n" } else { b",\n" })?;
        write_json(output, &entry(&exchange))?;
    }
    output.write_all(b"\n]}}\n")?;
    Ok(bundle.journal.recording.whole()?)
}

/// What JSON would leave hidden in its strings is written as an escape.
fn write_json(output: &mut dyn Write, value: &impl Serialize) -> std::io::Result<()> {
    let document = serde_json::to_string(value).map_err(std::io::Error::from)?;
    output.write_all(visible_json(&document).as_bytes())
}

fn entry(exchange: &Exchange) -> Value {
    let (time, wait, receive) = match &exchange.outcome {
        Outcome::Response(response) => (
            millis(response.done_us),
            millis(response.headers_us),
            millis(response.done_us.saturating_sub(response.headers_us)),
        ),
        Outcome::Error(error) => (millis(error.after_us), millis(error.after_us), 0.0),
    };
    json!({
        // Of these digits, since some readers (Python before 3.11) take none or six of them.
        "startedDateTime": format!("{:.6}", exchange.started),
        "time": time,
        "request": request(exchange),
        "response": response(exchange),
        "cache": {},
        // Sending is part of waiting: the client cannot tell them apart.
        "timings": { "send": 0, "wait": wait, "receive": receive },
        "comment": exchange.id,
        "_letterproof": {
            "id": exchange.id,
            "actor": exchange.actor,
            "scenario": exchange.scenario,
            "attempt": exchange.attempt,
            "scheduled": exchange.scheduled,
            "connectionReused": exchange.connection.map(|connection| connection.reused),
            "requestBody": content(&exchange.request.body),
            "responseBody": exchange.response().and_then(|response| content(&response.body)),
        },
    })
}

fn millis(micros: u64) -> f64 {
    #[allow(clippy::cast_precision_loss)] // Exact for the next 285 years.
    let exact = micros as f64;
    exact / 1_000.0
}

fn request(exchange: &Exchange) -> Value {
    let request = &exchange.request;
    let query: Vec<Value> = request
        .url
        .split_once('?')
        .map(|(_, query)| query.split('#').next().unwrap_or(query))
        .map(|query| url::form_urlencoded::parse(query.as_bytes()))
        .into_iter()
        .flatten()
        .map(|(name, value)| json!({ "name": name, "value": value }))
        .collect();
    let mut made = json!({
        "method": request.method,
        "url": request.url,
        "httpVersion": "unknown",
        "cookies": [],
        "headers": headers(&request.headers),
        "queryString": query,
        "headersSize": -1,
        "bodySize": request.body.length(),
    });
    let media_type = header_value(&request.headers, "content-type").unwrap_or("");
    let post = match &request.body {
        Body::None => None,
        Body::Json { text } | Body::Text { text } => {
            Some(json!({ "mimeType": media_type, "text": text }))
        }
        Body::Form { fields } => {
            let params: Vec<Value> = fields
                .iter()
                .map(|(name, value)| json!({ "name": name, "value": value }))
                .collect();
            // The format wants one of the two; mitmproxy reads the text, others the fields.
            let mut text = url::form_urlencoded::Serializer::new(String::new());
            let text = text.extend_pairs(fields).finish();
            Some(json!({ "mimeType": media_type, "params": params, "text": text }))
        }
        Body::Pdf(_) | Body::Opaque(_) => {
            Some(json!({ "mimeType": media_type, "text": "", "comment": "content not kept" }))
        }
    };
    if let (Some(post), Some(fields)) = (post, made.as_object_mut()) {
        fields.insert("postData".to_owned(), post);
    }
    made
}

fn response(exchange: &Exchange) -> Value {
    match &exchange.outcome {
        Outcome::Response(response) => received(response),
        Outcome::Error(error) => json!({
            "status": 0,
            "statusText": "",
            "httpVersion": "unknown",
            "cookies": [],
            "headers": [],
            "content": { "size": 0, "mimeType": "x-unknown" },
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": error.received,
            "comment": error.message,
            "_error": error.message,
        }),
    }
}

fn received(response: &Response) -> Value {
    let media_type = response.header("content-type").unwrap_or("x-unknown");
    let mut content = json!({ "size": response.body.length(), "mimeType": media_type });
    let extra = match &response.body {
        Body::Json { text } | Body::Text { text } => Some(("text", text.clone())),
        Body::Pdf(kept) | Body::Opaque(kept) if response.body.is_unrecorded() => {
            let why = kept.problem.as_deref().unwrap_or("not in the recording");
            Some(("comment", why.to_owned()))
        }
        Body::Pdf(kept) | Body::Opaque(kept) => {
            Some(("comment", format!("content not kept; SHA-256 {}", kept.sha256)))
        }
        Body::None | Body::Form { .. } => None,
    };
    if let (Some((name, value)), Some(fields)) = (extra, content.as_object_mut()) {
        fields.insert(name.to_owned(), Value::String(value));
    }
    json!({
        "status": response.status,
        "statusText": "",
        "httpVersion": "unknown",
        "cookies": [],
        "headers": headers(&response.headers),
        "content": content,
        "redirectURL": response.header("location").unwrap_or(""),
        "headersSize": -1,
        "bodySize": response.body.length(),
    })
}

fn headers(headers: &[Header]) -> Vec<Value> {
    headers.iter().map(|h| json!({ "name": h.name, "value": h.value })).collect()
}

/// What is kept of content that HAR must not hold.
fn content(body: &Body) -> Option<Value> {
    serde_json::to_value(body.content()?).ok()
}
