//! What the conformance suite finds in a script.

use letterproof_contract::Contract;
use letterproof_judge::conformance::{
    BearerPlan, HeaderPlan, LetterNeed, ProbePlan, judge_conformance, unknown_letter,
};
use letterproof_model::{Body, CheckResult, Content, Verdict};

use super::cases::header;
use super::script::{BASE, Script, letters};

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

/// The result of a check over this script.
pub fn result(id: &str, script: &Script) -> CheckResult {
    of(id, &judged(script)).clone()
}

/// The verdict of a check over this script, and what was seen.
pub fn said(id: &str, script: &Script) -> (Verdict, String) {
    let result = result(id, script);
    (result.verdict, result.criteria[0].observed.clone())
}

/// That nothing was attempted.
pub fn nothing() -> (Verdict, String) {
    (Verdict::NotRun, "nothing".to_owned())
}

/// What is known, and then this.
pub fn after(write: impl FnOnce(&mut Script)) -> Script {
    let mut script = known();
    write(&mut script);
    script
}

/// Sends a probe as a driver would, and answers it with this status.
pub fn send(script: &mut Script, plan: &ProbePlan, status: u16) {
    let id = match plan.letter {
        LetterNeed::Foreign => "foreign-letter",
        LetterNeed::Record => "M1",
        _ => "L1",
    };
    let number = script.exchanges.len();
    script.harness().status().answered(status).edit(|exchange| {
        let request = &mut exchange.request;
        request.method = plan.method.into();
        request.url = format!("{BASE}{}", plan.path_for(id));
        request.headers.clear();
        let mut put = |name: &str, plan: HeaderPlan, usual: Option<String>| {
            let value = match plan {
                HeaderPlan::Usual => usual,
                HeaderPlan::Absent => None,
                HeaderPlan::Value(value) => Some(value.to_owned()),
            };
            request.headers.extend(value.map(|value| header(name, &value)));
        };
        let body = plan.body_for(id);
        let media = body.as_ref().map(|_| "application/vnd.api+json".to_owned());
        put("X-Request-ID", plan.request_id, Some(unknown_letter(number).to_string()));
        put("X-Correlation-ID", plan.correlation_id, Some("correlation".into()));
        put("Content-Type", plan.content_type, media);
        put("Accept", plan.accept, Some("application/vnd.api+json".into()));
        let bearer = match plan.bearer {
            BearerPlan::Session => Some("Bearer redacted:1234".to_owned()),
            BearerPlan::Absent => None,
            BearerPlan::Value(value) => {
                Some(format!("{} redacted:9999", value.split(' ').next().unwrap()))
            }
        };
        request.headers.extend(bearer.map(|value| header("Authorization", &value)));
        request.body = match body {
            None => Body::None,
            Some(text) if text.len() > 50_000 => Body::Opaque(Content {
                length: text.len() as u64,
                sha256: "0".repeat(64),
                pages: None,
                repaired: None,
                problem: None,
            }),
            Some(text) if serde_json::from_str::<serde_json::Value>(&text).is_ok() => {
                Body::Json { text }
            }
            Some(text) => Body::Text { text },
        };
    });
}
