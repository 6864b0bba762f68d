//! How far the server's clock is from this one, told from the `Date` of its answers.
//! Refuses false precision: `Date` counts whole seconds, so less than two seconds is no skew.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;

/// Skew that is worth correcting.
const WORTH_CORRECTING: SignedDuration = SignedDuration::from_secs(2);

/// The latest measurement.
#[derive(Default)]
pub(super) struct Skew {
    measured: Mutex<Option<SignedDuration>>,
    disbelieved: AtomicBool,
}

impl Skew {
    /// Takes the `Date` of an answer that arrived between `sent` and `received`.
    pub(super) fn note(&self, date: &str, sent: Timestamp, received: Timestamp) {
        let Ok(date) = jiff::fmt::rfc2822::parse(date) else { return };
        // `Date` is cut to whole seconds: on average half a second has passed since.
        let server = date.timestamp().as_millisecond() + 500;
        let here = (sent.as_millisecond() + received.as_millisecond()) / 2;
        *self.measured.lock() = Some(SignedDuration::from_millis(server - here));
    }

    /// Takes in how far the server is ahead, until one of its answers tells.
    pub(super) fn assume(&self, ahead: SignedDuration) {
        self.measured.lock().get_or_insert(ahead);
    }

    /// Takes in that the server goes by this clock, whatever its `Date` says.
    pub(super) fn disbelieve(&self) {
        self.disbelieved.store(true, Ordering::Relaxed);
    }

    /// How far the server is ahead; `None` before the first answer.
    pub(super) fn measured(&self) -> Option<SignedDuration> {
        *self.measured.lock()
    }

    /// The server's time when this clock shows `here`.
    pub(super) fn server_now(&self, here: Timestamp) -> Timestamp {
        match self.measured() {
            Some(ahead)
                if ahead.abs() >= WORTH_CORRECTING && !self.disbelieved.load(Ordering::Relaxed) =>
            {
                here.checked_add(ahead).unwrap_or(here)
            }
            _ => here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_assumed_holds_until_an_answer_tells() {
        let skew = Skew::default();
        let here: Timestamp = "2026-11-20T13:14:35Z".parse().unwrap();
        skew.assume(SignedDuration::from_hours(-1));
        assert_eq!(skew.server_now(here).as_second() - here.as_second(), -3_600);
        skew.note("Fri, 20 Nov 2026 13:14:35 GMT", here, here);
        skew.assume(SignedDuration::from_hours(-1));
        assert_eq!(skew.server_now(here), here);
    }

    #[test]
    fn a_clock_that_is_off_by_minutes_is_corrected_and_one_off_by_a_second_is_not() {
        let skew = Skew::default();
        let here: Timestamp = "2026-11-20T13:14:35Z".parse().unwrap();
        assert_eq!(skew.server_now(here), here);
        skew.note("Fri, 20 Nov 2026 13:14:36 GMT", here, here);
        assert_eq!(skew.server_now(here), here);
        skew.note("Fri, 20 Nov 2026 13:24:35 GMT", here, here);
        assert_eq!(skew.server_now(here).as_second() - here.as_second(), 600);
        skew.disbelieve();
        assert_eq!(skew.server_now(here), here);
        skew.note("yesterday", here, here);
        assert_eq!(skew.measured().unwrap().as_secs(), 600);
    }
}
