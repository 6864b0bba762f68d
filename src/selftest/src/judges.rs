//! Who judges a trial, and what is kept of it: a verdict for each id that was judged.
//! Refuses to know a judge by name: whatever turns a recording into results can be put to the test.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use letterproof_contract::Contract;
use letterproof_judge::{Head, conclude};
use letterproof_model::{About, Brief, Recording, Results, RunId, Verdict, now};

/// The verdict of every criterion and check that was judged, by its id.
pub type Verdicts = BTreeMap<String, Verdict>;

/// Turns a recording and what it was asked to show into results.
pub type Judges = Arc<dyn Fn(&Recording, &Brief) -> Results + Send + Sync>;

/// The harness's own judges, as every run, `judge` and `verify` use them.
///
/// # Errors
/// When the built-in contract cannot be read.
pub(crate) fn built_in() -> Result<Judges, String> {
    let contract = Contract::built_in().map_err(|error| error.to_string())?;
    Ok(Arc::new(move |recording, brief| {
        let tool = crate::tool();
        let run_id = RunId::fixed("selftest");
        conclude(recording, &Head { run_id: &run_id, started: now(), tool: &tool, brief }, contract)
    }))
}

/// What a run was judged to be: all that a fault or a variation can change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judged {
    /// What each criterion and check ended with.
    pub verdicts: Verdicts,
    /// The findings about the supplier, by id.
    pub about_supplier: BTreeSet<String>,
    /// The exit code that the process would have.
    pub exit_code: u8,
}

impl Judged {
    /// What a results document says.
    pub(crate) fn of(results: &Results) -> Self {
        let about = results.findings.iter().filter(|finding| finding.about == About::Supplier);
        Self {
            verdicts: verdicts(results),
            about_supplier: about.map(|finding| finding.id.clone()).collect(),
            exit_code: results.exit_code,
        }
    }
}

/// Every verdict of a results document that says something of who was at fault: not those of tests
/// that were not selected, nor what an observer sees of the harness's own supplier.
fn verdicts(results: &Results) -> Verdicts {
    let selected = results.tests.iter().filter(|test| test.selected);
    let pack = selected.flat_map(|test| test.checks()).map(|one| (one.id.to_string(), one.verdict));
    let observed = results.observer.iter().filter(|_| !results.run.supplier.is_ours());
    let checks = results.conformance.iter().chain(observed);
    pack.chain(checks.map(|check| (check.id.to_string(), check.verdict))).collect()
}
