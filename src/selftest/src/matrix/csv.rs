//! The matrix as comma-separated values, one line for each entry (RFC 4180, lines ended by LF).
//! Refuses what may differ from run to run: of what a fault turned red, the criteria that are named.

use super::{Matrix, Row};

impl Matrix {
    /// One line for each entry: catalogue, fault or variation, as armed, outcome, named and red
    /// criteria.
    #[must_use]
    pub fn csv(&self) -> String {
        let head = "catalogue,fault,armed,outcome,named,turned_red\n".to_owned();
        self.rows.iter().fold(head, |file, row| file + &line(row))
    }
}

fn line(row: &Row) -> String {
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
