//! Time stamps (RFC 3161): what to ask a stamper, and whether what it answered holds, offline.
//!
//! A stamp says that some bytes were there at a time, by the clock of somebody else than the one
//! who made the evidence. Heads of the journal are stamped while a run goes on, and the manifest
//! when it has ended. Only a hash goes out. An answer counts only if it is to the question asked.
//!
//! Who vouches for stampers: certificates that the reader gives, never those of the system.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::{Stamp, Timestamp};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};

use crate::EvidenceError;
use crate::chain::{hex, is_sha256_hex};
use crate::stamp::certificate::{
    BOOLEAN, Der, INTEGER, OCTETS, OID, SEQUENCE, TIME_STAMPING, wrap,
};
use crate::stamp::token::{SHA256_OID, Token};

pub use crate::stamp::file::{TIMESTAMP_FILE, TIMESTAMP_FORMAT, put_stamp, read_stamp};

mod certificate;
mod file;
mod token;

/// Longest answer of a stamper that is read, in bytes; usual ones have 2,000 to 8,000.
pub const STAMP_LIMIT: usize = 64 << 10;

/// A question to a stamper: "when do you see this hash?"
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StampRequest {
    imprint: [u8; 32],
    nonce: [u8; 8],
}

/// What a stamp says that was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamped {
    /// When, by the stamper's clock.
    pub at: Timestamp,
    /// Who, as its certificate names it.
    pub by: String,
    /// Whether one of the certificates that the reader gave vouches for it.
    pub is_known: bool,
}

impl StampRequest {
    /// Asks about these bytes.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn about(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let mut imprint = [0; 32];
        imprint.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self::of_imprint(imprint)
    }

    /// Asks about the bytes that have this hash, given in hexadecimal; `None` where it is none.
    ///
    /// # Errors
    /// As [`Self::about`].
    pub fn about_hash(hash: &str) -> Result<Option<Self>, EvidenceError> {
        unhex(hash).map(Self::of_imprint).transpose()
    }

    fn of_imprint(imprint: [u8; 32]) -> Result<Self, EvidenceError> {
        let mut nonce = [0; 8];
        aws_lc_rs::rand::fill(&mut nonce).map_err(|_| EvidenceError::Random)?;
        // A positive number of eight bytes, which DER writes as it stands.
        nonce[0] = (nonce[0] & 0x3f) | 0x40;
        Ok(Self { imprint, nonce })
    }

    /// As it is sent: `TimeStampReq`, which asks for the stamper's certificate too.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        const NULL: [u8; 2] = [5, 0];
        let algorithm = wrap(SEQUENCE, &[&wrap(OID, SHA256_OID)[..], &NULL].concat());
        let imprint = wrap(SEQUENCE, &[algorithm, wrap(OCTETS, &self.imprint)].concat());
        let (version, nonce) = (wrap(INTEGER, &[1]), wrap(INTEGER, &self.nonce));
        wrap(SEQUENCE, &[version, imprint, nonce, wrap(BOOLEAN, &[0xff])].concat())
    }

    /// Takes the answer of a stamper, by its name in the evidence, if it is to this question and
    /// holds.
    ///
    /// # Errors
    /// One sentence on what is wrong with the answer, which begins with "it".
    pub fn answered(&self, stamper: &str, answer: &[u8]) -> Result<Stamp, String> {
        let stamp = Stamp {
            stamper: stamper.to_owned(),
            nonce: hex(&self.nonce),
            token: STANDARD.encode(token_of(answer)?),
        };
        check_stamp(&stamp, &hex(&self.imprint), None).map_err(|fault| format!("it {fault}"))?;
        Ok(stamp)
    }
}

