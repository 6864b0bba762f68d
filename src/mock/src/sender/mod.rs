//! The sending API: what organisations call to have messages sent.

mod accounts;
mod backend;
mod canned;
mod ksuid;
mod problem;
mod sandbox;
mod server;
mod validate;

pub use server::{Layer, SenderConfig, SenderMock};
