//! The lifecycle of letters as a diagram: the pack's statuses and moves, and what letters did.
//!
//! Which moves are drawn, and how, follows from the model's transition table; where they are drawn
//! is placed by hand, so that the picture is the same for every run. Colour is never the only sign:
//! moves not made are thin, moves not allowed are broken lines. Only attributes are used, no style
//! sheet, no marker and no reference, so that the drawing can stand inside a page or alone.

mod layout;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use letterproof_evidence::Bundle;
use letterproof_model::{LetterStatus, Move, judge_move, pack};
use letterproof_traffic::Traffic;
use letterproof_traffic::moves::{Count, Edge, count_moves};

use crate::plot::{FAINT, FONT, INK, RED, SOFT};
use crate::tables::test_of;
use crate::words::{counted, number};
use layout::{
    Area, HALF_HEIGHT, HALF_WIDTH, HEIGHT, Label, Point, ROUTES, Route, WIDTH, detour, on_curve,
    place,
};

/// How many letters made each move.
pub(crate) type Counts = BTreeMap<Edge, Count>;

/// The name of the file in the evidence folder.
pub(crate) const FILE_NAME: &str = "lifecycle.svg";

/// Counts the moves of a bundle's letters.
pub(crate) fn counts(bundle: &Bundle, traffic: &Traffic) -> Counts {
    count_moves(traffic, &bundle.context)
}

/// Draws the moves of a bundle's letters as a file of its own.
pub(crate) fn render(bundle: &Bundle, traffic: &Traffic) -> String {
    draw(&counts(bundle, traffic))
}

/// What a move is by the pack; `None` where its start is not on record.
pub(crate) fn kind(edge: &Edge) -> Option<Move> {
    edge.0.map(|from| judge_move(from, edge.1))
}

/// Every move of the pack's table of this kind, in the order of the statuses.
pub(crate) fn table(kind: Move) -> impl Iterator<Item = (LetterStatus, LetterStatus)> {
    let from = LetterStatus::ALL.into_iter();
    from.flat_map(|from| LetterStatus::ALL.into_iter().map(move |to| (from, to)))
        .filter(move |(from, to)| judge_move(*from, *to) == kind)
}

/// Half the height of a number's ground.
const LABEL_HALF_HEIGHT: f32 = 7.5;
/// The width of one digit, in the wider of common typefaces.
const DIGIT: f32 = 7.4;
/// Where the legend stands.
const LEGEND: Area = Area(312.0, 386.0, 632.0, 502.0);
/// How far a corner is rounded.
const CORNER: f32 = 8.0;

/// Draws counted moves.
pub(crate) fn draw(counts: &Counts) -> String {
    let mut wrong: Vec<Wrong> = counts
        .iter()
        .filter(|(edge, _)| matches!(kind(edge), Some(Move::Illegal | Move::NotifyOnly)))
        .filter_map(|(edge, count)| Wrong::of(edge, *count))
        .collect();
    settle(&mut wrong, counts);
    let (left, right) = wrong.iter().fold((0.0_f32, WIDTH), |(left, right), wrong| {
        let Area(from, _, to, _) = wrong.area();
        (left.min(from - 6.0), right.max(to + 6.0))
    });
    let (left, width) = (left.floor(), (right - left.floor()).ceil());
    let mut svg = String::with_capacity(16_000);
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"{left} 0 {width} {HEIGHT}\" \
         width=\"{width}\" height=\"{HEIGHT}\" role=\"img\" \
         aria-labelledby=\"lifecycle-title lifecycle-description\" font-family=\"{FONT}\">"
    );
    let _ =
        writeln!(svg, "<title id=\"lifecycle-title\">Lifecycle of the letters in this run</title>");
    let _ = writeln!(svg, "<desc id=\"lifecycle-description\">{}</desc>", describe(counts));
    let _ =
        writeln!(svg, "<rect x=\"{left}\" width=\"{width}\" height=\"{HEIGHT}\" fill=\"#fff\"/>");
    ways(&mut svg, counts);
    for wrong in &wrong {
        wrong.line(&mut svg);
    }
    for route in &ROUTES {
        if let Some(count) = counts.get(&(Some(route.from), route.to)) {
            label(&mut svg, route.label, &figure(*count));
        }
    }
    for status in LetterStatus::ALL {
        status_box(&mut svg, status, counts);
    }
    for wrong in &wrong {
        wrong.number(&mut svg);
    }
    legend(&mut svg, !wrong.is_empty());
    svg.push_str("</svg>\n");
    svg
}

