//! The ledger on disk: what survives, and what is refused.

use std::io::Write;
use std::path::Path;

use letterproof_model::LetterStatus;

use crate::Stage;
use letterproof_client::{ClientError, Content, Ledger, LetterRecord, RunHead};
use letterproof_reference_supplier::{Reasons, SeenLetter, Supplier, letter_ids};

async fn worked(stage: &Stage, ledger: Ledger) -> Supplier {
    stage.api.seed_ordinary(4);
    let supplier = Supplier::new(stage.session(), ledger).for_scenario("a test");
    let ids = letter_ids(&supplier.daily_list().await.unwrap());
    supplier.accept_in_bulk(&ids[..3]).await.unwrap();
    supplier.see(&ids[..3], LetterStatus::Accepted).await.unwrap();
    supplier.move_in_bulk(&ids[..2], LetterStatus::Dispatched, Reasons::None).await.unwrap();
    supplier.ledger().note_content(&ids[3], Content::Missing).unwrap();
    supplier.ledger().note_mi("2026-11-20 a b c").unwrap();
    supplier
}

/// What a new ledger on disk holds after that work.
async fn after_work(stage: &Stage, path: &Path) -> Vec<LetterRecord> {
    let ledger = Ledger::open(path, &stage.target, "Acme").unwrap();
    worked(stage, ledger).await.ledger().select(|_| true)
}

#[tokio::test]
async fn what_a_run_learned_is_there_for_the_next_one() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledgers").join("int.jsonl");
    let before = {
        let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
        worked(&stage, ledger).await.ledger().select(|_| true)
    };
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    assert_eq!(ledger.select(|_| true), before);
    assert!(before[0].in_flight(), "a 202 without a read is still on its way after a crash");
    assert!(ledger.has_mi("2026-11-20 a b c"));
    assert_eq!(ledger.counts()[&Some(LetterStatus::Accepted)], 3);
}

#[cfg(unix)]
#[tokio::test]
async fn a_ledger_is_its_owners_alone_and_an_older_one_becomes_so() {
    use std::os::unix::fs::PermissionsExt as _;
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledgers").join("int.jsonl");
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    drop(Ledger::open(&path, &stage.target, "Acme").unwrap());
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o600));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    drop(Ledger::open(&path, &stage.target, "Acme").unwrap());
    assert_eq!(mode(&path), 0o600);
}

#[tokio::test]
async fn a_resumed_run_sees_what_an_earlier_one_sent_and_does_not_send_it_again() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    drop(worked(&stage, Ledger::open(&path, &stage.target, "Acme").unwrap()).await);
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    let resumed = Supplier::new(stage.session(), ledger);
    let posts = stage.memory.count("POST", "/letters");
    let settled = resumed.settle().await.unwrap();
    assert_eq!(settled.len(), 1);
    assert!(settled[0].letters.iter().all(SeenLetter::shows));
    assert!(resumed.ledger().select(letterproof_client::LetterRecord::in_flight).is_empty());
    assert_eq!(resumed.ledger().counts()[&Some(LetterStatus::Dispatched)], 2);
    assert_eq!(stage.memory.count("POST", "/letters"), posts);
    assert!(resumed.settle().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_line_that_a_crash_cut_short_is_dropped_and_the_file_goes_on() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let before = after_work(&stage, &path).await;
    let mut file = std::fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(br#"{"letter":{"id":"L0001","stat"#).unwrap();
    drop(file);
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    assert_eq!(ledger.select(|_| true), before);
    let damaged = Content::Unusable { problem: "damaged: no page tree".to_owned() };
    ledger.note_content(&"L0001".into(), damaged.clone()).unwrap();
    drop(ledger);
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    assert_eq!(ledger.get(&"L0001".into()).unwrap().content, Some(damaged));
}

#[tokio::test]
async fn why_a_letter_cannot_be_printed_is_kept_and_not_missed_in_older_ledgers() {
    let content = letterproof_client::Content::Unusable { problem: "it is empty".to_owned() };
    let kept = serde_json::to_value(&content).unwrap();
    assert_eq!(kept, serde_json::json!({"kind": "damaged", "problem": "it is empty"}));
    let older: letterproof_client::Content = serde_json::from_str(r#"{"kind":"damaged"}"#).unwrap();
    assert_eq!(older, letterproof_client::Content::Unusable { problem: String::new() });
}

#[tokio::test]
async fn a_ledger_of_another_target_or_supplier_is_refused() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    drop(Ledger::open(&path, &stage.target, "Acme").unwrap());
    let other = Ledger::open(&path, &stage.target, "Bodkin").err().unwrap().to_string();
    assert!(other.contains("supplier `Acme`") && other.contains("ledger.jsonl"), "{other}");
    let moved = stage.target.clone().at("http://127.0.0.1:1/api").unwrap();
    assert!(Ledger::open(&path, &moved, "Acme").is_err());
}

#[tokio::test]
async fn a_file_that_is_no_ledger_or_is_damaged_is_refused_by_name_and_left_alone() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    std::fs::write(&path, "my notes\n").unwrap();
    let error = Ledger::open(&path, &stage.target, "Acme").err().unwrap();
    assert!(matches!(error, ClientError::Ledger { .. }));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "my notes\n");
    std::fs::remove_file(&path).unwrap();
    drop(Ledger::open(&path, &stage.target, "Acme").unwrap());
    let header = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{header}{{\"letter\":7}}\n")).unwrap();
    let error = Ledger::open(&path, &stage.target, "Acme").err().unwrap().to_string();
    assert!(error.contains("line 2"), "{error}");
    std::fs::write(&path, header.replace("ledger/2", "ledger/9")).unwrap();
    let error = Ledger::open(&path, &stage.target, "Acme").err().unwrap().to_string();
    assert!(error.contains("letterproof-ledger/9"), "{error}");
}

