//! What an append costs (fsync aside): the budget is 20 µs for a small exchange.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::{BASE, exchange, journal, text};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use letterproof_model::{RawOutcome, Recorder};

fn append(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder);
    let url = format!("{BASE}/letters/24L5eYSWGzCHlGmzNxuqVusPxDg");
    c.bench_function("append a small exchange", |b| {
        b.iter_batched(
            || exchange("GET", &url),
            |raw| black_box(journal.record(raw).unwrap()),
            BatchSize::SmallInput,
        );
    });
    let mut number = 0_u64;
    c.bench_function("append a fresh signed link", |b| {
        b.iter_batched(
            || {
                number += 1;
                let mut raw = exchange("GET", &format!("{url}/data"));
                if let RawOutcome::Response(response) = &mut raw.outcome {
                    let signature = letterproof_evidence::sha256_hex(&number.to_le_bytes());
                    let link = format!(
                        "https://bucket.example/L.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256\
                         &X-Amz-Credential=AKIAEXAMPLE%2F20260821%2Feu-west-2%2Fs3%2Faws4_request\
                         &X-Amz-Date=20260821T101500Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host\
                         &X-Amz-Signature={signature}"
                    );
                    response.headers.push(("Location".into(), link));
                }
                raw
            },
            |raw| black_box(journal.record(raw).unwrap()),
            BatchSize::SmallInput,
        );
    });
    c.bench_function("append a small exchange, thousands of secrets known", |b| {
        b.iter_batched(
            || exchange("GET", &url),
            |raw| black_box(journal.record(raw).unwrap()),
            BatchSize::SmallInput,
        );
    });
    let letters: Vec<String> = (0..2_500)
        .map(|n| {
            let letter = common::letter(&format!("24L5eYSWGzCHlGmzNxuqVu{n:05}"));
            letter["{\"data\":".len()..letter.len() - 1].to_owned()
        })
        .collect();
    let list = format!("{{\"data\":[{}]}}", letters.join(","));
    c.bench_function("append a list of 2,500 letters", |b| {
        b.iter_batched(
            || {
                let mut raw = exchange("GET", &format!("{BASE}/letters?limit=2500"));
                if let RawOutcome::Response(response) = &mut raw.outcome {
                    response.body = text(&list);
                }
                raw
            },
            |raw| black_box(journal.record(raw).unwrap()),
            BatchSize::LargeInput,
        );
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = append
}
criterion_main!(benches);
