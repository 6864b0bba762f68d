//! A stamper's certificate, as far as a time stamp rests on it: whose it is, for how long, and that
//! it is for stamping alone. Trust is not decided here: whoever vouches for a stamper is given by
//! the reader.
//!
//! DER, as far as time stamps and certificates need it: one element after the other. Lengths beyond
//! the bytes there are, indefinite ones and tags of more than one byte are errors; nothing in here
//! can panic or run for longer than the bytes are.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// `id-ce-extKeyUsage`, 2.5.29.37.
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// `id-kp-timeStamping`, 1.3.6.1.5.5.7.3.8.
pub(super) const TIME_STAMPING: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08];
/// Longest name shown, in characters.
const NAME_LIMIT: usize = 200;
/// The parts of a name that are shown, by the last byte of their identifier below 2.5.4.
const SHOWN: [(u8, &str); 6] = [(3, "CN"), (11, "OU"), (10, "O"), (7, "L"), (8, "ST"), (6, "C")];

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Whose it is, as `CN=…, O=…`; nothing in it can move the cursor.
    pub(super) subject: String,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    /// Whether it is for time stamping and nothing else, and says so as critical (RFC 3161, 2.3).
    pub(super) is_for_stamping: bool,
}

impl Certificate {
    /// Reads a certificate; `None` when it is none.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let mut body = Der::of(bytes).inside(SEQUENCE)?.inside(SEQUENCE)?;
        body.optional(context(0));
        body.take(INTEGER)?;
        body.take(SEQUENCE)?;
        body.take(SEQUENCE)?;
        let mut validity = body.inside(SEQUENCE)?;
        let mut moment = || validity.any().and_then(|element| time(element.tag, element.value));
        let (from, until) = (moment()?, moment()?);
        let subject = name(body.inside(SEQUENCE)?)?;
        body.take(SEQUENCE)?;
        let mut is_for_stamping = false;
        while let Some(element) = body.any() {
            if element.tag == context(3) {
                let mut extensions = Der::of(element.value).inside(SEQUENCE)?;
                while !extensions.is_empty() {
                    let mut extension = extensions.inside(SEQUENCE)?;
                    let id = extension.take(OID)?;
                    let critical = extension.optional(BOOLEAN);
                    let value = extension.take(OCTETS)?;
                    if id == EXTENDED_KEY_USAGE {
                        let mut uses = Der::of(value).inside(SEQUENCE)?;
                        is_for_stamping = critical.is_some_and(|element| element.value == [0xff])
                            && uses.take(OID)? == TIME_STAMPING
                            && uses.is_empty();
                    }
                }
            }
        }
        Some(Self { subject, from, until, is_for_stamping })
    }
}

/// A distinguished name for people.
fn name(mut parts: Der<'_>) -> Option<String> {
    let mut shown = Vec::new();
    while !parts.is_empty() {
        let mut set = parts.inside(SET)?;
        while !set.is_empty() {
            let mut pair = set.inside(SEQUENCE)?;
            let (id, value) = (pair.take(OID)?, pair.any()?);
            let label = match id {
                [0x55, 0x04, last] => SHOWN.iter().find(|(part, _)| part == last),
                _ => None,
            };
            if let Some((_, label)) = label {
                shown.push(format!("{label}={}", text(value.tag, value.value)));
            }
        }
    }
    // The most telling part stands last in a certificate.
    shown.reverse();
    let shown = match shown.is_empty() {
        true => "without a name".to_owned(),
        false => shown.join(", "),
    };
    Some(crate::names::shown(&shown).chars().take(NAME_LIMIT).collect())
}

