//! Content codings (gzip, deflate, br) undone for the record, as a client would undo them.
//!
//! What went over the wire stays untouched; only what is recorded of it is unpacked, up to a limit.
//! What is not unpacked is named, and counts as not recorded, so that nobody is blamed for it.

use std::io::Read;

use brotli_decompressor::Decompressor;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// Most that a packed body may grow to while it is read for the record, in bytes.
const MAX_UNPACKED_BYTES: usize = 64 * 1024 * 1024;

/// How much is read at a time, in bytes.
const BUFFER: usize = 4096;
/// Codings that are known by name and not undone; of others the name is not repeated.
const NAMED: [&str; 5] = ["zstd", "compress", "x-compress", "dcb", "dcz"];
/// Most codings that are undone one after another.
const MAX_CODINGS: usize = 4;

/// A body with the codings of its `Content-Encoding` undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unpacked {
    /// The bytes that were packed, or those that never were.
    Plain(Vec<u8>),
    /// Why they are not known.
    Unread(String),
}

/// Whether `Content-Encoding` says that a body is packed in any way.
#[must_use]
pub fn is_packed(encoding: Option<&str>) -> bool {
    codings(encoding).next().is_some()
}

/// Undoes the codings that `Content-Encoding` names (RFC 9110, section 8.4), the last one first.
#[must_use]
pub fn unpack(bytes: Vec<u8>, encoding: Option<&str>) -> Unpacked {
    let codings: Vec<String> = codings(encoding).collect();
    if bytes.is_empty() || codings.is_empty() {
        return Unpacked::Plain(bytes);
    }
    if codings.len() > MAX_CODINGS {
        return Unpacked::Unread("body not read: it is packed many times over".to_owned());
    }
    let undone = codings.iter().rev().try_fold(bytes, |packed, coding| undo(&packed, coding));
    undone.map_or_else(Unpacked::Unread, Unpacked::Plain)
}

/// The codings in the order in which they were applied.
fn codings(encoding: Option<&str>) -> impl Iterator<Item = String> {
    let words =
        encoding.unwrap_or_default().split(',').map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty() && word != "identity")
}

fn undo(packed: &[u8], coding: &str) -> Result<Vec<u8>, String> {
    let read = match coding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(packed)),
        // Some servers leave out the frame that the name stands for.
        "deflate" => match read(ZlibDecoder::new(packed)) {
            Err(Fault::Damaged) => read(DeflateDecoder::new(packed)),
            read => read,
        },
        "br" => read(Decompressor::new(packed, BUFFER)),
        _ => Err(Fault::Unknown),
    };
    read.map_err(|fault| match fault {
        Fault::Unknown => {
            let named = NAMED.into_iter().find(|named| *named == coding);
            format!("body not read: {}", named.unwrap_or("an unknown coding"))
        }
        Fault::Damaged => format!("body not read: it cannot be unpacked as {coding}"),
        Fault::Endless => {
            format!("body not read: unpacked from {coding} it exceeds {MAX_UNPACKED_BYTES} bytes")
        }
    })
}

enum Fault {
    Unknown,
    Damaged,
    Endless,
}

fn read(unpacking: impl Read) -> Result<Vec<u8>, Fault> {
    let mut plain = Vec::new();
    let limit = MAX_UNPACKED_BYTES as u64;
    match unpacking.take(limit + 1).read_to_end(&mut plain) {
        Ok(length) if length as u64 > limit => Err(Fault::Endless),
        Ok(_) => Ok(plain),
        Err(_) => Err(Fault::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    const JSON: &[u8] = b"{\"data\":[]}";
    /// `{"data":[]}` as a compressor of brotli wrote it.
    const BROTLI: &[u8] = b"\x0b\x05\x80{\"data\":[]}\x03";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn deflate(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unread(bytes: &[u8], encoding: &str) -> String {
        match unpack(bytes.to_vec(), Some(encoding)) {
            Unpacked::Unread(why) => why,
            Unpacked::Plain(_) => "plain".to_owned(),
        }
    }

    #[test]
    fn each_coding_is_undone_and_several_from_the_last_to_the_first() {
        for (bytes, encoding) in [
            (JSON.to_vec(), None),
            (JSON.to_vec(), Some("")),
            (JSON.to_vec(), Some("identity")),
            (gzip(JSON), Some("gzip")),
            (gzip(JSON), Some(" X-GZIP , identity")),
            (zlib(JSON), Some("deflate")),
            (deflate(JSON), Some("deflate")),
            (BROTLI.to_vec(), Some("br")),
            (gzip(BROTLI), Some("br, gzip")),
        ] {
            assert_eq!(unpack(bytes, encoding), Unpacked::Plain(JSON.to_vec()), "{encoding:?}");
        }
        assert_eq!(unpack(Vec::new(), Some("gzip")), Unpacked::Plain(Vec::new()));
    }

    #[test]
    fn what_is_not_unpacked_is_named() {
        assert_eq!(unread(b"\x28\xb5\x2f\xfd...", "zstd"), "body not read: zstd");
        assert_eq!(unread(&gzip(JSON), "zstd, gzip"), "body not read: zstd");
        assert_eq!(unread(JSON, "CANARY"), "body not read: an unknown coding");
        let damaged = "body not read: it cannot be unpacked as gzip";
        assert_eq!(unread(JSON, "gzip"), damaged);
        assert_eq!(unread(&gzip(JSON)[..20], "gzip"), damaged, "cut off");
        assert!(unread(&[0xff; 40], "br").contains("cannot be unpacked as br"));
        assert!(unread(&[0xff; 40], "deflate").contains("cannot be unpacked as deflate"));
        let four = (0..4).fold(JSON.to_vec(), |bytes, _| gzip(&bytes));
        assert_eq!(unread(&four, "gzip,gzip,gzip,gzip"), "plain");
        assert!(unread(&gzip(&four), "gzip,gzip,gzip,gzip,gzip").contains("many times over"));
    }

    #[test]
    fn a_body_of_the_most_bytes_is_unpacked_and_a_bomb_is_left_packed() {
        assert_eq!(unread(&gzip(&vec![0; MAX_UNPACKED_BYTES]), "gzip"), "plain");
        let bomb = gzip(&vec![0; MAX_UNPACKED_BYTES + 1]);
        assert!(unread(&bomb, "gzip").contains("exceeds 67108864 bytes"));
        assert!(unread(&gzip(&bomb), "gzip, gzip").contains("exceeds"));
    }

    #[test]
    fn only_what_changes_the_bytes_counts_as_packed() {
        assert!(is_packed(Some("br")) && is_packed(Some("identity, gzip")));
        assert!(!is_packed(None) && !is_packed(Some("")) && !is_packed(Some("Identity")));
    }
}
