//! The words of letterproof: exchanges, criteria, verdicts, letter statuses and reasons.
//!
//! Everything that two crates say to each other is said in these types, so that a driven run, a
//! witnessed run and a reviewer's laptop mean the same thing by "exchange" and "verdict".
//! Refuses: I/O, async and HTTP types. A type that needs a socket or a file lives elsewhere.

mod body;
mod brief;
mod capability;
mod context;
mod criterion;
mod csv;
mod exchange;
mod file_name;
mod finding;
mod grouped;
mod hosts;
mod ids;
mod journal;
mod judgement;
mod masked;
mod near;
mod operation;
mod pack;
mod raw;
mod reason;
mod recording;
mod results;
mod shared;
mod spool;
mod stamp;
mod standing;
mod status;
mod strict;
pub mod text;
mod text_file;
mod verdict;
mod visible;
mod waiver;
mod who;

pub use body::{Body, Content, Document};
pub use brief::{Brief, RunEnd, Selection};
pub use capability::Capability;
pub use context::{Context, SpecificationKind, SpecificationMeaning};
pub use criterion::{ClauseKind, CriterionResult, EXCHANGES_SHOWN, PackRow, Strength};
pub use csv::csv_line;
pub use exchange::{
    Actor, Connection, Direction, Exchange, Header, Outcome, PackId, Request, Response,
    TransportError, TransportErrorKind, header_value,
};
pub use file_name::{is_device_name, plain_name};
pub use finding::{About, Finding, FindingKind, fold_findings};
pub use grouped::grouped;
pub use hosts::{correlation_prefix, host_of_target, is_misnamed};
pub use ids::{
    CorrelationId, CriterionId, ExchangeId, GroupId, LetterId, MiId, RequestId, RunId,
    SpecificationId, TestId, UnknownTest,
};
pub use journal::{
    Journal, LastAttempt, Mark, MarkKind, RecordError, Recorder, ScenarioOutcome, last_attempts,
};
pub use judgement::{Judgement, exit_code, is_waived, unwaived_verdict};
pub use masked::{is_masked, masked, masked_length};
pub use near::nearest;
pub use operation::{Operation, Route};
pub use pack::{
    Clause, EVIDENCE_ONLY, PACK_VERSION, RETIRED, TestDefinition, clause, pack, test_definition,
};
pub use raw::{RawBody, RawExchange, RawOutcome, RawRequest, RawResponse};
pub use reason::{ReturnReason, bare_reason, is_return_reason, return_reason_text};
pub use recording::{EachExchange, ExchangeRef, Exchanges, Kept, Recording};
pub use results::{
    Attempt, CheckResult, Counts, PackInfo, Performance, RESULTS_FORMAT, Results, RunInfo, Span,
    SupplierKind, TargetInfo, TestResult, ToolInfo,
};
pub use shared::SharedText;
pub use spool::{OpenStore, Spool, Store};
pub use stamp::Stamp;
pub use standing::{MOCK_HEADER, Place, Proof, SeenHost, Standing};
pub use status::{LetterStatus, Move, UnknownStatus, judge_move};
pub use strict::Strict;
pub use text_file::{TextError, decode_text, is_desktop_leftover, other_encoding, without_mark};
pub use verdict::{Mode, Verdict};
pub use visible::{is_hidden, visible, visible_json, visible_lines};
pub use waiver::{Waiver, WaiverState, WaiverUse, use_waivers};
pub use who::{NOT_STATED, Who, WindowDates, stated};

pub use jiff::Timestamp;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// The present moment, cut to whole microseconds, the precision of every recorded time.
///
/// The clock is read once for each process and carried on by the monotonic one, so that recorded
/// times never run backwards, also when the system's clock is set meanwhile.
#[must_use]
pub fn now() -> Timestamp {
    static START: OnceLock<(Instant, Timestamp)> = OnceLock::new();
    let (instant, clock) = START.get_or_init(|| (Instant::now(), Timestamp::now()));
    let exact = clock.checked_add(instant.elapsed()).unwrap_or(Timestamp::MAX);
    let micros = exact.as_microsecond().saturating_add(AHEAD.load(Ordering::Relaxed));
    Timestamp::from_microsecond(micros).unwrap_or(exact)
}

/// By how many microseconds recorded times are ahead of the clock that was read.
static AHEAD: AtomicI64 = AtomicI64::new(0);

/// Has the times that this process records go on after `last`, the last one recorded before it; by how
/// many seconds the clock stands before that. `None` where it does not, and nothing changes.
pub fn go_on_after(last: Timestamp) -> Option<i64> {
    let behind = last.as_microsecond() - now().as_microsecond();
    if behind <= 0 {
        return None;
    }
    AHEAD.fetch_add(behind, Ordering::Relaxed);
    Some(behind / 1_000_000)
}

#[cfg(test)]
mod samples;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn the_present_moment_is_that_of_the_systems_clock_in_whole_microseconds() {
        let apart = now().duration_since(Timestamp::now()).abs();
        assert!(apart < SignedDuration::from_hours(1), "{apart} apart");
        for _ in 0..100 {
            assert_eq!(now().subsec_nanosecond() % 1_000, 0);
        }
    }

    #[test]
    fn times_go_on_after_the_last_one_that_was_recorded() {
        assert_eq!(go_on_after(now()), None);
        // Half a second between the calls may pass before it is another whole one.
        let last = now().checked_add(SignedDuration::from_millis(2_500)).unwrap();
        assert_eq!(go_on_after(last), Some(2));
        let moment = now();
        assert!(moment >= last && moment.duration_since(last) < SignedDuration::from_secs(60));
        assert_eq!(go_on_after(last), None);
    }

    #[test]
    fn the_present_moment_moves_on_and_never_back() {
        let earlier = now();
        std::thread::sleep(Duration::from_millis(2));
        let times: Vec<_> = (0..100).map(|_| now()).collect();
        assert!(times[0].duration_since(earlier) >= SignedDuration::from_millis(1));
        assert!(times.is_sorted());
    }
}
