//! A text with its percent-encoding, backslash escapes and HTML entities undone, and joined where
//! it was folded or sent in chunks; and where each byte came from.
//!
//! Text that was packed by gzip and written down in base64 or hexadecimal, unpacked to be searched.
//! What a run unpacks to is cut at a limit.
//!
//! The forms in which a secret may turn up, besides those that are undone before it is looked for.

use std::io::Read as _;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use flate2::read::MultiGzDecoder;
use percent_encoding::percent_decode_str;

use crate::redact::known::Class;

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

/// How gzip's first bytes (`1f 8b 08`) read in base64, and in hexadecimal.
const BASE64_MARK: &[u8] = b"H4sI";
const HEX_MARKS: [&[u8]; 2] = [b"1f8b08", b"1F8B08"];
static MARKS: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new([BASE64_MARK, HEX_MARKS[0], HEX_MARKS[1]]).ok());

/// How many bytes of a run are unpacked at most.
const UNPACKED_LIMIT: u64 = 1 << 20;
/// How many runs of one text are unpacked at most.
const MOST_RUNS: usize = 16;

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// The packed runs of a text: where each begins and ends, and what it unpacks to.
pub(crate) fn unpacked(text: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
    // A run may be percent-encoded or folded; its first characters are not.
    if MARKS.as_ref().is_some_and(|marks| !marks.is_match(text)) {
        return Vec::new();
    }
    match Unfolded::of(text) {
        None => runs(text),
        Some(unfolded) => runs(&unfolded.text)
            .into_iter()
            .map(|(start, end, bytes)| (unfolded.origin[start], unfolded.origin[end], bytes))
            .collect(),
    }
}

fn runs(text: &[u8]) -> Vec<(usize, usize, Vec<u8>)> {
    let mut runs = Vec::new();
    let mut at = 0;
    while at < text.len() && runs.len() < MOST_RUNS {
        let rest = &text[at..];
        let bytes = if rest.starts_with(BASE64_MARK) {
            from_base64(rest)
        } else if HEX_MARKS.iter().any(|mark| rest.starts_with(mark)) {
            from_hex(rest)
        } else {
            None
        };
        match bytes {
            Some((length, bytes)) => {
                runs.push((at, at + length, inflated(&bytes)));
                at += length;
            }
            None => at += 1,
        }
    }
    runs
}

fn from_base64(text: &[u8]) -> Option<(usize, Vec<u8>)> {
    let is_digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_');
    let length = text.iter().take_while(|b| is_digit(b)).count();
    let standard: Vec<u8> = text[..length]
        .iter()
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    // One digit too many is no byte.
    let whole = if length % 4 == 1 { length - 1 } else { length };
    Some((length, BASE64.decode(&standard[..whole]).ok()?))
}

fn from_hex(text: &[u8]) -> Option<(usize, Vec<u8>)> {
    let length = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes = text[..length].chunks_exact(2).map(pair).collect::<Option<_>>()?;
    Some((length, bytes))
}

/// What is unpacked, as far as it can be.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut inflated = Vec::new();
    // What came before damage was read all the same.
    let _ = MultiGzDecoder::new(bytes).take(UNPACKED_LIMIT).read_to_end(&mut inflated);
    inflated
}

/// The forms of a secret: as it is and without its percent-encoding; of a credential also in other
/// capitals, in hexadecimal, and the core of its base32 and base64 wherever it stands in them.
pub(crate) fn forms(secret: &str, class: Class) -> Vec<String> {
    let decoded = percent_decode_str(secret).decode_utf8_lossy().into_owned();
    let mut forms = vec![secret.to_owned(), decoded.replace(' ', "+"), decoded];
    if class == Class::Credential {
        forms.push(secret.to_ascii_uppercase());
        forms.push(secret.to_ascii_lowercase());
        let hex = crate::chain::hex(secret.as_bytes());
        forms.push(hex.to_uppercase());
        forms.push(hex);
        for shift in 0..3 {
            forms.push(base64_core(secret.as_bytes(), shift, &STANDARD_NO_PAD));
            forms.push(base64_core(secret.as_bytes(), shift, &URL_SAFE_NO_PAD));
        }
        for shift in 0..5 {
            let core = base32_core(secret.as_bytes(), shift);
            forms.push(core.to_ascii_lowercase());
            forms.push(core);
        }
    }
    forms
}

