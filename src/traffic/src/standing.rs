//! Where a letter stands: the last status sent for it, and the last one seen. A list shows none,
//! but a letter that was only ever listed is PENDING.

use letterproof_model::LetterStatus;

use crate::{EventKind, Letter};

/// Where a letter stands by the traffic so far.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The last status sent for it that was not refused; without an answer it may be in force.
    pub sent: Option<LetterStatus>,
    /// The status it was last seen in.
    pub seen: Option<LetterStatus>,
    /// Whether what was sent last was seen afterwards.
    pub confirmed: bool,
}

/// Tells where a letter stands.
#[must_use]
pub fn standing(letter: &Letter) -> Standing {
    let mut standing = Standing::default();
    for event in &letter.events {
        if let EventKind::Sent(update) = event.kind {
            if !update.answer.refused() {
                (standing.sent, standing.confirmed) = (Some(update.status), false);
            }
        } else if let Some(status) = event.shows() {
            standing.seen = Some(status);
            standing.confirmed |= standing.sent == Some(status);
        } else if event.is_listed() && standing.sent.is_none() {
            standing.seen.get_or_insert(LetterStatus::Pending);
        }
    }
    standing
}
