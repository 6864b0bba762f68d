//! The conformance suite: what the API itself does, asked with probes and judged from traffic.
//!
//! Each area is a file with a table of checks. A check names its probe as data, so that a driver can
//! send it and the judge can find it by the request itself, and the answers the specification and the
//! deployed API (or the sandbox) give. All of this is about the API, not the supplier.

mod auth;
mod bulk;
mod check;
mod contract;
mod headers;
mod ids;
mod judging;
mod kept;
mod letters;
mod links;
mod list;
mod matching;
mod mi;
mod plan;
mod planned;
mod queue;
mod read;
mod token;
mod update;

pub use check::{Accepted, Check};
pub use judging::{conformance_checks, conformance_ids, judge_conformance};
pub(crate) use judging::{judge_probes, judge_suite};
pub(crate) use kept::finding as letter_not_kept;
pub use mi::RECORD;
pub use plan::{
    Acceptance, BearerPlan, BodyPlan, FOREIGN, HeaderPlan, LetterNeed, Probe, ProbePlan,
    UNKNOWN_LETTER, UNKNOWN_MI, unknown_letter,
};
pub use planned::{is_planned_body, is_planned_path};
pub use token::TokenProbe;
