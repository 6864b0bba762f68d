//! The lifecycle of letters as a diagram: the pack's statuses and moves, and what letters did.
//!
//! Which moves are drawn, and how, follows from the model's transition table; where they are drawn
//! is placed by hand, so that the picture is the same for every run. Refuses colour as the only
//! sign: moves not made are thin, moves not allowed are broken lines.

mod draw;
mod layout;

use std::collections::BTreeMap;

use letterproof_evidence::Bundle;
use letterproof_model::{LetterStatus, Move, judge_move};
use letterproof_traffic::Traffic;
use letterproof_traffic::moves::{Count, Edge, count_moves};

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
    svg(&counts(bundle, traffic))
}

/// Draws counted moves.
pub(crate) fn svg(counts: &Counts) -> String {
    draw::draw(counts)
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
