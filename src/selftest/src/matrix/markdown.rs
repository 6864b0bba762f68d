//! The matrix as a page to be committed and reviewed.
//! Refuses what may differ from run to run: of what a fault turned red, the criteria that are named.

use std::fmt::Write as _;

use super::{Matrix, Row};
use crate::plan::Catalogue;

impl Matrix {
    /// The whole matrix, and which faults turned each criterion red.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut page = String::from(
            "# Kill matrix and honest matrix\n\n\
             Every fault of both catalogues and every honest variation, run against the judges \
             beside a control without it. \
             Do not edit; refresh with `letterproof selftest --out reports`.\n\n\
             | Outcome | Entries |\n|---|---:|\n",
        );
        for (word, count) in self.counts() {
            let _ = writeln!(page, "| {word} | {count} |");
        }
        page.push_str(
            "\n- **caught**: every criterion that the catalogue names turned red.\n\
             - **caught (advice)**: it did, and all of them are advice of ours, which fails no \
             test and no run.\n\
             - **caught elsewhere**: criteria turned red, but not every one that is named.\n\
             - **survived**: nothing turned red.\n\
             - **void**: the harness could show nothing; never counted as caught.\n\
             - **false alarm**: something was red without the fault, or under a harmless one.\n\
             - **harmless**: a fault that harms nobody turned nothing red, as it should be.\n\
             - **not accused**: under an honest variation no criterion failed, no finding was about \
             the supplier, the exit code was the control's, and all that passed in the control \
             passed, but for what the variation leaves open with a reason.\n\
             - **accused**: one of these did not hold.\n",
        );
        self.catalogue(&mut page, Catalogue::Api, "An API that is wrong");
        self.catalogue(&mut page, Catalogue::Supplier, "A sample supplier that is wrong");
        self.honest(&mut page);
        self.criteria(&mut page);
        page
    }

    fn honest(&self, page: &mut String) {
        page.push_str(
            "\n## Nobody is wrong\n\n| Variation | About | What differs | Outcome | Blamed by | Left \
             open |\n|---|---|---|---|---|---|\n",
        );
        for row in self.of(Catalogue::Honest) {
            let Some(entry) = row.trial.honest else { continue };
            let open = entry.open.iter().map(|open| format!("{}: {}", open.id, open.reason));
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} | {} | {} |",
                entry.name,
                entry.kind,
                entry.does,
                row.outcome.word(),
                row.shown_red().join(", "),
                open.collect::<Vec<_>>().join("; ")
            );
        }
    }

    fn catalogue(&self, page: &mut String, catalogue: Catalogue, title: &str) {
        let _ = write!(
            page,
            "\n## {title}\n\n| Fault | What is wrong | Outcome | Turned red |\n|---|---|---|---|\n"
        );
        for row in self.of(catalogue) {
            let breaks = row.trial.breaks.replace('|', "\\|");
            let (fault, outcome) = (armed(row), row.outcome.word());
            let red: Vec<&str> = row.named_red().collect();
            let _ = writeln!(page, "| {fault} | {breaks} | {outcome} | {} |", red.join(", "));
        }
    }

    fn criteria(&self, page: &mut String) {
        page.push_str(
            "\n## Every criterion has a killer\n\n\
             The faults that turned each criterion and check red. Attestations are not listed: \
             people give them.\n\n| Criterion | Faults |\n|---|---|\n",
        );
        for (id, faults) in self.killers() {
            let faults: Vec<String> = faults.iter().map(|name| format!("`{name}`")).collect();
            let faults = if faults.is_empty() { "unproven".to_owned() } else { faults.join(", ") };
            let _ = writeln!(page, "| {id} | {faults} |");
        }
    }
}

fn armed(row: &Row) -> String {
    let armed: Vec<String> = row.armed().iter().map(|fault| format!("`{fault}`")).collect();
    armed.join(", ")
}
