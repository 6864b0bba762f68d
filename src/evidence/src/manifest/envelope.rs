//! The DSSE envelope around the manifest: payload, and the signature where there is one.
//! Refuses every spelling of an envelope but the one this module writes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::{BundleKey, BundlePublicKey};

const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// An envelope as it stands in the file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    payload_type: String,
    payload: String,
    signatures: Vec<WrittenSignature>,
}

#[derive(Serialize, Deserialize)]
struct WrittenSignature {
    keyid: String,
    sig: String,
}

/// A payload, signed or not.
pub(crate) struct Envelope {
    /// The manifest's bytes.
    pub(crate) payload: Vec<u8>,
    /// The signature, where there is one.
    pub(crate) signature: Option<EnvelopeSignature>,
}

/// A signature and the key it names.
pub(crate) struct EnvelopeSignature {
    pub(crate) key_id: String,
    bytes: Vec<u8>,
}

/// Why a file is no envelope of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsound(pub(crate) &'static str);

impl Envelope {
    /// Wraps a payload and signs it where a key is given.
    pub(crate) fn of(payload: Vec<u8>, key: Option<&BundleKey>) -> Self {
        let signature = key.map(|key| EnvelopeSignature {
            key_id: key.public().key_id(),
            bytes: key.sign(&signed_bytes(PAYLOAD_TYPE, &payload)),
        });
        Self { payload, signature }
    }

    /// The one way to write this envelope down.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let signatures = self.signature.iter().map(|signature| WrittenSignature {
            keyid: signature.key_id.clone(),
            sig: STANDARD.encode(&signature.bytes),
        });
        let written = Written {
            payload_type: PAYLOAD_TYPE.to_owned(),
            payload: STANDARD.encode(&self.payload),
            signatures: signatures.collect(),
        };
        let mut bytes = serde_json::to_vec(&written)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Reads an envelope.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Unsound> {
        let written: Written =
            serde_json::from_slice(bytes).map_err(|_| Unsound("is not a DSSE envelope"))?;
        if written.payload_type != PAYLOAD_TYPE {
            return Err(Unsound("holds something else than an in-toto statement"));
        }
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|_| Unsound("holds a payload or signature that is not base64"))
        };
        let signature = match written.signatures.as_slice() {
            [] => None,
            [one] => {
                let (key_id, bytes) = (one.keyid.clone(), decode(&one.sig)?);
                Some(EnvelopeSignature { key_id, bytes })
            }
            _ => return Err(Unsound("holds more than one signature")),
        };
        let envelope = Self { payload: decode(&written.payload)?, signature };
        match envelope.to_bytes() {
            Ok(canonical) if canonical == bytes => Ok(envelope),
            _ => Err(Unsound("is not spelled as letterproof writes it")),
        }
    }

    /// Whether this key made the signature.
    pub(crate) fn is_signed_by(&self, key: &BundlePublicKey) -> bool {
        self.signature.as_ref().is_some_and(|signature| {
            signature.key_id == key.key_id()
                && key.verifies(&signed_bytes(PAYLOAD_TYPE, &self.payload), &signature.bytes)
        })
    }
}

/// What is signed: DSSE's pre-authentication encoding, version 1.
pub(crate) fn signed_bytes(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_signed_is_what_the_dsse_protocol_says() {
        assert_eq!(
            signed_bytes(PAYLOAD_TYPE, b"{}"),
            b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
        );
    }

    #[test]
    fn an_envelope_is_read_back_and_only_its_key_fits() {
        let (key, other) = (BundleKey::generate().unwrap(), BundleKey::generate().unwrap());
        let bytes = Envelope::of(b"{}".to_vec(), Some(&key)).to_bytes().unwrap();
        let envelope = Envelope::read(&bytes).unwrap();
        assert_eq!(envelope.payload, b"{}");
        assert!(envelope.is_signed_by(key.public()));
        assert!(!envelope.is_signed_by(other.public()));
        let unsigned = Envelope::of(b"{}".to_vec(), None).to_bytes().unwrap();
        assert!(!Envelope::read(&unsigned).unwrap().is_signed_by(key.public()));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        let bytes = Envelope::of(b"{}".to_vec(), None).to_bytes().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("\n", ""),
            ("\":", "\": "),
            ("in-toto", "other"),
            ("e30=", "e30"),
            ("e30=", "e31="),
            ("\"signatures\":[]", "\"signatures\":[],\"x\":1"),
            ("[]", "[{\"keyid\":\"a\",\"sig\":\"\"},{\"keyid\":\"b\",\"sig\":\"\"}]"),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text, "{from}");
            assert!(Envelope::read(changed.as_bytes()).is_err(), "{from} -> {to}");
        }
    }
}
