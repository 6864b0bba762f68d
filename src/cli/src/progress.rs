//! Progress on stderr: a live line on a terminal, else a plain line every few seconds.
//! Refuses stdout, which belongs to results.

use std::io::IsTerminal as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use letterproof_client::ProgressEvent;
use letterproof_evidence::RunFolder;
use letterproof_load::LoadProgress;
use letterproof_steps::StepEvent;

/// Between two plain lines, when stderr is no terminal.
const PLAIN_EVERY: Duration = Duration::from_secs(3);

/// Shows what is going on; cheap to clone.
#[derive(Clone)]
pub(crate) struct Progress {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    bar: Option<ProgressBar>,
    started: Instant,
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
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {elapsed} {wide_msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let shared = Shared { bar, started: Instant::now(), last_plain: None, running: Vec::new() };
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

    /// Takes the live line away.
    pub(crate) fn finish(&self) {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = &shared.bar {
            bar.finish_and_clear();
        }
    }
}

impl Shared {
    #[expect(clippy::print_stderr, reason = "progress for logs goes to stderr")]
    fn line(&mut self, text: &str, important: bool) {
        if let Some(bar) = &self.bar {
            bar.set_message(text.to_owned());
        } else if important || self.last_plain.is_none_or(|last| last.elapsed() >= PLAIN_EVERY) {
            self.last_plain = Some(Instant::now());
            eprintln!("{:6.1}s {text}", self.started.elapsed().as_secs_f64());
        }
    }

    #[expect(clippy::print_stderr, reason = "progress for logs goes to stderr")]
    fn keep(&mut self, text: &str) {
        let line = format!("{:6.1}s {text}", self.started.elapsed().as_secs_f64());
        match &self.bar {
            Some(bar) => bar.suspend(|| eprintln!("{line}")),
            None => eprintln!("{line}"),
        }
    }
}

/// `AT4` of `AT4 A list …`.
fn test_of(scenario: &str) -> &str {
    scenario.split(' ').next().unwrap_or(scenario)
}
