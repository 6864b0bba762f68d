//! The options of `witness`. It takes no credentials: those of the supplier pass through, and the
//! witness's own come from the environment or a profile as for `run`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use letterproof_model::TestId;
use letterproof_witness::{HostAndPort, Injection};

use super::{
    EVIDENCE, OutputFormat, StorageOptions, Strictness, TARGET, TESTS, WhoOptions, address,
    duration,
};

const WITNESS_EXAMPLES: &str = "\
Examples:
  letterproof witness --upstream int   watch a supplier's system use INT
  letterproof witness --upstream mock \\
    --base-url http://127.0.0.1:9000/nhs-notify-supplier
  letterproof witness --upstream int --only AT4,AT7 --read-back --window 1
  letterproof witness --upstream our-int.toml --listen 0.0.0.0:9100 \\
    --host witness
                                       called by its name, as between containers
  letterproof witness --upstream our-int.toml --inject \"429@5%\" \\
    --inject \"POST /letters: drop-response@1%\"

The supplier's system calls the witness instead of the API: for tokens,
/oauth2/token at the same address; for everything else, the same path. The first
line on stdout is JSON with the addresses. Ctrl-C, SIGTERM or the button on the
live page ends it and writes the evidence; a second Ctrl-C stops it at once.

Exit codes: 0 every required test passed, 1 a required test failed, 2 wrong
usage or configuration, 3 incomplete, 4 letterproof failed.";

#[derive(Debug, Args)]
#[command(after_help = WITNESS_EXAMPLES)]
pub(crate) struct WitnessOptions {
    /// The API to pass calls on to: mock (with --base-url), sandbox, int, or a profile file
    #[arg(long, value_name = "NAME|FILE.toml", help_heading = TARGET)]
    pub(crate) upstream: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) base_url: Option<String>,

    /// How long the API hides a listed letter, instead of the target's own time
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = TARGET)]
    pub(crate) visibility_timeout: Option<Duration>,

    /// Address that the supplier's system calls; port 0 takes a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9100", value_parser = address,
        help_heading = "Proxy")]
    pub(crate) listen: SocketAddr,

    /// Host name, with or without a port, for the links to documents. It must be another name of
    /// this machine than the one the supplier's system calls, so that its HTTP library drops the
    /// bearer token, as with the real storage. Default on loopback: localhost, or 127.0.0.1 if the
    /// API is called as localhost, at a free port. Otherwise links keep the API's own name and port
    #[arg(long, value_name = "NAME[:PORT]", help_heading = "Proxy")]
    pub(crate) download_host: Option<HostAndPort>,

    /// Another host name that the supplier's system calls the witness by, with the port if that
    /// differs from --listen; may be repeated. The witness refuses requests for any other host
    #[arg(long = "host", value_name = "NAME[:PORT]", help_heading = "Proxy")]
    pub(crate) hosts: Vec<HostAndPort>,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// Address of the live page, on this machine only; port 0 takes a free port
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9101", value_parser = address,
        help_heading = "Proxy")]
    pub(crate) ui: SocketAddr,

    /// Folder in which the evidence folder of this run is created
    #[arg(long, value_name = "DIR", default_value = "evidence", help_heading = EVIDENCE)]
    pub(crate) out: PathBuf,

    /// Serve HTTPS; the certificate to trust, letterproof-witness-ca.pem, is written to --out
    #[arg(long, help_heading = "Proxy")]
    pub(crate) tls: bool,

    /// A host name or address of the witness for its certificate; may be repeated
    #[arg(long = "tls-name", value_name = "NAME", requires = "tls", help_heading = "Proxy")]
    pub(crate) tls_names: Vec<String>,

    #[allow(rustdoc::broken_intra_doc_links, reason = "these brackets are the option's syntax")]
    /// Make something go wrong: [OPERATION: ]WHAT[=TIME][@RATE%|@nth=N], where WHAT is 429, 500,
    /// 502, 503, 504, timeout, drop-response, slow-body or expired-link; may be repeated
    #[arg(long = "inject", value_name = "RULE", help_heading = "Proxy")]
    pub(crate) inject: Vec<Injection>,

    /// At the end, read letters with the target's own credentials: each whose last status the
    /// supplier's system did not look at, each that changed, and a sample of the others. These
    /// calls are recorded as the witness's own
    #[arg(long, help_heading = TESTS)]
    pub(crate) read_back: bool,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',', help_heading = TESTS)]
    pub(crate) only: Vec<TestId>,

    /// Test window of this run
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2), help_heading = EVIDENCE)]
    pub(crate) window: Option<u8>,

    /// Text from the reviewer; it is kept in the evidence
    #[arg(long, value_name = "TEXT", help_heading = EVIDENCE)]
    pub(crate) nonce: Option<String>,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    /// TOML file of failures that both sides agreed to waive; they stay failures and are shown as
    /// waived
    #[arg(long, value_name = "FILE", help_heading = TESTS)]
    pub(crate) waivers: Option<PathBuf>,

    /// Also fail (exit code 1) for violations by the supplier, or for advice that was not followed
    #[arg(long, value_name = "WHAT", value_enum, help_heading = TESTS)]
    pub(crate) strict: Option<Strictness>,

    /// Sign the bundle with this Ed25519 key; `letterproof keys --signing` makes one
    #[arg(long, value_name = "FILE", help_heading = EVIDENCE)]
    pub(crate) sign_key: Option<PathBuf>,

    /// Get time stamps from this authority (RFC 3161) for the journal during the run and for the
    /// manifest at the end; only hashes are sent
    #[arg(long, value_name = "URL", help_heading = EVIDENCE)]
    pub(crate) timestamp: Option<String>,

    /// How to print the result on stdout, after the line with the addresses
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
