//! A secret that the print house reads when its day begins, and not before.
//! Where secrets are kept, and what makes a good key, is for whoever makes one to know.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use secrecy::SecretString;

use crate::error::SupplierError;

type Read = dyn Fn() -> BoxFuture<'static, Result<SecretString, String>> + Send + Sync;

/// A secret, or how to read it.
#[derive(Clone)]
pub struct Secret(Arc<Read>);

impl Secret {
    /// A secret that `read` gives each time a day begins. Its error is what a person is told, with a
    /// next step and without the secret.
    #[must_use]
    pub fn read_by<F, R>(read: F) -> Self
    where
        F: Fn() -> R + Send + Sync + 'static,
        R: Future<Output = Result<SecretString, String>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(read())))
    }

    pub(crate) async fn read(&self) -> Result<SecretString, SupplierError> {
        (self.0)().await.map_err(SupplierError::Secret)
    }
}

impl From<SecretString> for Secret {
    fn from(secret: SecretString) -> Self {
        Self::read_by(move || std::future::ready(Ok(secret.clone())))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a secret")
    }
}
