//! The journal's hash chain: how a head follows from the one before, and a check of it as the bytes
//! flow by, in constant memory.
//!
//! In format 3 head 0 is the SHA-256 of the header line, and head n that of head n-1, as 64
//! hexadecimal digits, followed by line n without its line feed. So each head holds all lines up to
//! its own. A line keeps the first 8 digits of the head before it in `prev`, since 64 that do not
//! compress were a fifth of a packed bundle. Those 8 only locate an accident: who changes a line
//! and puts right every later `prev` is found by the last head, which stands outside the journal
//! (manifest, ledger, stamps, ids of calls). That is as it was with 64 digits, which can be made
//! again as cheaply.
//!
//! In formats 1 and 2 a head is the SHA-256 of its line alone, and the next line holds all of it.
//!
//! SHA-256 and lower-case hexadecimal, the one way this crate writes a hash down. One algorithm in
//! every file keeps a bundle checkable with `sha256sum`.

use aws_lc_rs::digest::{Context, SHA256, digest};

use crate::journal::{BEFORE, JOURNAL_FORMAT_1, JOURNAL_FORMAT_2};

/// How a journal's header begins, as this tool writes it.
const HEADER: &[u8] = b"{\"format\":\"";
/// How many bytes at the start of a line tell its format, or what it holds of the head before.
const START: usize = BEFORE.len() + Chaining::Lines.digits() + 1;

/// How the lines of a journal are chained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chaining {
    /// Formats 1 and 2: a head is the hash of a line, and the next line holds the whole of it.
    Lines,
    /// Format 3: a head is the hash of the head before and a line, and the next line holds its
    /// first digits.
    Heads,
}

impl Chaining {
    /// That of a journal of this format.
    pub(crate) fn of(format: &str) -> Self {
        match [JOURNAL_FORMAT_1, JOURNAL_FORMAT_2].contains(&format) {
            true => Self::Lines,
            false => Self::Heads,
        }
    }

    /// That of a journal whose first line begins so.
    fn of_header(start: &[u8]) -> Self {
        let format = start.strip_prefix(HEADER).and_then(|rest| rest.split(|b| *b == b'"').next());
        Self::of(&String::from_utf8_lossy(format.unwrap_or_default()))
    }

    /// How many digits of the head before it a line holds.
    pub(crate) const fn digits(self) -> usize {
        match self {
            Self::Lines => 64,
            Self::Heads => 8,
        }
    }

    /// What a line holds of the head before it.
    pub(crate) fn prev(self, head: &str) -> &str {
        head.get(..self.digits()).unwrap_or(head)
    }

    /// The head after a line, its line feed left out; `before` is empty for the header.
    pub(crate) fn head(self, before: &str, line: &[u8]) -> String {
        let mut hash = self.begin(before);
        hash.update(line);
        hash.finish()
    }

    /// A hash that becomes the head after the next line.
    fn begin(self, before: &str) -> Sha256 {
        let mut hash = Sha256::new();
        if self == Self::Heads {
            hash.update(before.as_bytes());
        }
        hash
    }
}

/// What a journal's lines say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainState {
    /// Whole lines, the header among them.
    pub(crate) lines: u64,
    /// The head of the chain after the last whole line.
    pub(crate) head: String,
    /// Whether bytes follow the last whole line.
    pub(crate) torn_tail: bool,
    /// The first line that does not name the head before it, counted from 1.
    pub(crate) broken_at: Option<u64>,
}

/// The chain so far.
pub(crate) struct Chain {
    chaining: Chaining,
    lines: u64,
    head: String,
    broken_at: Option<u64>,
    line: Sha256,
    start: Vec<u8>,
    line_is_empty: bool,
}

impl Chain {
    pub(crate) fn new() -> Self {
        Self {
            // Nothing is before the header, so that its hash is the same in every format.
            chaining: Chaining::Lines,
            lines: 0,
            head: String::new(),
            broken_at: None,
            line: Sha256::new(),
            start: Vec::with_capacity(START),
            line_is_empty: true,
        }
    }

    /// Takes the next bytes of the journal.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match piece.strip_suffix(b"\n") {
                Some(rest) => {
                    self.extend(rest);
                    self.end_line();
                }
                None => self.extend(piece),
            }
        }
    }

    /// What was found once the last byte was taken.
    pub(crate) fn finish(self) -> ChainState {
        ChainState {
            lines: self.lines,
            head: self.head,
            torn_tail: !self.line_is_empty,
            broken_at: self.broken_at,
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.line_is_empty &= bytes.is_empty();
        self.line.update(bytes);
        let wanted = (START - self.start.len()).min(bytes.len());
        self.start.extend_from_slice(&bytes[..wanted]);
    }

    fn end_line(&mut self) {
        self.lines += 1;
        if self.lines == 1 {
            self.chaining = Chaining::of_header(&self.start);
        } else if !self.names_the_head_before() {
            self.broken_at.get_or_insert(self.lines);
        }
        self.head = std::mem::replace(&mut self.line, Sha256::new()).finish();
        self.line = self.chaining.begin(&self.head);
        self.start.clear();
        self.line_is_empty = true;
    }

    fn names_the_head_before(&self) -> bool {
        let rest = self.start.strip_prefix(BEFORE);
        let rest =
            rest.and_then(|rest| rest.strip_prefix(self.chaining.prev(&self.head).as_bytes()));
        rest.is_some_and(|rest| rest.first() == Some(&b'"'))
    }
}

/// The SHA-256 of some bytes, in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest(&SHA256, bytes).as_ref())
}

/// A SHA-256 taken piece by piece.
pub(crate) struct Sha256(Context);

