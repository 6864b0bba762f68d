//! The contract's own kill matrix: every schema, required property, type, form and list of values of
//! the API's documents, broken one at a time in an honest exchange, against the contract check; and
//! that matrix as a page to be committed.
//!
//! The mutations follow from the schemas themselves, so that one that is added is tested with it.
//! The same schemas always give the same table.

mod documents;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use documents::{Breach, breaches, exchange};
use letterproof_contract::{Contract, Document, DocumentedBody, documented_bodies};
use letterproof_model::{About, Context, FindingKind};
use serde_json::Value;

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
            let found = violations(contract, body, &documents::document(&schema, body));
            if !found.is_empty() {
                matrix.accused.push(format!("{}: {}", name(body), found.join(", ")));
            }
        }
        for Breach { place, breach, change } in breaches(&schema) {
            let noticed = bodies.iter().filter(|body| {
                let mut value = documents::document(&schema, body);
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

/// A body as sentences name it: `GET /letters, 200`.
fn name(body: &DocumentedBody) -> String {
    let what = body.status.map_or("request".to_owned(), |status| status.to_string());
    format!("{}, {what}", body.operation.label())
}

impl ContractMatrix {
    /// The whole table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::from(
            "# Contract kill matrix\n\n\
             Every place of every schema of the API's documents, broken in every way that the schema \
             forbids, in an honest exchange of each call and status that documents it, against the \
             contract check as the conformance suite uses it. Made from the schemas alone. \
             Do not edit; refresh with `letterproof selftest --out reports`.\n\n",
        );
        let _ = writeln!(page, "{}.\n", self.score());
        page.push_str(
            "Not among them: unknown properties, which the API may add at any time (drift, and no \
             breach); our own formats (`results.json`, the journal), which are no part of what the \
             API answers; bodies that nobody documents (of 401, 403, 406 and 415, of `/_status` with \
             429, of downloads); texts that a recorder does not know, and replaces before anybody \
             judges them (an error's `about` that is not an address is kept as a mask, which reads as \
             one).\n",
        );
        self.unnoticed(&mut page);
        page.push_str("\n## Where each document stands\n\n| Schema | Bodies |\n|---|---|\n");
        for document in self.documents() {
            let bodies = documented_bodies().filter(|body| body.document == document);
            let names: Vec<String> = bodies.map(|body| name(&body)).collect();
            let _ = writeln!(page, "| `{}` | {} |", document.file(), names.join("; "));
        }
        page.push_str(
            "\n## What is noticed\n\n| Schema | Place | Noticed when it is | In bodies |\n\
             |---|---|---|---:|\n",
        );
        for ((document, place), rows) in self.places() {
            let breaches: Vec<&str> = rows.iter().map(|row| row.breach).collect();
            let least = rows.iter().map(|row| row.noticed).min().unwrap_or_default();
            let bodies = rows.iter().map(|row| row.bodies).max().unwrap_or_default();
            let _ = writeln!(
                page,
                "| `{}` | `{place}` | {} | {least} of {bodies} |",
                document.file(),
                breaches.join(", ")
            );
        }
        page
    }

    /// What went wrong, as lines; nothing where all is as it should be.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let survivors = self.survivors().map(|row| {
            let ContractRow { document, place, breach, bodies, noticed } = row;
            let file = document.file();
            format!("{file}, {place} {breach}: noticed in {noticed} of {bodies} bodies")
        });
        let accused = self.accused.iter().map(|body| format!("an honest body is accused: {body}"));
        let unused = self.unused.iter().map(|one| format!("{} stands in no body", one.file()));
        survivors.chain(accused).chain(unused).collect()
    }

    fn unnoticed(&self, page: &mut String) {
        let complaints = self.complaints();
        if complaints.is_empty() {
            return;
        }
        page.push_str("\n## What is not as it should be\n\n");
        for complaint in complaints {
            let _ = writeln!(page, "- {complaint}");
        }
    }

    fn documents(&self) -> Vec<Document> {
        let mut documents: Vec<Document> = self.rows.iter().map(|row| row.document).collect();
        documents.dedup();
        documents
    }

    fn places(&self) -> BTreeMap<(Document, &str), Vec<&ContractRow>> {
        let mut places: BTreeMap<(Document, &str), Vec<&ContractRow>> = BTreeMap::new();
        for row in &self.rows {
            places.entry((row.document, &row.place)).or_default().push(row);
        }
        places
    }
}
