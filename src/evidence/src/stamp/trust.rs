//! Who vouches for stampers: certificates that the reader gives, never those of the system.
//! Refuses files that hold no certificate.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use super::certificate::TIME_STAMPING;
use super::token::Token;
use crate::EvidenceError;

/// Longest file of certificates read, in bytes.
const FILE_LIMIT: u64 = 1 << 20;

/// Certificates of stampers, or of those who issue theirs.
#[derive(Debug, Clone)]
pub struct StamperCertificates {
    path: PathBuf,
    certificates: Vec<CertificateDer<'static>>,
}

impl StamperCertificates {
    /// Reads a file of certificates in PEM form.
    ///
    /// # Errors
    /// When it cannot be read, or holds none.
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        const HINT: &str = "check the path of the stamper's certificate";
        let mut bytes = Vec::new();
        File::open(path)
            .and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes))
            .map_err(EvidenceError::io("read", path, HINT))?;
        let unusable = |problem: &str| EvidenceError::Key {
            path: path.to_owned(),
            problem: problem.to_owned(),
        };
        let blocks =
            pem::parse_many(&bytes).map_err(|_| unusable("it holds no certificate in PEM form"))?;
        let certificates: Vec<_> = blocks
            .into_iter()
            .filter(|block| block.tag() == "CERTIFICATE")
            .map(|block| CertificateDer::from(block.into_contents()))
            .collect();
        match certificates.is_empty() {
            true => Err(unusable("it holds no certificate in PEM form")),
            false => Ok(Self { path: path.to_owned(), certificates }),
        }
    }

    /// The file they were read from.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the token's signer is one of these, or one of these issued its certificate, by way
    /// of those that came with the token; at the time of the stamp.
    pub(super) fn vouch_for(&self, token: &Token<'_>) -> bool {
        if self.certificates.iter().any(|known| known.as_ref() == token.signer_der) {
            return true;
        }
        let anchors: Vec<TrustAnchor<'_>> =
            self.certificates.iter().filter_map(|der| anchor_from_trusted_cert(der).ok()).collect();
        let between: Vec<CertificateDer<'_>> =
            token.certificates.iter().map(|der| CertificateDer::from(*der)).collect();
        let Ok(seconds) = u64::try_from(token.at.as_second()) else { return false };
        let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        // That the signer's own certificate is for stamping alone was checked before; those of
        // issuers need not say what they are for.
        let usage = KeyUsage::required_if_present(TIME_STAMPING);
        let der = CertificateDer::from(token.signer_der);
        let Ok(signer) = EndEntityCert::try_from(&der) else { return false };
        signer
            .verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, time, usage, None, None)
            .is_ok()
    }
}
