//! The matrix as JSON (`letterproof-selftest/1`), as a heat map in one file, as a page to be
//! committed, as CSV (RFC 4180, lines ended by LF), and for a terminal.
//!
//! What may differ from run to run is left out: of what a fault turned red, the criteria that are
//! named are shown. What is wrong stands at the end of the terminal's text, where a reader looks
//! first.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use super::{Matrix, Row};
use crate::SelftestError;
use crate::contract::contract_matrix;
use crate::plan::Catalogue;
use crate::verdicts::{Outcome, judged_ids};

/// The name and version of the format.
const FORMAT: &str = "letterproof-selftest/1";

/// The matrix for programs.
#[derive(Debug, Serialize)]
pub struct Document {
    /// Always `letterproof-selftest/1`.
    pub format: &'static str,
    /// A row for each entry.
    pub entries: Vec<Entry>,
    /// Criteria and checks that no fault turned red.
    pub unproven: Vec<&'static str>,
    /// The process's exit code.
    pub exit_code: u8,
}

/// What became of one entry.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Entry {
    /// `API`, `supplier` or `honest`.
    pub catalogue: &'static str,
    /// Its name in the catalogue.
    pub fault: &'static str,
    /// As it was armed, argument included.
    pub armed: Vec<String>,
    /// What it breaks; of an honest variation, what differs.
    pub breaks: &'static str,
    /// `caught`, `caught (advice)`, `caught elsewhere`, `survived`, `void`, `false alarm` or `harmless`; of an honest
    /// variation `not accused`, `accused`, `void` or `false alarm`.
    pub outcome: &'static str,
    /// Why it is void, or what was red that should not have been.
    pub reason: Option<String>,
    /// What the catalogue names: what must turn red, or may stay open.
    pub named: Vec<&'static str>,
    /// What turned red, or blamed an honest variation.
    pub red: Vec<String>,
}

impl Matrix {
    /// The matrix for programs.
    #[must_use]
    pub fn document(&self) -> Document {
        Document {
            format: FORMAT,
            entries: self.rows.iter().map(entry).collect(),
            unproven: self.unproven(),
            exit_code: self.exit_code(),
        }
    }
}

fn entry(row: &Row) -> Entry {
    Entry {
        catalogue: row.trial.catalogue.word(),
        fault: row.trial.name,
        armed: row.armed().into_iter().map(str::to_owned).collect(),
        breaks: row.trial.breaks,
        outcome: row.outcome.word(),
        reason: match &row.outcome {
            Outcome::Void(reason) => Some(reason.clone()),
            Outcome::FalseAlarm(red) | Outcome::Accused(red) => Some(red.join(", ")),
            _ => None,
        },
        named: row.named(),
        red: row.red.clone(),
    }
}

const TEMPLATE: &str = include_str!("../../templates/matrix.html");

/// The deepest shade a cell can have.
const DEEPEST: usize = 4;

#[derive(Serialize)]
struct Line {
    catalogue: &'static str,
    name: &'static str,
    breaks: &'static str,
    outcome: &'static str,
    good: bool,
    cells: Vec<Cell>,
    /// The criteria that it turned red.
    ids: String,
}

#[derive(Serialize)]
struct Cell {
    /// How many turned red; empty for none.
    count: String,
    shade: usize,
    /// Whether one of them is named by the catalogue.
    named: bool,
}

impl Matrix {
    /// The heat map, a page of its own.
    ///
    /// # Errors
    /// When the template is at fault.
    pub fn html(&self) -> Result<String, SelftestError> {
        let mut columns: Vec<&str> = Vec::new();
        for id in judged_ids() {
            if !columns.contains(&column_of(id)) {
                columns.push(column_of(id));
            }
        }
        let lines: Vec<Line> = self.rows.iter().map(|row| heat_line(row, &columns)).collect();
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_template("matrix", TEMPLATE)?;
        Ok(environment.get_template("matrix")?.render(context! {
            columns => Serde(columns),
            lines => Serde(lines),
            counts => Serde(self.counts()),
            unproven => Serde(self.unproven()),
        })?)
    }
}

