//! `letterproof verify`: is a bundle as it was made, and does every verdict follow from it?
//! Refuses a target: nothing is sent, and nothing but the bundle is read.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use letterproof_contract::Contract;
use letterproof_evidence::{
    Bundle, BundlePublicKey, EvidenceError, Opened, Problem, ProblemKind, SignatureState,
    StampSeen, StamperCertificates, Verification, Verifying,
};
use letterproof_reports::{Extras, differing};

use crate::args::{OutputFormat, VerifyOptions};
use crate::failure::Failure;
use crate::out;

/// Problems printed; the JSON has them all.
const SHOWN: usize = 40;

/// Prints what verifying found; returns 0 when the bundle is sound, else 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<u8, Failure> {
    let stampers = options.tsa_cert.as_deref().map(StamperCertificates::read).transpose();
    let stampers = stampers.map_err(|error| Failure::Usage(error.to_string()))?;
    let (key, spec) = (options.key.as_deref(), options.spec.as_deref());
    let found = verified_with(&options.bundle, key, spec, stampers.as_ref())?;
    match options.format {
        OutputFormat::Table => out::print(&text(&found))?,
        OutputFormat::Json => out::json(&found)?,
    }
    Ok(u8::from(!found.sound))
}

/// Verifies a bundle with the judges of this build.
pub(crate) fn verified(
    bundle: &Path,
    key: Option<&Path>,
    spec: Option<&Path>,
) -> Result<Verification, Failure> {
    verified_with(bundle, key, spec, None)
}

/// As [`verified`], and whether these vouch for its time stamps.
fn verified_with(
    bundle: &Path,
    key: Option<&Path>,
    spec: Option<&Path>,
    stampers: Option<&StamperCertificates>,
) -> Result<Verification, Failure> {
    let usage = |error: EvidenceError| Failure::Usage(error.to_string());
    let key = key.map(BundlePublicKey::read).transpose().map_err(usage)?;
    let official = official(spec)?;
    let contract = match &official {
        Some(contract) => contract,
        None => built_in()?,
    };
    let tool = crate::tool();
    let with = Verifying { tool: &tool, key: key.as_ref(), contract, stampers, reports };
    letterproof_evidence::verify(bundle, &with).map_err(usage)
}

/// The reports of a sound bundle that do not show what it concludes.
fn reports(opened: &Opened, bundle: &Bundle) -> Vec<Problem> {
    let found = Extras::of(opened).and_then(|extras| differing(bundle, opened, &extras));
    let told = "is not the report that follows from results and journal";
    let other = |name: &String| Problem::of(ProblemKind::Report, name, told);
    match found {
        Ok(names) => names.iter().map(other).collect(),
        Err(error) => vec![Problem {
            kind: ProblemKind::Report,
            file: None,
            sentence: format!("the reports cannot be made again: {error}"),
        }],
    }
}

/// The contract of an official specification, where one was given.
pub(crate) fn official(spec: Option<&Path>) -> Result<Option<Contract>, Failure> {
    let contract = spec.map(Contract::from_specification).transpose();
    contract.map_err(|error| Failure::Usage(error.to_string()))
}

/// The contract of this build.
pub(crate) fn built_in() -> Result<&'static Contract, Failure> {
    Contract::built_in().map_err(|error| Failure::Harness(error.to_string()))
}

fn text(found: &Verification) -> String {
    let mut text = String::new();
    if let (Some(run), Some(tool)) = (&found.run, &found.tool) {
        let _ = writeln!(
            text,
            "run        {run}\nmade by    letterproof {} ({})\nsignature  {}\nderived    {} results \
             again from {} exchanges",
            tool.version,
            tool.commit,
            signature(&found.signature),
            letterproof_model::grouped(found.rederived as u64),
            letterproof_model::grouped(found.exchanges as u64)
        );
    }
    for line in stamps(&found.stamps) {
        let _ = writeln!(text, "stamped    {line}");
    }
    for note in &found.notes {
        let _ = writeln!(text, "note       {note}");
    }
    for problem in found.problems.iter().take(SHOWN) {
        let _ = writeln!(text, "problem    {problem}.");
    }
    if found.problems.len() > SHOWN {
        let more = found.problems.len() - SHOWN;
        let _ = writeln!(text, "           and {more} more; --format json lists them all");
    }
    let _ = match found.sound {
        true => writeln!(text, "\nsound: every byte is as it was made, and every verdict follows"),
        false => writeln!(text, "\nNOT sound: {} found", problems(found.problems.len())),
    };
    text
}

/// Who stamped what and when: a line for each stamper of the journal, and one for the manifest.
fn stamps(seen: &[StampSeen]) -> Vec<String> {
    let known = |seen: &StampSeen| match seen.known {
        true => "known by --tsa-cert",
        false => "an unknown stamper; --tsa-cert FILE says whom to trust",
    };
    let mut by_stamper: BTreeMap<(&str, bool), Vec<&StampSeen>> = BTreeMap::new();
    for stamp in seen.iter().filter(|stamp| stamp.line.is_some()) {
        by_stamper.entry((&stamp.by, stamp.known)).or_default().push(stamp);
    }
    let mut lines = Vec::new();
    for ((by, _), stamps) in by_stamper {
        let [first, .., last] = stamps.as_slice() else {
            let at = stamps.first().map(|stamp| stamp.at.to_string()).unwrap_or_default();
            let told = stamps.first().map(|stamp| known(stamp)).unwrap_or_default();
            lines.push(format!("the journal once, at {at}, by {by} ({told})"));
            continue;
        };
        lines.push(format!(
            "the journal {} times, from {} to {}, by {by} ({})",
            stamps.len(),
            first.at,
            last.at,
            known(first)
        ));
    }
    for stamp in seen.iter().filter(|stamp| stamp.line.is_none()) {
        lines.push(format!("the manifest, at {}, by {} ({})", stamp.at, stamp.by, known(stamp)));
    }
    lines
}

fn problems(count: usize) -> String {
    if count == 1 { "1 problem".to_owned() } else { format!("{count} problems") }
}

/// Whether a bundle is signed, and what that proves.
pub(crate) fn signature(state: &SignatureState) -> String {
    match state {
        SignatureState::Unsigned => "unsigned: anybody could have made this bundle".to_owned(),
        SignatureState::Invalid => "does NOT hold".to_owned(),
        SignatureState::Own { key_id } => format!(
            "by the key in the bundle, {key_id}; compare it with the supplier's, or give --key"
        ),
        SignatureState::Expected { key_id } => format!("by the expected key, {key_id}"),
    }
}
