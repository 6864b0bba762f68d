//! What was measured: the flows of AT15, load runs, and figures without a plot. Every plot has its
//! numbers in a table beside it.

use letterproof_evidence::Bundle;
use letterproof_model::Performance;
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;
use serde::Serialize;

use super::plots::{self, PlotView};
use crate::loads::LoadRun;
use crate::measure::{self, Latencies, PERCENTILES, Stretch};
use crate::{Extras, words};

/// Rows of a table of seconds; longer runs have several seconds in a row.
const ROWS: usize = 120;

/// A plain table. The first cell of each row is its heading.
#[derive(Debug, Serialize)]
struct Table {
    caption: String,
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Something measured.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    name: String,
    lead: String,
    /// Whether it is shown unfolded.
    open: bool,
    limit: Option<LimitView>,
    figures: Vec<(String, String)>,
    plots: Vec<PlotView>,
    tables: Vec<Table>,
    /// Its records, beside the page.
    files: Vec<String>,
}

/// Whether a limit was kept.
#[derive(Debug, Serialize)]
struct LimitView {
    kept: bool,
    line: String,
}

/// Words and draws everything measured.
pub(super) fn performance(
    bundle: &Bundle,
    traffic: &Traffic,
    flows: &[Flow<'_>],
    extras: &Extras,
) -> Vec<Measured> {
    let results = &bundle.results;
    let figures_of = |name: &str| results.performance.iter().find(|p| p.name == name);
    let elapsed = |flow: &Flow<'_>| figures_of(&flow.name())?.figures.get("elapsed_ms").copied();
    let best = flows
        .iter()
        .filter(|flow| flow.whole)
        .filter_map(|flow| Some((flow.number, elapsed(flow)?)))
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(number, _)| number);
    let limit = bundle.context.rate_limit;
    let of_flows = flows.iter().map(|flow| {
        let mut measured = of_flow(flow, traffic, limit, figures_of(&flow.name()));
        measured.open = best.is_none_or(|number| number == flow.number);
        if best == Some(flow.number) && flows.len() > 1 {
            measured.lead.insert_str(0, "The best of the flows. ");
        }
        measured
    });
    let of_loads = extras.loads.iter().enumerate().map(|(at, run)| of_load(at + 1, run));
    let has_plots = |performance: &&Performance| {
        flows.iter().any(|flow| flow.name() == performance.name)
            || extras.loads.iter().any(|run| format!("load {}", run.name) == performance.name)
    };
    let others = results.performance.iter().filter(|p| !has_plots(p)).map(|p| Measured {
        name: p.name.clone(),
        lead: String::new(),
        open: true,
        limit: None,
        figures: words::figures(p),
        plots: Vec::new(),
        tables: Vec::new(),
        files: Vec::new(),
    });
    of_flows.chain(of_loads).chain(others).collect()
}

fn of_flow(
    flow: &Flow<'_>,
    traffic: &Traffic,
    limit: u32,
    performance: Option<&Performance>,
) -> Measured {
    let stretch = measure::stretch(traffic, flow.started, flow.finished(traffic));
    let ended = if flow.whole { "The queue was emptied" } else { "It stopped early" };
    let letters = words::counted(flow.letters.len() as u64, "letter", "letters");
    let lead = format!(
        "{ended} after {letters} in {:.2} s. Latencies are from sending to the last byte.",
        stretch.lasted
    );
    let prefix = format!("flow-{}", flow.number);
    Measured {
        name: flow.name(),
        lead,
        open: true,
        limit: Some(limit_view(
            stretch.peak,
            Some(u64::from(limit)),
            stretch.throttled.len() as u64,
            "in any one second",
        )),
        figures: performance.map(words::figures).unwrap_or_default(),
        plots: plots::of_stretch(&prefix, &flow.name(), &stretch, limit),
        tables: vec![by_second(&stretch), by_operation(&stretch)],
        files: Vec::new(),
    }
}

fn limit_view(peak: u64, limit: Option<u64>, throttled: u64, when: &str) -> LimitView {
    let kept = limit.is_none_or(|limit| peak <= limit) && throttled == 0;
    let refused = match throttled {
        0 => "none was refused with 429".to_owned(),
        n => format!("{} refused with 429", words::counted(n, "was", "were")),
    };
    let calls = words::counted(peak, "call was", "calls were");
    let line = match limit {
        Some(limit) => format!(
            "Limit {}: at most {calls} sent {when}, {} allowed; {refused}.",
            if kept { "kept" } else { "not kept" },
            words::number(limit)
        ),
        None => format!("No limit is known: at most {calls} sent {when}; {refused}."),
    };
    LimitView { kept, line }
}

fn by_second(stretch: &Stretch) -> Table {
    let ms = |micros: Option<u64>| micros.map(words::duration_us).unwrap_or_default();
    #[allow(clippy::cast_precision_loss)] // Shown with two digits.
    let megabytes = |bytes: u64| format!("{:.2}", bytes as f64 / 1e6);
    let rows = stretch.seconds.iter().enumerate().map(|(at, second)| {
        vec![
            at.to_string(),
            words::number(second.sent),
            second.throttled.to_string(),
            second.failed.to_string(),
            ms(second.latencies.at(0.5)),
            ms(second.latencies.at(0.95)),
            ms(second.latencies.slowest()),
            megabytes(second.downloaded),
        ]
    });
    Table {
        caption: "Second by second".to_owned(),
        headings: vec![
            "Second",
            "API calls sent",
            "429",
            "Failed",
            "Median",
            "95 %",
            "Slowest",
            "MB downloaded",
        ],
        rows: rows.collect(),
    }
}

