//! The options of `selftest`.

use std::path::PathBuf;

use clap::Args;

use super::OutputFormat;

const SELFTEST_EXAMPLES: &str = "\
Examples:
  letterproof selftest                          every fault and every honest
                                                variation, in a few minutes
  letterproof selftest --only lose-update       one entry
  letterproof selftest --out reports            also write matrix.md, .csv and
                                                .html, and contract-matrix.md
  letterproof selftest --noise 50 --out noise   50 whole runs, each under
                                                noise of its own; also write
                                                noise.md, noise.csv and the
                                                journals of runs that differ

The entries are listed by `letterproof mock --fault list` and
`letterproof supplier --fault list`. An honest variation is an allowed way of
seeding, working, calling or answering: nothing may accuse it. An example is
post-only; reports/matrix.md lists them all.

Noise is latency of 0 to 400 ms with jitter; updates that show after 0 to 12 s,
in order or not; visibility timeouts of 10 to 60 s; and one call in a hundred
that fails once, if a client may repeat it. A run takes some minutes and up to a
thousand open files.

Exit codes: 0 every fault was caught and no honest variation was accused, 1 a
fault was missed, a variation was accused, something else failed, or no fault
makes a criterion fail, 2 wrong usage, 4 a trial could not be run. With --noise:
0 every run has the verdicts of a run without noise, 1 one has not, 4 a run
could not be made.";

#[derive(Debug, Args)]
#[command(after_help = SELFTEST_EXAMPLES)]
pub(crate) struct SelftestOptions {
    /// Only these entries of the catalogues, separated by commas
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) only: Vec<String>,

    /// Also write the matrix or table to this folder as Markdown and CSV, and the matrix as a heat
    /// map
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Show that there are no false alarms: run the whole pack this many times under noise against
    /// a mock without faults
    #[arg(long, value_name = "N", conflicts_with = "only",
        value_parser = clap::value_parser!(u16).range(1..=1_000))]
    pub(crate) noise: Option<u16>,

    /// Number that the noise is made from; the same number makes the same noise
    #[arg(long, value_name = "N", default_value_t = 1, requires = "noise")]
    pub(crate) seed: u64,

    /// Trials or runs at the same time; they mostly wait [default: 12, with --noise 6]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: Option<u16>,

    /// How to print the matrix
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
