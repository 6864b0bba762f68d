//! Which letters are read once more when the work is over: those that moved, and a sample of those
//! that should not have.
//! The same run always chooses the same letters.

use std::cmp::Reverse;
use std::collections::HashSet;

use letterproof_model::{LetterId, Operation};

use crate::calls::Micros;
use crate::index::Traffic;
use crate::letters::{EventKind, Letter, LetterIx};

/// The scenario under which a final sweep's reads are recorded.
pub const SWEEP: &str = "Final sweep";

/// The scenario under which letters that should not change are read a first time.
pub const FIRST_LOOK: &str = "First look";

/// So many letters that should not have changed are read at most.
pub const SAMPLE: usize = 50;

/// The letters of a final sweep.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// Letters for which an update was sent that was not refused.
    pub moved: Vec<LetterId>,
    /// The sample of those for which none was sent; letters read before come first, since they can
    /// be compared.
    pub still: Vec<LetterId>,
    /// How many letters moved of which only an earlier seeding knows.
    pub gone: usize,
}

impl Traffic {
    /// The letters that a final sweep reads, each once: those known since `since` (microseconds
    /// since the epoch; the last seeding) and not swept after their last update. The sample is drawn
    /// by `seed`.
    #[must_use]
    pub fn sweep(&self, since: Micros, seed: &str) -> Sweep {
        let mut sweep = Sweep::default();
        let mut still: Vec<(bool, u64, LetterIx)> = Vec::new();
        let patched = self.patched();
        for (ix, letter) in self.letters().filter(|(_, letter)| letter.described) {
            let current = letter.events.first().is_some_and(|event| event.at >= since);
            let moved = letter.was_moved();
            if !current {
                sweep.gone += usize::from(moved);
            } else if moved {
                if !self.was_swept(letter) {
                    sweep.moved.push(self.letter_id(ix));
                }
            } else if letter.events.iter().any(|event| event.is_listed())
                && letter.updates().next().is_none()
                && !patched.contains(&ix)
                && !self.was_swept(letter)
            {
                let read = letter.events.iter().any(|event| event.shows().is_some());
                still.push((read, drawn(seed, self.id_text(ix)), ix));
            }
        }
        still.sort_unstable_by_key(|(read, number, _)| (Reverse(*read), *number));
        still.truncate(SAMPLE);
        sweep.still = still.into_iter().map(|(.., ix)| self.letter_id(ix)).collect();
        sweep
    }

    /// Whether a letter was read by a final sweep after the last update sent for it.
    fn was_swept(&self, letter: &Letter) -> bool {
        letter
            .events
            .iter()
            .rev()
            .take_while(|event| !matches!(event.kind, EventKind::Sent(_)))
            .any(|event| {
                matches!(event.kind, EventKind::Read(..))
                    && self.label(event.call) == Some(SWEEP)
                    && !self.call(event.call).by_supplier()
            })
    }

    /// The letters that a PATCH named, whatever its body said.
    #[must_use]
    pub fn patched(&self) -> HashSet<LetterIx> {
        let patches = self.recorded().filter(|call| call.operation == Operation::PatchLetter);
        patches.filter_map(|call| call.letter).collect()
    }
}

/// A letter's number in the draw (FNV-1a over the seed and its id).
fn drawn(seed: &str, id: &str) -> u64 {
    seed.bytes().chain([0]).chain(id.bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
