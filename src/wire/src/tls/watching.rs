//! A verifier around another that tells which chain a server showed.
//!
//! A chain is told when the server has signed the handshake with its key, not before: certificates
//! are public, and anybody can show them. Refuses to decide anything: the verifier within does.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::MarkKind;
use parking_lot::Mutex;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

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