/// The token in a `TimeStampResp`.
fn token_of(answer: &[u8]) -> Result<&[u8], String> {
    let unreadable = || "it is not an answer to a request for a time stamp".to_owned();
    let mut answer = Der::of(answer).inside(SEQUENCE).ok_or_else(unreadable)?;
    let status = answer.inside(SEQUENCE).and_then(|mut status| status.take(INTEGER));
    match status.ok_or_else(unreadable)? {
        [0 | 1] => answer.any().map(|token| token.whole).ok_or_else(unreadable),
        [status] => Err(format!("it refused with status {status} (RFC 3161, 2.4.2)")),
        _ => Err(unreadable()),
    }
}

/// Checks a stamp offline: that it is about the bytes of this hash (hexadecimal) and to the
/// question that was asked, that its signature holds, and that it was made with a certificate for
/// time stamping that was valid then. `known` are the certificates that vouch for stampers.
///
/// # Errors
/// What is wrong with it, as the rest of a sentence.
pub fn check_stamp(
    stamp: &Stamp,
    hash: &str,
    known: Option<&StamperCertificates>,
) -> Result<Stamped, String> {
    let bytes = STANDARD
        .decode(&stamp.token)
        .ok()
        .filter(|bytes| bytes.len() <= STAMP_LIMIT)
        .ok_or("is not a time-stamp token that can be read")?;
    let token = Token::read(&bytes)?;
    if hex(token.imprint) != hash {
        return Err("is a time stamp of something else".to_owned());
    }
    if token.nonce.map(hex).as_deref() != Some(&stamp.nonce) {
        return Err("is not the answer to the request that was sent".to_owned());
    }
    let is_known = known.is_some_and(|known| known.vouch_for(&token));
    Ok(Stamped { at: token.at, by: token.signer.subject, is_known })
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if !is_sha256_hex(text) {
        return None;
    }
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(index * 2..index * 2 + 2)?, 16).ok()?;
    }
    Some(bytes)
}

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
    fn vouch_for(&self, token: &Token<'_>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_written_as_the_rfc_says() {
        let request = StampRequest { imprint: [0xab; 32], nonce: [0x41, 2, 3, 4, 5, 6, 7, 8] };
        let bytes = request.to_bytes();
        let mut body = Der::of(&bytes).inside(SEQUENCE).unwrap();
        assert_eq!(body.take(INTEGER), Some(&[1][..]));
        let mut imprint = body.inside(SEQUENCE).unwrap();
        assert_eq!(imprint.inside(SEQUENCE).unwrap().take(OID), Some(SHA256_OID));
        assert_eq!(imprint.take(OCTETS), Some(&[0xab; 32][..]));
        assert_eq!(body.take(INTEGER), Some(&request.nonce[..]));
        assert_eq!(body.take(BOOLEAN), Some(&[0xff][..]));
        assert!(body.is_empty());
    }

    #[test]
    fn nonces_are_positive_and_differ() {
        let nonces = [1, 2].map(|_| StampRequest::about(b"x").unwrap().nonce);
        assert_ne!(nonces[0], nonces[1]);
        assert!(nonces.iter().all(|nonce| (0x40..0x80).contains(&nonce[0])));
    }

    #[test]
    fn a_refusal_is_told_and_rubbish_is_no_answer() {
        let refusal = wrap(SEQUENCE, &wrap(SEQUENCE, &wrap(INTEGER, &[2])));
        assert!(token_of(&refusal).unwrap_err().contains("status 2"));
        let silent = wrap(SEQUENCE, &wrap(SEQUENCE, &wrap(INTEGER, &[0])));
        for rubbish in [&b""[..], b"<html>", &silent] {
            assert!(token_of(rubbish).unwrap_err().contains("not an answer"));
        }
    }

    #[test]
    fn only_a_hash_can_be_asked_about() {
        assert!(StampRequest::about_hash(&"0f".repeat(32)).unwrap().is_some());
        for wrong in ["", "0f", &"0g".repeat(32), &"ü".repeat(32)] {
            assert_eq!(StampRequest::about_hash(wrong).unwrap(), None, "{wrong}");
        }
    }
}
