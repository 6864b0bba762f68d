//! The reference supplier at work on a few letters.

use std::time::Duration;

use letterproof_model::{LetterId, LetterStatus, MarkKind};

use crate::Stage;
use letterproof_client::{ClientError, Ledger, Reason};
use letterproof_reference_supplier::{
    Change, LetterFilter, Preparation, Reasons, SeenLetter, Supplier, letter_ids,
};
use letterproof_testing::stub::pdf;

async fn accepted(stage: &Stage, count: usize) -> (Supplier, Vec<LetterId>) {
    stage.api.seed_ordinary(count);
    let supplier = stage.supplier();
    let ids = letter_ids(&supplier.daily_list().await.unwrap());
    let sent = supplier.accept_in_bulk(&ids).await.unwrap();
    assert_eq!(sent.letters, ids);
    (supplier, ids)
}

#[tokio::test]
async fn letters_are_listed_accepted_in_one_update_and_seen() {
    let stage = Stage::set().await;
    let (supplier, ids) = accepted(&stage, 30).await;
    let seen = supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    assert_eq!(seen.confirmed(), ids);
    assert_eq!(stage.memory.count("POST", "/letters"), 1);
    assert!(ids.iter().all(|id| stage.memory.count("GET", id.as_str()) >= 1));
    let record = supplier.ledger().get(&ids[0]).unwrap();
    assert_eq!(record.status, Some(LetterStatus::Accepted));
    assert_eq!(record.moved.unwrap().by, "a test");
}

#[tokio::test]
async fn the_four_ways_an_update_can_go_wrong_are_told_apart() {
    let stage = Stage::set().await;
    {
        let faults = &mut stage.api.world.lock().faults;
        faults.lost.insert("L0002".to_owned());
        faults.twisted.insert("L0003".to_owned(), "FAILED".to_owned());
        faults.undone.insert("L0004".to_owned());
        faults.slow.insert("L0005".to_owned(), Duration::from_millis(650));
    }
    let (supplier, ids) = accepted(&stage, 5).await;
    // Read all five after the change and again after one has gone back.
    tokio::time::sleep(Duration::from_millis(100)).await;
    supplier.look_up(&ids[3]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(150)).await;
    let seen = supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    let changes: Vec<Change> = seen.letters.iter().map(|letter| letter.change).collect();
    assert_eq!(
        changes,
        [
            Change::Changed,
            Change::NeverChanged,
            Change::ChangedToSomethingElse(LetterStatus::Failed),
            Change::WentBack(LetterStatus::Pending),
            Change::Changed,
        ]
    );
    assert_eq!(seen.letters.iter().filter(|letter| !letter.shows()).count(), 3);
}

#[tokio::test]
async fn a_change_after_the_deadline_is_late_and_still_seen() {
    let stage = Stage::set().await;
    let faults = |delay| {
        let slow = &mut stage.api.world.lock().faults.slow;
        slow.insert("L0002".to_owned(), Duration::from_millis(delay));
    };
    faults(680);
    let (supplier, ids) = accepted(&stage, 2).await;
    let seen = supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    assert_eq!(seen.letters[0].change, Change::Changed);
    assert_eq!(seen.letters[1].change, Change::ChangedLate);
    assert!(seen.letters[1].after.unwrap() > Duration::from_millis(600));
}

#[tokio::test]
async fn a_letter_that_cannot_be_read_is_told_of_and_stops_nobody() {
    let stage = Stage::set().await;
    let (supplier, mut ids) = accepted(&stage, 2).await;
    ids.push("unknown".into());
    let seen = supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    assert_eq!(seen.letters[2].change, Change::Unreadable(Some(404)));
    assert_eq!(seen.confirmed().len(), 2);
}

