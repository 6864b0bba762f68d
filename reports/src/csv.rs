//! The cells of a table, and times as they stand in them.

use letterproof_model::Timestamp;

pub(crate) use letterproof_model::csv_line as line;

/// `2026-08-21T10:15:00.123456Z`.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{time:.6}")
}

/// The same of microseconds since the Unix epoch.
pub(crate) fn time_of(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map_or_else(|_| String::new(), time)
}
