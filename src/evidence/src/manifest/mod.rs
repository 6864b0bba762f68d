//! The manifest: which files a bundle holds and what was concluded, stated for signing.
//!
//! An in-toto Statement with a test-result predicate, in a DSSE envelope, so that tools of that
//! family read it. It is made from the bundle's own content and nothing else: no byte of it is
//! free, and whoever holds the content can make it again and compare. Nothing is stated that does
//! not follow from the files beside it.
//!
//! The statement itself, field by field in the order in which it is written. Unknown fields are an
//! error: what is not stated here was not stated by this format.
//!
//! What the manifest repeats of `results.json`: which run it was and how each test ended. Unknown
//! fields are passed over, so that results may grow without a new manifest format.
//!
//! The DSSE envelope around the manifest: payload, and the signature where there is one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::{PackInfo, RunId, Standing, Strength, Timestamp, ToolInfo, Verdict, Who};
use serde::{Deserialize, Serialize};

use crate::inventory::{FileDigest, Inventory};
use crate::stamp::TIMESTAMP_FILE;
use crate::{BundleKey, BundlePublicKey};

/// Where the manifest lies in a run's folder.
pub const MANIFEST_FILE: &str = "manifest.dsse.json";
/// Where the public half of the key that signed it lies.
pub const SIGNING_KEY_FILE: &str = "signing-key.pem";
/// The name and version of letterproof's part of the manifest.
pub const MANIFEST_FORMAT: &str = "letterproof-manifest/1";

const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
const PREDICATE_TYPE: &str = "https://in-toto.io/attestation/test-result/v0.1";
/// The files that tell what a run was asked to do and against what.
const CONFIGURATION: [&str; 3] = ["context.json", "environment.json", "run.json"];

/// An in-toto Statement, version 1, about the files of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Statement {
    /// Which statement format it is.
    #[serde(rename = "_type")]
    pub statement_type: String,
    /// Every file of the bundle but the manifest, sorted by name.
    pub subject: Vec<Subject>,
    /// Which predicate format it is.
    pub predicate_type: String,
    /// What is stated about them.
    pub predicate: Manifest,
}

/// One file, as in-toto describes a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Its name inside the bundle.
    pub name: String,
    /// Its hash.
    pub digest: SubjectDigest,
    /// Its size.
    pub annotations: SubjectNotes,
}

/// A file's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectDigest {
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
}

/// What in-toto's digest leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectNotes {
    /// Length in bytes.
    pub size: u64,
}

/// The test-result predicate, version 0.1, with letterproof's own part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// How the run ended.
    pub result: Outcome,
    /// The files that tell what the run was asked to do.
    pub configuration: Vec<Subject>,
    /// Tests and conformance checks that passed.
    pub passed_tests: Vec<String>,
    /// Those that were not decided, not run or not applicable.
    pub warned_tests: Vec<String>,
    /// Those that failed, or during which the harness did.
    pub failed_tests: Vec<String>,
    /// Which run it was.
    pub letterproof: RunSummary,
}

/// How a run ended, in the words of the test-result predicate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Outcome {
    /// Every required test passed.
    Passed,
    /// Nothing failed, but not everything was shown.
    Warned,
    /// A required test failed, or the harness did.
    Failed,
}

/// Which run it was, and where its journal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSummary {
    /// Always [`MANIFEST_FORMAT`].
    pub format: String,
    /// The run's id.
    pub run: RunId,
    /// The reviewer's nonce, where one was given: the run is younger than it.
    pub nonce: Option<String>,
    /// The test window, where the run belongs to one.
    pub window: Option<u8>,
    /// When the run began.
    pub started: Timestamp,
    /// When its last exchange was judged.
    pub finished: Timestamp,
    /// What recorded and judged it.
    pub tool: ToolInfo,
    /// The pack it was judged by.
    pub pack: PackInfo,
    /// What it went against.
    pub target: TargetName,
    /// What its results prove, and where; absent in runs of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standing: Option<Standing>,
    /// Who stands behind it, as far as that was stated.
    #[serde(default, skip_serializing_if = "Who::is_empty")]
    pub who: Who,
    /// The journal's end.
    pub journal: JournalHead,
}

/// What a run went against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetName {
    /// The target's name.
    pub name: String,
    /// The API's base URL.
    pub base_url: String,
}

/// Where the journal's hash chain ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalHead {
    /// Whole lines, the header among them.
    pub lines: u64,
    /// SHA-256 of the last whole line.
    pub head: String,
    /// Whether a torn line follows, as a killed run leaves it.
    pub torn_tail: bool,
}

/// Whether a manifest lists a file: neither itself nor the time stamp over it.
pub(crate) fn is_listed(name: &str) -> bool {
    name != MANIFEST_FILE && name != TIMESTAMP_FILE
}

