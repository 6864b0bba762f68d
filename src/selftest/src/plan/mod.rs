//! Which trials there are: for each entry of both catalogues of faults the conditions under which
//! it shows and what must then turn red, and for each honest variation those under which nothing may.
//! Refuses an entry without a trial: a fault nobody runs would prove nothing.

mod api;
mod honest;
mod supplier;

use letterproof_model::Verdict;

use crate::error::SelftestError;
use crate::honest::{HonestEntry, Way, honest_catalogue};

pub use api::ApiSetup;
pub(crate) use api::Sizes;
pub use supplier::SupplierSetup;

/// Which catalogue an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Catalogue {
    /// Ways in which the API can be wrong.
    Api,
    /// Ways in which a print house can be wrong.
    Supplier,
    /// Ways in which nobody is wrong.
    Honest,
}

impl Catalogue {
    /// The word used in every rendering.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Api => "API",
            Self::Supplier => "supplier",
            Self::Honest => "honest",
        }
    }
}

/// What an entry of a catalogue says must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// A clause of the pack, a check of the conformance suite, or one of an observer's.
    pub id: &'static str,
    /// What it ends with: `fail`, or `not-run` where what a fault leaves out leaves nothing to see.
    pub verdict: Verdict,
}

/// The conditions of a trial; trials of equal conditions share a control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// The harness's own supplier and probes against the double.
    Api(ApiSetup),
    /// The sample supplier against the double, watched by the witness.
    Supplier(SupplierSetup),
}

/// A fault as it is armed, argument included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Armed {
    /// One of the double's.
    Api(String),
    /// One of the sample supplier's.
    Supplier(String),
    /// No fault: the ways of an honest variation, and how they read.
    Ways(&'static [Way], String),
}

impl Armed {
    /// The ways of an honest variation; none for a fault.
    pub(crate) const fn ways(&self) -> &'static [Way] {
        match self {
            Self::Ways(ways, _) => ways,
            Self::Api(_) | Self::Supplier(_) => &[],
        }
    }

    /// The fault as a command line takes it.
    #[must_use]
    pub fn text(&self) -> &str {
        let (Self::Api(text) | Self::Supplier(text) | Self::Ways(_, text)) = self;
        text
    }
}

/// One run of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What is armed; nothing in its control.
    pub fault: Armed,
    /// The conditions under which it shows.
    pub setup: Setup,
}

/// One entry of a catalogue, put to the test.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Where the entry stands.
    pub catalogue: Catalogue,
    /// Its name there.
    pub name: &'static str,
    /// What it breaks, in one sentence.
    pub breaks: &'static str,
    /// What must come of it; nothing for a harmless entry.
    pub claims: Vec<Claim>,
    /// The runs that show it: one for each test of the pack that must notice, so that they do not
    /// get in each other's way.
    pub parts: Vec<Part>,
    /// The variation; `None` for a fault.
    pub honest: Option<&'static HonestEntry>,
}

/// The trials of these entries in the order of the catalogues; of all entries when none is named.
///
/// # Errors
/// A name is in no catalogue.
pub fn plan(only: &[String]) -> Result<Vec<Trial>, SelftestError> {
    let api = letterproof_mock::fault_catalogue().iter().map(api::trial);
    let supplier = letterproof_supplier::fault_catalogue().iter().map(supplier::trial);
    let honest = honest_catalogue().iter().map(honest::trial);
    let mut trials: Vec<Trial> = api.chain(supplier).chain(honest).collect();
    if let Some(unknown) = only.iter().find(|name| trials.iter().all(|one| one.name != **name)) {
        return Err(SelftestError::Unknown(unknown.clone()));
    }
    trials.retain(|trial| only.is_empty() || only.iter().any(|name| name == trial.name));
    Ok(trials)
}
