//! The options of the commands that prepare for a target: `doctor`, `init`, `keys`, `drift`. No
//! secret is an argument: other users of the machine could read it.

use std::path::PathBuf;

use clap::Args;
use letterproof_wire::StorageHost;

use super::{OutputFormat, TARGET};

/// Where documents may be fetched from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StorageOptions {
    /// Agree in advance that this host keeps the target's documents, in addition to `storage_hosts`
    /// of the profile; `letterproof doctor` shows where links lead; may be repeated
    #[arg(long = "yes-storage", value_name = "HOST[:PORT]", help_heading = TARGET)]
    pub(crate) yes_storage: Vec<StorageHost>,
}

const DOCTOR_EXAMPLES: &str = "\
Examples:
  letterproof doctor                                 INT, with credentials from
                                                     the environment
  letterproof doctor --target our-int.toml --yes     a profile; list one letter
  letterproof doctor --target sandbox --format json  one JSON document on stdout

Exit codes: 0 everything works (perhaps with warnings), 1 something does not,
2 wrong usage or configuration.";

#[derive(Debug, Args)]
#[command(after_help = DOCTOR_EXAMPLES)]
pub(crate) struct DoctorArguments {
    /// What to check: sandbox, int, a profile file, or mock with --base-url
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "int", help_heading = TARGET)]
    pub(crate) target: String,

    /// Base URL of the API, instead of the target's own
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) base_url: Option<String>,

    /// The registered JWKS, to compare with the signing key
    #[arg(long, value_name = "FILE", help_heading = TARGET)]
    pub(crate) jwks: Option<PathBuf>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,

    /// List one letter without asking; this hides it for the visibility timeout
    #[arg(long, help_heading = TARGET)]
    pub(crate) yes: bool,
}

const INIT_EXAMPLES: &str = "\
Example:
  letterproof init our-int.toml";

#[derive(Debug, Args)]
#[command(after_help = INIT_EXAMPLES)]
pub(crate) struct InitOptions {
    /// The profile to write; an existing file is not overwritten
    #[arg(value_name = "FILE", default_value = "letterproof.toml")]
    pub(crate) file: PathBuf,
}

const KEYS_EXAMPLES: &str = "\
Examples:
  letterproof keys --out keys --kid our-int-1   a pair for the developer portal:
                                                keys/our-int-1.pem and
                                                keys/our-int-1.jwks.json
  letterproof keys --signing --out keys         a pair for `run --sign-key`";

#[derive(Debug, Args)]
#[command(after_help = KEYS_EXAMPLES)]
pub(crate) struct KeysOptions {
    /// Folder for the two files; existing files are not overwritten
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,

    /// Make an Ed25519 pair that signs bundles, instead of a pair for the developer portal
    #[arg(long)]
    pub(crate) signing: bool,

    /// Id under which the key is registered [default: letterproof-DATE]
    #[arg(long, value_name = "KID", conflicts_with = "signing")]
    pub(crate) kid: Option<String>,
}

const DRIFT_EXAMPLES: &str = "\
Example:
  letterproof drift specification/api.yml

Exit codes: 0 no breaking change, 1 a breaking change, 2 the file cannot be
used.";

#[derive(Debug, Args)]
#[command(after_help = DRIFT_EXAMPLES)]
pub(crate) struct DriftOptions {
    /// An OpenAPI 3 document, YAML or JSON; its references may lead to files beside it
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}
