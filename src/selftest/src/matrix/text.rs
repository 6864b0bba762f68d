//! The matrix for a terminal or a log.
//! Refuses to bury what is wrong: it stands at the end, where a reader looks first.

use std::fmt::Write as _;

use super::{Matrix, Row};
use crate::classify::Outcome;
use crate::contract::contract_matrix;

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
