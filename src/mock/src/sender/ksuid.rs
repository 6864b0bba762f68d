//! The ids of messages and batches: 27 characters that sort by time.

use jiff::Timestamp;

/// Seconds between the epoch of Unix and that of these ids.
const EPOCH: i64 = 1_400_000_000;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An id made at a time from sixteen random bytes: four bytes of seconds and those, as one number to
/// the base of 62, with leading zeros.
pub(crate) fn ksuid(at: Timestamp, random: [u8; 16]) -> String {
    // The time lasts until 2150; before 2014 it is nought.
    let seconds = u32::try_from(at.as_second() - EPOCH).unwrap_or_default();
    let mut bytes = [0; 20];
    bytes[..4].copy_from_slice(&seconds.to_be_bytes());
    bytes[4..].copy_from_slice(&random);
    let mut digits = [b'0'; 27];
    for digit in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut bytes {
            let whole = rest * 256 + u32::from(*byte);
            *byte = (whole / 62) as u8;
            rest = whole % 62;
        }
        *digit = DIGITS[rest as usize];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_as_others_make_them() {
        // The smallest and the largest id there can be, and one in between.
        assert_eq!(ksuid(Timestamp::UNIX_EPOCH, [0; 16]), "000000000000000000000000000");
        let last = Timestamp::from_second(EPOCH + i64::from(u32::MAX)).unwrap();
        assert_eq!(ksuid(last, [0xff; 16]), "aWgEPTl1tmebfsQzFP4bxwgy80V");
        let at = Timestamp::from_second(EPOCH + 107_608_047).unwrap();
        let random = *b"\xb5\xa1\xcd\x34\xb5\xf9\x9d\x11\x54\xfb\x68\x53\x34\x5c\x97\x35";
        assert_eq!(ksuid(at, random), "0ujtsYcgvSTl8PAuAdqWYSMnLOv");
    }

    #[test]
    fn ids_sort_by_time() {
        let id = |second| ksuid(Timestamp::from_second(second).unwrap(), [7; 16]);
        assert!(id(1_700_000_000) < id(1_700_000_001));
    }
}
