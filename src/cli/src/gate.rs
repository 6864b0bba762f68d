//! `letterproof gate`: what a pipeline asks of a bundle, as one exit code.
//! Refuses to trust a bundle: it is verified first, and that is a demand like the others.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use letterproof_evidence::{
    Attestation, Attestations, Demand, Demands, EvidenceError, Opened, SignatureState, Submission,
    Verification, gate as hold, read_context, read_results,
};
use letterproof_model::{Context, Results, Standing, TestId, now, pack};
use serde_json::json;

use crate::args::{Allowed, GateOptions, OutputFormat};
use crate::failure::Failure;
use crate::out::{self, Text};
use crate::{reconcile, verify};

const FORMAT: &str = "letterproof-gate/1";

/// Prints each demand and whether it is met; returns 0 when all are, else 1.
pub(crate) fn gate(options: &GateOptions) -> Result<u8, Failure> {
    if options.witnessed && options.allow.contains(&Allowed::Driven) {
        return Err(Failure::Usage(
            "--witnessed demands what --allow driven gives up; leave one of them out".to_owned(),
        ));
    }
    let found = verify::verified(&options.bundle, options.key.as_deref(), options.spec.as_deref())?;
    let mut demands = of_the_bundle(&found, &options.allow);
    let mut run = read(&options.bundle).ok();
    if let Some((results, context, attestations)) = &mut run {
        results.run.standing = found.standing.clone();
        if let Some(log) = &options.gateway
            && found.holds()
            && reconcile::agrees(&options.bundle, log)?
        {
            reconcile::is_reconciled(results);
        }
        let submission = Submission { results, context, attestations };
        demands.extend(hold(&submission, &asked(options), now()));
    }
    let met = demands.iter().all(|demand| demand.met);
    let standing = run.as_ref().and_then(|(results, ..)| results.run.standing.as_ref());
    match options.format {
        OutputFormat::Table => out::print(&text(standing, &demands, met))?,
        OutputFormat::Json => out::json(&json!({
            "format": FORMAT, "standing": standing, "met": met, "demands": demands
        }))?,
    }
    if let Some(file) = &options.summary {
        let results = run.as_ref().map(|(results, ..)| results);
        append(file, &letterproof_reports::gate_summary(&demands, met, results))?;
    }
    Ok(u8::from(!met))
}

fn read(bundle: &Path) -> Result<(Results, Context, Vec<Attestation>), EvidenceError> {
    let opened = Opened::open(bundle)?;
    let attestations = Attestations::of(&opened)?.attestations;
    Ok((read_results(&opened)?, read_context(&opened)?, attestations))
}

fn asked(options: &GateOptions) -> Demands {
    let mandatory = || pack().iter().filter(|test| test.required).map(|test| test.id);
    let tests: Vec<TestId> =
        if options.require.is_empty() { mandatory().collect() } else { options.require.clone() };
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
        let mine = crate::tool();
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
