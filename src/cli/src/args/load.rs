//! The options of `load`.
//! Refuses a rate of its own: what the target allows bounds every profile.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{OutputFormat, StorageOptions, WhoOptions, duration};

const LOAD_EXAMPLES: &str = "\
Examples:
  letterproof load steady --rate 300 --duration 60s    one rate for a time
  letterproof load ramp --target our-int.toml          where do 429s begin?
  letterproof load our-day.toml --yes                  a profile of one's own (see load/*.toml)
  letterproof load at15                                the whole queue at speed, three times

Profiles: steady, ramp, spike, soak, at15. Exit codes: 0 every threshold kept, 1 one broken,
2 wrong usage or configuration, 3 stopped or the target was lost, 4 the harness failed.";

#[derive(Debug, Args)]
#[command(after_help = LOAD_EXAMPLES)]
pub(crate) struct LoadOptions {
    /// A built-in profile, or a file
    #[arg(value_name = "NAME|FILE.toml")]
    pub(crate) profile: String,

    /// Requests per second, instead of the profile's
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,

    /// How long, instead of the profile's time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) duration: Option<Duration>,

    /// Where requests go: mock (a double of INT inside this process), sandbox, int, or a profile
    /// file of a target
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "mock")]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Folder under which the evidence folder of this load is made
    #[arg(long, value_name = "DIR", default_value = "evidence")]
    pub(crate) out: PathBuf,

    /// Text given by the reviewer; it is sent with the calls and stands in the evidence
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,

    /// Letters seeded in the embedded double
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: Option<u32>,

    /// Folder of the ledgers, which learn what became of the letters
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,

    /// Keep the letters' content that AT15 downloads, in this folder, for you alone
    #[arg(long, value_name = "DIR")]
    pub(crate) keep_pdfs: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// Agree beforehand that letters are used up
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,
}
