//! The words of letterproof: exchanges, criteria, verdicts, letter statuses and reasons.
//!
//! Everything that two crates say to each other is said in these types, so that a driven run, a
//! witnessed run and a reviewer's laptop mean the same thing by "exchange" and "verdict". No I/O, no
//! async and no HTTP types: what needs a socket or a file lives elsewhere.

mod body;
mod brief;
mod context;
mod exchange;
mod ids;
mod journal;
mod judgement;
mod operation;
mod outside_text;
mod pack;
mod raw;
mod recording;
mod results;
mod shared;
mod spool;
mod standing;
mod status;
pub mod text;
mod verdict;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

pub use body::{Body, Content, Document};
pub use brief::{Brief, NOT_STATED, RunEnd, Selection, Who, WindowDates, stated};
pub use context::{
    Capability, Context, SpecificationKind, SpecificationMeaning, correlation_prefix,
    host_of_target, is_misnamed,
};
pub use exchange::{
    Actor, Connection, Direction, Exchange, Header, Outcome, PackId, Request, Response,
    TransportError, TransportErrorKind, header_value,
};
pub use ids::{
    CorrelationId, CriterionId, ExchangeId, GroupId, LetterId, MiId, RequestId, RunId,
    SpecificationId, TestId, UnknownTest,
};
pub use jiff::Timestamp;
pub use journal::{
    Journal, LastAttempt, Mark, MarkKind, RecordError, Recorder, ScenarioOutcome, last_attempts,
};
pub use judgement::{
    Judgement, Strict, Waiver, WaiverState, WaiverUse, exit_code, is_waived, unwaived_verdict,
    use_waivers,
};
pub use operation::{Operation, Route};
pub use outside_text::{
    TextError, csv_line, decode_text, is_desktop_leftover, is_device_name, is_hidden, is_masked,
    masked, masked_length, other_encoding, plain_name, visible, visible_json, visible_lines,
    without_mark,
};
pub use pack::{
    Clause, EVIDENCE_ONLY, PACK_VERSION, RETIRED, TestDefinition, clause, pack, test_definition,
};
pub use raw::{RawBody, RawExchange, RawOutcome, RawRequest, RawResponse};
pub use recording::{EachExchange, ExchangeRef, Exchanges, Kept, Recording};
pub use results::{
    Attempt, CheckResult, Counts, PackInfo, Performance, RESULTS_FORMAT, Results, RunInfo, Span,
    Stamp, SupplierKind, TargetInfo, TestResult, ToolInfo,
};
pub use shared::SharedText;
pub use spool::{OpenStore, Spool, Store};
pub use standing::{MOCK_HEADER, Place, Proof, SeenHost, Standing};
pub use status::{
    LetterStatus, Move, ReturnReason, UnknownStatus, bare_reason, is_return_reason, judge_move,
    return_reason_text,
};
pub use text::{grouped, nearest};
pub use verdict::{
    About, ClauseKind, CriterionResult, EXCHANGES_SHOWN, Finding, FindingKind, Mode, PackRow,
    Strength, Verdict, fold_findings,
};

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
