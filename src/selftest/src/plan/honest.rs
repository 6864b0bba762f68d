//! The trials of the honest variations: what each is run under, and nothing that must turn red.
//! Refuses conditions that differ from the faults' but in size and in room for a busy machine.

use std::time::Duration;

use letterproof_judge::conformance::conformance_ids;
use letterproof_model::TestId;

use super::{ApiSetup, Armed, Catalogue, Part, Setup, Sizes, SupplierSetup, Trial};
use crate::honest::{HonestEntry, Run};

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
pub(super) fn trial(entry: &'static HonestEntry) -> Trial {
    let part = |run: &Run| Part { fault: Armed::Ways(entry.ways, text(entry)), setup: setup(*run) };
    Trial {
        catalogue: Catalogue::Honest,
        name: entry.name,
        breaks: entry.does,
        claims: Vec::new(),
        parts: entry.runs.iter().map(part).collect(),
        honest: Some(entry),
    }
}

fn text(entry: &HonestEntry) -> String {
    let ways: Vec<String> = entry.ways.iter().map(ToString::to_string).collect();
    ways.join(" + ")
}

fn setup(run: Run) -> Setup {
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
