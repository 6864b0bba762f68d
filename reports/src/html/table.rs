//! A plain table of the page: a caption, headings, and rows that begin with their name.

use serde::Serialize;

/// A table. The first cell of each row is its heading.
#[derive(Debug, Serialize)]
pub(super) struct Table {
    pub(super) caption: String,
    pub(super) headings: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}
