//! `letterproof gate`: what a pipeline asks of a bundle, as one exit code.
//! Refuses to trust a bundle: it is verified first, and that is a demand like the others.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use letterproof_evidence::{Demand, Demands, Opened, Verification, gate as hold, read_results};
use letterproof_model::{TestId, now, pack};
use serde_json::json;

use crate::args::{GateOptions, OutputFormat};
use crate::failure::Failure;
use crate::out::{self, Text};
use crate::verify;

const FORMAT: &str = "letterproof-gate/1";

/// Prints each demand and whether it is met; returns 0 when all are, else 1.
pub(crate) fn gate(options: &GateOptions) -> Result<u8, Failure> {
    let (key, spec) = (options.key.as_deref(), options.spec.as_deref());
    let stampers = options.tsa_cert.as_deref();
    let found = verify::verified_with(&options.bundle, key, spec, stampers)?;
    let mut demands = vec![verified(&found)];
    let results = Opened::open(&options.bundle).and_then(|opened| read_results(&opened)).ok();
    if let Some(results) = &results {
        demands.extend(hold(results, &asked(options), now()));
    }
    let met = demands.iter().all(|demand| demand.met);
    match options.format {
        OutputFormat::Table => out::print(&text(&demands, met))?,
        OutputFormat::Json => {
            out::json(&json!({ "format": FORMAT, "met": met, "demands": demands }))?;
        }
    }
    if let Some(file) = &options.summary {
        append(file, &letterproof_reports::gate_summary(&demands, met, results.as_ref()))?;
    }
    Ok(u8::from(!met))
}

fn asked(options: &GateOptions) -> Demands {
    let mandatory = || pack().iter().filter(|test| test.required).map(|test| test.id);
    let tests: Vec<TestId> =
        if options.require.is_empty() { mandatory().collect() } else { options.require.clone() };
    Demands { tests, max_age: options.max_age, target: options.target.clone() }
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

fn append(file: &Path, text: &str) -> Result<(), Failure> {
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        Failure::Usage(format!("{}: the summary cannot be written ({error})", file.display()))
    })
}
