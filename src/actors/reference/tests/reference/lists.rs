//! Lists whose answers were lost: what they hid must show again before anybody asks once more.

use crate::Stage;
use letterproof_client::{ClientError, Ledger, Probe};
use letterproof_reference_supplier::Supplier;

/// Tells what it is doing.
#[derive(Default)]
struct Heard(parking_lot::Mutex<Vec<String>>);

impl letterproof_reference_supplier::Progress for Heard {
    fn on_event(&self, event: letterproof_reference_supplier::ProgressEvent) {
        self.0.lock().push(event.what);
    }
}

#[tokio::test]
async fn a_list_whose_answer_was_lost_is_repeated_when_what_it_hid_shows_again() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(5);
    let heard = std::sync::Arc::new(Heard::default());
    let ledger = Ledger::in_memory(&stage.target);
    let supplier = Supplier::with_progress(stage.session(), ledger, heard.clone());
    // The gateway lost the answer to a list that the API had served.
    supplier.session().list_letters(supplier.flow(), None).await.unwrap();
    stage.api.world.lock().faults.next = vec![(502, serde_json::json!({"message": "x"}))];
    let begun = std::time::Instant::now();
    let listed = supplier.daily_list().await.unwrap();
    assert_eq!(listed.len(), 5, "the whole list and not what was left of it");
    assert!(begun.elapsed() >= letterproof_testing::stub::VISIBILITY);
    assert_eq!(stage.memory.count("GET", "/letters?limit"), 2);
    let words = "waiting to repeat a list whose answer was lost";
    assert!(heard.0.lock().iter().any(|what| what == words), "{:?}", heard.0.lock());
    let waits = stage.memory.waits();
    assert!(waits.iter().any(|reason| reason.contains("answer was lost")), "{waits:?}");
}

#[tokio::test]
async fn a_list_that_stays_unanswered_is_given_up_with_its_last_answer() {
    let stage = Stage::set().await;
    let lost = (502, serde_json::json!({"message": "x"}));
    stage.api.world.lock().faults.next = vec![lost.clone(), lost.clone(), lost];
    let error = stage.supplier().daily_list().await.unwrap_err();
    assert!(matches!(error, ClientError::Unexpected(_)), "{error}");
    assert_eq!(stage.memory.count("GET", "/letters?limit"), 3);
}

#[tokio::test]
async fn a_probe_that_is_a_list_is_repeated_no_sooner_than_any_other_list() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(5);
    let supplier = stage.supplier();
    let list = Probe { hides_letters: true, ..Probe::new("GET", "/letters?limit=10") };
    let lost = || (502, serde_json::json!({"message": "x"}));
    stage.api.world.lock().faults.next = vec![lost()];
    let begun = std::time::Instant::now();
    let exchange = supplier.probe_list(supplier.flow(), &list).await.unwrap();
    assert_eq!(exchange.status(), Some(200));
    assert!(begun.elapsed() >= letterproof_testing::stub::VISIBILITY);
    assert!(stage.memory.waits().iter().any(|reason| reason.contains("answer was lost")));
    // What stays unanswered is on record with its last answer.
    stage.api.world.lock().faults.next = vec![lost(), lost(), lost()];
    let exchange = supplier.probe_list(supplier.flow(), &list).await.unwrap();
    assert_eq!((exchange.status(), exchange.attempt), (Some(502), 1));
    assert_eq!(stage.memory.count("GET", "/letters?limit"), 5);
}
