//! The fault catalogue: ways in which the Supplier API can be wrong, as data.
//!
//! One table names each fault, its argument, what it breaks, who must notice, and the effect the
//! handlers consult. Adding one is a few lines in that table; a new kind of effect is a variant and
//! one question in a handler. A name that is not in the table is an error: a misspelt fault would
//! prove nothing.

mod armed;
mod catalogue;
mod effect;

pub use armed::{ArgumentSyntax, Dose, Fault, ParseFaultError};
pub use catalogue::{FaultEntry, fault_catalogue};

pub(crate) use armed::{Board, View};
pub(crate) use effect::{Effect, apply_edits};
