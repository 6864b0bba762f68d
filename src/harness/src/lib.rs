//! What a run, a reviewer and a pipeline ask of recorded evidence: judging again, and what follows.
//!
//! It joins what stands side by side below it, the evidence, the judges and the reports, and knows
//! nothing of arguments, terminals and exit codes.

mod journal;
mod verify;
mod waivers;

pub use journal::{begin_journal, resume_journal};
pub use verify::{Conclusion, StampSeen, VERIFICATION_FORMAT, Verification, Verifying, verify};
pub use waivers::read_waivers;
