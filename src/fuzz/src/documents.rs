//! Documents that people hand in: features, keys and official specifications.
//!
//! Features are read as far as a run reads them before any traffic: parsing, phrases, selection, and
//! the plan with its costs. A refusal names the file.
//!
//! Keys are what a supplier gives as its private key, the key set it registered, and the keys that
//! bundles are signed with. A line `=== JWKS` parts the PEM from the key set; `{{n}}` in the latter
//! stands for the modulus of a key made for the process. No key but its own set fits a key, and no
//! refusal shows what it refuses.
//!
//! Specifications come in one file or in several of one folder. A line `=== NAME` begins another
//! file; without one, what looks like JSON is read as JSON and all else as YAML. Comparing and
//! checking by a specification must both give the same result twice.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use cucumber::World as _;
use letterproof_client::{KeyMatch, SigningKey};
use letterproof_contract::Contract;
use letterproof_contract::drift::compare_file;
use letterproof_evidence::{BundleKey, BundlePublicKey, EvidenceError};
use letterproof_model::{Context, TestId};
use letterproof_steps::plan::{Outlook, plan};
use letterproof_steps::{FeatureSet, SupplierWorld};

use crate::common::{CANARY, as_file, in_folder, is_inside, named, text, twice};

const FEATURE: &str = "own.feature";
/// Bytes as a feature file.
pub fn feature(data: &[u8]) {
    let Some(text) = text(data) else { return };
    in_folder(|folder| {
        let folder = folder.join("features");
        fs::create_dir_all(&folder).expect("a folder for the feature");
        fs::write(folder.join(FEATURE), text).expect("the feature file");
        let shape = |set: &FeatureSet| {
            let steps: Vec<String> = set.step_texts().map(str::to_owned).collect();
            (set.tests(), set.scenario_count(), steps)
        };
        let read = twice(|| FeatureSet::from_folder(&folder).map(|set| shape(&set)));
        if named(FEATURE, read).is_none() {
            return;
        }
        let set = FeatureSet::from_folder(&folder).expect("it was read before");
        let known = twice(|| set.check_steps(&SupplierWorld::collection()));
        if named(FEATURE, known).is_some() {
            planned(&set);
        }
        selected(set);
    });
}

fn planned(set: &FeatureSet) {
    let outlook = || Outlook::fresh(Context::stand_in("http://127.0.0.1:9"), true);
    let total = |planned: letterproof_steps::plan::Plan| format!("{:?}", planned.total());
    named(FEATURE, twice(|| plan(set, outlook()).map(total)));
}

/// What is selected is there, and no more than there was.
fn selected(set: FeatureSet) {
    let tests: Vec<TestId> = set.tests();
    for test in tests {
        let kept = set.clone().select(&[test]).expect("a test that the features hold");
        assert!((1..=set.scenario_count()).contains(&kept.scenario_count()));
    }
    assert_eq!(set.clone().select(&[]).is_ok(), set.scenario_count() > 0);
    assert_eq!(set.of_suites(false, false).scenario_count(), 0);
}

const KEY_SET: &str = "\n=== JWKS\n";
const KEY: &str = "key.pem";
const KID: &str = "fuzz-1";

/// Bytes as a key and its key set.
pub fn jwks(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (pem, set) = text.split_once(KEY_SET).unwrap_or((text, text));
    let taken = |key: SigningKey| (key.bits(), key.jwks());
    let read = twice(|| SigningKey::from_pem(KID, pem.into()).map(taken));
    match read {
        Ok((bits, jwks)) => {
            assert!(bits >= 2_048 && jwks.contains(KID), "{bits}");
            assert!(!jwks.contains("\"d\""), "the private half in the key set");
        }
        Err(message) => assert!(!message.contains(CANARY), "a refusal shows a key: {message}"),
    }
    matched(set);
    as_file(KEY, pem.as_bytes(), |path| {
        kept_to_itself(path, |path| BundleKey::read(path).map(|key| key.public().key_id()));
        kept_to_itself(path, |path| BundlePublicKey::read(path).map(|key| key.key_id()));
    });
}

fn matched(set: &str) {
    let (key, modulus) = own();
    let set = set.replace("{{n}}", modulus);
    let found = key.matches(&set);
    assert_eq!(found, key.matches(&set), "two readings of the same bytes");
    assert!(found != KeyMatch::Fits || set.contains(modulus), "it fits without its modulus");
}

fn kept_to_itself(path: &Path, read: impl Fn(&Path) -> Result<String, EvidenceError>) {
    let read = twice(|| read(path));
    assert!(!matches!(&read, Err(message) if message.contains(CANARY)), "{read:?}");
    named(KEY, read);
}

/// A key made for this process, and its modulus as key sets write it.
fn own() -> &'static (SigningKey, String) {
    static OWN: OnceLock<(SigningKey, String)> = OnceLock::new();
    OWN.get_or_init(|| {
        let key = SigningKey::generate(KID).expect("a key");
        let set: serde_json::Value = serde_json::from_str(&key.jwks()).expect("its key set");
        assert_eq!(key.matches(&key.jwks()), KeyMatch::Fits);
        let modulus = set["keys"][0]["n"].as_str().expect("its modulus").to_owned();
        (key, modulus)
    })
}

const NEXT_FILE: &str = "\n=== ";
/// The most files one input is split into.
const FILES: usize = 8;

/// Bytes as an OpenAPI document.
pub fn openapi(data: &[u8]) {
    let Some(text) = text(data) else { return };
    in_folder(|folder| {
        let folder = folder.join("specification");
        if folder.exists() {
            fs::remove_dir_all(&folder).expect("the last case's files out of the way");
        }
        fs::create_dir(&folder).expect("a folder for the files");
        let entry = written(&folder, text);
        let path = folder.join(entry);
        let read = twice(|| compare_file(&path));
        // The fault may be in another file than the first, which the message names instead.
        if let (Err(message), false) = (&read, text.contains(NEXT_FILE)) {
            assert!(message.contains(entry), "an error that does not name its file: {message}");
        }
        let digest = |contract: Contract| contract.specification().map(str::to_owned);
        let used = twice(|| Contract::from_specification(&path).map(digest));
        assert!(read.is_ok() || used.is_err(), "checked by what cannot be compared");
    });
}

/// Writes the files of an input; returns the name of the first.
fn written(folder: &Path, text: &str) -> &'static str {
    let entry = if text.trim_start().starts_with('{') { "entry.json" } else { "entry.yaml" };
    let mut files = text.split(NEXT_FILE).take(FILES);
    fs::write(folder.join(entry), files.next().unwrap_or_default()).expect("the entry file");
    for file in files {
        let (name, content) = file.split_once('\n').unwrap_or((file, ""));
        if is_inside(name) {
            let path = folder.join(name);
            // Two names may want the same place once as a file and once as a folder.
            let _ = path.parent().map(fs::create_dir_all);
            let _ = fs::write(path, content);
        }
    }
    entry
}