impl Sha256 {
    pub(crate) fn new() -> Self {
        Self(Context::new(&SHA256))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all pieces, in lower-case hexadecimal.
    pub(crate) fn finish(self) -> String {
        hex(self.0.finish().as_ref())
    }
}

/// Whether a text is a hash as this crate writes it.
pub(crate) fn is_sha256_hex(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::sha256_hex;

    /// A journal of this format, chained here by hand.
    fn journal(format: u8) -> Vec<u8> {
        let mut text = format!("{{\"format\":\"letterproof-journal/{format}\"}}");
        let mut head = sha256_hex(text.as_bytes());
        for mark in 1..=2 {
            let prev = if format == 3 { &head[..8] } else { &head };
            let line = format!("{{\"prev\":\"{prev}\",\"mark\":{mark}}}");
            head = match format {
                3 => sha256_hex(format!("{head}{line}").as_bytes()),
                _ => sha256_hex(line.as_bytes()),
            };
            text = format!("{text}\n{line}");
        }
        format!("{text}\n{head}").into_bytes()
    }

    /// The same without the head that follows its last line, and that head.
    fn split(format: u8) -> (Vec<u8>, String) {
        let mut bytes = journal(format);
        let head = bytes.split_off(bytes.len() - 64);
        (bytes, String::from_utf8(head).unwrap())
    }

    fn state(bytes: &[u8], piece: usize) -> ChainState {
        let mut chain = Chain::new();
        bytes.chunks(piece).for_each(|bytes| chain.update(bytes));
        chain.finish()
    }

    #[test]
    fn a_chain_of_each_format_holds_however_the_bytes_arrive() {
        for format in 1..=3 {
            let (bytes, head) = split(format);
            let whole = state(&bytes, bytes.len());
            assert_eq!((whole.lines, whole.broken_at, whole.torn_tail), (3, None, false));
            assert_eq!(whole.head, head, "format {format}");
            for piece in [1, 7, 64, 100] {
                assert_eq!(state(&bytes, piece), whole);
            }
        }
    }

    #[test]
    fn a_head_holds_every_line_up_to_its_own() {
        // printf '{"format":"letterproof-journal/3"}' | sha256sum, and so on with each line
        let mut head = String::new();
        for line in ["{\"format\":\"letterproof-journal/3\"}", "one", "two"] {
            let before = head.clone();
            head = Chaining::Heads.head(&before, line.as_bytes());
            assert_eq!(head, sha256_hex([&before, line].concat().as_bytes()));
        }
        let (first, second) = (Chaining::Heads.head("a", b"x"), Chaining::Heads.head("b", b"x"));
        assert_ne!(first, second, "the same line after another head");
        assert_eq!(Chaining::Lines.head("a", b"x"), Chaining::Lines.head("b", b"x"));
    }

    #[test]
    fn a_changed_line_breaks_the_chain_at_the_next() {
        for format in 1..=3 {
            let (mut bytes, _) = split(format);
            let second = bytes.iter().position(|byte| *byte == b'\n').unwrap() + 1;
            let last = second + bytes[second..].iter().position(|byte| *byte == b'\n').unwrap();
            bytes[last - 2] ^= 1;
            assert_eq!(state(&bytes, 50).broken_at, Some(3), "format {format}");
        }
    }

    #[test]
    fn a_line_put_right_in_its_own_digits_alone_breaks_all_later_ones() {
        let lines = |head: &str, first: &str| {
            let one = format!("{{\"prev\":\"{}\",\"mark\":\"{first}\"}}", &head[..8]);
            let head = Chaining::Heads.head(head, one.as_bytes());
            (one, head)
        };
        let header = "{\"format\":\"letterproof-journal/3\"}";
        let root = Chaining::Heads.head("", header.as_bytes());
        let ((one, head), (forged, other)) = (lines(&root, "true"), lines(&root, "forged"));
        let (two, after) = lines(&head, "two");
        let (three, _) = lines(&after, "three");
        // The next `prev` put right, and no more: the one after it names a head of the past.
        let mended = two.replace(&head[..8], &other[..8]);
        let text = [header, &forged, &mended, &three, ""].join("\n");
        assert_eq!(state(text.as_bytes(), 50).broken_at, Some(4));
        let sound = [header, &one, &two, &three, ""].join("\n");
        assert_eq!(state(sound.as_bytes(), 50).broken_at, None);
    }

    #[test]
    fn a_line_taken_out_and_a_torn_end_are_told() {
        let (bytes, _) = split(3);
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(state(&[lines[0], lines[2]].concat(), 50).broken_at, Some(2));
        let torn = state(&bytes[..bytes.len() - 1], 50);
        assert_eq!((torn.lines, torn.torn_tail), (2, true));
    }

    #[test]
    fn digits_of_another_format_are_no_chain() {
        for (format, other) in [("/3", "/2"), ("/2", "/3")] {
            let (bytes, _) = split(if format == "/3" { 3 } else { 2 });
            let text = String::from_utf8(bytes).unwrap();
            let header = text.lines().next().unwrap();
            let changed = text.replacen(header, &header.replace(format, other), 1);
            assert_eq!(state(changed.as_bytes(), 50).broken_at, Some(2), "{format} as {other}");
        }
    }

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_is_the_one_other_tools_print() {
        assert_eq!(sha256_hex(b"abc"), ABC);
        let mut pieces = Sha256::new();
        pieces.update(b"a");
        pieces.update(b"bc");
        assert_eq!(pieces.finish(), ABC);
    }

    #[test]
    fn only_one_spelling_of_a_hash_is_ours() {
        assert!(is_sha256_hex(ABC));
        assert!(!is_sha256_hex(&ABC.to_uppercase()));
        assert!(!is_sha256_hex(&ABC[1..]));
    }
}
