//! Arbitrary bytes against everything that reads.
//!
//! One function per reader of the product: it takes bytes, gives them to the very function the
//! program calls, and asserts what must hold of any input beyond "no panic". No reader is written
//! only to be fuzzed. `tests/smoke.rs` runs each over its seeds and mutations of them; the binaries
//! in `fuzz_targets/` let libFuzzer guide the bytes by coverage. Of an input longer than
//! [`LONGEST`], the beginning is read.

#![allow(
    clippy::expect_used,
    clippy::panic,
    reason = "by a panic a target tells that a property does not hold; nothing else depends on it"
)]

mod bundle;
mod common;
mod documents;
mod mock;
mod programs;
mod proxy;
mod recordings;
mod response;
mod toml;
mod words;

pub use self::toml::{load_profile, profile, seed_plan, waivers};
pub use bundle::{bundle, results, stamp};
pub use documents::{feature, jwks, openapi};
pub use mock::mock;
pub use programs::{pacing, transition};
pub use proxy::proxy;
pub use recordings::{gateway, har, journal};
pub use response::response;

/// The longest input a target passes on, in bytes; of a longer one, the beginning.
pub const LONGEST: usize = 1 << 20;

/// One reader under fuzzing.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Its name: of its function, its binary and its folder of seeds.
    pub name: &'static str,
    /// What its bytes are taken for.
    pub reads: &'static str,
    /// Feeds the reader; panics where a property does not hold.
    pub run: fn(&[u8]),
    /// Words of its grammar, for mutation and libFuzzer's dictionary.
    pub words: &'static [&'static str],
}

/// Every target, files first, then traffic.
pub const TARGETS: &[Target] = &[
    // files
    Target {
        name: "profile",
        reads: "a target profile (TOML)",
        run: profile,
        words: words::PROFILE,
    },
    Target {
        name: "load_profile",
        reads: "a load profile (TOML)",
        run: load_profile,
        words: words::LOAD_PROFILE,
    },
    Target {
        name: "seed_plan",
        reads: "a seed file of the mock (TOML)",
        run: seed_plan,
        words: words::SEED_PLAN,
    },
    Target { name: "waivers", reads: "a waivers file (TOML)", run: waivers, words: words::WAIVERS },
    Target {
        name: "gateway",
        reads: "a gateway's log of calls (CSV)",
        run: gateway,
        words: words::GATEWAY,
    },
    Target { name: "har", reads: "an imported recording (HAR)", run: har, words: words::HAR },
    Target {
        name: "journal",
        reads: "a journal of exchanges (JSON lines)",
        run: journal,
        words: words::JOURNAL,
    },
    Target { name: "bundle", reads: "an evidence bundle (ZIP)", run: bundle, words: words::BUNDLE },
    Target {
        name: "openapi",
        reads: "an official specification (OpenAPI)",
        run: openapi,
        words: words::OPENAPI,
    },
    Target {
        name: "feature",
        reads: "a feature file (Gherkin)",
        run: feature,
        words: words::FEATURE,
    },
    Target {
        name: "results",
        reads: "the results of a run (JSON)",
        run: results,
        words: words::RESULTS,
    },
    Target {
        name: "jwks",
        reads: "a key and its published key set (PEM, JWKS)",
        run: jwks,
        words: words::JWKS,
    },
    Target {
        name: "stamp",
        reads: "the answer of a time-stamping authority (DER)",
        run: stamp,
        words: words::STAMP,
    },
    // traffic
    Target {
        name: "response",
        reads: "an answer of the API, as client, recorder, contract and judges read it",
        run: response,
        words: words::RESPONSE,
    },
    Target {
        name: "mock",
        reads: "a request or a connection to the mock",
        run: mock,
        words: words::MOCK,
    },
    Target {
        name: "proxy",
        reads: "both sides of the witness's proxy",
        run: proxy,
        words: words::PROXY,
    },
    Target {
        name: "pacing",
        reads: "a schedule of requests for the client's pacer",
        run: pacing,
        words: words::PACING,
    },
    Target {
        name: "transition",
        reads: "letters' lives, for the judges of transitions",
        run: transition,
        words: words::TRANSITION,
    },
];
