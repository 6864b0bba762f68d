//! `letterproof verify`: is a bundle as it was made, and does every verdict follow from it?

use std::collections::BTreeMap;
use std::path::Path;

use letterproof_evidence::{
    BundlePublicKey, EvidenceError, ProblemKind, SignatureState, StamperCertificates,
};
use letterproof_harness::{
    Conclusion, Failure, StampSeen, Verification, Verifying, built_in, official,
};

use crate::args::{OutputFormat, VerifyOptions};
use crate::out::{self, Text};
use crate::process;

/// Problems printed; the JSON has them all.
const SHOWN: usize = 40;

/// Prints what verifying found; returns 0 when nothing is wrong, else 1.
pub(crate) fn verify(options: &VerifyOptions) -> Result<u8, Failure> {
    let (key, spec) = (options.key.as_deref(), options.spec.as_deref());
    let found = verified(&options.bundle, key, spec, options.tsa_cert.as_deref())?;
    match options.format {
        OutputFormat::Table => out::print(&text(&found))?,
        OutputFormat::Json => out::json(&found)?,
    }
    Ok(u8::from(!found.holds()))
}

/// Verifies a bundle with the judges of this build, and refuses one that does not hold.
pub(crate) fn sound(
    bundle: &Path,
    key: Option<&Path>,
    spec: Option<&Path>,
) -> Result<Verification, Failure> {
    let found = verified(bundle, key, spec, None)?;
    match found.problems.first() {
        None => Ok(found),
        Some(problem) => Err(Failure::Usage(format!(
            "{}: does not verify: {problem}; `letterproof verify` says more",
            bundle.display()
        ))),
    }
}

/// Verifies a bundle with the judges of this build, and whether these certificates vouch for its time
/// stamps.
pub(crate) fn verified(
    bundle: &Path,
    key: Option<&Path>,
    spec: Option<&Path>,
    stampers: Option<&Path>,
) -> Result<Verification, Failure> {
    let usage = |error: EvidenceError| Failure::Usage(error.to_string());
    let stampers = stampers.map(StamperCertificates::read).transpose().map_err(usage)?;
    let key = key.map(BundlePublicKey::read).transpose().map_err(usage)?;
    let official = official(spec)?;
    let contract = match &official {
        Some(contract) => contract,
        None => built_in()?,
    };
    let tool = process::tool();
    let with = Verifying { tool: &tool, key: key.as_ref(), contract, stampers: stampers.as_ref() };
    let found = letterproof_harness::verify(bundle, &with).map_err(usage)?;
    // What is no bundle, or none yet, was given wrongly: there is nothing to find unsound.
    let no_bundle = |kind| matches!(kind, ProblemKind::NotABundle | ProblemKind::Incomplete);
    match found.problems.iter().find(|problem| no_bundle(problem.kind)) {
        Some(problem) => Err(Failure::Usage(format!("{}: {problem}", bundle.display()))),
        None => Ok(found),
    }
}

fn text(found: &Verification) -> Text {
    let mut text = Text::default();
    if let Some(standing) = &found.standing {
        text.line(standing.sentence());
        for (label, stated) in found.who.lines() {
            text.line(format_args!("{:<15}{stated}", label.to_lowercase()));
        }
        for host in standing.host_lines() {
            text.line(format_args!("{:<15}{host}", "host"));
        }
        text.gap();
    }
    if let (Some(run), Some(tool)) = (&found.run, &found.tool) {
        text.line(format_args!("run        {run}"));
        text.line(format_args!("made by    letterproof {} ({})", tool.version, tool.commit));
        text.line(format_args!("signature  {}", signature(&found.signature)));
        text.line(format_args!(
            "derived    {} results again from {} exchanges",
            letterproof_model::grouped(found.rederived as u64),
            letterproof_model::grouped(found.exchanges as u64)
        ));
    }
    for line in stamps(&found.stamps) {
        text.line(format_args!("stamped    {line}"));
    }
    for note in &found.notes {
        text.line(format_args!("note       {note}"));
    }
    for not_checked in &found.not_checked {
        text.line(format_args!("NOT checked  {not_checked}"));
    }
    for problem in found.problems.iter().take(SHOWN) {
        text.line(format_args!("problem    {problem}."));
    }
    if found.problems.len() > SHOWN {
        let more = found.problems.len() - SHOWN;
        text.line(format_args!("           and {more} more; --format json lists them all"));
    }
    text.gap();
    match found.conclusion {
        Conclusion::NotSound => {
            text.line(format_args!("NOT sound: {} found", problems(found.problems.len())));
        }
        _ => text.line(format_args!("{}{}", conclusion(found), but(&found.not_checked))),
    }
    if found.conclusion == Conclusion::Consistent {
        text.line("to know who signed it, give the supplier's public key with --key");
    }
    text
}

/// What verifying comes to, where nothing is wrong: no more than was checked.
pub(crate) fn conclusion(found: &Verification) -> &'static str {
    match found.conclusion {
        Conclusion::Sound => {
            "sound: signed by the expected key, every byte as it was signed, and every verdict \
             follows"
        }
        Conclusion::Consistent => {
            "consistent in itself, but whoever has the bundle could have made it"
        }
        Conclusion::NotSound => "NOT sound",
    }
}

fn but(not_checked: &[String]) -> &'static str {
    if not_checked.is_empty() { "" } else { "; see above for what was NOT checked" }
}

/// Who stamped what and when: a line for each stamper of the journal, and one for the manifest.
fn stamps(seen: &[StampSeen]) -> Vec<String> {
    let known = |seen: &StampSeen| match seen.known {
        true => "known by --tsa-cert",
        false => "an unknown authority; give --tsa-cert FILE to say whom to trust",
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
        SignatureState::Unsigned => "unsigned: anyone could have made this bundle".to_owned(),
        SignatureState::Invalid => "does NOT hold".to_owned(),
        SignatureState::Own { key_id } => format!(
            "by the key in the bundle, {key_id}; compare it with the supplier's, or give --key"
        ),
        SignatureState::Expected { key_id } => format!("by the expected key, {key_id}"),
    }
}