#[tokio::test]
async fn only_eligible_letters_whose_status_was_seen_are_moved() {
    let stage = Stage::set().await;
    let (supplier, ids) = accepted(&stage, 3).await;
    // 202 is no proof: nothing may be reported on top of it.
    let sent = supplier.move_in_bulk(&ids, LetterStatus::Printed, Reasons::None).await.unwrap();
    assert!(sent.letters.is_empty());
    assert_eq!(sent.held_back.len(), 3);
    supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    let sent = supplier.move_one_by_one(&ids[..2], LetterStatus::Dispatched, Reasons::None).await;
    assert_eq!(sent.unwrap().letters, &ids[..2]);
    supplier.see(&ids[..2], LetterStatus::Dispatched).await.unwrap();
    let sent =
        supplier.move_in_bulk(&ids, LetterStatus::Returned, Reasons::ReturnsInTurn).await.unwrap();
    assert_eq!(sent.letters, &ids[..2]);
    assert_eq!(sent.held_back, [(ids[2].clone(), Some(LetterStatus::Accepted))]);
    let last = stage.memory.exchanges().last().unwrap().clone();
    let body = last.request.body.json_text().unwrap();
    assert!(body.contains("R01") && body.contains("R02") && body.contains("Address incomplete"));
}

#[tokio::test]
async fn a_letter_named_from_outside_is_looked_up_before_it_is_moved() {
    let stage = Stage::set().await;
    let (supplier, ids) = accepted(&stage, 1).await;
    supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    let stranger = stage.supplier();
    let reason = Reason::new("C1", "Stopped on request");
    let sent = stranger.move_one_by_one(&ids, LetterStatus::Cancelled, reason).await.unwrap();
    assert_eq!(sent.letters, ids);
    let seen = stranger.see(&ids, LetterStatus::Cancelled).await.unwrap();
    assert!(seen.letters.iter().all(SeenLetter::shows));
    assert_eq!(stage.api.status("L0001"), "CANCELLED");
}

#[tokio::test]
async fn a_refused_bulk_update_is_an_error_that_names_the_exchange() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(1);
    let supplier = stage.supplier();
    let ids = letter_ids(&supplier.daily_list().await.unwrap());
    let body = serde_json::json!({"errors": [{"detail": "duplicate canary id"}]});
    stage.api.world.lock().faults.next = vec![(400, body)];
    let error = supplier.accept_in_bulk(&ids).await.unwrap_err();
    let ClientError::Unexpected(answer) = &error else { panic!("{error}") };
    assert_eq!((answer.status, answer.exchange.as_str()), (400, "ex-000002"));
    assert!(error.to_string().contains("duplicate [scrubbed] id"), "{error}");
}

#[tokio::test]
async fn what_a_letter_is_shows_in_its_data_and_its_pdf() {
    let stage = Stage::set().await;
    let english = "integration-specification-english";
    stage.api.seed(english, 1, Some(pdf(2)));
    stage.api.seed(english, 1, None);
    stage.api.seed(english, 1, Some(b"%PDF-1.7 torn".to_vec()));
    stage.api.seed(english, 1, Some(pdf(6)));
    stage.api.seed("nobody-knows-it", 1, Some(pdf(1)));
    stage.api.seed("missing", 1, Some(pdf(1)));
    stage.api.seed("integration-specification-braille", 1, Some(pdf(1)));
    stage.api.seed(english, 1, Some(pdf(1)));
    stage.api.world.lock().letters.get_mut("L0008").unwrap().stated_hash = Some("00".repeat(32));
    let supplier = stage.supplier();
    let ids = letter_ids(&supplier.daily_list().await.unwrap());
    let prepared = supplier.prepare(&ids).await.unwrap();
    let unusable =
        |at: usize| Preparation::UnusablePdf { problem: prepared[at].problem.clone().unwrap() };
    let outcomes: Vec<Preparation> = prepared.iter().map(|letter| letter.outcome.clone()).collect();
    assert_eq!(
        outcomes,
        [
            Preparation::Ready { pages: 2 },
            Preparation::MissingPdf,
            unusable(2),
            Preparation::TooManyPages { pages: 6 },
            Preparation::UnknownSpecification,
            Preparation::MissingMetadata,
            Preparation::Accessible,
            unusable(7),
        ]
    );
    assert_eq!(prepared[0].exchanges.len(), 2);
    let before = stage.memory.exchanges().len();
    assert_eq!(supplier.prepare(&ids[..1]).await.unwrap()[0].outcome, outcomes[0]);
    assert_eq!(stage.memory.exchanges().len(), before, "no letter is fetched for a second job");
}

