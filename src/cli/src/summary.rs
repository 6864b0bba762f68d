//! `letterproof summary`: what a bundle shows, as a text for an e-mail. The bundle must verify:
//! what was changed afterwards shows nothing.

use letterproof_evidence::{Bundle, EvidenceError, Opened};
use letterproof_harness::Failure;
use letterproof_reports::{Extras, mail_summary};

use crate::args::{MailFormat, SummaryOptions};
use crate::{out, verify};

/// Prints the summary of a bundle; returns 0.
pub(crate) fn summary(options: &SummaryOptions) -> Result<u8, Failure> {
    let found = verify::sound(&options.bundle, options.key.as_deref(), options.spec.as_deref())?;
    let usage = |error: EvidenceError| Failure::Usage(error.to_string());
    let opened = Opened::open(&options.bundle).map_err(usage)?;
    let bundle = Bundle::of(&opened).map_err(usage)?;
    let extras = Extras::of(&opened).map_err(|error| Failure::Usage(error.to_string()))?;
    let mut told = mail_summary(&bundle, &extras);
    let version = env!("CARGO_PKG_VERSION");
    told.verified = format!(
        "Verified by letterproof {version} when this was written: {}.",
        verify::conclusion(&found)
    );
    if !found.not_checked.is_empty() {
        told.verified.push_str(&format!(" NOT checked: {}.", found.not_checked.join("; ")));
    }
    match options.format {
        MailFormat::Text => out::document(&told.text())?,
        MailFormat::Json => out::json(&told)?,
    }
    Ok(0)
}
