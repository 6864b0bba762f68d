//! What the command line looks like: one place for names, defaults and help texts.
//! Refuses to check what only a target can tell; that is done where the value is used.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use letterproof_model::TestId;

/// Conformance and acceptance tests for the NHS Notify Supplier API.
#[derive(Debug, Parser)]
#[command(name = "letterproof", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Drive the acceptance pack against a target and judge what was recorded
    Run(RunOptions),
}

const RUN_EXAMPLES: &str = "\
Examples:
  letterproof run                          the whole pack on an embedded double of INT
  letterproof run --only AT1,AT2,AT3       some tests only
  letterproof run --format json            one JSON document on stdout

Exit codes: 0 every required test passed, 1 one failed, 2 wrong usage or configuration,
3 incomplete, 4 the harness failed.";

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunOptions {
    /// Where requests go; `mock` starts a double of INT inside this process
    #[arg(long, value_name = "NAME", default_value = "mock")]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Which suites to run
    #[arg(long, value_enum, default_value_t = Suite::All)]
    pub(crate) suite: Suite,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',')]
    pub(crate) only: Vec<TestId>,

    /// Read the acceptance features from this folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    pub(crate) features: Option<PathBuf>,

    /// Folder under which the evidence folder of this run is made
    #[arg(long, value_name = "DIR", default_value = "evidence")]
    pub(crate) out: PathBuf,

    /// Test window this run belongs to
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) window: Option<u8>,

    /// Text given by the reviewer; it is sent with the run's calls and stands in the evidence
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,

    /// Letters seeded in the embedded double, and expected by AT2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: Option<u32>,

    /// Seed of the embedded double: the same number gives the same letters
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// Make the embedded double wrong in one way, to see it caught (for example `lose-update=1`)
    #[arg(long = "fault", value_name = "NAME[=ARG]")]
    pub(crate) faults: Vec<String>,
}

/// A group of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The acceptance pack, AT1 to AT15
    Acceptance,
    /// The conformance suite
    Conformance,
    /// Both
    All,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table for people
    Table,
    /// `results.json`, and nothing else
    Json,
}
