//! Probes as data: a request a driver can send and a judge can recognise. Plans name no letters or
//! tokens: `{letter}` is replaced by one that the driver chooses.

use letterproof_model::LetterId;

use super::token::TokenProbe;

/// A letter id that belongs to nobody.
pub const UNKNOWN_LETTER: &str = "00000000-0000-4000-8000-000000000000";
/// An MI record id that belongs to nobody.
pub const UNKNOWN_MI: &str = "00000000-0000-4000-8000-00000000feed";

/// The `X-Correlation-ID` of probes for another supplier's letter: nothing else in a request tells
/// whose letter it names.
pub const FOREIGN: &str = "conformance-foreign-letter";

/// The `number`th letter id that belongs to nobody.
#[must_use]
pub fn unknown_letter(number: usize) -> LetterId {
    LetterId::new(format!("00000000-0000-4000-8000-{number:012}"))
}

/// What a driver does so that a check has something to judge.
#[derive(Debug, Clone, Copy)]
pub enum Probe<'a> {
    /// Each of these requests is sent; none where the check judges what others make.
    Requests(&'a [ProbePlan]),
    /// This request is sent twice, word for word.
    Twice(&'a ProbePlan),
    /// A letter is accepted as a supplier accepts one, and read again later.
    AsSupplier(Acceptance),
    /// A probe of the token endpoint, or of a token.
    Token(TokenProbe),
}

/// How a supplier accepts a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// By `PATCH /letters/{id}`.
    OneByOne,
    /// By `POST /letters`.
    InBulk,
}

/// A request to send.
#[derive(Debug, Clone, Copy)]
pub struct ProbePlan {
    /// The method.
    pub method: &'static str,
    /// Path and query under the base URL. `{letter}` is a letter of the target, `{foreign}` one of
    /// another supplier, `{mi}` a record submitted before.
    pub path: &'static str,
    /// `X-Request-ID`.
    pub request_id: HeaderPlan,
    /// `X-Correlation-ID`.
    pub correlation_id: HeaderPlan,
    /// `Content-Type`.
    pub content_type: HeaderPlan,
    /// `Accept`.
    pub accept: HeaderPlan,
    /// Credentials.
    pub bearer: BearerPlan,
    /// The body.
    pub body: BodyPlan,
    /// Which letter the driver must choose, and what becomes of it.
    pub letter: LetterNeed,
    /// Whether the answer may be a list that hides its letters for the visibility timeout.
    pub hides_letters: bool,
    /// Whether the probe is sent more often than the rate limit allows within one second, without
    /// pacing and without repeats.
    pub burst: bool,
}

/// What becomes of one header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderPlan {
    /// As every call has it: a GUID, the flow's id, the API's media type.
    Usual,
    /// Left out.
    Absent,
    /// This value.
    Value(&'static str),
}

/// Which credentials a probe carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerPlan {
    /// The session's token.
    Session,
    /// No `Authorization` header.
    Absent,
    /// This whole value of `Authorization`.
    Value(&'static str),
}

/// What a probe sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyPlan {
    /// Nothing.
    None,
    /// This text, with `{letter}` for the chosen letter's id.
    Text(&'static str),
    /// A bulk update of this many letters that belong to nobody, to ACCEPTED.
    Updates(usize),
    /// JSON nested this deep.
    Deep(usize),
    /// A bulk update of one letter that belongs to nobody, with a reason text of this length.
    Long(usize),
}

/// Which letter a probe needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterNeed {
    /// None.
    None,
    /// Any letter of the target; it is not changed unless the API takes what it should refuse, so
    /// one that no supplier's test uses.
    Any,
    /// A letter whose PDF is there; not changed.
    WithPdf,
    /// A letter whose PDF is missing; not changed.
    WithoutPdf,
    /// A PENDING letter, used up by the probe.
    Spent,
    /// A letter of another supplier, where one is known.
    Foreign,
    /// No letter but a record, the one that [`RECORD`](super::RECORD) submits.
    Record,
}

impl ProbePlan {
    pub(crate) const fn new(method: &'static str, path: &'static str) -> Self {
        Self {
            method,
            path,
            request_id: HeaderPlan::Usual,
            correlation_id: HeaderPlan::Usual,
            content_type: HeaderPlan::Usual,
            accept: HeaderPlan::Usual,
            bearer: BearerPlan::Session,
            body: BodyPlan::None,
            letter: LetterNeed::None,
            hides_letters: false,
            burst: false,
        }
    }

    /// Path and query for a chosen id (a letter's, or a record's where the path asks for one).
    #[must_use]
    pub fn path_for(&self, id: &str) -> String {
        ["{letter}", "{foreign}", "{mi}"]
            .into_iter()
            .fold(self.path.to_owned(), |path, placeholder| path.replace(placeholder, id))
    }

    /// The body for a chosen letter; `None` for a request without one.
    #[must_use]
    pub fn body_for(&self, letter: &str) -> Option<String> {
        match self.body {
            BodyPlan::None => None,
            BodyPlan::Text(text) => Some(text.replace("{letter}", letter)),
            BodyPlan::Updates(count) => Some(updates(count, None)),
            BodyPlan::Deep(depth) => Some(format!("{}{}", "[".repeat(depth), "]".repeat(depth))),
            BodyPlan::Long(length) => Some(updates(1, Some(length))),
        }
    }
}

fn updates(count: usize, reason: Option<usize>) -> String {
    let reason = reason.map_or_else(String::new, |length| {
        format!(",\"reasonCode\":\"X01\",\"reasonText\":\"{}\"", "x".repeat(length))
    });
    let items: Vec<String> = (0..count)
        .map(|number| {
            let id = unknown_letter(number);
            format!(
                "{{\"id\":\"{id}\",\"type\":\"Letter\",\"attributes\":{{\"status\":\"ACCEPTED\"{reason}}}}}"
            )
        })
        .collect();
    format!("{{\"data\":[{}]}}", items.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_planned_bulk_update_is_json_of_so_many_letters_or_of_one_with_so_long_a_reason() {
        let data = |body: BodyPlan| -> Vec<Value> {
            let plan = ProbePlan { body, ..ProbePlan::new("POST", "/letters") };
            let body: Value = serde_json::from_str(&plan.body_for("L1").unwrap()).unwrap();
            body["data"].as_array().unwrap().clone()
        };
        let three = data(BodyPlan::Updates(3));
        let ids: Vec<&str> = three.iter().filter_map(|update| update["id"].as_str()).collect();
        assert_eq!(ids, [0, 1, 2].map(|number| unknown_letter(number).to_string()));
        assert!(three.iter().all(|update| update["attributes"]["status"] == "ACCEPTED"));
        let long = data(BodyPlan::Long(5));
        assert_eq!(long.len(), 1);
        assert_eq!(long[0]["attributes"]["reasonText"], "xxxxx");
    }
}
