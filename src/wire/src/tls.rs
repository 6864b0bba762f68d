//! TLS settings of outgoing connections: which certificates are trusted, and that each chain which a
//! server shows is written down once it holds and the server proved to have its key.
//!
//! Trust is the platform's, with roots given beside it. Sessions are not resumed, so that every
//! connection shows its chain. Refuses to switch any check off: there is no setting for it.

mod watching;

use std::sync::Arc;

use rustls_platform_verifier::Verifier;
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, Error, RootCertStore};

pub use tokio_rustls::rustls::{self, pki_types};
pub use watching::{Chains, OnChain};

/// What a client of TLS is set up with.
#[derive(Default)]
pub struct TlsSettings {
    /// Roots trusted beside those of the system.
    pub roots: Vec<CertificateDer<'static>>,
    /// Whether the roots of the system are left alone; loading them takes time that a plain
    /// loopback target has no use for.
    pub given_roots_only: bool,
    /// The certificate to show, with its chain and key.
    pub identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// Is told of every chain that holds, once for each connection.
    pub on_chain: Option<OnChain>,
}

/// The settings for rustls; protocols (ALPN) are left to whoever uses them.
///
/// # Errors
/// When a root or the identity cannot be used, or the system's roots cannot be read.
pub fn client_config(settings: TlsSettings) -> Result<ClientConfig, Error> {
    let provider = Arc::new(default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?;
    let builder = match verifier(settings.roots, settings.given_roots_only, provider)? {
        Some(verifier) => {
            let verifier = match settings.on_chain {
                Some(on_chain) => watching::watching(verifier, on_chain),
                None => verifier,
            };
            builder.dangerous().with_custom_certificate_verifier(verifier)
        }
        // Nobody is trusted, and so no chain can hold.
        None => builder.with_root_certificates(RootCertStore::empty()),
    };
    let mut config = match settings.identity {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    Ok(config)
}

type AnyVerifier = Arc<dyn rustls::client::danger::ServerCertVerifier>;

fn verifier(
    roots: Vec<CertificateDer<'static>>,
    given_only: bool,
    provider: Arc<CryptoProvider>,
) -> Result<Option<AnyVerifier>, Error> {
    if !given_only {
        return Ok(Some(Arc::new(Verifier::new_with_extra_roots(roots, provider)?)));
    }
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root)?;
    }
    if store.is_empty() {
        return Ok(None);
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    Ok(Some(verifier))
}
