//! The stand-in API: INT and public-sandbox behaviour, token endpoint, quota, seeds and faults.
//!
//! Suppliers build against this double before their test window, and every other part of
//! letterproof is tested on it, so it behaves as the deployed API was seen to behave and not as
//! the specification wishes. Refuses to judge: it knows no acceptance test and no schema, and it
//! enforces no transition that the deployed API does not enforce.

mod admin;
pub mod bench;
mod body;
mod calls;
mod config;
mod connection;
mod error;
mod faults;
mod gateway;
mod hiccup;
mod int;
mod jwt;
mod keys;
mod letters;
mod limiter;
mod meter;
mod mi;
mod mix;
mod page;
mod pdf;
mod problem;
mod queue;
mod reply;
mod rng;
mod sandbox;
mod secret;
mod seeds;
mod sender;
mod server;
mod shared;
mod storage;
mod tls;
mod token;
mod updates;
mod validate;
mod wire;

pub use config::{
    AuthMode, DEFAULT_QUEUE_LAG, Framing, Gateway, Limits, MediaType, MockConfig, Profile,
    Refusals, Registration, StoragePlace,
};
pub use error::MockError;
pub use faults::{ArgumentSyntax, Dose, Fault, FaultEntry, ParseFaultError, fault_catalogue};
pub use keys::{DemoCredentials, Jwks};
pub use limiter::{Limiter, UnknownLimiter};
pub use meter::RequestCounts;
pub use mix::{Mix, UnknownMix};
pub use secret::SecretToken;
pub use seeds::{LetterPlan, PdfKind, SeedPlan};
pub use sender::{Layer, SenderConfig, SenderMock};
pub use server::MockServer;
pub use shared::StateSummary;
