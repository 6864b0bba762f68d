//! Progress on stderr: a live line on a terminal, else a plain line every few seconds.
//! Refuses stdout, which belongs to results.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use letterproof_client::ProgressEvent;
use letterproof_evidence::RunFolder;
use letterproof_load::LoadProgress;
use letterproof_steps::StepEvent;

use crate::out::{Live, Text};

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(3);

/// Shows what is going on; cheap to clone.
#[derive(Clone)]
pub(crate) struct Progress {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    live: Live,
    last_plain: Option<Instant>,
    running: Vec<String>,
}

/// Tells what killed runs left in the place where a run's folder was made or opened.
pub(crate) fn tell_leftovers(folder: &RunFolder) {
    if folder.leftovers().is_empty() {
        return;
    }
    let progress = Progress::start();
    folder.leftovers().iter().for_each(|words| progress.note(words));
    progress.finish();
}

impl Progress {
    /// Progress for a person at a terminal, or for a log.
    pub(crate) fn start() -> Self {
        let tick = Duration::from_millis(120);
        let live = Live::start("{spinner} {elapsed} {wide_msg}", Some(tick));
        let shared = Shared { live, last_plain: None, running: Vec::new() };
        Self { shared: Arc::new(Mutex::new(shared)) }
    }

    /// How far a load is.
    pub(crate) fn load(&self, state: &LoadProgress) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.line(&state.to_string(), false);
    }

    /// A scenario or step began or ended.
    pub(crate) fn scenario(&self, event: StepEvent) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            StepEvent::Started { scenario } => {
                shared.line(&format!("{scenario} …"), true);
                shared.running.push(scenario);
            }
            StepEvent::Step { scenario, step } => {
                shared.line(&format!("{}  {step}", test_of(&scenario)), false);
            }
            StepEvent::Finished { scenario, passed } => {
                shared.running.retain(|name| *name != scenario);
                let word = if passed { "done" } else { "NOT as it should be" };
                shared.keep(&format!("{scenario}: {word}"));
            }
            StepEvent::Noted { text } => shared.keep(&text),
        }
    }

    /// The supplier is in the middle of something.
    pub(crate) fn doing(&self, event: &ProgressEvent) {
        let mut text = event.what.clone();
        match event.total {
            Some(total) => text.push_str(&format!(" {}/{total}", event.done)),
            None => text.push_str(&format!(" {}", event.done)),
        }
        if let Some(left) = event.remaining {
            text.push_str(&format!(", {:.0} s left", left.as_secs_f64().ceil()));
        }
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).line(&text, false);
    }

    /// A line that says how far a long piece of work is.
    pub(crate) fn passing(&self, text: &str) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).line(text, false);
    }

    /// A line worth keeping on screen and in a log.
    pub(crate) fn note(&self, text: &str) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).keep(text);
    }

    /// Does something with the live line out of the way.
    pub(crate) fn silent<T>(&self, what: impl FnOnce() -> T) -> T {
        let live = self.shared.lock().unwrap_or_else(PoisonError::into_inner).live.clone();
        // Not suspended, which would hold up everybody who has progress to tell.
        live.hide();
        let done = what();
        live.show_again();
        done
    }

    /// Takes the live line away.
    pub(crate) fn finish(&self) {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.live.finish();
    }
}

impl Shared {
    fn line(&mut self, text: &str, important: bool) {
        if self.live.is_live() {
            self.live.show(&Text::of(text));
        } else if important || self.last_plain.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
            self.last_plain = Some(Instant::now());
            self.live.keep(text);
        }
    }

    fn keep(&mut self, text: &str) {
        self.live.keep(text);
    }
}

/// `AT4` of `AT4 A list …`.
fn test_of(scenario: &str) -> &str {
    scenario.split(' ').next().unwrap_or(scenario)
}
