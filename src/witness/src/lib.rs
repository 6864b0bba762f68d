//! A recording reverse proxy between a supplier's own system and the API.
//!
//! The supplier changes one base URL; token requests, API calls and downloads pass through
//! unchanged but for the `Location` that leads a download back here, under another host name than
//! the API's, and for credentials, which the storage never gets. Every exchange goes to a recorder
//! before the supplier has seen its last byte. So the judges of a driven run can judge what a
//! supplier's own system did. Nothing passes unrecorded, and nowhere but to the API and its
//! storage.

mod answer;
mod config;
mod connection;
mod doors;
mod error;
mod exchange;
mod headers;
mod inject;
mod proxy;
mod recording;
mod request;
mod routes;
mod streaming;
mod ui;
mod upstream;
mod witness;

pub use config::{Limits, TlsListen, Upstream, WitnessConfig};
pub use doors::{HostAndPort, ParseHostError};
pub use error::WitnessError;
pub use inject::{Injection, ParseInjectionError};
pub use letterproof_traffic::{SWEEP, Sweep};
pub use proxy::NOT_FOLLOWED;
pub use recording::Counts;
pub use ui::{
    Feed, Live, LiveConfig, NextStep, Page, Recent, Snapshot, Stage, StatusCount, TrafficNow,
    UiError, Verdicts,
};
pub use witness::Witness;