#[tokio::test]
async fn the_last_head_of_each_run_is_kept() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let head = |run: &str, lines| RunHead { run: run.into(), lines, head: format!("{lines:064}") };
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    for (run, lines) in [("r1", 50), ("r2", 7), ("r1", 81)] {
        ledger.note_head(head(run, lines)).unwrap();
    }
    drop(ledger);
    for _ in 0..2 {
        let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
        assert_eq!(ledger.head_of(&"r1".into()), Some(head("r1", 81)));
        assert_eq!(ledger.heads(), [head("r1", 81), head("r2", 7)]);
        assert_eq!(ledger.head_of(&"r3".into()), None);
        // So many that the file is written again when it is opened.
        for _ in 0..1_100 {
            ledger.note_head(head("r2", 7)).unwrap();
        }
    }
    drop(Ledger::open(&path, &stage.target, "Acme").unwrap());
    assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 3);
}

#[tokio::test]
async fn a_ledger_of_the_format_before_is_read_and_written_in_this_one() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let before = after_work(&stage, &path).await;
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("ledger/2", "ledger/1", 1)).unwrap();
    let known = Ledger::peek(&path, &stage.target, "Acme").unwrap().unwrap();
    assert_eq!(known.select(|_| true), before, "looking changes nothing");
    assert!(std::fs::read_to_string(&path).unwrap().contains("ledger/1"));
    let ledger = Ledger::open(&path, &stage.target, "Acme").unwrap();
    assert_eq!(ledger.select(|_| true), before);
    drop(ledger);
    assert!(std::fs::read_to_string(&path).unwrap().contains("letterproof-ledger/2"));
}

#[tokio::test]
async fn a_ledger_in_use_is_refused_to_a_second_run() {
    let stage = Stage::set().await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let first = Ledger::open(&path, &stage.target, "Acme").unwrap();
    let error = Ledger::open(&path, &stage.target, "Acme").err().unwrap().to_string();
    assert!(error.contains("another run"), "{error}");
    drop(first);
    assert!(Ledger::open(&path, &stage.target, "Acme").is_ok());
}

#[tokio::test]
async fn taken_letters_are_nobody_elses_until_released() {
    let stage = Stage::set().await;
    let supplier = worked(&stage, Ledger::in_memory(&stage.target)).await;
    let ledger = supplier.ledger();
    let taken = ledger.take(3, |_| true);
    assert_eq!(taken.len(), 3);
    assert_eq!(ledger.take(3, |_| true).len(), 1);
    assert!(!ledger.reserve(&[taken[0].id.clone()]));
    ledger.release([&taken[0].id]);
    assert!(ledger.reserve(&[taken[0].id.clone()]));
}

#[tokio::test]
async fn a_run_that_was_broken_off_may_have_hidden_letters_that_nobody_knows_of() {
    let stage = Stage::set().await;
    let ledger = Ledger::in_memory(&stage.target);
    assert_eq!(ledger.all_shown_at(), None);
    let now = letterproof_model::now();
    ledger.note_lost_list(now);
    let hidden = jiff::SignedDuration::try_from(stage.target.visibility_timeout).unwrap();
    assert_eq!(ledger.all_shown_at(), Some(now.checked_add(hidden).unwrap()));
}
