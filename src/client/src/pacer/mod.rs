//! Keeping under the API's limit, as the server counts it.
//! Refuses bursts and debts: what was not sent in time is not made up for beyond the limit.

mod waiting;
mod window;

#[cfg(test)]
mod tests;

pub use waiting::{Pacer, Slot};
