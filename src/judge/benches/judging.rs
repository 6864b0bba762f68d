//! How long judging takes: the index of a journal of 10,000 exchanges, all fifteen tests over it,
//! one test again after one more exchange, and lists of 2,500.
#![allow(missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use letterproof_judge::{JudgeCache, Traffic, judge_test};
use letterproof_model::LetterStatus::{Accepted, Dispatched};
use letterproof_model::{Context, CriterionId, Journal, Recording, TestId};
use support::cases::flow_of;
use support::{Script, letters};

/// 10,000 exchanges: the whole list twice, a thousand accepted in bulk and read back, 1,240 moved
/// and read twice, one AT15 flow.
fn journal() -> (Recording, Context) {
    let mut script = Script::pack();
    let all = letters(2_500);
    script.list(2_500, &all).wait(301.0).list(2_500, &all).wait(301.0).list(1_000, &all[..1_000]);
    let ids: Vec<&str> = all[..1_000].iter().map(|letter| letter.id.as_str()).collect();
    script.bulk(Accepted, &ids).wait(3.0);
    for id in ids {
        script.read(id, Accepted);
    }
    for letter in &all[..1_000] {
        script.moved(&letter.id, Dispatched).read(&letter.id, Dispatched);
    }
    flow_of(&mut script, 0, 2_500, 500, |_, _| false);
    while script.exchanges.len() < 10_000 {
        script.read("L1", Dispatched);
    }
    (script.journal(), script.context)
}

fn every(traffic: &Traffic, context: &Context) -> usize {
    (1..=15).filter_map(TestId::new).map(|test| judge_test(test, traffic, context).len()).sum()
}

fn judging(criterion: &mut Criterion) {
    let (journal, context) = journal();
    assert_eq!(journal.exchanges().len(), 10_000);
    let traffic = Traffic::from_journal(&journal, &context);
    let mut group = criterion.benchmark_group("10,000 exchanges");
    group.sample_size(20);
    group.bench_function("index", |bench| {
        bench.iter(|| Traffic::from_journal(black_box(&journal), &context).len());
    });
    group.bench_function("judge AT1 to AT15", |bench| {
        bench.iter(|| every(black_box(&traffic), &context));
    });
    group.bench_function("index and judge", |bench| {
        bench.iter(|| every(&Traffic::from_journal(black_box(&journal), &context), &context));
    });
    group.bench_function("one more exchange, AT7.2 again", |bench| {
        let mut cache = JudgeCache::new(context.clone());
        cache.absorb(&journal);
        let last = journal.exchanges().last().map(Arc::clone);
        let criterion = CriterionId::from("AT7.2");
        bench.iter(|| {
            if let Some(last) = &last {
                cache.push(Arc::clone(last));
            }
            cache.verdict_of(&criterion)
        });
    });
    group.finish();
    let mut script = Script::pack();
    script.list(2_500, &letters(2_500));
    let list = script.journal();
    criterion.bench_function("index a list of 2,500", |bench| {
        bench.iter(|| Traffic::from_journal(black_box(&list), &context).len());
    });
}

criterion_group!(benches, judging);
criterion_main!(benches);
