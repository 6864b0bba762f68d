//! The journal's hash chain, checked as the bytes flow by, in constant memory.
//!
//! Each line but the first begins with `{"prev":"<SHA-256 of the line before>"`. Nothing else of a
//! line is read here, so that the chain of any version's journal can be checked.
//! Refuses nothing: it tells where the chain breaks, and the caller judges.

use crate::digest::Sha256;

const PREFIX: &[u8] = b"{\"prev\":\"";
/// How many bytes at the start of a line tell the hash of the line before.
const START: usize = PREFIX.len() + 64 + 1;

/// What a journal's lines say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChainState {
    /// Whole lines, the header among them.
    pub(crate) lines: u64,
    /// SHA-256 of the last whole line: the head of the chain.
    pub(crate) head: String,
    /// Whether bytes follow the last whole line.
    pub(crate) torn_tail: bool,
    /// The first line that does not name the hash of the line before, counted from 1.
    pub(crate) broken_at: Option<u64>,
}

/// The chain so far.
pub(crate) struct Chain {
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
        if self.lines > 1 && !self.names_the_line_before() {
            self.broken_at.get_or_insert(self.lines);
        }
        self.head = std::mem::replace(&mut self.line, Sha256::new()).finish();
        self.start.clear();
        self.line_is_empty = true;
    }

    fn names_the_line_before(&self) -> bool {
        self.start
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.strip_suffix(b"\""))
            .is_some_and(|named| named == self.head.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256_hex;

    fn journal() -> Vec<u8> {
        let first = "{\"format\":\"x\"}".to_owned();
        let second = format!("{{\"prev\":\"{}\",\"mark\":1}}", sha256_hex(first.as_bytes()));
        let third = format!("{{\"prev\":\"{}\",\"mark\":2}}", sha256_hex(second.as_bytes()));
        format!("{first}\n{second}\n{third}\n").into_bytes()
    }

    fn state(bytes: &[u8], piece: usize) -> ChainState {
        let mut chain = Chain::new();
        bytes.chunks(piece).for_each(|bytes| chain.update(bytes));
        chain.finish()
    }

    #[test]
    fn a_chain_holds_however_the_bytes_arrive() {
        let bytes = journal();
        let whole = state(&bytes, bytes.len());
        assert_eq!((whole.lines, whole.broken_at, whole.torn_tail), (3, None, false));
        let last = bytes.split(|byte| *byte == b'\n').nth(2).unwrap();
        assert_eq!(whole.head, sha256_hex(last));
        for piece in [1, 7, 64, 100] {
            assert_eq!(state(&bytes, piece), whole);
        }
    }

    #[test]
    fn a_changed_line_breaks_the_chain_at_the_next() {
        let mut bytes = journal();
        bytes[3] ^= 1;
        assert_eq!(state(&bytes, 50).broken_at, Some(2));
    }

    #[test]
    fn a_line_taken_out_and_a_torn_end_are_told() {
        let bytes = journal();
        let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(state(&[lines[0], lines[2]].concat(), 50).broken_at, Some(2));
        let torn = state(&bytes[..bytes.len() - 1], 50);
        assert_eq!((torn.lines, torn.torn_tail), (2, true));
    }
}
