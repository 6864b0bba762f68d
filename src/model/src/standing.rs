//! How the mock says that it is one.

/// The header that every answer of the mock carries; the deployed API has no such header.
pub const MOCK_HEADER: &str = "x-letterproof-mock";
