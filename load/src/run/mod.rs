//! Sending a planned load: preparation, goose's users, and the supervision around them.
//! Refuses to send what was not announced, and to end without its records.

mod attack;
mod call;
mod prepare;
mod stock;
mod supervise;
mod work;

pub use supervise::{Agree, RunOptions};
