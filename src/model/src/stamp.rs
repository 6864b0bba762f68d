//! The answer of a time-stamping authority (RFC 3161), as evidence keeps it.
//! Refuses to be checked here: that takes cryptography, and lives with the evidence.

use serde::{Deserialize, Serialize};

/// A time stamp over a hash, with what it takes to check it offline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// The host that was asked, with its port where one was given.
    pub stamper: String,
    /// The nonce of the question, in lower-case hexadecimal.
    pub nonce: String,
    /// The token, `TimeStampToken` in DER, in base64.
    pub token: String,
}
