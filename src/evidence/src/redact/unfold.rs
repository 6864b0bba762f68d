//! A text with its percent-encoding, backslash escapes and HTML entities undone, and joined where it
//! was folded or sent in chunks; and where each byte came from.
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
        if !bytes.iter().any(|byte| matches!(byte, b'%' | b'\\' | b'&' | b'\n')) {
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
                Piece::Nothing => &[],
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
    /// Where a line was folded, or one chunk ended and another began.
    Nothing,
}

/// The first byte or escape of a text, decoded, and its length before decoding.
fn decode(bytes: &[u8]) -> (Piece, usize) {
    let first = bytes.first().copied().unwrap_or_default();
    let escaped = match first {
        b'%' => number(bytes, 1, 3, 16)
            .and_then(|byte| Some((Piece::Byte(u8::try_from(byte).ok()?), 3))),
        b'\\' => backslash(bytes),
        b'&' => entity(bytes),
        b'\r' | b'\n' => seam(bytes).map(|length| (Piece::Nothing, length)),
        _ => None,
    };
    escaped.unwrap_or((Piece::Byte(first), 1))
}

fn backslash(bytes: &[u8]) -> Option<(Piece, usize)> {
    let plain = |byte| Some((Piece::Byte(byte), 2));
    match bytes.get(1)? {
        b'u' => Some((Piece::Char(char::from_u32(number(bytes, 2, 6, 16)?)?), 6)),
        b'x' => Some((Piece::Char(char::from_u32(number(bytes, 2, 4, 16)?)?), 4)),
        c @ (b'/' | b'"' | b'\\' | b'\'') => plain(*c),
        b'n' => plain(b'\n'),
        b'r' => plain(b'\r'),
        b't' => plain(b'\t'),
        _ => None,
    }
}

/// `&amp;`, `&#43;`, `&#x2f;`.
fn entity(bytes: &[u8]) -> Option<(Piece, usize)> {
    const LONGEST: usize = 10;
    let end = bytes.iter().take(LONGEST).position(|byte| *byte == b';')?;
    let c = match &bytes[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        b"sol" => '/',
        b"plus" => '+',
        b"equals" => '=',
        [b'#', b'x' | b'X', ..] => char::from_u32(number(bytes, 3, end, 16)?)?,
        [b'#', ..] => char::from_u32(number(bytes, 2, end, 10)?)?,
        _ => return None,
    };
    Some((Piece::Char(c), end + 1))
}

fn number(bytes: &[u8], from: usize, to: usize, radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(bytes.get(from..to)?).ok()?;
    let fine = digits.bytes().all(|byte| char::from(byte).is_digit(radix));
    if fine { u32::from_str_radix(digits, radix).ok() } else { None }
}

/// The length of what joins two halves of a folded line (its end and the space before the next), or
/// of two chunks (their line ends with the second one's size between them).
fn seam(bytes: &[u8]) -> Option<usize> {
    const LONGEST_SIZE: usize = 8;
    let rest = match bytes {
        [b'\r', b'\n', rest @ ..] => {
            let digits = rest.iter().take(LONGEST_SIZE).take_while(|b| b.is_ascii_hexdigit());
            let size = digits.count();
            if size > 0 && rest[size..].starts_with(b"\r\n") {
                return Some(2 + size + 2);
            }
            rest
        }
        [b'\n', rest @ ..] => rest,
        _ => return None,
    };
    let space = rest.iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
    Some(bytes.len() - rest.len() + space)
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
    fn entities_are_undone_and_folds_and_chunks_are_joined() {
        for (written, plain) in [
            ("a&amp;b&#43;c&#x2F;d&quot;", "a&b+c/d\""),
            ("abc\r\n def\n\tghi", "abcdefghi"),
            ("abc\r\n1f\r\ndef", "abcdef"),
            ("abc\nde\nf", "abcdef"),
            ("x\\x41\\n\\ty", "xA\n\ty"),
        ] {
            let unfolded = Unfolded::of(written.as_bytes()).unwrap();
            assert_eq!(String::from_utf8(unfolded.text).unwrap(), plain);
            assert_eq!(unfolded.origin.last(), Some(&written.len()));
        }
        assert!(Unfolded::of(b"a & b; &nothing; &#x110000;").is_none());
    }

    #[test]
    fn plain_text_costs_nothing() {
        assert!(Unfolded::of(b"plain").is_none());
        assert!(Unfolded::of(b"100 % sure").is_none());
    }
}
