//! The matrix as a heat map: faults and variations down, tests and areas of checks across.
//! Refuses anything from elsewhere: one file without scripts, fonts or links.

use std::collections::BTreeMap;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context};
use serde::Serialize;

use super::{Matrix, Row};
use crate::error::SelftestError;
use crate::register::judged_ids;

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
        let lines: Vec<Line> = self.rows.iter().map(|row| line(row, &columns)).collect();
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

fn line(row: &Row, columns: &[&str]) -> Line {
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
