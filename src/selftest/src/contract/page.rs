//! The contract's kill matrix as a page to be committed and reviewed.
//! Refuses to leave a survivor among the rest: what is not noticed stands first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use letterproof_contract::{Document, DocumentedBody, documented_bodies};

use super::{ContractMatrix, ContractRow};

/// A body as sentences name it: `GET /letters, 200`.
pub(super) fn name(body: &DocumentedBody) -> String {
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
