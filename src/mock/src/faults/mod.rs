//! The fault catalogue: ways in which an API can be wrong, as data.
//!
//! One table names each fault, its argument, what it breaks, who must notice, and the effect the
//! handlers consult. Adding one is a few lines in that table; a new kind of effect is a variant
//! and one question in a handler. Refuses unknown names: a misspelt fault would prove nothing.

mod catalogue;
mod dose;
mod edit;
mod effect;
mod view;

pub(crate) use edit::apply_edits;
pub(crate) use effect::Effect;
pub(crate) use view::{Board, View};

pub use catalogue::{FaultEntry, fault_catalogue};
pub use dose::{ArgumentSyntax, Dose, Fault, ParseFaultError};
