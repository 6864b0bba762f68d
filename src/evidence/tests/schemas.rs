//! The manifest and the attestations that are written are as `schemas/` describes them.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use base64::Engine as _;
use common::bundle;
use letterproof_evidence::{
    ATTESTATIONS_FILE, BundleKey, EvidenceError, MANIFEST_FILE, NewAttestation, Sealing,
    Withdrawal, attest, withdraw,
};
use letterproof_model::CriterionId;
use serde_json::Value;

fn faults(schema: &str, document: &Value) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(schema);
    let schema = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

#[test]
fn what_is_written_is_as_the_schemas_say() {
    let out = tempfile::tempdir().unwrap();
    let key = BundleKey::generate().unwrap();
    let (folder, _) = bundle(&out.path().join("evidence"), Some(&key));
    let proof = out.path().join("proof 1.pdf");
    fs::write(&proof, "%PDF-1.7").unwrap();
    let new = NewAttestation {
        criterion: CriterionId::fixed("AT3.7"),
        statement: "One job was made for each letter.".into(),
        name: "A. Sample".into(),
        role: "production manager".into(),
        fact_date: "2026-08-20".parse().unwrap(),
        given_at: letterproof_model::now(),
    };
    attest::<EvidenceError>(&folder, new, &[proof], Sealing::Signed(&key), |_| Ok(())).unwrap();
    let back = Withdrawal {
        number: 1,
        reason: "It was of another day.".into(),
        name: "A. Sample".into(),
        role: "production manager".into(),
        given_at: letterproof_model::now(),
    };
    withdraw::<EvidenceError>(&folder, back, Sealing::Signed(&key), |_| Ok(())).unwrap();

    let read = |name: &str| -> Value {
        serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let payload = read(MANIFEST_FILE)["payload"].as_str().unwrap().to_owned();
    let payload = base64::engine::general_purpose::STANDARD.decode(payload).unwrap();
    let mut manifest: Value = serde_json::from_slice(&payload).unwrap();
    assert_eq!(faults("manifest.json", &manifest), [""; 0]);
    let mut attestations = read(ATTESTATIONS_FILE);
    assert_eq!(faults("attestations.json", &attestations), [""; 0]);

    manifest["predicate"]["letterproof"]["new"] = 1.into();
    assert_eq!(faults("manifest.json", &manifest).len(), 1);
    attestations["attestations"][0]["files"][0]["size"] = 0.into();
    assert_eq!(faults("attestations.json", &attestations).len(), 1);
}
