//! Plots of measurements as SVG text, made to stand inside a page, and what all drawings share: their
//! colours, their typeface, and text made safe for XML.
//!
//! A plot says in its title and description what it shows, tells its lines apart by their dashes
//! as well as by colour, and draws a limit as a line with its number. It has no styles, scripts and
//! references to anything outside itself; a table with the same numbers is the caller's part. No colour
//! stands out less than 3 to 1 against white (WCAG 2.2, 1.4.11).

use std::fmt::Write as _;

use letterproof_model::visible;

/// Text and the lines that matter most.
pub(crate) const INK: &str = "#1d2830";
/// Text that matters less.
pub(crate) const SOFT: &str = "#4a5b66";
/// Lines that only guide the eye.
pub(crate) const FAINT: &str = "#8895a0";
/// What is wrong, and limits.
pub(crate) const RED: &str = "#8c1c10";
/// The first measured line.
pub(crate) const BLUE: &str = "#005a9c";
/// The second.
pub(crate) const ORANGE: &str = "#b54a00";
/// The third.
pub(crate) const PURPLE: &str = "#6d3b9e";
/// The fourth.
pub(crate) const GREEN: &str = "#00703c";
/// The typefaces of the page.
pub(crate) const FONT: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif";

/// Text that XML can hold, as content or between quotation marks; what it hides is seen.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// One plot.
#[derive(Debug)]
pub(crate) struct Plot {
    /// What its element ids begin with; nothing else on the page may have the same.
    pub(crate) id: String,
    /// What it shows.
    pub(crate) title: String,
    /// What can be read from it, for those who cannot see it.
    pub(crate) description: String,
    /// From left to right.
    pub(crate) across: Axis,
    /// From bottom to top.
    pub(crate) up: Axis,
    /// What was measured.
    pub(crate) series: Vec<Series>,
    /// What must not be exceeded, with its name.
    pub(crate) limit: Option<(f64, String)>,
}

/// One measured line, or marks.
#[derive(Debug)]
pub(crate) struct Series {
    /// Its name in the legend.
    pub(crate) name: String,
    /// Its points, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub(crate) look: Look,
}

/// How a series is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// A line, told apart from the others by its number.
    Line(usize),
    /// A line with the ground below it tinted.
    Area,
    /// Crosses at the points alone.
    Marks,
}

impl Look {
    /// Colour and dashes.
    fn stroke(self) -> (&'static str, &'static str) {
        match self {
            Self::Area | Self::Line(0) => (BLUE, ""),
            Self::Line(1) => (ORANGE, "6 3"),
            Self::Line(2) => (PURPLE, "2 2.5"),
            Self::Line(3) => (GREEN, "9 3 2 3"),
            Self::Line(_) => (INK, "12 4"),
            Self::Marks => (RED, ""),
        }
    }
}

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

const WIDTH: f64 = 560.0;
/// Where the measured field begins and ends, and how high it is.
const LEFT: f64 = 54.0;
const RIGHT: f64 = 548.0;
const FIELD: f64 = 180.0;
/// Room below the field, for the numbers and the name of its axis.
const BELOW: f64 = 42.0;
/// The height of a line of the legend.
const LINE: f64 = 19.0;
/// The width of a letter of the legend, in the wider of common typefaces.
const LETTER: f64 = 6.8;

/// Draws a plot.
pub(crate) fn draw(plot: &Plot) -> String {
    let mut svg = String::with_capacity(8_000);
    let id = escape(&plot.id);
    let legend = legend(plot);
    let field = Field::below(legend.len());
    let height = field.bottom + BELOW;
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-description\" font-family=\"{FONT}\" font-size=\"12\">"
    );
    let _ = writeln!(svg, "<title id=\"{id}-title\">{}</title>", escape(&plot.title));
    let _ = writeln!(svg, "<desc id=\"{id}-description\">{}</desc>", escape(&plot.description));
    let _ = writeln!(svg, "<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>");
    for (row, entries) in legend.iter().enumerate() {
        keys(&mut svg, row, entries);
    }
    grid(&mut svg, plot, &field);
    for series in &plot.series {
        one(&mut svg, plot, series, &field);
    }
    if let Some((limit, _)) = &plot.limit {
        let y = field.up(plot, *limit);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"{RED}\" stroke-width=\"2\" \
             stroke-dasharray=\"7 4\"/>"
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// The measured field, below the legend and the name of the axis that goes up.
struct Field {
    top: f64,
    bottom: f64,
}

impl Field {
    fn below(rows: usize) -> Self {
        #[allow(clippy::cast_precision_loss)] // A few lines.
        let top = rows as f64 * LINE + 30.0;
        Self { top, bottom: top + FIELD }
    }

    fn up(&self, plot: &Plot, number: f64) -> f64 {
        self.bottom - plot.up.place(number) * FIELD
    }
}

fn across(plot: &Plot, number: f64) -> f64 {
    LEFT + plot.across.place(number) * (RIGHT - LEFT)
}

fn grid(svg: &mut String, plot: &Plot, field: &Field) {
    let (top, bottom) = (field.top, field.bottom);
    for tick in &plot.up.ticks {
        let y = field.up(plot, tick.at);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1}H{RIGHT}\" stroke=\"#d5dbdf\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{SOFT}\">{}</text>",
            LEFT - 6.0,
            y + 4.0,
            escape(&tick.label)
        );
    }
    for tick in &plot.across.ticks {
        let x = across(plot, tick.at);
        // The last number would stand out over the edge.
        let anchor = if x > RIGHT - 8.0 { "end" } else { "middle" };
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {bottom}v5\" stroke=\"{FAINT}\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"{SOFT}\">{}</text>",
            bottom + 18.0,
            escape(&tick.label)
        );
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{LEFT} {bottom}H{RIGHT}\" stroke=\"{INK}\"/>\
         <text x=\"{RIGHT}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{INK}\">{}</text>\
         <text x=\"4\" y=\"{:.1}\" fill=\"{INK}\">{}</text>",
        bottom + 36.0,
        escape(&plot.across.label),
        top - 12.0,
        escape(&plot.up.label)
    );
}

