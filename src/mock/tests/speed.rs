//! What measures the mock's speed counts every answer, and nothing else.
#![allow(clippy::unwrap_used, dead_code, missing_docs, unreachable_pub)]

#[path = "../examples/speed/measure.rs"]
mod measure;
