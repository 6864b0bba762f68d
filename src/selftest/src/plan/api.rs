//! The trials of the mock's catalogue: which tests and probes are run, and how the mock is set. An
//! argument that waits is scaled down, and sizes are small.

use std::collections::BTreeSet;
use std::time::Duration;

use letterproof_judge::conformance::{conformance_checks, conformance_ids};
use letterproof_mock::FaultEntry;
use letterproof_model::{CriterionId, TestId, Verdict};

use super::{Armed, Catalogue, Claim, Part, Setup, Trial};

/// How many letters there are, and how many a list asks for where the pack says 1,000 and 500.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) letters: u32,
    pub(crate) batch: u32,
    pub(crate) chunk: u32,
}

/// What is run against the mock, and how it is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiSetup {
    /// The tests of the pack.
    pub tests: Vec<TestId>,
    /// Checks of the conformance suite whose features are run.
    pub checks: BTreeSet<&'static str>,
    pub(crate) sizes: Sizes,
    /// Calls per second that the mock allows and the harness keeps to.
    pub(crate) rate_limit: u32,
    /// How long a listed letter stays hidden.
    pub(crate) visibility: Duration,
    /// How long an update takes to show, and may take.
    pub(crate) apply_delay: Duration,
    pub(crate) deadline: Duration,
    /// How long a list may name a letter after its acceptance was seen.
    pub(crate) queue_lag: Duration,
    /// How long a download link works, and a token.
    pub(crate) link_life: Duration,
    pub(crate) token_life: Duration,
    /// Time agreed for one flow of AT15.
    pub(crate) agreed_time: Duration,
    /// How long an answer may take.
    pub(crate) answer_timeout: Duration,
}

impl ApiSetup {
    /// The usual conditions for these tests and checks.
    pub(super) fn of(tests: &[TestId], checks: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            tests: tests.to_vec(),
            checks: checks.into_iter().collect(),
            sizes: Sizes { letters: 80, batch: 24, chunk: 16 },
            rate_limit: 2_000,
            visibility: Duration::from_millis(1_200),
            apply_delay: Duration::from_millis(30),
            deadline: Duration::from_millis(1_500),
            queue_lag: Duration::from_secs(900),
            link_life: Duration::from_secs(1),
            token_life: Duration::from_secs(599),
            agreed_time: Duration::from_secs(30),
            answer_timeout: Duration::from_secs(20),
        }
    }
}

/// The trial of an entry: a run for each test that must notice it, and one for the conformance
/// suite. A harmless one is run under everything that could notice.
pub(super) fn trial(entry: &'static FaultEntry) -> Trial {
    let ids = || entry.criteria.iter().chain(entry.checks);
    let opened = entry.opens.iter().map(|id| Claim { id, verdict: Verdict::Inconclusive });
    let tests: BTreeSet<TestId> = ids().filter_map(|id| CriterionId::fixed(id).test()).collect();
    let mut parts: Vec<Part> =
        tests.into_iter().map(|test| part(entry.name, ApiSetup::of(&[test], []))).collect();
    if entry.is_harmless() {
        let under = HARMLESS_UNDER.iter().filter_map(|number| TestId::new(*number));
        parts.extend(under.map(|test| part(entry.name, ApiSetup::of(&[test], []))));
        parts.push(part(entry.name, ApiSetup::of(&[], conformance_ids())));
    } else if !entry.checks.is_empty() || !entry.opens.is_empty() {
        parts.push(part(entry.name, suite(entry)));
    }
    Trial {
        catalogue: Catalogue::Api,
        name: entry.name,
        breaks: entry.breaks,
        claims: ids().map(|id| Claim { id, verdict: Verdict::Fail }).chain(opened).collect(),
        parts,
        honest: None,
    }
}

fn part(name: &str, mut setup: ApiSetup) -> Part {
    let fault = match adjust(name, &mut setup) {
        Some(argument) => format!("{name}={argument}"),
        None => name.to_owned(),
    };
    Part { fault: Armed::Api(fault), setup: Setup::Api(setup) }
}