#[tokio::test]
async fn scenarios_at_work_at_once_never_share_a_letter() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(20);
    stage.api.seed("integration-specification-english", 3, None);
    let supplier = stage.supplier();
    let takers: Vec<Supplier> =
        (0..4).map(|n| supplier.for_scenario(&format!("scenario {n}"))).collect();
    let takes = takers.iter().map(|taker| taker.take_accepted(5, LetterFilter::Standard));
    let mut all: Vec<LetterId> = Vec::new();
    for taken in futures::future::join_all(takes).await {
        let taken = taken.unwrap();
        assert_eq!(taken.len(), 5);
        all.extend(taken);
    }
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 20);
    assert_eq!(stage.memory.count("GET", "limit=2500"), 1, "lists overlap, so one is enough");
}

#[tokio::test]
async fn a_shortage_of_letters_is_said_and_gives_back_what_was_taken() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(2);
    let supplier = stage.supplier();
    let error = supplier.take_accepted(3, LetterFilter::Standard).await.unwrap_err();
    assert!(matches!(error, ClientError::TooFewLetters { needed: 3, found: 2, .. }), "{error}");
    assert_eq!(supplier.take_accepted(2, LetterFilter::Standard).await.unwrap().len(), 2);
}

#[tokio::test]
async fn exceptional_letters_are_found_by_looking() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(5);
    stage.api.seed("integration-specification-english", 2, Some(pdf(7)));
    let supplier = stage.supplier();
    supplier.daily_list().await.unwrap();
    let long = |p: &letterproof_reference_supplier::Prepared| {
        matches!(p.outcome, Preparation::TooManyPages { .. })
    };
    let found = supplier.find(2, LetterStatus::Pending, long).await.unwrap();
    let ids: Vec<&str> = found.iter().map(|letter| letter.id.as_str()).collect();
    assert_eq!(ids, ["L0006", "L0007"]);
}

#[tokio::test]
async fn a_daily_list_is_received_again_only_when_something_came_after_it() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(2);
    let supplier = stage.supplier();
    let first = supplier.receive_daily_list_if_stale().await.unwrap();
    assert_eq!(supplier.receive_daily_list_if_stale().await.unwrap(), first);
    assert_eq!(stage.memory.exchanges().len(), 1);
    supplier.accept_in_bulk(&letter_ids(&first)).await.unwrap();
    supplier.receive_daily_list_if_stale().await.unwrap();
    assert_eq!(stage.memory.count("GET", "limit=2500"), 2);
}

#[tokio::test]
async fn after_the_visibility_timeout_the_same_list_comes_again_and_the_wait_is_noted() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(3);
    let supplier = stage.supplier();
    let first = supplier.daily_list().await.unwrap();
    assert!(supplier.daily_list().await.unwrap().is_empty());
    let waited = supplier.wait_until_listed_letters_show_again().await.unwrap();
    assert!(waited > Duration::ZERO);
    assert_eq!(supplier.daily_list().await.unwrap(), first);
    let marks = stage.memory.marks.lock();
    let MarkKind::Wait { ms, reason } = &marks[0].kind else { panic!("{:?}", marks[0]) };
    assert!(Duration::from_millis(*ms) <= waited && *ms > 0, "{ms} ms");
    assert!(reason.starts_with("listed letters stay hidden"), "{reason}");
    assert_eq!(marks[0].scenario.as_deref(), Some("a test"));
}

#[tokio::test]
async fn management_information_counts_dispatched_letters_once() {
    let stage = Stage::set().await;
    let (supplier, ids) = accepted(&stage, 4).await;
    supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    supplier.move_in_bulk(&ids[..3], LetterStatus::Dispatched, Reasons::None).await.unwrap();
    supplier.see(&ids[..3], LetterStatus::Dispatched).await.unwrap();
    let due = supplier.mi_due(letterproof_model::now());
    assert_eq!(due.len(), 1);
    assert_eq!(due[0].quantity, 3);
    let submitted = supplier.submit_mi(&due).await.unwrap();
    assert_eq!(submitted[0].id.as_ref().unwrap().as_str(), "mi-1");
    assert!(supplier.submit_mi(&due).await.unwrap()[0].exchange.is_none());
    assert!(supplier.mi_due(letterproof_model::now()).is_empty());
    assert_eq!(stage.api.world.lock().mi.len(), 1);
}

#[tokio::test]
async fn a_replayed_journal_leaves_the_ledger_as_the_run_did() {
    let stage = Stage::set().await;
    let (supplier, ids) = accepted(&stage, 3).await;
    supplier.see(&ids, LetterStatus::Accepted).await.unwrap();
    let journal = letterproof_model::Recording::new(
        stage.memory.exchanges(),
        stage.memory.marks.lock().clone(),
    );
    let replayed = Ledger::in_memory(&stage.target);
    replayed.replay(&journal).unwrap();
    assert_eq!(replayed.select(|_| true), supplier.ledger().select(|_| true));
}

