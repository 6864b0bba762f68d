//! The options of `stamp`.
//! It takes no signing key: a stamp changes neither the manifest nor its signature.

use std::path::PathBuf;

use clap::Args;

const EXAMPLES: &str = "\
Example:
  letterproof stamp evidence/20261120t101500z-abc123 \\
    --timestamp http://tsa.example/tsr

Only a hash is sent. The stamp is kept beside the manifest, in timestamp.json,
and `letterproof verify` checks it offline. To stamp a run from its start, use
`letterproof run --timestamp`.

Exit codes: 0 stamped, 2 the bundle or the address cannot be used, 4 the
authority gave no stamp.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StampOptions {
    /// A bundle: the zip, or the folder of a finished run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The time-stamping authority to ask
    #[arg(long, value_name = "URL")]
    pub(crate) timestamp: String,
}
