//! `attestations.json`, and how attached files are named in a bundle.
//! Refuses other format versions than this and the two before, the first of which was no chain, and
//! names that could clash or lead elsewhere.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::Date;
use letterproof_model::{CriterionId, Timestamp};
use serde::{Deserialize, Serialize};

use super::chain::AttestationSignature;
use super::{
    ATTACHMENTS_FOLDER, ATTESTATIONS_FILE, ATTESTATIONS_FORMAT, ATTESTATIONS_FORMAT_1,
    ATTESTATIONS_FORMAT_2,
};
use crate::EvidenceError;
use crate::opened::Opened;

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
