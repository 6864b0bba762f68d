//! A time-stamp token (RFC 3161): CMS signed data around `TSTInfo`, read and checked offline.
//!
//! The signing certificate is the one that the signed attributes name by its hash (RFC 5035), so
//! that none can be put in its place. Signatures are checked by webpki over aws-lc-rs. Tokens of
//! more than one signer, and digests and keys weaker than SHA-256 and RSA 2048, do not hold.

use aws_lc_rs::digest::{Algorithm, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512, digest};
use jiff::Timestamp;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, aws_lc_rs as algorithms};

use crate::stamp::certificate::{
    Certificate, Der, Element, GENERALIZED_TIME, INTEGER, OCTETS, OID, SEQUENCE, SET, context, time,
};

const SIGNED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02];
const TST_INFO: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04];
const CONTENT_TYPE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x04];
const SIGNING_CERTIFICATE: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x0c];
const SIGNING_CERTIFICATE_2: &[u8] =
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x02, 0x2f];
pub(super) const SHA256_OID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const SHA384_OID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02];
const SHA512_OID: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03];
/// PKCS#1's arc; the last byte tells the algorithm.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
/// `ecdsa-with-SHA2`'s arc; the last byte tells the digest.
const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// What a token says, once its signature was found to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token<'a> {
    /// The hash it is about; SHA-256.
    pub(super) imprint: &'a [u8],
    pub(super) at: Timestamp,
    /// As DER writes it.
    pub(super) nonce: Option<&'a [u8]>,
    pub(super) signer: Certificate,
    /// The signer's certificate, DER.
    pub(super) signer_der: &'a [u8],
    /// Every certificate that came with it, DER.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// What is wrong with a token, as the rest of a sentence.
pub(super) type Fault = &'static str;

const UNREADABLE: Fault = "is not a time-stamp token that can be read";

/// The parts of a token, unchecked.
struct Parts<'a> {
    info: &'a [u8],
    certificates: Vec<&'a [u8]>,
    digest: &'a [u8],
    attributes: Element<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Token<'a> {
    /// Reads a token and checks its signature.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Fault> {
        let parts = Parts::read(bytes).ok_or(UNREADABLE)?;
        let attributes = Attributes::read(parts.attributes.value).ok_or(UNREADABLE)?;
        if attributes.content_type != TST_INFO {
            return Err("carries a signature over something that is not a time stamp");
        }
        let signed_digest = digest_of(parts.digest).ok_or("is signed with an unknown digest")?;
        if digest(signed_digest, parts.info).as_ref() != attributes.message_digest {
            return Err("does not say what was signed");
        }
        let signer_der = parts
            .certificates
            .iter()
            .copied()
            .find(|certificate| {
                digest(attributes.certificate_digest, certificate).as_ref()
                    == attributes.certificate_hash
            })
            .ok_or("does not include the certificate that it names as its signer's")?;
        let signer = Certificate::read(signer_der).ok_or("carries an invalid certificate")?;
        parts.check_signature(signer_der)?;
        let (imprint, at, nonce) = info(parts.info).ok_or(UNREADABLE)?;
        if !signer.is_for_stamping {
            return Err("was signed with a certificate that is not only for time stamping");
        }
        if at < signer.from || at > signer.until {
            return Err("was signed with a certificate that was not valid at its time");
        }
        let certificates = parts.certificates;
        Ok(Self { imprint, at, nonce, signer, signer_der, certificates })
    }
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut outer = Der::of(bytes);
        let mut content = outer.inside(SEQUENCE).filter(|_| outer.is_empty())?;
        if content.take(OID)? != SIGNED_DATA {
            return None;
        }
        let mut signed = content.inside(context(0))?.inside(SEQUENCE)?;
        signed.take(INTEGER)?;
        signed.take(SET)?;
        let mut encapsulated = signed.inside(SEQUENCE)?;
        if encapsulated.take(OID)? != TST_INFO {
            return None;
        }
        let info = encapsulated.inside(context(0))?.take(OCTETS)?;
        let mut certificates = Vec::new();
        if let Some(set) = signed.optional(context(0)) {
            let mut set = Der::of(set.value);
            while !set.is_empty() {
                certificates.push(set.any()?.whole);
            }
        }
        signed.optional(context(1));
        let mut signers = signed.inside(SET)?;
        let mut signer = signers.inside(SEQUENCE).filter(|_| signers.is_empty())?;
        signer.take(INTEGER)?;
        // Who signed is told by the signed attributes too, which nobody else can change.
        signer.any()?;
        let digest = signer.inside(SEQUENCE)?.take(OID)?;
        let attributes = signer.optional(context(0))?;
        let algorithm = signer.inside(SEQUENCE)?.take(OID)?;
        let signature = signer.take(OCTETS)?;
        Some(Self { info, certificates, digest, attributes, algorithm, signature })
    }

    fn check_signature(&self, signer: &[u8]) -> Result<(), Fault> {
        // What is signed is the set of attributes, tagged as a set (RFC 5652, 5.4).
        let mut signed = self.attributes.whole.to_vec();
        if let Some(tag) = signed.first_mut() {
            *tag = SET;
        }
        let der = CertificateDer::from(signer);
        let certificate =
            EndEntityCert::try_from(&der).map_err(|_| "carries an invalid certificate")?;
        let known = algorithms_of(self.algorithm, self.digest);
        if known.is_empty() {
            return Err("is signed by an algorithm that is unknown or too weak");
        }
        let holds = |algorithm: &&dyn SignatureVerificationAlgorithm| {
            certificate.verify_signature(*algorithm, &signed, self.signature).is_ok()
        };
        match known.iter().any(holds) {
            true => Ok(()),
            false => Err("carries an invalid signature"),
        }
    }
}

