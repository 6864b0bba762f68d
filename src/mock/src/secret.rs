//! A secret text that can be compared and handed on, but never shown.
//! Refuses `Debug` and `Display`: what holds a token or a key cannot slip into a log by mistake.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;

/// A token, API key or private key.
#[derive(Clone)]
pub struct SecretToken(String);

impl SecretToken {
    /// Wraps a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself, for the one place that must send it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares without telling by its duration how much was equal.
    pub(crate) fn matches(&self, candidate: &str) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), candidate.as_bytes()).is_ok()
    }
}

impl fmt::Debug for SecretToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretToken(not shown)")
    }
}
