//! The register as Markdown, for people, and as CSV, for spreadsheets and scripts.
//! Refuses to leave a cell open to reading: what does not apply is a dash.

use std::fmt::Write as _;

use super::{JOURNALS, MATRIX, Register, Row, WATCHED};
use crate::REFRESH;

/// The register as a Markdown document.
pub(crate) fn markdown(register: &Register) -> String {
    let of_kind = |kind: &str| register.clauses().filter(|row| row.kind == kind).count();
    let of_strength =
        |strength: &str| register.clauses().filter(|row| row.strength == strength).count();
    let checks = || register.clauses().filter(|row| row.kind == "check");
    let mut page = format!(
        "# Coverage register\n\n\
         Generated from the pack, the judges, the kill matrix and the hand-written journals. \
         Do not edit; refresh with `{REFRESH}`.\n\n\
         | Clauses of the pack | {} |\n|---|---:|\n\
         | checked from recorded exchanges | {} |\n\
         | stated by a person, with something attached | {} |\n\
         | not tested, for a stated reason | {} |\n\n\
         - **Source row**: the row of the acceptance pack that speaks of the clause: objective, \
         precondition (with its eligible statuses and triggers), steps, acceptance or evidence.\n\
         - **Strength**: {} clauses are *stated* by the pack in that row; {} are *implied* by the \
         API's contract or the letters' lifecycle; {} are *ours*. A clause with several demands is \
         as strong as the weakest that its judge can fail.\n\
         - **Judge**: the file that decides, from recorded exchanges alone.\n\
         - **Faults**: faults of the API (`letterproof mock --fault list`) or of the sample supplier \
         (`letterproof supplier --fault list`) that `letterproof selftest` saw turn the clause red, \
         by `{MATRIX}`; {} of {} checks have at least one.\n\
         - **Journal**: a hand-written journal in `{JOURNALS}` that fails this clause and no other \
         clause of the pack. It was judged when this register was made; {} of {} checks have one.\n",
        register.clauses().count(),
        of_kind("check"),
        of_kind("attestation"),
        of_kind("not tested"),
        of_strength("stated"),
        of_strength("implied"),
        of_strength("ours"),
        checks().filter(|row| !row.faults.is_empty()).count(),
        checks().count(),
        checks().filter(|row| row.journal).count(),
        checks().count(),
    );
    for test in &register.tests {
        let need = if test.definition.required { "required" } else { "optional" };
        let _ = write!(page, "\n## {} {} ({need})\n\n", test.definition.id, test.definition.title);
        page.push_str(
            "| Clause | Source row | Strength | Kind | What must be true | Judge | Faults | Journal |\n",
        );
        page.push_str("|---|---|---|---|---|---|---|---|\n");
        for row in &test.clauses {
            let _ = writeln!(
                page,
                "| {} | {} | {} | {} | {} | {} | {} | {} |",
                row.id,
                if row.source.is_empty() { "–" } else { row.source },
                row.strength,
                kind(row),
                cell(row.text),
                code(&row.judge),
                codes(&row.faults),
                yes(row.journal),
            );
        }
    }
    let _ = write!(
        page,
        "\n## Conformance of the API\n\n\
         {} checks about the API, which no supplier's test depends on. Each is shown to bite by \
         `src/judge/tests/conformance.rs`; the contract of each operation \
         (`src/judge/src/supplier/conformance/contract.rs`) comes on top.\n\n\
         | Check | What is expected | Rests on | Judge | Faults |\n|---|---|---|---|---|\n",
        register.conformance.len()
    );
    for check in &register.conformance {
        let (clause, source) = (cell(check.clause), cell(check.source));
        let (judge, faults) = (code(&check.judge), codes(&check.faults));
        let _ = writeln!(page, "| {} | {clause} | {source} | {judge} | {faults} |", check.id);
    }
    let _ = write!(
        page,
        "\n## What only an observer sees\n\n\
         {} checks about the supplier, beside the pack. They decide the exit code where the \
         supplier is not the harness's own. Journal: a hand-written journal in `{WATCHED}` fails \
         the check and another passes it.\n\n\
         | Check | What must be true | Rests on | Judge | Faults | Journal |\n\
         |---|---|---|---|---|---|\n",
        register.observer.len()
    );
    for check in &register.observer {
        let (clause, source) = (cell(check.clause), cell(check.source));
        let (judge, faults) = (code(&check.judge), codes(&check.faults));
        let journal = yes(check.journal);
        let _ = writeln!(
            page,
            "| {} | {clause} | {source} | {judge} | {faults} | {journal} |",
            check.id
        );
    }
    page
}

fn kind(row: &Row) -> String {
    match row.kind {
        "attestation" => format!("attestation; attach {}", cell(row.note)),
        "not tested" => format!("not tested: {}", cell(row.note)),
        kind => kind.to_owned(),
    }
}

const fn yes(there: bool) -> &'static str {
    if there { "yes" } else { "–" }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}

fn code(text: &str) -> String {
    if text.is_empty() { none() } else { format!("`{text}`") }
}

fn codes(texts: &[String]) -> String {
    if texts.is_empty() {
        return none();
    }
    texts.iter().map(|text| code(text)).collect::<Vec<_>>().join(", ")
}

fn none() -> String {
    "–".to_owned()
}

/// The register as CSV, one line for each clause and each check.
pub(crate) fn csv(register: &Register) -> String {
    let mut file = String::new();
    line(
        &mut file,
        [
            "id",
            "suite",
            "required",
            "source_row",
            "strength",
            "kind",
            "clause",
            "note",
            "judge",
            "faults",
            "journal",
        ],
    );
    for test in &register.tests {
        let required = if test.definition.required { "yes" } else { "no" };
        for row in &test.clauses {
            let faults = row.faults.join(" ");
            let journal = if row.journal { JOURNALS } else { "" };
            line(
                &mut file,
                [
                    row.id,
                    "acceptance",
                    required,
                    row.source,
                    row.strength,
                    row.kind,
                    row.text,
                    row.note,
                    &row.judge,
                    &faults,
                    journal,
                ],
            );
        }
    }
    let conformance = register.conformance.iter().map(|check| ("conformance", check));
    let observer = register.observer.iter().map(|check| ("observer", check));
    for (suite, check) in conformance.chain(observer) {
        line(
            &mut file,
            [
                check.id,
                suite,
                "",
                "",
                "",
                "check",
                check.clause,
                check.source,
                &check.judge,
                &check.faults.join(" "),
                if check.journal { WATCHED } else { "" },
            ],
        );
    }
    file
}

fn line(file: &mut String, cells: [&str; 11]) {
    let quoted = cells.map(|cell| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    });
    file.push_str(&quoted.join(","));
    file.push('\n');
}
