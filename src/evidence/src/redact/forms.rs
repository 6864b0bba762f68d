//! The forms in which a secret may turn up, besides those that are undone before it is looked for.
//! Refuses to guess at ciphers: these are the encodings that logs, URLs and error pages use.

use base64::Engine as _;
use base64::engine::general_purpose::{GeneralPurpose, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;

use super::known::Class;

/// The forms of a secret: as it is and without its percent-encoding; of a credential also in other
/// capitals, in hexadecimal, and the core of its base32 and base64 wherever it stands in them.
pub(crate) fn forms(secret: &str, class: Class) -> Vec<String> {
    let decoded = percent_decode_str(secret).decode_utf8_lossy().into_owned();
    let mut forms = vec![secret.to_owned(), decoded.replace(' ', "+"), decoded];
    if class == Class::Credential {
        forms.push(secret.to_ascii_uppercase());
        forms.push(secret.to_ascii_lowercase());
        let hex = crate::digest::hex(secret.as_bytes());
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
    use super::*;

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
