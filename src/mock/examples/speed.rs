//! Measures the mock on this machine:
//! `cargo run --release -p letterproof-mock --example speed [SECONDS]`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use letterproof_mock::measure::{MeasureError, MeasurePlan, resident_kib, run};
use letterproof_mock::{MockConfig, MockServer};

#[tokio::main]
async fn main() -> Result<(), MeasureError> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(3);
    let begun = Instant::now();
    MockServer::start(MockConfig::default()).await?.shutdown().await;
    println!("started and stopped in {:?}", begun.elapsed());
    let plan = MeasurePlan { duration: Duration::from_secs(seconds), ..MeasurePlan::default() };
    for line in run(MockConfig::default(), plan).await? {
        println!("{line}");
    }
    if let Some(kib) = resident_kib() {
        println!("resident memory: {:.1} MB", kib as f64 / 1024.0);
    }
    Ok(())
}