/// What shows an entry to the conformance suite: its probes, and the test whose traffic it needs
/// beside them. Checks without probes judge that traffic alone.
fn suite(entry: &FaultEntry) -> ApiSetup {
    let tests: Vec<TestId> = if CHANGES_LATER.contains(&entry.name) {
        // What changes later is seen by the sweep after the last of them.
        [3, 4, 7].into_iter().filter_map(TestId::new).collect()
    } else {
        made_by(entry.name).and_then(TestId::new).into_iter().collect()
    };
    let probed = |id: &str| {
        let mut checks = conformance_checks().iter();
        checks.any(|check| check.id == id && !check.probes().is_empty())
    };
    let checks = entry.checks.iter().chain(entry.opens).copied();
    let mut checks: Vec<&str> = checks.filter(|id| tests.is_empty() || probed(id)).collect();
    if entry.name.starts_with("quota-") {
        // What makes the API answer so.
        checks.push("C-LIMIT");
    }
    ApiSetup::of(&tests, checks)
}

/// Tests under which a harmless fault must turn nothing red.
const HARMLESS_UNDER: [u8; 4] = [1, 3, 4, 7];

/// The test whose traffic the suite needs to notice an entry.
fn made_by(name: &str) -> Option<u8> {
    Some(match name {
        "auth-bypass" => 1,
        "list-repeat" | "list-wrong-status" => 2,
        "list-shuffle" | "list-no-hide" | "list-hide-forever" | "refuse-token"
        | "token-dies-early" => 3,
        "respecify"
        | "list-foreign"
        | "list-changing-ids"
        | "neighbour-read"
        | "list-wrong-specification"
        | "list-over"
        | "regroup"
        | "read-without-group"
        | "relist"
        | "keep-listed" => 4,
        "hash-lost" => 12,
        "mi-lose" | "mi-alter" | "mi-double" | "mi-same-id" | "mi-drop-group" => 14,
        "no-hash" | "wrong-hash" | "letter-no-hash" | "letter-other-hash" | "letter-null-hash" => {
            15
        }
        name if name.starts_with("download-") => 15,
        _ => return None,
    })
}

/// Faults by which a letter changes some time after an update.
const CHANGES_LATER: [&str; 6] = [
    "revert-acceptance",
    "revert-dispatch",
    "wander-update",
    "stir-other",
    "vanish-letter",
    "refuse-and-apply",
];

/// What an entry needs beside the usual, and its argument where the usual one does not show.
fn adjust(name: &str, setup: &mut ApiSetup) -> Option<&'static str> {
    let test = setup.tests.first().map_or(0, |test| test.number());
    match (name, test) {
        // Strikes after the acceptances that a test begins with.
        ("lose-update", 6) => return Some("5%"),
        ("lose-update", 9) => return Some("15%"),
        ("lose-update", 12) => return Some("6%"),
        ("lose-update", 13) => return Some("1"),
        ("lose-update", 5..) => return Some("8%"),
        ("half-bulk", 6) => return Some("34%"),
        ("revert-update", _) => return Some("250ms"),
        ("reopen-rejected" | "fail-rejected", _) => return Some("800ms"),
        ("refuse-and-apply", _) => {
            setup.apply_delay = Duration::ZERO;
            setup.deadline = Duration::from_secs(1);
        }
        (name, _) if CHANGES_LATER.contains(&name) => {
            // What is read before an update has had its time may be the doing of another run, and
            // every letter is in the sample.
            setup.deadline = Duration::from_secs(1);
            setup.sizes.letters = 50;
            return Some("120ms");
        }
        ("swap-updates", 10) => return Some("25%"),
        ("spill-update", _) => {
            // Before the next list is asked for.
            setup.apply_delay = Duration::ZERO;
            return Some("always");
        }
        // What was accepted is listed again while it would still be hidden otherwise.
        ("relist" | "keep-listed", 4) => {
            setup.visibility = Duration::from_millis(50);
            setup.queue_lag = Duration::ZERO;
        }
        // The second list must be asked for well within the timeout.
        ("list-no-hide", 3) => setup.visibility = Duration::from_secs(6),
        ("list-under", _) => return Some("2430"),
        ("refuse-bulk", 4 | 15) => return Some("10"),
        ("mi-lose", _) => return Some("1"),
        ("status-500" | "status-502" | "status-503" | "reset", _) => return Some("always"),
        ("hang-body", _) => {
            setup.answer_timeout = Duration::from_secs(2);
            return Some("always");
        }
        ("stall" | "slow-body", _) => {
            setup.agreed_time = Duration::from_secs(2);
            return Some("700ms");
        }
        ("accept-expired-token", _) => setup.token_life = Duration::from_secs(2),
        ("quota-early", _) => {
            setup.agreed_time = Duration::from_secs(4);
            return Some("10");
        }
        (name, _) if name.starts_with("quota-") => setup.rate_limit = 40,
        _ => {}
    }
    None
}
