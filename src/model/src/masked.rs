//! What stands in a record in place of a value that was not kept.
//! Refuses to hold a value: only a keyed hash of it and, of a text, its length.

/// What stands before the hash.
const MARK: &str = "redacted:";
/// How many hexadecimal digits of the hash are shown.
const SHOWN: usize = 12;

/// What is recorded in place of a value: `redacted:` and the first twelve digits of its keyed hash;
/// of a text its length as well (`redacted:3f0a9c21d4e7, 37 bytes`). `hash` is in lower-case
/// hexadecimal.
#[must_use]
pub fn masked(hash: &str, bytes: Option<usize>) -> String {
    let shown = hash.get(..SHOWN).unwrap_or(hash);
    match bytes {
        None => format!("{MARK}{shown}"),
        Some(bytes) => format!("{MARK}{shown}, {bytes} bytes"),
    }
}

/// Whether a text is what stands in place of a value, and nothing else.
#[must_use]
pub fn is_masked(text: &str) -> bool {
    parts(text).is_some_and(|(_, rest)| rest.is_empty() || length(rest).is_some())
}

/// The length in bytes of the text that was not kept, where one stands here.
#[must_use]
pub fn masked_length(text: &str) -> Option<u64> {
    length(parts(text)?.1)
}

fn parts(text: &str) -> Option<(&str, &str)> {
    let (hash, rest) = text.strip_prefix(MARK)?.split_at_checked(SHOWN)?;
    hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).then_some((hash, rest))
}

fn length(rest: &str) -> Option<u64> {
    let digits = rest.strip_prefix(", ")?.strip_suffix(" bytes")?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_is_told_from_what_merely_begins_like_one() {
        let hash = "3f0a9c21d4e7ffff";
        assert_eq!(masked(hash, None), "redacted:3f0a9c21d4e7");
        assert!(is_masked(&masked(hash, None)) && is_masked(&masked(hash, Some(37))));
        assert_eq!(masked_length(&masked(hash, Some(37))), Some(37));
        assert_eq!(masked_length(&masked(hash, None)), None);
        for text in [
            "redacted:",
            "redacted:3f0a9c21d4e",
            "redacted:3F0A9C21D4E7",
            "redacted:3f0a9c21d4e7 and more",
            "redacted:3f0a9c21d4e7, many bytes",
            "redacted:3f0a9c21d4e7,  bytes",
            "é:3f0a9c21d4e7",
            "redacted:3f0a9c21d4eé",
        ] {
            assert!(!is_masked(text) && masked_length(text).is_none(), "{text}");
        }
    }
}
