//! What goes over the wire, whichever pack it belongs to: the [`Guard`] that every outgoing
//! connection passes, and the servers of this machine: how they accept ([`listen`]), what they grant
//! a client ([`server`]), and who may call them ([`Own`]).
//!
//! Only this crate opens connections. Whoever needs one gives a [`Guard`] a target and gets an
//! [`HttpClient`], a [`Connector`] or a stream from it; there is no other way, and none to production
//! or to a place that nobody stated.

mod client;
mod guard;
mod place;
mod refusal;
mod server;
pub mod tls;
mod visitor;

pub use client::{Connecting, Connector, HttpClient, Redirects, SendError, Unresolved};
pub use guard::{Going, Guard, Through};
pub use place::{Ground, ParseStorageHostError, StorageHost, is_loopback, is_production_host};
pub use refusal::Refusal;
// What a client is set up with and what it sends; the client itself comes from a guard.
pub use reqwest::{
    Certificate, ClientBuilder, Error as HttpError, Identity, Request, Response, retry,
    tls::TlsInfo,
};
pub use server::{Abort, BadHandshake, Bounds, Serve, Waits, bind, listen, server};
pub use visitor::{Own, Stranger, authority_of, is_own_page};