fn text(tag: u8, bytes: &[u8]) -> String {
    const BMP: u8 = 0x1e;
    match tag {
        BMP => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag of a constructed element of the context, such as `[0]`.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// One element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Tag and length with the value.
    pub(super) whole: &'a [u8],
    pub(super) value: &'a [u8],
}

/// Elements side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next element, whatever it is.
    pub(super) fn any(&mut self) -> Option<Element<'a>> {
        let bytes = self.0;
        let (&tag, rest) = bytes.split_first()?;
        let (&first, rest) = rest.split_first()?;
        if tag & 0x1f == 0x1f {
            return None;
        }
        let (length, rest) = if first & 0x80 == 0 {
            (usize::from(first), rest)
        } else {
            let count = usize::from(first & 0x7f);
            let digits = rest.get(..count).filter(|_| (1..=4).contains(&count))?;
            let length = digits.iter().fold(0_u64, |length, byte| (length << 8) | u64::from(*byte));
            (usize::try_from(length).ok()?, rest.get(count..)?)
        };
        let (value, after) = (rest.get(..length)?, rest.get(length..)?);
        self.0 = after;
        Some(Element { tag, whole: bytes.get(..bytes.len() - after.len())?, value })
    }

    /// The value of the next element, which must have this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.any().filter(|element| element.tag == tag).map(|element| element.value)
    }

    /// What lies in the next element, which must have this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// The next element, if it has this tag; else nothing is taken.
    pub(super) fn optional(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() != Some(&tag) {
            return None;
        }
        self.any()
    }
}

/// An element of this tag around a value.
pub(super) fn wrap(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    match value.len() {
        length @ 0..0x80 => bytes.push(length as u8),
        length => {
            let digits = length.to_be_bytes();
            let digits = &digits[digits.iter().take_while(|byte| **byte == 0).count()..];
            bytes.push(0x80 | digits.len() as u8);
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

/// A moment, as `UTCTime` or `GeneralizedTime`, in UTC.
pub(super) fn time(tag: u8, text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok()?;
    let full = match tag {
        // Two digits of the year: 50 and later are of the last century (RFC 5280).
        UTC_TIME if text.get(..2)? >= "50" => format!("19{text}"),
        UTC_TIME => format!("20{text}"),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    let (seconds, fraction) = match full.strip_suffix('Z')?.split_once('.') {
        Some((seconds, fraction)) => (seconds, fraction),
        None => (full.strip_suffix('Z')?, "0"),
    };
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let micros: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let moment = DateTime::strptime("%Y%m%d%H%M%S", seconds).ok()?;
    let moment = moment.to_zoned(TimeZone::UTC).ok()?.timestamp();
    moment.checked_add(jiff::SignedDuration::from_micros(micros.parse().ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_read_one_after_the_other_and_written_as_they_are_read() {
        let long = vec![7_u8; 300];
        let bytes = [wrap(INTEGER, &[5]), wrap(OCTETS, &long), wrap(SEQUENCE, &[1; 200])].concat();
        let mut der = Der::of(&bytes);
        assert_eq!(der.optional(OCTETS), None);
        assert_eq!(der.take(INTEGER), Some(&[5][..]));
        let element = der.optional(OCTETS).unwrap();
        assert_eq!((element.value, element.whole.len()), (&long[..], 304));
        assert_eq!(der.take(SEQUENCE).unwrap().len(), 200);
        assert!(der.is_empty() && der.any().is_none());
    }

    #[test]
    fn lengths_that_cannot_be_are_refused() {
        for bytes in [
            &[0x30][..],
            &[0x30, 5, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x30, 0x88, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
            &[0x1f, 0x22, 0],
        ] {
            assert_eq!(Der::of(bytes).any(), None, "{bytes:?}");
        }
    }

    #[test]
    fn moments_are_read_with_and_without_fractions() {
        let read = |tag, text: &str| time(tag, text.as_bytes()).map(|at| at.to_string());
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(read(UTC_TIME, "261130181500Z"), some("2026-11-30T18:15:00Z"));
        assert_eq!(read(UTC_TIME, "991231235959Z"), some("1999-12-31T23:59:59Z"));
        assert_eq!(read(GENERALIZED_TIME, "20261130181500Z"), some("2026-11-30T18:15:00Z"));
        assert_eq!(read(GENERALIZED_TIME, "20261130181500.25Z"), some("2026-11-30T18:15:00.25Z"));
        for wrong in ["20261130181500", "20261130181500.Z", "20261330181500Z", "x", "", "ü"] {
            assert_eq!(read(GENERALIZED_TIME, wrong), None, "{wrong}");
        }
    }
}
