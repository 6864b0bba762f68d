//! The options of `run` and `plan`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser as _, ValueEnum};
use letterproof_harness::{Asked, Failure, MockSettings, Suite as Suites};
use letterproof_mock::Mix;
use letterproof_model::{Strict, TestId};

use super::{
    Arguments, Command, EMBEDDED_MOCK, EVIDENCE, LoadOptions, OutputFormat, PRODUCTION,
    StorageOptions, TARGET, TESTS, WhoOptions, duration,
};

const RUN_EXAMPLES: &str = "\
Examples:
  letterproof run                         rehearse the whole pack against a mock
  letterproof run --only AT1,AT2,AT3      some tests only
  letterproof run --format json           one JSON document on stdout
  letterproof run --target our-int.toml   against the target of a profile
  letterproof run --resume evidence/20261120T101500Z-abc123.incomplete
                                          resume an interrupted run

An optional test (AT5, AT6, AT8, AT13) counts as required if --only names it or
if `supports` in the profile lists its status. Ctrl-C or SIGTERM stops a run
cleanly; a second one stops it at once.

Exit codes: 0 every required test passed, 1 a required test failed, 2 wrong
usage or configuration, 3 incomplete, 4 letterproof failed.";

#[derive(Debug, Args)]
#[command(after_help = RUN_EXAMPLES)]
pub(crate) struct RunOptions {
    /// Where requests go: mock (a mock of INT inside this process), sandbox, int, prod-smoke, or a
    /// profile file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "mock", help_heading = TARGET)]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) base_url: Option<String>,

    /// Which suites to run
    #[arg(long, value_enum, default_value_t = Suite::All, help_heading = TESTS)]
    pub(crate) suite: Suite,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',', help_heading = TESTS)]
    pub(crate) only: Vec<TestId>,

    /// Read the acceptance features from this folder instead of the built-in ones
    #[arg(long, value_name = "DIR", help_heading = TESTS)]
    pub(crate) features: Option<PathBuf>,

    /// Folder in which the evidence folder of this run is created
    #[arg(long, value_name = "DIR", default_value = "evidence", help_heading = EVIDENCE)]
    pub(crate) out: PathBuf,

    /// Test window of this run
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2), help_heading = EVIDENCE)]
    pub(crate) window: Option<u8>,

    /// TOML file of failures that both sides agreed to waive; they stay failures and are shown as
    /// waived
    #[arg(long, value_name = "FILE", help_heading = TESTS)]
    pub(crate) waivers: Option<PathBuf>,

    /// Text from the reviewer; it is sent with the run's calls and kept in the evidence
    #[arg(long, value_name = "TEXT", help_heading = EVIDENCE)]
    pub(crate) nonce: Option<String>,

    /// Letters that the mock holds, and that AT2 expects [default: 2510 for the mix `int`, 2500 for
    /// `varied`]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000),
        help_heading = EMBEDDED_MOCK)]
    pub(crate) letters: Option<u32>,

    /// Which letters the mock holds: `int`, seeded like INT, or `varied`, with damaged and unlisted
    /// letters [default: int]
    #[arg(long, value_name = "MIX", help_heading = EMBEDDED_MOCK)]
    pub(crate) mix: Option<Mix>,

    /// Number that the mock's letters are made from; the same number makes the same letters
    /// [default: 1]
    #[arg(long, value_name = "N", help_heading = EMBEDDED_MOCK)]
    pub(crate) seed: Option<u64>,

    /// A letter of another supplier; this supplier must not be able to read or change it
    #[arg(long, value_name = "ID", help_heading = TARGET)]
    pub(crate) foreign_letter: Option<String>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// How long the mock hides a listed letter (INT: 300s) [default: 2s]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = EMBEDDED_MOCK)]
    pub(crate) visibility_timeout: Option<Duration>,

    /// How long the mock takes to apply an update (INT: 6s to 10s) [default: 500ms]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = EMBEDDED_MOCK)]
    pub(crate) apply_delay: Option<Duration>,

    /// How long the mock keeps an accepted letter in the list [default: as for the command `mock`]
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = EMBEDDED_MOCK)]
    pub(crate) queue_lag: Option<Duration>,

    /// Make the mock wrong in one way, to see it caught, for example `lose-update=1`; may be
    /// repeated
    #[arg(long = "fault", value_name = "NAME[=ARG]", help_heading = EMBEDDED_MOCK)]
    pub(crate) faults: Vec<String>,

    /// Check bodies against this official OpenAPI file instead of the built-in schemas
    #[arg(long, value_name = "FILE", help_heading = TESTS)]
    pub(crate) spec: Option<PathBuf>,

    /// Resume the interrupted run in this folder: what succeeded is not repeated, no update that
    /// was accepted is sent again, and every attempt is kept
    #[arg(long, value_name = "DIR", conflicts_with_all = [
        "target", "base_url", "suite", "only", "features", "out", "window", "nonce", "letters",
        "foreign_letter", "spec", "reseeded", "waivers", "smoke_letters", "confirm", "faults",
        "timestamp", "strict",
    ])]
    pub(crate) resume: Option<PathBuf>,

    /// Folder of the ledgers, which remember each target's letters from run to run [default: your
    /// own, such as ~/.local/state/letterproof/ledgers, ~/Library/Application
    /// Support/letterproof/ledgers or %LOCALAPPDATA%\letterproof\ledgers; without a home folder,
    /// .letterproof beside the evidence]
    #[arg(long, value_name = "DIR", help_heading = TARGET)]
    pub(crate) ledger: Option<PathBuf>,

    /// The target was seeded again since the last run: start a new ledger and keep the old one
    /// beside it
    #[arg(long, help_heading = TARGET)]
    pub(crate) reseeded: bool,

    /// Keep the letters that AT15 downloads in this folder, for you alone
    #[arg(long, value_name = "DIR", help_heading = EVIDENCE)]
    pub(crate) keep_pdfs: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key; `letterproof keys --signing` makes one
    #[arg(long, value_name = "FILE", help_heading = EVIDENCE)]
    pub(crate) sign_key: Option<PathBuf>,

    /// Get time stamps from this authority (RFC 3161) for the journal during the run and for the
    /// manifest at the end; only hashes are sent
    #[arg(long, value_name = "URL", help_heading = EVIDENCE)]
    pub(crate) timestamp: Option<String>,

    /// Also fail (exit code 1) for violations by the supplier, or for advice that was not followed
    #[arg(long, value_name = "WHAT", value_enum, help_heading = TESTS)]
    pub(crate) strict: Option<Strictness>,

    /// Agree in advance that the run changes letters on the target, even if there are too few
    #[arg(long, help_heading = TARGET)]
    pub(crate) yes: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// A live test letter for the production smoke test; may be repeated
    #[arg(long = "letter", value_name = "ID", help_heading = PRODUCTION)]
    pub(crate) smoke_letters: Vec<String>,

    /// Agree in advance to the production smoke test by giving the host's name
    #[arg(long, value_name = "HOST", help_heading = PRODUCTION)]
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
            timestamp: load.timestamp.clone(),
            format: load.format,
            yes: load.yes,
            who: load.who.clone(),
            storage: load.storage.clone(),
            ..*defaults
        })
    }

    /// The options of an interrupted run, with those that may differ as given now.
    pub(crate) fn resumed(self, asked: &Asked) -> Self {
        let asked = asked.clone();
        Self {
            target: asked.target,
            base_url: asked.base_url,
            suite: asked.suite.into(),
            only: asked.only,
            features: asked.features,
            spec: asked.spec,
            window: asked.window,
            nonce: asked.nonce,
            letters: asked.letters,
            foreign_letter: asked.foreign_letter,
            timestamp: asked.timestamp,
            ..self
        }
    }
}

