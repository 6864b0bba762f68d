//! The Supplier API: its two deployed systems, their letters, documents and updates, and its faults.

pub(crate) mod calls;
pub(crate) mod documents;
pub(crate) mod faults;
pub(crate) mod front;
pub(crate) mod gateway;
pub(crate) mod int;
pub(crate) mod letters;
mod sandbox;
pub(crate) mod seeds;
pub(crate) mod storage;
pub(crate) mod updates;
mod validate;
