//! How reports word things: counts, durations, dates, verdicts, and figures with their units.

use std::collections::BTreeMap;

pub(crate) use letterproof_model::grouped as number;
pub(crate) use letterproof_model::text::date;
use letterproof_model::{
    Exchange, Finding, FindingKind, Mode, Performance, TestResult, Timestamp, TransportErrorKind,
};

/// `1 letter`, `2,500 letters`.
pub(crate) fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A length of time, as exact as a reader needs.
pub(crate) fn duration_us(micros: u64) -> String {
    #[allow(clippy::cast_precision_loss)] // Shown with three digits.
    let exact = micros as f64;
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{:.1} ms", exact / 1e3),
        10_000..1_000_000 => format!("{:.0} ms", exact / 1e3),
        1_000_000..60_000_000 => format!("{:.1} s", exact / 1e6),
        _ => format!("{} min {} s", micros / 60_000_000, micros / 1_000_000 % 60),
    }
}

/// Microseconds between two times; 0 when they are the wrong way round.
pub(crate) fn between_us(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_microsecond() - from.as_microsecond()).unwrap_or(0)
}

/// Microseconds that a test took; 0 where that is not known.
pub(crate) fn took_us(test: &TestResult) -> u64 {
    let micros = test.took().map(|took| took.as_micros());
    micros.and_then(|micros| u64::try_from(micros).ok()).unwrap_or(0)
}

/// `20 November 2026`.
pub(crate) fn day(day: jiff::civil::Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// `10:15:00`.
pub(crate) fn time_of_day(time: Timestamp) -> String {
    time.strftime("%H:%M:%S").to_string()
}

/// `10:15:00.123456`.
pub(crate) fn clock(time: Timestamp) -> String {
    time.strftime("%H:%M:%S%.6f").to_string()
}

/// A kind of finding as a reader sees it.
pub(crate) fn finding_kind(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Violation => "Violation",
        FindingKind::Deviation => "Known deviation",
        FindingKind::Drift => "Drift",
        FindingKind::Note => "Note",
    }
}

/// Where the page tells of a finding.
pub(crate) fn finding_anchor(finding: &Finding) -> String {
    let kind = finding_kind(finding.kind).to_lowercase().replace(' ', "-");
    format!("{}-{kind}", finding.id)
}

/// How a verdict was obtained, as results.json writes it.
pub(crate) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Driven => "driven",
        Mode::Observed => "observed",
        Mode::Attested => "attested",
    }
}

/// A transport error in one word, as the journal writes it.
pub(crate) fn failure(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Tls => "tls",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::Reset => "reset",
        TransportErrorKind::Body => "body",
        TransportErrorKind::Protocol => "protocol",
        TransportErrorKind::Interrupted => "interrupted",
    }
}

/// What answered an exchange: its status code, or why there was none.
pub(crate) fn answer(exchange: &Exchange) -> String {
    match exchange.error() {
        Some(error) => failure(error.kind).to_owned(),
        None => exchange.status().map(|status| status.to_string()).unwrap_or_default(),
    }
}

/// The figures of a load run that are shown, the weightiest first.
const LOAD_FIGURES: [&str; 14] = [
    "achieved_per_s",
    "limit_per_s",
    "most_sent_in_a_second",
    "requests",
    "failed",
    "throttled_429",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "max_ms",
    "lag_p99_ms",
    "downloads",
    "download_mb_per_s",
    "ratio_to_floor",
];

/// Those of them that are told in a sentence.
const LOAD_TOLD: [&str; 6] =
    ["achieved_per_s", "requests", "failed", "throttled_429", "p50_ms", "p99_ms"];

/// How the name of a load run's figures begins in the results.
const LOAD: &str = "load ";

/// The figures of a load run, each a name and a value with its unit.
pub(crate) fn load_figures(figures: &BTreeMap<String, f64>) -> Vec<(String, String)> {
    figures_named(figures, &LOAD_FIGURES)
}

fn figures_named(figures: &BTreeMap<String, f64>, names: &[&str]) -> Vec<(String, String)> {
    figures_shown(names.iter().filter_map(|name| figures.get_key_value(*name)))
}

/// The figures of anything measured.
pub(crate) fn figures(measured: &Performance) -> Vec<(String, String)> {
    match measured.name.starts_with(LOAD) {
        true => load_figures(&measured.figures),
        false => figures_shown(measured.figures.iter()),
    }
}

/// What was measured, in a sentence for each.
pub(crate) fn measured(measured: &Performance) -> String {
    let figures = match measured.name.starts_with(LOAD) {
        true => figures_named(&measured.figures, &LOAD_TOLD),
        false => figures(measured),
    };
    let told: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{}: {}.", measured.name, told.join(", "))
}

/// Figures carry their unit in their name: `elapsed_ms` is shown as `elapsed`, `… ms`.
pub(crate) fn figures_shown<'f>(
    figures: impl Iterator<Item = (&'f String, &'f f64)>,
) -> Vec<(String, String)> {
    figures.map(|(name, value)| figure(name, *value)).collect()
}

fn figure(name: &str, value: f64) -> (String, String) {
    let (stem, unit) = ["ms", "us", "mb_per_s", "per_s", "s", "mb", "percent"]
        .iter()
        .find_map(|unit| Some((name.strip_suffix(&format!("_{unit}"))?, *unit)))
        .unwrap_or((name, ""));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole and positive.
    let shown = if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        number(value as u64)
    } else {
        let shown = format!("{value:.2}");
        match shown.split_once('.').map(|(whole, rest)| (whole.parse(), rest)) {
            Some((Ok(whole), rest)) => format!("{}.{rest}", number(whole)),
            _ => shown,
        }
    };
    let unit = match unit {
        "us" => "µs",
        "mb_per_s" => "MB per second",
        "per_s" => "per second",
        "mb" => "MB",
        "percent" => "%",
        other => other,
    };
    // A number beside a number is misread.
    let stem = if stem == "throttled_429" { "refused (429)" } else { stem };
    (stem.replace('_', " "), format!("{shown} {unit}").trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (value, text) in [(0, "0"), (999, "999"), (2_500, "2,500"), (1_234_567, "1,234,567")] {
            assert_eq!(number(value), text);
        }
        assert_eq!(counted(1, "letter", "letters"), "1 letter");
    }

    #[test]
    fn durations_are_as_exact_as_a_reader_needs() {
        for (micros, text) in [
            (12, "12 µs"),
            (4_249, "4.2 ms"),
            (84_600, "85 ms"),
            (2_449_000, "2.4 s"),
            (301_000_000, "5 min 1 s"),
        ] {
            assert_eq!(duration_us(micros), text);
        }
    }

    #[test]
    fn a_load_is_told_by_its_weightiest_figures_with_their_units() {
        let figures = [
            ("a_later_figure", 1.0),
            ("p99_ms", 12.345),
            ("requests", 18_000.0),
            ("throttled_429", 2.0),
            ("achieved_per_s", 300.0),
        ];
        let figures = figures.map(|(name, value)| (name.to_owned(), value)).into();
        let measured = Performance { name: "load steady".into(), figures };
        let told =
            "load steady: achieved 300 per second, requests 18,000, refused (429) 2, p99 12.35 ms.";
        assert_eq!(super::measured(&measured), told);
        let flow = Performance { name: "AT15 flow 1".into(), ..measured };
        assert_eq!(super::figures(&flow).len(), 5, "of a flow all are shown");
    }
}
