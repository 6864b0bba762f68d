//! The trials of the sample supplier's catalogue: the day in which each fault shows, with small
//! sizes and times, so that it takes seconds.

use std::time::Duration;

use letterproof_model::{CriterionId, TestId};
use letterproof_sample_supplier::FaultEntry;

use super::{Armed, Catalogue, Claim, Part, Setup, Sizes, Trial};

/// The day of a sample supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierSetup {
    /// The tests of the pack whose work is done.
    pub tests: Vec<TestId>,
    pub(crate) sizes: Sizes,
    pub(crate) visibility: Duration,
    /// The time an update has to show.
    pub(crate) deadline: Duration,
    pub(crate) link_life: Duration,
    /// The limit on calls per second by which it is judged, and the one that the sample supplier is
    /// told.
    pub(crate) rate_limit: u32,
    pub(crate) pace: u32,
    pub(crate) agreed_time: Duration,
    /// What the witness makes to go wrong, in its own notation.
    pub(crate) injected: Vec<&'static str>,
    /// A fault of the API under which alone the sample supplier's shows.
    pub(crate) beside: Option<&'static str>,
}

impl SupplierSetup {
    /// The usual day of a sample supplier that does the work of these tests.
    pub(super) fn of(tests: &[u8]) -> Self {
        Self {
            tests: tests.iter().filter_map(|number| TestId::new(*number)).collect(),
            sizes: Sizes { letters: 64, batch: 24, chunk: 16 },
            visibility: Duration::from_millis(1_500),
            deadline: Duration::from_secs(2),
            link_life: Duration::from_secs(60),
            rate_limit: 3_000,
            pace: 3_000,
            agreed_time: Duration::from_secs(60),
            injected: Vec::new(),
            beside: None,
        }
    }
}

/// The trial of an entry: a day for each test that must notice it.
pub(super) fn trial(entry: &'static FaultEntry) -> Trial {
    let mut parts: Vec<Part> = Vec::new();
    for id in entry.caught_by {
        let setup = Setup::Supplier(setup(entry.name, id));
        let part = Part { fault: Armed::Supplier(entry.name.to_owned()), setup };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let claim = |id: &&'static str| Claim { id, verdict: entry.ends_with };
    Trial {
        catalogue: Catalogue::Supplier,
        name: entry.name,
        breaks: entry.does,
        claims: entry.caught_by.iter().map(claim).collect(),
        parts,
        honest: None,
    }
}

/// The day in which a fault shows to a criterion or check.
fn setup(name: &str, id: &str) -> SupplierSetup {
    let of = SupplierSetup::of;
    let injecting = |tests: &[u8], injected: &[&'static str]| SupplierSetup {
        injected: injected.to_vec(),
        ..of(tests)
    };
    match (name, id) {
        ("over-rate", _) => {
            let usual = of(&[4]);
            let sizes = Sizes { batch: 60, ..usual.sizes };
            SupplierSetup { rate_limit: 40, pace: 25, sizes, ..usual }
        }
        ("late-download", _) => SupplierSetup { link_life: Duration::from_secs(1), ..of(&[9]) },
        ("ignore-429", _) => {
            injecting(&[4], &["POST /letters: 429@nth=1", "POST /letters: 429@nth=2"])
        }
        ("give-up" | "hammer-5xx", _) => injecting(
            &[4],
            &[
                "POST /letters: 502@nth=1",
                "POST /letters: 502@nth=2",
                "POST /letters: 502@nth=3",
                "POST /letters: 502@nth=4",
            ],
        ),
        ("mi-again-unanswered", _) => injecting(&[14], &["POST /mi: drop-response@nth=1"]),
        ("slow-flow", _) => SupplierSetup { agreed_time: Duration::from_secs(3), ..of(&[15]) },
        ("print-at-once", _) => of(&[5]),
        ("enclose-at-once" | "enclose-twice", _) => of(&[6]),
        ("dispatch-at-once" | "dispatch-twice", _) => of(&[7]),
        ("deliver-at-once" | "deliver-twice", _) => of(&[7, 8]),
        // The letters that an e-mail stops are cancelled at every stage.
        ("dispatch-cancelled", _) => of(&[7, 11]),
        ("cancel-dispatched" | "fail-dispatched", _) => of(&[7, 11, 12]),
        ("forward-printed", _) => of(&[5, 9]),
        ("return-undispatched", _) => of(&[10]),
        ("hoard-links", _) => of(&[2, 15]),
        ("second-job", _) => of(&[3]),
        ("forget-missing-pdf", _) => of(&[5, 13]),
        ("print-unseen", _) => of(&[5, 7, 12, 13]),
        ("read-on-and-on" | "list-on-and-on", _) => of(&[4, 7]),
        (_, "O-MI-TIME") => of(&[14]),
        // The printed letter that it sets back is one of the only batch.
        ("step-back", "AT4.1") => {
            let usual = of(&[4, 5]);
            SupplierSetup { sizes: Sizes { letters: usual.sizes.batch, ..usual.sizes }, ..usual }
        }
        ("print-flawed", "O-CONTENT-SAME") => {
            SupplierSetup { beside: Some("download-altered"), ..of(&[4, 7]) }
        }
        // A letter that was updated shows again where updated letters stay listed.
        ("update-between-lists", "O-SECOND-LIST") => {
            SupplierSetup { beside: Some("keep-listed"), ..of(&[3]) }
        }
        (_, "O-MI-COUNTS") => of(&[14]),
        (_, "O-MOVE-ELIGIBLE") => of(&[5]),
        (_, "O-NOTHING-AFTER-END") => of(&[12]),
        _ => match CriterionId::from(id).test() {
            Some(test) => of(&[test.number()]),
            None => of(&[4, 7]),
        },
    }
}
