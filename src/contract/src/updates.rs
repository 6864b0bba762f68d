//! A supplier's request body read for the rules that no JSON Schema states: ids, numbers, reasons.
//!
//! The same rules serve twice: broken by a supplier they are the supplier's finding; broken and
//! yet answered with 2xx they are the API's.
//! Refuses to guess: what has not the shape of an update is left to the schema.

use letterproof_model::{Operation, return_reason_text};
use serde_json::Value;

use crate::difference::Seen;
use crate::response::MOST_LETTERS;
use crate::text::{clip, decoded};

/// A rule of the request that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokenRule {
    /// Its name in finding ids.
    pub(crate) facet: &'static str,
    /// In a few words.
    pub(crate) title: &'static str,
    pub(crate) expected: String,
    pub(crate) observed: String,
}

/// The rules broken by a request's JSON body.
#[must_use]
pub(crate) fn broken_rules(seen: &Seen<'_>) -> Vec<BrokenRule> {
    let Some(body) = seen.request_json() else { return Vec::new() };
    match seen.operation() {
        Operation::PatchLetter => {
            let mut broken = update_rules(std::slice::from_ref(&body["data"]));
            if let (Some(path), Some(id)) = (&seen.route.letter, body["data"]["id"].as_str())
                && id != path.as_str()
                && id != decoded(path.as_str())
            {
                broken.push(BrokenRule {
                    facet: "ID-MISMATCH",
                    title: "the body's id is not the path's",
                    expected: format!("id `{}`", clip(path.as_str())),
                    observed: format!("id `{}`", clip(id)),
                });
            }
            broken
        }
        Operation::UpdateLetters => {
            let Some(items) = body["data"].as_array() else { return Vec::new() };
            let mut broken = update_rules(items);
            broken.extend(bulk_rules(items));
            broken
        }
        Operation::CreateMi => timestamp_rule(body).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn bulk_rules(items: &[Value]) -> Vec<BrokenRule> {
    let mut broken = Vec::new();
    if items.is_empty() {
        broken.push(BrokenRule {
            facet: "EMPTY",
            title: "the bulk holds no update",
            expected: "at least one update".to_owned(),
            observed: "none".to_owned(),
        });
    }
    if items.len() > MOST_LETTERS {
        broken.push(BrokenRule {
            facet: "TOO-MANY",
            title: "the bulk holds too many updates",
            expected: format!("at most {MOST_LETTERS} updates"),
            observed: format!("{} updates", items.len()),
        });
    }
    let mut ids = std::collections::HashSet::with_capacity(items.len());
    let twice: Vec<&str> =
        items.iter().filter_map(|item| item["id"].as_str()).filter(|id| !ids.insert(*id)).collect();
    if let Some(first) = twice.first() {
        broken.push(BrokenRule {
            facet: "DUPLICATE-IDS",
            title: "a letter is updated twice in one bulk",
            expected: "each letter once".to_owned(),
            observed: format!("`{}` again; {} repeats in total", clip(first), twice.len()),
        });
    }
    broken
}

fn update_rules(items: &[Value]) -> Vec<BrokenRule> {
    let mut broken = Vec::new();
    let mut pending = 0_usize;
    let mut reasons: Vec<String> = Vec::new();
    for item in items {
        let attributes = &item["attributes"];
        match attributes["status"].as_str() {
            Some("PENDING") => pending += 1,
            Some("RETURNED") => {
                let code = attributes["reasonCode"].as_str().unwrap_or_default();
                let text = attributes["reasonText"].as_str().unwrap_or_default();
                if return_reason_text(code).is_none() || text.trim().is_empty() {
                    reasons.push(format!("code `{}`, text `{}`", clip(code), clip(text)));
                }
            }
            _ => {}
        }
    }
    if pending > 0 {
        broken.push(BrokenRule {
            facet: "PENDING",
            title: "status PENDING is set, which only NHS Notify may",
            expected: "any other status".to_owned(),
            observed: format!("PENDING in {pending} of {} updates", items.len()),
        });
    }
    if let Some(first) = reasons.first() {
        broken.push(BrokenRule {
            facet: "RETURNED-REASON",
            title: "RETURNED without a return reason",
            expected: "a reasonCode R01 to R10 and a reasonText".to_owned(),
            observed: format!("{first}; {} such updates in total", reasons.len()),
        });
    }
    broken
}

/// A record's time must be in UTC and say so. That the deployed API wants `Z` for it is a deviation
/// of the API: the specification says `date-time`, of which `+00:00` is UTC as well.
fn timestamp_rule(body: &Value) -> Option<BrokenRule> {
    let timestamp = body["data"]["attributes"]["timestamp"].as_str()?;
    let utc = ["Z", "z", "+00:00", "-00:00"].iter().any(|end| timestamp.ends_with(end));
    (!utc).then(|| BrokenRule {
        facet: "TIMESTAMP",
        title: "the timestamp is not in UTC",
        expected: "an ISO 8601 time that ends in Z or +00:00".to_owned(),
        observed: format!("`{}`", clip(timestamp)),
    })
}
