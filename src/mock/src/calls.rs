//! A request as the handlers see it: its target, headers and body, and the faults it meets.
//! Refuses to decode more than is needed: ids are compared as they stand in the path.

use http::{HeaderMap, Method};
use letterproof_model::Operation;

use crate::faults::View;

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
