//! Keys: what a supplier gives as its private key, the key set it registered, and the keys that
//! bundles are signed with. A line `=== JWKS` parts the PEM from the key set; `{{n}}` in the latter
//! stands for the modulus of a key made for the process. No key but its own set fits a key, and no
//! refusal shows what it refuses.

use std::path::Path;
use std::sync::OnceLock;

use letterproof_client::{KeyMatch, SigningKey};
use letterproof_evidence::{BundleKey, BundlePublicKey, EvidenceError};

use crate::case::{CANARY, as_file, named, text, twice};

const NEXT: &str = "\n=== JWKS\n";
const FILE: &str = "key.pem";
const KID: &str = "fuzz-1";

/// Bytes as a key and its key set.
pub fn jwks(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let (pem, set) = text.split_once(NEXT).unwrap_or((text, text));
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
    as_file(FILE, pem.as_bytes(), |path| {
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
    named(FILE, read);
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