/// The diagram in a sentence or two, for those who cannot see it.
fn describe(counts: &Counts) -> String {
    let allowed = table(Move::Eligible).count() as u64;
    let made = counts.keys().filter(|edge| kind(edge) == Some(Move::Eligible)).count() as u64;
    let wrong = counts.keys().filter(|edge| kind(edge) == Some(Move::Illegal)).count() as u64;
    let mut text = format!(
        "The eleven statuses of a letter and the {allowed} moves that the acceptance pack allows a \
         supplier; {} made in this run.",
        counted(made, "was", "were")
    );
    if wrong > 0 {
        let _ = write!(
            text,
            " {} made that it does not allow.",
            counted(wrong, "move was", "moves were")
        );
    }
    text
}

/// The allowed moves: those not made first, so that they never cover those made.
fn ways(svg: &mut String, counts: &Counts) {
    let count = |route: &Route| counts.get(&(Some(route.from), route.to)).copied();
    let by_notify = |route: &&Route| matches!(route.label, Label::None);
    for route in ROUTES.iter().filter(by_notify) {
        way(svg, route, FAINT, 1.5, Some("1.5 3.5"));
    }
    for route in ROUTES.iter().filter(|r| !by_notify(r) && count(r).is_none()) {
        way(svg, route, FAINT, 1.25, None);
    }
    for route in ROUTES.iter().filter(|r| !by_notify(r) && count(r).is_some()) {
        way(svg, route, INK, 1.75, None);
    }
}

fn way(svg: &mut String, route: &Route, colour: &str, width: f32, dashes: Option<&str>) {
    let points = route.points;
    let _ = write!(svg, "<path d=\"M{} {}", points[0].0, points[0].1);
    for corner in points.windows(3) {
        let (into, out) =
            (toward(corner[1], corner[0], CORNER), toward(corner[1], corner[2], CORNER));
        let (x, y) = corner[1];
        let _ = write!(svg, "L{} {}Q{x} {y} {} {}", into.0, into.1, out.0, out.1);
    }
    let (before, tip) = (points[points.len() - 2], points[points.len() - 1]);
    let end = toward(tip, before, 5.0);
    let dashes = dashes.map(|d| format!(" stroke-dasharray=\"{d}\"")).unwrap_or_default();
    let _ = writeln!(
        svg,
        "L{} {}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dashes}/>",
        end.0, end.1
    );
    arrow(svg, before, tip, colour);
}

/// The point this far from `from` on the way to `to`.
fn toward(from: Point, to: Point, distance: f32) -> Point {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy).max(1.0);
    (from.0 + dx / length * distance, from.1 + dy / length * distance)
}

fn arrow(svg: &mut String, before: Point, tip: Point, colour: &str) {
    let back = toward(tip, before, 8.0);
    let (dx, dy) = ((tip.0 - back.0) / 2.0, (tip.1 - back.1) / 2.0);
    let _ = writeln!(
        svg,
        "<path d=\"M{:.1} {:.1}L{:.1} {:.1}L{:.1} {:.1}Z\" fill=\"{colour}\"/>",
        tip.0,
        tip.1,
        back.0 - dy,
        back.1 + dx,
        back.0 + dy,
        back.1 - dx
    );
}

/// `12`; `3/12` where only 3 of 12 letters were read back.
fn figure(count: Count) -> String {
    if count.seen == count.moved {
        number(count.moved)
    } else {
        format!("{}/{}", number(count.seen), number(count.moved))
    }
}

fn half_width(figure: &str) -> f32 {
    let narrow = figure.matches([',', '/']).count();
    #[allow(clippy::cast_precision_loss)] // A few characters.
    let (narrow, wide) = (narrow as f32, (figure.len() - narrow) as f32);
    (wide * DIGIT + narrow * 4.0) / 2.0 + 4.0
}

/// The ground that a number covers.
fn ground(label: Label, figure: &str) -> Option<Area> {
    let half = half_width(figure);
    match label {
        Label::On(point) => Some(Area::around(point, half, LABEL_HALF_HEIGHT)),
        Label::Beside((x, y)) => Some(Area::around((x + half - 4.0, y), half, LABEL_HALF_HEIGHT)),
        Label::None => None,
    }
}

fn label(svg: &mut String, label: Label, figure: &str) {
    let Some(area) = ground(label, figure) else { return };
    match label {
        Label::Beside(point) => text(svg, point, "start", figure, INK),
        _ => {
            rect(svg, area, 2.0, "fill=\"#fff\"");
            text(svg, area.middle(), "middle", figure, INK);
        }
    }
}

fn rect(svg: &mut String, Area(left, top, right, bottom): Area, round: f32, look: &str) {
    let (width, height) = (right - left, bottom - top);
    let _ = writeln!(
        svg,
        "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
         rx=\"{round}\" {look}/>"
    );
}

fn text(svg: &mut String, (x, y): Point, anchor: &str, text: &str, colour: &str) {
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" font-size=\"11\" \
         font-weight=\"600\" fill=\"{colour}\">{text}</text>",
        y + 4.0
    );
}

