//! The built program under torture: killed at any moment, on a full disk, with clocks that jump, in
//! a crowd, without names, without IPv4, and with a token endpoint that comes and goes.
//! Refuses timing as proof: what must hold, holds however fast the machine is. A part that this
//! machine cannot play says so and is skipped.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they did"
)]

#[path = "../stub/mod.rs"]
mod stub;
#[path = "../support/mod.rs"]
mod support;

mod addresses;
#[cfg(target_os = "linux")]
mod clocks;
#[cfg(target_os = "linux")]
mod crowd;
#[cfg(target_os = "linux")]
mod disks;
mod kills;
mod scene;
mod tap;
mod tokens;
