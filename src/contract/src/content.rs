//! What is kept of a downloaded letter: its length, its SHA-256, its page count, what common
//! readers would have to repair to reach its pages, and why it could not be read.
//!
//! Bytes come in, facts go out: nothing of the letter itself leaves this module. A storage error
//! (`NoSuchKey`, `AccessDenied`) is told by its code alone, since its text names keys and hosts. No
//! PDF is trusted: input is capped, and a panic of the PDF reader is a problem, not a crash.
//!
//! What stands after the end-of-file marker does not matter, and neither does an owner password.
//! Every reason is one of our own sentences, since the reader's errors may quote the file; a file
//! is "damaged" only where its page tree cannot be reached.

use std::collections::{BTreeSet, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice::Iter;

use aws_lc_rs::digest::{SHA256, digest};
use letterproof_model::Content;
use lopdf::xref::XrefType;
use lopdf::{DecompressError, Dictionary, Document, Error, LoadOptions, Object, ObjectId};

/// The longest PDF that is parsed, in bytes; a longer one is hashed and reported as too long.
pub const MAX_PDF_BYTES: usize = 64 * 1024 * 1024;

/// How much of a storage error is looked at, in bytes.
const XML_WINDOW: usize = 4096;

/// Length, SHA-256 and page count of a PDF; `repaired` for what readers repair in silence,
/// `problem` when its pages cannot be reached without a password or at all.
#[must_use]
pub fn inspect_pdf(bytes: &[u8]) -> Content {
    match read(bytes) {
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

/// The most any one stream of a PDF may inflate to, in bytes, while its structure is read.
const MAX_INFLATED_BYTES: usize = 16 * 1024 * 1024;

/// How far from the start `%PDF-` may stand (PDF 1.7, appendix H), and how much after the last
/// end-of-file marker is passed over without a look.
const MARKER_WINDOW: usize = 1024;

/// The most entries of a page tree that are looked at; a small file can name a few nodes so often
/// that walking them would never end.
const MAX_ENTRIES: usize = 200_000;

const END: &[u8] = b"%%EOF";
const NO_END: &str = "truncated: the end-of-file marker is missing";
const LOCKED: &str = "encrypted: the PDF cannot be read without a password or a key";
const NO_TREE: &str = "damaged: the PDF's page tree cannot be reached";
const WRONG_TABLE: &str = "its cross-reference table is wrong";

/// A PDF that was read.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    pub(crate) count: u32,
    repaired: BTreeSet<&'static str>,
    declared: Option<i64>,
}

impl Pages {
    /// What common readers repair in silence, in a few words.
    pub(crate) fn repaired(&self) -> Option<String> {
        let declared = self.declared.filter(|declared| *declared != i64::from(self.count));
        let declared = declared
            .map(|declared| format!("it declares {declared} pages and holds {}", self.count));
        let words: Vec<String> =
            self.repaired.iter().map(|words| (*words).to_owned()).chain(declared).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }
}

/// The pages of a PDF, or one sentence on why they cannot be counted.
pub(crate) fn read(bytes: &[u8]) -> Result<Pages, String> {
    if bytes.is_empty() {
        return Err("the PDF is empty".to_owned());
    }
    if bytes.len() > MAX_PDF_BYTES {
        return Err(format!("longer than {MAX_PDF_BYTES} bytes, so not read as a PDF"));
    }
    if !contains(&bytes[..bytes.len().min(MARKER_WINDOW)], b"%PDF-") {
        return Err("no PDF: the header is missing".to_owned());
    }
    let Some(marker) = bytes.windows(END.len()).rposition(|window| window == END) else {
        return unmarked(bytes);
    };
    let (mut pdf, rest) = bytes.split_at(marker + END.len());
    // Where the marker is repeated, the offset stands before the first.
    while let Some(before) = pdf[..pdf.len() - END.len()].trim_ascii_end().strip_suffix(END) {
        pdf = &pdf[..before.len() + END.len()];
    }
    // A later revision without its own end was cut, and may have changed the pages.
    if rest.len() > MARKER_WINDOW && begins_an_object(rest) {
        return Err(NO_END.to_owned());
    }
    guarded(pdf)
}

/// A file that holds no end-of-file marker: cut, unless everything before the marker is there.
fn unmarked(bytes: &[u8]) -> Result<Pages, String> {
    let text = bytes.trim_ascii_end();
    let digits = text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if !text[..text.len() - digits].trim_ascii_end().ends_with(b"startxref") {
        return Err(NO_END.to_owned());
    }
    let mut pages = guarded(&[text, b"\n", END].concat()).map_err(|_| NO_END.to_owned())?;
    // With digits of its last number cut off, the file would be read by a repair.
    if pages.repaired.contains(WRONG_TABLE) {
        return Err(NO_END.to_owned());
    }
    pages.repaired.insert("its end-of-file marker is missing");
    Ok(pages)
}

/// Whether an object of a PDF begins here: `12 0 obj`.
fn begins_an_object(bytes: &[u8]) -> bool {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r')).any(|line| {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let mut number =
            || words.next().is_some_and(|word| word.iter().all(|byte| byte.is_ascii_digit()));
        number() && number() && words.next().is_some_and(|word| word.starts_with(b"obj"))
    })
}

