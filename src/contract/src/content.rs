//! What is kept of a downloaded letter: its length, its SHA-256, its page count, and why it could
//! not be read.
//!
//! Bytes come in, facts go out: nothing of the letter itself leaves this module. A storage error
//! (`NoSuchKey`, `AccessDenied`) is told by its code alone, since its text names keys and hosts.
//! Refuses to trust a PDF: input is capped, and a panic of the PDF reader is a problem, not a
//! crash. What common readers repair in silence is no problem; it is kept as a remark of its own.

use aws_lc_rs::digest::{SHA256, digest};
use letterproof_model::Content;

mod pages;
mod sealed;

/// The longest PDF that is parsed, in bytes; a longer one is hashed and reported as too long.
pub const MAX_PDF_BYTES: usize = 64 * 1024 * 1024;

/// How much of a storage error is looked at, in bytes.
const XML_WINDOW: usize = 4096;

/// Length, SHA-256 and page count of a PDF; `repaired` for what readers repair in silence,
/// `problem` when its pages cannot be reached without a password or at all.
#[must_use]
pub fn inspect_pdf(bytes: &[u8]) -> Content {
    match pages::read(bytes) {
        Ok(read) => Content { pages: Some(read.count), repaired: read.repaired(), ..hashed(bytes) },
        Err(problem) => Content { problem: Some(problem), ..hashed(bytes) },
    }
}

/// Whether a download was announced as a PDF or begins like one.
#[must_use]
pub fn looks_like_pdf(bytes: &[u8], content_type: Option<&str>) -> bool {
    let announced = content_type.is_some_and(|value| {
        value.split(';').next().unwrap_or("").trim().eq_ignore_ascii_case("application/pdf")
    });
    announced || bytes.starts_with(b"%PDF-")
}

/// Reduces a download to what may be kept of it, and tells whether it claims to be a PDF.
///
/// Of a storage error (`<Error><Code>NoSuchKey</Code>…`) only the code is kept, in `problem`.
#[must_use]
pub fn inspect_download(bytes: &[u8], content_type: Option<&str>) -> (Content, bool) {
    if looks_like_pdf(bytes, content_type) {
        return (inspect_pdf(bytes), true);
    }
    let problem = if bytes.is_empty() {
        "the download is empty".to_owned()
    } else {
        storage_error_code(bytes).unwrap_or_else(|| "not a PDF".to_owned())
    };
    (Content { problem: Some(problem), ..hashed(bytes) }, false)
}

fn hashed(bytes: &[u8]) -> Content {
    let sha256 = sha256_hex(bytes);
    Content { length: bytes.len() as u64, sha256, pages: None, repaired: None, problem: None }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        for nibble in [byte >> 4, byte & 15] {
            text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
        }
        text
    })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

/// The code of an S3-style error document, if this is one.
fn storage_error_code(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(XML_WINDOW)]);
    let inside = text.split_once("<Error>")?.1;
    let code = inside.split_once("<Code>")?.1.split_once("</Code>")?.0.trim();
    let plain =
        !code.is_empty() && code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    plain.then(|| code.to_owned())
}
