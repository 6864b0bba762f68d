//! Requests that the API should have refused and took, or refused in another way than documented.
//!
//! A 2xx to a broken request says something about the API whoever sent it, so these checks also run
//! on the harness's own probes. No refusal is demanded that nobody documents, and answers that come
//! before the request is read (401, 403, 429, 5xx) are passed over.

use letterproof_model::{Body, Capability, Operation, Response};

use crate::difference::{Check, Difference, Seen, Weight};
use crate::supplier::kept::KnownPlace;
use crate::supplier::operations::{API_MEDIA_TYPE, JSON_MEDIA_TYPE};
use crate::supplier::request::broken_rules;
use crate::supplier::response::MOST_LETTERS;
use crate::text::{MediaType, clip, decoded, whole_limit};
use crate::{Contract, Document, body};

/// Checks how a broken request was answered.
pub(crate) fn check(
    contract: &Contract,
    seen: &Seen<'_>,
    response: &Response,
    out: &mut Vec<Difference>,
) {
    let Some(rules) = seen.rules else { return };
    if matches!(seen.operation(), Operation::Token | Operation::Status) {
        return;
    }
    let taken = (200..400).contains(&response.status);
    check_request_id(seen, response, out);
    if taken && seen.context.has(Capability::Authenticated) {
        let bearer = seen.exchange.request.header("authorization");
        if bearer.is_none_or(|value| value.trim().is_empty()) {
            out.push(
                accepted("NO-BEARER", "a call without a bearer token was accepted", response)
                    .expected("401"),
            );
        }
    }
    if seen.operation() == Operation::ListLetters && taken {
        check_limit(seen, response, out);
        check_parameters(seen, response, out);
    }
    let Some(document) = rules.request else { return };
    if !check_request_media(seen, response, out) {
        return;
    }
    if response.status == 400 {
        check_refused_time(contract, seen, document, out);
    }
    if !taken {
        return;
    }
    match &seen.exchange.request.body {
        Body::None => {
            out.push(accepted("NO-BODY", "a call without a body was accepted", response));
        }
        Body::Json { .. } => {}
        body if body.is_unrecorded() => {}
        _ => {
            out.push(accepted("NOT-JSON", "a body that is not JSON was accepted", response));
        }
    }
    if let Some(value) = seen.request_json()
        && let Some(schema) = contract.request_schema(seen.operation(), document)
        && !schema.strict.is_valid(value)
    {
        let known = KnownPlace::of_request(seen.operation());
        if let Some(fault) = body::faults(schema, known, value).first() {
            out.push(
                accepted("INVALID", "a body that breaks its schema was accepted", response)
                    .observed(format!("{} to a body with {}", response.status, clip(fault))),
            );
        }
        if let Some(place) = body::unknown(schema, value).first() {
            // The schemas are open, so taking it is no breach; but the deployed API refuses it.
            out.push(
                accepted("UNKNOWN-PROPERTY", "a property that is not in the contract", response)
                    .weight(Weight::Remark)
                    .expected("400, as the deployed API answers")
                    .observed(format!("{} to `{place}`", response.status)),
            );
        }
    }
    for rule in broken_rules(seen) {
        out.push(
            accepted(rule.facet, rule.title, response)
                .expected(format!("400, since the rule is: {}", rule.expected))
                .observed(format!("{} to {}", response.status, rule.observed)),
        );
    }
}

/// A record whose time says `+00:00` is a good one: the specification's format is `date-time`.
fn check_refused_time(
    contract: &Contract,
    seen: &Seen<'_>,
    document: Document,
    out: &mut Vec<Difference>,
) {
    let Some(value) = seen.request_json() else { return };
    let time = value["data"]["attributes"]["timestamp"].as_str().unwrap_or_default();
    let sound = contract
        .request_schema(seen.operation(), document)
        .is_some_and(|schema| schema.strict.is_valid(value))
        && broken_rules(seen).is_empty();
    if seen.operation() == Operation::CreateMi && time.ends_with("+00:00") && sound {
        out.push(
            Difference::new(Check::Refusal, "UTC-OFFSET", "a time in UTC was refused")
                .expected("201")
                .observed(format!("400 to `{}`", clip(time))),
        );
    }
}

fn accepted(facet: &str, title: &str, response: &Response) -> Difference {
    Difference::new(Check::Accepted, facet, format!("accepted anyway: {title}"))
        .expected("400")
        .observed(response.status.to_string())
}

/// `X-Request-ID` is required, so a call without it is an invalid request.
fn check_request_id(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    let facet = match seen.exchange.request.header("x-request-id") {
        None => "NO-REQUEST-ID",
        Some(id) if id.trim().is_empty() => "EMPTY-REQUEST-ID",
        Some(_) => return,
    };
    if matches!(response.status, 400 | 401 | 403 | 406 | 413 | 415 | 429 | 502) {
        return;
    }
    out.push(
        Difference::new(
            Check::Refusal,
            facet,
            format!("a call without X-Request-ID was answered with {}", response.status),
        )
        .expected("400")
        .observed(response.status.to_string()),
    );
}

fn check_limit(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    let values: Vec<String> = seen.route.query_values("limit").map(decoded).collect();
    let [value] = values.as_slice() else { return };
    if whole_limit(value, MOST_LETTERS).is_none() {
        out.push(
            accepted(
                "LIMIT",
                "a limit that is not a whole number from 1 to 2,500 was accepted",
                response,
            )
            .observed(format!("{} to limit `{}`", response.status, clip(value))),
        );
    }
}

fn check_parameters(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    let query = seen.route.query.as_deref().unwrap_or("");
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or(pair));
    if let Some(name) = names.find(|name| !name.is_empty() && *name != "limit") {
        out.push(
            accepted("UNKNOWN-PARAMETER", "a parameter that is not in the contract", response)
                .weight(Weight::Remark)
                .expected("400, as the deployed API answers")
                .observed(format!("{} to `{}`", response.status, clip(name))),
        );
    }
}

/// Checks the refusal of media types and charsets; whether the body is worth looking at.
fn check_request_media(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) -> bool {
    let Some(value) = seen.exchange.request.header("content-type") else { return true };
    let media = MediaType::read(value);
    let known = [API_MEDIA_TYPE, JSON_MEDIA_TYPE].contains(&media.essence.as_str());
    let taken = (200..300).contains(&response.status);
    // Only these say that the request itself was looked at and refused.
    let refused = matches!(response.status, 400 | 406 | 415);
    let (facet, expected, subject) = match (known, media.is_utf8()) {
        (true, true) if response.status == 415 => {
            ("MEDIA-TYPE-KNOWN", "the call to be accepted", "a documented media type")
        }
        (true, true) => return true,
        (_, false) => ("CHARSET", "406", "a charset that is not UTF-8"),
        (false, true) => ("MEDIA-TYPE", "415", "another media type"),
    };
    if taken || (refused && response.status.to_string() != expected) {
        let check = if taken { Check::Accepted } else { Check::Refusal };
        let title = format!("{subject} was answered with {}", response.status);
        out.push(
            Difference::new(check, facet, title)
                .expected(expected)
                .observed(format!("{} to `{}`", response.status, clip(value)))
                .source("OAS prose on media types and charsets"),
        );
    }
    // With another charset the bytes mean something else; with another type nothing is promised.
    known && media.is_utf8()
}
