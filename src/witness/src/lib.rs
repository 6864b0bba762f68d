//! A recording reverse proxy between a supplier's own system and the API.
//!
//! The supplier changes one base URL; token requests, API calls and downloads pass through
//! unchanged but for the `Location` that leads a download back here, under another host name than
//! the API's, and for credentials, which the storage never gets. Every exchange goes to a recorder
//! before the supplier has seen its last byte. So the judges of a driven run can judge
//! what a supplier's own system did.
//! Refuses to let anything pass unrecorded, to be a forward proxy, and to judge.

mod answer;
mod authority;
mod body;
mod book;
mod config;
mod connection;
mod counters;
mod door;
mod error;
mod exchange;
mod headers;
mod inject;
mod keeping;
mod link;
mod listener;
mod moving;
mod problem;
mod proxy;
mod request;
mod routes;
mod streaming;
mod ui;
mod upstream;
mod witness;

pub use book::WitnessEvent;
pub use config::{Limits, TlsListen, Upstream, WitnessConfig};
pub use counters::Counts;
pub use door::{HostAndPort, ParseHostError};
pub use error::WitnessError;
pub use inject::{Injection, ParseInjectionError};
pub use letterproof_traffic::{SWEEP, Sweep};
pub use proxy::NOT_FOLLOWED;
pub use ui::{
    Feed, Live, LiveConfig, NextStep, Page, Recent, Snapshot, Stage, StatusCount, TrafficNow,
    UiError, Verdicts,
};
pub use witness::Witness;
