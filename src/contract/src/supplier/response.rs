//! The answer: status, media type, echoed headers, body, and what a single answer must hold.
//! What nobody documents is not checked: the body of a 401 or 403 is recorded as seen.

use letterproof_model::{Body, Operation, Response};
use serde_json::Value;
use url::Url;

use crate::difference::{Check, Difference, Seen, Weight};
use crate::supplier::kept::KnownPlace;
use crate::supplier::operations::{Answer, BodyRule, OperationRules};
use crate::text::{MediaType, clip, decoded, is_sha256, whole_limit};
use crate::{Contract, body};

/// The most letters a list may hold, and the most updates a bulk may.
pub(crate) const MOST_LETTERS: usize = 2_500;

/// Checks an answer.
pub(crate) fn check(
    contract: &Contract,
    seen: &Seen<'_>,
    response: &Response,
    out: &mut Vec<Difference>,
) {
    let Some(rules) = seen.rules else {
        if seen.operation() == Operation::Download {
            check_download(seen, response, out);
        } else {
            check_unknown_call(seen, response, out);
        }
        return;
    };
    let documented = rules.answer(response.status);
    if documented.is_none() && !rules.in_prose(response.status) {
        out.push(
            Difference::new(
                Check::Status,
                response.status.to_string(),
                format!("status {} is not documented", response.status),
            )
            .expected(format!("one of {}", rules.statuses()))
            .observed(response.status.to_string()),
        );
    }
    check_echoes(seen, response, documented, out);
    let Some(answer) = documented.or_else(|| success_instead(rules, response.status)) else {
        return;
    };
    if check_body(contract, seen, response, answer, out) {
        check_content(seen, response, out);
    }
    match response.status {
        303 => check_location(response, out),
        429 => check_expiry(seen, out),
        _ => {}
    }
}

/// The time in a 429 is in milliseconds and beyond 32 bits, which a client generated from the
/// specification takes an integer without a format for: worth knowing, and nobody's breach.
fn check_expiry(seen: &Seen<'_>, out: &mut Vec<Difference>) {
    const NAME: &str = "ratelimiting_expiry_time_ms";
    if seen.operation() == Operation::Token {
        return;
    }
    let expiry = seen.response_json().and_then(|body| body[NAME].as_f64());
    if let Some(expiry) = expiry.filter(|expiry| *expiry > f64::from(i32::MAX)) {
        let title = format!("`{NAME}` has no format int64, so generated clients cannot read it");
        out.push(
            Difference::new(Check::Number, "EXPIRY", title)
                .weight(Weight::Remark)
                .expected(format!(
                    "a number within the 32 bits of an integer without a format, at most {}",
                    i32::MAX
                ))
                .observed(expiry.to_string())
                .source("OAS 429 response"),
        );
    }
}

/// An undocumented 2xx is held against the documented success, so that its body is checked too.
fn success_instead(rules: &OperationRules, status: u16) -> Option<&'static Answer> {
    if !(200..300).contains(&status) {
        return None;
    }
    rules.answers.iter().find(|answer| (200..300).contains(&answer.status))
}

