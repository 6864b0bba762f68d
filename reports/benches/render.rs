//! What rendering a run of 10,000 exchanges costs.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use letterproof_model::{Body, ExchangeId, Recording};

fn render(c: &mut Criterion) {
    let mut bundle = common::bundle();
    let text = format!("{{\"data\":\"{}\"}}", "x".repeat(3_000));
    let exchanges = (1..=10_000)
        .map(|n| {
            let body = Body::Json { text: text.clone() };
            Arc::new(common::exchange(n, "GET", "/letters/L", 200, body))
        })
        .collect();
    bundle.journal.recording = Recording::new(exchanges, vec![]);
    let criteria = bundle.results.tests.iter_mut().flat_map(|test| &mut test.criteria);
    for (at, criterion) in criteria.enumerate() {
        let first = at as u64 * 25;
        criterion.exchanges =
            (1..=25).map(|n| ExchangeId::new(format!("ex-{:06}", first + n))).collect();
        criterion.exchange_count = 1_000;
    }
    let extras = letterproof_reports::Extras::default();
    let mut group = c.benchmark_group("10,000 exchanges");
    group.sample_size(10);
    group.bench_function("html", |b| {
        b.iter(|| black_box(letterproof_reports::html(&bundle, &extras).unwrap()));
    });
    group.bench_function("junit", |b| {
        b.iter(|| black_box(letterproof_reports::junit(&bundle, &extras).unwrap()));
    });
    group.bench_function("har", |b| {
        b.iter(|| letterproof_reports::har(&bundle, &mut std::io::sink()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, render);
criterion_main!(benches);
