//! What goes over the wire, whichever pack it belongs to: the [`Guard`] that every outgoing
//! connection passes, and who may do what at the doors that this machine opens.
//!
//! Only this crate opens connections. Whoever needs one gives a [`Guard`] a target and gets an
//! [`HttpClient`], a [`Connector`] or a stream from it; there is no other way.
//! Refuses production, and whatever leads to a place that nobody stated.

mod client;
mod connector;
mod ground;
mod guard;
mod place;
mod production;
mod refusal;
mod resolver;
mod server;
mod socket;
mod storage;
pub mod tls;
mod visitor;

pub use client::{HttpClient, Redirects, SendError};
pub use connector::{Connecting, Connector};
pub use ground::Ground;
pub use guard::{Going, Guard, Through};
pub use place::is_loopback;
pub use production::is_production_host;
pub use refusal::Refusal;
// What a client is set up with and what it sends; the client itself comes from a guard.
pub use reqwest::{
    Certificate, ClientBuilder, Error as HttpError, Identity, Request, Response, retry,
    tls::TlsInfo,
};
pub use resolver::{Resolver, Unresolved};
pub use server::{Bounds, server};
pub use socket::Socket;
pub use storage::{ParseStorageHostError, StorageHost};
pub use visitor::{Own, Stranger, authority_of, is_own_page};
