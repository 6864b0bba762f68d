//! Requests that the suite itself plans, told by their words: whoever sends them, there is nobody's
//! data in them, so a record may keep them whole. What differs from a plan in anything but the id of
//! a letter does not match it.

use super::judging::conformance_checks;
use super::matching::captured;
use super::plan::{BodyPlan, ProbePlan};

/// How long an id may be that stands in a plan's place for one.
const LONGEST_ID: usize = 128;

/// Whether path and query (under the base URL) are those of a planned request.
#[must_use]
pub fn is_planned_path(path: &str) -> bool {
    plans().any(|plan| captured(plan.path, path).is_some_and(|id| id.is_empty() || is_id(id)))
}

/// Whether a request's body is one that is planned, word for word but for the letter's id.
#[must_use]
pub fn is_planned_body(text: &str) -> bool {
    plans().any(|plan| match plan.body {
        // An update by the contract needs no plan to be kept.
        BodyPlan::None | BodyPlan::Updates(_) => false,
        BodyPlan::Text(planned) => is_filled_in(planned, text),
        BodyPlan::Deep(depth) => {
            text.len() == 2 * depth
                && text
                    .bytes()
                    .enumerate()
                    .all(|(at, byte)| byte == b"[]"[usize::from(at >= depth)])
        }
        BodyPlan::Long(length) => {
            // Long texts are made only to be compared with long ones.
            let planned = (length..).contains(&text.len()).then(|| plan.body_for("")).flatten();
            planned.is_some_and(|planned| planned == text)
        }
    })
}

fn plans() -> impl Iterator<Item = &'static ProbePlan> {
    conformance_checks().iter().flat_map(|check| check.probes())
}

/// Whether a text is the planned one with the same id in each place for one.
fn is_filled_in(planned: &str, text: &str) -> bool {
    const PLACE: &str = "{letter}";
    let Some((before, _)) = planned.split_once(PLACE) else { return planned == text };
    let after = planned.rsplit(PLACE).next().unwrap_or_default();
    let Some(rest) = text.strip_prefix(before).filter(|rest| rest.ends_with(after)) else {
        return false;
    };
    let id = &rest[..rest.bytes().take_while(|byte| is_id_byte(*byte)).count()];
    is_id(id) && planned.replace(PLACE, id) == text
}

fn is_id(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(is_id_byte)
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_plan_is_known_by_its_path_and_its_body() {
        for plan in plans() {
            assert!(is_planned_path(&plan.path_for("24L5eYSWGzCHlGmzNxuqV")), "{}", plan.path);
            let updates = matches!(plan.body, BodyPlan::Updates(_));
            if let Some(body) = plan.body_for("24L5eYSWGzCHlGmzNxuqV").filter(|_| !updates) {
                assert!(is_planned_body(&body), "{body:.80}");
            }
        }
    }

    #[test]
    fn what_somebody_else_wrote_is_no_plan() {
        for path in ["/letters?status=Smith", "/letters/Mrs Smith", "/letters?limit=10&key=1"] {
            assert!(!is_planned_path(path), "{path}");
        }
        for body in [
            "",
            r#"{"data":{"id":"L1","type":"Letter","attributes":{"status":"ACCEPTED","colour":"Mrs Smith"}}}"#,
            r#"{"data":{"id":"Mrs Smith","type":"Letter","attributes":{"status":"LOST"}}}"#,
            r#"{"data":{"id":"L1""x"#,
        ] {
            assert!(!is_planned_body(body), "{body}");
        }
        let long = plans().find_map(|plan| match plan.body {
            BodyPlan::Long(length) => Some(length),
            _ => None,
        });
        assert!(!is_planned_body(&"x".repeat(long.unwrap() + 1_000)));
    }
}
