//! Which kinds of file can be attached: what offices use and a reviewer opens without special
//! programs.
//!
//! A file is recognised by its content; its name only says which kind of text it is. Of packed
//! formats nothing is unpacked: the list of names in them is enough.

use std::io::Cursor;
use std::path::Path;

use serde::de::IgnoredAny;
use zip::ZipArchive;

use crate::attest::record;

/// One kind of file.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    media_type: &'static str,
    /// What people call it.
    word: &'static str,
    /// How the names of such files end; what has no such ending gets the first.
    extensions: &'static [&'static str],
}

const PDF: Kind = kind("application/pdf", "a PDF document", &["pdf"]);
const PNG: Kind = kind("image/png", "a PNG picture", &["png"]);
const JPEG: Kind = kind("image/jpeg", "a JPEG picture", &["jpg", "jpeg", "jpe", "jfif"]);
const GIF: Kind = kind("image/gif", "a GIF picture", &["gif"]);
const WEBP: Kind = kind("image/webp", "a WebP picture", &["webp"]);
const TIFF: Kind = kind("image/tiff", "a TIFF picture", &["tif", "tiff"]);
const BMP: Kind = kind("image/bmp", "a BMP picture", &["bmp"]);
const HEIC: Kind = kind("image/heic", "a HEIC picture", &["heic", "heif"]);
const DOCX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "a Word document",
    &["docx"],
);
const XLSX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "an Excel workbook",
    &["xlsx"],
);
const PPTX: Kind = kind(
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "a PowerPoint presentation",
    &["pptx"],
);
const ODT: Kind = kind("application/vnd.oasis.opendocument.text", "an ODF text", &["odt"]);
const ODS: Kind =
    kind("application/vnd.oasis.opendocument.spreadsheet", "an ODF spreadsheet", &["ods"]);
const MSG: Kind = kind("application/vnd.ms-outlook", "an Outlook message", &["msg"]);
const EML: Kind = kind("message/rfc822", "an e-mail", &["eml"]);
const TXT: Kind = kind("text/plain", "plain text", &["txt", "log", "md"]);
const CSV: Kind = kind("text/csv", "a CSV table", &["csv"]);
const JSON: Kind = kind("application/json", "a JSON document", &["json"]);

const KINDS: [&Kind; 18] = [
    &PDF, &DOCX, &XLSX, &PPTX, &ODT, &ODS, &MSG, &EML, &CSV, &TXT, &JSON, &PNG, &JPEG, &GIF, &WEBP,
    &TIFF, &BMP, &HEIC,
];

const fn kind(
    media_type: &'static str,
    word: &'static str,
    extensions: &'static [&'static str],
) -> Kind {
    Kind { media_type, word, extensions }
}

impl Kind {
    fn is_picture(&self) -> bool {
        self.media_type.starts_with("image/")
    }
}

/// How the names of files that can be attached end.
pub fn accepted_kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|kind| kind.extensions.iter().copied())
}

/// The name under which a file is attached, and its media type.
///
/// # Errors
/// Why it cannot be attached, and what to do.
pub(super) fn recognised(path: &Path, bytes: &[u8]) -> Result<(String, &'static str), String> {
    let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default();
    let extension = extension.to_ascii_lowercase();
    let named = KINDS.into_iter().find(|kind| kind.extensions.contains(&extension.as_str()));
    let found = kinds_of(bytes)?;
    let Some(best) = found.first() else {
        let accepted = accepted_kinds().collect::<Vec<_>>().join(", ");
        return Err(format!(
            "its content is not of a kind that can be attached; use one of {accepted}"
        ));
    };
    match named {
        Some(named) if found.contains(&named) => {
            Ok((record::plain_name(path, ""), named.media_type))
        }
        // Programs name pictures as they like, and every viewer shows them.
        Some(named) if !(named.is_picture() && best.is_picture()) => Err(format!(
            "by its content it is {}, not {} as its name says; export it again, or give it the \
             right name",
            best.word, named.word
        )),
        // Whatever it was called, no program takes it for more than it is.
        _ => {
            let right = best.extensions.first().copied().unwrap_or_default();
            Ok((record::plain_name(path, right), best.media_type))
        }
    }
}

/// What these bytes can be, the likeliest first.
fn kinds_of(bytes: &[u8]) -> Result<Vec<&'static Kind>, String> {
    let begins = |magic: &[u8]| bytes.starts_with(magic);
    let has_at = |at: usize, magic: &[u8]| bytes.get(at..).is_some_and(|b| b.starts_with(magic));
    let one = if begins(b"%PDF-") {
        &PDF
    } else if begins(b"\x89PNG\r\n\x1a\n") {
        &PNG
    } else if begins(b"\xff\xd8\xff") {
        &JPEG
    } else if begins(b"GIF87a") || begins(b"GIF89a") {
        &GIF
    } else if begins(b"RIFF") && has_at(8, b"WEBP") {
        &WEBP
    } else if begins(b"II*\0") || begins(b"MM\0*") {
        &TIFF
    } else if begins(b"BM") && has_at(6, &[0; 4]) {
        &BMP
    } else if [b"heic", b"heix", b"mif1", b"msf1"].iter().any(|brand| has_at(8, *brand))
        && has_at(4, b"ftyp")
    {
        &HEIC
    } else if begins(b"PK\x03\x04") {
        return packed(bytes).map(|kind| kind.into_iter().collect());
    } else if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
        match holds_wide(bytes, "__properties_version1.0") {
            true => &MSG,
            false => {
                return Err(
                    "it has an old Office format, which can hold macros; save it as .docx, \
                            .xlsx or PDF"
                        .to_owned(),
                );
            }
        }
    } else {
        return Ok(texts(bytes));
    };
    Ok(vec![one])
}

