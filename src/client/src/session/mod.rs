//! Sessions: requests that prove who they are, keep the pace, and are recorded before anything
//! is decided on them.
//! Refuses redirects, unrecorded traffic, and production without a person's consent.

mod api;
mod assertion;
mod call;
mod core;
mod guard;
mod keep;
mod link;
mod preflight;
mod probe;
mod receiving;
mod refusal;
mod retry;
mod setup;
mod skew;
mod token;
mod token_probe;
mod transport;

pub use api::Answer;
pub(crate) use api::unreachable as no_answer;
pub use assertion::AssertionFlaw;
pub use core::{Session, SessionOptions, Usage};
pub use link::{DataLink, Download, LinkChange};
pub(crate) use preflight::is_web_page;
pub use probe::{BearerChoice, HeaderChoice, Probe};
pub use retry::answer_is_lost;
