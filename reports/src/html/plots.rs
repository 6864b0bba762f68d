//! The plots of what was measured: rate against the limit, latencies, download throughput. Where
//! several moments share a point, the highest rate and the slowest call are drawn.

use serde::Serialize;

use crate::loads::{LoadRun, Second};
use crate::measure::{Latencies, PERCENTILES, Stretch, millis};
use crate::plot::{Axis, Look, Plot, Series, Tick, draw};
use crate::words;

/// Points of a load run's line; longer runs have several seconds in a point.
const POINTS: usize = 400;
/// Operations drawn; tables have all.
const OPERATIONS: usize = 4;
const TIME: &str = "seconds from the start";

/// A plot and its heading.
#[derive(Debug, Serialize)]
pub(super) struct PlotView {
    /// The title without the name of what was measured, which stands above.
    heading: String,
    title: String,
    svg: String,
}

fn view(plot: Plot) -> PlotView {
    let heading = plot.title.split_once(": ").map_or(plot.title.as_str(), |(_, short)| short);
    let mut letters = heading.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let heading = format!("{first}{}", letters.as_str());
    PlotView { heading, svg: draw(&plot), title: plot.title }
}

fn line(name: &str, points: Vec<(f64, f64)>, look: Look) -> Series {
    Series { name: name.to_owned(), points, look }
}

fn highest<'p>(points: impl IntoIterator<Item = &'p (f64, f64)>) -> f64 {
    points.into_iter().map(|(_, up)| *up).filter(|up| up.is_finite()).fold(0.0, f64::max)
}

/// The plots of a stretch of the journal.
pub(super) fn of_stretch(prefix: &str, name: &str, stretch: &Stretch, limit: u32) -> Vec<PlotView> {
    let most = f64::from(limit).max(highest(&stretch.rate));
    let mut series = vec![line("calls sent", stretch.rate.clone(), Look::Area)];
    if !stretch.throttled.is_empty() {
        series.push(line("429", stretch.throttled.clone(), Look::Marks));
    }
    let rate = Plot {
        id: format!("{prefix}-rate"),
        title: format!("{name}: API calls in the second before, against the limit"),
        description: format!(
            "At most {} calls were sent within one second; the limit is {limit}. {} refused with \
             429.",
            words::number(stretch.peak),
            words::counted(stretch.throttled.len() as u64, "call was", "calls were")
        ),
        across: Axis::until(TIME, stretch.lasted, 8),
        up: Axis::round("calls", most * 1.05, 4),
        series,
        limit: Some((f64::from(limit), format!("limit {limit}"))),
    };
    let mut plots = vec![view(rate), view(percentiles(prefix, name, stretch))];
    let [median, most_of_them, slowest] = &stretch.latency;
    if !slowest.is_empty() {
        plots.push(view(Plot {
            id: format!("{prefix}-latency"),
            title: format!("{name}: latency of API calls over time"),
            description: format!(
                "Half of the calls, 95 of 100, and the slowest of each moment; the slowest of all \
                 took {:.0} ms.",
                highest(slowest)
            ),
            across: Axis::until(TIME, stretch.lasted, 8),
            up: Axis::round("ms", highest(slowest), 4),
            series: vec![
                line("median", median.clone(), Look::Line(0)),
                line("95 %", most_of_them.clone(), Look::Line(1)),
                line("slowest", slowest.clone(), Look::Line(2)),
            ],
            limit: None,
        }));
    }
    if !stretch.throughput.is_empty() {
        plots.push(throughput(prefix, name, stretch.lasted, stretch.throughput.clone()));
    }
    plots
}

/// Percentiles from left to right, each as far from the next as it is rarer.
fn rarity(label: &str) -> Axis {
    let names = PERCENTILES.iter().map(|(_, name)| *name).chain(["slowest"]);
    let ticks = names.enumerate().map(|(at, name)| Tick { at: place(at), label: name.to_owned() });
    let ticks: Vec<Tick> = ticks.collect();
    let end = ticks.last().map_or(1.0, |tick| tick.at);
    Axis { label: label.to_owned(), end, ticks }
}

#[allow(clippy::cast_precision_loss)] // One of six places.
fn place(at: usize) -> f64 {
    at as f64
}

fn percentiles(prefix: &str, name: &str, stretch: &Stretch) -> Plot {
    let mut operations: Vec<(&str, &Latencies)> =
        stretch.operations.iter().map(|(operation, of)| (operation.label(), of)).collect();
    operations.sort_by_key(|(_, latencies)| std::cmp::Reverse(latencies.len()));
    let points = |latencies: &Latencies| {
        let shares = PERCENTILES.iter().map(|(share, _)| latencies.at(*share));
        let figures = shares.chain([latencies.slowest()]).enumerate();
        figures.filter_map(|(at, us)| Some((place(at), millis(us?)))).collect::<Vec<_>>()
    };
    let drawn = operations.into_iter().take(OPERATIONS).enumerate();
    let series: Vec<Series> =
        drawn.map(|(at, (name, of))| line(name, points(of), Look::Line(at))).collect();
    latencies_plot(prefix, name, series)
}

