//! TLS of both sides: for outgoing connections which certificates are trusted, and that each chain a
//! server shows is written down; for this machine's servers the certificate they show.
//!
//! Trust is the platform's, with roots given beside it; no check can be switched off. Sessions are not
//! resumed, so that every connection shows its chain. A chain is told when the server has signed the
//! handshake with its key, not before: certificates are public, and anybody can show them.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::MarkKind;
use parking_lot::Mutex;
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::client::{Resumption, WebPkiServerVerifier};
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig,
    SignatureScheme,
};

pub use tokio_rustls::rustls;
pub use tokio_rustls::rustls::pki_types;

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
                Some(on_chain) => watching(verifier, on_chain),
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

/// What accepts TLS connections at a server of this machine, which shows `certificate` and speaks
/// `protocols` (ALPN), the first one rather.
///
/// # Errors
/// When the key does not fit the certificate, or cannot be used.
pub fn acceptor(
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
    protocols: &[&[u8]],
) -> Result<TlsAcceptor, Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    Ok(TlsAcceptor::from(Arc::new(config)))
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

/// Is told the host's name and its chain in DER form, its own certificate first.
pub type OnChain = Arc<dyn Fn(&str, &[Vec<u8>]) + Send + Sync>;

/// Most handshakes under way whose chains are remembered; one that never ends is forgotten.
const UNDER_WAY: usize = 1_024;
/// Most certificates of a chain that are told; usual ones have two to four.
const CHAIN: usize = 10;

/// Wraps a verifier so that `on_chain` is told of every chain that holds.
pub(crate) fn watching(
    inner: Arc<dyn ServerCertVerifier>,
    on_chain: OnChain,
) -> Arc<dyn ServerCertVerifier> {
    Arc::new(Watching { inner, on_chain, under_way: Mutex::default() })
}

struct Watching {
    inner: Arc<dyn ServerCertVerifier>,
    on_chain: OnChain,
    /// Chains that hold, of servers that have not signed yet.
    under_way: Mutex<Vec<(String, Vec<Vec<u8>>)>>,
}

impl std::fmt::Debug for Watching {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watching").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Watching {
    fn remember(&self, name: &ServerName<'_>, chain: Vec<Vec<u8>>) {
        let mut under_way = self.under_way.lock();
        if under_way.len() >= UNDER_WAY {
            under_way.remove(0);
        }
        under_way.push((name.to_str().into_owned(), chain));
    }

    /// The server has signed with the key of this certificate.
    fn tell(&self, certificate: &CertificateDer<'_>) {
        let shown = {
            let mut under_way = self.under_way.lock();
            let mine = under_way
                .iter()
                .position(|(_, chain)| chain.first().map(Vec::as_slice) == Some(certificate));
            mine.map(|at| under_way.remove(at))
        };
        if let Some((host, chain)) = shown {
            (self.on_chain)(&host, &chain);
        }
    }
}

impl ServerCertVerifier for Watching {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        )?;
        let chain = std::iter::once(end_entity).chain(intermediates).take(CHAIN);
        self.remember(server_name, chain.map(|der| der.to_vec()).collect());
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self.inner.verify_tls12_signature(message, certificate, signature)?;
        self.tell(certificate);
        Ok(valid)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let valid = self.inner.verify_tls13_signature(message, certificate, signature)?;
        self.tell(certificate);
        Ok(valid)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }

    fn requires_raw_public_keys(&self) -> bool {
        self.inner.requires_raw_public_keys()
    }

    fn root_hint_subjects(&self) -> Option<&[DistinguishedName]> {
        self.inner.root_hint_subjects()
    }
}

/// Makes marks of chains; one that was told before is named by its first certificate alone.
#[derive(Debug, Default)]
pub struct Chains {
    seen: Mutex<HashSet<[u8; 32]>>,
}

impl Chains {
    /// The mark of a connection whose server showed this chain.
    #[must_use]
    pub fn mark(&self, host: &str, chain: &[Vec<u8>]) -> MarkKind {
        let mut whole = Context::new(&SHA256);
        for certificate in chain {
            whole.update(&(certificate.len() as u64).to_be_bytes());
            whole.update(certificate);
        }
        let mut key = [0; 32];
        key.copy_from_slice(whole.finish().as_ref());
        let is_new = self.seen.lock().insert(key);
        let own = chain.first().map(Vec::as_slice).unwrap_or_default();
        let certificate = digest(&SHA256, own).as_ref().iter().fold(
            String::with_capacity(64),
            |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            },
        );
        let told = if is_new { chain } else { &[] };
        MarkKind::Connected {
            host: host.to_owned(),
            certificate,
            chain: told.iter().map(|der| STANDARD.encode(der)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(mark: MarkKind) -> (String, usize) {
        match mark {
            MarkKind::Connected { certificate, chain, .. } => (certificate, chain.len()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_chain_is_told_once_and_named_afterwards() {
        let chains = Chains::default();
        let chain = [b"own".to_vec(), b"issuer".to_vec()];
        let (name, told) = parts(chains.mark("a.example", &chain));
        assert_eq!((name.len(), told), (64, 2));
        assert_eq!(parts(chains.mark("b.example", &chain)), (name.clone(), 0));
        let other = [b"own".to_vec(), b"another issuer".to_vec()];
        assert_eq!(parts(chains.mark("a.example", &other)), (name, 2));
    }
}
