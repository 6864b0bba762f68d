//! Making the traffic of one trial: a double, whoever works against it, and what is recorded.
//! Refuses to judge, and to go on in silence: what keeps a trial from being run is its end.

mod api;
mod days;
mod features;
mod house;
mod record;
mod supplier;
mod whole;

use std::path::Path;

use letterproof_mock::{Fault, Mix, SecretToken, SeedPlan};
use letterproof_model::{Brief, Recording};
use secrecy::SecretString;

use crate::honest::Way;
use crate::plan::{Armed, Setup};

pub(crate) use whole::{Whole, drive_whole};

/// The name of a trial's journal.
const JOURNAL: &str = "exchanges.jsonl";

/// Long enough to be told from an empty document, and quick to make and to check.
const PDF_BYTES: usize = 2_000;

/// Runs one trial, with a fault or without, and gives what was recorded and is to be judged.
///
/// # Errors
/// Why it could not be run, in one sentence.
pub(crate) async fn drive(
    setup: &Setup,
    fault: Option<&Armed>,
    folder: &Path,
) -> Result<(Recording, Brief), String> {
    match setup {
        Setup::Api(setup) => api::drive(setup, fault, folder).await,
        Setup::Supplier(setup) => supplier::drive(setup, fault, folder).await,
    }
}

/// The fault of the double among what is armed.
fn of_api(fault: Option<&Armed>) -> Result<Vec<Fault>, String> {
    match fault {
        Some(Armed::Api(text)) => Ok(vec![Fault::parse(text).map_err(words)?]),
        _ => Ok(Vec::new()),
    }
}

/// The ways of an honest variation; none for a fault and a control.
fn ways_of(fault: Option<&Armed>) -> &'static [Way] {
    fault.map_or(&[], Armed::ways)
}

/// The pack's mix of letters with small documents.
fn seeds() -> SeedPlan {
    SeedPlan { pdf_bytes: PDF_BYTES, ..Mix::Varied.plan() }
}

fn secret<S: From<SecretString>>(token: &SecretToken) -> S {
    SecretString::from(token.expose()).into()
}

/// An error as the one sentence that a void row shows.
fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}
