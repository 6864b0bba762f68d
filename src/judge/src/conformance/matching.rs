//! Finding a probe in the traffic by the request itself. A call with odd credentials, ids or media
//! types is no other check's evidence, so that one mutation at a time is judged.

use std::collections::{BTreeMap, HashMap, HashSet};

use letterproof_model::{Body, Capability, Context, Operation, Route};

use super::links::Given;
use super::plan::{
    BearerPlan, BodyPlan, FOREIGN, HeaderPlan, ProbePlan, UNKNOWN_LETTER, UNKNOWN_MI,
};
use crate::traffic::{Call, CallIx, Traffic};

/// Traffic with what matching needs to know of it.
pub(crate) struct Probed<'a> {
    pub(crate) traffic: &'a Traffic,
    pub(crate) context: &'a Context,
    /// `Authorization` values that are the session's own, as redacted.
    good: HashSet<&'a str>,
    calls: Vec<(CallIx, &'a Call)>,
    /// The same, so that each probe looks at few of them.
    by_operation: BTreeMap<Operation, Vec<(CallIx, &'a Call)>>,
    /// The links that were given.
    pub(super) given: Given<'a>,
}

impl<'a> Probed<'a> {
    pub(crate) fn of(traffic: &'a Traffic, context: &'a Context) -> Self {
        let calls: Vec<_> =
            traffic.calls().filter(|(_, call)| call.operation != Operation::Token).collect();
        let mut by_operation: BTreeMap<Operation, Vec<_>> = BTreeMap::new();
        for (ix, call) in &calls {
            by_operation.entry(call.operation).or_default().push((*ix, *call));
        }
        let links = by_operation.get(&Operation::GetLetterData);
        let given = Given::by(links.into_iter().flatten().map(|(_, call)| *call));
        Self { traffic, context, good: good_bearers(traffic), calls, by_operation, given }
    }

    /// Every call, by time, token calls aside.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (CallIx, &'a Call)> + '_ {
        self.calls.iter().copied()
    }

    /// The calls of one operation, by time.
    pub(crate) fn of_operation(
        &self,
        operation: Operation,
    ) -> impl Iterator<Item = (CallIx, &'a Call)> + '_ {
        self.by_operation.get(&operation).into_iter().flatten().copied()
    }

    /// The calls that are this probe.
    pub(crate) fn matching(&self, plan: &ProbePlan) -> Vec<(CallIx, &'a Call)> {
        let base = self.context.base_url.trim_end_matches('/');
        // An id is one segment of a path, so that any id leads to the operation of all.
        let route = Route::of(plan.method, &format!("{base}{}", plan.path_for("id")), base);
        // A text may name the letter; the others are long, and made once.
        let body = match plan.body {
            BodyPlan::Text(_) => None,
            _ => plan.body_for(""),
        };
        self.of_operation(route.operation)
            .filter(|(_, call)| self.is_probe(call, base, plan, body.as_deref()))
            .collect()
    }

    /// Whether a call is this probe; `body` is what it carries where that does not depend on an id.
    fn is_probe(&self, call: &Call, base: &str, plan: &ProbePlan, body: Option<&str>) -> bool {
        let request = &call.exchange.request;
        if request.method != plan.method {
            return false;
        }
        let Some(path) = request.url.strip_prefix(base) else { return false };
        let Some(id) = captured(plan.path, path) else { return false };
        self.is_kind_of_id(plan, id, call)
            && self.has_usual_headers(call, plan)
            && match body {
                Some(planned) => has_body(&request.body, Some(planned)),
                None => has_body(&request.body, plan.body_for(id).as_deref()),
            }
    }

    fn is_kind_of_id(&self, plan: &ProbePlan, id: &str, call: &Call) -> bool {
        let foreign = call.exchange.request.header("x-correlation-id") == Some(FOREIGN);
        if plan.path.contains("{letter}") {
            let known = |letter| call.by_supplier() || self.traffic.letter(letter).described;
            id != UNKNOWN_LETTER && !foreign && call.letter.is_none_or(known)
        } else {
            id != UNKNOWN_MI && foreign == plan.path.contains("{foreign}")
        }
    }

    fn has_usual_headers(&self, call: &Call, plan: &ProbePlan) -> bool {
        let header = |name| call.exchange.request.header(name);
        matches(plan.request_id, header("x-request-id"), |value| value.is_some_and(is_guid))
            && matches(plan.correlation_id, header("x-correlation-id"), |_| true)
            && matches(plan.content_type, header("content-type"), |value| {
                value.is_none_or(|value| value.starts_with("application/vnd.api+json"))
                    && (value.is_some() || plan.body == BodyPlan::None)
            })
            && matches(plan.accept, header("accept"), |value| {
                value.is_none_or(|value| value.contains("json") || value.contains("*/*"))
            })
            && self.has_bearer(call, plan.bearer)
    }

    fn has_bearer(&self, call: &Call, plan: BearerPlan) -> bool {
        let value = call.exchange.request.header("authorization");
        match plan {
            BearerPlan::Absent => value.is_none(),
            BearerPlan::Session if !self.context.has(Capability::Authenticated) => true,
            BearerPlan::Session => value.is_some_and(|value| self.good.contains(value)),
            // The value itself is redacted; its scheme and being nobody's token tell it.
            BearerPlan::Value(planned) => value.is_some_and(|value| {
                let scheme = |value: &str| value.split(' ').next().map(str::to_ascii_lowercase);
                scheme(planned) == scheme(value) && !self.good.contains(value)
            }),
        }
    }
}

fn matches(plan: HeaderPlan, value: Option<&str>, usual: impl Fn(Option<&str>) -> bool) -> bool {
    match plan {
        HeaderPlan::Usual => usual(value),
        HeaderPlan::Absent => value.is_none(),
        HeaderPlan::Value(planned) => value == Some(planned),
    }
}

fn is_guid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The id a path carries where its pattern has a placeholder; empty where it has none; `None` when
/// the path is another.
pub(super) fn captured<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let Some((before, rest)) = pattern.split_once('{') else {
        return (pattern == path).then_some("");
    };
    let (_, after) = rest.split_once('}')?;
    let id = path.strip_prefix(before)?.strip_suffix(after)?;
    (!id.is_empty() && !id.contains(['/', '?'])).then_some(id)
}

