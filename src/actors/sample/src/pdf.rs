//! Looking at a downloaded letter before it goes to print.
//! Refuses to print what is damaged, longer than an envelope takes, or not the letter promised.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lc_rs::digest::{SHA256, digest};
use lopdf::{Document, LoadOptions};

/// The most pages that go into an envelope (AT12).
const MOST_PAGES: usize = 5;
/// The most any one stream of a letter may unpack to, in bytes.
const MOST_UNPACKED: usize = 16 * 1024 * 1024;

/// What is wrong with a letter's document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Its SHA-256 is not the letter's, so it is some other document or not whole.
    OtherContent,
    /// It cannot be read as a PDF.
    Damaged,
    /// It has more pages than go into an envelope.
    TooLong,
}

/// Looks at a document; `None` when it can be printed.
pub(crate) fn flaw(bytes: &[u8], sha256: Option<&str>) -> Option<Flaw> {
    if sha256.is_some_and(|expected| !expected.eq_ignore_ascii_case(&sha256_hex(bytes))) {
        return Some(Flaw::OtherContent);
    }
    if !bytes.starts_with(b"%PDF-") {
        return Some(Flaw::Damaged);
    }
    // A damaged letter must not take the house down with the PDF reader.
    match catch_unwind(AssertUnwindSafe(|| pages(bytes))).ok().flatten() {
        None | Some(0) => Some(Flaw::Damaged),
        Some(pages) => (pages > MOST_PAGES).then_some(Flaw::TooLong),
    }
}

fn pages(bytes: &[u8]) -> Option<usize> {
    let options = LoadOptions::with_max_decompressed_size(MOST_UNPACKED);
    let document = Document::load_mem_with_options(bytes, options).ok()?;
    document.xref_recovery.is_none().then(|| document.get_pages().len())
}

fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pdf_is_damaged_and_other_content_is_told_first() {
        assert_eq!(flaw(b"", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"<html>", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"%PDF-1.7\nnonsense", None), Some(Flaw::Damaged));
        assert_eq!(flaw(b"%PDF-1.7", Some("00")), Some(Flaw::OtherContent));
        let empty = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855";
        assert_eq!(flaw(b"", Some(empty)), Some(Flaw::Damaged));
    }
}
