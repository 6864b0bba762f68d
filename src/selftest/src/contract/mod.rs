//! The contract's own kill matrix: every schema, required property, type, form and list of values of
//! the API's documents, broken one at a time in an honest exchange, against the contract check.
//!
//! The mutations follow from the schemas themselves, so that one that is added is put to the test
//! with it. Refuses chance and the network: the same schemas always give the same table.

mod honest;
mod mutate;
mod page;

use std::sync::OnceLock;

use letterproof_contract::{Contract, Document, DocumentedBody, documented_bodies};
use letterproof_model::{About, Context, FindingKind};
use serde_json::Value;

use honest::exchange;
use mutate::{Breach, breaches};

/// Where the exchanges are said to have gone.
const BASE: &str = "https://selftest.invalid/nhs-notify-supplier";

/// One way of breaking one place of a document.
#[derive(Debug, Clone)]
pub struct ContractRow {
    /// The document.
    pub document: Document,
    /// Where: `data.attributes.status`, or `the document`.
    pub place: String,
    /// What is wrong there: `missing`.
    pub breach: &'static str,
    /// How many documented bodies hold the document.
    pub bodies: usize,
    /// In how many of them the contract noticed.
    pub noticed: usize,
}

/// What the contract check noticed.
#[derive(Debug, Clone)]
pub struct ContractMatrix {
    /// A row for each document, place and breach.
    pub rows: Vec<ContractRow>,
    /// Bodies in which the contract finds fault with the honest document already, which shows
    /// nothing.
    pub accused: Vec<String>,
    /// The documents of the API that no documented body holds.
    pub unused: Vec<Document>,
}

/// Puts every schema of the API's documents to the test. `None` where the built-in contract cannot
/// be read, which every run says for itself.
#[must_use]
pub fn contract_matrix() -> Option<&'static ContractMatrix> {
    static MADE: OnceLock<Option<ContractMatrix>> = OnceLock::new();
    MADE.get_or_init(made).as_ref()
}

fn made() -> Option<ContractMatrix> {
    let contract = Contract::built_in().ok()?;
    let mut matrix = ContractMatrix { rows: Vec::new(), accused: Vec::new(), unused: Vec::new() };
    for document in Document::ALL.into_iter().filter(|document| !is_ours(*document)) {
        let bodies: Vec<DocumentedBody> =
            documented_bodies().filter(|body| body.document == document).collect();
        if bodies.is_empty() {
            matrix.unused.push(document);
        }
        let schema = document.resolved().ok()?;
        for body in &bodies {
            let found = violations(contract, body, &honest::document(&schema, body));
            if !found.is_empty() {
                matrix.accused.push(format!("{}: {}", page::name(body), found.join(", ")));
            }
        }
        for Breach { place, breach, change } in breaches(&schema) {
            let noticed = bodies.iter().filter(|body| {
                let mut value = honest::document(&schema, body);
                change.apply(&mut value);
                !violations(contract, body, &value).is_empty()
            });
            let noticed = noticed.count();
            matrix.rows.push(ContractRow {
                document,
                place,
                breach,
                bodies: bodies.len(),
                noticed,
            });
        }
    }
    Some(matrix)
}

/// Our own formats are no part of what the API answers.
const fn is_ours(document: Document) -> bool {
    matches!(
        document,
        Document::Results | Document::Journal | Document::Journal2 | Document::Journal1
    )
}

/// The ids of the violations that the contract finds in a body, as the conformance suite counts
/// them: of an answer those about the API, of a request those about the supplier.
fn violations(contract: &Contract, body: &DocumentedBody, value: &Value) -> Vec<String> {
    let about = if body.status.is_some() { About::Api } else { About::Supplier };
    let found = contract.check(&exchange(body, value), &Context::stand_in(BASE));
    let violations = found
        .into_iter()
        .filter(|finding| finding.about == about && finding.kind == FindingKind::Violation);
    violations.map(|finding| finding.id).collect()
}

impl ContractMatrix {
    /// The rows that not every body with the document noticed.
    pub fn survivors(&self) -> impl Iterator<Item = &ContractRow> {
        self.rows.iter().filter(|row| row.noticed < row.bodies || row.bodies == 0)
    }

    /// Whether the contract notices every breach and nothing else.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.accused.is_empty() && self.unused.is_empty() && self.survivors().next().is_none()
    }

    /// How many breaches of how many places were noticed, in one line.
    #[must_use]
    pub fn score(&self) -> String {
        let bodies = |of: fn(&ContractRow) -> usize| self.rows.iter().map(of).sum::<usize>();
        format!(
            "contract: {} of {} ways of breaking a document are noticed, in {} of {} bodies",
            self.rows.len() - self.survivors().count(),
            self.rows.len(),
            bodies(|row| row.noticed),
            bodies(|row| row.bodies),
        )
    }
}
