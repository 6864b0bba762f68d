//! When a call began and how long it took, in this house's microseconds.
//! Refuses starts that cannot be: without an offset from UTC, or outside our century. A length that
//! cannot be (negative, or more than a day) is left out.

use letterproof_model::Timestamp;

use super::shape::Timings;

/// Longest call, in milliseconds: a day.
const LONGEST_MS: f64 = 86_400_000.0;
/// What stands for a time that is not known, in milliseconds.
const UNKNOWN: f64 = -1.0;
/// Beginning and end of the years in which a recording of this API can have been made.
const YEARS: [i16; 2] = [2000, 2100];

/// How long a call took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lasted {
    /// Microseconds to the last header.
    pub(super) headers_us: u64,
    /// Microseconds to the last byte.
    pub(super) done_us: u64,
}

/// Reads the start of a call.
pub(super) fn started(text: &str) -> Result<Timestamp, String> {
    let wrong = "its `startedDateTime` is not a time with an offset from UTC";
    let read: Timestamp = text.trim().parse().map_err(|_| wrong.to_owned())?;
    let year = read.to_zoned(jiff::tz::TimeZone::UTC).year();
    if !(YEARS[0]..YEARS[1]).contains(&year) {
        return Err(format!("its `startedDateTime` lies in the year {year}"));
    }
    Timestamp::from_microsecond(read.as_microsecond()).map_err(|_| wrong.to_owned())
}

/// Reads how long a call took, and says what is odd about it.
pub(super) fn lasted(time: Option<f64>, timings: &Timings) -> (Lasted, Option<&'static str>) {
    let part = |part: Option<f64>| part.filter(|ms| *ms > 0.0).unwrap_or(0.0);
    let Timings { blocked, dns, connect, send, wait, receive } = timings;
    let summed =
        || [blocked, dns, connect, send, wait, receive].into_iter().map(|ms| part(*ms)).sum();
    let (total, odd): (f64, _) = match time {
        // By the format -1 says that a time is not known.
        Some(time) if time < 0.0 && time != UNKNOWN => {
            (summed(), Some("its `time` is negative and was not read"))
        }
        Some(time) if time > 0.0 => (time, None),
        _ => (summed(), None),
    };
    if total > LONGEST_MS {
        let none = Lasted { headers_us: 0, done_us: 0 };
        return (none, Some("its `time` is longer than a day and was not read"));
    }
    let headers_us = micros((total - part(*receive)).max(0.0));
    (Lasted { headers_us, done_us: micros(total) }, odd)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0 to a day, see above"
)]
fn micros(ms: f64) -> u64 {
    (ms * 1_000.0).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_read_with_its_offset_and_kept_to_the_microsecond() {
        for (text, read) in [
            ("2026-11-20T10:15:00.123Z", "2026-11-20T10:15:00.123Z"),
            ("2026-11-20T11:15:00.123+01:00", "2026-11-20T10:15:00.123Z"),
            ("2026-11-20T10:15:00.123456789+00:00", "2026-11-20T10:15:00.123456Z"),
        ] {
            assert_eq!(started(text).unwrap().to_string(), read, "{text}");
        }
    }

    #[test]
    fn impossible_starts_are_refused() {
        for text in [
            "",
            "yesterday",
            "2026-11-20T10:15:00",
            "2026-11-31T10:15:00Z",
            "1999-12-31T23:59:59Z",
            "9999-01-01T00:00:00Z",
            "-002026-11-20T10:15:00Z",
        ] {
            assert!(started(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_length_is_the_time_or_else_the_sum_of_its_parts() {
        let timings = Timings {
            dns: Some(-1.0),
            connect: Some(1.5),
            wait: Some(10.0),
            receive: Some(2.25),
            ..Timings::default()
        };
        let exact = Lasted { headers_us: 17_751, done_us: 20_001 };
        assert_eq!(lasted(Some(20.001), &timings), (exact, None));
        let summed = Lasted { headers_us: 11_500, done_us: 13_750 };
        for time in [None, Some(0.0), Some(-1.0)] {
            assert_eq!(lasted(time, &timings), (summed, None), "{time:?}");
        }
        assert_eq!(lasted(None, &Timings::default()), (NOTHING, None));
        let short = Lasted { headers_us: 0, done_us: 1_000 };
        assert_eq!(lasted(Some(1.0), &timings), (short, None));
    }

    const NOTHING: Lasted = Lasted { headers_us: 0, done_us: 0 };

    #[test]
    fn negative_and_endless_lengths_are_left_out_and_named() {
        let timings = Timings { wait: Some(4.0), ..Timings::default() };
        let (read, odd) = lasted(Some(-0.4), &timings);
        assert_eq!(read, Lasted { headers_us: 4_000, done_us: 4_000 }, "its parts are left");
        assert!(odd.unwrap().contains("negative"));
        let endless = Timings { receive: Some(f64::MAX), ..timings };
        for (time, timings) in [(Some(1e300), &endless), (None, &endless)] {
            let (read, odd) = lasted(time, timings);
            assert_eq!(read, NOTHING);
            assert!(odd.unwrap().contains("longer than a day"));
        }
    }
}
