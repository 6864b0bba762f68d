//! Which part of the mock answers a request: the API, its token endpoint, its storage, or the page
//! at `/`.
//!
//! Connections may fail in passing, as on every network: they are reset before a call is looked at,
//! so that nothing has happened and the call may be made again. That never strikes a call that
//! makes a record, which no client may send again, nor the token endpoint, whose refusals are
//! evidence of their own.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, Method, Response, StatusCode, header};
use letterproof_model::Operation;
use letterproof_wire::Abort;

use crate::config::{AuthMode, Framing, Limits, Profile};
use crate::connection::Service;
use crate::reply::{HTML, JSON, MockBody, Reply, X_REQUEST_ID, with_body};
use crate::rng::Rng;
use crate::shared::Shared;
use crate::supplier::calls::{Call, Target};
use crate::supplier::faults::{Fault, apply_edits};
use crate::supplier::{gateway, sandbox, storage};
use crate::{reply, token};

/// The API's base below the root; it is also served at the root itself.
pub(crate) const BASE: &str = "/nhs-notify-supplier";

/// The API, its token endpoint, its storage and the page, on one listener.
pub(crate) struct Front(pub(crate) Arc<Shared>);

impl Service for Front {
    fn limits(&self) -> &Limits {
        &self.0.config.limits
    }

    async fn respond(
        &self,
        parts: Parts,
        body: Bytes,
        reset: &Arc<AtomicBool>,
    ) -> Result<Response<MockBody>, Abort> {
        let shared = &*self.0;
        let own = match own_fault(shared, &parts.headers) {
            Ok(own) => own,
            Err(refusal) => return Ok(reply::plain(*refusal)),
        };
        let faults = shared.board.view(own);
        let started = shared.now();
        let whole = parts.uri.path();
        let path = whole
            .strip_prefix(BASE)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .unwrap_or(whole);
        let query = parts.uri.query();
        let root = root_of(shared, &parts.headers);
        let target = Target::of(&parts.method, path);
        let int = shared.config.profile == Profile::Int;

        let (operation, mut reply) = if int && whole == token::PATH && parts.method == Method::POST
        {
            (Operation::Token, token::answer(shared, &parts.headers, &body, &root, &faults))
        } else if storage::key(shared, whole).is_some() {
            if strikes(shared, &parts.method, target) {
                return Err(reply::cut(reset));
            }
            let request = storage::Request {
                method: &parts.method,
                path: whole,
                query,
                headers: &parts.headers,
                faults: &faults,
            };
            (Operation::Download, storage::serve(shared, &request))
        } else if matches!(path, "/" | "") && parts.method == Method::GET {
            return Ok(reply::plain(answer(shared, &root)));
        } else {
            // Half of the latency on the way in, half on the way out, as over a network.
            let way = latency(shared) / 2;
            pause(way).await;
            let counted = shared.now();
            if strikes(shared, &parts.method, target) {
                return Err(reply::cut(reset));
            }
            let call = Call {
                method: &parts.method,
                path,
                query,
                headers: &parts.headers,
                body: &body,
                target,
                root: &root,
                faults: &faults,
            };
            let reply = if int {
                gateway::answer(shared, &call).await
            } else {
                sandbox::answer(shared, &call)
            };
            // In the order in which the limit was held against them.
            shared.meter.count(target.operation(), counted);
            pause(way).await;
            (target.operation(), reply)
        };
        if !operation.is_api() {
            shared.meter.count(operation, started);
        }
        apply_edits(&faults, operation, &mut reply);
        log(&parts, whole, operation, &reply, shared.now() - started);
        let gateway = &shared.config.gateway;
        let framing = if operation.is_api() { gateway.framing } else { Framing::Length };
        if framing == Framing::Gzip && !reply.body().is_empty() && reads_gzip(&parts.headers) {
            reply = reply::zipped(reply);
        }
        let mut response = reply::send(reply, operation, &faults, reset).await?;
        if framing == Framing::Chunked {
            response = response.map(MockBody::chunked);
        }
        if operation == Operation::Download {
            return Ok(response);
        }
        Ok(reply::dated_off(response, gateway.date_off))
    }
}

/// Whether a caller says that it reads gzip.
fn reads_gzip(headers: &HeaderMap) -> bool {
    let value = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    value.is_some_and(|value| value.contains("gzip"))
}

