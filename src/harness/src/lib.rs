//! What a run, a reviewer and a pipeline ask for: a run, a load or a witness from its folder to its
//! bundle; a plan of it; what was interrupted, continued; a bundle judged again; readiness, gates,
//! reconciliation with a gateway's log, differences.
//!
//! It joins what stands side by side below it (client, mock, witness, load, steps, evidence, judges,
//! reports), and knows nothing of arguments, terminals and exit codes.

mod diff;
mod embedded;
mod folder;
mod gate;
mod imported;
mod ledgers;
mod load;
mod markdown;
mod planned;
mod readiness;
mod reconcile;
mod resume;
mod run;
mod smoke;
mod stamping;
mod told;
mod verify;
mod waivers;
mod watch;

pub use diff::{DIFF_FORMAT, Difference, DifferenceKind, diff};
pub use embedded::{Embedded, MockSettings, api_key_in, write_credentials};
pub use folder::{
    begin_journal, built_in, close, discarded, new_folder, official, refuse_other_specification,
    same_key, signing_key, write_reports, write_up,
};
pub use gate::{Demand, Demands, gate};
pub use imported::Judging;
pub use ledgers::{LedgerPlace, forget};
pub use load::{Load, at15_runs};
pub use markdown::{gate_summary, readiness_markdown};
pub use planned::{Counted, Planned, shortage};
pub use readiness::{
    FailureLine, Issue, Need, READINESS_FORMAT, Readiness, RunLine, StatementLine, Submission,
    TestLine, Whose, readiness,
};
pub use reconcile::{
    BundleOnly, Differing, GatewayOnly, MatchedBy, Odds, Picked, RECONCILIATION_FORMAT,
    Reconciliation, SAMPLE_FORMAT, Said, Sample, intact_journal, mark_reconciled, reconcile,
    sample,
};
pub use resume::{Asked, Broken, Suite, is_embedded};
pub use run::{Agree, Place, Run};
pub use smoke::Smoke;
pub use stamping::stamp_of;
pub use told::{Failure, Onlooker, StopRequest};
pub use verify::{Conclusion, StampSeen, VERIFICATION_FORMAT, Verification, Verifying, verify};
pub use waivers::read_waivers;
pub use watch::{Stand, Watch};
