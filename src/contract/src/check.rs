//! The contract, compiled once, and the one entry to all checks.
//!
//! [`Contract::check`] collects differences, lets the table of known deviations explain those it
//! knows, and returns findings, each at most once an exchange. It has no state: the same exchange
//! always gives the same findings, in the same order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use letterproof_model::{About, Actor, Context, Exchange, Finding, FindingKind, Operation};
use serde_json::Value;

use crate::difference::{Difference, Seen, Weight, explain};
use crate::schemas::Schema;
use crate::supplier::{accepted, request, response};
use crate::{ContractError, Document, body, drift};

/// The contract of the API, ready to check exchanges.
#[derive(Debug)]
pub struct Contract {
    schemas: Vec<(Document, Schema)>,
    /// Schemas of an official specification, which stand in for ours: by call and status, 0 being
    /// the request.
    official: drift::OfficialSchemas,
    /// SHA-256 of what these are made of.
    specification: Option<String>,
}

impl Contract {
    /// The contract of this build, compiled on first use.
    ///
    /// # Errors
    /// When a schema shipped with the build is wrong.
    pub fn built_in() -> Result<&'static Self, ContractError> {
        static BUILT_IN: OnceLock<Result<Contract, ContractError>> = OnceLock::new();
        BUILT_IN.get_or_init(Self::compile).as_ref().map_err(Clone::clone)
    }

    fn compile() -> Result<Self, ContractError> {
        let compile = |document| Ok((document, Schema::compile(document)?));
        let schemas = Document::ALL.into_iter().map(compile).collect::<Result<_, _>>()?;
        Ok(Self { schemas, official: BTreeMap::new(), specification: None })
    }

    /// The contract with the body schemas of an official OpenAPI 3 document in place of ours,
    /// where it has one for the call and status. Everything else stays: statuses, headers, rules
    /// between fields, known deviations.
    ///
    /// # Errors
    /// When the document cannot be read or one of its schemas cannot be used.
    pub fn from_specification(path: &Path) -> Result<Self, ContractError> {
        let (official, digest) = drift::official_schemas(path)?;
        Ok(Self { official, specification: Some(digest), ..Self::compile()? })
    }

    /// SHA-256, in hexadecimal, of the official body schemas in use, resolved; `None` when they
    /// are those of this build. Two files that say the same of every body have the same.
    #[must_use]
    pub fn specification(&self) -> Option<&str> {
        self.specification.as_deref()
    }

    /// The schema of an answer's body.
    pub(crate) fn answer_schema(
        &self,
        operation: Operation,
        status: u16,
        document: Document,
    ) -> Option<&Schema> {
        self.official.get(&(operation, status)).or_else(|| self.schema(document))
    }

    /// The schema of a request's body.
    pub(crate) fn request_schema(
        &self,
        operation: Operation,
        document: Document,
    ) -> Option<&Schema> {
        self.official.get(&(operation, 0)).or_else(|| self.schema(document))
    }

    fn schema(&self, document: Document) -> Option<&Schema> {
        self.schemas.iter().find(|(known, _)| *known == document).map(|(_, schema)| schema)
    }

    /// Holds one exchange against the contract.
    ///
    /// The answer is always checked; the request only where the supplier made it, since the
    /// harness's own probes are wrong on purpose. Each finding names this exchange and counts 1.
    #[must_use]
    pub fn check(&self, exchange: &Exchange, context: &Context) -> Vec<Finding> {
        let seen = Seen::new(exchange, context);
        let mut differences = Vec::new();
        if exchange.actor == Actor::Supplier {
            request::check(self, &seen, &mut differences);
        }
        if let Some(answer) = seen.response() {
            response::check(self, &seen, answer, &mut differences);
            accepted::check(self, &seen, answer, &mut differences);
        }
        let mut known = BTreeSet::new();
        differences
            .into_iter()
            .map(|difference| weigh(&seen, difference))
            .filter(|finding| known.insert(finding.id.clone()))
            .collect()
    }

    /// What is wrong with a document, one sentence each; empty when it is valid.
    ///
    /// For the harness's own formats and for tests of what stands in for the API. Values are
    /// clipped.
    #[must_use]
    pub fn faults(&self, document: Document, value: &Value) -> Vec<String> {
        self.schema(document).map_or_else(Vec::new, |schema| body::faults(schema, None, value))
    }

    /// The properties of a document that its schema does not know, as paths
    /// (`data[].attributes.colour`).
    #[must_use]
    pub fn unknown_properties(&self, document: Document, value: &Value) -> Vec<String> {
        self.schema(document).map_or_else(Vec::new, |schema| body::unknown(schema, value))
    }
}

fn weigh(seen: &Seen<'_>, difference: Difference) -> Finding {
    let exchanges = vec![seen.exchange.id.clone()];
    if difference.about == About::Api
        && let Some(known) = explain(seen, &difference)
    {
        return Finding {
            id: known.id.to_owned(),
            about: About::Api,
            kind: FindingKind::Deviation,
            title: known.title.to_owned(),
            expected: format!("{} ({})", known.specification, difference.expected),
            observed: difference.observed,
            source: format!("{}; {}", seen.clause(), known.source),
            exchanges,
            count: 1,
        };
    }
    let kind = match difference.weight {
        Weight::Breach => FindingKind::Violation,
        Weight::Addition => FindingKind::Drift,
        Weight::Remark => FindingKind::Note,
    };
    let who = if difference.about == About::Supplier { "SUPPLIER-" } else { "" };
    let call = seen.code(difference.check);
    let mut id = format!("F-{who}{call}-{}", difference.check.code());
    if !difference.facet.is_empty() {
        id.push('-');
        id.push_str(&difference.facet);
    }
    let source = match (difference.source.is_empty(), difference.about) {
        (true, About::Supplier) => format!("{} request", seen.clause_of_request()),
        (true, _) => seen.clause(),
        (false, About::Supplier) => {
            format!("{} request; {}", seen.clause_of_request(), difference.source)
        }
        (false, _) => format!("{}; {}", seen.clause(), difference.source),
    };
    Finding {
        id,
        about: difference.about,
        kind,
        title: format!("{}: {}", seen.operation().label(), difference.title),
        expected: difference.expected,
        observed: difference.observed,
        source,
        exchanges,
        count: 1,
    }
}
