//! One run on a runtime of its own.
//! Refuses to let it harm another: a panic, or a run that never ends, is its own end and no other's.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use letterproof_model::{Brief, Recording, Results};

use crate::judges::Judges;
use crate::quiet;

/// Drives a run to its end and judges it. Blocks meanwhile.
///
/// # Errors
/// Why it broke, in one sentence.
pub(crate) fn judged(
    driving: impl Future<Output = Result<(Recording, Brief), String>>,
    longest: Duration,
    judges: &Judges,
) -> Result<Results, String> {
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let driven = runtime.block_on(async {
            tokio::time::timeout(longest, driving)
                .await
                .unwrap_or_else(|_| Err(format!("it had not ended after {} s", longest.as_secs())))
        });
        // Connections still open must not hold up the next run.
        runtime.shutdown_background();
        let (recording, brief) = driven?;
        Ok(judges(&recording, &brief))
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(quiet::words(panic.as_ref())))
}
