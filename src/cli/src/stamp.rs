//! `letterproof stamp`: a time stamp for the manifest of a bundle that has none. Only a hash is sent.

use std::path::Path;

use letterproof_client::Stamper;
use letterproof_evidence::{
    EvidenceError, Stamped, TIMESTAMP_FILE, check_stamp, put_stamp, sha256_hex,
};
use letterproof_harness::{Failure, stamp_of};
use letterproof_model::Stamp;

use crate::args::StampOptions;
use crate::out::{self, Text};
use crate::process::{self, or_stopped};

/// Stamps a bundle's manifest; returns the exit code.
pub(crate) fn stamp(options: &StampOptions) -> Result<u8, Failure> {
    let stamper = Stamper::at(&options.timestamp)?;
    let runtime = process::runtime()?;
    let mut got = None;
    let placed = put_stamp(&options.bundle, |manifest| {
        let asked = stamp_of(&stamper, manifest);
        let stamp = runtime.block_on(or_stopped(asked, "stopped before the time stamp arrived"))?;
        got = said(&stamp, manifest);
        Ok(stamp)
    });
    let bundle = placed.map_err(|failure| match failure {
        Failure::Evidence(error @ EvidenceError::Io { .. }) => Failure::Evidence(error),
        Failure::Evidence(error) => Failure::Usage(error.to_string()),
        other => other,
    })?;
    if let Some(Stamped { at, by, .. }) = got {
        let mut text = Text::of(format_args!("stamped   {at}, by {by}"));
        text.line(format_args!("bundle    {}", bundle.display()));
        out::print(&text)?;
    }
    Ok(0)
}

fn said(stamp: &Stamp, bytes: &[u8]) -> Option<Stamped> {
    check_stamp(stamp, &sha256_hex(bytes), None).ok()
}

/// Whether a bundle's manifest bears a time stamp.
pub(crate) fn is_stamped(folder: &Path) -> bool {
    folder.join(TIMESTAMP_FILE).exists()
}
