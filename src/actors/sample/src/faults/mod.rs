//! The fault catalogue: ways in which a print house can be wrong, as data.
//!
//! One table names each fault, what the print house then does, and who must notice. The work asks
//! at the few points where it could go wrong. Refuses unknown names: a misspelt fault would prove
//! nothing.

mod catalogue;
mod name;
mod wrong;

pub use catalogue::{FaultEntry, fault_catalogue};
pub use name::Fault;
pub(crate) use wrong::{Faults, Wrong};
