//! `letterproof licences`: whose work this program is made of, and under which terms. A test holds
//! the list against what cargo compiles in.

use std::io::Read as _;

use flate2::read::GzDecoder;
use letterproof_harness::Failure;

use crate::out;

/// The notices, compressed; made by `LETTERPROOF_UPDATE=1 cargo test --workspace --test licences`.
const NOTICES: &[u8] = include_bytes!("../licences.txt.gz");
/// The terms of the program itself.
const OWN: &str = include_str!("../../../LICENSE");

/// Prints the program's own licence and the notices of everything compiled in.
pub(crate) fn licences() -> Result<u8, Failure> {
    let mut notices = String::new();
    GzDecoder::new(NOTICES)
        .read_to_string(&mut notices)
        .map_err(|error| Failure::Harness(format!("the notices cannot be unpacked: {error}")))?;
    out::document(&format!(
        "letterproof {} is under these terms:\n\n{}\n\n{notices}",
        env!("CARGO_PKG_VERSION"),
        OWN.trim()
    ))?;
    Ok(0)
}
