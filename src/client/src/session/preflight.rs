//! The first two calls of a run: a token, and `GET /_status`.
//! Refuses to change anything: both may be repeated at will.

use std::sync::Arc;

use letterproof_model::Exchange;

use super::core::Session;
use crate::{ClientError, Flow};

impl Session {
    /// Shows that the target can be reached and takes the credentials: asks for a token where one
    /// is needed, then for `/_status`.
    ///
    /// # Errors
    /// When the address gives no answer or the token is refused ([`ClientError::is_configuration`]
    /// is true then), or an exchange could not be recorded. A `/_status` that answers anything is
    /// reachable; what it means is judged from the record.
    pub async fn preflight(&self, flow: &Flow) -> Result<Arc<Exchange>, ClientError> {
        self.bearer(flow).await?;
        Ok(self.check_status(flow).await?.exchange)
    }
}
