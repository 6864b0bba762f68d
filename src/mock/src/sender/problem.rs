//! The refusals of the sending API: code, status, title and detail as they were recorded.
//!
//! Senders compare these texts, so they are the deployed API's own.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::reply::{Reply, empty};

/// Where every problem points.
const ABOUT: &str = "https://digital.nhs.uk/developer/api-catalogue/nhs-notify";
/// Where a problem with an NHS number points as well.
const NHS_NUMBERS: &str = "https://www.datadictionary.nhs.uk/attributes/nhs_number.html";

/// At most so many errors are listed in one answer.
const MOST_LISTED: usize = 100;

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The token is missing, invalid or expired.
    Denied,
    /// The application is not known here.
    Forbidden,
    /// The application's account is banned.
    Banned,
    NotFound,
    NoSuchReport,
    NoSuchPlan,
    MethodNotAllowed,
    NotAcceptable,
    UnsupportedMedia,
    /// The service did not get the whole request in time (408).
    RequestTimeout,
    /// What lies behind the gateway did not answer in time (504).
    GatewayTimeout,
    Internal,
    BadGateway,
    Unavailable,
    MissingTemplates,
    DuplicateTemplates,
    Missing,
    Null,
    Invalid,
    InvalidNhsNumber,
    Duplicate,
    TooFew,
    TooMany,
    TooLarge,
    OdsCodeRequired,
    CannotSetOdsCode,
    CannotSetContactDetails,
    DuplicateMessage,
    DuplicateBatch,
    TooEarly,
    Quota,
    Busy,
    MissingOdsCode,
    InvalidOdsCode,
    InvalidPage,
}

/// The fixed words of a problem.
struct Words {
    status: u16,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
}

const fn words(
    status: u16,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
) -> Words {
    Words { status, code, title, detail }
}