impl Statement {
    /// The one statement that this content has; `None` without a journal.
    pub(crate) fn of(inventory: &Inventory, facts: Facts) -> Option<Self> {
        let journal = inventory.journal.as_ref()?;
        let describe = |(name, digest): (&String, &FileDigest)| Subject {
            name: name.clone(),
            digest: SubjectDigest { sha256: digest.sha256.clone() },
            annotations: SubjectNotes { size: digest.size },
        };
        let listed = || inventory.files.iter().filter(|(name, _)| is_listed(name));
        let is_configuration = |name: &str| CONFIGURATION.contains(&name);
        let predicate = Manifest {
            result: facts.outcome(),
            configuration: listed()
                .filter(|(name, _)| is_configuration(name))
                .map(describe)
                .collect(),
            passed_tests: facts.tests(Outcome::Passed),
            warned_tests: facts.tests(Outcome::Warned),
            failed_tests: facts.tests(Outcome::Failed),
            letterproof: RunSummary {
                format: MANIFEST_FORMAT.to_owned(),
                run: facts.run.id,
                nonce: facts.run.nonce,
                window: facts.run.window,
                started: facts.run.started,
                finished: facts.run.finished,
                tool: facts.run.tool,
                pack: facts.run.pack,
                target: facts.run.target,
                standing: facts.run.standing,
                who: facts.run.who,
                journal: JournalHead {
                    lines: journal.lines,
                    head: journal.head.clone(),
                    torn_tail: journal.torn_tail,
                },
            },
        };
        Some(Self {
            statement_type: STATEMENT_TYPE.to_owned(),
            subject: listed().map(describe).collect(),
            predicate_type: PREDICATE_TYPE.to_owned(),
            predicate,
        })
    }

    /// The one way to write it down.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// A file's entry.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&Subject> {
        self.subject.iter().find(|subject| subject.name == name)
    }
}

/// The part of `results.json` that the manifest rests on.
#[derive(Debug, Deserialize)]
pub(crate) struct Facts {
    pub(crate) run: RunFacts,
    tests: Vec<Judged>,
    conformance: Vec<Judged>,
    #[serde(default)]
    observer: Vec<Judged>,
    exit_code: u8,
}

/// Which run it was.
#[derive(Debug, Deserialize)]
pub(crate) struct RunFacts {
    pub(crate) id: RunId,
    pub(crate) started: Timestamp,
    pub(crate) finished: Timestamp,
    pub(crate) tool: ToolInfo,
    pub(crate) pack: PackInfo,
    pub(crate) target: TargetName,
    pub(crate) window: Option<u8>,
    pub(crate) nonce: Option<String>,
    #[serde(default)]
    pub(crate) standing: Option<Standing>,
    #[serde(default)]
    pub(crate) who: Who,
}

/// A test of the pack or a check of the conformance suite.
#[derive(Debug, Deserialize)]
struct Judged {
    id: String,
    verdict: Verdict,
    #[serde(default)]
    strength: Option<Strength>,
}

impl Facts {
    /// Reads `results.json`; `None` when it is no results document.
    pub(crate) fn read(results: &[u8]) -> Option<Self> {
        serde_json::from_slice(results).ok()
    }

    /// How the run ended: as its exit code says (0 passed, 3 incomplete, else failed), but for a
    /// failure that did not decide, being optional or waived: it stays a failure, and is warned of.
    pub(crate) fn outcome(&self) -> Outcome {
        let mut deciding = self.tests.iter().chain(&self.conformance);
        match self.exit_code {
            0 if !deciding.any(|test| test.ended() == Outcome::Failed) => Outcome::Passed,
            0 | 3 => Outcome::Warned,
            _ => Outcome::Failed,
        }
    }

    /// The tests and checks that ended so, in the order of the results.
    pub(crate) fn tests(&self, outcome: Outcome) -> Vec<String> {
        let all = self.tests.iter().chain(&self.conformance).chain(&self.observer);
        all.filter(|test| test.ended() == outcome).map(|test| test.id.clone()).collect()
    }
}

impl Judged {
    /// What was not decided is a warning, and so is advice that was not followed.
    fn ended(&self) -> Outcome {
        match self.verdict {
            Verdict::Pass => Outcome::Passed,
            Verdict::Fail if self.strength == Some(Strength::Ours) => Outcome::Warned,
            Verdict::Fail | Verdict::Error => Outcome::Failed,
            Verdict::Inconclusive | Verdict::NotRun | Verdict::NotApplicable => Outcome::Warned,
        }
    }
}

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
            return Err(Unsound("does not hold an in-toto statement"));
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
            _ => Err(Unsound("is not written as letterproof writes it")),
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

    fn outcome(verdict: &str, observed: &str, exit_code: u8) -> Outcome {
        let text = format!(
            r#"{{"run":{{"id":"r","started":"2026-08-21T10:00:00Z","finished":"2026-08-21T10:00:00Z",
            "tool":{{"version":"1","commit":"c"}},"pack":{{"version":"p"}},"later":1,
            "target":{{"name":"mock","base_url":"b","capabilities":["unheard-of"]}},
            "window":null,"nonce":null}},"tests":[{{"id":"AT1","verdict":"{verdict}"}}],
            "conformance":[],"observer":[{{"id":"O-1","verdict":"{observed}"}}],
            "exit_code":{exit_code}}}"#
        );
        Facts::read(text.as_bytes()).unwrap().outcome()
    }

    #[test]
    fn the_outcome_follows_the_exit_code_and_never_hides_a_failure() {
        assert_eq!(outcome("pass", "pass", 0), Outcome::Passed);
        assert_eq!(outcome("pass", "fail", 0), Outcome::Passed);
        assert_eq!(outcome("not-applicable", "pass", 0), Outcome::Passed);
        assert_eq!(outcome("fail", "pass", 0), Outcome::Warned);
        assert_eq!(outcome("not-run", "pass", 3), Outcome::Warned);
        for code in [1, 2, 4] {
            assert_eq!(outcome("pass", "pass", code), Outcome::Failed);
        }
    }

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