/// Which office format a zip is, by the names in its directory alone.
fn packed(bytes: &[u8]) -> Result<Option<&'static Kind>, String> {
    let damaged = || "it is damaged, or packed in an unusual way; save it again".to_owned();
    let archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let names: Result<Vec<_>, _> = archive.file_names().collect();
    let names = names.map_err(|_| damaged())?;
    let is = |name: &str| names.iter().any(|found| found == name);
    if names.iter().any(|name| name.to_ascii_lowercase().ends_with("vbaproject.bin")) {
        return Err("it holds macros; save it without them, as .docx, .xlsx or PDF".to_owned());
    }
    // ODF says what it is in its first entry, which is not packed.
    let odf = |kind: &Kind| {
        let typed = bytes.get(30..).and_then(|rest| rest.strip_prefix(b"mimetype"));
        typed.is_some_and(|rest| rest.starts_with(kind.media_type.as_bytes()))
    };
    let kinds: [(&Kind, bool); 5] = [
        (&DOCX, is("[Content_Types].xml") && is("word/document.xml")),
        (&XLSX, is("[Content_Types].xml") && is("xl/workbook.xml")),
        (&PPTX, is("[Content_Types].xml") && is("ppt/presentation.xml")),
        (&ODT, odf(&ODT)),
        (&ODS, odf(&ODS)),
    ];
    Ok(kinds.into_iter().find(|(_, fits)| *fits).map(|(kind, _)| kind))
}

/// Whether these bytes hold a text as UTF-16, as the directory of an OLE file does.
fn holds_wide(bytes: &[u8], text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(wide.len()).any(|window| window == wide)
}

/// Which kinds of text these bytes can be.
fn texts(bytes: &[u8]) -> Vec<&'static Kind> {
    let mut found = Vec::new();
    if is_mail(bytes) {
        found.push(&EML);
    }
    if is_text(bytes) {
        found.extend([&TXT, &CSV]);
        if serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
            found.push(&JSON);
        }
    }
    found
}

/// Whether these bytes are text: UTF-8, UTF-16 with its mark, or one byte for each character, as
/// Excel still writes; and no control characters but those of lines.
fn is_text(bytes: &[u8]) -> bool {
    let is_line = |c: char| !c.is_control() || "\n\r\t\u{c}".contains(c);
    let wide = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = rest.chunks(2).map(|pair| match *pair {
            [one, two] => unit([one, two]),
            // An odd byte is no character.
            _ => 0,
        });
        char::decode_utf16(units).all(|c| c.is_ok_and(is_line))
    };
    match (bytes, std::str::from_utf8(bytes)) {
        ([0xff, 0xfe, rest @ ..], _) => wide(rest, u16::from_le_bytes),
        ([0xfe, 0xff, rest @ ..], _) => wide(rest, u16::from_be_bytes),
        (_, Ok(text)) => text.chars().all(is_line),
        (_, Err(_)) => bytes.iter().all(|byte| *byte >= 0x80 || is_line(char::from(*byte))),
    }
}

