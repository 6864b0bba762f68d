//! The supplier's request: what the specification asks of a caller, call by call, and of a body
//! beyond what a JSON Schema can state: ids, numbers, reasons.
//!
//! The checks of the request run only on requests of the supplier; the harness's probes are wrong
//! on purpose. The rules of bodies serve twice: broken by a supplier they are the supplier's
//! finding; broken and yet answered with 2xx they are the API's. Whether an `X-Request-ID` is used
//! twice takes two exchanges and is judged elsewhere. Of `Authorization` only its presence counts.

use letterproof_model::text::is_guid;
use letterproof_model::{Body, Capability, Operation, return_reason_text};
use serde_json::Value;

use crate::difference::{Check, Difference, Seen, Weight};
use crate::supplier::kept::KnownPlace;
use crate::supplier::operations::{API_MEDIA_TYPE, JSON_MEDIA_TYPE};
use crate::supplier::response::MOST_LETTERS;
use crate::text::{MediaType, clip, decoded, whole_limit};
use crate::{Contract, body};

/// Checks a supplier's request.
pub(crate) fn check(contract: &Contract, seen: &Seen<'_>, out: &mut Vec<Difference>) {
    match seen.operation() {
        Operation::Status => {}
        Operation::Unknown => out.push(
            Difference::supplier("UNKNOWN-CALL", "the API has no such call")
                .expected("a documented method and path")
                .observed(clip(&seen.exchange.headline())),
        ),
        Operation::Download => check_download(seen, out),
        Operation::Token => check_token(seen, out),
        _ => {
            check_headers(seen, out);
            check_query(seen, out);
            check_body(contract, seen, out);
        }
    }
}

fn check_headers(seen: &Seen<'_>, out: &mut Vec<Difference>) {
    let request = &seen.exchange.request;
    match request.header("x-request-id").map(str::trim) {
        None | Some("") => out.push(
            Difference::supplier("REQUEST-ID-MISSING", "X-Request-ID is missing")
                .expected("X-Request-ID with a GUID")
                .observed("none"),
        ),
        Some(id) if !is_guid(id) => out.push(
            Difference::supplier("REQUEST-ID-FORM", "X-Request-ID is not a GUID")
                .expected("a GUID")
                .observed(format!("`{}`", clip(id))),
        ),
        Some(_) => {}
    }
    if let Some(id) = request.header("x-correlation-id")
        && id.contains('.')
    {
        out.push(
            Difference::supplier("CORRELATION-ID-STOP", "X-Correlation-ID holds a full stop")
                .weight(Weight::Remark)
                .expected("no full stop, which the gateway uses itself")
                .observed(format!("`{}`", clip(id))),
        );
    }
    if seen.context.has(Capability::Authenticated)
        && request.header("authorization").is_none_or(|value| value.trim().is_empty())
    {
        out.push(
            Difference::supplier("AUTHORIZATION", "the call carries no bearer token")
                .expected("Authorization with a bearer token")
                .observed("none"),
        );
    }
}

fn check_query(seen: &Seen<'_>, out: &mut Vec<Difference>) {
    let listing = seen.operation() == Operation::ListLetters;
    let query = seen.route.query.as_deref().unwrap_or("");
    let names = query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair));
    let unknown = names.filter(|name| !name.is_empty()).find(|name| !(listing && *name == "limit"));
    if let Some(name) = unknown {
        out.push(
            Difference::supplier("PARAMETER", "a query parameter is not documented")
                .expected(if listing { "only `limit`" } else { "no query" })
                .observed(format!("`{}`", clip(name))),
        );
    }
    if !listing {
        return;
    }
    let values: Vec<String> = seen.route.query_values("limit").map(decoded).collect();
    let fine = match values.as_slice() {
        [] => true,
        [one] => whole_limit(one, MOST_LETTERS).is_some(),
        _ => false,
    };
    if !fine {
        out.push(
            Difference::supplier("LIMIT", "limit is not one whole number from 1 to 2,500")
                .expected("1 to 2,500, once")
                .observed(clip(&values.join(", "))),
        );
    }
}

