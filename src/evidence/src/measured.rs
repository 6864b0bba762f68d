//! What load runs measured, as their records in a run's folder sum it up.
//!
//! These figures stand in `results.json` beside those derived from the journal, and are derived
//! again from the same records when a bundle is verified. Refuses a summary of another format.

use letterproof_model::Performance;
use serde::Deserialize;

use crate::bundle::parse_json;
use crate::{EvidenceError, Opened};

/// Where the records of load runs lie, one folder each.
pub const PERFORMANCE_FOLDER: &str = "performance";
/// The name of a load run's summary in its folder.
pub const LOAD_SUMMARY_FILE: &str = "summary.json";
/// The name and version of the format of such a summary.
pub const LOAD_SUMMARY_FORMAT: &str = "letterproof-load/1";

/// Longest summary read, in bytes.
const LIMIT: u64 = 4 << 20;

/// What is read of a summary here.
#[derive(Deserialize)]
struct Summary {
    name: String,
    figures: std::collections::BTreeMap<String, f64>,
}

/// The figures of every load run in a bundle, by the names of their folders.
///
/// # Errors
/// When a summary cannot be read, or is of another format.
pub fn read_measured(opened: &Opened) -> Result<Vec<Performance>, EvidenceError> {
    let summaries = opened.files().map(|(name, _)| name).filter(|name| is_summary(name));
    let summaries: Vec<String> = summaries.map(str::to_owned).collect();
    let read = |name: &String| {
        let bytes = opened.read(name, LIMIT)?;
        let path = opened.path().join(name);
        let Summary { name, figures } = parse_json(&path, &bytes, LOAD_SUMMARY_FORMAT)?;
        Ok(Performance { name: format!("load {name}"), figures })
    };
    summaries.iter().map(read).collect()
}

fn is_summary(name: &str) -> bool {
    let mut parts = name.split('/');
    parts.next() == Some(PERFORMANCE_FOLDER)
        && parts.next().is_some()
        && parts.next() == Some(LOAD_SUMMARY_FILE)
        && parts.next().is_none()
}
