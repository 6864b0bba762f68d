//! An exchange as it went over the wire, secrets included, on its way to a recorder. None of these
//! types can be serialised, and their debug output says nothing, so that a secret cannot slip into a
//! log by mistake.

use std::fmt;

use crate::{Actor, Connection, Content, Direction, PackId, Timestamp, TransportError};

/// One request and its outcome before redaction; only a [`crate::Recorder`] may look inside.
pub struct RawExchange {
    /// Who made the request.
    pub actor: Actor,
    /// Which way it went.
    pub direction: Direction,
    /// The pack whose API it is of.
    pub pack: PackId,
    /// The scenario under way, as a hint.
    pub scenario: Option<String>,
    /// 1 for the first try.
    pub attempt: u32,
    /// When the request was due, where a pacer scheduled it.
    pub scheduled: Option<Timestamp>,
    /// When the request was sent.
    pub started: Timestamp,
    /// What is known of the connection.
    pub connection: Option<Connection>,
    /// The request as sent.
    pub request: RawRequest,
    /// What came of it.
    pub outcome: RawOutcome,
}

/// A request as sent.
pub struct RawRequest {
    /// The method.
    pub method: String,
    /// The absolute URL, signature included.
    pub url: String,
    /// Header fields in order, credentials included.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RawBody,
}

/// A response or a transport error.
pub enum RawOutcome {
    /// A whole response.
    Response(RawResponse),
    /// No whole response arrived.
    Error(TransportError),
}

/// A response as received.
pub struct RawResponse {
    /// The status code.
    pub status: u16,
    /// Header fields in order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: RawBody,
    /// Microseconds from sending to the last header.
    pub headers_us: u64,
    /// Microseconds from sending to the last byte.
    pub done_us: u64,
}

/// A body before the recorder decides what may be kept of it.
pub enum RawBody {
    /// No body, or an empty one.
    None,
    /// The bytes of an API body. A download must never be handed over this way.
    Bytes(Vec<u8>),
    /// A download, already reduced to what may be kept.
    Download {
        /// Length, hash and pages.
        content: Content,
        /// Whether it was announced as a PDF or begins like one.
        pdf: bool,
    },
}

macro_rules! silent_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), " (not shown: may hold secrets)"))
            }
        }
    )*};
}

silent_debug!(RawExchange, RawRequest, RawOutcome, RawResponse, RawBody);