fn status_box(svg: &mut String, status: LetterStatus, counts: &Counts) {
    let reached = counts.keys().any(|(from, to)| *from == Some(status) || *to == status);
    let (ground, line, colour) =
        if reached { ("#f3f5f6", INK, INK) } else { ("#fff", FAINT, SOFT) };
    let (x, y) = place(status);
    let look = format!("fill=\"{ground}\" stroke=\"{line}\" stroke-width=\"1.5\"");
    rect(svg, Area::around((x, y), HALF_WIDTH, HALF_HEIGHT), 5.0, &look);
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"13\" font-weight=\"600\" \
         fill=\"{colour}\">{status}</text>",
        y - 1.0
    );
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\" fill=\"{SOFT}\">{}</text>",
        y + 14.0,
        whose(status)
    );
}

/// Which test is about the status.
fn whose(status: LetterStatus) -> String {
    let test = test_of(status).and_then(|id| pack().iter().find(|test| test.id == id));
    match test {
        None => "set by NHS Notify".to_owned(),
        Some(test) if test.required => test.id.to_string(),
        Some(test) => format!("{}, optional", test.id),
    }
}

/// A move that is not allowed: its curve, its number and where on the curve the number stands.
struct Wrong {
    curve: [Point; 4],
    figure: String,
    along: f32,
}

impl Wrong {
    fn of(edge: &Edge, count: Count) -> Option<Self> {
        let curve = detour(edge.0?, edge.1);
        Some(Self { curve, figure: figure(count), along: 0.5 })
    }

    fn area(&self) -> Area {
        let half = half_width(&self.figure) + 2.0;
        Area::around(on_curve(&self.curve, self.along), half, LABEL_HALF_HEIGHT + 1.5)
    }

    fn line(&self, svg: &mut String) {
        let [start, one, two, tip] = self.curve;
        let _ = writeln!(
            svg,
            "<path d=\"M{} {}C{} {} {} {} {} {}\" fill=\"none\" stroke=\"{RED}\" \
             stroke-width=\"2\" stroke-dasharray=\"7 4\"/>",
            start.0, start.1, one.0, one.1, two.0, two.1, tip.0, tip.1
        );
        arrow(svg, two, tip, RED);
    }

    fn number(&self, svg: &mut String) {
        let area = self.area();
        rect(svg, area, 8.0, &format!("fill=\"#fff\" stroke=\"{RED}\" stroke-width=\"1.5\""));
        text(svg, area.middle(), "middle", &self.figure, RED);
    }
}

/// Moves each number along its curve to where it covers nothing else, as far as there is room.
fn settle(wrong: &mut [Wrong], counts: &Counts) {
    let mut taken = covered(counts);
    for wrong in wrong {
        let mut best = f32::INFINITY;
        let mut chosen = wrong.along;
        for along in [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.18, 0.82] {
            wrong.along = along;
            let covered: f32 = taken.iter().map(|area| area.shared(&wrong.area())).sum();
            if covered < best {
                (best, chosen) = (covered, along);
            }
        }
        wrong.along = chosen;
        taken.push(wrong.area());
    }
}

/// What statuses, numbers and legend cover.
fn covered(counts: &Counts) -> Vec<Area> {
    let figures = ROUTES.iter().filter_map(|route| {
        let count = counts.get(&(Some(route.from), route.to))?;
        ground(route.label, &figure(*count))
    });
    LetterStatus::ALL.into_iter().map(Area::of).chain([LEGEND]).chain(figures).collect()
}

/// What the lines mean, in the room that the diagram leaves.
fn legend(svg: &mut String, any_wrong: bool) {
    let mut lines = vec![
        (INK, 1.75, "", "letters moved and read back"),
        (INK, 1.75, "3/12", "only 3 of 12 letters were read back"),
        (FAINT, 1.25, "", "allowed by the pack, not made"),
        (FAINT, 1.5, "1.5 3.5", "made by NHS Notify only"),
    ];
    if any_wrong {
        lines.push((RED, 2.0, "7 4", "not allowed by the pack"));
    }
    let (x, mut y) = (LEGEND.0 + 6.0, LEGEND.1 + 11.0);
    for (colour, width, dashes, words) in lines {
        let tip = (x + 64.0, y);
        let look = match dashes {
            "" | "3/12" => String::new(),
            dashes => format!(" stroke-dasharray=\"{dashes}\""),
        };
        let _ = writeln!(
            svg,
            "<path d=\"M{x} {y}L{} {y}\" stroke=\"{colour}\" stroke-width=\"{width}\"{look}/>",
            tip.0 - 5.0
        );
        arrow(svg, (x, y), tip, colour);
        match (colour, dashes) {
            (INK, "") => label(svg, Label::On((x + 28.0, y)), "12"),
            (INK, figure) => label(svg, Label::On((x + 28.0, y)), figure),
            _ => {}
        }
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"11.5\" fill=\"{SOFT}\">{words}</text>",
            x + 74.0,
            y + 4.0
        );
        y += 22.0;
    }
}

#[cfg(test)]
mod tests;
