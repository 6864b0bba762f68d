//! What the deployed API and the public sandbox are known to do differently from the specification:
//! one row each, first of the deployed API, then of the sandbox.
//!
//! A difference that a row explains is a deviation about the API; everything else is a violation.
//! Rows rest on the public code of the API, run and recorded; where the gateway in front of it is
//! unknown, either way is accepted. A row is as narrow as what was seen, and never excuses a
//! supplier: only differences about the API are looked up here.

use letterproof_model::Operation;
use letterproof_model::Operation::{
    CreateMi, GetLetter, GetLetterData, ListLetters, PatchLetter, UpdateLetters,
};

use crate::difference::{Check, Deviation, DeviationTarget, Difference, Seen};
use crate::supplier::operations::JSON_MEDIA_TYPE;
use crate::text::{MediaType, decoded};

const HANDLERS: &str = "public handlers of the API, run and recorded";
const SANDBOX: &str = "public sandbox of the API, recorded";

const BLANK: Deviation = Deviation {
    id: "",
    title: "",
    target: DeviationTarget::Everywhere,
    specification: "",
    deployed: "",
    source: HANDLERS,
    checks: &[],
    facets: &[],
    operations: &[],
    statuses: &[],
    when: always,
};

pub(crate) const TABLE: &[Deviation] = &[
    Deviation {
        id: "F-ANY-MEDIA-TYPE-JSON",
        title: "API documents come as application/json",
        specification: "bodies are application/vnd.api+json",
        deployed: "the handlers set no media type, so the gateway's application/json is used",
        checks: &[Check::MediaType],
        facets: &[""],
        when: is_plain_json,
        ..BLANK
    },
    Deviation {
        id: "F-ANY-REQUEST-ID-ABSENT",
        title: "X-Request-ID is missing from the answer",
        target: DeviationTarget::Deployed,
        specification: "X-Request-ID is echoed",
        deployed: "the handlers set no such header; whether the gateway adds it is not known",
        checks: &[Check::RequestIdEcho],
        facets: &["ABSENT"],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-CORRELATION-ID-ABSENT",
        title: "X-Correlation-ID is missing from the answer",
        target: DeviationTarget::Deployed,
        specification: "X-Correlation-ID is echoed, and generated when absent",
        deployed: "the handlers set no such header; whether the gateway adds it is not known",
        checks: &[Check::CorrelationEcho],
        facets: &["ABSENT", "NOT-GENERATED"],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-NO-REQUEST-ID-500",
        title: "a call without X-Request-ID is answered with 500",
        target: DeviationTarget::Deployed,
        specification: "X-Request-ID is required, so a call without it is a bad request",
        deployed: "a missing or empty X-Request-ID gives 500 NOTIFY_INTERNAL_SERVER_ERROR",
        checks: &[Check::Refusal],
        facets: &["NO-REQUEST-ID", "EMPTY-REQUEST-ID"],
        statuses: &[500],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-FORBIDDEN-403",
        title: "an unknown or disabled supplier is answered with 403",
        target: DeviationTarget::Deployed,
        specification: "403 is not documented",
        deployed: "the authoriser answers 403",
        checks: &[Check::Status],
        statuses: &[403],
        when: |seen, _| seen.rules.is_some(),
        ..BLANK
    },
    Deviation {
        id: "F-OTHER-ROUTE-403",
        title: "an unknown route or method is answered with 403",
        target: DeviationTarget::Deployed,
        specification: "unknown routes are not documented",
        deployed: "the gateway answers 403",
        checks: &[Check::Status],
        operations: &[Operation::Unknown],
        statuses: &[403],
        ..BLANK
    },
    Deviation {
        id: "F-LIST-LIMIT-AS-NUMBER",
        title: "limit is read as a JavaScript number",
        target: DeviationTarget::Deployed,
        specification: "limit is a number from 1 to 2,500",
        deployed: "1.5, 0.5, 0x10, 1e1 and an empty limit are accepted",
        checks: &[Check::Accepted],
        facets: &["LIMIT"],
        operations: &[ListLetters],
        statuses: &[200],
        when: |seen, _| {
            limit(seen).is_some_and(|text| {
                text.is_empty() || number(&text).is_some_and(|n| n > 0.0 && n <= 2_500.0)
            })
        },
        ..BLANK
    },
    Deviation {
        id: "F-ANY-PENDING-TAKEN",
        title: "an update to PENDING is accepted",
        target: DeviationTarget::Deployed,
        specification: "a supplier may not set PENDING",
        deployed: "202, and the letter is set to PENDING",
        checks: &[Check::Accepted],
        facets: &["PENDING"],
        operations: &[PatchLetter, UpdateLetters],
        statuses: &[202],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-RETURNED-REASON-TAKEN",
        title: "RETURNED is accepted without a known reason",
        target: DeviationTarget::Deployed,
        specification: "RETURNED needs a code R01 to R10 and a text",
        deployed: "202 without a reason, and with an unknown code",
        checks: &[Check::Accepted],
        facets: &["RETURNED-REASON"],
        operations: &[PatchLetter, UpdateLetters],
        statuses: &[202],
        ..BLANK
    },
    Deviation {
        id: "F-BULK-EMPTY-TAKEN",
        title: "an empty bulk update is accepted",
        target: DeviationTarget::Deployed,
        specification: "a bulk update names letters",
        deployed: "202 to an empty list",
        checks: &[Check::Accepted],
        facets: &["EMPTY"],
        operations: &[UpdateLetters],
        statuses: &[202],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-MEDIA-TYPE-TAKEN",
        title: "an update of another media type is accepted",
        target: DeviationTarget::Deployed,
        specification: "another media type is answered with 415",
        deployed: "the handlers do not look at the media type",
        checks: &[Check::Accepted],
        facets: &["MEDIA-TYPE"],
        operations: &[PatchLetter, UpdateLetters, CreateMi],
        statuses: &[201, 202],
        ..BLANK
    },
    Deviation {
        id: "F-ANY-CHARSET-TAKEN",
        title: "a body of another charset is accepted",
        specification: "a charset that is not UTF-8 is answered with 406",
        deployed: "the handlers do not look at the charset; the sandbox decodes UTF-16",
        checks: &[Check::Accepted],
        facets: &["CHARSET"],
        operations: &[PatchLetter, UpdateLetters, CreateMi],
        statuses: &[200, 201, 202],
        ..BLANK
    },
    Deviation {
        id: "F-MI-UTC-OFFSET-REFUSED",
        title: "a time in UTC that ends in +00:00 is refused",
        target: DeviationTarget::Deployed,
        specification: "a timestamp is a date-time, in which +00:00 means UTC",
        deployed: "only a timestamp that ends in Z is accepted",
        checks: &[Check::Refusal],
        facets: &["UTC-OFFSET"],
        operations: &[CreateMi],
        statuses: &[400],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-MI-200",
        title: "the sandbox answers POST /mi with 200",
        target: DeviationTarget::Sandbox,
        specification: "success is 201",
        deployed: "success is 200",
        source: SANDBOX,
        checks: &[Check::Status],
        operations: &[CreateMi],
        statuses: &[200],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-STATUS",
        title: "the sandbox answers with a status that is not documented for the call",
        target: DeviationTarget::Sandbox,
        specification: "400 only on lists and writes, 404 only on single resources",
        deployed: "400 to reads its validator refuses, 404 to bodies it does not know",
        source: SANDBOX,
        checks: &[Check::Status],
        statuses: &[400, 404],
        when: |seen, _| match seen.response().map(|response| response.status) {
            Some(400) => matches!(seen.operation(), GetLetter | GetLetterData),
            _ => matches!(seen.operation(), UpdateLetters | CreateMi),
        },
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-BULK-413",
        title: "the sandbox refuses large bulk updates with 413",
        target: DeviationTarget::Sandbox,
        specification: "up to 2,500 updates",
        deployed: "413 from about 1,000 updates on",
        source: SANDBOX,
        checks: &[Check::Status],
        operations: &[UpdateLetters],
        statuses: &[413],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-NOT-FOUND-CODE",
        title: "the sandbox has its own code for what is not found",
        target: DeviationTarget::Sandbox,
        specification: "the code is NOTIFY_NOT_FOUND",
        deployed: "the code is NOTIFY_RESOURCE_NOT_FOUND",
        source: SANDBOX,
        checks: &[Check::Schema],
        facets: &["ENUM-ERRORS-CODE"],
        statuses: &[404],
        when: |seen, _| has_only_code(seen, "NOTIFY_RESOURCE_NOT_FOUND"),
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-VALIDATOR-BODY",
        title: "the sandbox's validator has its own error document",
        target: DeviationTarget::Sandbox,
        specification: "errors is a list of Notify errors",
        deployed: "{message, errors: [{path, message, errorCode}]}, or errors as an empty text",
        source: SANDBOX,
        checks: &[Check::Schema, Check::Unknown],
        statuses: &[400, 404],
        when: |seen, _| is_validator_body(seen),
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-JSON-REFUSED",
        title: "the sandbox refuses application/json bodies",
        target: DeviationTarget::Sandbox,
        specification: "requests may also be application/json",
        deployed: "415",
        source: SANDBOX,
        checks: &[Check::Refusal],
        facets: &["MEDIA-TYPE-KNOWN"],
        statuses: &[415],
        when: is_json_sent,
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-CHARSET-REFUSAL",
        title: "the sandbox refuses other charsets with 400 or 415",
        target: DeviationTarget::Sandbox,
        specification: "a charset that is not UTF-8 is answered with 406",
        deployed: "400 to utf-16, 415 to others",
        source: SANDBOX,
        checks: &[Check::Refusal],
        facets: &["CHARSET"],
        statuses: &[400, 415],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-CORRELATION-ID",
        title: "the sandbox generates no X-Correlation-ID",
        target: DeviationTarget::Sandbox,
        specification: "X-Correlation-ID is generated when absent",
        deployed: "it is only echoed",
        source: SANDBOX,
        checks: &[Check::CorrelationEcho],
        facets: &["NOT-GENERATED"],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-EMPTY-REQUEST-ID",
        title: "the sandbox accepts an empty X-Request-ID",
        target: DeviationTarget::Sandbox,
        specification: "X-Request-ID is required",
        deployed: "an empty one is accepted",
        source: SANDBOX,
        checks: &[Check::Refusal],
        facets: &["EMPTY-REQUEST-ID"],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-LIMIT",
        title: "the sandbox accepts a limit of 0 and numbers of any form",
        target: DeviationTarget::Sandbox,
        specification: "limit is a number from 1 to 2,500",
        deployed: "0 gives an empty list; 1.5 and 1e3 are accepted",
        source: SANDBOX,
        checks: &[Check::Accepted],
        facets: &["LIMIT"],
        operations: &[ListLetters],
        statuses: &[200],
        when: |seen, _| {
            limit(seen).and_then(|text| number(&text)).is_some_and(|n| (0.0..=2_500.0).contains(&n))
        },
    },
    Deviation {
        id: "F-SANDBOX-PATH-ID",
        title: "the sandbox does not look at the id in the path of a PATCH",
        target: DeviationTarget::Sandbox,
        specification: "the body's id is the path's",
        deployed: "only the body counts",
        source: SANDBOX,
        checks: &[Check::Accepted],
        facets: &["ID-MISMATCH"],
        operations: &[PatchLetter],
        statuses: &[202],
        ..BLANK
    },
    Deviation {
        id: "F-SANDBOX-EXAMPLES",
        title: "the sandbox accepts its own example bodies although they break rules",
        target: DeviationTarget::Sandbox,
        specification: "each letter once in a bulk update, no PENDING, RETURNED with a reason R01 \
                        to R10",
        deployed: "one bulk update with several statuses for one letter, and single updates as in \
                   the examples",
        source: SANDBOX,
        checks: &[Check::Accepted],
        facets: &["DUPLICATE-IDS", "PENDING", "RETURNED-REASON"],
        operations: &[PatchLetter, UpdateLetters],
        statuses: &[202],
        ..BLANK
    },
];

