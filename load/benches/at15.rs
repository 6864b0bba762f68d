//! AT15 over 2,500 letters of 100 KB, under each of the mock's limiters and latencies, against the
//! least time in which a steady client can do it.
//!
//!     cargo bench -p letterproof-load --bench at15
//!
//! The mock runs in a process of its own on the same machine. Floor: 2,511 calls / limit
//! + 3 x latency + 1 download. Prints Markdown.
#![allow(clippy::print_stdout, missing_docs, reason = "it prints a table")]

mod common;

use common::{Failure, LIMIT, Mock, Setup, cpu_seconds, peak_kib, serve_if_asked};
use letterproof_client::{Ledger, Session, SessionOptions};
use letterproof_load::RowsOnly;
use letterproof_reference_supplier::Supplier;

const LETTERS: u32 = 2_500;
const CHUNK: u32 = 500;
/// Five lists and the empty one, five acceptances, and a call for each letter's data.
const CALLS: u32 = 2 * (LETTERS / CHUNK) + 1 + LETTERS;

fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    if let Some(served) = serve_if_asked(&words, &runtime) {
        return served;
    }
    println!(
        "| limiter | latency | elapsed | floor | ratio | verified | 429s | most in a second | CPU s / 1,000 |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|---:|");
    for limiter in 0..3 {
        for latency_ms in [0, 50, 200] {
            let setup = Setup { limit: Some(LIMIT), limiter, latency_ms };
            runtime.block_on(flow(setup))?;
        }
    }
    if let Some(kib) = peak_kib() {
        println!("\nPeak resident memory of the harness: {:.1} MB", kib as f64 / 1024.0);
    }
    journal.whole().map_err(|error| ClientError::Unrecorded { message: error.message })
}

/// One flow through the queue, and its row.
async fn flow(setup: Setup) -> Result<(), Failure> {
    let mock = Mock::start(setup)?;
    let target = mock.target(Some(LIMIT))?;
    let recorder = Arc::new(RowsOnly::new(target.base_url.as_str()));
    let ledger = Ledger::in_memory(&target);
    let session = Session::new(target, recorder, SessionOptions::default())?;
    let supplier = Supplier::new(session, ledger);
    let cpu = cpu_seconds();
    let run = supplier.take_in_queue(CHUNK).await?;
    let cpu = (cpu_seconds() - cpu) / f64::from(CALLS) * 1e3;
    let counted = mock.counted().await?;
    let latency = setup.latency_ms as f64 / 1e3;
    // A download is answered as late as anything else.
    let floor = f64::from(CALLS) / f64::from(LIMIT) + 3.0 * latency + latency;
    let elapsed = run.elapsed.as_secs_f64();
    println!(
        "| {} | {} ms | {elapsed:.2} s | {floor:.2} s | {:.3} | {} of {LETTERS} | {} | {} | {cpu:.3} |",
        setup.limiter_name(),
        setup.latency_ms,
        elapsed / floor,
        run.letters.len() - run.incomplete().len(),
        counted.limited,
        counted.busiest_second,
    );
    Ok(())
}
