//! A call of the Supplier API: its target, headers and body, the faults it meets, and the documents
//! that the handlers of INT refuse it with.
//!
//! Clients compare the texts of refusals, so they are the deployed API's own. Ids are compared as
//! they stand in the path.

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use letterproof_model::Operation;
use serde::Serialize;

use crate::reply::{Reply, empty};
use crate::supplier::faults::View;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target<'a> {
    Status,
    List,
    Update,
    Get(&'a str),
    Patch(&'a str),
    Data(&'a str),
    CreateMi,
    GetMi(&'a str),
    Unknown,
}

impl<'a> Target<'a> {
    pub(crate) fn of(method: &Method, path: &'a str) -> Self {
        let Some(path) = path.strip_prefix('/') else { return Self::Unknown };
        let mut parts = path.splitn(4, '/');
        let first = parts.next().unwrap_or_default();
        let (second, third, fourth) = (parts.next(), parts.next(), parts.next());
        if fourth.is_some() {
            return Self::Unknown;
        }
        match (method, first, second, third) {
            (&Method::GET, "letters", None, None) => Self::List,
            (&Method::GET, "letters", Some(id), None) if !id.is_empty() => Self::Get(id),
            (&Method::GET, "letters", Some(id), Some("data")) if !id.is_empty() => Self::Data(id),
            (&Method::POST, "letters", None, None) => Self::Update,
            (&Method::PATCH, "letters", Some(id), None) if !id.is_empty() => Self::Patch(id),
            (&Method::POST, "mi", None, None) => Self::CreateMi,
            (&Method::GET, "mi", Some(id), None) if !id.is_empty() => Self::GetMi(id),
            (&Method::GET, "_status", None, None) => Self::Status,
            _ => Self::Unknown,
        }
    }

    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::Status => Operation::Status,
            Self::List => Operation::ListLetters,
            Self::Update => Operation::UpdateLetters,
            Self::Get(_) => Operation::GetLetter,
            Self::Patch(_) => Operation::PatchLetter,
            Self::Data(_) => Operation::GetLetterData,
            Self::CreateMi => Operation::CreateMi,
            Self::GetMi(_) => Operation::GetMi,
            Self::Unknown => Operation::Unknown,
        }
    }
}

/// A request on its way to a handler.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    /// Below the API's base.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) target: Target<'a>,
    /// Scheme and host as the client addressed them, for links.
    pub(crate) root: &'a str,
    pub(crate) faults: &'a View,
}

impl<'a> Call<'a> {
    /// A header as text; `None` when it is missing or no text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Who calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The registration's number.
    pub(crate) application: u16,
    /// The supplier it acts for; `None` for an application nobody knows.
    pub(crate) supplier: Option<u16>,
}

/// Where every problem points.
pub(crate) const ABOUT: &str = "https://digital.nhs.uk/developer/api-catalogue/nhs-notify-supplier";

/// Why a handler refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    MissingBody,
    InvalidBody,
    IdMismatch,
    TooMany,
    Duplicates,
    LimitNotNumber,
    LimitOutOfRange,
    UnknownQuery,
    Timestamp,
    NotFound,
    Internal,
    Unauthorised,
}

impl Problem {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unauthorised => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::MissingBody => "The request is missing the body",
            Self::InvalidBody => "The request body is invalid",
            Self::IdMismatch => {
                "The letter ID in the request body does not match the letter ID path parameter"
            }
            Self::TooMany => "The request exceeds the maximum of 2500 items allowed for update",
            Self::Duplicates => {
                "The request cannot include multiple letter objects with the same id"
            }
            Self::LimitNotNumber => "The limit parameter is not a number",
            Self::LimitOutOfRange => {
                "The limit parameter must be a positive number not greater than 2500"
            }
            Self::UnknownQuery => "Only 'limit' query parameter is supported",
            Self::Timestamp => {
                "Timestamps should be UTC date/times in ISO8601 format, with a Z suffix"
            }
            Self::NotFound => "No resource found with that ID",
            Self::Internal => "Unexpected error",
            Self::Unauthorised => "The access token is missing, invalid or expired",
        }
    }

    const fn code_and_title(self) -> (&'static str, &'static str) {
        match self {
            Self::NotFound => ("NOTIFY_NOT_FOUND", "Not found"),
            Self::Internal => ("NOTIFY_INTERNAL_SERVER_ERROR", "Internal server error"),
            Self::Unauthorised => ("NOTIFY_UNAUTHORISED", "Unauthorised"),
            _ => ("NOTIFY_INVALID_REQUEST", "Invalid request"),
        }
    }

    /// The answer; `id` is the correlation id it carries.
    pub(crate) fn reply(self, id: &str) -> Reply {
        let status = self.status();
        let (code, title) = self.code_and_title();
        let item = Item {
            id,
            code,
            links: Links { about: ABOUT },
            status: status.as_str(),
            title,
            detail: self.detail(),
        };
        let mut reply = empty(status);
        // Plain data with text keys cannot fail to serialise.
        let body = serde_json::to_vec_pretty(&Body { errors: [item] }).unwrap_or_default();
        *reply.body_mut() = Bytes::from(body);
        reply
    }
}

#[derive(Serialize)]
struct Body<'a> {
    errors: [Item<'a>; 1],
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    code: &'a str,
    links: Links,
    status: &'a str,
    title: &'a str,
    detail: &'a str,
}

#[derive(Serialize)]
struct Links {
    about: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_told_from_method_and_path() {
        for (method, path, target) in [
            (Method::GET, "/_status", Target::Status),
            (Method::GET, "/letters", Target::List),
            (Method::GET, "/letters/a", Target::Get("a")),
            (Method::GET, "/letters/a/data", Target::Data("a")),
            (Method::POST, "/letters", Target::Update),
            (Method::PATCH, "/letters/a", Target::Patch("a")),
            (Method::POST, "/mi", Target::CreateMi),
            (Method::GET, "/mi/m", Target::GetMi("m")),
            (Method::GET, "/letters/", Target::Unknown),
            (Method::GET, "/letters//data", Target::Unknown),
            (Method::GET, "/letters/a/data/", Target::Unknown),
            (Method::GET, "/letters/a/nope", Target::Unknown),
            (Method::HEAD, "/letters/a/data", Target::Unknown),
            (Method::DELETE, "/letters/a", Target::Unknown),
            (Method::GET, "/mi", Target::Unknown),
            (Method::GET, "", Target::Unknown),
        ] {
            assert_eq!(Target::of(&method, path), target, "{method} {path}");
        }
    }
}