fn check_echoes(
    seen: &Seen<'_>,
    response: &Response,
    documented: Option<&Answer>,
    out: &mut Vec<Difference>,
) {
    if seen.operation() == Operation::Token {
        return;
    }
    let promised = documented.is_some_and(|answer| answer.echoes);
    for (check, name) in
        [(Check::RequestIdEcho, "X-Request-ID"), (Check::CorrelationEcho, "X-Correlation-ID")]
    {
        let sent = seen.exchange.request.header(name).filter(|value| !value.trim().is_empty());
        match (sent, response.header(name)) {
            (Some(sent), Some(back)) if back.eq_ignore_ascii_case(sent) => {}
            // A gateway may make the correlation id one of a chain, joined by full stops.
            (Some(sent), Some(back))
                if check == Check::CorrelationEcho
                    && back.split('.').any(|part| part.eq_ignore_ascii_case(sent)) =>
            {
                out.push(
                    Difference::new(check, "SUFFIX", format!("{name} came back with a suffix"))
                        .weight(Weight::Remark)
                        .expected(format!("`{}`", clip(sent)))
                        .observed(format!("`{}`", clip(back))),
                );
            }
            (Some(sent), Some(back)) => out.push(
                Difference::new(check, "CHANGED", format!("{name} came back changed"))
                    .expected(format!("`{}`, as sent", clip(sent)))
                    .observed(format!("`{}`", clip(back))),
            ),
            (Some(_), None) if promised => out.push(
                Difference::new(check, "ABSENT", format!("{name} is missing from the answer"))
                    .expected(format!("{name} as sent"))
                    .observed("no such header"),
            ),
            (None, None) if promised && check == Check::CorrelationEcho => out.push(
                Difference::new(
                    check,
                    "NOT-GENERATED",
                    format!("{name} is not generated when none is sent"),
                )
                .expected(format!("a generated {name}"))
                .observed("no such header"),
            ),
            _ => {}
        }
    }
}

/// Checks media type and shape; whether the body is a document whose content can be looked at.
fn check_body(
    contract: &Contract,
    seen: &Seen<'_>,
    response: &Response,
    answer: &Answer,
    out: &mut Vec<Difference>,
) -> bool {
    if response.body.is_unrecorded() {
        return false;
    }
    let document = match (answer.body, &response.body) {
        (BodyRule::Free, _) | (BodyRule::Empty | BodyRule::Optional(_), Body::None) => {
            return false;
        }
        (BodyRule::Empty, body) => {
            out.push(
                Difference::new(Check::Body, "UNEXPECTED", "the answer has a body")
                    .expected("no body")
                    .observed(format!("{} bytes", body.length())),
            );
            return false;
        }
        (BodyRule::Json(_), Body::None) => {
            out.push(
                Difference::new(Check::Body, "MISSING", "the answer has no body")
                    .expected("a JSON document")
                    .observed("no body"),
            );
            return false;
        }
        (BodyRule::Json(document) | BodyRule::Optional(document), _) => document,
    };
    check_media_type(response, answer, out);
    let Some(value) = seen.response_json() else {
        let observed = match &response.body {
            Body::Text { text } if seen.operation() != Operation::Token => {
                format!("`{}`", clip(text))
            }
            other => format!("{} bytes that are not JSON", other.length()),
        };
        out.push(
            Difference::new(Check::Body, "NOT-JSON", "the body is not JSON")
                .expected("a JSON document")
                .observed(observed),
        );
        return false;
    };
    let Some(schema) = contract.answer_schema(seen.operation(), answer.status, document) else {
        return false;
    };
    // Not even a malformed token may be quoted.
    let secret = seen.operation() == Operation::Token;
    body::compare(schema, KnownPlace::of_answer(seen.operation()), value, secret, out);
    true
}

fn check_media_type(response: &Response, answer: &Answer, out: &mut Vec<Difference>) {
    let expected = || answer.media.join(" or ");
    let Some(value) = response.header("content-type") else {
        out.push(
            Difference::new(Check::MediaType, "MISSING", "the body has no media type")
                .expected(expected())
                .observed("no Content-Type"),
        );
        return;
    };
    let media = MediaType::read(value);
    if !answer.media.contains(&media.essence.as_str()) {
        out.push(
            Difference::new(Check::MediaType, "", "the media type is different")
                .expected(expected())
                .observed(clip(value)),
        );
    } else if !media.is_utf8() {
        out.push(
            Difference::new(Check::MediaType, "CHARSET", "the charset is not UTF-8")
                .expected("utf-8")
                .observed(clip(value)),
        );
    }
}

