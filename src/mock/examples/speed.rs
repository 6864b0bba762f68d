//! Measures the double on this machine: `cargo run --release -p letterproof-mock --example speed`.
#![allow(clippy::print_stdout)]

use letterproof_mock::MockConfig;
use letterproof_mock::bench::{BenchError, BenchPlan, resident_kib, run};

#[tokio::main]
async fn main() -> Result<(), BenchError> {
    for line in run(MockConfig::default(), BenchPlan::default()).await? {
        println!("{line}");
    }
    if let Some(kib) = resident_kib() {
        println!("resident memory: {} MB", kib / 1024);
    }
    Ok(())
}
