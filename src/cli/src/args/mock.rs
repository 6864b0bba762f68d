//! The options of `mock`.
//! It has no default of its own where the mock has one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use letterproof_mock::{Limiter, Mix};

use super::{address, default_queue_lag, duration};

const MOCK_EXAMPLES: &str = "\
Examples:
  letterproof mock --credentials creds     INT on 127.0.0.1:9000; creds/ holds
                                           keys for a client
  letterproof mock --auth none             INT without tokens, for curl and a
                                           browser
  letterproof mock --profile sandbox       the public sandbox: stateless, open
  letterproof mock --pack sender --profile sandbox
                                           the sandbox for those who send
  letterproof mock --fault lose-update=1   INT that loses one update
  letterproof mock --fault list            all faults

When it is ready, it prints one line of JSON with its addresses. Ctrl-C ends it.";

#[derive(Debug, Args)]
#[command(after_help = MOCK_EXAMPLES)]
pub(crate) struct MockOptions {
    /// Whose API: the one that print suppliers call, or the one that organisations send by
    #[arg(long, value_enum, default_value_t = MockPack::Supplier)]
    pub(crate) pack: MockPack,

    /// Which deployed system to behave like
    #[arg(long, value_enum, default_value_t = MockProfile::Int)]
    pub(crate) profile: MockProfile,

    /// Which part of the sending API's sandbox answers [default: gateway]
    #[arg(long, value_enum, value_name = "PART")]
    pub(crate) layer: Option<SandboxLayer>,

    /// Address of the API
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Loopback address for administration: seed, reset, make visible, read state
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) admin: Option<SocketAddr>,

    /// Letters that the mock holds [default: 2510 for the mix `int`, 2500 otherwise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000),
        help_heading = "Letters")]
    pub(crate) letters: Option<u32>,

    /// Which letters: `int`, seeded like INT, or `varied`, with damaged and unlisted letters
    #[arg(long, value_name = "MIX", default_value_t = Mix::DEFAULT, conflicts_with = "seeds",
        help_heading = "Letters")]
    pub(crate) mix: Mix,

    /// Number that the letters are made from; the same number makes the same letters
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Letters")]
    pub(crate) seed: u64,

    /// Your own mix of letters, as a TOML file
    #[arg(long, value_name = "FILE", help_heading = "Letters")]
    pub(crate) seeds: Option<PathBuf>,

    /// How callers prove who they are: `jwt`, `static:TOKEN` or `none`
    #[arg(long, value_name = "KIND", default_value = "jwt", help_heading = "Gateway")]
    pub(crate) auth: String,

    /// Public keys of an application whose API key is in LETTERPROOF_API_KEY; may be repeated
    #[arg(long, value_name = "FILE", help_heading = "Gateway")]
    pub(crate) jwks: Vec<PathBuf>,

    /// Folder for the key, kid and API key of a demonstration application; an API key that is
    /// already there is kept
    #[arg(long, value_name = "DIR", conflicts_with = "jwks", help_heading = "Gateway")]
    pub(crate) credentials: Option<PathBuf>,

    /// How long a listed letter stays hidden
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) visibility_timeout: Duration,

    /// How long an update takes to show
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) apply_delay: Duration,

    /// How long an accepted letter stays in the list
    #[arg(long, value_name = "TIME", default_value = default_queue_lag(), value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) queue_lag: Duration,

    /// Let some updates overtake others
    #[arg(long, help_heading = "Behaviour")]
    pub(crate) unordered: bool,

    /// How long a download link works
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) link_ttl: Duration,

    /// How long a token works
    #[arg(long, value_name = "TIME", default_value = "599s", value_parser = duration,
        help_heading = "Gateway")]
    pub(crate) token_lifetime: Duration,

    /// Requests per second and application; 0 for no limit
    #[arg(long, value_name = "N", default_value_t = 300, help_heading = "Gateway")]
    pub(crate) rate_limit: u32,

    /// How the rate limit counts: `fixed-window`, `sliding-window` or `spike-arrest`
    #[arg(long, value_name = "KIND", default_value = "fixed-window", help_heading = "Gateway")]
    pub(crate) limiter: Limiter,

    /// Time added to every answer
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) latency: Duration,

    /// Up to this much more time is added at random
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = duration,
        help_heading = "Behaviour")]
    pub(crate) latency_jitter: Duration,

    /// Leave out a part of the gateway; may be repeated
    #[arg(long, value_enum, value_name = "PART", help_heading = "Gateway")]
    pub(crate) without: Vec<GatewayPart>,

    /// Serve HTTPS with a certificate made at the start
    #[arg(long)]
    pub(crate) tls: bool,

    /// Be wrong in one way; may be repeated; `list` prints the catalogue
    #[arg(long = "fault", value_name = "NAME[=ARG]", help_heading = "Faults")]
    pub(crate) faults: Vec<String>,

    /// Let a request ask for a fault in its header X-Letterproof-Fault
    #[arg(long, help_heading = "Faults")]
    pub(crate) request_faults: bool,

    /// Measure how fast the mock answers on this machine, print the figures and exit
    #[arg(long)]
    pub(crate) bench: bool,
}

/// Whose API a mock serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MockPack {
    /// The Supplier API, which print suppliers call
    Supplier,
    /// The API by which organisations send messages
    Sender,
}

/// A part of the sending API's sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxLayer {
    /// What the public sees: the gateway, with the code behind it
    Gateway,
    /// The code behind the gateway alone
    Backend,
}

/// A deployed system to behave like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MockProfile {
    /// The integration environment: stateful, seeded, needs a token
    Int,
    /// The public sandbox: stateless, open, fixed answers
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
    /// A correlation id made if none was sent
    CorrelationId,
    /// The media type application/vnd.api+json (application/json instead)
    MediaType,
}
