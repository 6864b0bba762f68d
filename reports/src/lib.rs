//! Reports: JUnit, HAR and HTML, each a pure function of a saved bundle.
//!
//! A report shows what the bundle holds and adds no judgement of its own, so that it can be made
//! again at any time from the same evidence with the same result. Refuses to look anywhere but
//! into the bundle: no clock, no network, no other file.

mod error;
mod har;
mod html;
mod junit;
mod words;

pub use error::ReportError;
pub use har::har;
pub use html::html;
pub use junit::junit;
