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
mod operation;
mod pack;
mod raw;
mod reason;
mod results;
mod stamp;
mod standing;
mod status;
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
    Journal, LastAttempt, Mark, MarkKind, RecordError, Recorder, Recording, ScenarioOutcome,
    last_attempts,
};
pub use judgement::{Judgement, exit_code, is_waived, unwaived_verdict};
pub use masked::{is_masked, masked, masked_length};
pub use operation::{Operation, Route};
pub use pack::{
    Clause, EVIDENCE_ONLY, PACK_VERSION, RETIRED, TestDefinition, clause, pack, test_definition,
};
pub use raw::{RawBody, RawExchange, RawOutcome, RawRequest, RawResponse};
pub use reason::{ReturnReason, bare_reason, is_return_reason, return_reason_text};
pub use results::{
    Attempt, CheckResult, Counts, PackInfo, Performance, RESULTS_FORMAT, Results, RunInfo,
    SupplierKind, TargetInfo, TestResult, ToolInfo,
};
pub use stamp::Stamp;
pub use standing::{MOCK_HEADER, Place, Proof, SeenHost, Standing};
pub use status::{LetterStatus, Move, UnknownStatus, judge_move};
pub use text_file::{TextError, decode_text, is_desktop_leftover, other_encoding, without_mark};
pub use verdict::{Mode, Verdict};
pub use visible::{is_hidden, visible, visible_json, visible_lines};
pub use waiver::{Waiver, WaiverState, WaiverUse, use_waivers};
pub use who::{NOT_STATED, Who, WindowDates, stated};

pub use jiff::Timestamp;

use std::sync::OnceLock;
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
    Timestamp::from_microsecond(exact.as_microsecond()).unwrap_or(exact)
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
    fn the_present_moment_moves_on_and_never_back() {
        let earlier = now();
        std::thread::sleep(Duration::from_millis(2));
        let times: Vec<_> = (0..100).map(|_| now()).collect();
        assert!(times[0].duration_since(earlier) >= SignedDuration::from_millis(1));
        assert!(times.is_sorted());
    }
}
