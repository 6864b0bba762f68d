//! The letters' documents: small, valid, multi-page PDFs padded with incompressible pixels.
//!
//! Letters share a handful of documents, so 2,500 letters of 100 KB cost about a megabyte. Each
//! page says that it is a test, and nothing else.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest;
use bytes::Bytes;
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str};

use crate::rng::Rng;
use crate::supplier::seeds::PdfKind;

/// One document, shared by many letters.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) bytes: Bytes,
    /// SHA-256 in lower-case hexadecimal.
    pub(crate) hash: Arc<str>,
    pub(crate) etag: String,
}

/// What decides a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DocumentKey {
    pub(crate) kind: PdfKind,
    pub(crate) pages: u32,
    /// Bytes, near enough.
    pub(crate) size: usize,
    pub(crate) variant: u32,
}

/// Every document in use, made once for each key.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    documents: Vec<Arc<Document>>,
    known: HashMap<DocumentKey, usize>,
}

impl Shelf {
    /// The document of a key, made when it is asked for the first time; `None` for a missing one.
    pub(crate) fn take(&mut self, key: DocumentKey, seed: u64) -> Option<Arc<Document>> {
        let corrupt = match key.kind {
            PdfKind::Missing => return None,
            PdfKind::Corrupt => true,
            PdfKind::Valid => false,
        };
        let at = *self.known.entry(key).or_insert_with(|| {
            let number = u64::from(key.pages) << 32 | u64::from(key.variant);
            let mut bytes =
                letter(key.pages.max(1), key.size, &mut Rng::new(seed, number ^ 0xD0C5));
            if corrupt {
                spoil(&mut bytes);
            }
            self.documents.push(Arc::new(Document::new(bytes)));
            self.documents.len() - 1
        });
        self.documents.get(at).cloned()
    }

    /// Some document other than this one, for faults that hand out the wrong one.
    pub(crate) fn other_than(&self, hash: &str) -> Option<Arc<Document>> {
        self.documents.iter().find(|document| &*document.hash != hash).cloned()
    }

    /// Any document.
    pub(crate) fn any(&self) -> Option<Arc<Document>> {
        self.documents.first().cloned()
    }
}

impl Document {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let hash: Arc<str> = sha256_hex(&bytes).into();
        let etag = format!("\"{}\"", &hash[..32]);
        Self { bytes: bytes.into(), hash, etag }
    }
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A valid document of so many pages and about so many bytes.
fn letter(pages: u32, size: usize, rng: &mut Rng) -> Vec<u8> {
    const FIXED: i32 = 4;
    let (catalog, tree, font, image) = (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4));
    let page_ref = |page: u32| Ref::new(FIXED + 1 + 2 * page as i32);
    let text_ref = |page: u32| Ref::new(FIXED + 2 + 2 * page as i32);
    // What the file needs besides its pixels, so that the whole comes close to the size asked.
    let overhead = 700 + 560 * pages as usize;
    let width = 64usize;
    let height = (size.saturating_sub(overhead) / width).max(1);
    let mut pixels = vec![0u8; width * height];
    rng.fill(&mut pixels);

    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(tree);
    pdf.pages(tree).kids((0..pages).map(page_ref)).count(pages as i32);
    pdf.type1_font(font).base_font(Name(b"Helvetica"));
    let number = rng.uuid();
    for at in 0..pages {
        let mut page = pdf.page(page_ref(at));
        page.media_box(Rect::new(0.0, 0.0, 595.0, 842.0)).parent(tree).contents(text_ref(at));
        let mut resources = page.resources();
        resources.fonts().pair(Name(b"F1"), font);
        resources.x_objects().pair(Name(b"Im1"), image);
        resources.finish();
        page.finish();

        let mut content = Content::new();
        content.begin_text().set_font(Name(b"F1"), 14.0).next_line(72.0, 740.0);
        content.show(Str(b"TEST LETTER - not for a patient, not for posting"));
        content.next_line(0.0, -24.0);
        content.show(Str(format!("Document {number}").as_bytes()));
        content.next_line(0.0, -24.0);
        content.show(Str(format!("Page {} of {pages}", at + 1).as_bytes()));
        content.end_text();
        content.save_state().transform([128.0, 0.0, 0.0, 128.0, 72.0, 420.0]);
        content.x_object(Name(b"Im1")).restore_state();
        pdf.stream(text_ref(at), &content.finish());
    }
    let mut picture = pdf.image_xobject(image, &pixels);
    picture.width(width as i32).height(height as i32).bits_per_component(8);
    picture.color_space().device_gray();
    picture.finish();
    pdf.finish()
}

/// Makes a document that begins like a PDF and cannot be read: its second half, with the
/// table of its objects, is gone, and so are the words by which a reader could find them again.
fn spoil(bytes: &mut Vec<u8>) {
    let keep = bytes.len() / 2;
    bytes.truncate(keep);
    for at in 9..bytes.len().saturating_sub(3) {
        if &bytes[at..at + 3] == b"obj" {
            bytes[at..at + 3].copy_from_slice(b"???");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(kind: PdfKind, pages: u32) -> Arc<Document> {
        let key = DocumentKey { kind, pages, size: 100 * 1024, variant: 0 };
        Shelf::default().take(key, 1).unwrap()
    }

    #[test]
    fn a_document_can_be_read_and_has_its_pages_and_size() {
        for pages in [1, 3, 7] {
            let document = take(PdfKind::Valid, pages);
            let read = lopdf::Document::load_mem(&document.bytes).unwrap();
            assert_eq!(read.get_pages().len(), pages as usize);
            let off = document.bytes.len().abs_diff(100 * 1024);
            assert!(off < 2_048, "{} bytes for {pages} pages", document.bytes.len());
            assert_eq!(*document.hash, *sha256_hex(&document.bytes));
        }
    }

    #[test]
    fn a_corrupt_document_begins_like_one_and_cannot_be_read() {
        let document = take(PdfKind::Corrupt, 2);
        assert!(document.bytes.starts_with(b"%PDF-"));
        let pages = lopdf::Document::load_mem(&document.bytes).map(|read| read.get_pages().len());
        assert!(!matches!(pages, Ok(1..)), "{pages:?}");
    }

    #[test]
    fn documents_are_shared_and_depend_on_the_seed() {
        let key = DocumentKey { kind: PdfKind::Valid, pages: 2, size: 9_000, variant: 1 };
        let mut shelf = Shelf::default();
        let first = shelf.take(key, 1).unwrap();
        assert!(Arc::ptr_eq(&first, &shelf.take(key, 1).unwrap()));
        assert_ne!(first.hash, Shelf::default().take(key, 2).unwrap().hash);
        assert!(shelf.other_than(&first.hash).is_none());
    }
}