/// What a well-formed answer must say.
fn check_content(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    let Some(value) = seen.response_json() else { return };
    let success = (200..300).contains(&response.status);
    match seen.operation() {
        Operation::ListLetters if success => check_list(seen, value, out),
        Operation::GetLetter if success => {
            let asked = seen.route.letter.as_ref().map(|id| id.as_str());
            check_identity(value, asked, "letter", out);
            check_hashes(&value["data"], out);
        }
        Operation::GetMi if success => {
            let asked = seen.route.mi.as_ref().map(|id| id.as_str());
            check_identity(value, asked, "record", out);
        }
        Operation::Token => {}
        _ => check_errors(response.status, value, out),
    }
}

fn check_list(seen: &Seen<'_>, value: &Value, out: &mut Vec<Difference>) {
    let Some(letters) = value["data"].as_array() else { return };
    let limit = match seen.route.query_values("limit").map(decoded).collect::<Vec<_>>().as_slice() {
        [] => Some(MOST_LETTERS),
        [text] => whole_limit(text, MOST_LETTERS),
        // Which of several counts is nowhere said.
        _ => None,
    };
    if let Some(limit) = limit
        && letters.len() > limit
    {
        out.push(
            Difference::new(Check::List, "OVER-LIMIT", "more letters than asked for")
                .expected(format!("at most {limit} letters"))
                .observed(format!("{} letters", letters.len())),
        );
    }
    let mut ids = std::collections::HashSet::with_capacity(letters.len());
    let mut twice: Vec<&str> = Vec::new();
    let mut wrong: Vec<(&str, &str)> = Vec::new();
    for letter in letters {
        let id = letter["id"].as_str().unwrap_or_default();
        if !id.is_empty() && !ids.insert(id) {
            twice.push(id);
        }
        if let Some(status) = letter["attributes"]["status"].as_str()
            && status != "PENDING"
        {
            wrong.push((id, status));
        }
    }
    if let Some(first) = twice.first() {
        out.push(
            Difference::new(Check::List, "TWICE", "a letter is listed twice")
                .expected("each letter once")
                .observed(more(format!("`{}` again", clip(first)), twice.len())),
        );
    }
    if let Some((id, status)) = wrong.first() {
        out.push(
            Difference::new(Check::List, "NOT-PENDING", "a listed letter is not PENDING")
                .expected("only PENDING letters")
                .observed(more(format!("`{}` is {}", clip(id), clip(status)), wrong.len())),
        );
    }
    check_hashes(&value["data"], out);
}

fn check_identity(value: &Value, asked: Option<&str>, what: &str, out: &mut Vec<Difference>) {
    if let (Some(asked), Some(got)) = (asked, value["data"]["id"].as_str())
        && got != asked
        && got != decoded(asked)
    {
        out.push(
            Difference::new(
                Check::Identity,
                "",
                format!("a different {what} from the one asked for"),
            )
            .expected(format!("id `{}`, as in the path", clip(asked)))
            .observed(format!("id `{}`", clip(got))),
        );
    }
}

fn check_hashes(data: &Value, out: &mut Vec<Difference>) {
    let letters = data.as_array().map_or_else(|| std::slice::from_ref(data), Vec::as_slice);
    let mut wrong = letters
        .iter()
        .filter_map(|letter| Some((letter, letter["attributes"]["sha256Hash"].as_str()?)))
        .filter(|(_, hash)| !is_sha256(hash));
    if let Some((letter, hash)) = wrong.next() {
        let id = letter["id"].as_str().unwrap_or("a letter without an id");
        out.push(
            Difference::new(Check::Hash, "", "`sha256Hash` is not a SHA-256")
                .expected("64 hexadecimal digits")
                .observed(more(format!("`{}` of `{}`", clip(hash), clip(id)), 1 + wrong.count())),
        );
    }
}