/// Whether these bytes begin with the header of an e-mail: field by field, who sent it among them.
fn is_mail(bytes: &[u8]) -> bool {
    let mut names = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match line.first() {
            None => break,
            Some(b' ' | b'\t') if !names.is_empty() => {}
            Some(_) => {
                let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
                let is_name = |byte: &u8| (33..=126).contains(byte);
                if name.len() == line.len() || name.is_empty() || !name.iter().all(is_name) {
                    return false;
                }
                names.push(name.to_ascii_lowercase());
            }
        }
    }
    let has = |wanted: &[&str]| {
        wanted.iter().any(|wanted| names.iter().any(|name| name == wanted.as_bytes()))
    };
    has(&["from", "sender"]) && has(&["date", "received", "message-id"]) && !bytes.contains(&0)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn kind(name: &str, bytes: &[u8]) -> Result<(String, &'static str), String> {
        recognised(Path::new(name), bytes)
    }

    /// A zip of files with these names.
    fn zipped(names: &[&str]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let stored = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Stored);
        for name in names {
            zip.start_file(*name, stored).unwrap();
            zip.write_all(match *name {
                "mimetype" => ODS.media_type.as_bytes(),
                _ => b"<w:document/>",
            })
            .unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn ole(entry: &str) -> Vec<u8> {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.extend([0; 512]);
        bytes.extend(entry.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.extend([0; 64]);
        bytes
    }

    const MAIL: &[u8] = b"Received: from a by b;\r\n\tFri, 20 Nov 2026 10:15:00 +0000\r\n\
        From: lead@supplier.example\r\nDate: Fri, 20 Nov 2026 10:15:00 +0000\r\n\r\n<p>\xa3 9</p>";

    #[test]
    fn what_offices_use_is_taken_under_its_own_name() {
        let wide: Vec<u8> =
            "\u{feff}id\tname\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (name, bytes, expected) in [
            ("proof.PDF", b"%PDF-1.7\n".to_vec(), PDF),
            ("a.png", b"\x89PNG\r\n\x1a\n....".to_vec(), PNG),
            ("a.jpeg", b"\xff\xd8\xff\xe0".to_vec(), JPEG),
            ("a.gif", b"GIF89a..".to_vec(), GIF),
            ("a.webp", b"RIFF\x10\0\0\0WEBPVP8 ".to_vec(), WEBP),
            ("scan.tif", b"II*\0\x08\0\0\0".to_vec(), TIFF),
            ("scan.bmp", b"BM\x46\0\0\0\0\0\0\0".to_vec(), BMP),
            ("phone.heic", b"\0\0\0\x18ftypheic".to_vec(), HEIC),
            ("a.docx", zipped(&["[Content_Types].xml", "word/document.xml"]), DOCX),
            ("a.xlsx", zipped(&["[Content_Types].xml", "xl/workbook.xml"]), XLSX),
            ("a.pptx", zipped(&["[Content_Types].xml", "ppt/presentation.xml"]), PPTX),
            ("a.ods", zipped(&["mimetype", "content.xml"]), ODS),
            ("request.msg", ole("__properties_version1.0"), MSG),
            ("request.eml", MAIL.to_vec(), EML),
            ("a.csv", "id,état\r\n1,2\n".as_bytes().to_vec(), CSV),
            ("excel.csv", b"id,price\r\n1,\xa32.50\r\n".to_vec(), CSV),
            ("excel.txt", wide, TXT),
            ("a.log", b"one\ttwo\n".to_vec(), TXT),
            ("mail.txt", MAIL.to_vec(), TXT),
            ("a.json", b"{\"a\":[1]}".to_vec(), JSON),
            ("a.txt", b"{\"a\":[1]}".to_vec(), TXT),
        ] {
            let (stored, media_type) = kind(name, &bytes).unwrap();
            assert_eq!((stored, media_type), (name.to_ascii_lowercase(), expected.media_type));
        }
    }

    #[test]
    fn content_decides_and_a_name_that_says_nothing_gets_its_ending() {
        for (name, bytes, stored, expected) in [
            ("Scan 1", b"%PDF-1.7".as_slice(), "scan-1.pdf", PDF),
            ("proof.tmp", b"\xff\xd8\xff\xe0", "proof.tmp.jpg", JPEG),
            ("photo.png", b"\xff\xd8\xff\xe0", "photo.png.jpg", JPEG),
            ("request", MAIL, "request.eml", EML),
            // Markup and scripts are text, and are called so: nothing renders or runs them.
            ("page.html", b"<script>alert(1)</script>", "page.html.txt", TXT),
            ("a.svg", b"<svg onload='alert(1)'/>", "a.svg.txt", TXT),
            ("run.bat", b"del *", "run.bat.txt", TXT),
        ] {
            assert_eq!(kind(name, bytes).unwrap(), (stored.to_owned(), expected.media_type));
        }
    }

    #[test]
    fn what_cannot_be_recognised_is_refused_and_so_are_macros_and_disguises() {
        let docm = zipped(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"]);
        for (name, bytes, reason) in [
            (
                "a.exe",
                b"MZ\x90\x00\x03".to_vec(),
                "not of a kind that can be attached; use one of pdf",
            ),
            ("a.txt", b"MZ\x90\x00\x03".to_vec(), "not of a kind that can be attached"),
            ("a.csv", b"a\x00b".to_vec(), "not of a kind that can be attached"),
            ("a.log", b"\x1b[2J".to_vec(), "not of a kind that can be attached"),
            ("a.zip", zipped(&["a.txt"]), "not of a kind that can be attached"),
            ("a.docx", zipped(&["[Content_Types].xml"]), "not of a kind that can be attached"),
            ("a.docx", b"PK\x03\x04 and no more".to_vec(), "damaged"),
            ("a.docx", docm, "macros"),
            ("a.doc", ole("WordDocument"), "old Office format"),
            ("a.msg", ole("Workbook"), "old Office format"),
            ("a.pdf", b"MZ".to_vec(), "plain text, not a PDF document"),
            ("a.png", b"%PDF-1.7".to_vec(), "a PDF document, not a PNG picture"),
            ("a.docx", b"%PDF-1.7".to_vec(), "a PDF document, not a Word document"),
            ("a.json", b"{\"a\":".to_vec(), "plain text, not a JSON document"),
            ("a.eml", b"Dear NHS,\n".to_vec(), "plain text, not an e-mail"),
            ("a.eml", b"From: a\n\x00".to_vec(), "not of a kind that can be attached"),
        ] {
            let error = kind(name, &bytes).unwrap_err();
            assert!(error.contains(reason), "{name}: {error}");
        }
    }
}
