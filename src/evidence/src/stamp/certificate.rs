//! A stamper's certificate, as far as a time stamp rests on it: whose it is, for how long, and that
//! it is for stamping alone.
//! Refuses to decide trust: whoever vouches for a stamper is given by the reader (`trust`).

use jiff::Timestamp;

use super::der::{BOOLEAN, Der, INTEGER, OCTETS, OID, SEQUENCE, SET, context, time};

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
