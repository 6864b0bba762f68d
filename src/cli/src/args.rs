//! What the command line looks like: one place for names, defaults and help texts.
//! Refuses to check what only a target can tell; that is done where the value is used.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use letterproof_mock::Limiter;
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
    Run(Box<RunOptions>),
    /// Tell what a run with the same options would call, change and use up; nothing is sent
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<RunOptions>),
    /// Serve a stand-in for the API: INT or the public sandbox, as they were seen to behave
    Mock(Box<MockOptions>),
    /// Examine a target before a run: each finding with its remedy
    Doctor(DoctorArguments),
    /// Write a commented profile to start from
    Init(InitOptions),
    /// Make an RSA-4096 key pair and its JWKS for the developer portal
    Keys(KeysOptions),
    /// Compare the built-in contract with an official OpenAPI file
    Drift(DriftOptions),
}

const PLAN_EXAMPLES: &str = "\
Examples:
  letterproof plan                                the whole pack on an embedded double of INT
  letterproof plan --target int --only AT4,AT15   what these would use up on INT
  letterproof plan --target int --format json     one JSON document (letterproof-plan/1)

It takes the options of `run` and reads the target's ledger, without changing it.";

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

    /// Letters seeded in the embedded double, and expected by AT2
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: Option<u32>,

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

    /// Agree beforehand that the run changes letters on the target, also where they are too few
    #[arg(long)]
    pub(crate) yes: bool,

    /// A live test letter of the production smoke test; may be repeated
    #[arg(long = "letter", value_name = "ID")]
    pub(crate) smoke_letters: Vec<String>,

    /// Agree beforehand to the production smoke test, by the name of the host
    #[arg(long, value_name = "HOST")]
    pub(crate) confirm: Option<String>,
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

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table for people
    Table,
    /// One JSON document, and nothing else
    Json,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  letterproof doctor                                 INT, credentials from the environment
  letterproof doctor --target our-int.toml --yes     a profile, and list one letter
  letterproof doctor --target sandbox --format json  one JSON document on stdout

Exit codes: 0 all in order (warnings included), 1 something does not work, 2 wrong usage or
configuration.";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArguments {
    /// What to examine: sandbox, int, a profile file, or mock with --base-url
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "int")]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// The JWKS as it is registered, to hold the signing key against
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Option<PathBuf>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// List one letter without asking, which hides it for the visibility timeout
    #[arg(long)]
    pub(crate) yes: bool,
}

const INIT_EXAMPLES: &str = "\
Example:
  letterproof init our-int.toml";

#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(crate) struct InitOptions {
    /// The profile to write; a file that is there is not overwritten
    #[arg(value_name = "FILE", default_value = "letterproof.toml")]
    pub(crate) file: PathBuf,
}

const KEYS_EXAMPLES: &str = "\
Example:
  letterproof keys --out keys --kid our-int-1   keys/our-int-1.pem and keys/our-int-1.jwks.json";

#[derive(Debug, Args)]
#[command(after_help = KEYS_EXAMPLES)]
pub(crate) struct KeysOptions {
    /// Folder for the two files; files that are there are not overwritten
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,

    /// The id under which the key is registered [default: letterproof-DATE]
    #[arg(long, value_name = "KID")]
    pub(crate) kid: Option<String>,
}

const DRIFT_EXAMPLES: &str = "\
Example:
  letterproof drift specification/api.yml

Exit codes: 0 nothing breaking, 1 something breaking, 2 the file cannot be used.";

#[derive(Debug, Args)]
#[command(after_help = DRIFT_EXAMPLES)]
pub(crate) struct DriftOptions {
    /// An OpenAPI 3 document, YAML or JSON; its references may lead to files beside it
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const MOCK_EXAMPLES: &str = "\
Examples:
  letterproof mock --credentials creds     INT on 127.0.0.1:9000, keys for a client in creds/
  letterproof mock --auth none             INT without tokens, for curl and a browser
  letterproof mock --profile sandbox       the public sandbox: stateless and open
  letterproof mock --fault lose-update=1   INT that loses one update; `--fault list` for all faults

One line of JSON with the addresses is printed when it is ready. Ctrl-C ends it.";

#[derive(Debug, Args)]
#[command(after_help = MOCK_EXAMPLES)]
pub(crate) struct MockOptions {
    /// Which deployed system to behave as
    #[arg(long, value_enum, default_value_t = MockProfile::Int)]
    pub(crate) profile: MockProfile,

