//! Times in which nobody was watching: from a run's breaking off to its going on.
//! They are not counted as the target's: a status that could not be read was not late.

use letterproof_model::Timestamp;

use crate::calls::Micros;
use crate::index::Traffic;

impl Traffic {
    /// Takes in that the run went on at this time after it had broken off: nobody was watching
    /// since the last exchange before.
    pub fn resumed(&mut self, at: Timestamp) {
        let at = at.as_microsecond();
        let before = self.calls().map(|(_, call)| call.finished).filter(|end| *end <= at).max();
        if let Some(before) = before {
            self.pauses.push((before, at));
            self.pauses.sort_unstable();
        }
    }

    /// From when to when nobody was watching, by time.
    #[must_use]
    pub fn pauses(&self) -> &[(Micros, Micros)] {
        &self.pauses
    }

    /// The end of a time that counts only while somebody was watching.
    pub fn deadline(&self, from: Micros, length: Micros) -> Micros {
        self.pauses.iter().fold(from.saturating_add(length), |end, (begun, ended)| {
            if *begun < end { end + (ended - begun.max(&from)).max(0) } else { end }
        })
    }

    /// How much of a time somebody was watching.
    pub fn watched(&self, from: Micros, to: Micros) -> Micros {
        let paused: Micros = self
            .pauses
            .iter()
            .map(|(begun, ended)| (to.min(*ended) - from.max(*begun)).max(0))
            .sum();
        to - from - paused
    }
}
