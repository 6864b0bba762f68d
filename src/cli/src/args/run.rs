//! The options of `run` and `plan`.
//! Refuses options whose meaning depends on another's: each stands for itself.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser as _, ValueEnum};
use letterproof_mock::Mix;
use letterproof_model::TestId;

use super::{
    Arguments, Command, LoadOptions, OutputFormat, StorageOptions, WhoOptions, default_queue_lag,
    duration,
};
use crate::failure::Failure;

const RUN_EXAMPLES: &str = "\
Examples:
  letterproof run                          the whole pack on an embedded double of INT
  letterproof run --only AT1,AT2,AT3       some tests only
  letterproof run --format json            one JSON document on stdout
  letterproof run --target our-int.toml    against the target of a profile
  letterproof run --resume evidence/20261120T101500Z-abc123.incomplete
                                           go on with a run that broke off

Exit codes: 0 every required test passed, 1 one failed, 2 wrong usage or configuration,
3 incomplete, 4 the harness failed.";

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunOptions {
    /// Where requests go: mock (a double of INT inside this process), sandbox, int, prod-smoke, or
    /// a profile file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "mock")]
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

    /// Failures that were agreed to be waived, as a TOML file; they stay failures and are shown as
    /// waived
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,

    /// Text given by the reviewer; it is sent with the run's calls and stands in the evidence
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,

    /// Letters seeded in the embedded double, and expected by AT2 [default: 2510 of the mix `int`,
    /// 2500 of `varied`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: Option<u32>,

    /// Which letters the embedded mock holds: `int`, as INT is seeded, or `varied`, with damaged and
    /// unlisted ones
    #[arg(long, value_name = "MIX", default_value_t = Mix::DEFAULT)]
    pub(crate) mix: Mix,

    /// Seed of the embedded double: the same number gives the same letters
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// A letter of another supplier, which this one must not be able to read or change
    #[arg(long, value_name = "ID")]
    pub(crate) foreign_letter: Option<String>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// How long the embedded double hides a listed letter (INT: 300s)
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) visibility_timeout: Duration,

    /// How long the embedded double takes to apply an update (INT: 6s to 10s)
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    pub(crate) apply_delay: Duration,

    /// How long an accepted letter stays in the embedded mock's list
    #[arg(long, value_name = "TIME", default_value = default_queue_lag(), value_parser = duration)]
    pub(crate) queue_lag: Duration,

    /// Make the embedded double wrong in one way, to see it caught (for example `lose-update=1`)
    #[arg(long = "fault", value_name = "NAME[=ARG]")]
    pub(crate) faults: Vec<String>,

    /// Check bodies against this official OpenAPI file instead of the built-in schemas
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Go on with the run in this folder, which a crash or Ctrl-C broke off: what had succeeded is
    /// left alone, no update that was taken is sent again, and every attempt is kept
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "target", "base_url", "suite", "only", "features", "out", "window", "nonce", "letters",
        "foreign_letter", "spec", "reseeded", "waivers", "smoke_letters", "confirm", "faults",
        "timestamp",
    ])]
    pub(crate) resume: Option<PathBuf>,

    /// Folder of the ledgers, which remember each target's letters from run to run [default: the
    /// user's own, such as ~/.local/state/letterproof/ledgers, ~/Library/Application
    /// Support/letterproof/ledgers or %LOCALAPPDATA%\letterproof\ledgers; without a home,
    /// .letterproof beside the evidence]
    #[arg(long, value_name = "DIR")]
    pub(crate) ledger: Option<PathBuf>,

    /// The target was seeded anew since the last run: begin its ledger afresh and set the old aside
    #[arg(long)]
    pub(crate) reseeded: bool,

    /// Keep the letters' content that AT15 downloads, in this folder, for you alone
    #[arg(long, value_name = "DIR")]
    pub(crate) keep_pdfs: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key (`letterproof keys --signing` makes one)
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// Have this time-stamping authority stamp the journal as the run goes on, and the manifest at
    /// its end (RFC 3161); only hashes go out
    #[arg(long, value_name = "URL")]
    pub(crate) timestamp: Option<String>,

    /// Agree beforehand that the run changes letters on the target, also where they are too few
    #[arg(long)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// A live test letter of the production smoke test; may be repeated
    #[arg(long = "letter", value_name = "ID")]
    pub(crate) smoke_letters: Vec<String>,

    /// Agree beforehand to the production smoke test, by the name of the host
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm: Option<String>,
}

impl RunOptions {
    /// What `run` would be given to drive AT15 alone as a load asks; all else as by default.
    pub(crate) fn for_at15(load: &LoadOptions) -> Result<Self, Failure> {
        let words = ["letterproof", "run", "--only", "AT15", "--suite", "acceptance"];
        let Command::Run(defaults) = Arguments::try_parse_from(words)
            .map_err(|error| Failure::Harness(error.to_string()))?
            .command
        else {
            return Err(Failure::Harness("the defaults of `run` are another command's".to_owned()));
        };
        Ok(Self {
            target: load.target.clone(),
            base_url: load.base_url.clone(),
            out: load.out.clone(),
            nonce: load.nonce.clone(),
            letters: load.letters,
            ledger: load.ledger.clone(),
            keep_pdfs: load.keep_pdfs.clone(),
            sign_key: load.sign_key.clone(),
            format: load.format,
            yes: load.yes,
            who: load.who.clone(),
            storage: load.storage.clone(),
            ..*defaults
        })
    }
}

/// A group of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Suite {
    /// The acceptance pack, AT1 to AT15
    Acceptance,
    /// The conformance suite
    Conformance,
    /// Both
    All,
}