impl Problem {
    const fn words(self) -> Words {
        const UNREACHED: &str = "Unable to call service";
        const TOO_OFTEN: &str = "Too many requests";
        const BAD_REQUEST: &str = "Invalid Request";
        match self {
            Self::Denied => words(
                401,
                "DENIED",
                "Access denied",
                "Access token missing, invalid or expired, or calling application not configured for this operation.",
            ),
            Self::Forbidden => {
                words(403, "FORBIDDEN", "Forbidden", "Client not recognised or not yet onboarded.")
            }
            Self::Banned => words(
                403,
                "SERVICE_BAN",
                "Service ban in effect",
                "A service ban is in effect on your account.",
            ),
            Self::NotFound => words(
                404,
                "NOT_FOUND",
                "Resource not found",
                "The resource at the requested URI was not found.",
            ),
            Self::NoSuchReport => words(404, "NOT_FOUND", "Resource not found", "Report not found"),
            Self::NoSuchPlan => words(
                404,
                "NO_SUCH_ROUTING_PLAN",
                "No such routing plan",
                "The routing plan specified either does not exist or is not in a usable state.",
            ),
            Self::MethodNotAllowed => words(
                405,
                "NOT_ALLOWED",
                "Method not allowed",
                "The method at the requested URI was not allowed.",
            ),
            Self::NotAcceptable => words(
                406,
                "NOT_ACCEPTABLE",
                "Not acceptable",
                "This service can only generate application/vnd.api+json or application/json.",
            ),
            Self::UnsupportedMedia => words(
                415,
                "UNSUPPORTED_MEDIA",
                "Unsupported media",
                "Invalid content-type, this API only supports application/vnd.api+json or application/json.",
            ),
            Self::RequestTimeout => words(
                408,
                "TIMEOUT",
                "Request timeout",
                "The service was unable to receive your request within the timeout period.",
            ),
            Self::GatewayTimeout => words(
                504,
                "TIMEOUT",
                UNREACHED,
                "The downstream service has not responded within the configured timeout period.",
            ),
            Self::Internal => words(
                500,
                "INTERNAL_SERVER_ERROR",
                "Error processing request",
                "There was an internal error whilst processing this request.",
            ),
            Self::BadGateway => {
                words(502, "BAD_GATEWAY", UNREACHED, "A downstream service is not responding.")
            }
            Self::Unavailable => words(
                503,
                "SERVICE_UNAVAILABLE",
                "The service is currently unavailable",
                "The service is currently not able to process this request, try again later.",
            ),
            Self::MissingTemplates => words(
                500,
                "MISSING_ROUTING_PLAN_TEMPLATE",
                "Templates missing",
                "The templates required to use the routing plan were not found.",
            ),
            Self::DuplicateTemplates => words(
                500,
                "ROUTING_PLAN_DUPLICATE_TEMPLATES",
                "Duplicate templates",
                "The routing plan specified contains duplicate templates.",
            ),
            Self::Missing => words(
                400,
                "MISSING_VALUE",
                "Missing property",
                "The property at the specified location is required, but was not present in the request.",
            ),
            Self::Null => words(
                400,
                "NULL_VALUE",
                "Property cannot be null",
                "The property at the specified location is required, but a null value was passed in the request.",
            ),
            Self::Invalid => words(
                400,
                "INVALID_VALUE",
                "Invalid value",
                "The property at the specified location does not allow this value.",
            ),
            Self::InvalidNhsNumber => words(
                400,
                "INVALID_NHS_NUMBER",
                "Invalid nhs number",
                "The value provided in this nhsNumber field is not a valid NHS number.",
            ),
            Self::Duplicate => words(
                400,
                "DUPLICATE_VALUE",
                "Duplicate value",
                "The property at the specified location is a duplicate, duplicated values are not allowed.",
            ),
            Self::TooFew => words(
                400,
                "TOO_FEW_ITEMS",
                "Too few items",
                "The property at the specified location contains too few items.",
            ),
            Self::TooMany => words(
                413,
                "TOO_MANY_ITEMS",
                "Too many items",
                "The property at the specified location contains too many items.",
            ),
            // Its code is documented; title and detail were not recorded and are ours.
            Self::TooLarge => words(
                413,
                "TOO_LARGE",
                "Request too large",
                "The body of the request is larger than 6 MiB.",
            ),
            Self::OdsCodeRequired => words(
                400,
                "ODS_CODE_REQUIRED",
                "Originator odsCode must be provided",
                "An originator with odsCode must be provided, as your account does not have a default ODS code.",
            ),
            Self::CannotSetOdsCode => words(
                400,
                "CANNOT_SET_ODS_CODE",
                "Cannot set ODS code",
                "Your account is not permitted to set originator ODS codes.",
            ),
            Self::CannotSetContactDetails => words(
                400,
                "CANNOT_SET_CONTACT_DETAILS",
                "Cannot set contact details",
                "Client is not allowed to provide alternative contact details.",
            ),
            Self::DuplicateMessage => words(
                422,
                "DUPLICATE_REQUEST",
                "Duplicate message request",
                "Request exists with identical messageReference",
            ),
            Self::DuplicateBatch => words(
                422,
                "DUPLICATE_REQUEST",
                "Duplicate batch request",
                "Request exists with identical messageBatchReference",
            ),
            Self::TooEarly => words(
                425,
                "RETRY_TOO_EARLY",
                "Retried too early",
                "You have retried this request too early, the previous request is still being processed. Re-send the request after the time (in seconds) specified `Retry-After` header.",
            ),
            Self::Quota => words(
                429,
                "QUOTA",
                TOO_OFTEN,
                "You have made too many requests. Re-send the request after the time (in seconds) specified `Retry-After` header.",
            ),
            Self::Busy => words(
                429,
                "QUOTA",
                TOO_OFTEN,
                "This endpoint is currently receiving a high volume of requests and is being rate limited.",
            ),
            Self::MissingOdsCode => words(400, "INVALID_REQUEST", BAD_REQUEST, "Missing ODS Code"),
            Self::InvalidOdsCode => words(400, "INVALID_REQUEST", BAD_REQUEST, "Invalid ODS Code"),
            Self::InvalidPage => words(
                400,
                "INVALID_REQUEST",
                BAD_REQUEST,
                "page must be a positive non-zero integer",
            ),
        }
    }

