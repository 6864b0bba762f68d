//! The mock API: behaves as INT or as the public sandbox, with token endpoint, quota, seeds and
//! faults.
//!
//! Suppliers build against it before their test window, and every other part of letterproof is
//! tested on it, so it behaves as the deployed API was seen to behave and not as the specification
//! wishes. It knows no acceptance test and no schema, and enforces no transition that the deployed
//! API does not enforce.
//!
//! What belongs to the Supplier API is in `supplier`; what serves any API stands beside it: server
//! and connections, tokens and keys, quota, the admin side.

mod admin;
mod config;
mod connection;
mod error;
mod keys;
pub mod measure;
mod quota;
mod reply;
mod rng;
mod sender;
mod server;
mod shared;
mod supplier;
mod token;

pub use config::{
    AuthMode, DEFAULT_QUEUE_LAG, Framing, Gateway, Limits, MediaType, MockConfig, Profile,
    Refusals, Registration, StoragePlace,
};
pub use error::MockError;
pub use keys::{DemoCredentials, Jwks, SecretToken};
pub use quota::{Limiter, RequestCounts, UnknownLimiter};
pub use sender::{Layer, SenderConfig, SenderMock};
pub use server::MockServer;
pub use shared::StateSummary;
pub use supplier::faults::{
    ArgumentSyntax, Dose, Fault, FaultEntry, ParseFaultError, fault_catalogue,
};
pub use supplier::seeds::{LetterPlan, Mix, PdfKind, SeedPlan, UnknownMix};
