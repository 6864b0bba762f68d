//! The options of the commands that prepare for a target: `doctor`, `init`, `keys`, `drift`.
//! Refuses secrets as arguments: other users of the machine could read them.

use std::path::PathBuf;

use clap::Args;
use letterproof_wire::StorageHost;

use super::OutputFormat;

/// Where documents may be fetched from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StorageOptions {
    /// Agree beforehand that this host keeps the target's documents, beside those its profile states
    /// in `storage_hosts`; `doctor` shows where links lead; may be repeated
    #[arg(long = "yes-storage", value_name = "HOST[:PORT]")]
    pub(crate) yes_storage: Vec<StorageHost>,
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
Examples:
  letterproof keys --out keys --kid our-int-1   keys/our-int-1.pem and keys/our-int-1.jwks.json
  letterproof keys --signing --out keys         an Ed25519 pair for `run --sign-key`";

#[derive(Debug, Args)]
#[command(after_help = KEYS_EXAMPLES)]
pub(crate) struct KeysOptions {
    /// Folder for the two files; files that are there are not overwritten
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,

    /// An Ed25519 pair that signs bundles, instead of a pair for the developer portal
    #[arg(long)]
    pub(crate) signing: bool,

    /// The id under which the key is registered [default: letterproof-DATE]
    #[arg(long, value_name = "KID", conflicts_with = "signing")]
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
