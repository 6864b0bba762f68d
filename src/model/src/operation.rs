//! Which operation of the API a request is, told from its method and URL alone. What does not have
//! the shape of an API call is a download or unknown.

use serde::{Deserialize, Serialize};

use crate::{Exchange, LetterId, MiId};

/// An operation of the Supplier API, or one of the calls around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `GET /_status`.
    Status,
    /// `GET /letters` (OAS `getLetters`).
    ListLetters,
    /// `POST /letters` (OAS `postLetters`).
    UpdateLetters,
    /// `GET /letters/{id}`.
    GetLetter,
    /// `PATCH /letters/{id}`.
    PatchLetter,
    /// `GET /letters/{id}/data`.
    GetLetterData,
    /// `POST /mi`.
    CreateMi,
    /// `GET /mi/{id}`.
    GetMi,
    /// `POST …/oauth2/token`.
    Token,
    /// A GET outside the API, as the download of a letter is.
    Download,
    /// Anything else.
    Unknown,
}

impl Operation {
    /// Every operation: the API's own, then the calls around it, [`Operation::Unknown`] last.
    pub const ALL: [Self; 11] = [
        Self::Status,
        Self::ListLetters,
        Self::UpdateLetters,
        Self::GetLetter,
        Self::PatchLetter,
        Self::GetLetterData,
        Self::CreateMi,
        Self::GetMi,
        Self::Token,
        Self::Download,
        Self::Unknown,
    ];

    /// `GET /letters/{id}`, as documentation writes it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Status => "GET /_status",
            Self::ListLetters => "GET /letters",
            Self::UpdateLetters => "POST /letters",
            Self::GetLetter => "GET /letters/{id}",
            Self::PatchLetter => "PATCH /letters/{id}",
            Self::GetLetterData => "GET /letters/{id}/data",
            Self::CreateMi => "POST /mi",
            Self::GetMi => "GET /mi/{id}",
            Self::Token => "POST /oauth2/token",
            Self::Download => "download",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the call counts against the API's rate limit: downloads and tokens do not.
    #[must_use]
    pub const fn is_api(self) -> bool {
        !matches!(self, Self::Token | Self::Download)
    }
}

/// An operation with the ids and query its URL carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The operation.
    pub operation: Operation,
    /// The letter named in the path.
    pub letter: Option<LetterId>,
    /// The record named in the path.
    pub mi: Option<MiId>,
    /// The query string, without the question mark, as sent.
    pub query: Option<String>,
}

impl Route {
    /// Tells the route of a request. `base_url` is the API's base (a slash at its end does not
    /// matter); a URL outside it is a token call when its path says so, else a download.
    #[must_use]
    pub fn of(method: &str, url: &str, base_url: &str) -> Self {
        let base = base_url.trim_end_matches('/');
        let url = url.split('#').next().unwrap_or(url);
        let (address, query) = match url.split_once('?') {
            Some((address, query)) => (address, Some(query.to_owned())),
            None => (url, None),
        };
        let found = |operation, letter: Option<&str>, mi: Option<&str>| Self {
            operation,
            letter: letter.map(LetterId::from),
            mi: mi.map(MiId::from),
            query: query.clone(),
        };
        if address.ends_with("/oauth2/token") {
            return found(Operation::Token, None, None);
        }
        let outside =
            if matches!(method, "GET" | "HEAD") { Operation::Download } else { Operation::Unknown };
        let Some(path) = address.strip_prefix(base).filter(|p| p.is_empty() || p.starts_with('/'))
        else {
            return found(outside, None, None);
        };
        let parts: Vec<&str> = path.split('/').skip(1).collect();
        match (method, parts.as_slice()) {
            ("GET", ["_status"]) => found(Operation::Status, None, None),
            ("GET", ["letters"]) => found(Operation::ListLetters, None, None),
            ("POST", ["letters"]) => found(Operation::UpdateLetters, None, None),
            ("GET", ["letters", id]) if !id.is_empty() => {
                found(Operation::GetLetter, Some(id), None)
            }
            ("PATCH", ["letters", id]) if !id.is_empty() => {
                found(Operation::PatchLetter, Some(id), None)
            }
            ("GET", ["letters", id, "data"]) if !id.is_empty() => {
                found(Operation::GetLetterData, Some(id), None)
            }
            ("POST", ["mi"]) => found(Operation::CreateMi, None, None),
            ("GET", ["mi", id]) if !id.is_empty() => found(Operation::GetMi, None, Some(id)),
            (_, ["_status" | "letters" | "mi", ..]) => found(Operation::Unknown, None, None),
            _ => found(outside, None, None),
        }
    }

