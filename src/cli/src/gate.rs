//! `letterproof gate`: what a pipeline asks of a bundle, as one exit code.
//! Refuses to trust a bundle: it is verified first, and that is a demand like the others.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use letterproof_evidence::{Demand, Demands, Opened, Verification, gate as hold, read_results};
use letterproof_model::{Results, Strict, TestId, now, pack};
use serde_json::json;

use crate::args::{GateOptions, OutputFormat};
use crate::failure::Failure;
use crate::out::{self, Text};
use crate::{progress, verify};

const FORMAT: &str = "letterproof-gate/1";

/// Prints each demand and whether it is met; returns 0 when all are, else 1.
pub(crate) fn gate(options: &GateOptions) -> Result<u8, Failure> {
    let found = verify::verified(&options.bundle, options.key.as_deref(), options.spec.as_deref())?;
    let mut demands = vec![verified(&found)];
    let results = Opened::open(&options.bundle).and_then(|opened| read_results(&opened)).ok();
    if let Some(results) = &results {
        demands.extend(hold(results, &asked(options), now()));
        demands.extend(options.strict.map(|strict| without_objections(results, strict.into())));
    }
    let met = demands.iter().all(|demand| demand.met);
    let unmet = demands.iter().filter(|demand| !demand.met);
    out::annotate(unmet.map(|demand| {
        (format!("letterproof gate: {}", demand.demand), format!("found: {}", demand.found))
    }));
    match options.format {
        OutputFormat::Table => out::print(&text(&demands, met))?,
        OutputFormat::Json => {
            out::json(&json!({ "format": FORMAT, "met": met, "demands": demands }))?;
        }
    }
    if let Some(file) = &options.summary {
        let summary = letterproof_reports::gate_summary(&demands, met, results.as_ref());
        // What was found is what counts, whether or not it could be written down once more.
        if let Err(told) = append(file, &summary) {
            progress::told(&told);
        }
    }
    Ok(u8::from(!met))
}

fn asked(options: &GateOptions) -> Demands {
    let mandatory = || pack().iter().filter(|test| test.required).map(|test| test.id);
    let tests: Vec<TestId> =
        if options.require.is_empty() { mandatory().collect() } else { options.require.clone() };
    Demands { tests, max_age: options.max_age, target: options.target.clone() }
}

/// What `run --strict` asks of the exit code, asked of a bundle.
fn without_objections(results: &Results, strict: Strict) -> Demand {
    let Results { findings, observer, conformance, waivers, .. } = results;
    let objections = strict.objections(findings, observer, conformance, waivers);
    let demand = match strict {
        Strict::Violations => "no violation by the supplier",
        Strict::Advice => "no violation by the supplier, and all advice followed",
    };
    let met = objections.is_empty();
    let found = if met { "none".to_owned() } else { objections.join(", ") };
    Demand { demand: demand.to_owned(), met, found }
}

fn verified(found: &Verification) -> Demand {
    let told = match found.problems.first() {
        None => verify::conclusion(found).to_owned(),
        Some(problem) => problem.to_string(),
    };
    Demand { demand: "a bundle that verifies".to_owned(), met: found.holds(), found: told }
}

fn text(demands: &[Demand], met: bool) -> Text {
    let mut table = out::table(["", "demand", "found"]);
    for demand in demands {
        let word = if demand.met { "met" } else { "NOT met" };
        table.row([word, demand.demand.as_str(), demand.found.as_str()]);
    }
    let mut text = Text::default();
    text.table(&table);
    text.gap();
    text.line(if met { "every demand is met" } else { "NOT every demand is met" });
    text
}

fn append(file: &Path, text: &str) -> Result<(), String> {
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        format!("{}: the summary cannot be written ({error}); the verdict holds", file.display())
    })
}
