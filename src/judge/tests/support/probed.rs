//! What the conformance suite finds in a script.

use letterproof_contract::Contract;
use letterproof_judge::conformance::judge_conformance;
use letterproof_model::CheckResult;

use super::script::{Script, letters};

/// The results of the suite over a script.
pub fn judged(script: &Script) -> Vec<CheckResult> {
    judge_conformance(&script.journal(), &script.context, Contract::built_in().unwrap())
}

/// The result of one check among these.
pub fn of<'a>(id: &str, results: &'a [CheckResult]) -> &'a CheckResult {
    results.iter().find(|result| result.id.as_str() == id).unwrap()
}

/// A script in which the letters and the record that probes need are known, sent by the harness.
pub fn known() -> Script {
    let mut script = Script::pack();
    script.token().list(100, &letters(3)).harness();
    script.mi("M1", &serde_json::json!({"lineItem": "x", "timestamp": "t", "quantity": 1}));
    script
}
