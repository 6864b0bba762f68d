//! The options of `selftest`.
//! Refuses a target: it needs nothing but this machine.

use std::path::PathBuf;

use clap::Args;

use super::OutputFormat;

const SELFTEST_EXAMPLES: &str = "\
Examples:
  letterproof selftest                          every fault of both catalogues and every honest
                                                variation, in a few minutes
  letterproof selftest --only lose-update       one entry (`letterproof mock --fault list` and
                                                `letterproof supplier --fault list` name them)
  letterproof selftest --out reports            also as matrix.md, matrix.csv and matrix.html, and
                                                contract-matrix.md
  letterproof selftest --noise 50 --out noise   50 whole runs against a healthy API, each under noise
                                                of its own, with real delays; also as noise.md and
                                                noise.csv, with the journals of runs that differ

Noise is latency of 0 to 400 ms with jitter, updates that show after 0 to 12 s in order or not,
visibility timeouts of 10 to 60 s, and one call in a hundred that fails in passing where a client may
call again. A run takes some minutes and up to a thousand open files.

An honest variation is an allowed way of seeding, working, calling or answering: nothing may blame it
(`--only post-only`; reports/matrix.md names them all).

Exit codes: 0 every fault was caught and no honest variation accused, 1 a fault survived, a variation
was accused, something was red that should not have been, or a criterion is turned red by no fault, 2 wrong usage, 4 a trial could not be run. With --noise: 0 every
run came to the verdicts of a quiet one, 1 one did not, 4 one could not be run.";

#[derive(Debug, Args)]
#[command(after_help = SELFTEST_EXAMPLES)]
pub(crate) struct SelftestOptions {
    /// Only these entries of the catalogues, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Write the matrix or table into this folder: Markdown, CSV and, of the matrix, a heat map
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Show that there are no false alarms: so many whole runs against a healthy API under noise
    #[arg(long, value_name = "N", conflicts_with = "only",
        value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) noise: Option<u16>,

    /// What the noise is drawn from: the same number gives the same noise
    #[arg(long, value_name = "N", default_value_t = 1, requires = "noise")]
    pub(crate) seed: u64,

    /// Trials or runs side by side; most of their time is spent waiting [default: 12, under noise 6]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,

    /// How the matrix is printed
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
