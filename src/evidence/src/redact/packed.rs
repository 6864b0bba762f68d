//! Text that was packed by gzip and written down in base64 or hexadecimal, unpacked to be searched.
//! Refuses bombs: what a run unpacks to is cut at a limit.

use std::io::Read as _;
use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::MultiGzDecoder;

use super::unfold::Unfolded;

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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

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
            crate::digest::hex(&packed),
            crate::digest::hex(&packed).to_uppercase(),
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
}