#[tokio::test]
async fn the_whole_queue_is_taken_in_chunk_by_chunk_and_every_pdf_is_downloaded() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(20);
    stage.api.seed("integration-specification-braille", 5, Some(pdf(1)));
    let supplier = stage.supplier();
    let run = supplier.take_in_queue(10).await.unwrap();
    assert_eq!(run.lists, [10, 10, 5, 0]);
    assert_eq!(run.letters.len(), 25);
    assert!(run.letters.iter().all(letterproof_reference_supplier::Prepared::is_ready));
    assert_eq!(stage.memory.count("GET", "/data"), 25);
    assert_eq!(stage.memory.count("POST", "/letters"), 3);
    let lists: Vec<_> = stage
        .memory
        .exchanges()
        .into_iter()
        .filter(|exchange| exchange.request.url.contains("limit="))
        .map(|exchange| (exchange.started, exchange.finished()))
        .collect();
    assert!(lists.windows(2).all(|pair| pair[0].1 <= pair[1].0), "lists overlap when parallel");
}

#[tokio::test]
async fn a_queue_that_shows_its_letters_again_is_not_taken_in_twice() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(4);
    {
        // No acceptance is ever applied, and answers take longer than letters stay hidden.
        let faults = &mut stage.api.world.lock().faults;
        faults.lost = (1..=4).map(|n| format!("L{n:04}")).collect();
        faults.latency = Duration::from_millis(200);
    }
    let supplier = stage.supplier();
    let run = supplier.take_in_queue(4).await.unwrap();
    // It is asked for again for as long as an update may take, and nothing is done twice.
    assert!(run.lists.len() >= 2 && run.lists.iter().all(|n| *n == 4), "{:?}", run.lists);
    assert_eq!(run.letters.len(), 4);
    // Nor by the next flow, whose lists name them as well.
    supplier.wait_until_listed_letters_show_again().await.unwrap();
    let next = supplier.take_in_queue(4).await.unwrap();
    assert!(next.lists[0] == 4 && next.letters.is_empty(), "{:?}", next.lists);
    assert_eq!(stage.memory.count("GET", "/data"), 4);
    assert_eq!(stage.memory.count("POST", "/letters"), 1);
}

#[tokio::test]
async fn a_queue_of_more_than_one_flow_is_taken_in_flow_by_flow_without_losing_a_letter() {
    let mut stage = Stage::set().await;
    stage.target.seeded_letters = 10;
    stage.api.seed_ordinary(25);
    let supplier = stage.supplier();
    let mut lists = Vec::new();
    let mut letters = 0;
    for _ in 0..3 {
        let run = supplier.take_in_queue(5).await.unwrap();
        letters += run.letters.len();
        lists.push(run.lists);
    }
    assert_eq!(lists, [vec![5, 5], vec![5, 5], vec![5, 0]]);
    assert_eq!(letters, 25);
    assert_eq!(stage.memory.count("POST", "/letters"), 5);
    assert_eq!(stage.memory.count("GET", "/letters?limit=5"), 6);
}

/// Ten ordinary letters, of which one turned out damaged while another scenario prepared it.
async fn one_found_damaged(stage: &Stage) -> (Supplier, LetterId) {
    stage.api.seed_ordinary(10);
    let damaged = LetterId::from("L0004");
    stage.api.world.lock().letters.get_mut("L0004").unwrap().content = Some(b"%PDF-1.7 x".to_vec());
    stage.api.world.lock().letters.get_mut("L0004").unwrap().stated_hash = None;
    let supplier = stage.supplier();
    supplier.daily_list().await.unwrap();
    let other = supplier.for_scenario("another test");
    let prepared = other.prepare(std::slice::from_ref(&damaged)).await.unwrap();
    assert!(matches!(prepared[0].outcome, Preparation::UnusablePdf { .. }), "{prepared:?}");
    supplier.wait_until_listed_letters_show_again().await.unwrap();
    (supplier, damaged)
}