    /// The status an answer with this problem alone has.
    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.words().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The header that a problem is about, where it is about one.
    const fn header(self) -> Option<&'static str> {
        match self {
            Self::Denied | Self::Forbidden | Self::Banned => Some("Authorization"),
            Self::NotAcceptable => Some("Accept"),
            Self::UnsupportedMedia => Some("Content-Type"),
            _ => None,
        }
    }

    /// The seconds in `Retry-After`, where the answer has one whatever the quota says.
    const fn retry_after(self) -> Option<u32> {
        match self {
            Self::TooEarly => Some(300),
            Self::Quota => Some(5),
            _ => None,
        }
    }
}

/// A problem, and where in the body it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) problem: Problem,
    /// A JSON pointer into the body.
    pub(crate) pointer: Option<String>,
    /// Other words than the problem's own.
    pub(crate) detail: Option<&'static str>,
}

impl From<Problem> for Complaint {
    fn from(problem: Problem) -> Self {
        Self { problem, pointer: None, detail: None }
    }
}

impl Complaint {
    /// A problem at a place in the body.
    pub(crate) fn at(problem: Problem, pointer: impl Into<String>) -> Self {
        Self { problem, pointer: Some(pointer.into()), detail: None }
    }

    /// A value that is not allowed, with the words of the check that found it.
    pub(super) fn invalid(pointer: String, detail: &'static str) -> Self {
        Self { problem: Problem::Invalid, pointer: Some(pointer), detail: Some(detail) }
    }
}

#[derive(Serialize)]
struct Links {
    about: &'static str,
    #[serde(rename = "nhsNumbers", skip_serializing_if = "Option::is_none")]
    nhs_numbers: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Source<'a> {
    Header(&'a str),
    Pointer(&'a str),
}

#[derive(Serialize)]
struct Template {
    name: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Serialize)]
struct Meta {
    #[serde(rename = "duplicateTemplates")]
    duplicates: [Template; 5],
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    code: String,
    links: Links,
    status: String,
    title: &'static str,
    detail: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<Source<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
}

#[derive(Serialize)]
struct Body<'a> {
    errors: Vec<Item<'a>>,
}

/// The templates that the one plan with doubled ones names.
const fn doubled() -> Meta {
    const fn template(name: &'static str, kind: &'static str) -> Template {
        Template { name, kind }
    }
    Meta {
        duplicates: [
            template("EMAIL_TEMPLATE", "EMAIL"),
            template("SMS_TEMPLATE", "SMS"),
            template("LETTER_TEMPLATE", "LETTER"),
            template("LETTER_PDF_TEMPLATE", "LETTER_PDF"),
            template("NHSAPP_TEMPLATE", "NHSAPP"),
        ],
    }
}

/// The answer that lists complaints, at most [`MOST_LISTED`] of them. Its status is the first one's;
/// `id` is the gateway's own of the call, and each error's id adds its place in the list.
pub(crate) fn refusal(complaints: &[Complaint], id: &str) -> Reply {
    let errors = complaints.iter().take(MOST_LISTED).enumerate().map(|(at, complaint)| {
        let problem = complaint.problem;
        let words = problem.words();
        Item {
            id: format!("{id}.{at}"),
            code: format!("CM_{}", words.code),
            links: Links {
                about: ABOUT,
                nhs_numbers: (problem == Problem::InvalidNhsNumber).then_some(NHS_NUMBERS),
            },
            status: words.status.to_string(),
            title: words.title,
            detail: complaint.detail.unwrap_or(words.detail),
            source: problem
                .header()
                .map(Source::Header)
                .or_else(|| complaint.pointer.as_deref().map(Source::Pointer)),
            meta: (problem == Problem::DuplicateTemplates).then(doubled),
        }
    });
    let body = Body { errors: errors.collect() };
    let first = complaints.first().map_or(Problem::Internal, |complaint| complaint.problem);
    let mut reply = empty(first.status());
    // Plain data with text keys cannot fail to serialise.
    *reply.body_mut() = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
    if let Some(seconds) = first.retry_after() {
        reply.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    reply
}
