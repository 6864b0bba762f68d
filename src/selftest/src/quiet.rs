//! Keeps panics from being told on stderr while trials run.
//!
//! A step of a feature that fails is a panic to the runner of features, which silences the
//! process's panic hook for the time of one run; runs side by side would take it from each other.
//! Refuses to lose a panic of the harness: it ends the trial it happened in, with its words.

use std::any::Any;
use std::panic::{self, PanicHookInfo};

use parking_lot::Mutex;

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync + 'static>;

/// How many want quiet, and the hook that was there before the first of them.
static WANTED: Mutex<(usize, Option<Hook>)> = Mutex::new((0, None));

/// Panics are silent until every one of these is dropped.
pub(crate) struct Quiet(());

impl Quiet {
    /// Silences panics.
    pub(crate) fn please() -> Self {
        let mut wanted = WANTED.lock();
        if wanted.0 == 0 {
            wanted.1 = Some(panic::take_hook());
            panic::set_hook(Box::new(|_| {}));
        }
        wanted.0 += 1;
        Self(())
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let mut wanted = WANTED.lock();
        wanted.0 -= 1;
        let last = wanted.0 == 0 && !std::thread::panicking();
        if let Some(usual) = wanted.1.take_if(|_| last) {
            panic::set_hook(usual);
        }
    }
}

/// What a panic said.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let said = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the harness panicked: {}", said.unwrap_or("without a word"))
}
