//! The final sweep: what moved in a run is read once more at its end, with a sample of what should
//! not have moved, so that a status which goes back later is not noticed by chance alone.
//!
//! Its reads are ordinary exchanges at the limit's pace, made before anything is judged. Letters
//! that a new seeding replaces are swept before the first one; of later ones only the last seeding's
//! are left. The journal says what was not read.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use letterproof_client::ClientError;
use letterproof_model::{Capability, LetterId, Mark, Timestamp, now};
use letterproof_traffic::{FIRST_LOOK, SAMPLE, SWEEP, Sweep};

use crate::{Stage, StepEvent};

/// What a run knows of its sweeps; clones share it.
#[derive(Debug, Clone, Default)]
pub struct Sweeper(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    seed: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The letters that have been read a first time.
    looked: HashSet<LetterId>,
    /// When the target was last seeded anew.
    seeded: Option<Timestamp>,
}

impl Sweeper {
    /// The sweeps of the run of this id, by which its sample is drawn.
    #[must_use]
    pub fn of_run(id: &str) -> Self {
        Self(Arc::new(Shared { seed: id.to_owned(), state: Mutex::default() }))
    }

    fn with<T>(&self, ask: impl FnOnce(&mut State) -> T) -> T {
        ask(&mut self.0.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn seeded(&self) -> Option<Timestamp> {
        self.with(|state| state.seeded)
    }

    /// Takes in that the target is seeded anew; tells whether it is the first time.
    fn note_seeding(&self) -> bool {
        self.with(|state| state.seeded.replace(now()).is_none())
    }
}

/// What is to be read of the present seeding; nothing on a target that keeps no state.
fn due(stage: &Stage, seeded: Option<Timestamp>) -> Sweep {
    if !stage.supplier.context().has(Capability::Stateful) {
        return Sweep::default();
    }
    let since = seeded.map_or(i64::MIN, Timestamp::as_microsecond);
    stage.bench.sweep(since, &stage.sweeper.0.seed)
}

/// Reads the sample a first time as soon as letters were listed: only what was read before can be
/// seen to have changed.
pub(crate) async fn look_first(stage: &Stage) {
    let fresh: Vec<LetterId> = stage.sweeper.with(|state| {
        let room = SAMPLE.saturating_sub(state.looked.len());
        let still = if room == 0 { Vec::new() } else { due(stage, state.seeded).still };
        still.into_iter().filter(|id| state.looked.insert(id.clone())).take(room).collect()
    });
    let asked = fresh.len();
    let (read, ended) = stage.supplier.read_once(fresh, FIRST_LOOK).await;
    if let Err(error) = ended {
        note(stage, format!("of {asked} letters that should not change {read} were read; {error}"));
    }
}

/// Sweeps what is there before the target is seeded anew for the first time.
pub(crate) async fn before_seeding(stage: &Stage) {
    let due = due(stage, stage.sweeper.seeded());
    let moved = due.moved.len();
    if stage.sweeper.note_seeding() {
        read(stage, due).await;
        // What was read meanwhile belongs to the seeding that goes.
        stage.sweeper.note_seeding();
    } else if moved > 0 {
        let text = format!("{moved} letters that moved were seeded again and not read once more");
        note(stage, text);
    }
}

/// Reads everything that moved, and the sample, once more. A run that was stopped says only what it
/// did not read.
pub async fn sweep(stage: &Stage) {
    let due = due(stage, stage.sweeper.seeded());
    match stage.bench.stopped() {
        Some(_) if due.moved.is_empty() => {}
        Some(_) => {
            let moved = due.moved.len();
            let text =
                format!("no final sweep: {moved} letters that moved were not read once more");
            note(stage, text);
        }
        None => read(stage, due).await,
    }
}

async fn read(stage: &Stage, due: Sweep) {
    if due.moved.is_empty() {
        return;
    }
    let asked = due.moved.len() + due.still.len();
    let (read, ended) = stage.supplier.read_once([due.moved, due.still].concat(), SWEEP).await;
    if let Err(error) = ended {
        note(stage, broken_off(&format!("of {asked} letters {read} were read once more"), &error));
    }
}

fn broken_off(read: &str, error: &ClientError) -> String {
    format!("the final sweep stopped early: {read}; {error}")
}

fn note(stage: &Stage, text: String) {
    (stage.on_event)(StepEvent::Noted { text: text.clone() });
    if let Err(error) = stage.recorder.mark(Mark::note(now(), text)) {
        stage.bench.stop(error.message);
    }
}
