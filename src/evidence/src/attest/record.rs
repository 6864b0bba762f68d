//! `attestations.json`, and how attached files are named in a bundle.
//!
//! How attestations are held together: each names the hash of the one before, the first that of the
//! journal's header, and each is signed by itself where a key is given.
//!
//! One that is rewritten no longer has the hash that was printed when it was given, nor that which
//! the next one names. What an earlier version wrote stays unsigned.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use letterproof_model::{CriterionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::attest::{
    ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, ATTESTATIONS_FORMAT, ATTESTATIONS_FORMAT_1,
    ATTESTATIONS_FORMAT_2,
};
use crate::chain::sha256_hex;
use crate::journal::LINE_LIMIT;
use crate::manifest::signed_bytes;
use crate::opened::Opened;
use crate::{BundleKey, BundlePublicKey, EvidenceError, JOURNAL_FILE};

/// Longest attestations file read, in bytes.
const LIMIT: u64 = 16 << 20;
/// How many characters of its hash begin an attached file's name.
const HASH_SHOWN: usize = 12;
/// Longest name of an attached file, its hash left out.
const NAME_LIMIT: usize = 80;

/// Everything that was attested about a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestations {
    /// [`ATTESTATIONS_FORMAT`], or one before it; in the first nothing was chained or signed, in the
    /// second nobody was named and nothing was withdrawn.
    pub format: String,
    /// In the order in which they were given.
    pub attestations: Vec<Attestation>,
}

/// One thing that a person stated, or that a statement before is withdrawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attestation {
    /// The clause it is about.
    pub criterion: CriterionId,
    /// What was stated, or why the statement before is withdrawn.
    pub statement: String,
    /// Who stated it; absent in the formats before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// In which role.
    pub role: String,
    /// The day on which what is stated was so; absent in the formats before, and of a withdrawal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fact_date: Option<Date>,
    /// When it was given.
    pub given_at: Timestamp,
    /// What shows it.
    pub files: Vec<AttachedFile>,
    /// The hash of the statement before that is withdrawn by this; absent where nothing is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdraws: Option<String>,
    /// The hash of the attestation before, or of the journal's first line; absent in the first
    /// format.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<String>,
    /// Who signed it; absent where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<AttestationSignature>,
}

/// A file attached to an attestation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttachedFile {
    /// Its name, made plain.
    pub name: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: String,
    /// What kind of file it is.
    pub media_type: String,
}

impl Attestations {
    /// The attestations of a bundle; none where it has no such file.
    ///
    /// # Errors
    /// When the file cannot be read or is of another format.
    pub fn of(opened: &Opened) -> Result<Self, EvidenceError> {
        if opened.size(ATTESTATIONS_FILE).is_none() {
            let format = ATTESTATIONS_FORMAT.to_owned();
            return Ok(Self { format, attestations: Vec::new() });
        }
        let path = opened.path().join(ATTESTATIONS_FILE);
        let bytes = opened.read(ATTESTATIONS_FILE, LIMIT)?;
        let read = |format: &'static str| crate::bundle::parse_json(&path, &bytes, format);
        match read(ATTESTATIONS_FORMAT) {
            Err(EvidenceError::Foreign { found, .. }) if found == ATTESTATIONS_FORMAT_2 => {
                read(ATTESTATIONS_FORMAT_2)
            }
            Err(EvidenceError::Foreign { found, .. }) if found == ATTESTATIONS_FORMAT_1 => {
                read(ATTESTATIONS_FORMAT_1)
            }
            read => read,
        }
    }
}

/// A statement, and what became of it.
#[derive(Debug, Clone, Copy)]
pub struct Stated<'a> {
    /// Its place among all attestations of the run, withdrawals counted, from 1.
    pub number: usize,
    /// The statement.
    pub given: &'a Attestation,
    /// What withdrew it; `None` while it is in force.
    pub withdrawn: Option<&'a Attestation>,
}

/// Every statement of a list, each with what withdrew it.
#[must_use]
pub fn stated(attestations: &[Attestation]) -> Vec<Stated<'_>> {
    let withdrawals: BTreeMap<&str, &Attestation> =
        attestations.iter().filter_map(|one| Some((one.withdraws.as_deref()?, one))).collect();
    (1..)
        .zip(attestations)
        .filter(|(_, given)| given.withdraws.is_none())
        .map(|(number, given)| {
            let withdrawn = match withdrawals.is_empty() {
                true => None,
                false => withdrawals.get(given.hash().as_str()).copied(),
            };
            Stated { number, given, withdrawn }
        })
        .collect()
}

impl Attestation {
    /// Who stated it: name and role, or the role alone where nobody was named.
    #[must_use]
    pub fn by(&self) -> String {
        match &self.name {
            Some(name) => format!("{name}, {}", self.role),
            None => self.role.clone(),
        }
    }
}

impl AttachedFile {
    /// Where the file lies in the bundle.
    #[must_use]
    pub fn path(&self, criterion: &CriterionId) -> String {
        let hash: String = self.sha256.chars().take(HASH_SHOWN).collect();
        format!("{ATTACHMENTS_FOLDER}/{criterion}/{hash}-{}", self.name)
    }
}

/// A file's name in small letters, digits and `-_.` alone, its extension kept; where one is given,
/// it is added.
pub(super) fn plain_name(path: &Path, extension: &str) -> String {
    let mut name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if !extension.is_empty() {
        name = format!("{name}.{extension}");
    }
    let mut plain = letterproof_model::plain_name(&name, &['-', '_', '.'], '-');
    while plain.contains("--") {
        plain = plain.replace("--", "-");
    }
    let from = plain.len().saturating_sub(NAME_LIMIT);
    plain[from..].to_owned()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain_and_keep_their_extension() {
        for (name, expected) in [
            ("Proof 1 (final).PDF", "proof-1-final-.pdf"),
            ("Überblick.csv", "-berblick.csv"),
            ("a/b/c.txt", "c.txt"),
            ("log.2026-08-21.log", "log.2026-08-21.log"),
        ] {
            assert_eq!(plain_name(Path::new(name), ""), expected);
        }
        let long = format!("{}.pdf", "x".repeat(300));
        let plain = plain_name(Path::new(&long), "");
        assert!(plain.len() == NAME_LIMIT && plain.ends_with("xxx.pdf"));
    }

    #[test]
    fn an_attached_file_lies_under_its_clause_and_begins_with_its_hash() {
        let file = AttachedFile {
            name: "con.pdf".into(),
            size: 3,
            sha256: crate::sha256_hex(b"abc"),
            media_type: "application/pdf".into(),
        };
        let path = file.path(&CriterionId::fixed("AT12.3"));
        assert_eq!(path, "attachments/AT12.3/ba7816bf8f01-con.pdf");
        assert_eq!(crate::names::fault(&path), None);
    }
}
