//! Figures of what was measured, as people read them.
//! Refuses to round a count, and to show a number without its unit.

use std::collections::BTreeMap;

use letterproof_model::Performance;

use crate::words;

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
pub(crate) fn of_load(figures: &BTreeMap<String, f64>) -> Vec<(String, String)> {
    of_names(figures, &LOAD_FIGURES)
}

fn of_names(figures: &BTreeMap<String, f64>, names: &[&str]) -> Vec<(String, String)> {
    shown(names.iter().filter_map(|name| figures.get_key_value(*name)))
}

/// The figures of anything measured.
pub(crate) fn of(measured: &Performance) -> Vec<(String, String)> {
    match measured.name.starts_with(LOAD) {
        true => of_load(&measured.figures),
        false => shown(measured.figures.iter()),
    }
}

/// What was measured, in a sentence for each.
pub(crate) fn sentence(measured: &Performance) -> String {
    let figures = match measured.name.starts_with(LOAD) {
        true => of_names(&measured.figures, &LOAD_TOLD),
        false => of(measured),
    };
    let told: Vec<String> = figures.iter().map(|(name, value)| format!("{name} {value}")).collect();
    format!("{}: {}.", measured.name, told.join(", "))
}

/// Figures carry their unit in their name: `elapsed_ms` is shown as `elapsed`, `… ms`.
pub(crate) fn shown<'f>(
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
        words::number(value as u64)
    } else {
        let shown = format!("{value:.2}");
        match shown.split_once('.').map(|(whole, rest)| (whole.parse(), rest)) {
            Some((Ok(whole), rest)) => format!("{}.{rest}", words::number(whole)),
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
        assert_eq!(sentence(&measured), told);
        let flow = Performance { name: "AT15 flow 1".into(), ..measured };
        assert_eq!(of(&flow).len(), 5, "of a flow all are shown");
    }
}
