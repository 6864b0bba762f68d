//! How long judging takes: the index of a journal of 10,000 exchanges, all fifteen tests over it,
//! one test again after one more exchange, lists of 2,500, and everything that is concluded from a
//! journal of 18,000, which is about a run of the whole pack.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "../tests/support/mod.rs"]
mod support;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use letterproof_contract::Contract;
use letterproof_judge::{Head, JudgeCache, Traffic, conclude, judge_test};
use letterproof_model::LetterStatus::{Accepted, Dispatched};
use letterproof_model::{
    Body, Brief, Context, CriterionId, Exchange, Header, Journal, Outcome, Recording, RunId,
    Selection, TestId, ToolInfo,
};
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

/// 18,000 exchanges, each answered as documented: all of [`journal`] but its flow, and three flows.
fn whole_run() -> (Recording, Context) {
    let mut script = Script::pack();
    let all = letters(2_500);
    script.status();
    script.list(2_500, &all).wait(301.0).list(2_500, &all).wait(301.0).list(1_000, &all[..1_000]);
    let ids: Vec<&str> = all[..990].iter().map(|letter| letter.id.as_str()).collect();
    script.bulk(Accepted, &ids).wait(3.0);
    for id in &ids {
        script.read(id, Accepted);
    }
    for id in &ids {
        script.moved(id, Dispatched);
    }
    for flow in 0..3 {
        flow_of(&mut script, flow, 2_500, 500, |_, _| false);
    }
    script.exchanges.truncate(18_000);
    script.exchanges.iter_mut().for_each(answer_as_documented);
    (script.journal(), script.context)
}

/// Gives an exchange the headers that a supplier sends and the API answers with.
fn answer_as_documented(exchange: &mut Exchange) {
    let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
    let Outcome::Response(answer) = &mut exchange.outcome else { return };
    if exchange.request.url.starts_with(support::script::BASE) {
        let id = format!("a3bb189e-8bf9-3888-9912-{:0>12}", &exchange.id.as_str()[3..]);
        exchange.request.headers.retain(|header| header.name != "X-Request-ID");
        for headers in [&mut exchange.request.headers, &mut answer.headers] {
            headers.push(header("X-Request-ID", &id));
            headers.push(header("X-Correlation-ID", "a3bb189e-8bf9-3888-9912-ace4e6543002"));
        }
        if exchange.request.body != Body::None {
            exchange.request.headers.push(header("Content-Type", "application/vnd.api+json"));
        }
    }
    let media = match &answer.body {
        Body::Json { .. } => "application/vnd.api+json; charset=utf-8",
        Body::Pdf(_) => "application/pdf",
        _ => return,
    };
    answer.headers.push(header("Content-Type", media));
}

/// Everything that is concluded from a run.
fn concluding(criterion: &mut Criterion) {
    let (journal, context) = whole_run();
    assert_eq!(journal.exchanges().len(), 18_000);
    let contract = Contract::built_in().unwrap();
    let (run_id, started) = (RunId::fixed("run-1"), journal.exchanges().get(0).unwrap().started);
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let mut group = criterion.benchmark_group("18,000 exchanges");
    group.sample_size(10);
    for (name, conformance) in [("conclude the pack", false), ("conclude pack and suite", true)] {
        let tests = (1..=15).filter_map(TestId::new).collect();
        let brief = Brief::new(Selection { tests, conformance }, context.clone());
        let head = Head { run_id: &run_id, started, tool: &tool, brief: &brief };
        let findings = conclude(&journal, &head, contract).findings;
        assert!(findings.is_empty(), "not answered as documented: {findings:#?}");
        group.bench_function(name, |bench| {
            bench.iter(|| conclude(black_box(&journal), &head, contract));
        });
    }
    group.finish();
}

fn every(traffic: &Traffic, context: &Context) -> usize {
    (1..=15)
        .filter_map(TestId::new)
        .map(|test| judge_test(test, traffic, context).criteria.len())
        .sum()
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
        let last = journal.exchanges().last().map(|last| last.to_arc());
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

criterion_group!(benches, judging, concluding);
criterion_main!(benches);
