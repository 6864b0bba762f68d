//! The options of `mock`.
//! Refuses defaults of its own where the double has one.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use letterproof_mock::{Limiter, Mix};

use super::{address, default_queue_lag, duration};

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
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9000", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// Loopback address of the admin side: seed, reset, make visible, read state
    #[arg(long, value_name = "ADDR", value_parser = address)]
    pub(crate) admin: Option<SocketAddr>,

    /// Letters seeded [default: 2510 of the mix `int`, 2500 of any other]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) letters: Option<u32>,

    /// Which letters: `int`, as INT is seeded, or `varied`, with damaged and unlisted ones
    #[arg(long, value_name = "MIX", default_value_t = Mix::DEFAULT, conflicts_with = "seeds")]
    pub(crate) mix: Mix,

    /// The same number gives the same letters
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Mix of letters of your own, as a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) seeds: Option<PathBuf>,

    /// How callers prove who they are: `jwt`, `static:TOKEN` or `none`
    #[arg(long, value_name = "KIND", default_value = "jwt")]
    pub(crate) auth: String,

    /// Public keys of an application whose API key is in LETTERPROOF_API_KEY; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) jwks: Vec<PathBuf>,

    /// Folder to write the demonstration application's key, kid and API key to; an API key that is
    /// there already is kept
    #[arg(long, value_name = "DIR", conflicts_with = "jwks")]
    pub(crate) credentials: Option<PathBuf>,

    /// How long a listed letter stays hidden
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration)]
    pub(crate) visibility_timeout: Duration,

    /// How long an update takes to show
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = duration)]
    pub(crate) apply_delay: Duration,

    /// How long an accepted letter stays in the list
    #[arg(long, value_name = "TIME", default_value = default_queue_lag(), value_parser = duration)]
    pub(crate) queue_lag: Duration,

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