fn latencies_plot(prefix: &str, name: &str, series: Vec<Series>) -> Plot {
    let slowest = series.iter().map(|series| highest(&series.points)).fold(0.0, f64::max);
    Plot {
        id: format!("{prefix}-percentiles"),
        title: format!("{name}: latency percentiles by operation"),
        description: format!(
            "For each operation the latency that this share of its calls did not exceed, up to \
             the slowest, {slowest:.0} ms."
        ),
        across: rarity("share of calls that were no slower"),
        up: Axis::round("ms", slowest, 4),
        series,
        limit: None,
    }
}

fn throughput(prefix: &str, name: &str, lasted: f64, points: Vec<(f64, f64)>) -> PlotView {
    let highest = highest(&points);
    view(Plot {
        id: format!("{prefix}-throughput"),
        title: format!("{name}: download throughput"),
        description: format!("Downloads reached {highest:.1} megabytes a second."),
        across: Axis::until(TIME, lasted, 8),
        up: Axis::round("MB/s", highest, 4),
        series: vec![line("downloaded", points, Look::Area)],
        limit: None,
    })
}

/// The plots of a load run.
pub(super) fn of_load(prefix: &str, run: &LoadRun) -> Vec<PlotView> {
    if run.seconds.is_empty() {
        return Vec::new();
    }
    let name = format!("Load {}", run.name);
    let lasted = place(run.seconds.len());
    let across = || Axis::until(TIME, lasted, 8);
    let sent = worst(run, |second| Some(second.sent));
    let offered = worst(run, |second| Some(second.offered));
    let answered = worst(run, |second| Some(second.achieved));
    let throttled: Vec<(f64, f64)> = worst(run, |s| (s.throttled > 0.0).then_some(s.sent));
    let limit = run.summary.limit_per_s;
    let most = highest(sent.iter().chain(&offered).chain(&answered)).max(limit.unwrap_or(0.0));
    let mut series = vec![
        line("sent", sent, Look::Area),
        line("due", offered, Look::Line(1)),
        line("answered", answered, Look::Line(3)),
    ];
    if !throttled.is_empty() {
        series.push(line("429", throttled, Look::Marks));
    }
    let limit_words = limit.map_or("no limit is known".to_owned(), |n| format!("the limit is {n}"));
    let mut plots = vec![view(Plot {
        id: format!("{prefix}-rate"),
        title: format!("{name}: requests each second, against the limit"),
        description: format!(
            "At most {:.0} requests were sent within one second; {limit_words}. {:.0} answers with \
             429.",
            run.peak(),
            run.throttled()
        ),
        across: across(),
        up: Axis::round("requests", most * 1.05, 4),
        series,
        limit: limit.map(|n| (n, format!("limit {n}"))),
    })];
    plots.push(view(latencies_plot(prefix, &name, load_percentiles(run))));
    let (median, slow) = (worst(run, |second| second.p50_ms), worst(run, |second| second.p99_ms));
    if !slow.is_empty() {
        plots.push(view(Plot {
            id: format!("{prefix}-latency"),
            title: format!("{name}: latency over time"),
            description: format!(
                "Half of each second's requests and 99 of 100, from the time they were due; at \
                 most {:.0} ms.",
                highest(&slow)
            ),
            across: across(),
            up: Axis::round("ms", highest(&slow), 4),
            series: vec![line("median", median, Look::Line(0)), line("99 %", slow, Look::Line(1))],
            limit: None,
        }));
    }
    let downloaded = worst(run, |second| Some(second.download_bytes / 1e6));
    if highest(&downloaded) > 0.0 {
        plots.push(throughput(prefix, &name, lasted, downloaded));
    }
    plots
}

/// A line over the seconds of a load run; where several share a point, the highest.
fn worst(run: &LoadRun, of: impl Fn(&Second) -> Option<f64>) -> Vec<(f64, f64)> {
    let step = run.seconds.len().div_ceil(POINTS).max(1);
    let parts = run.seconds.chunks(step).enumerate();
    let point = |(at, part): (usize, &[Second])| {
        let highest = part.iter().filter_map(&of).max_by(f64::total_cmp)?;
        Some((place(at * step) + 0.5, highest))
    };
    parts.filter_map(point).collect()
}

fn load_percentiles(run: &LoadRun) -> Vec<Series> {
    let figures = &run.summary.figures;
    let all = ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "p999_ms", "max_ms"];
    let all = all.iter().enumerate();
    let all = all.filter_map(|(at, name)| Some((place(at), *figures.get(*name)?))).collect();
    let mut operations: Vec<_> = run.summary.operations.iter().collect();
    operations.sort_by_key(|(_, of)| std::cmp::Reverse(of.requests));
    let each = operations.into_iter().take(OPERATIONS - 1).enumerate().map(|(at, (name, of))| {
        let places = [(0, of.p50_ms), (2, of.p95_ms), (3, of.p99_ms), (5, of.max_ms)];
        let points = places.into_iter().map(|(at, ms)| (place(at), ms)).collect();
        line(name, points, Look::Line(at + 1))
    });
    std::iter::once(line("all", all, Look::Line(0))).chain(each).collect()
}