fn has_body(body: &Body, planned: Option<&str>) -> bool {
    let Some(planned) = planned else {
        return body.length() == 0 && !body.is_unrecorded();
    };
    match body {
        Body::Json { text } | Body::Text { text } => text == planned,
        // A body too long to be kept is told by its length.
        _ => body.content().is_some_and(|content| content.length == planned.len() as u64),
    }
}

/// The `Authorization` values made of tokens that the token endpoint gave; where it was never
/// asked, the value most calls carry.
fn good_bearers(traffic: &Traffic) -> HashSet<&str> {
    #[derive(serde::Deserialize)]
    struct Token {
        access_token: String,
    }
    let given: HashSet<String> = traffic
        .calls()
        .filter(|(_, call)| call.operation == Operation::Token)
        .filter_map(|(_, call)| call.exchange.response()?.body.parse::<Token>())
        .map(|token| token.access_token)
        .collect();
    let mut carried: HashMap<&str, usize> = HashMap::new();
    for (_, call) in traffic.calls() {
        if let Some(value) = call.exchange.request.header("authorization") {
            *carried.entry(value).or_default() += 1;
        }
    }
    let token = |value: &str| value.split_once(' ').map(|(_, token)| token.trim().to_owned());
    let known: HashSet<&str> = carried
        .keys()
        .copied()
        .filter(|value| token(value).is_some_and(|token| given.contains(&token)))
        .collect();
    if !known.is_empty() {
        return known;
    }
    let most = carried.into_iter().max_by_key(|(value, times)| (*times, std::cmp::Reverse(*value)));
    most.map(|(value, _)| value).into_iter().collect()
}
