//! `letterproof gate`: what a pipeline asks of a bundle, as one exit code. The bundle is verified
//! first, and that is a demand like the others.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use letterproof_evidence::SignatureState;
use letterproof_harness::{
    Demand, Demands, Failure, Verification, gate as hold, gate_summary, mark_reconciled,
};
use letterproof_model::{Results, Standing, Strict, TestId, now, pack};
use serde_json::json;

use crate::args::{Allowed, GateOptions, OutputFormat};
use crate::out::{self, Text};
use crate::readiness::Run;
use crate::{progress, reconcile, verify};

const FORMAT: &str = "letterproof-gate/1";

/// Prints each demand and whether it is met; returns 0 when all are, else 1.
pub(crate) fn gate(options: &GateOptions) -> Result<u8, Failure> {
    if options.witnessed && options.allow.contains(&Allowed::Driven) {
        return Err(Failure::Usage(
            "--witnessed requires what --allow driven leaves out; give only one of them".to_owned(),
        ));
    }
    let (key, spec) = (options.key.as_deref(), options.spec.as_deref());
    let stampers = options.tsa_cert.as_deref();
    let found = verify::verified(&options.bundle, key, spec, stampers)?;
    let mut demands = of_the_bundle(&found, &options.allow);
    let mut run = Run::read(&options.bundle).ok();
    if let Some(run) = &mut run {
        run.results.run.standing = found.standing.clone();
        let log = options.gateway.as_slice();
        if found.holds() && reconcile::agrees_with_any(&options.bundle, log)? {
            mark_reconciled(&mut run.results);
        }
        let strict = options.strict.map(|strict| without_objections(&run.results, strict.into()));
        demands.extend(strict);
        demands.extend(hold(&run.submission(), &asked(options, &run.results), now()));
    }
    let met = demands.iter().all(|demand| demand.met);
    let unmet = demands.iter().filter(|demand| !demand.met);
    out::annotate(unmet.map(|demand| {
        (format!("letterproof gate: {}", demand.demand), format!("found: {}", demand.found))
    }));
    let results = run.as_ref().map(|run| &run.results);
    let standing = results.and_then(|results| results.run.standing.as_ref());
    match options.format {
        OutputFormat::Table => out::print(&text(standing, &demands, met))?,
        OutputFormat::Json => out::json(&json!({
            "format": FORMAT, "standing": standing, "met": met, "demands": demands
        }))?,
    }
    if let Some(file) = &options.summary {
        let summary = gate_summary(&demands, met, results);
        // What was found is what counts, whether or not it could be written down once more.
        if let Err(told) = append(file, &summary) {
            progress::told(&told);
        }
    }
    Ok(u8::from(!met))
}

fn asked(options: &GateOptions, results: &Results) -> Demands {
    // Optional ones that were declared, or asked for by name, decide the run's exit code as well.
    let decides = |test: TestId| results.run.deciding.contains(&test);
    let deciding = pack().iter().filter(|test| test.required || decides(test.id));
    let tests: Vec<TestId> = match options.require.as_slice() {
        [] => deciding.map(|test| test.id).collect(),
        named => named.to_vec(),
    };
    Demands {
        tests,
        witnessed: !options.allow.contains(&Allowed::Driven),
        int: !options.allow.contains(&Allowed::Mock),
        reconciled: options.gateway.is_some(),
        max_age: options.max_age,
        target: options.target.clone(),
        host: options.host.clone(),
        nonce: options.nonce.clone(),
        window: options.window,
        pack_version: options.pack_version.clone(),
        nothing_owed: options.nothing_owed,
        no_violations: options.no_violations,
    }
}

/// What `run --strict` asks of the exit code, asked of a bundle.
fn without_objections(results: &Results, strict: Strict) -> Demand {
    let objections = results.judged().objections(strict, &results.waivers);
    let demand = match strict {
        Strict::Violations => "no violation by the supplier",
        Strict::Advice => "no violation by the supplier, and all advice followed",
    };
    let met = objections.is_empty();
    let found = if met { "none".to_owned() } else { objections.join(", ") };
    Demand { demand: demand.to_owned(), met, found }
}

/// What is asked of the bundle as such: that it verifies, and by whom and what it was made.
fn of_the_bundle(found: &Verification, allowed: &[Allowed]) -> Vec<Demand> {
    let told = match found.problems.first() {
        None => verify::conclusion(found).to_owned(),
        Some(problem) => problem.to_string(),
    };
    let demand = |demand: &str, met, found| Demand { demand: demand.to_owned(), met, found };
    let mut asked = vec![demand("a bundle that verifies", found.holds(), told)];
    if !allowed.contains(&Allowed::Unsigned) {
        let is_signed =
            matches!(found.signature, SignatureState::Own { .. } | SignatureState::Expected { .. });
        asked.push(demand("signed", is_signed, verify::signature(&found.signature)));
    }
    if !allowed.contains(&Allowed::OtherBuild) {
        let mine = crate::process::tool();
        let made_by = found.tool.as_ref().map_or_else(
            || "what made it could not be read".to_owned(),
            |tool| format!("made by letterproof {} ({})", tool.version, tool.commit),
        );
        let this = format!("made by this build, letterproof {} ({})", mine.version, mine.commit);
        asked.push(demand(&this, found.tool.as_ref() == Some(&mine), made_by));
    }
    asked
}

fn text(standing: Option<&Standing>, demands: &[Demand], met: bool) -> Text {
    let mut table = out::table(["", "demand", "found"]);
    for demand in demands {
        let word = if demand.met { "met" } else { "NOT met" };
        table.row([word, demand.demand.as_str(), demand.found.as_str()]);
    }
    let mut text = Text::default();
    if let Some(standing) = standing {
        text.line(standing.sentence());
        text.gap();
    }
    text.table(&table);
    text.gap();
    text.line(if met { "every requirement is met" } else { "NOT every requirement is met" });
    text
}

fn append(file: &Path, text: &str) -> Result<(), String> {
    let written = OpenOptions::new()
        .create(true)
        .append(true)
        .open(file)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        format!(
            "{}: the summary cannot be written ({error}); the result above is valid",
            file.display()
        )
    })
}
