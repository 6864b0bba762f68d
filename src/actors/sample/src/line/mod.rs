//! The print house's line to the API: one call after another at the agreed pace, with a token, an
//! id of its own, and patience.
//! Refuses to repeat what may have been carried out and must not be done twice.

mod api;
mod pacer;
mod sending;
mod token;

pub(crate) use api::Fetched;
pub(crate) use sending::Line;