/// An error document must agree with its own status.
fn check_errors(status: u16, value: &Value, out: &mut Vec<Difference>) {
    let Some(errors) = value["errors"].as_array() else { return };
    let code = match status {
        400 => "NOTIFY_INVALID_REQUEST",
        404 => "NOTIFY_NOT_FOUND",
        500 => "NOTIFY_INTERNAL_SERVER_ERROR",
        _ => return,
    };
    let known = ["NOTIFY_INVALID_REQUEST", "NOTIFY_NOT_FOUND", "NOTIFY_INTERNAL_SERVER_ERROR"];
    for error in errors {
        if let Some(said) = error["status"].as_str()
            && said != status.to_string()
        {
            out.push(
                Difference::new(Check::Errors, "STATUS", "an error names a different status")
                    .expected(status.to_string())
                    .observed(clip(said)),
            );
        }
        // A code outside the list is the schema's matter.
        if let Some(said) = error["code"].as_str()
            && said != code
            && known.contains(&said)
        {
            out.push(
                Difference::new(
                    Check::Errors,
                    "CODE",
                    "an error's code belongs to a different status",
                )
                .expected(format!("{code} with status {status}"))
                .observed(clip(said)),
            );
        }
    }
}

fn check_location(response: &Response, out: &mut Vec<Difference>) {
    let Some(location) = response.header("location") else {
        out.push(
            Difference::new(Check::Location, "MISSING", "there is no Location")
                .expected("Location with the download's address")
                .observed("no such header"),
        );
        return;
    };
    // Scheme and host decide; a signed path is long, and takes long to read.
    let origin = location.match_indices('/').nth(2).map_or(location, |(end, _)| &location[..end]);
    let absolute = Url::parse(origin)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !absolute {
        // The address may be a signed one: only its length is told.
        out.push(
            Difference::new(Check::Location, "FORM", "Location is not an absolute address")
                .expected("an absolute http or https address")
                .observed(format!(
                    "{} characters that are not an absolute address",
                    location.chars().count()
                )),
        );
    }
}

/// A download must be whole; what the storage answers otherwise is not the API's contract.
fn check_download(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    let Some(content) = response.body.content() else { return };
    let packed = response.header("content-encoding").is_some();
    if seen.exchange.request.method != "HEAD"
        && !packed
        && let Some(announced) = response.header("content-length")
        && announced.trim().parse::<u64>().is_ok_and(|length| length != content.length)
    {
        out.push(
            Difference::new(Check::Download, "LENGTH", "the download has a different length")
                .expected(format!("{} bytes, as announced", clip(announced)))
                .observed(format!("{} bytes", content.length)),
        );
    }
    if response.status == 200
        && let Some(hash) = response.header("x-amz-meta-sha256hash").filter(|hash| is_sha256(hash))
        && !hash.eq_ignore_ascii_case(&content.sha256)
    {
        out.push(
            Difference::new(Check::Download, "HASH", "the download is not what was stored")
                .expected(format!("SHA-256 {hash}, as the storage announces"))
                .observed(format!("SHA-256 {}", content.sha256)),
        );
    }
    if response.status == 200
        && let Some(problem) = &content.problem
    {
        out.push(
            Difference::new(Check::Download, "PROBLEM", "the download is not a complete PDF")
                .weight(Weight::Remark)
                .expected("a PDF that can be read")
                .observed(clip(problem)),
        );
    }
    if response.status == 200
        && let Some(repaired) = &content.repaired
    {
        out.push(
            Difference::new(
                Check::Download,
                "REPAIRED",
                "the PDF has a fault that PDF readers repair",
            )
            .weight(Weight::Remark)
            .expected("a PDF without faults")
            .observed(clip(repaired)),
        );
    }
}

fn check_unknown_call(seen: &Seen<'_>, response: &Response, out: &mut Vec<Difference>) {
    if matches!(response.status, 401 | 404 | 405 | 429) {
        return;
    }
    let method: String = clip(&seen.exchange.request.method);
    out.push(
        Difference::new(
            Check::Status,
            response.status.to_string(),
            format!("a call outside the API was answered with {}", response.status),
        )
        .weight(if response.status >= 500 { Weight::Breach } else { Weight::Remark })
        .expected("404 or 405")
        .observed(format!("{} to a {method}", response.status)),
    );
}

fn more(first: String, count: usize) -> String {
    if count > 1 { format!("{first}, and {} more", count - 1) } else { first }
}
