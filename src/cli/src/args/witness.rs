//! The options of `witness`.
//! Refuses credentials: those of the supplier pass through, and the witness's own come from the
//! environment or a profile as for `run`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use letterproof_model::TestId;
use letterproof_witness::{HostAndPort, Injection};

use super::{OutputFormat, StorageOptions, WhoOptions, duration};

const WITNESS_EXAMPLES: &str = "\
Examples:
  letterproof witness --upstream int                     watch a supplier's system work against INT
  letterproof witness --upstream mock --base-url http://127.0.0.1:9000/nhs-notify-supplier
  letterproof witness --upstream int --only AT4,AT7 --read-back --window 1
  letterproof witness --upstream our-int.toml --listen 0.0.0.0:9100 --host witness
                                                         called by its name, as between containers
  letterproof witness --upstream our-int.toml --inject \"429@5%\" --inject \"POST /letters: drop-response@1%\"

The supplier's system calls the witness in place of the API: tokens at /oauth2/token of the same
address, everything else below the same path. Its first line on stdout is JSON and tells the
addresses. Ctrl-C, or the button on the live page, ends it and writes the evidence; Ctrl-C again
stops at once.

Exit codes: 0 every required test passed, 1 one failed, 2 wrong usage or configuration,
3 incomplete, 4 the harness failed.";

#[derive(Debug, Args)]
#[command(after_help = WITNESS_EXAMPLES)]
pub(crate) struct WitnessOptions {
    /// The API behind it: mock (with --base-url), sandbox, int, or a profile file
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub(crate) upstream: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// How long the API hides a listed letter, instead of the target's own time
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) visibility_timeout: Option<Duration>,

    /// Where the supplier's system finds it; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9100")]
    pub(crate) listen: SocketAddr,

    /// Host name, with or without a port, that the links to documents get: another name of this
    /// machine than the supplier's system calls the API by, so that its HTTP library drops the
    /// bearer token as it does towards the real storage. On loopback the default is localhost, or
    /// 127.0.0.1 where the API is called as localhost, at a free port; with --listen on another
    /// address links keep the API's own name and port unless a name is given here
    #[arg(long, value_name = "NAME[:PORT]")]
    pub(crate) download_host: Option<HostAndPort>,

    /// A host name that the supplier's system calls it by, beside localhost and its own address, with
    /// the port where that is another than the one it listens on; may be repeated. Requests that
    /// name any other host are refused
    #[arg(long = "host", value_name = "NAME[:PORT]")]
    pub(crate) hosts: Vec<HostAndPort>,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// Where the live page is, on this machine alone; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9101")]
    pub(crate) ui: SocketAddr,

    /// Folder under which the evidence folder of this run is made
    #[arg(long, value_name = "DIR", default_value = "evidence")]
    pub(crate) out: PathBuf,

    /// Serve HTTPS; the certificate to trust, letterproof-witness-ca.pem, is written to --out
    #[arg(long)]
    pub(crate) tls: bool,

    /// A host name or address that the supplier's system uses for it; may be repeated
    #[arg(long = "tls-name", value_name = "NAME", requires = "tls")]
    pub(crate) tls_names: Vec<String>,

    #[allow(rustdoc::broken_intra_doc_links, reason = "these brackets are the option's syntax")]
    /// Make something go wrong at the seam: [OPERATION: ]WHAT[=TIME][@RATE%|@nth=N], WHAT being 429,
    /// 500, 502, 503, 504, timeout, drop-response, slow-body or expired-link; may be repeated
    #[arg(long = "inject", value_name = "RULE")]
    pub(crate) inject: Vec<Injection>,

    /// At the end, read back each letter whose last status the supplier's system never looked at,
    /// with the target's own credentials; recorded as the witness's own
    #[arg(long)]
    pub(crate) read_back: bool,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',')]
    pub(crate) only: Vec<TestId>,

    /// Test window this run belongs to
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) window: Option<u8>,

    /// Text given by the reviewer; it stands in the evidence
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    /// Failures that were agreed to be waived, as a TOML file; they stay failures and are shown as
    /// waived
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key (`letterproof keys --signing` makes one)
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// How the result is printed on stdout, after the line with the addresses
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
