//! How attestations are held together: each names the hash of the one before, the first that of the
//! journal's header, and each is signed by itself where a key is given.
//!
//! One that is rewritten no longer has the hash that was printed when it was given, nor that which
//! the next one names. Refuses to sign for others: what an earlier version wrote stays unsigned.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::record::{Attestation, Attestations};
use super::{ATTESTATIONS_FORMAT, ATTESTATIONS_FORMAT_2};
use crate::digest::sha256_hex;
use crate::journal::LINE_LIMIT;
use crate::manifest::signed_bytes;
use crate::opened::Opened;
use crate::{BundleKey, BundlePublicKey, EvidenceError, JOURNAL_FILE};

/// The DSSE payload type of an attestation.
const PAYLOAD_TYPE: &str = "application/vnd.letterproof.attestation+json";

/// Who signed an attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttestationSignature {
    /// The public key, DER, in base64.
    pub key: String,
    /// The Ed25519 signature over DSSE's pre-authentication encoding, in base64.
    pub sig: String,
}

/// Why a list of attestations is not as it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unheld {
    /// The one at this place does not name the hash of the one before.
    Chain(usize),
    /// The signature of the one at this place does not hold.
    Signature(usize),
    /// The one at this place withdraws nothing that was in force.
    Withdrawal(usize),
}

impl Attestation {
    /// Its SHA-256, over its JSON on one line, signature included.
    #[must_use]
    pub fn hash(&self) -> String {
        sha256_hex(&self.to_bytes())
    }

    /// The key that signed it, by its id; `None` where it is unsigned or the signature does not
    /// hold.
    #[must_use]
    pub fn signed_by(&self) -> Option<String> {
        let AttestationSignature { key, sig } = self.signature.as_ref()?;
        let key = BundlePublicKey::from_der(&STANDARD.decode(key).ok()?)?;
        let message = signed_bytes(PAYLOAD_TYPE, &self.unsigned());
        key.verifies(&message, &STANDARD.decode(sig).ok()?).then(|| key.key_id())
    }

    pub(super) fn sign(&mut self, key: &BundleKey) {
        let message = signed_bytes(PAYLOAD_TYPE, &self.unsigned());
        self.signature = Some(AttestationSignature {
            key: STANDARD.encode(key.public().to_der()),
            sig: STANDARD.encode(key.sign(&message)),
        });
    }

    fn unsigned(&self) -> Vec<u8> {
        Self { signature: None, ..self.clone() }.to_bytes()
    }

    fn to_bytes(&self) -> Vec<u8> {
        // Texts, numbers and times only: serialising them into memory cannot fail.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl Attestations {
    /// Chains a list that an earlier version wrote without.
    pub(super) fn chain(&mut self, root: &str) {
        if !self.is_chained() {
            let mut before = root.to_owned();
            for old in &mut self.attestations {
                old.prev = Some(before);
                before = old.hash();
            }
        }
        self.format = ATTESTATIONS_FORMAT.to_owned();
    }

    /// Appends one to a list that is chained, signed where a key is given.
    pub(super) fn add(&mut self, new: Attestation, root: &str, key: Option<&BundleKey>) {
        let before = self.attestations.last().map_or_else(|| root.to_owned(), Attestation::hash);
        let mut new = Attestation { prev: Some(before), ..new };
        if let Some(key) = key {
            new.sign(key);
        }
        self.attestations.push(new);
    }

    /// Whether the list is of a format in which each names the one before.
    #[must_use]
    pub fn is_chained(&self) -> bool {
        [ATTESTATIONS_FORMAT, ATTESTATIONS_FORMAT_2].contains(&self.format.as_str())
    }

    /// Whether each follows from the one before, the first from the journal with this root, every
    /// signature holds, and each withdrawal is of a statement before it. Lists of the first format
    /// are no chain.
    pub(crate) fn unheld(&self, root: &str) -> Vec<Unheld> {
        let mut found = Vec::new();
        let mut before = root.to_owned();
        let mut in_force = BTreeMap::new();
        for (place, one) in self.attestations.iter().enumerate() {
            let is_chained = self.is_chained() || one.prev.is_some() || one.signature.is_some();
            if is_chained && one.prev.as_deref() != Some(&before) {
                found.push(Unheld::Chain(place));
            }
            if one.signature.is_some() && one.signed_by().is_none() {
                found.push(Unheld::Signature(place));
            }
            before = one.hash();
            match &one.withdraws {
                None => {
                    in_force.insert(before.clone(), &one.criterion);
                }
                Some(hash) if in_force.remove(hash) == Some(&one.criterion) => {}
                Some(_) => found.push(Unheld::Withdrawal(place)),
            }
        }
        found
    }
}

/// What the first attestation of a run names: the SHA-256 of the first line of its journal, which
/// stays the same when the run is resumed.
///
/// # Errors
/// When the journal cannot be read.
pub(crate) fn root(opened: &Opened) -> Result<String, EvidenceError> {
    let path = opened.path().join(JOURNAL_FILE);
    let mut line = Vec::new();
    BufReader::new(opened.reader(JOURNAL_FILE)?.take(LINE_LIMIT))
        .read_until(b'\n', &mut line)
        .map_err(EvidenceError::io("read", path, "check that the file is there and readable"))?;
    Ok(sha256_hex(line.strip_suffix(b"\n").unwrap_or(&line)))
}
