//! Axes: from numbers to places, with round numbers marked.
//! Refuses to cut anything off: an axis begins at nought and ends beyond its greatest number.

/// One axis.
#[derive(Debug)]
pub(crate) struct Axis {
    /// What it measures, with the unit.
    pub(crate) label: String,
    /// Where it ends.
    pub(crate) end: f64,
    /// The numbers marked on it.
    pub(crate) ticks: Vec<Tick>,
}

/// A number marked on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    /// Where.
    pub(crate) at: f64,
    /// As what.
    pub(crate) label: String,
}

impl Axis {
    /// An axis from 0 to a round number not below `greatest`, with about `wanted` marks.
    pub(crate) fn round(label: &str, greatest: f64, wanted: u32) -> Self {
        let greatest = positive(greatest);
        let step = round_step(greatest, wanted);
        let steps = (greatest / step).ceil().clamp(1.0, 1_000.0);
        Self { label: label.to_owned(), end: steps * step, ticks: marks(steps * step, step) }
    }

    /// An axis from 0 to exactly `end`, for time.
    pub(crate) fn until(label: &str, end: f64, wanted: u32) -> Self {
        let end = positive(end);
        Self { label: label.to_owned(), end, ticks: marks(end, round_step(end, wanted)) }
    }

    /// Where a number stands, from 0 to 1.
    pub(super) fn place(&self, number: f64) -> f64 {
        (number / self.end).clamp(0.0, 1.0)
    }
}

/// An axis needs an end beyond nought.
fn positive(end: f64) -> f64 {
    if end.is_finite() && end > 0.0 { end } else { 1.0 }
}

/// 1, 2 or 5 times a power of ten.
fn round_step(greatest: f64, wanted: u32) -> f64 {
    let rough = greatest / f64::from(wanted.max(1));
    let power = 10_f64.powf(rough.log10().floor());
    [1.0, 2.0, 5.0, 10.0].map(|of| of * power).into_iter().find(|s| *s >= rough).unwrap_or(power)
}

fn marks(end: f64, step: f64) -> Vec<Tick> {
    let mut ticks = Vec::new();
    let mut number = 0.0;
    while number <= end * 1.000_001 && ticks.len() < 1_000 {
        ticks.push(Tick { at: number, label: label(number, step) });
        number += step;
    }
    ticks
}

fn label(number: f64, step: f64) -> String {
    if step >= 1.0 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole and positive.
        return crate::words::number(number.round() as u64);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A few digits.
    let digits = (-step.log10()).ceil() as usize;
    format!("{number:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn marks_are_round_numbers_and_reach_beyond_the_greatest() {
        let axis = Axis::round("calls", 292.0, 4);
        assert_eq!(labels(&axis), ["0", "100", "200", "300"]);
        let axis = Axis::round("MB/s", 0.37, 4);
        assert_eq!(labels(&axis), ["0.0", "0.1", "0.2", "0.3", "0.4"]);
        assert!((axis.place(0.2) - 0.5).abs() < 1e-9);
        assert_eq!(labels(&Axis::until("s", 8.6, 5)), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&Axis::round("ms", 25_000.0, 3)), ["0", "10,000", "20,000", "30,000"]);
    }

    #[test]
    fn numbers_that_are_none_make_an_axis_all_the_same() {
        for strange in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let axis = Axis::until("s", strange, 5);
            assert!(axis.end > 0.0 && axis.ticks.len() > 1, "{strange}");
            let axis = Axis::round("s", strange, 5);
            assert!(axis.end > 0.0 && axis.end.is_finite(), "{strange}: {}", axis.end);
        }
    }
}