/// Whatever it is.
pub(crate) const fn always(_: &Seen<'_>, _: &Difference) -> bool {
    true
}

/// Whether the answer is announced as JSON in UTF-8.
pub(crate) fn is_plain_json(seen: &Seen<'_>, _: &Difference) -> bool {
    seen.response().and_then(|response| response.header("content-type")).is_some_and(|value| {
        let media = MediaType::read(value);
        media.essence == JSON_MEDIA_TYPE && media.is_utf8()
    })
}

/// Whether every error of an answer has this code.
pub(crate) fn has_only_code(seen: &Seen<'_>, code: &str) -> bool {
    let errors = seen.response_json().and_then(|body| body["errors"].as_array());
    errors.is_some_and(|errors| errors.iter().all(|error| error["code"] == code))
}

/// Whether an answer has exactly the shape of the sandbox's validator.
pub(crate) fn is_validator_body(seen: &Seen<'_>) -> bool {
    let Some(body) = seen.response_json().and_then(|body| body.as_object()) else { return false };
    let top = body.keys().all(|key| matches!(key.as_str(), "message" | "errors"));
    let items = body.get("errors").is_some_and(|errors| {
        errors.as_str() == Some("")
            || errors.as_array().is_some_and(|errors| {
                errors.iter().filter_map(|error| error.as_object()).all(|error| {
                    let known =
                        |key: &String| matches!(key.as_str(), "path" | "message" | "errorCode");
                    error.contains_key("path") && error.keys().all(known)
                })
            })
    });
    top && items && body.get("message").is_some_and(serde_json::Value::is_string)
}

