//! How finely a recording tells time, and what it can therefore say of order.
//!
//! Recorders of this house keep microseconds; imported recordings often only milliseconds, with
//! the start and the length of a call each rounded on their own. A call's end can then seem to lie
//! up to two of their units away from where it was, so that what followed an answer seems to have
//! come before it. Refuses to call anything a breach that such rounding alone may show.

use letterproof_model::{Exchange, Journal};

use crate::calls::Micros;
use crate::index::Traffic;

/// The unit of a coarse recording.
const COARSE: Micros = 1_000;

/// How far an end may lie from a start it is held against: nothing, unless every call of the
/// journal began at a whole millisecond or took whole milliseconds, which a finer clock does not
/// bring about by chance.
pub(crate) fn slack(journal: &dyn Journal) -> Micros {
    let began = |exchange: &Exchange| exchange.started.as_microsecond();
    let took = |exchange: &Exchange| exchange.finished().as_microsecond() - began(exchange);
    let calls = || journal.exchanges().iter();
    let coarse = calls().all(|call| began(&call) % COARSE == 0)
        || calls().all(|call| took(&call) % COARSE == 0);
    if coarse { 2 * COARSE } else { 0 }
}

impl Traffic {
    /// How far apart two times may seem that were the same.
    pub const fn slack(&self) -> Micros {
        self.slack
    }

    /// Whether something that began then certainly began before the other thing had ended.
    pub const fn overlaps(&self, began: Micros, ended: Micros) -> bool {
        began.saturating_add(self.slack) < ended
    }

    /// Whether something that began then certainly began after the other thing had ended.
    pub const fn follows(&self, began: Micros, ended: Micros) -> bool {
        began >= ended.saturating_add(self.slack)
    }

    /// When an answer counts as seen: at its end, or in a coarse recording so much earlier that
    /// nothing done because of it seems to have been done before it.
    pub(crate) fn seen_at(&self, started: Micros, finished: Micros) -> Micros {
        finished.saturating_sub(self.slack).max(started)
    }
}
