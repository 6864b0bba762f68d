//! The options of `supplier`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use letterproof_model::TestId;
use url::Url;

use super::{OutputFormat, StorageOptions, TARGET, duration, url};

const SUPPLIER_EXAMPLES: &str = "\
Examples:
  letterproof supplier --base-url http://127.0.0.1:9100/nhs-notify-supplier \\
    --visibility-timeout 5s
  letterproof supplier --fault list     what it can do wrong
  letterproof supplier --habit list     what it can do differently, and may
  letterproof supplier --base-url http://127.0.0.1:9100/nhs-notify-supplier \\
    --only AT3 --fault duplicate-accept
  letterproof supplier --base-url http://127.0.0.1:9100/nhs-notify-supplier \\
    --habit post-only --habit lists-of-100

It reads credentials from the environment like `run` (LETTERPROOF_API_KEY,
LETTERPROOF_KID, LETTERPROOF_KEY_FILE); without them it calls without a token.
Behind a witness it asks the witness for tokens, and --audience gives the
platform's own token URL. Documents come from a second address of the witness,
its `downloads`; give that with --yes-storage.

Exit codes: 0 the day's work is done, 2 wrong usage or configuration,
3 stopped, 4 it could not finish.";

#[derive(Debug, Args)]
#[command(after_help = SUPPLIER_EXAMPLES)]
pub(crate) struct SupplierOptions {
    /// Base URL of the API, or of a witness in front of it
    #[arg(long, value_name = "URL", value_parser = url,
        required_unless_present_any = ["faults", "habits"],
        help_heading = TARGET)]
    pub(crate) base_url: Option<Url>,

    /// Where to ask for tokens [default: /oauth2/token on the same host]
    #[arg(long, value_name = "URL", value_parser = url, help_heading = TARGET)]
    pub(crate) token_url: Option<Url>,

    /// Audience of the assertion, if it is not the address that tokens are asked for at
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) audience: Option<String>,

    #[command(flatten)]
    pub(crate) storage: StorageOptions,

    /// A certificate to trust as well as the system's, such as a witness's own (PEM)
    #[arg(long = "root", value_name = "FILE", help_heading = TARGET)]
    pub(crate) roots: Vec<PathBuf>,

    /// Only the work for these tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',', help_heading = "Work")]
    pub(crate) only: Vec<TestId>,

    /// Work wrongly in one way; may be repeated; `list` prints the catalogue
    #[arg(long = "fault", value_name = "NAME", help_heading = "Work")]
    pub(crate) faults: Vec<String>,

    /// Work differently in one allowed way; may be repeated; `list` prints the catalogue
    #[arg(long = "habit", value_name = "NAME", help_heading = "Work")]
    pub(crate) habits: Vec<String>,

    /// How long to wait when a habit lets a day pass
    #[arg(long, value_name = "TIME", default_value = "86400s", value_parser = duration,
        help_heading = "Work")]
    pub(crate) day: Duration,

    /// Letters in the whole list (AT2, AT3)
    #[arg(long, value_name = "N", default_value_t = 2_500,
        value_parser = clap::value_parser!(u32).range(1..=2_500), help_heading = "Work")]
    pub(crate) letters: u32,

    /// Calls per second that it never exceeds
    #[arg(long, value_name = "N", default_value_t = 290,
        value_parser = clap::value_parser!(u32).range(1..), help_heading = "Work")]
    pub(crate) rate_limit: u32,

    /// How long the API hides a listed letter
    #[arg(long, value_name = "TIME", default_value = "300s", value_parser = duration,
        help_heading = TARGET)]
    pub(crate) visibility_timeout: Duration,

    /// How long an update may take to show
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration,
        help_heading = TARGET)]
    pub(crate) update_deadline: Duration,

    /// Time between two reads of a letter that has not changed yet
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = duration,
        help_heading = "Work")]
    pub(crate) poll: Duration,

    /// How long a download link works
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration,
        help_heading = TARGET)]
    pub(crate) link_ttl: Duration,

    /// Address that fills the queue again on an empty POST, before each fast intake of AT15: the
    /// mock's `/seed`
    #[arg(long, value_name = "URL", value_parser = url, help_heading = TARGET)]
    pub(crate) reseed: Option<Url>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
