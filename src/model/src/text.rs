//! Numbers, times and names as sentences show them, the same in verdicts, reports and plans:
//! thousands by commas, seconds with one decimal, and the known name that comes nearest to a
//! mistyped one.

use crate::Timestamp;

/// `2,500`.
pub fn count(number: impl TryInto<u64>) -> String {
    grouped(number.try_into().unwrap_or(u64::MAX))
}

/// `1 letter`, `2,500 letters`.
pub fn many(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{} {noun}s", count(number)) }
}

/// `12.3 s`; below a tenth of a second `0.042 s`.
pub fn seconds(micros: i64) -> String {
    #[allow(clippy::cast_precision_loss)]
    let seconds = micros as f64 / 1e6;
    if seconds.abs() < 0.1 { format!("{seconds:.3} s") } else { format!("{seconds:.1} s") }
}

/// `21 August 2026, 10:15:00 UTC`.
pub fn date(time: Timestamp) -> String {
    time.strftime("%-d %B %Y, %H:%M:%S UTC").to_string()
}

/// Milliseconds as microseconds.
pub fn micros(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}

/// `A`, `A or B`, `A, B or C`.
pub fn alternatives<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
    }
}

/// A whole number with its thousands set off, `2,500`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The name that comes nearest to this one, capitals, `-` and `_` aside: with few letters wrong (one,
/// and one more for every four of the name), or of which this is the beginning. `None` where none is
/// near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    known
        .into_iter()
        .filter_map(|known| {
            let word = plain(known);
            let distance = strsim::damerau_levenshtein(&name, &word);
            let begins = !name.is_empty() && word.starts_with(&name);
            (distance <= 1 + word.len() / 4 || begins).then_some((distance, known))
        })
        .min()
        .map(|(_, near)| near)
}

/// Whether a text has the form of a GUID: 8-4-4-4-12 hexadecimal digits.
#[must_use]
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(count(7_u32), "7");
        assert_eq!(count(2500_u32), "2,500");
        assert_eq!(count(1_234_567_u32), "1,234,567");
        assert_eq!(many(1, "letter"), "1 letter");
        assert_eq!(seconds(12_340_000), "12.3 s");
        assert_eq!(seconds(42_000), "0.042 s");
        assert_eq!(seconds(99_999), "0.100 s");
        assert_eq!(seconds(100_000), "0.1 s");
        assert_eq!(alternatives(&["A", "B", "C"]), "A, B or C");
    }

    #[test]
    fn a_time_that_no_clock_holds_becomes_the_longest_one() {
        assert_eq!(micros(60_000), 60_000_000);
        assert_eq!(micros(u64::MAX), i64::MAX / 1000 * 1000);
    }

    #[test]
    fn thousands_are_set_off_from_the_right() {
        let shown = [0, 999, 1_000, 2_500, 1_234_567].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "2,500", "1,234,567"]);
    }

    #[test]
    fn only_the_form_of_a_guid_is_a_guid() {
        assert!(is_guid("dcb9c8dc-c2f4-4d5f-8674-a2e913e040b2"));
        assert!(is_guid("11C46F5F-CDEF-4865-94B2-0EE0EDCC26DA"));
        for text in ["", "dcb9c8dcc2f44d5f8674a2e913e040b2", "gcb9c8dc-c2f4-4d5f-8674-a2e913e040b2"]
        {
            assert!(!is_guid(text), "{text}");
        }
    }

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["lose-update", "drop-response"];
        for near in ["lose-updates", "loose-update", "Lose_Update", "lsoe-update", "lose"] {
            assert_eq!(nearest(near, known), Some("lose-update"), "{near}");
        }
        for far in ["xyz", "", "update", "lost-something"] {
            assert_eq!(nearest(far, known), None, "{far}");
        }
        assert_eq!(nearest("xyz", []), None);
        // Six letters: one may be wrong, and one more.
        assert_eq!(nearest("sxxady", ["steady"]), Some("steady"));
        assert_eq!(nearest("sxxxdy", ["steady"]), None);
        assert_eq!(nearest("AT10.33", ["AT10.1", "AT10.3", "AT1.3"]), Some("AT10.3"));
    }

    #[test]
    fn of_several_near_names_the_nearest_is_offered() {
        assert_eq!(nearest("stead", ["steady-state", "steady", "spike"]), Some("steady"));
    }
}
