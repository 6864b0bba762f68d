//! The matrix as one JSON document, format `letterproof-selftest/1`.
//! Refuses to leave an entry out.

use serde::Serialize;

use super::{Matrix, Row};
use crate::classify::Outcome;

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