fn guarded(pdf: &[u8]) -> Result<Pages, String> {
    // The reader is not fuzz-proof in every corner; a letter must never take the run down.
    let read = catch_unwind(AssertUnwindSafe(|| repairing(pdf)));
    read.unwrap_or_else(|_| Err("damaged: the PDF reader gave up on it".to_owned()))
}

/// Reads the file as written; where its pages cannot be reached that way, by looking for its
/// objects, as other readers do.
fn repairing(pdf: &[u8]) -> Result<Pages, String> {
    let reason = match loaded(pdf, false) {
        Err(reason) if reason.starts_with("damaged") => reason,
        read => return read,
    };
    loaded(pdf, true).map_err(|_| reason)
}

fn loaded(pdf: &[u8], force_reconstruct: bool) -> Result<Pages, String> {
    let mut document = opened(pdf, force_reconstruct)?;
    // Where that cannot be read either, the file as it is says that it is encrypted.
    if let Some(pdf) = referring(pdf, &document)
        && let Ok(referring) = opened(&pdf, force_reconstruct)
    {
        document = referring;
    }
    // The reader tries the empty password, which opens a file that has only an owner's.
    if document.trailer.has(b"Encrypt") && !document.was_encrypted() {
        return Err(LOCKED.to_owned());
    }
    let mut pages = Pages::default();
    if document.xref_recovery.is_some() {
        pages.repaired.insert(WRONG_TABLE);
    }
    walk(&document, &mut pages)?;
    Ok(pages)
}

fn opened(pdf: &[u8], force_reconstruct: bool) -> Result<Document, String> {
    let limits = LoadOptions::with_max_decompressed_size(MAX_INFLATED_BYTES);
    let options = LoadOptions { force_reconstruct, ..limits };
    Document::load_mem_with_options(pdf, options).map_err(|error| match error {
        Error::Decompress(DecompressError::MemoryLimitExceeded { .. }) => {
            format!("its structure inflates to more than {MAX_INFLATED_BYTES} bytes, so not read")
        }
        Error::Decryption(_) => LOCKED.to_owned(),
        _ => "damaged: the PDF's structure cannot be read".to_owned(),
    })
}

/// One level of the page tree that is being walked.
struct Level<'a> {
    node: Option<ObjectId>,
    kids: Iter<'a, Object>,
}

