//! The options of `stamp`.
//! It takes no signing key: a stamp changes neither the manifest nor its signature.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Example:
  letterproof stamp evidence/20261120t101500z-abc123 --timestamp http://tsa.example/tsr

Only a hash goes out. The stamp lies beside the manifest, in timestamp.json, and `letterproof
verify` checks it offline. `run --timestamp` stamps a run from its start.
Exit codes: 0 stamped, 2 the bundle or the address cannot be used, 4 no stamp was got.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StampOptions {
    /// The folder of a finished run, or its zip
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The time-stamping authority to ask
    #[arg(long, value_name = "URL")]
    pub(crate) timestamp: String,
}
