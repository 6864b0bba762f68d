//! No false alarms: whole runs against a healthy double, each under noise of its own.
//!
//! Latency, slow and unordered updates, visibility timeouts and failures in passing change when
//! things happen, and must change nothing else: every verdict is compared with that of a quiet run.
//! Refuses to scale delays down, and to count a run that broke as a good one.

mod compare;
mod draw;
mod render;
mod report;
mod run;

pub use compare::{Difference, Seen};
pub use draw::Noise;
pub use render::{DifferenceEntry, NoiseDocument, NoiseEntry};
pub use report::{NoiseReport, NoiseRow};
pub use run::{NOISE_JOBS, NoiseEvent, NoiseOptions, NoiseProgress, run_noise};
