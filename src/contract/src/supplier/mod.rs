//! The contract of the Supplier API: its operations, the rules of its requests and answers, its known
//! deviations, and what may be kept of its documents.

pub(crate) mod accepted;
pub(crate) mod deviations;
pub(crate) mod drift;
pub(crate) mod kept;
pub(crate) mod operations;
pub(crate) mod request;
pub(crate) mod response;
