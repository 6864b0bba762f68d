//! What goose takes of the whole process, taken first: the Ctrl-C handler and the global logger.
//!
//! Goose installs a Ctrl-C handler that ends the process at the second press, and a logger that
//! writes to stdout. Both can only be installed once, so the harness is there before: its handler
//! stops the load runs of this process, and its logger says nothing where no other is in place.
//! Refuses to end the process: that is for the command to do.

use std::sync::OnceLock;

use crate::stop::StopHandle;

struct Nothing;

impl log::Log for Nothing {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _: &log::Record<'_>) {}

    fn flush(&self) {}
}

/// Takes Ctrl-C and the logger before goose can; later calls change nothing.
///
/// A command that listens to Ctrl-C itself calls this *before* it does (on Unix the later listener
/// hears of it first and passes it on). Without that call, a load run makes it, and Ctrl-C reaches
/// only load runs from then on.
pub fn claim_process_hooks() {
    ctrl_c();
}

/// What Ctrl-C asks to stop in this process.
pub(crate) fn ctrl_c() -> &'static StopHandle {
    static CTRL_C: OnceLock<StopHandle> = OnceLock::new();
    CTRL_C.get_or_init(|| {
        // A logger that is in place already keeps goose's out just as well.
        let _ = log::set_logger(&Nothing);
        let pressed = StopHandle::new();
        let told = pressed.clone();
        // Where signals cannot be had, goose cannot take them either.
        let _ = ctrlc::set_handler(move || told.stop());
        pressed
    })
}