fn one(svg: &mut String, plot: &Plot, series: &Series, field: &Field) {
    let (colour, dashes) = series.look.stroke();
    let real = |point: &&(f64, f64)| point.0.is_finite() && point.1.is_finite();
    let places: Vec<(f64, f64)> = series
        .points
        .iter()
        .filter(real)
        .map(|(x, y)| (across(plot, *x), field.up(plot, *y)))
        .collect();
    let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
    if series.look == Look::Marks {
        for place in &places {
            cross(svg, *place);
        }
        return;
    }
    let mut line = String::new();
    for (at, (x, y)) in places.iter().enumerate() {
        let _ = write!(line, "{}{x:.1} {y:.1}", if at == 0 { 'M' } else { 'L' });
    }
    if series.look == Look::Area {
        let _ = writeln!(
            svg,
            "<path d=\"{line}L{:.1} {}L{:.1} {}Z\" fill=\"#e3eef7\"/>",
            last.0, field.bottom, first.0, field.bottom
        );
    }
    if places.len() == 1 {
        // A line of one point would not be seen.
        let _ = write!(line, "h0.1");
    }
    let _ = writeln!(
        svg,
        "<path d=\"{line}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.75\" \
         stroke-linecap=\"round\" stroke-linejoin=\"round\"{}/>",
        dashed(dashes)
    );
}

fn dashed(dashes: &str) -> String {
    if dashes.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dashes}\"") }
}

fn cross(svg: &mut String, (x, y): (f64, f64)) {
    let _ = writeln!(
        svg,
        "<path d=\"M{:.1} {:.1}l7 7m0-7l-7 7\" stroke=\"{RED}\" stroke-width=\"2\"/>",
        x - 3.5,
        y - 3.5
    );
}

/// A name of the legend, and the look of its line; a limit has a look of its own.
type Key<'p> = (&'p str, Option<Look>);

fn width(name: &str) -> f64 {
    #[allow(clippy::cast_precision_loss)] // A few letters.
    let letters = name.chars().count() as f64;
    34.0 + letters * LETTER + 14.0
}

/// The names of the lines, as many in a row as there is room for.
fn legend(plot: &Plot) -> Vec<Vec<Key<'_>>> {
    let lines = plot.series.iter().map(|series| (series.name.as_str(), Some(series.look)));
    let limit = plot.limit.iter().map(|(_, name)| (name.as_str(), None));
    let mut rows: Vec<Vec<Key<'_>>> = Vec::new();
    let mut room = 0.0;
    for key in lines.chain(limit) {
        match rows.last_mut().filter(|_| width(key.0) <= room) {
            Some(row) => row.push(key),
            None => {
                rows.push(vec![key]);
                room = RIGHT;
            }
        }
        room -= width(key.0);
    }
    rows
}

fn keys(svg: &mut String, row: usize, keys: &[Key<'_>]) {
    #[allow(clippy::cast_precision_loss)] // A few lines.
    let y = row as f64 * LINE + 10.0;
    let mut x = 4.0;
    for (name, look) in keys {
        let (colour, dashes) = look.map_or((RED, "7 4"), Look::stroke);
        if *look == Some(Look::Marks) {
            cross(svg, (x + 14.0, y));
        } else {
            let _ = writeln!(
                svg,
                "<path d=\"M{x:.1} {y:.1}h28\" stroke=\"{colour}\" stroke-width=\"2\"{}/>",
                dashed(dashes)
            );
        }
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" fill=\"{SOFT}\">{}</text>",
            x + 34.0,
            y + 4.0,
            escape(name)
        );
        x += width(name);
    }
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

    fn plot() -> Plot {
        Plot {
            id: "rate".into(),
            title: "Calls <each> second".into(),
            description: "At most 292 of 300.".into(),
            across: Axis::until("seconds", 8.6, 5),
            up: Axis::round("calls", 300.0, 4),
            series: vec![
                Series {
                    name: "calls".into(),
                    points: vec![(0.0, 0.0), (1.0, 292.0), (f64::NAN, 3.0), (8.6, 1.0)],
                    look: Look::Area,
                },
                Series { name: "429".into(), points: vec![(2.0, 300.0)], look: Look::Marks },
                Series { name: "slowest".into(), points: vec![(2.0, 30.0)], look: Look::Line(1) },
            ],
            limit: Some((300.0, "limit 300".into())),
        }
    }

    #[test]
    fn a_plot_is_drawn_as_it_was_reviewed() {
        insta::assert_snapshot!(draw(&plot()));
    }

    #[test]
    fn a_plot_of_nothing_is_drawn_and_says_so() {
        let mut plot = plot();
        plot.series.clear();
        plot.limit = None;
        let svg = draw(&plot);
        assert!(svg.contains("<title id=\"rate-title\">Calls &lt;each&gt; second</title>"));
        assert!(!svg.contains("NaN") && !svg.contains(RED));
    }
}
