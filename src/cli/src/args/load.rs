//! The options of `load`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{EMBEDDED_MOCK, EVIDENCE, OutputFormat, StorageOptions, TARGET, WhoOptions, duration};

const LOAD_EXAMPLES: &str = "\
Examples:
  letterproof load steady --rate 300 --duration 60s   one rate for a time
  letterproof load ramp --target our-int.toml         where do 429s begin?
  letterproof load our-day.toml --yes                 your own profile (see
                                                      load/*.toml)
  letterproof load at15                               the whole queue at speed,
                                                      three times

Profiles: steady, ramp, spike, soak, at15.

Exit codes: 0 every threshold was met, 1 one was not, 2 wrong usage or
configuration, 3 stopped or the target was lost, 4 letterproof failed.";

#[derive(Debug, Args)]
#[command(after_help = LOAD_EXAMPLES)]
pub(crate) struct LoadOptions {
    /// A built-in load profile, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    pub(crate) profile: String,

    /// Requests per second, instead of the profile's
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,

    /// How long the load lasts, instead of the profile's time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// Where requests go: mock (a mock of INT inside this process), sandbox, int, or a target's
    /// profile file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "mock", help_heading = TARGET)]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) base_url: Option<String>,

    /// Folder in which the evidence folder of this load is created
    #[arg(long, value_name = "DIR", default_value = "evidence", help_heading = EVIDENCE)]
    pub(crate) out: PathBuf,

    /// Text from the reviewer; it is sent with the calls and kept in the evidence
    #[arg(long, value_name = "TEXT", help_heading = EVIDENCE)]
    pub(crate) nonce: Option<String>,

    /// Letters that the mock holds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000),
        help_heading = EMBEDDED_MOCK)]
    pub(crate) letters: Option<u32>,

    /// Folder of the ledgers, which record what became of the letters
    #[arg(long, value_name = "DIR", help_heading = TARGET)]
    pub(crate) ledger: Option<PathBuf>,

    /// Keep the letters that AT15 downloads in this folder, for you alone
    #[arg(long, value_name = "DIR", help_heading = EVIDENCE)]
    pub(crate) keep_pdfs: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key; `letterproof keys --signing` makes one
    #[arg(long, value_name = "FILE", help_heading = EVIDENCE)]
    pub(crate) sign_key: Option<PathBuf>,

    /// Get time stamps from this authority (RFC 3161) for the journal during the load and for the
    /// manifest at the end; only hashes are sent
    #[arg(long, value_name = "URL", help_heading = EVIDENCE)]
    pub(crate) timestamp: Option<String>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// Agree in advance that letters are used up
    #[arg(long, help_heading = TARGET)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,
}