fn check_body(contract: &Contract, seen: &Seen<'_>, out: &mut Vec<Difference>) {
    let Some(document) = seen.rules.and_then(|rules| rules.request) else { return };
    let request = &seen.exchange.request;
    let media = request.header("content-type").map(MediaType::read);
    let fine = media.as_ref().is_some_and(|media| {
        [API_MEDIA_TYPE, JSON_MEDIA_TYPE].contains(&media.essence.as_str()) && media.is_utf8()
    });
    if !fine {
        out.push(
            Difference::supplier("MEDIA-TYPE", "the body's media type is not documented")
                .expected(format!("{API_MEDIA_TYPE} or {JSON_MEDIA_TYPE}, in UTF-8"))
                .observed(request.header("content-type").map_or_else(|| "none".to_owned(), clip)),
        );
    }
    if request.body.is_unrecorded() {
        return;
    }
    let Some(value) = seen.request_json() else {
        let observed = match &request.body {
            Body::None => "no body".to_owned(),
            other => format!("{} bytes that are not JSON", other.length()),
        };
        out.push(
            Difference::supplier("NOT-JSON", "the body is not a JSON document")
                .expected(format!("a document of schemas/{}", document.file()))
                .observed(observed),
        );
        return;
    };
    if let Some(schema) = contract.request_schema(seen.operation(), document) {
        let mut found = Vec::new();
        body::compare(schema, KnownPlace::of_request(seen.operation()), value, false, &mut found);
        out.extend(found.into_iter().map(|difference| of_supplier(&difference)));
    }
    for rule in broken_rules(seen) {
        out.push(
            Difference::supplier(rule.facet, rule.title)
                .expected(rule.expected)
                .observed(rule.observed),
        );
    }
}

/// A supplier's unknown property is a breach, not an addition: the deployed API refuses it.
fn of_supplier(found: &Difference) -> Difference {
    let facet = match found.check {
        Check::Unknown => format!("UNKNOWN-{}", found.facet),
        _ => format!("SCHEMA-{}", found.facet),
    };
    let source = match found.check {
        Check::Unknown => "the deployed API answers 400 to unknown properties".to_owned(),
        _ => found.source.clone(),
    };
    Difference::supplier(facet, found.title.clone())
        .expected(found.expected.clone())
        .observed(found.observed.clone())
        .source(source)
}

fn check_token(seen: &Seen<'_>, out: &mut Vec<Difference>) {
    const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    if seen.exchange.request.body.is_unrecorded() {
        return;
    }
    let Body::Form { fields } = &seen.exchange.request.body else {
        out.push(
            Difference::supplier("TOKEN-FORM", "the token request is not a form")
                .expected("application/x-www-form-urlencoded")
                .observed("another body"),
        );
        return;
    };
    let value = |name: &str| {
        fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    };
    for (name, expected) in [
        ("grant_type", Some("client_credentials")),
        ("client_assertion_type", Some(ASSERTION_TYPE)),
        ("client_assertion", None),
    ] {
        let fine = match (value(name), expected) {
            (Some(value), Some(expected)) => value == expected,
            (Some(value), None) => !value.is_empty(),
            (None, _) => false,
        };
        if !fine {
            // The value may be a secret in the wrong field, so it is never shown.
            out.push(
                Difference::supplier(
                    format!("TOKEN-{}", crate::text::id_part(name)),
                    format!("the token request has no valid `{name}`"),
                )
                .expected(expected.map_or_else(|| "a signed JWT".to_owned(), str::to_owned))
                .observed(if value(name).is_some() {
                    "another value"
                } else {
                    "no such field"
                }),
            );
        }
    }
}

/// A link is signed; a bearer token has no business at the storage's host.
fn check_download(seen: &Seen<'_>, out: &mut Vec<Difference>) {
    let request = &seen.exchange.request;
    let base = seen.context.base_url.trim_end_matches('/');
    if request.header("authorization").is_some() && !request.url.starts_with(base) {
        out.push(
            Difference::supplier("DOWNLOAD-BEARER", "the bearer token was sent to the storage")
                .expected("no Authorization on a download")
                .observed("an Authorization header"),
        );
    }
}

/// A rule of the request that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokenRule {
    /// Its name in finding ids.
    pub(crate) facet: &'static str,
    /// In a few words.
    pub(crate) title: &'static str,
    pub(crate) expected: String,
    pub(crate) observed: String,
}