    /// Address of the API
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000")]
    pub(crate) listen: SocketAddr,

    /// Loopback address of the admin side: seed, reset, make visible, read state
    #[arg(long, value_name = "ADDR")]
    pub(crate) admin: Option<SocketAddr>,

    /// Letters seeded
    #[arg(long, value_name = "N", default_value_t = 2_500,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: u32,

    /// The same number gives the same letters
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Mix of letters, as a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) seeds: Option<PathBuf>,

    /// How callers prove who they are: `jwt`, `static:TOKEN` or `none`
    #[arg(long, value_name = "KIND", default_value = "jwt")]
    pub(crate) auth: String,

    /// Public keys of an application whose API key is in LETTERPROOF_API_KEY; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Vec<PathBuf>,

    /// Folder to write the demonstration application's key, kid and API key to
    #[arg(long, value_name = "DIR", conflicts_with = "jwks")]
    pub(crate) credentials: Option<PathBuf>,

    /// How long a listed letter stays hidden
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration)]
    pub(crate) visibility_timeout: Duration,

    /// How long an update takes to show
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) apply_delay: Duration,

    /// Let some updates overtake others
    #[arg(long)]
    pub(crate) unordered: bool,

    /// How long a download link works
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) link_ttl: Duration,

    /// How long a token works
    #[arg(long, value_name = "TIME", default_value = "599s", value_parser = duration)]
    pub(crate) token_lifetime: Duration,

    /// Requests per second and application; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(crate) rate_limit: u32,

    /// How the rate limit counts: `fixed-window`, `sliding-window` or `spike-arrest`
    #[arg(long, value_name = "KIND", default_value = "fixed-window")]
    pub(crate) limiter: Limiter,

    /// Added to every answer
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub(crate) latency: Duration,

    /// Up to this much more is added on top, at random
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration)]
    pub(crate) latency_jitter: Duration,

    /// Take a part of the gateway away; may be repeated
    #[arg(long, value_enum, value_name = "PART")]
    pub(crate) without: Vec<GatewayPart>,

    /// Serve HTTPS with a certificate made at the start
    #[arg(long)]
    pub(crate) tls: bool,

    /// Be wrong in one way; may be repeated; `list` prints the catalogue
    #[arg(long = "fault", value_name = "NAME[=ARG]")]
    pub(crate) faults: Vec<String>,

    /// Let a request carry a fault of its own in the header X-Letterproof-Fault
    #[arg(long)]
    pub(crate) request_faults: bool,

    /// Measure how fast the double answers on this machine, print the figures and end
    #[arg(long)]
    pub(crate) bench: bool,
}

/// A deployed system to stand in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MockProfile {
    /// The integration environment: stateful, seeded, behind a token
    Int,
    /// The public sandbox: stateless, open, canned answers
    Sandbox,
}

/// A part of the gateway, whose real behaviour is not known for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GatewayPart {
    /// 401 without a valid bearer token
    BearerCheck,
    /// 403 for an application that belongs to no supplier
    ApplicationCheck,
    /// 429 above the rate limit
    Quota,
    /// X-Request-ID and X-Correlation-ID sent back
    IdEcho,
    /// A correlation id made where none was sent
    CorrelationId,
    /// The media type application/vnd.api+json (application/json instead)
    MediaType,
}

/// Reads `300s`, `1.5s`, `50ms`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration; write for example 300s, 50ms or 2m");
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_are_read_with_their_units_and_refused_without() {
        assert_eq!(duration("300s"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        for wrong in ["300", "-2s", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
