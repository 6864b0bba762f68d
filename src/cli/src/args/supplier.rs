//! The options of `supplier`.
//! Refuses a default address: it changes letters, so somebody must say where.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use letterproof_model::TestId;
use url::Url;

use super::{OutputFormat, StorageOptions, duration, url};

const SUPPLIER_EXAMPLES: &str = "\
Examples:
  letterproof supplier --base-url http://127.0.0.1:9100/nhs-notify-supplier --visibility-timeout 5s
  letterproof supplier --base-url … --only AT3 --fault duplicate-accept
  letterproof supplier --fault list                what it can do wrong
  letterproof supplier --habit list                what it can do otherwise, and may
  letterproof supplier --base-url … --habit post-only --habit lists-of-100

Credentials come from the environment as for `run` (LETTERPROOF_API_KEY, LETTERPROOF_KID,
LETTERPROOF_KEY_FILE); without any, it calls without a token. Behind a witness, tokens are asked for
at the witness and the assertion's audience stays the platform's own token URL (--audience);
documents come from a second address of the witness, its `downloads`, which --yes-storage names.

Exit codes: 0 the day was done, 2 wrong usage or configuration, 3 it was stopped, 4 it broke off.";

#[derive(Debug, Args)]
#[command(after_help = SUPPLIER_EXAMPLES)]
pub(crate) struct SupplierOptions {
    /// Base URL of the API, or of a witness in front of it
    #[arg(long, value_name = "URL", value_parser = url, required_unless_present_any = ["faults", "habits"])]
    pub(crate) base_url: Option<Url>,

    /// Where tokens are asked for [default: /oauth2/token on the same host]
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) token_url: Option<Url>,

    /// The assertion's audience, where it is not the address that tokens are asked for at
    #[arg(long, value_name = "URL")]
    pub(crate) audience: Option<String>,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// A certificate to trust besides those of the system, such as a witness's own (PEM)
    #[arg(long = "root", value_name = "FILE")]
    pub(crate) roots: Vec<PathBuf>,

    /// Only the work of these tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',')]
    pub(crate) only: Vec<TestId>,

    /// Work wrong in one way; may be repeated; `list` prints the catalogue
    #[arg(long = "fault", value_name = "NAME")]
    pub(crate) faults: Vec<String>,

    /// Work otherwise than usual, as a supplier may; may be repeated; `list` prints the catalogue
    #[arg(long = "habit", value_name = "NAME")]
    pub(crate) habits: Vec<String>,

    /// How long to wait where a habit lets a day pass
    #[arg(long, value_name = "TIME", default_value = "86400s", value_parser = duration)]
    pub(crate) day: Duration,

    /// Letters in the whole list (AT2, AT3)
    #[arg(long, value_name = "N", default_value_t = 2_500,
        value_parser = clap::value_parser!(u32).range(1..=2_500))]
    pub(crate) letters: u32,

    /// Calls per second it never exceeds
    #[arg(long, value_name = "N", default_value_t = 290,
        value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate_limit: u32,

    /// How long the API hides a listed letter
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration)]
    pub(crate) visibility_timeout: Duration,

    /// How long an update may take to show
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) update_deadline: Duration,

    /// Time between two reads of a letter that has not changed yet
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration)]
    pub(crate) poll: Duration,

    /// How long a download link works
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub(crate) link_ttl: Duration,

    /// Where an empty POST has the queue filled anew before each fast intake of AT15: the `/seed`
    /// of a double's admin side
    #[arg(long, value_name = "URL", value_parser = url)]
    pub(crate) reseed: Option<Url>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
