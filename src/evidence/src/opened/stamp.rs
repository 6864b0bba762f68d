//! The stamp at the end of a zip: a comment with the SHA-256 of every byte before it.
//!
//! The manifest vouches for the files, but not for the container around them: dates, flags and the
//! padding bits of its compressed streams. The stamp does, whichever version of which compressor
//! wrote it. It guards against accidents, not against forgery, which the signature is for.

use std::io::{Read, Result, Seek, SeekFrom, Write};

use crate::chain::{Sha256, is_sha256_hex};

/// The name and version of the zip's layout.
pub(crate) const BUNDLE_FORMAT: &str = "letterproof-bundle/1";
const WORDS: &str = "letterproof-bundle/1 sha256:";
/// Length of the comment, in bytes.
pub(crate) const LENGTH: usize = WORDS.len() + 64;
/// Length of the field before the comment that tells its length.
const FIELD: usize = 2;

/// Stamps a zip that ends without a comment.
pub(crate) fn stamp<F: Read + Write + Seek>(zip: &mut F) -> Result<()> {
    let end = zip.seek(SeekFrom::End(0))?;
    let body = end.saturating_sub(FIELD as u64);
    let hash = hash_of_first(zip, body)?;
    zip.seek(SeekFrom::Start(body))?;
    zip.write_all(&u16::try_from(LENGTH).unwrap_or_default().to_le_bytes())?;
    zip.write_all(format!("{WORDS}{hash}").as_bytes())
}

/// The hash in a zip's comment; `None` when the comment is no stamp.
pub(crate) fn read(comment: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(comment).ok()?;
    text.strip_prefix(WORDS).filter(|hash| is_sha256_hex(hash))
}

/// Whether a zip of this length has this hash before its stamp.
pub(crate) fn holds<F: Read + Seek>(zip: &mut F, length: u64, hash: &str) -> Result<bool> {
    let body = length.saturating_sub((LENGTH + FIELD) as u64);
    Ok(hash_of_first(zip, body)? == hash)
}

fn hash_of_first<F: Read + Seek>(zip: &mut F, length: u64) -> Result<String> {
    zip.seek(SeekFrom::Start(0))?;
    let mut rest = zip.take(length);
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match rest.read(&mut buffer)? {
            0 => return Ok(hash.finish()),
            read => hash.update(&buffer[..read]),
        }
    }
}
