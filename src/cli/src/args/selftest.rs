//! The options of `selftest`.
//! Refuses a target: it needs nothing but this machine.

use std::path::PathBuf;

use clap::Args;

use super::OutputFormat;

const SELFTEST_EXAMPLES: &str = "\
Examples:
  letterproof selftest                          every fault of both catalogues, in a few minutes
  letterproof selftest --only lose-update       one entry (`letterproof mock --fault list` and
                                                `letterproof supplier --fault list` name them)
  letterproof selftest --out reports            also as matrix.md, matrix.csv and matrix.html

Exit codes: 0 every fault was caught, 1 one survived, something was red that should not have been, or
a criterion is turned red by no fault, 2 wrong usage, 4 a trial could not be run.";

#[derive(Debug, Args)]
#[command(after_help = SELFTEST_EXAMPLES)]
pub(crate) struct SelftestOptions {
    /// Only these entries of the catalogues, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Write the matrix into this folder: Markdown, CSV and a heat map
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Trials side by side; most of their time is spent waiting
    #[arg(long, value_name = "N", default_value_t = letterproof_selftest::JOBS,
        value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,

    /// How the matrix is printed
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
