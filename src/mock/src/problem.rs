//! The refusals of the INT handlers: status, code, title and detail, as they were recorded.
//! Refuses to be creative: clients compare these texts, so they are the deployed API's own.

use bytes::Bytes;
use http::StatusCode;
use serde::Serialize;

use crate::reply::{Reply, empty};

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
