//! The published contract of the NHS Notify Supplier API, checked exchange by exchange.
//!
//! [`Contract::check`] holds one recorded exchange against the specification: status, media type,
//! headers and body of the answer, and the request where a supplier made it. What the deployed API
//! is known to do differently stands in the table of [`deviations`]; such a difference is a
//! `deviation`, an unknown property is `drift`, anything else a `violation`. [`content`] reduces a
//! downloaded letter to what may be kept of it. [`drift`] holds the contract itself against an
//! official specification file.
//! Refuses any knowledge of acceptance tests, and anything that needs two exchanges.

mod accepted;
mod body;
mod check;
pub mod content;
mod deviations;
mod difference;
pub mod drift;
mod error;
mod kept;
mod operations;
mod request;
mod response;
mod schemas;
mod text;
pub mod unpack;
mod updates;

pub use check::Contract;
pub use deviations::{Deviation, DeviationTarget, deviations};
pub use error::ContractError;
pub use kept::{KnownPlace, is_known_text};
pub use operations::{DocumentedBody, documented_bodies};
pub use schemas::Document;