fn by_operation(stretch: &Stretch) -> Table {
    let shown = |micros: Option<u64>| micros.map(words::duration_us).unwrap_or_default();
    let row = |(name, latencies): (&str, &Latencies)| {
        let mut row = vec![name.to_owned(), words::number(latencies.len() as u64)];
        row.extend(PERCENTILES.iter().map(|(share, _)| shown(latencies.at(*share))));
        row.push(shown(latencies.slowest()));
        row
    };
    let rows = stretch.operations.iter().map(|(operation, l)| row((operation.label(), l)));
    let mut headings = vec!["Operation", "Calls"];
    headings.extend(PERCENTILES.iter().map(|(_, name)| *name));
    headings.push("Slowest");
    Table { caption: "Latencies by operation".to_owned(), headings, rows: rows.collect() }
}

fn of_load(number: usize, run: &LoadRun) -> Measured {
    let prefix = format!("load-{number}");
    let whole = |value: f64| {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A count.
        let whole = value.max(0.0).round() as u64;
        whole
    };
    let summary = &run.summary;
    let limit = limit_view(
        whole(run.peak()),
        summary.limit_per_s.map(whole),
        whole(run.throttled()),
        "in any one second",
    );
    Measured {
        name: format!("Load {}", run.name),
        lead: format!(
            "{} {} Latencies are from the time a request was due.",
            sentence(&summary.about),
            run.ended()
        )
        .trim_start()
        .to_owned(),
        open: true,
        limit: Some(limit),
        figures: words::load_figures(&summary.figures),
        plots: plots::of_load(&prefix, run),
        tables: load_tables(run),
        files: run.files.clone(),
    }
}

fn sentence(text: &str) -> String {
    match text.trim_end_matches('.') {
        "" => String::new(),
        text => format!("{text}."),
    }
}

fn load_tables(run: &LoadRun) -> Vec<Table> {
    let ms = |value: Option<f64>| value.map(|ms| format!("{ms:.1} ms")).unwrap_or_default();
    let step = run.seconds.len().div_ceil(ROWS).max(1);
    let seconds = run.seconds.chunks(step).enumerate().map(|(at, of_it)| {
        let sum = |of: fn(&crate::loads::Second) -> f64| of_it.iter().map(of).sum::<f64>();
        let most = |of: fn(&crate::loads::Second) -> Option<f64>| {
            of_it.iter().filter_map(of).max_by(f64::total_cmp)
        };
        vec![
            (at * step).to_string(),
            format!("{:.0}", sum(|s| s.offered)),
            format!("{:.0}", sum(|s| s.sent)),
            format!("{:.0}", sum(|s| s.achieved)),
            format!("{:.0}", sum(|s| s.throttled)),
            format!("{:.0}", sum(|s| s.failed)),
            ms(most(|s| s.p50_ms)),
            ms(most(|s| s.p99_ms)),
            format!("{:.2}", sum(|s| s.download_bytes) / 1e6),
        ]
    });
    let operations = run.summary.operations.iter().map(|(name, of)| {
        vec![
            name.clone(),
            words::number(of.requests),
            words::number(of.failed),
            ms(Some(of.p50_ms)),
            ms(Some(of.p95_ms)),
            ms(Some(of.p99_ms)),
            ms(Some(of.max_ms)),
        ]
    });
    let thresholds = run.summary.thresholds.iter().map(|threshold| {
        let kept = if threshold.kept { "kept" } else { "broken" };
        [&threshold.name, &threshold.expected, &threshold.observed, kept]
            .map(str::to_owned)
            .to_vec()
    });
    let failures = run.summary.failures.iter();
    let failures = failures.map(|(name, count)| vec![name.clone(), words::number(*count)]);
    let by_second = match step {
        1 => "Second by second".to_owned(),
        n => format!("Every {n} seconds; latencies are those of the slowest second"),
    };
    let tables = [
        Table {
            caption: "Thresholds".to_owned(),
            headings: vec!["Threshold", "Expected", "Observed", "Outcome"],
            rows: thresholds.collect(),
        },
        Table {
            caption: by_second,
            headings: vec![
                "Second",
                "Due",
                "Sent",
                "Answered",
                "429",
                "Failed",
                "Median",
                "99 %",
                "MB downloaded",
            ],
            rows: seconds.collect(),
        },
        Table {
            caption: "Latencies by operation".to_owned(),
            headings: vec!["Operation", "Requests", "Failed", "50 %", "95 %", "99 %", "Slowest"],
            rows: operations.collect(),
        },
        Table {
            caption: "Failures".to_owned(),
            headings: vec!["Failure", "Requests"],
            rows: failures.collect(),
        },
    ];
    tables.into_iter().filter(|table| !table.rows.is_empty()).collect()
}