impl From<&RunOptions> for Asked {
    fn from(options: &RunOptions) -> Self {
        Self {
            target: options.target.clone(),
            base_url: options.base_url.clone(),
            suite: options.suite.into(),
            only: options.only.clone(),
            features: options.features.clone(),
            spec: options.spec.clone(),
            window: options.window,
            nonce: options.nonce.clone(),
            letters: options.letters,
            foreign_letter: options.foreign_letter.clone(),
            timestamp: options.timestamp.clone(),
        }
    }
}

impl From<&RunOptions> for MockSettings {
    fn from(options: &RunOptions) -> Self {
        let usual = Self::default();
        Self {
            letters: options.letters,
            mix: options.mix.unwrap_or(usual.mix),
            seed: options.seed.unwrap_or(usual.seed),
            visibility_timeout: options.visibility_timeout.unwrap_or(usual.visibility_timeout),
            apply_delay: options.apply_delay.unwrap_or(usual.apply_delay),
            queue_lag: options.queue_lag.unwrap_or(usual.queue_lag),
            faults: options.faults.clone(),
        }
    }
}

/// A group of tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Suite {
    /// The acceptance pack, AT1 to AT15
    Acceptance,
    /// The conformance checks of the API
    Conformance,
    /// Both
    All,
}

impl From<Suite> for Suites {
    fn from(suite: Suite) -> Self {
        match suite {
            Suite::Acceptance => Self::Acceptance,
            Suite::Conformance => Self::Conformance,
            Suite::All => Self::All,
        }
    }
}

impl From<Suites> for Suite {
    fn from(suites: Suites) -> Self {
        match suites {
            Suites::Acceptance => Self::Acceptance,
            Suites::Conformance => Self::Conformance,
            Suites::All => Self::All,
        }
    }
}

/// What decides the exit code beside the verdicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Strictness {
    /// Violations by the supplier: findings and broken rules
    Violations,
    /// Violations, and advice that was not followed
    Advice,
}

impl From<Strictness> for Strict {
    fn from(asked: Strictness) -> Self {
        match asked {
            Strictness::Violations => Self::Violations,
            Strictness::Advice => Self::Advice,
        }
    }
}
