//! HTTPS with a certificate made at the start, for names and addresses of this machine.
//! Refuses to write the key anywhere; the certificate is handed out so that clients can trust it.

use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::CertifiedKey;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::error::MockError;

/// What accepts TLS connections, and the certificate in PEM for clients to trust.
pub(crate) fn acceptor(address: SocketAddr) -> Result<(TlsAcceptor, String), MockError> {
    const WHAT: &str = "the TLS certificate";
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = address.ip();
    if !own.is_unspecified() && !own.is_loopback() {
        names.push(own.to_string());
    }
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(names).map_err(|_| MockError::Crypto(WHAT))?;
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| MockError::Crypto(WHAT))?
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .map_err(|_| MockError::Crypto(WHAT))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), cert.pem()))
}
