//! The first two calls of a run: a token, and `GET /_status`.
//! Refuses to change anything: both may be repeated at will.

use std::sync::Arc;

use letterproof_model::{Body, Exchange};

use super::core::Session;
use crate::{ClientError, Flow};

impl Session {
    /// Shows that the target can be reached and takes the credentials: asks for a token where one
    /// is needed, then for `/_status`.
    ///
    /// # Errors
    /// When the address gives no answer or a web page, or the token is refused
    /// ([`ClientError::is_configuration`] is true then), or an exchange could not be recorded. A
    /// `/_status` that answers anything else is reachable; what it means is judged from the record.
    pub async fn preflight(&self, flow: &Flow) -> Result<Arc<Exchange>, ClientError> {
        self.bearer(flow).await?;
        let answer = self.check_status(flow).await?;
        if is_web_page(&answer.exchange) {
            let (url, status) = (answer.exchange.request.url.clone(), answer.status);
            return Err(ClientError::WebPage { url, status });
        }
        Ok(answer.exchange)
    }
}

/// Whether an answer is a page for people, as proxies and sign-in portals give in a server's place.
pub(crate) fn is_web_page(exchange: &Exchange) -> bool {
    exchange.response().is_some_and(|response| {
        let announced = response.header("content-type").unwrap_or_default();
        // JSON under a wrong name is the API's own mistake, which is judged like any other.
        announced.trim_start().to_ascii_lowercase().starts_with("text/html")
            && matches!(response.body, Body::Text { .. } | Body::Opaque(_))
    })
}
