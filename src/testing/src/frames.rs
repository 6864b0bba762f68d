//! HTTP/2 written by hand, also as no library would write it, and read as far as tests need.

/// What a client of HTTP/2 begins with.
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Kinds of frames (RFC 9113, 6).
#[allow(missing_docs, reason = "the RFC's own names")]
pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const PRIORITY: u8 = 2;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

/// The flag of the last frame of a stream, and that of an acknowledgement.
pub const END_STREAM: u8 = 1;
/// The flag of the last frame of a block of header fields.
pub const END_HEADERS: u8 = 4;

/// One frame, whatever it holds.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
    [&head, payload].concat()
}

/// A SETTINGS frame of ids and values.
#[must_use]
pub fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let one = |(id, value): &(u16, u32)| [&id.to_be_bytes()[..], &value.to_be_bytes()].concat();
    frame(kind::SETTINGS, 0, 0, &values.iter().flat_map(one).collect::<Vec<u8>>())
}

/// A block of header fields, each spelt out.
#[must_use]
pub fn block<N: AsRef<[u8]>, V: AsRef<[u8]>>(fields: &[(N, V)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        // A literal that enters no table (RFC 7541, 6.2.2).
        block.push(0);
        for text in [name.as_ref(), value.as_ref()] {
            number(&mut block, text.len());
            block.extend_from_slice(text);
        }
    }
    block
}

/// A whole request head; `flags` beside that of its end.
#[must_use]
pub fn headers<N: AsRef<[u8]>, V: AsRef<[u8]>>(
    stream: u32,
    flags: u8,
    fields: &[(N, V)],
) -> Vec<u8> {
    frame(kind::HEADERS, flags | END_HEADERS, stream, &block(fields))
}

/// A length with a prefix of seven bits (RFC 7541, 5.1).
fn number(block: &mut Vec<u8>, value: usize) {
    if value < 127 {
        block.push(value as u8);
        return;
    }
    block.push(127);
    let mut rest = value - 127;
    while rest >= 128 {
        block.push((rest % 128) as u8 | 128);
        rest /= 128;
    }
    block.push(rest as u8);
}

/// A frame as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// One of [`kind`].
    pub kind: u8,
    /// Its flags.
    pub flags: u8,
    /// The stream, 0 for the connection.
    pub stream: u32,
    /// What it holds.
    pub payload: Vec<u8>,
}

impl Heard {
    /// The status that a HEADERS frame begins with.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        if self.kind != kind::HEADERS {
            return None;
        }
        match self.payload.as_slice() {
            [first @ 0x88..=0x8e, ..] => {
                Some([200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)])
            }
            // A literal value, with and without entry into the table.
            [0x48 | 0x08, length, rest @ ..] if length & 0x80 == 0 => {
                std::str::from_utf8(rest.get(..usize::from(*length))?).ok()?.parse().ok()
            }
            [0x48 | 0x08, length, rest @ ..] => {
                digits(rest.get(..usize::from(length & 0x7f))?).parse().ok()
            }
            _ => None,
        }
    }

    /// Whether it ends its stream, well or ill.
    #[must_use]
    pub fn ends(&self, stream: u32) -> bool {
        let last = matches!(self.kind, kind::DATA | kind::HEADERS) && self.flags & END_STREAM != 0;
        self.stream == stream && (last || self.kind == kind::RST_STREAM)
    }
}

/// Digits in the code of RFC 7541, appendix B: 0 to 2 in five bits, the others in six.
fn digits(bytes: &[u8]) -> String {
    let bits: String = bytes.iter().map(|byte| format!("{byte:08b}")).collect();
    let (mut text, mut rest) = (String::new(), bits.as_str());
    while let Some(five) = rest.get(..5) {
        let read = |bits| u32::from_str_radix(bits, 2).unwrap_or(u32::MAX);
        let (digit, length) = match (read(five), rest.get(..6).map(read)) {
            (short @ 0..=2, _) => (short, 5),
            (_, Some(long @ 25..=31)) => (long - 22, 6),
            _ => break,
        };
        text.extend(char::from_digit(digit, 10));
        rest = &rest[length..];
    }
    text
}

/// The whole frames at the beginning of what was received.
#[must_use]
pub fn read(mut bytes: &[u8]) -> Vec<Heard> {
    let mut found = Vec::new();
    while let [a, b, c, kind, flags, s0, s1, s2, s3, rest @ ..] = bytes {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some(payload) = rest.get(..length) else { break };
        let stream = u32::from_be_bytes([s0 & 0x7f, *s1, *s2, *s3]);
        found.push(Heard { kind: *kind, flags: *flags, stream, payload: payload.to_vec() });
        bytes = &rest[length..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = "v".repeat(300);
        let bytes = [settings(&[(4, 0)]), headers(1, END_STREAM, &[("n", &long)])].concat();
        let heard = read(&bytes);
        assert_eq!(
            (heard[0].kind, heard[0].payload.as_slice()),
            (kind::SETTINGS, &[0, 4, 0, 0, 0, 0][..])
        );
        assert!(heard[1].ends(1) && heard[1].payload.ends_with(long.as_bytes()));
        // 431 and 302 as RFC 7541 packs them (C.6.1 for the latter).
        let packed = |value: &[u8]| {
            let length = 0x80 | u8::try_from(value.len()).unwrap();
            let payload = [&[0x48, length], value].concat();
            Heard { kind: kind::HEADERS, flags: 0, stream: 1, payload }.status()
        };
        assert_eq!(packed(&[0x64, 0x02]), Some(302));
        assert_eq!(packed(&[0b0110_1001, 0b1001_0000, 0b1111_1111]), Some(431));
    }
}
