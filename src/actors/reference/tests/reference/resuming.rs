//! Going on after an earlier process or run: what is read again, what is not sent again.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use letterproof_model::{LetterStatus, Recording};

use crate::Stage;
use letterproof_client::{ClientError, Ledger};
use letterproof_reference_supplier::{
    Beginning, LetterFilter, Recalled, Silent, Supplier, letter_ids,
};

async fn accepted(stage: &Stage, ledger: Ledger) -> Supplier {
    stage.api.seed_ordinary(6);
    let supplier = Supplier::new(stage.session(), ledger).for_scenario("AT4 a list");
    let listed = letter_ids(&supplier.list_to_take_on(4).await.unwrap());
    let taken = supplier.take_on(&listed).await.unwrap();
    supplier.see(&taken.accepted.letters, LetterStatus::Accepted).await.unwrap();
    supplier
}

fn recorded(stage: &Stage) -> Recording {
    Recording::new(stage.memory.exchanges(), vec![])
}

#[tokio::test]
async fn a_status_known_from_an_earlier_run_is_read_before_anything_rests_on_it() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    drop(accepted(&stage, Ledger::open(&path, &stage.target, "Acme").unwrap()).await);
    let before = stage.memory.exchanges().len();
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    let later = Supplier::new(stage.session(), ledger).for_scenario("AT7 later");
    let taken = later.take_accepted(2, LetterFilter::Standard).await.unwrap();
    assert_eq!(taken.len(), 2);
    let asked: Vec<String> = stage.memory.exchanges()[before..]
        .iter()
        .map(|exchange| format!("{} {}", exchange.request.method, exchange.request.url))
        .collect();
    for id in &taken {
        let read = asked.iter().any(|call| call.starts_with("GET") && call.ends_with(id.as_str()));
        assert!(read, "{id} was not read again: {asked:?}");
    }
    assert!(asked.iter().any(|call| call.ends_with("/data")), "its PDF is looked at in this run");
    assert!(!asked.iter().any(|call| call.starts_with("POST")), "it was accepted before");
}

#[tokio::test]
async fn a_letter_that_the_target_does_not_know_any_more_is_not_taken() {
    let stage = Stage::set().await;
    let ledger = Ledger::in_memory(&stage.target);
    drop(accepted(&stage, ledger.clone()).await);
    stage.api.forget_letters();
    let later = Supplier::new(stage.session(), ledger);
    let error = later.take_accepted(2, LetterFilter::Standard).await.unwrap_err();
    assert!(matches!(error, ClientError::TooFewLetters { found: 0, .. }), "{error}");
    assert_eq!(later.ledger().counts().get(&Some(LetterStatus::Pending)), None);
}

#[tokio::test]
async fn a_journal_taken_in_twice_leaves_the_ledger_as_it_was() {
    let stage = Stage::set().await;
    let supplier = accepted(&stage, Ledger::in_memory(&stage.target)).await;
    supplier.take_accepted(2, LetterFilter::Standard).await.unwrap();
    let before = supplier.ledger().select(|_| true);
    supplier.ledger().replay(&recorded(&stage)).unwrap();
    assert_eq!(supplier.ledger().select(|_| true), before);
}

#[tokio::test]
async fn what_downloads_showed_is_in_the_journal_for_a_ledger_that_was_lost() {
    let stage = Stage::set().await;
    let supplier = accepted(&stage, Ledger::in_memory(&stage.target)).await;
    supplier.take_accepted(2, LetterFilter::Standard).await.unwrap();
    let known = supplier.ledger().select(|record| record.content.is_some());
    assert!(!known.is_empty());
    let replayed = Ledger::in_memory(&stage.target);
    replayed.replay(&recorded(&stage)).unwrap();
    for record in known {
        assert_eq!(replayed.get(&record.id).unwrap().content, record.content, "{}", record.id);
    }
}

#[tokio::test]
async fn a_list_that_was_being_worked_off_is_gone_on_with_once() {
    let stage = Stage::set().await;
    let supplier = accepted(&stage, Ledger::in_memory(&stage.target)).await;
    let scenarios = HashSet::from(["AT4 a list".to_owned()]);
    let base_url = stage.target.base_url.as_str();
    let resume = |name| {
        let recalled = Recalled::from_journal(&recorded(&stage), base_url, &scenarios);
        let beginning = Beginning { recalled, ..Beginning::default() };
        let ledger = supplier.ledger().clone();
        Supplier::begin(stage.session(), ledger, Arc::new(Silent), beginning).for_scenario(name)
    };
    let lists = || stage.memory.count("GET", "limit=4");
    let posts = stage.memory.count("POST", "/letters");

    let resumed = resume("AT4 a list");
    let listed = letter_ids(&resumed.list_to_take_on(4).await.unwrap());
    assert_eq!((listed.len(), lists()), (4, 1), "no list was asked for");
    let taken = resumed.take_on(&listed).await.unwrap();
    assert_eq!(taken.accepted.letters, []);
    assert_eq!(stage.memory.count("POST", "/letters"), posts, "nothing is sent twice");
    resumed.list_to_take_on(4).await.unwrap();
    assert_eq!(lists(), 2, "another list is another list");

    resume("AT5 another").list_to_take_on(4).await.unwrap();
    assert_eq!(lists(), 3, "a scenario takes up no list but its own");
}

#[tokio::test]
async fn nobody_takes_a_letter_of_a_list_that_is_to_be_taken_on_whole() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(6);
    let supplier = stage.supplier();
    let listed = letter_ids(&supplier.list_to_take_on(4).await.unwrap());
    let other = supplier.for_scenario("another");
    let taken = other.take_pending(6, LetterFilter::Any).await.unwrap();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|id| !listed.contains(id)));
    supplier.take_on(&listed).await.unwrap();
    supplier.see(&listed, LetterStatus::Accepted).await.unwrap();
    assert_eq!(other.take_accepted(4, LetterFilter::Any).await.unwrap().len(), 4);
}

#[tokio::test]
async fn a_gate_is_asked_before_the_first_update_until_it_lets_one_pass() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(3);
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    let gate: letterproof_reference_supplier::Gate = Arc::new(move |_, all_listed| {
        assert!(all_listed, "the list came back with fewer letters than it may hold");
        match counter.fetch_add(1, Ordering::SeqCst) {
            0 => Err(ClientError::Interrupted),
            _ => Ok(()),
        }
    });
    let beginning = Beginning { gate: Some(gate), ..Beginning::default() };
    let ledger = Ledger::in_memory(&stage.target);
    let supplier = Supplier::begin(stage.session(), ledger, Arc::new(Silent), beginning);
    let ids = letter_ids(&supplier.daily_list().await.unwrap());
    assert!(supplier.accept_in_bulk(&ids[..1]).await.is_err());
    assert_eq!(stage.memory.count("POST", "/letters"), 0);
    supplier.accept_in_bulk(&ids[..1]).await.unwrap();
    supplier.accept_in_bulk(&ids[1..]).await.unwrap();
    assert_eq!(asked.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_second_run_on_the_same_day_dispatches_nothing_that_it_could_not_report() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(6);
    let first = stage.supplier();
    first.have_dispatched(2).await.unwrap();
    assert_eq!(first.report_dispatched().await.unwrap().len(), 1);
    let posts = stage.memory.count("POST", "/letters");
    let second = Supplier::new(stage.session(), first.ledger().clone());
    let error = second.have_dispatched(2).await.unwrap_err();
    assert!(matches!(error, ClientError::AlreadyReported), "{error}");
    assert_eq!(stage.memory.count("POST", "/letters"), posts, "no letter is used up in vain");
}