#[tokio::test]
async fn what_one_scenario_found_damaged_is_rejected_before_another_takes_a_list_on() {
    let stage = Stage::set().await;
    let (supplier, damaged) = one_found_damaged(&stage).await;
    let listed = letter_ids(&supplier.list_to_take_on(10).await.unwrap());
    assert!(!listed.contains(&damaged), "{listed:?}");
    assert_eq!(stage.api.status("L0004"), "REJECTED");
    let taken = supplier.take_on(&listed).await.unwrap();
    assert_eq!(taken.accepted.letters.len(), 9);
}

#[tokio::test]
async fn a_list_to_take_on_whole_waits_for_what_another_scenario_has_just_listed() {
    let stage = Stage::set().await;
    stage.api.seed_ordinary(5);
    let supplier = stage.supplier();
    supplier.for_scenario("another test").daily_list().await.unwrap();
    assert_eq!(supplier.list_to_take_on(5).await.unwrap().len(), 5);
    assert_eq!(supplier.list_to_take_on(5).await.unwrap().len(), 0, "its next list comes at once");
}

#[tokio::test]
async fn a_letter_found_damaged_is_rejected_also_where_a_list_still_names_it() {
    let stage = Stage::set().await;
    let (supplier, damaged) = one_found_damaged(&stage).await;
    let listed = letter_ids(&supplier.daily_list().await.unwrap());
    let taken = supplier.take_on(&listed).await.unwrap();
    assert!(!taken.accepted.letters.contains(&damaged));
    assert_eq!(taken.rejected.unwrap().letters, [damaged]);
}

#[tokio::test]
async fn a_workflow_without_rejected_accepts_what_it_then_fails() {
    let mut stage = Stage::set().await;
    stage.target.supports.remove(&LetterStatus::Rejected);
    let (supplier, damaged) = one_found_damaged(&stage).await;
    let listed = letter_ids(&supplier.list_to_take_on(10).await.unwrap());
    let taken = supplier.take_on(&listed).await.unwrap();
    assert!(taken.accepted.letters.contains(&damaged) && taken.rejected.is_none());
    supplier.see(&listed, LetterStatus::Accepted).await.unwrap();
    assert_eq!(supplier.fail_unproducible().await.unwrap().unwrap().letters, [damaged]);
}

#[tokio::test]
async fn what_a_probe_found_damaged_the_supplier_knows_but_not_what_it_found_sound() {
    let stage = Stage::set().await;
    let supplier = {
        let (supplier, _) = (stage.supplier(), stage.api.seed_ordinary(2));
        stage.api.world.lock().letters.get_mut("L0001").unwrap().content = Some(Vec::new());
        supplier.daily_list().await.unwrap();
        supplier
    };
    let flow = letterproof_client::Flow::harness(None);
    for id in ["L0001", "L0002"] {
        let probe = letterproof_client::Probe::new("GET", &format!("/letters/{id}/data"));
        let session = supplier.session();
        let (_, link) = session.probe_for_link(&flow, &probe).await.unwrap();
        let link = link.unwrap();
        let download =
            session.probe_link(&flow, &link, letterproof_client::LinkChange::AsIs).await.unwrap();
        supplier.ledger().note_probed(&id.into(), &download.exchange).unwrap();
    }
    let known = |id: &str| supplier.ledger().get(&id.into()).unwrap().content;
    assert!(
        matches!(known("L0001"), Some(letterproof_client::Content::Unusable { .. })),
        "{:?}",
        known("L0001")
    );
    assert_eq!(known("L0002"), None, "the supplier has not fetched it");
}

#[test]
fn the_reason_for_a_pdf_that_cannot_be_printed_says_why() {
    for problem in ["it is encrypted", "its SHA-256 is not the one the API states"] {
        let found = Preparation::UnusablePdf { problem: problem.to_owned() };
        for reason in [found.reason_to_fail(), found.reason_to_reject()] {
            let text = reason.unwrap().text;
            assert_eq!(text, format!("The PDF cannot be printed: {problem}"));
        }
    }
    let unsaid = Preparation::UnusablePdf { problem: String::new() };
    assert_eq!(unsaid.reason_to_fail().unwrap().text, "The PDF cannot be printed");
}

#[tokio::test]
async fn a_shortage_on_a_target_that_nobody_seeds_advises_no_seeding() {
    let mut stage = Stage::set().await;
    stage.target.capabilities.clear();
    let error = stage.supplier().take_accepted(5, LetterFilter::Standard).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("is not seeded") && !text.contains("again"), "{text}");
}
