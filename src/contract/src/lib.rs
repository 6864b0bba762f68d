//! The published contracts of NHS Notify's APIs, checked exchange by exchange.
//!
//! [`Contract::check`] holds one recorded exchange against the specification: status, media type,
//! headers and body of the answer, and the request where a supplier made it. What the deployed API
//! is known to do differently is in the table of [`deviations`]; such a difference is a
//! `deviation`, an unknown property is `drift`, anything else a `violation`. [`content`] reduces a
//! downloaded letter to what may be kept of it. [`drift`] compares the contract itself with an
//! official specification file.
//!
//! What is the Supplier API's own is in `supplier`: its operations, the rules of its requests and
//! answers, its deviations. The machinery beside it serves any API. Nothing here knows an
//! acceptance test, or needs two exchanges.

mod body;
mod check;
pub mod content;
mod difference;
pub mod drift;
mod error;
mod schemas;
mod supplier;
mod text;
pub mod unpack;

pub use check::Contract;
pub use difference::{Deviation, DeviationTarget, deviations};
pub use error::ContractError;
pub use schemas::Document;
pub use supplier::kept::{KnownPlace, is_known_text};
pub use supplier::operations::{DocumentedBody, documented_bodies};