    /// The route of a recorded exchange.
    #[must_use]
    pub fn of_exchange(exchange: &Exchange, base_url: &str) -> Self {
        Self::of(&exchange.request.method, &exchange.request.url, base_url)
    }

    /// The values of a query parameter, as sent, in order.
    pub fn query_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.query.as_deref().unwrap_or("").split('&').filter_map(move |pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (key == name).then_some(value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://int.example/nhs-notify-supplier/";

    fn operation(method: &str, url: &str) -> Operation {
        Route::of(method, url, BASE).operation
    }

    #[test]
    fn every_operation_is_told_from_method_and_url() {
        let base = "https://int.example/nhs-notify-supplier";
        for (method, path, expected) in [
            ("GET", "/_status", Operation::Status),
            ("GET", "/letters?limit=10", Operation::ListLetters),
            ("POST", "/letters", Operation::UpdateLetters),
            ("GET", "/letters/a", Operation::GetLetter),
            ("PATCH", "/letters/a", Operation::PatchLetter),
            ("GET", "/letters/a/data", Operation::GetLetterData),
            ("POST", "/mi", Operation::CreateMi),
            ("GET", "/mi/m", Operation::GetMi),
            ("DELETE", "/letters/a", Operation::Unknown),
            ("GET", "/letters/", Operation::Unknown),
            ("PATCH", "/letters/", Operation::Unknown),
            ("GET", "/letters//data", Operation::Unknown),
            ("GET", "/mi/", Operation::Unknown),
            ("GET", "/storage/a.pdf?sig=1", Operation::Download),
        ] {
            assert_eq!(operation(method, &format!("{base}{path}")), expected, "{method} {path}");
        }
        assert_eq!(operation("POST", "https://int.example/oauth2/token"), Operation::Token);
        assert_eq!(operation("GET", "https://bucket.example/x.pdf?sig=1"), Operation::Download);
        // A longer host or path that merely begins like the base is not the API.
        assert_eq!(
            operation("GET", "https://int.example/nhs-notify-supplier2/letters"),
            Operation::Download
        );
    }

    #[test]
    fn ids_and_query_come_along() {
        let route = Route::of(
            "GET",
            "https://int.example/nhs-notify-supplier/letters?limit=5&limit=7",
            BASE,
        );
        assert_eq!(route.query_values("limit").collect::<Vec<_>>(), ["5", "7"]);
        let route =
            Route::of("GET", "https://int.example/nhs-notify-supplier/letters/L1/data", BASE);
        assert_eq!(route.letter, Some(LetterId::from("L1")));
    }

    #[test]
    fn an_operations_label_is_the_call_that_it_is_told_from() {
        for told in Operation::ALL {
            if matches!(told, Operation::Download | Operation::Unknown) {
                continue;
            }
            let (method, path) = told.label().split_once(' ').unwrap();
            let url = format!("{}{}", BASE.trim_end_matches('/'), path.replace("{id}", "x"));
            assert_eq!(operation(method, &url), told, "{}", told.label());
        }
        assert_eq!(Operation::Download.label(), "download");
        assert_eq!(Operation::Unknown.label(), "unknown");
    }

    #[test]
    fn downloads_and_tokens_do_not_count_against_the_rate_limit() {
        for outside in [Operation::Token, Operation::Download] {
            assert!(!outside.is_api(), "{}", outside.label());
        }
        for inside in [Operation::Status, Operation::ListLetters, Operation::Unknown] {
            assert!(inside.is_api(), "{}", inside.label());
        }
    }
}
