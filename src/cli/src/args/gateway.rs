//! The options of the commands that compare a bundle with the gateway's own log: `reconcile` and
//! `sample`.
//! Neither makes a request.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{OutputFormat, duration};

const RECONCILE_EXAMPLES: &str = "\
Examples:
  letterproof reconcile evidence/20261120t101500z-abc123.zip gateway.csv
  letterproof reconcile bundle.zip gateway.csv --format json

GATEWAY.csv is all that the gateway logged for the supplier's application, from
before the first call of the run until after the last. Its first line names the
columns: correlation_id, time, method, path, status and, if possible,
request_id. Without request_id, a call without a correlation id is matched by
method, path, status and time only. That is weaker, and not enough for INT
(reconciled). The log must show that the bundle lacks no call, so count from the
gateway to the bundle, not the other way round.

It sends nothing. Exit codes: 0 both sides hold the same calls, 1 they do not,
2 one of the two cannot be read.";

#[derive(Debug, Args)]
#[command(after_help = RECONCILE_EXAMPLES)]
pub(crate) struct ReconcileOptions {
    /// A bundle: the zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The gateway's log of calls, as CSV
    #[arg(value_name = "GATEWAY.csv")]
    pub(crate) log: PathBuf,

    /// How far apart the clocks of gateway and bundle may be
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration)]
    pub(crate) tolerance: Duration,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const SAMPLE_EXAMPLES: &str = "\
Examples:
  letterproof sample evidence/20261120t101500z-abc123.zip \\
    --seed \"window 1, 9 December\"
  letterproof sample bundle.zip --n 100 --seed 4711 --format json

Choose the text after you have the bundle, so that nobody could foresee it. A
sample finds calls that were invented or changed. It cannot find calls that were
left out: for those, use `letterproof reconcile`, which counts from the gateway
to the bundle.

It sends nothing. Exit codes: 0 the sample is printed, 2 the bundle cannot
be read.";

#[derive(Debug, Args)]
#[command(after_help = SAMPLE_EXAMPLES)]
pub(crate) struct SampleOptions {
    /// A bundle: the zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// How many calls
    #[arg(long, value_name = "NUMBER", default_value_t = 40,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) n: u32,

    /// Any text; the calls are chosen by it
    #[arg(long, value_name = "TEXT")]
    pub(crate) seed: String,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