/// What the signed attributes say.
struct Attributes<'a> {
    content_type: &'a [u8],
    message_digest: &'a [u8],
    certificate_digest: &'static Algorithm,
    certificate_hash: &'a [u8],
}

impl<'a> Attributes<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (mut content_type, mut message_digest, mut certificate) = (None, None, None);
        let mut attributes = Der::of(bytes);
        while !attributes.is_empty() {
            let mut attribute = attributes.inside(SEQUENCE)?;
            let (id, mut values) = (attribute.take(OID)?, attribute.inside(SET)?);
            let twice = match id {
                CONTENT_TYPE => content_type.replace(values.take(OID)?).is_some(),
                MESSAGE_DIGEST => message_digest.replace(values.take(OCTETS)?).is_some(),
                SIGNING_CERTIFICATE | SIGNING_CERTIFICATE_2 => {
                    let mut first = values.inside(SEQUENCE)?.inside(SEQUENCE)?.inside(SEQUENCE)?;
                    let stated = first.optional(SEQUENCE);
                    let algorithm = match (id, stated) {
                        (SIGNING_CERTIFICATE, _) => &SHA1_FOR_LEGACY_USE_ONLY,
                        (_, Some(stated)) => digest_of(Der::of(stated.value).take(OID)?)?,
                        (_, None) => &SHA256,
                    };
                    let hash = first.take(OCTETS)?;
                    // Some name it in both ways; the stronger counts.
                    if id == SIGNING_CERTIFICATE_2 || certificate.is_none() {
                        certificate = Some((algorithm, hash));
                    }
                    false
                }
                _ => false,
            };
            if twice {
                return None;
            }
        }
        let (certificate_digest, certificate_hash) = certificate?;
        Some(Self {
            content_type: content_type?,
            message_digest: message_digest?,
            certificate_digest,
            certificate_hash,
        })
    }
}

/// The imprint, the time and the nonce.
type Info<'a> = (&'a [u8], Timestamp, Option<&'a [u8]>);

/// Reads `TSTInfo`; `None` also where the imprint is no SHA-256.
fn info(bytes: &[u8]) -> Option<Info<'_>> {
    let mut info = Der::of(bytes).inside(SEQUENCE)?;
    info.take(INTEGER).filter(|version| *version == [1])?;
    info.take(OID)?;
    let mut imprint = info.inside(SEQUENCE)?;
    imprint.inside(SEQUENCE)?.take(OID).filter(|id| *id == SHA256_OID)?;
    let hash = imprint.take(OCTETS)?;
    info.take(INTEGER)?;
    let at = time(GENERALIZED_TIME, info.take(GENERALIZED_TIME)?)?;
    let mut nonce = None;
    while let Some(element) = info.any() {
        if element.tag == INTEGER {
            nonce = Some(element.value);
        }
    }
    Some((hash, at, nonce))
}

fn digest_of(id: &[u8]) -> Option<&'static Algorithm> {
    match id {
        SHA256_OID => Some(&SHA256),
        SHA384_OID => Some(&SHA384),
        SHA512_OID => Some(&SHA512),
        _ => None,
    }
}

/// The algorithms that a signer can mean; which curve it is, the key tells.
fn algorithms_of(
    algorithm: &[u8],
    digest: &[u8],
) -> Vec<&'static dyn SignatureVerificationAlgorithm> {
    const ANY: u8 = 1;
    const PSS: u8 = 10;
    let bits = match (algorithm.strip_prefix(RSA), algorithm.strip_prefix(ECDSA)) {
        (Some([11]), _) | (_, Some([2])) => 256,
        (Some([12]), _) | (_, Some([3])) => 384,
        (Some([13]), _) | (_, Some([4])) => 512,
        _ => match digest {
            SHA256_OID => 256,
            SHA384_OID => 384,
            SHA512_OID => 512,
            _ => 0,
        },
    };
    let last = algorithm.last().copied().unwrap_or_default();
    if algorithm == ED25519 {
        vec![algorithms::ED25519]
    } else if algorithm.strip_prefix(ECDSA).is_some_and(|rest| rest.len() == 1) {
        match bits {
            256 => vec![
                algorithms::ECDSA_P256_SHA256,
                algorithms::ECDSA_P384_SHA256,
                algorithms::ECDSA_P521_SHA256,
            ],
            384 => vec![
                algorithms::ECDSA_P256_SHA384,
                algorithms::ECDSA_P384_SHA384,
                algorithms::ECDSA_P521_SHA384,
            ],
            512 => vec![
                algorithms::ECDSA_P256_SHA512,
                algorithms::ECDSA_P384_SHA512,
                algorithms::ECDSA_P521_SHA512,
            ],
            _ => vec![],
        }
    } else if algorithm.strip_prefix(RSA).is_some_and(|rest| rest.len() == 1) {
        match (last, bits) {
            (PSS, 256) => vec![algorithms::RSA_PSS_2048_8192_SHA256_LEGACY_KEY],
            (PSS, 384) => vec![algorithms::RSA_PSS_2048_8192_SHA384_LEGACY_KEY],
            (PSS, 512) => vec![algorithms::RSA_PSS_2048_8192_SHA512_LEGACY_KEY],
            (ANY | 11..=13, 256) => vec![algorithms::RSA_PKCS1_2048_8192_SHA256],
            (ANY | 11..=13, 384) => vec![algorithms::RSA_PKCS1_2048_8192_SHA384],
            (ANY | 11..=13, 512) => vec![algorithms::RSA_PKCS1_2048_8192_SHA512],
            _ => vec![],
        }
    } else {
        vec![]
    }
}
