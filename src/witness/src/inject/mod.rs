//! Chaos at the seam: what is made to go wrong between a supplier and the API, on request.
//! Refuses to act unseen: every injection is recorded with the exchange it was made into.

mod answers;
mod chaos;
mod rule;

pub(crate) use answers::{expired_link, failure};
pub(crate) use chaos::Chaos;
pub(crate) use rule::Meddling;
pub use rule::{Injection, ParseInjectionError};
