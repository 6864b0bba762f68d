//! A plan as one JSON document, format `letterproof-plan/1`. Every count is a range with `least`
//! and `most`, where `most` is null when nobody can tell.

use std::collections::BTreeMap;
use std::time::Duration;

use letterproof_steps::plan::{Bill, Need, Range, ScenarioPlan};
use serde_json::{Map, Value, json};

use letterproof_harness::{Planned, shortage};

/// The name and version of the format.
const PLAN_FORMAT: &str = "letterproof-plan/1";

/// Renders a plan.
pub(crate) fn render(planned: &Planned) -> Value {
    let target = &planned.target;
    let (least, most) = planned.plan.time();
    let short: Vec<String> = planned.plan.shortfalls().map(|short| shortage(&short)).collect();
    let perhaps: Vec<String> =
        planned.plan.possible_shortfalls().map(|short| shortage(&short)).collect();
    let suffices = match (short.is_empty(), perhaps.is_empty()) {
        (true, true) => "yes",
        (true, false) => "perhaps",
        (false, _) => "no",
    };
    json!({
        "format": PLAN_FORMAT,
        "target": {
            "name": target.name,
            "base_url": (!planned.embedded).then(|| target.base_url.as_str().trim_end_matches('/')),
            "capabilities": target.capabilities,
            "rate_limit": target.rate_limit,
        },
        "seeding": {
            "seeded": target.seeded_letters,
            "pending": planned.outlook.waiting,
            "seeded_anew_by_the_run": planned.outlook.reseeds,
            "suffices": suffices,
            "short": short,
            "perhaps_short": perhaps,
        },
        "ledger": planned.ledger.as_ref().map(|(place, known)| json!({
            "path": place.path,
            "begins_afresh": place.reseeded,
            "known": known.known(),
            "in_flight": known.in_flight,
            "by_status": known.by_status.iter()
                .map(|(status, count)| (status.as_str(), *count))
                .collect::<BTreeMap<_, _>>(),
        })),
        "scenarios": planned.plan.scenarios.iter().map(scenario).collect::<Vec<_>>(),
        "total": bill(&planned.plan.total()),
        "time": { "least_ms": millis(least), "most_ms": millis(most) },
    })
}

fn scenario(plan: &ScenarioPlan) -> Value {
    let mut value = bill(&plan.bill);
    let needs: Vec<Value> = plan.bill.needs.iter().map(need).collect();
    let waits: Vec<Value> = plan
        .bill
        .waits
        .iter()
        .map(|wait| {
            json!({
                "until": wait.what,
                "least_ms": millis(wait.least),
                "most_ms": millis(wait.most),
            })
        })
        .collect();
    if let Some(object) = value.as_object_mut() {
        object.insert("scenario".to_owned(), json!(plan.scenario));
        object.insert("tests".to_owned(), json!(plan.tests));
        object.insert("side_by_side".to_owned(), json!(plan.batch));
        object.insert("needs".to_owned(), json!(needs));
        object.insert("waits".to_owned(), json!(waits));
    }
    value
}

fn bill(bill: &Bill) -> Value {
    let calls = bill.calls.iter().map(|(call, count)| (call.label(), *count));
    let updates = bill.updates.iter().map(|(status, count)| (status.as_str(), *count));
    json!({
        "calls": ranges(calls),
        "updates": ranges(updates),
        "pending_used_up": range(bill.used_up),
    })
}

fn ranges<'a>(counts: impl Iterator<Item = (&'a str, Range)>) -> Map<String, Value> {
    counts.map(|(name, count)| (name.to_owned(), range(count))).collect()
}

fn range(range: Range) -> Value {
    json!({ "least": range.least, "most": range.most })
}

fn need(need: &Need) -> Value {
    json!({ "what": need.what, "letters": need.letters, "pending_by_then": range(need.waiting) })
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