/// The part of a base64 text that depends on the secret alone, when `shift` bytes stand before it.
fn base64_core(secret: &[u8], shift: usize, engine: &GeneralPurpose) -> String {
    let padded = padded(secret, shift);
    let text = engine.encode(&padded);
    core(&text, shift, padded.len(), 6).to_owned()
}

/// The same of a base32 text (RFC 4648), of which five bytes make eight characters.
fn base32_core(secret: &[u8], shift: usize) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let padded = padded(secret, shift);
    let mut text = String::with_capacity(padded.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in &padded {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(ALPHABET[((bits >> held) & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    core(&text, shift, padded.len(), 5).to_owned()
}

fn padded(secret: &[u8], shift: usize) -> Vec<u8> {
    let mut padded = vec![0_u8; shift];
    padded.extend_from_slice(secret);
    padded
}

/// The characters that mix in no bits of what stands before or may stand behind; each has this
/// many bits.
fn core(text: &str, shift: usize, bytes: usize, bits: usize) -> &str {
    text.get((shift * 8).div_ceil(bits)..bytes * 8 / bits).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::GzEncoder;

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

    fn gzip(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_was_packed_is_unpacked_from_every_way_of_writing_it_down() {
        let packed = gzip("a secret inside, and more of it to make it long: 0123456789 abcdef");
        let folded =
            STANDARD.encode(&packed).as_bytes().chunks(40).fold(String::new(), |text, line| {
                format!("{text}{}\r\n", std::str::from_utf8(line).unwrap())
            });
        for written in [
            STANDARD.encode(&packed),
            URL_SAFE_NO_PAD.encode(&packed),
            crate::chain::hex(&packed),
            crate::chain::hex(&packed).to_uppercase(),
            STANDARD.encode(&packed).replace('+', "%2B").replace('/', "%2F"),
            folded,
        ] {
            let text = format!("before {written}. after");
            let [(start, end, inside)] = &unpacked(text.as_bytes())[..] else { panic!("{text}") };
            assert!(inside.starts_with(b"a secret inside"), "{written}");
            assert_eq!(*start, 7, "{written}");
            assert!(text.len() - end <= 12, "{written}");
        }
    }

    #[test]
    fn what_only_begins_like_a_packed_text_gives_nothing_and_a_bomb_little() {
        for text in ["H4sI", "H4sIAAAA no more", "1f8b08", "1f8b08zz"] {
            assert!(unpacked(text.as_bytes()).iter().all(|(_, _, inside)| inside.is_empty()));
        }
        let bomb = STANDARD.encode(gzip(&"x".repeat(8 << 20)));
        assert_eq!(unpacked(bomb.as_bytes())[0].2.len() as u64, UNPACKED_LIMIT);
    }

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [("foobar", "MZXW6YTB"), ("fooba", "MZXW6YTB"), ("foob", "MZXW6Y")] {
            assert!(base32_core(bytes.as_bytes(), 0).starts_with(text), "{bytes}");
        }
        // `-foobar!` is FVTG633CMFZCC===.
        assert_eq!(base32_core(b"foobar", 1), "TG633CMFZ");
    }

    #[test]
    fn a_secret_of_a_link_has_few_forms_and_a_credential_all() {
        assert_eq!(forms("abc%2Fdef", Class::Link), ["abc%2Fdef", "abc/def", "abc/def"]);
        assert_eq!(forms("abcdefgh", Class::Credential).len(), 23);
    }
}
