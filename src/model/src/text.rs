//! Numbers and times as sentences show them.
//! Refuses locale and precision games: thousands by commas, seconds with one decimal.

use crate::{Timestamp, grouped};

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
}
