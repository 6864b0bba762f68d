//! A text with its percent-encoding and backslash escapes undone, and where each byte came from.
//! Refuses to judge whether the text was meant to be encoded: this is only for finding secrets.

/// A text unfolded once.
pub(crate) struct Unfolded {
    /// The bytes after decoding.
    pub(crate) text: Vec<u8>,
    /// For each byte, and for the end, where it began in the original text.
    pub(crate) origin: Vec<usize>,
}

impl Unfolded {
    /// The text unfolded; `None` when there is nothing to unfold.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        if !bytes.iter().any(|byte| matches!(byte, b'%' | b'\\')) {
            return None;
        }
        let mut unfolded = Self {
            text: Vec::with_capacity(bytes.len()),
            origin: Vec::with_capacity(bytes.len() + 1),
        };
        let mut at = 0;
        while at < bytes.len() {
            let (piece, length) = decode(&bytes[at..]);
            let mut utf8 = [0; 4];
            let piece: &[u8] = match piece {
                Piece::Byte(byte) => {
                    utf8[0] = byte;
                    &utf8[..1]
                }
                Piece::Char(c) => c.encode_utf8(&mut utf8).as_bytes(),
            };
            unfolded.text.extend_from_slice(piece);
            unfolded.origin.extend(std::iter::repeat_n(at, piece.len()));
            at += length;
        }
        unfolded.origin.push(bytes.len());
        (unfolded.text.len() < bytes.len()).then_some(unfolded)
    }

    /// Unfolded once more, for what was encoded twice.
    pub(crate) fn again(self) -> Option<Self> {
        let next = Self::of(&self.text)?;
        let origin = next.origin.iter().map(|at| self.origin[*at]).collect();
        Some(Self { text: next.text, origin })
    }
}

enum Piece {
    Byte(u8),
    Char(char),
}

/// The first byte or escape of a text, decoded, and its length before decoding.
fn decode(bytes: &[u8]) -> (Piece, usize) {
    let hex = |from: usize, to: usize| {
        let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        u32::from_str_radix(digits, 16).ok()
    };
    let first = bytes.first().copied().unwrap_or_default();
    let escaped = match (first, bytes.get(1)) {
        (b'%', _) => hex(1, 3).and_then(|byte| Some((Piece::Byte(u8::try_from(byte).ok()?), 3))),
        (b'\\', Some(b'u')) => {
            hex(2, 6).and_then(|code| Some((Piece::Char(char::from_u32(code)?), 6)))
        }
        (b'\\', Some(c @ (b'/' | b'"' | b'\\' | b'\''))) => Some((Piece::Byte(*c), 2)),
        _ => None,
    };
    escaped.unwrap_or((Piece::Byte(first), 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_text_is_undone_and_every_byte_knows_its_origin() {
        let unfolded = Unfolded::of(b"a%2Fb\\u003dc\\/%zz").unwrap();
        assert_eq!(unfolded.text, b"a/b=c/%zz");
        assert_eq!(unfolded.origin, [0, 1, 4, 5, 11, 12, 14, 15, 16, 17]);
    }

    #[test]
    fn what_was_encoded_twice_is_undone_twice() {
        let unfolded = Unfolded::of(b"x%252Fy").unwrap().again().unwrap();
        assert_eq!(unfolded.text, b"x/y");
        assert_eq!(unfolded.origin, [0, 1, 6, 7]);
    }

    #[test]
    fn plain_text_costs_nothing() {
        assert!(Unfolded::of(b"plain").is_none());
        assert!(Unfolded::of(b"100 % sure").is_none());
    }
}
