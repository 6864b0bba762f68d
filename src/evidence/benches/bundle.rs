//! What sealing, zipping, opening and checking a full run's bundle cost: 23,000 exchanges. The
//! budgets: sealing and zipping under a tenth of a full run (5 s), checking under half of the 1.2 s
//! that a whole verification may take.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::hint::black_box;

use common::{BASE, exchange, header, results};
use criterion::{Criterion, criterion_group, criterion_main};
use letterproof_evidence::{
    BundleKey, JournalWriter, Opened, RunFolder, archive, check_integrity, zip_path,
};
use letterproof_model::{Context, Recorder as _};

fn full_run(out: &std::path::Path) -> RunFolder {
    let folder = RunFolder::create(out, &header().run_id).unwrap();
    let journal = JournalWriter::create(&folder.journal_path(), &header()).unwrap();
    for number in 0..23_000 {
        let mut raw = exchange("GET", &format!("{BASE}/letters/24L5eYSWGzCHlGmzNxuqVu{number:05}"));
        // Ids that do not repeat are what a bundle mostly consists of once it is packed.
        let id = letterproof_evidence::sha256_hex(&u32::to_le_bytes(number));
        raw.request.headers.push(("X-Request-ID".into(), id[..36].into()));
        journal.record(raw).unwrap();
    }
    drop(journal);
    folder.write_context(&Context::stand_in(BASE)).unwrap();
    folder.write_results(&results()).unwrap();
    folder
}

fn bundle(c: &mut Criterion) {
    let out = tempfile::tempdir().unwrap();
    let folder = full_run(out.path());
    let key = BundleKey::generate().unwrap();
    c.bench_function("seal a full run", |b| b.iter(|| black_box(folder.seal(Some(&key)).unwrap())));
    let folder = folder.finish().unwrap();
    c.bench_function("zip a full run", |b| {
        b.iter(|| {
            let _ = std::fs::remove_file(zip_path(&folder));
            black_box(archive(&folder).unwrap())
        });
    });
    for (path, what) in [(folder.clone(), "folder"), (zip_path(&folder), "zip")] {
        c.bench_function(&format!("open the {what} of a full run"), |b| {
            b.iter(|| black_box(Opened::open(&path).unwrap()));
        });
        let opened = Opened::open(&path).unwrap();
        c.bench_function(&format!("check the {what} of a full run"), |b| {
            b.iter(|| black_box(check_integrity(&opened, Some(key.public()))));
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(5));
    targets = bundle
}
criterion_main!(benches);
