//! A difference between an exchange and the contract, before it is weighed, and the known deviation
//! that may explain it: a row explains only the check, calls and statuses it names.

use std::cell::OnceCell;

use letterproof_model::{About, Body, Capability, Context, Exchange, Operation, Response, Route};
use serde_json::Value;

use crate::supplier::deviations::TABLE;
use crate::supplier::operations::{OperationRules, rules};

/// What a difference is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Check {
    /// The status is not documented for the operation.
    Status,
    /// The media type of the answer.
    MediaType,
    /// `X-Request-ID` on the answer.
    RequestIdEcho,
    /// `X-Correlation-ID` on the answer.
    CorrelationEcho,
    /// A body that should be there and is not, or the reverse, or is not JSON.
    Body,
    /// The body against its schema.
    Schema,
    /// A property the schema does not know.
    Unknown,
    /// `Location` of a 303.
    Location,
    /// What a list holds.
    List,
    /// A resource that is not the one asked for.
    Identity,
    /// A hash that is none.
    Hash,
    /// An error document that contradicts its status.
    Errors,
    /// A request that should have been refused was taken.
    Accepted,
    /// A request was refused in another way than documented.
    Refusal,
    /// A download that is not what was announced.
    Download,
    /// A number beyond what the specification lets a client expect, whatever the call.
    Number,
    /// The request itself.
    Request,
}

impl Check {
    /// Its name in finding ids.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Status => "STATUS",
            Self::MediaType => "MEDIA-TYPE",
            Self::RequestIdEcho => "REQUEST-ID",
            Self::CorrelationEcho => "CORRELATION-ID",
            Self::Body => "BODY",
            Self::Schema => "SCHEMA",
            Self::Unknown => "UNKNOWN",
            Self::Location => "LOCATION",
            Self::List => "CONTENT",
            Self::Identity => "IDENTITY",
            Self::Hash => "HASH",
            Self::Errors => "ERRORS",
            Self::Accepted => "ACCEPTED",
            Self::Refusal => "REFUSAL",
            Self::Download => "CONTENT",
            Self::Number => "NUMBER",
            Self::Request => "REQUEST",
        }
    }
}

/// How a difference weighs when no known deviation explains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// A rule was broken.
    Breach,
    /// The specification does not know it, and allows it.
    Addition,
    /// Worth knowing.
    Remark,
}

/// One difference.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) check: Check,
    /// Which case of the check, a part of the finding's id; may be empty.
    pub(crate) facet: String,
    pub(crate) about: About,
    pub(crate) weight: Weight,
    pub(crate) title: String,
    pub(crate) expected: String,
    pub(crate) observed: String,
    /// What the source says beyond the operation's own clause; empty for the clause itself.
    pub(crate) source: String,
}

impl Difference {
    /// A breach by the API.
    pub(crate) fn new(check: Check, facet: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            check,
            facet: facet.into(),
            about: About::Api,
            weight: Weight::Breach,
            title: title.into(),
            expected: String::new(),
            observed: String::new(),
            source: String::new(),
        }
    }

    /// A breach by the supplier, in its request.
    pub(crate) fn supplier(facet: impl Into<String>, title: impl Into<String>) -> Self {
        Self { about: About::Supplier, ..Self::new(Check::Request, facet, title) }
    }

    pub(crate) fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = text.into();
        self
    }

    pub(crate) fn observed(mut self, text: impl Into<String>) -> Self {
        self.observed = text.into();
        self
    }

    pub(crate) fn source(mut self, text: impl Into<String>) -> Self {
        self.source = text.into();
        self
    }

    pub(crate) fn weight(mut self, weight: Weight) -> Self {
        self.weight = weight;
        self
    }
}

/// An exchange with what the checks need of it, each worked out once.
pub(crate) struct Seen<'a> {
    pub(crate) exchange: &'a Exchange,
    pub(crate) context: &'a Context,
    pub(crate) route: Route,
    pub(crate) rules: Option<&'static OperationRules>,
    request_json: OnceCell<Option<Value>>,
    response_json: OnceCell<Option<Value>>,
}