/// `AT4` of `AT4.2`, `C-LIST` of `C-LIST-LIMIT-0`, `O` of `O-LIST-SERIAL`.
fn column_of(id: &str) -> &str {
    if let Some((test, _)) = id.split_once('.') {
        return test;
    }
    let mut hyphens = id.match_indices('-').map(|(at, _)| at);
    match (id.starts_with("O-"), hyphens.next(), hyphens.next()) {
        (true, Some(first), _) => &id[..first],
        (false, _, Some(second)) => &id[..second],
        _ => id,
    }
}

fn heat_line(row: &Row, columns: &[&str]) -> Line {
    let mut red: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in &row.red {
        red.entry(column_of(id)).or_default().push(id);
    }
    let named: Vec<&str> = row.named_red().collect();
    let cell = |column: &&str| {
        let ids = red.get(column).map_or(&[][..], Vec::as_slice);
        Cell {
            count: if ids.is_empty() { String::new() } else { ids.len().to_string() },
            shade: ids.len().min(DEEPEST),
            named: ids.iter().any(|id| named.contains(id)),
        }
    };
    Line {
        catalogue: row.trial.catalogue.word(),
        name: row.trial.name,
        breaks: row.trial.breaks,
        outcome: row.outcome.word(),
        good: row.outcome.is_good(),
        cells: columns.iter().map(cell).collect(),
        ids: row.red.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

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

impl Matrix {
    /// One line for each entry: catalogue, fault or variation, as armed, outcome, named and red
    /// criteria.
    #[must_use]
    pub fn csv(&self) -> String {
        let head = "catalogue,fault,armed,outcome,named,turned_red\n".to_owned();
        self.rows.iter().fold(head, |file, row| file + &csv_row(row))
    }
}

fn csv_row(row: &Row) -> String {
    let cells = [
        row.trial.catalogue.word(),
        row.trial.name,
        &row.armed().join(" "),
        row.outcome.word(),
        &row.named().join(" "),
        &row.shown_red().join(" "),
    ];
    // Names, arguments and ids hold neither commas nor quotes.
    cells.join(",") + "\n"
}

/// How many criteria a line shows before it only counts them.
const SHOWN: usize = 4;

impl Matrix {
    /// A line for each entry, the counts, and what is not as it should be.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for row in &self.rows {
            let _ = writeln!(text, "{}", row.line());
        }
        let counts: Vec<String> = self
            .counts()
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(word, count)| format!("{count} {word}"))
            .collect();
        let (faults, all) = (self.faults().count(), self.rows.len());
        let honest = all - faults;
        let _ = writeln!(
            text,
            "\n{faults} faults and {honest} honest variations: {}",
            counts.join(", ")
        );
        for row in self.rows.iter().filter(|row| !row.outcome.is_good()) {
            let _ = writeln!(text, "{}: {}", row.trial.name, row.complaint());
        }
        let unproven = self.unproven();
        if !unproven.is_empty() {
            let _ = writeln!(text, "turned red by no fault: {}", unproven.join(", "));
        }
        if let Some(contract) = contract_matrix() {
            let _ = writeln!(text, "{}", contract.score());
            for complaint in contract.complaints() {
                let _ = writeln!(text, "{complaint}");
            }
        }
        text
    }
}

impl Row {
    /// One line: name, outcome, what turned red.
    #[must_use]
    pub fn line(&self) -> String {
        let mut red = self.shown_red();
        red.truncate(SHOWN);
        let more = format!("and {} more", self.red.len() - red.len());
        if self.red.len() > red.len() {
            red.push(&more);
        }
        let Self { trial, outcome, .. } = self;
        let line = format!("{:<26} {:<17} {}", trial.name, outcome.word(), red.join(", "));
        line.trim_end().to_owned()
    }

    /// What is wrong with it, in one sentence.
    fn complaint(&self) -> String {
        match &self.outcome {
            Outcome::Survived => {
                format!("survived: {} did not turn red", self.named().join(", "))
            }
            Outcome::Void(reason) => format!("void: {reason}"),
            Outcome::Accused(by) => format!("accused: {}", by.join(", ")),
            Outcome::FalseAlarm(red) => format!("false alarm: {} turned red", red.join(", ")),
            other => other.word().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_fall_into_columns_by_test_or_area() {
        for (id, column) in [
            ("AT15.4", "AT15"),
            ("C-LIST-LIMIT-0", "C-LIST"),
            ("C-LIST", "C-LIST"),
            ("C-STATUS", "C-STATUS"),
            ("O-MI-ONCE", "O"),
        ] {
            assert_eq!(column_of(id), column);
        }
    }
}
