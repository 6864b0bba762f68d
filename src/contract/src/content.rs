//! What is kept of a downloaded letter: its length, its SHA-256, its page count, and why it could
//! not be read.
//!
//! Bytes come in, facts go out: nothing of the letter itself leaves this module. A storage error
//! (`NoSuchKey`, `AccessDenied`) is told by its code alone, since its text names keys and hosts.
//! Refuses to trust a PDF: input is capped, a truncated or repaired file is a problem although a
//! lenient reader would show it, and a panic of the PDF reader is a problem, not a crash.

use std::panic::{AssertUnwindSafe, catch_unwind};

use aws_lc_rs::digest::{SHA256, digest};
use letterproof_model::Content;
use lopdf::{Document, LoadOptions};

/// The longest PDF that is parsed, in bytes; a longer one is hashed and reported as too long.
pub const MAX_PDF_BYTES: usize = 64 * 1024 * 1024;

/// The most any one stream of a PDF may inflate to, in bytes, while its structure is read.
const MAX_INFLATED_BYTES: usize = 16 * 1024 * 1024;

/// How far from the start `%PDF-`, and from the end `%%EOF`, may stand (PDF 1.7, appendix H).
const MARKER_WINDOW: usize = 1024;

/// How much of a storage error is looked at, in bytes.
const XML_WINDOW: usize = 4096;

/// Length, SHA-256 and page count of a PDF; `problem` when it cannot be read as one whole,
/// unencrypted PDF.
#[must_use]
pub fn inspect_pdf(bytes: &[u8]) -> Content {
    let (pages, problem) = match read_pages(bytes) {
        Ok(pages) => (Some(pages), None),
        Err(problem) => (None, Some(problem)),
    };
    Content { pages, problem, ..hashed(bytes) }
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
    Content { length: bytes.len() as u64, sha256, pages: None, problem: None }
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

/// The number of pages, or one sentence on why the file is not one whole PDF.
fn read_pages(bytes: &[u8]) -> Result<u32, String> {
    if bytes.is_empty() {
        return Err("the PDF is empty".to_owned());
    }
    if bytes.len() > MAX_PDF_BYTES {
        return Err(format!("longer than {MAX_PDF_BYTES} bytes, so not read as a PDF"));
    }
    let head = &bytes[..bytes.len().min(MARKER_WINDOW)];
    if !contains(head, b"%PDF-") {
        return Err("no PDF: the header is missing".to_owned());
    }
    let tail = &bytes[bytes.len().saturating_sub(MARKER_WINDOW)..];
    if !contains(tail, b"%%EOF") {
        return Err("truncated: the end-of-file marker is missing".to_owned());
    }
    // lopdf is not fuzz-proof in every corner; a letter must never take the run down with it.
    let read = catch_unwind(AssertUnwindSafe(|| count_pages(bytes)));
    read.unwrap_or_else(|_| Err("damaged: the PDF reader gave up on it".to_owned()))
}

fn count_pages(bytes: &[u8]) -> Result<u32, String> {
    let options = LoadOptions::with_max_decompressed_size(MAX_INFLATED_BYTES);
    // The error's own text may quote the file, so only our words are kept.
    let document = Document::load_mem_with_options(bytes, options)
        .map_err(|_| "damaged: the PDF's structure cannot be read".to_owned())?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err("encrypted: the PDF cannot be read without a password".to_owned());
    }
    if document.xref_recovery.is_some() {
        return Err("damaged: the PDF's cross-reference table is wrong".to_owned());
    }
    let mut pages = 0_u32;
    for page in document.page_iter() {
        // The reader counts a page it cannot load as a blank one; here it is damage.
        let loaded = document.get_dictionary(page).and_then(lopdf::Dictionary::get_type);
        if !loaded.is_ok_and(|kind| kind == b"Page") {
            return Err("damaged: a page of the PDF cannot be read".to_owned());
        }
        pages = pages.saturating_add(1);
    }
    if pages == 0 {
        return Err("damaged: the PDF has no page that can be read".to_owned());
    }
    match declared_pages(&document) {
        Some(declared) if declared != i64::from(pages) => {
            Err(format!("damaged: the PDF declares {declared} pages and holds {pages}"))
        }
        _ => Ok(pages),
    }
}

fn declared_pages(document: &Document) -> Option<i64> {
    let root = document.catalog().ok()?.get(b"Pages").ok()?.as_reference().ok()?;
    document.get_dictionary(root).ok()?.get(b"Count").ok()?.as_i64().ok()
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