/// The rules broken by a request's JSON body.
#[must_use]
pub(crate) fn broken_rules(seen: &Seen<'_>) -> Vec<BrokenRule> {
    let Some(body) = seen.request_json() else { return Vec::new() };
    match seen.operation() {
        Operation::PatchLetter => {
            let mut broken = update_rules(std::slice::from_ref(&body["data"]));
            if let (Some(path), Some(id)) = (&seen.route.letter, body["data"]["id"].as_str())
                && id != path.as_str()
                && id != decoded(path.as_str())
            {
                broken.push(BrokenRule {
                    facet: "ID-MISMATCH",
                    title: "the body's id is not the path's",
                    expected: format!("id `{}`", clip(path.as_str())),
                    observed: format!("id `{}`", clip(id)),
                });
            }
            broken
        }
        Operation::UpdateLetters => {
            let Some(items) = body["data"].as_array() else { return Vec::new() };
            let mut broken = update_rules(items);
            broken.extend(bulk_rules(items));
            broken
        }
        Operation::CreateMi => timestamp_rule(body).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn bulk_rules(items: &[Value]) -> Vec<BrokenRule> {
    let mut broken = Vec::new();
    if items.is_empty() {
        broken.push(BrokenRule {
            facet: "EMPTY",
            title: "the bulk holds no update",
            expected: "at least one update".to_owned(),
            observed: "none".to_owned(),
        });
    }
    if items.len() > MOST_LETTERS {
        broken.push(BrokenRule {
            facet: "TOO-MANY",
            title: "the bulk holds too many updates",
            expected: format!("at most {MOST_LETTERS} updates"),
            observed: format!("{} updates", items.len()),
        });
    }
    let mut ids = std::collections::HashSet::with_capacity(items.len());
    let twice: Vec<&str> =
        items.iter().filter_map(|item| item["id"].as_str()).filter(|id| !ids.insert(*id)).collect();
    if let Some(first) = twice.first() {
        broken.push(BrokenRule {
            facet: "DUPLICATE-IDS",
            title: "a letter is updated twice in one bulk",
            expected: "each letter once".to_owned(),
            observed: format!("`{}` again; {} repeats in total", clip(first), twice.len()),
        });
    }
    broken
}

fn update_rules(items: &[Value]) -> Vec<BrokenRule> {
    let mut broken = Vec::new();
    let mut pending = 0_usize;
    let mut reasons: Vec<String> = Vec::new();
    for item in items {
        let attributes = &item["attributes"];
        match attributes["status"].as_str() {
            Some("PENDING") => pending += 1,
            Some("RETURNED") => {
                let code = attributes["reasonCode"].as_str().unwrap_or_default();
                let text = attributes["reasonText"].as_str().unwrap_or_default();
                if return_reason_text(code).is_none() || text.trim().is_empty() {
                    reasons.push(format!("code `{}`, text `{}`", clip(code), clip(text)));
                }
            }
            _ => {}
        }
    }
    if pending > 0 {
        broken.push(BrokenRule {
            facet: "PENDING",
            title: "status PENDING is set, which only NHS Notify may",
            expected: "any other status".to_owned(),
            observed: format!("PENDING in {pending} of {} updates", items.len()),
        });
    }
    if let Some(first) = reasons.first() {
        broken.push(BrokenRule {
            facet: "RETURNED-REASON",
            title: "RETURNED without a return reason",
            expected: "a reasonCode R01 to R10 and a reasonText".to_owned(),
            observed: format!("{first}; {} such updates in total", reasons.len()),
        });
    }
    broken
}

/// A record's time must be in UTC and say so. That the deployed API wants `Z` for it is a deviation
/// of the API: the specification says `date-time`, of which `+00:00` is UTC as well.
fn timestamp_rule(body: &Value) -> Option<BrokenRule> {
    let timestamp = body["data"]["attributes"]["timestamp"].as_str()?;
    let utc = ["Z", "z", "+00:00", "-00:00"].iter().any(|end| timestamp.ends_with(end));
    (!utc).then(|| BrokenRule {
        facet: "TIMESTAMP",
        title: "the timestamp is not in UTC",
        expected: "an ISO 8601 time that ends in Z or +00:00".to_owned(),
        observed: format!("`{}`", clip(timestamp)),
    })
}
