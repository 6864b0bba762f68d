//! Plots of measurements as SVG text, made to stand inside a page.
//!
//! A plot says in its title and description what it shows, tells its lines apart by their dashes
//! as well as by colour, and draws a limit as a line with its number. Refuses styles, scripts and
//! references to anything outside itself; a table with the same numbers is the caller's part.

mod draw;
mod scale;

pub(crate) use draw::draw;
pub(crate) use scale::{Axis, Tick};

use crate::svg::{BLUE, GREEN, INK, ORANGE, PURPLE, RED};

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
