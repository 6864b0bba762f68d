//! A PDF whose trailer holds its encryption as it is, as some tools write it, in the form that the
//! reader knows: as an object of its own, added at the end as an update of the file.

use lopdf::xref::XrefType;
use lopdf::{Dictionary, Document, Object};

/// What a cross-reference stream says of itself, and a trailer does not.
const OF_STREAMS: [&[u8]; 8] =
    [b"Type", b"W", b"Index", b"Length", b"Filter", b"DecodeParms", b"XRefStm", b"Prev"];

/// The file with its encryption as an object; `None` where it is one already or there is none.
pub(super) fn referring(pdf: &[u8], document: &Document) -> Option<Vec<u8>> {
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
