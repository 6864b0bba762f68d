//! What the print house says of its day.
//! Refuses to be evidence: whether the day met the pack is read from the recorded traffic.

use std::collections::BTreeMap;

use letterproof_model::LetterStatus;
use serde::Serialize;

use crate::shift::Part;

/// How a day ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DayEnd {
    /// Every part was done.
    Whole,
    /// It was asked to stop.
    Stopped,
    /// It could not go on, and why.
    Broken(String),
}

/// What was done in one part of the day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartReport {
    /// Which part.
    pub part: Part,
    /// What was done, in one sentence.
    pub text: String,
}

/// What the print house says of its day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ShiftReport {
    /// How it ended.
    pub end: DayEnd,
    /// The parts done, in order.
    pub parts: Vec<PartReport>,
    /// Letters seen in each status the print house sent.
    pub seen: BTreeMap<LetterStatus, u64>,
    /// What a person has to look into, one sentence each.
    pub problems: Vec<String>,
}

impl Default for ShiftReport {
    fn default() -> Self {
        Self {
            end: DayEnd::Stopped,
            parts: Vec::new(),
            seen: BTreeMap::new(),
            problems: Vec::new(),
        }
    }
}
