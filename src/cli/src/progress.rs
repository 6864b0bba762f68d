//! Progress on stderr: a live line on a terminal, else a plain line every few seconds, also while
//! nothing happens: what is waited for is said again, with how long it has been. Stdout belongs to
//! results.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use letterproof_evidence::RunFolder;
use letterproof_harness::{Onlooker, StopRequest};
use letterproof_load::LoadProgress;
use letterproof_model::ScenarioOutcome;
use letterproof_reference_supplier::ProgressEvent;
use letterproof_steps::StepEvent;

use crate::out::{Live, Text};
use crate::process;

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(3);
/// Without a word for so long, what is waited for is said again: within three seconds.
const SILENT: Duration = Duration::from_secs(2);
/// Between two looks at how long nothing was said.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Shows what is going on; cheap to clone.
#[derive(Clone)]
pub(crate) struct Progress {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    live: Live,
    last_plain: Option<Instant>,
    running: Vec<String>,
    /// What was told last, and when.
    latest: Option<(String, Instant)>,
    /// When something was last printed, or there was nothing yet to print.
    heard: Instant,
    is_over: bool,
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

/// Tells something while nothing else is shown.
pub(crate) fn told(words: &str) {
    let progress = Progress::start();
    progress.note(words);
    progress.finish();
}

impl Progress {
    /// Progress for a person at a terminal, or for a log.
    pub(crate) fn start() -> Self {
        let tick = Duration::from_millis(120);
        let live = Live::start("{spinner} {elapsed} {wide_msg}", Some(tick));
        // At a terminal it is seen anyway.
        let is_logged = !live.is_live();
        let shared = Shared {
            live,
            last_plain: None,
            running: Vec::new(),
            latest: None,
            heard: Instant::now(),
            is_over: false,
        };
        let shared = Arc::new(Mutex::new(shared));
        if is_logged {
            keep_speaking(Arc::downgrade(&shared));
        }
        Self { shared }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is waited for from now on: seen on a terminal at once, in a log once it takes a while.
    pub(crate) fn waiting(&self, text: &str) {
        let mut shared = self.shared();
        shared.live.show(&Text::of(text));
        shared.latest = Some((text.to_owned(), Instant::now()));
    }

    /// How far a load is.
    pub(crate) fn load(&self, state: &LoadProgress) {
        let mut shared = self.shared();
        shared.line(&state.to_string(), false);
    }

    /// A scenario or step began or ended.
    pub(crate) fn scenario(&self, event: StepEvent) {
        let mut shared = self.shared();
        match event {
            StepEvent::Started { scenario } => {
                shared.line(&format!("{scenario} …"), true);
                shared.running.push(scenario);
            }
            StepEvent::Step { scenario, step } => {
                shared.line(&format!("{}  {step}", test_of(&scenario)), false);
            }
            StepEvent::Finished { scenario, outcome } => {
                shared.running.retain(|name| *name != scenario);
                let word = match outcome {
                    ScenarioOutcome::Succeeded | ScenarioOutcome::ByHand => "done",
                    ScenarioOutcome::Failed(_) => "NOT as it should be",
                    ScenarioOutcome::Stopped(_) => CUT,
                };
                shared.keep(&format!("{scenario}: {word}"));
            }
            StepEvent::Noted { text } => shared.keep(&text),
        }
    }

    /// Nothing more comes of the scenarios that are under way.
    pub(crate) fn cut_off(&self) {
        let mut shared = self.shared();
        for scenario in std::mem::take(&mut shared.running) {
            shared.keep(&format!("{scenario}: {CUT}"));
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
        self.shared().line(&text, false);
    }

    /// A line that says how far a long piece of work is.
    pub(crate) fn passing(&self, text: &str) {
        self.shared().line(text, false);
    }

    /// A line worth keeping on screen and in a log.
    pub(crate) fn note(&self, text: &str) {
        self.shared().keep(text);
    }

    /// Does something with the live line out of the way.
    pub(crate) fn silent<T>(&self, what: impl FnOnce() -> T) -> T {
        let live = self.shared().live.clone();
        // Not suspended, which would hold up everybody who has progress to tell.
        live.hide();
        let done = what();
        live.show_again();
        done
    }

    /// Takes the live line away.
    pub(crate) fn finish(&self) {
        let mut shared = self.shared();
        shared.is_over = true;
        shared.live.finish();
    }
}

impl Onlooker for Progress {
    fn note(&self, text: &str) {
        Self::note(self, text);
    }

    fn waiting(&self, text: &str) {
        Self::waiting(self, text);
    }

    fn doing(&self, event: &ProgressEvent) {
        Self::doing(self, event);
    }

    fn scenario(&self, event: StepEvent) {
        Self::scenario(self, event);
    }

    fn load(&self, progress: &LoadProgress) {
        Self::load(self, progress);
    }

    fn cut_off(&self) {
        Self::cut_off(self);
    }

    fn stop_request(&self, last_words: String) -> StopRequest {
        process::stop_request(last_words)
    }
}

impl Shared {
    fn line(&mut self, text: &str, important: bool) {
        self.latest = Some((text.to_owned(), Instant::now()));
        if self.live.is_live() {
            self.live.show(&Text::of(text));
        } else if important || self.last_plain.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
            self.last_plain = Some(Instant::now());
            self.keep(text);
        }
    }

    fn keep(&mut self, text: &str) {
        self.heard = Instant::now();
        self.live.keep(text);
    }

    /// Says again what is waited for, where that was not heard for a while.
    fn speak_up(&mut self) {
        if self.live.is_live() || self.heard.elapsed() < SILENT {
            return;
        }
        if let Some((text, since)) = &self.latest {
            let line = match since.elapsed().as_secs() {
                0 => text.clone(),
                waited => format!("{text} ({waited} s by now)"),
            };
            self.keep(&line);
        }
    }
}

/// Looks after what is shown, until nobody shows anything any more.
fn keep_speaking(shared: Weak<Mutex<Shared>>) {
    let look = move || {
        while let Some(shared) = shared.upgrade() {
            let mut shared_now = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if shared_now.is_over {
                return;
            }
            shared_now.speak_up();
            drop(shared_now);
            drop(shared);
            std::thread::sleep(LOOK_EVERY);
        }
    };
    // Where no thread can be had there are no such lines; the work goes on.
    let _ = std::thread::Builder::new().name("progress".to_owned()).spawn(look);
}

/// What became of a scenario that the run's end came before.
const CUT: &str = "cut off before its end";

/// `AT4` of `AT4 A list …`.
fn test_of(scenario: &str) -> &str {
    scenario.split(' ').next().unwrap_or(scenario)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_waited_for_is_said_again_within_three_seconds() {
        assert!(SILENT + LOOK_EVERY < Duration::from_secs(3));
        let progress = Progress::start();
        progress.waiting("waiting for an answer");
        let began = Instant::now();
        let heard = progress.shared().heard;
        while progress.shared().heard == heard && !progress.shared().live.is_live() {
            assert!(began.elapsed() < Duration::from_secs(10), "nothing was said");
            std::thread::sleep(Duration::from_millis(50));
        }
        progress.finish();
    }
}