impl<'a> Seen<'a> {
    pub(crate) fn new(exchange: &'a Exchange, context: &'a Context) -> Self {
        let route = Route::of_exchange(exchange, &context.base_url);
        let rules = rules(route.operation);
        Self {
            exchange,
            context,
            route,
            rules,
            request_json: OnceCell::new(),
            response_json: OnceCell::new(),
        }
    }

    pub(crate) fn operation(&self) -> Operation {
        self.route.operation
    }

    /// The operation's name in the id of a finding; a check that every call shares has one id.
    pub(crate) fn code(&self, check: Check) -> &'static str {
        match (self.rules, self.operation()) {
            _ if check == Check::Number => "ANY",
            (Some(rules), _) => rules.code,
            (None, Operation::Download) => "DOWNLOAD",
            (None, _) => "OTHER",
        }
    }

    pub(crate) fn response(&self) -> Option<&'a Response> {
        self.exchange.response()
    }

    /// The request's body as JSON.
    pub(crate) fn request_json(&self) -> Option<&Value> {
        self.request_json.get_or_init(|| json(&self.exchange.request.body)).as_ref()
    }

    /// The response's body as JSON.
    pub(crate) fn response_json(&self) -> Option<&Value> {
        self.response_json.get_or_init(|| json(&self.response()?.body)).as_ref()
    }

    /// Whether the target is the sandbox: canned answers, no state.
    pub(crate) fn is_sandbox(&self) -> bool {
        self.context.target == "sandbox" || !self.context.has(Capability::Stateful)
    }

    /// The clause the exchange is held against: `OAS listLetters 200`.
    pub(crate) fn clause(&self) -> String {
        let source = self.clause_of_request();
        match self.response() {
            Some(response) => format!("{source} {}", response.status),
            None => source.to_owned(),
        }
    }

    /// Where the operation is documented.
    pub(crate) fn clause_of_request(&self) -> &'static str {
        match (self.rules, self.operation()) {
            (Some(rules), _) => rules.source,
            (None, Operation::Download) => "OAS getDataId, Location",
            (None, _) => "OAS paths",
        }
    }
}

fn json(body: &Body) -> Option<Value> {
    serde_json::from_str(body.json_text()?).ok()
}

/// Which targets a deviation is known of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviationTarget {
    /// The deployed API: INT, production, and what stands in for them.
    Deployed,
    /// The public sandbox.
    Sandbox,
    /// Both.
    Everywhere,
}

/// A known difference between the specification and what is deployed.
#[derive(Clone, Copy)]
pub struct Deviation {
    /// A stable name, also the id of its findings.
    pub id: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Where it is known of.
    pub target: DeviationTarget,
    /// What the specification says.
    pub specification: &'static str,
    /// What the target does.
    pub deployed: &'static str,
    /// What that rests on.
    pub source: &'static str,
    /// The checks it explains.
    pub(crate) checks: &'static [Check],
    /// The facets of the check it explains; empty for any.
    pub(crate) facets: &'static [&'static str],
    /// The calls it is known of; empty for any.
    pub(crate) operations: &'static [Operation],
    /// The statuses it is known with; empty for any.
    pub(crate) statuses: &'static [u16],
    /// What else must hold of the exchange.
    pub(crate) when: fn(&Seen<'_>, &Difference) -> bool,
}

impl std::fmt::Debug for Deviation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deviation").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Every known deviation, for documentation and reports.
#[must_use]
pub fn deviations() -> &'static [Deviation] {
    TABLE
}

/// The row that explains a difference.
pub(crate) fn explain(seen: &Seen<'_>, difference: &Difference) -> Option<&'static Deviation> {
    let status = seen.response()?.status;
    TABLE.iter().find(|row| {
        let here = match row.target {
            DeviationTarget::Everywhere => true,
            DeviationTarget::Sandbox => seen.is_sandbox(),
            DeviationTarget::Deployed => !seen.is_sandbox(),
        };
        here && row.checks.contains(&difference.check)
            && (row.facets.is_empty() || row.facets.contains(&difference.facet.as_str()))
            && (row.operations.is_empty() || row.operations.contains(&seen.operation()))
            && (row.statuses.is_empty() || row.statuses.contains(&status))
            && (row.when)(seen, difference)
    })
}