/// The access log: ids and outcome, never a query, a token or a body.
fn log(parts: &Parts, path: &str, operation: Operation, reply: &Reply, micros: u64) {
    tracing::info!(
        target: "letterproof_mock::access",
        method = %parts.method,
        path = path.get(..path.len().min(200)).unwrap_or_default(),
        operation = operation.label(),
        status = reply.status().as_u16(),
        bytes = reply.body().len(),
        micros,
        request_id = parts
            .headers
            .get(X_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .and_then(|id| id.get(..id.len().min(64)))
            .unwrap_or_default(),
        "request"
    );
}

/// How slow this mock was told to be, for one answer.
fn latency(shared: &Shared) -> Duration {
    let (latency, jitter) = (shared.config.latency, shared.config.latency_jitter);
    if jitter.is_zero() {
        return latency;
    }
    let part = chance(shared, 5).unit();
    latency + jitter.mul_f64(part)
}

async fn pause(time: Duration) {
    if !time.is_zero() {
        tokio::time::sleep(time).await;
    }
}

/// The fault a request carries for itself alone.
fn own_fault(shared: &Shared, headers: &HeaderMap) -> Result<Option<Fault>, Box<Reply>> {
    if !shared.config.request_faults {
        return Ok(None);
    }
    let Some(value) = headers.get("x-letterproof-fault") else { return Ok(None) };
    match Fault::parse(value.to_str().unwrap_or_default()) {
        Ok(fault) => Ok(Some(fault)),
        Err(error) => {
            let body = serde_json::json!({ "message": error.to_string() });
            Err(Box::new(with_body(StatusCode::BAD_REQUEST, JSON, body.to_string())))
        }
    }
}

/// Scheme and host as the client addressed them; links point back the same way.
fn root_of<'a>(shared: &'a Shared, headers: &HeaderMap) -> Cow<'a, str> {
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let own = shared.root.split_once("://");
    match (host, own) {
        (Some(host), Some((scheme, authority))) if host != authority && is_host(host) => {
            Cow::Owned(format!("{scheme}://{host}"))
        }
        _ => Cow::Borrowed(&shared.root),
    }
}

fn is_host(host: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !host.is_empty() && host.len() < 256 && host.chars().all(allowed)
}

/// Renders the page.
pub(crate) fn answer(shared: &Shared, root: &str) -> Reply {
    let config = &shared.config;
    let profile = match config.profile {
        Profile::Int => "int",
        Profile::Sandbox => "sandbox",
    };
    let state = shared.summary(None);
    let mut rows = vec![("API", format!("{root}{BASE}")), ("Profile", profile.to_owned())];
    let stateful = [
        ("Letters", format!("{} (seed {})", state.letters, config.seed)),
        ("Visible in the list now", state.visible.to_string()),
        ("Visibility timeout", format!("{:?}", config.visibility_timeout)),
        ("Updates show after", format!("{:?}", config.apply_delay)),
        ("Link life", format!("{:?}", config.link_ttl)),
    ];
    if config.profile == Profile::Sandbox {
        rows.push(("Letters", "canned; nothing that is sent is kept".to_owned()));
    } else {
        rows.extend(stateful);
        rows.insert(1, ("Token endpoint", format!("{root}{}", token::PATH)));
        let limit = config.rate_limit.map(|n| format!("{n} per second, {}", config.limiter));
        rows.push(("Rate limit", limit.unwrap_or_else(|| "none".to_owned())));
    }
    for (status, count) in state.by_status.iter().filter(|(_, count)| *count > 0) {
        rows.push(("Letters by status", format!("{status}: {count}")));
    }
    let faults = shared.board.names();
    if !faults.is_empty() {
        rows.push(("Faults armed", faults.join(", ")));
    }
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(value)))
        .collect();
    let how = escaped(&how_to_call(shared, root));
    let body = format!(
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>letterproof mock</title>\n\
         <style>body{{font:16px/1.5 sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}}\
         th{{text-align:left;padding-right:2rem;vertical-align:top}}pre{{background:#f3f3f3;padding:1rem;overflow:auto}}</style>\
         </head><body>\n<h1>Mock of the NHS Notify Supplier API</h1>\n\
         <p>This is a mock for tests. It holds no real letter.</p>\n<table>\n{rows}</table>\n\
         <h2>Calling it</h2>\n<pre>{how}</pre>\n</body></html>\n"
    );
    with_body(StatusCode::OK, HTML, body)
}

fn how_to_call(shared: &Shared, root: &str) -> String {
    let list =
        format!("curl -s '{root}{BASE}/letters?limit=10' \\\n  -H \"X-Request-ID: $(uuidgen)\"");
    if shared.config.profile == Profile::Sandbox {
        return list;
    }
    let bearer = " \\\n  -H \"Authorization: Bearer $TOKEN\"";
    match shared.config.auth {
        AuthMode::None => list,
        AuthMode::Static(_) => format!("TOKEN=...   # the one given at the start\n{list}{bearer}"),
        AuthMode::Jwt => format!(
            "# JWT: a client assertion, signed RS512, for aud {root}{path}\n\
             curl -s '{root}{path}' \\\n  -d grant_type=client_credentials \\\n  \
             -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\\n  \
             -d client_assertion=\"$JWT\"\n\
             TOKEN=...   # access_token of the answer\n{list}{bearer}\n\n\
             # or, with the admin side on: curl -s -X POST http://ADMIN/token",
            path = token::PATH,
        ),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Whether a call's connection is reset; seldom, as the configuration says.
fn strikes(shared: &Shared, method: &Method, target: Target<'_>) -> bool {
    let rate = u64::from(shared.config.hiccups);
    let repeatable = method != Method::POST || target == Target::Update;
    rate > 0 && repeatable && chance(shared, 6).below(1_000_000) < rate
}

/// Numbers of a request's own, which the mock's seed decides.
fn chance(shared: &Shared, purpose: u64) -> Rng {
    let number = shared.flap.fetch_add(1, Ordering::Relaxed);
    Rng::new(number.wrapping_add(shared.config.seed << 32), purpose)
}