/// Counts the pages of the tree, each as often as it is named.
fn walk(document: &Document, pages: &mut Pages) -> Result<(), String> {
    let root = document
        .trailer
        .get_deref(b"Root", document)
        .and_then(Object::as_dict)
        .and_then(|catalog| catalog.get(b"Pages"))
        .map_err(|_| NO_TREE)?;
    let tree = followed(document, root).ok_or(NO_TREE)?;
    pages.declared = tree
        .get_deref(b"Count", document)
        .and_then(Object::as_i64)
        .ok()
        .filter(|_| tree.has(b"Kids"));
    if !tree.has(b"Kids") && !is_a(tree, document, b"Page") {
        return Err(NO_TREE.to_owned());
    }
    // The root is walked as the one entry of a level above it.
    let above = std::slice::from_ref(root);
    let mut levels = vec![Level { node: None, kids: above.iter() }];
    let mut path = HashSet::new();
    let mut entries = 0_usize;
    while let Some(level) = levels.last_mut() {
        let Some(kid) = level.kids.next() else {
            if let Some(node) = level.node {
                path.remove(&node);
            }
            levels.pop();
            continue;
        };
        entries += 1;
        if entries > MAX_ENTRIES {
            return Err(format!("its page tree has more than {MAX_ENTRIES} entries, so not read"));
        }
        let Some(dictionary) = followed(document, kid) else {
            if kid.as_reference().is_ok() {
                return Err("damaged: a page of the PDF cannot be read".to_owned());
            }
            pages.repaired.insert("its page tree names something that is not a page");
            continue;
        };
        if is_a(dictionary, document, b"Page") {
            pages.count = pages.count.saturating_add(1);
            continue;
        }
        let typed = is_a(dictionary, document, b"Pages");
        if !typed && !dictionary.has(b"Kids") {
            pages.repaired.insert("a page has no /Type /Page");
            pages.count = pages.count.saturating_add(1);
            continue;
        }
        if !typed {
            pages.repaired.insert("a part of its page tree has no /Type /Pages");
        }
        if !dictionary.has(b"Kids") {
            pages.repaired.insert("a part of its page tree has no /Kids");
            continue;
        }
        let kids = dictionary.get_deref(b"Kids", document).and_then(Object::as_array);
        let kids = kids.map_err(|_| "damaged: a part of the PDF's page tree cannot be read")?;
        let node = kid.as_reference().ok();
        if node.is_some_and(|node| !path.insert(node)) {
            return Err("damaged: the PDF's page tree leads back to itself".to_owned());
        }
        levels.push(Level { node, kids: kids.iter() });
    }
    if pages.count == 0 {
        return Err("no page: the PDF's page tree is empty".to_owned());
    }
    Ok(())
}

fn followed<'a>(document: &'a Document, object: &'a Object) -> Option<&'a Dictionary> {
    document.dereference(object).and_then(|(_, object)| object.as_dict()).ok()
}

fn is_a(dictionary: &Dictionary, document: &Document, kind: &[u8]) -> bool {
    let found = dictionary.get_deref(b"Type", document).and_then(Object::as_name);
    found.is_ok_and(|name| name == kind)
}

/// What a cross-reference stream says of itself, and a trailer does not.
const OF_STREAMS: [&[u8]; 8] =
    [b"Type", b"W", b"Index", b"Length", b"Filter", b"DecodeParms", b"XRefStm", b"Prev"];

/// The file with its encryption as an object; `None` where it is one already or there is none.
pub(crate) fn referring(pdf: &[u8], document: &Document) -> Option<Vec<u8>> {
    let encryption = document.trailer.get(b"Encrypt").and_then(Object::as_dict).ok()?;
    let id = document.max_id.checked_add(1)?;
    if document.xref_start == 0 {
        return None;
    }
    // Offsets count from the header.
    let start = pdf.windows(5).position(|window| window == b"%PDF-")?;
    let mut bytes = pdf[start..].to_vec();
    let mut trailer = document.trailer.clone();
    for name in OF_STREAMS {
        trailer.remove(name);
    }
    trailer.set("Encrypt", Object::Reference((id, 0)));
    trailer.set("Prev", i64::try_from(document.xref_start).ok()?);
    bytes.push(b'\n');
    let object = bytes.len();
    bytes.extend(format!("{id} 0 obj\n").bytes());
    bytes.extend(written(encryption)?);
    bytes.extend(b"\nendobj\n");
    let table = bytes.len();
    bytes.extend(format!("xref\n{id} 1\n{object:010} 00000 n \ntrailer\n").bytes());
    bytes.extend(written(&trailer)?);
    bytes.extend(format!("\nstartxref\n{table}\n%%EOF\n").bytes());
    Some(bytes)
}

/// A dictionary as a file holds it.
fn written(dictionary: &Dictionary) -> Option<Vec<u8>> {
    const BEGIN: &[u8] = b"1 0 obj";
    let mut document = Document::with_version("1.4");
    // A table: a stream would be one more object behind the dictionary.
    document.reference_table.cross_reference_type = XrefType::CrossReferenceTable;
    document.objects.insert((1, 0), Object::Dictionary(dictionary.clone()));
    document.max_id = 1;
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).ok()?;
    let found = |word: &[u8]| bytes.windows(word.len()).position(|window| window == word);
    let begin = found(BEGIN)? + BEGIN.len();
    // A string of the dictionary could hold the word that ends it.
    let end = bytes.windows(6).rposition(|window| window == b"endobj")?;
    bytes.get(begin..end).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    #[test]
    fn a_dictionary_is_written_without_what_stands_around_it() {
        let dictionary = dictionary! { "A" => Object::string_literal("endobj") };
        let bytes = written(&dictionary).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap().trim(), "<</A(endobj)>>");
    }
}