/// The one limit asked for, decoded.
pub(crate) fn limit(seen: &Seen<'_>) -> Option<String> {
    let mut values = seen.route.query_values("limit");
    let first = values.next().map(decoded);
    if values.next().is_some() { None } else { first }
}

/// A text as JavaScript's `Number` would read it.
pub(crate) fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let radix = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().map(f64::from);
    match text.get(..2) {
        Some("0x" | "0X") => radix(&text[2..], 16),
        Some("0o" | "0O") => radix(&text[2..], 8),
        Some("0b" | "0B") => radix(&text[2..], 2),
        _ => text.parse().ok().filter(|number: &f64| number.is_finite()),
    }
}

/// Whether the request is announced as JSON.
pub(crate) fn is_json_sent(seen: &Seen<'_>, _: &Difference) -> bool {
    let value = seen.exchange.request.header("content-type");
    value.is_some_and(|value| MediaType::read(value).essence == JSON_MEDIA_TYPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `any` where nothing is named.
    fn any_or<T>(items: &[T], shown: impl Fn(&T) -> String) -> String {
        let shown: Vec<String> = items.iter().map(shown).collect();
        if shown.is_empty() { "any".to_owned() } else { shown.join(" ") }
    }

    #[test]
    fn what_each_row_explains_is_what_was_reviewed() {
        let rows = TABLE.iter().map(|row| {
            format!(
                "{:<27} {:<11} check {:<15} facet {:<45} call {:<36} status {}",
                row.id,
                format!("{:?}", row.target),
                row.checks.iter().map(|check| check.code()).collect::<Vec<_>>().join(" "),
                any_or(row.facets, |facet| format!("{facet:?}")),
                any_or(row.operations, |operation| format!("{operation:?}")),
                any_or(row.statuses, u16::to_string),
            )
        });
        insta::assert_snapshot!(rows.collect::<Vec<_>>().join("\n"));
    }
}
