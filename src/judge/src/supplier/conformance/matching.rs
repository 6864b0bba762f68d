//! Finding a probe in the traffic by the request itself. A call with odd credentials, ids or media
//! types is no other check's evidence, so that one mutation at a time is judged.

use std::collections::{BTreeMap, HashMap, HashSet};

use letterproof_model::text::is_guid;
use letterproof_model::{Body, Capability, Context, Operation, Request, Route};

use super::links::Given;
use super::plan::{
    BearerPlan, BodyPlan, FOREIGN, HeaderPlan, ProbePlan, UNKNOWN_LETTER, UNKNOWN_MI,
};
use crate::traffic::{Call, CallIx, TextIx, Traffic};

/// Traffic with what matching needs to know of it.
pub(crate) struct Probed<'a> {
    pub(crate) traffic: &'a Traffic,
    pub(crate) context: &'a Context,
    /// `Authorization` values that are the session's own, as redacted.
    good: HashSet<TextIx>,
    calls: Vec<CallIx>,
    /// The same, so that each probe looks at few of them.
    by_operation: BTreeMap<Operation, Vec<CallIx>>,
    /// The links that were given, and the calls that followed them.
    pub(super) given: Given,
}

/// A probe that is looked for: which calls it may be, and what they carry where that does not depend
/// on an id.
struct Wanted<'p> {
    plan: &'p ProbePlan,
    operation: Operation,
    body: Option<String>,
    found: Vec<CallIx>,
}

impl<'a> Probed<'a> {
    pub(crate) fn of(traffic: &'a Traffic, context: &'a Context) -> Self {
        let calls: Vec<CallIx> = traffic
            .calls()
            .filter(|(_, call)| call.operation != Operation::Token)
            .map(|(ix, _)| ix)
            .collect();
        let mut by_operation: BTreeMap<Operation, Vec<CallIx>> = BTreeMap::new();
        for ix in &calls {
            by_operation.entry(traffic.call(*ix).operation).or_default().push(*ix);
        }
        let of = |operation| by_operation.get(&operation).map_or(&[][..], Vec::as_slice);
        let given = Given::by(of(Operation::GetLetterData), of(Operation::Download), traffic);
        Self { traffic, context, good: good_bearers(traffic), calls, by_operation, given }
    }

    /// Every call, by time, token calls aside.
    pub(crate) fn calls(&self) -> impl Iterator<Item = (CallIx, &'a Call)> + '_ {
        self.calls.iter().map(|ix| (*ix, self.traffic.call(*ix)))
    }

    /// The calls of one operation, by time.
    pub(crate) fn of_operation(
        &self,
        operation: Operation,
    ) -> impl Iterator<Item = (CallIx, &'a Call)> + '_ {
        let calls = self.by_operation.get(&operation).into_iter().flatten();
        calls.map(|ix| (*ix, self.traffic.call(*ix)))
    }

    /// The calls that are each of these probes, by time: every call is looked at once for all.
    pub(crate) fn matching(&self, plans: &[&ProbePlan]) -> Vec<Vec<CallIx>> {
        let base = self.context.base_url.trim_end_matches('/');
        let wanted = |plan: &&'_ ProbePlan| {
            // An id is one segment of a path, so that any id leads to the operation of all.
            let route = Route::of(plan.method, &format!("{base}{}", plan.path_for("id")), base);
            // A text may name the letter; the others are long, and made once.
            match plan.body {
                BodyPlan::Text(_) => (route.operation, None),
                _ => (route.operation, plan.body_for("")),
            }
        };
        let mut wanted: Vec<Wanted<'_>> = plans
            .iter()
            .map(|plan| {
                let (operation, body) = wanted(plan);
                Wanted { plan, operation, body, found: Vec::new() }
            })
            .collect();
        for (operation, calls) in &self.by_operation {
            let mut of_it: Vec<_> =
                wanted.iter_mut().filter(|one| one.operation == *operation).collect();
            if of_it.is_empty() {
                continue;
            }
            for ix in calls {
                let call = self.traffic.call(*ix);
                let exchange = call.exchange();
                let request = &exchange.request;
                for one in &mut of_it {
                    if self.is_probe(call, request, base, one.plan, one.body.as_deref()) {
                        one.found.push(*ix);
                    }
                }
            }
        }
        wanted.into_iter().map(|one| one.found).collect()
    }

    /// Whether a call is this probe; `body` is what it carries where that does not depend on an id.
    fn is_probe(
        &self,
        call: &Call,
        request: &Request,
        base: &str,
        plan: &ProbePlan,
        body: Option<&str>,
    ) -> bool {
        if request.method != plan.method {
            return false;
        }
        let Some(path) = request.url.strip_prefix(base) else { return false };
        let Some(id) = captured(plan.path, path) else { return false };
        self.is_kind_of_id(plan, id, call, request)
            && self.has_usual_headers(call, request, plan)
            && match body {
                Some(planned) => has_body(&request.body, Some(planned)),
                None => has_body(&request.body, plan.body_for(id).as_deref()),
            }
    }

    fn is_kind_of_id(&self, plan: &ProbePlan, id: &str, call: &Call, request: &Request) -> bool {
        let foreign = request.header("x-correlation-id") == Some(FOREIGN);
        if plan.path.contains("{letter}") {
            let known = |letter| call.by_supplier() || self.traffic.letter(letter).described;
            id != UNKNOWN_LETTER && !foreign && call.letter.is_none_or(known)
        } else {
            id != UNKNOWN_MI && foreign == plan.path.contains("{foreign}")
        }
    }

    fn has_usual_headers(&self, call: &Call, request: &Request, plan: &ProbePlan) -> bool {
        let header = |name| request.header(name);
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
        let value = call.authorization;
        match plan {
            BearerPlan::Absent => value.is_none(),
            BearerPlan::Session if !self.context.has(Capability::Authenticated) => true,
            BearerPlan::Session => value.is_some_and(|value| self.good.contains(&value)),
            // The value itself is redacted; its scheme and being nobody's token tell it.
            BearerPlan::Value(planned) => value.is_some_and(|value| {
                let scheme = |value: &str| value.split(' ').next().map(str::to_ascii_lowercase);
                scheme(planned) == scheme(self.traffic.text(value)) && !self.good.contains(&value)
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
fn good_bearers(traffic: &Traffic) -> HashSet<TextIx> {
    #[derive(serde::Deserialize)]
    struct Token {
        access_token: String,
    }
    let given: HashSet<String> = traffic
        .calls()
        .filter(|(_, call)| call.operation == Operation::Token)
        .filter_map(|(_, call)| call.exchange().response()?.body.parse::<Token>())
        .map(|token| token.access_token)
        .collect();
    let mut carried: HashMap<TextIx, usize> = HashMap::new();
    for value in traffic.recorded().filter_map(|call| call.authorization) {
        *carried.entry(value).or_default() += 1;
    }
    let token = |value| traffic.text(value).split_once(' ').map(|(_, token)| token.trim());
    let known: HashSet<TextIx> = carried
        .keys()
        .copied()
        .filter(|value| token(*value).is_some_and(|token| given.contains(token)))
        .collect();
    if !known.is_empty() {
        return known;
    }
    let most = carried
        .into_iter()
        .max_by_key(|(value, times)| (*times, std::cmp::Reverse(traffic.text(*value))));
    most.map(|(value, _)| value).into_iter().collect()
}
