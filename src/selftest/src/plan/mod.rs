//! Which trials there are: for each entry of both catalogues of faults the conditions under which it
//! shows and what must then turn red, and for each honest variation those under which nothing may.
//!
//! Every entry has a trial: a fault nobody runs would prove nothing.

mod api;
mod supplier;

use std::time::Duration;

use letterproof_judge::conformance::conformance_ids;
use letterproof_model::{TestId, Verdict};

use crate::SelftestError;
use crate::honest::{HonestEntry, Run, Way, honest_catalogue};

pub use api::ApiSetup;
pub(crate) use api::Sizes;
pub use supplier::SupplierSetup;

/// Which catalogue an entry stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Catalogue {
    /// Ways in which the API can be wrong.
    Api,
    /// Ways in which a sample supplier can be wrong.
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
    /// The harness's own supplier and probes against the mock.
    Api(ApiSetup),
    /// The sample supplier against the mock, watched by the witness.
    Supplier(SupplierSetup),
}

/// A fault as it is armed, argument included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Armed {
    /// One of the mock's.
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
    let supplier = letterproof_sample_supplier::fault_catalogue().iter().map(supplier::trial);
    let honest = honest_catalogue().iter().map(honest_trial);
    let mut trials: Vec<Trial> = api.chain(supplier).chain(honest).collect();
    if let Some(unknown) = only.iter().find(|name| trials.iter().all(|one| one.name != **name)) {
        return Err(SelftestError::Unknown(unknown.clone()));
    }
    trials.retain(|trial| only.is_empty() || only.iter().any(|name| name == trial.name));
    Ok(trials)
}

/// As many letters as the pack has, in lists of its size.
const WHOLE: Sizes = Sizes { letters: 2_500, batch: 1_000, chunk: 500 };
/// How long so many letters stay hidden: longer than listing them takes on a busy machine.
const WHOLE_HIDDEN: Duration = Duration::from_secs(4);
/// A tenth of that.
const TENTH: Sizes = Sizes { letters: 250, batch: 100, chunk: 50 };
/// How long a link works: longer than following it takes on a busy machine.
const LINK_LIFE: Duration = Duration::from_secs(20);
/// How long it works where the suite waits for its end.
const SHORT_LINK_LIFE: Duration = Duration::from_secs(3);
/// How long an update may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(4);

/// The trial of a variation: its runs, each beside a control.
fn honest_trial(entry: &'static HonestEntry) -> Trial {
    let part = |run: &Run| Part {
        fault: Armed::Ways(entry.ways, ways_in_words(entry)),
        setup: honest_setup(*run),
    };
    Trial {
        catalogue: Catalogue::Honest,
        name: entry.name,
        breaks: entry.does,
        claims: Vec::new(),
        parts: entry.runs.iter().map(part).collect(),
        honest: Some(entry),
    }
}

fn ways_in_words(entry: &HonestEntry) -> String {
    let ways: Vec<String> = entry.ways.iter().map(ToString::to_string).collect();
    ways.join(" + ")
}

fn honest_setup(run: Run) -> Setup {
    let tests = |numbers: &[u8]| -> Vec<TestId> {
        numbers.iter().filter_map(|number| TestId::new(*number)).collect()
    };
    match run {
        Run::Driven(numbers) => Setup::Api(driven(&tests(numbers))),
        Run::DrivenTenth(numbers) => {
            Setup::Api(ApiSetup { sizes: TENTH, ..driven(&tests(numbers)) })
        }
        Run::DrivenWhole(numbers) => {
            let (sizes, visibility) = (WHOLE, WHOLE_HIDDEN);
            Setup::Api(ApiSetup { sizes, visibility, ..driven(&tests(numbers)) })
        }
        Run::Suite => Setup::Api(ApiSetup {
            // A limit that also a busy machine exceeds where the suite tries to.
            rate_limit: 200,
            link_life: SHORT_LINK_LIFE,
            ..ApiSetup::of(&[], conformance_ids())
        }),
        Run::Observed(numbers) => Setup::Supplier(SupplierSetup::of(numbers)),
        Run::ObservedWhole(numbers) => {
            let (sizes, visibility) = (WHOLE, WHOLE_HIDDEN);
            Setup::Supplier(SupplierSetup { sizes, visibility, ..SupplierSetup::of(numbers) })
        }
        Run::ObservedTenth(numbers) => {
            Setup::Supplier(SupplierSetup { sizes: TENTH, ..SupplierSetup::of(numbers) })
        }
        Run::Paced(numbers, pace) => {
            Setup::Supplier(SupplierSetup { pace, ..SupplierSetup::of(numbers) })
        }
    }
}

/// The reference supplier's work for these tests, with room for a busy machine: what comes late says
/// nothing of a variation.
fn driven(tests: &[TestId]) -> ApiSetup {
    ApiSetup { deadline: DEADLINE, link_life: LINK_LIFE, ..ApiSetup::of(tests, []) }
}
