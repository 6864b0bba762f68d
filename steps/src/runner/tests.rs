use std::sync::Mutex;

use letterproof_client::{Auth, Ledger, Session, SessionOptions, Target};

use letterproof_evidence::read_journal;
use letterproof_model::{Context, Journal as _};
use letterproof_reference_supplier::{Beginning, Silent, Supplier};

use super::*;
use crate::recorded::{BASE, journal, status_call};

/// A stage on which nothing is sent, and what it was told.
struct Staged {
    stage: Stage,
    open: RefCell<Vec<Open>>,
    told: Arc<Mutex<Vec<StepEvent>>>,
    folder: tempfile::TempDir,
}

impl Staged {
    fn new() -> Self {
        Self::on(Context::stand_in(BASE))
    }

    fn on(context: Context) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bench = Arc::new(Bench::new(context));
        let recorder: Arc<dyn Recorder> = Arc::new(journal(folder.path(), &bench));
        let target = Target::mock(BASE, BASE, Auth::None).unwrap();
        let ledger = Ledger::in_memory(&target);
        let options = SessionOptions::default();
        let session = Session::new(target, Arc::clone(&recorder), options).unwrap();
        let told: Arc<Mutex<Vec<StepEvent>>> = Arc::default();
        let tell = Arc::clone(&told);
        let stage = Stage {
            supplier: Supplier::begin(session, ledger, Arc::new(Silent), Beginning::default()),
            bench,
            recorder,
            on_event: Arc::new(move |event| tell.lock().unwrap().push(event)),
            on_scenario_end: Arc::new(|| Ok(())),
            prober: Arc::default(),
            reseed: None,
            sweeper: crate::Sweeper::default(),
        };
        Self { stage, open: RefCell::default(), told, folder }
    }

    /// A scenario has done all that it does; these are to hold.
    fn done(&self, scenario: &str, named: &[&str]) {
        let named = named.iter().map(|id| CriterionId::from(*id)).collect();
        self.open.borrow_mut().push(Open { scenario: scenario.to_owned(), named });
    }

    fn record(&self, status: u16) {
        self.stage.recorder.record(status_call(status)).unwrap();
    }

    async fn judge(&self, all: bool) {
        judge_open(&self.stage, &self.open, all).await;
    }

    /// How the journal says that scenarios ended.
    fn ends(&self) -> Vec<(String, String)> {
        let saved = read_journal(&self.folder.path().join("exchanges.jsonl")).unwrap();
        let ends = saved.recording.marks().iter();
        let ends = ends.filter(|mark| matches!(mark.kind, MarkKind::ScenarioFinished(_)));
        ends.map(|mark| (mark.scenario.clone().unwrap(), mark.words())).collect()
    }

    fn passed(&self) -> Vec<bool> {
        let told = self.told.lock().unwrap();
        let ends = told.iter().filter_map(|event| match event {
            StepEvent::Finished { outcome, .. } => Some(*outcome == ScenarioOutcome::Succeeded),
            _ => None,
        });
        ends.collect()
    }
}

fn succeeded(scenario: &str) -> (String, String) {
    (scenario.to_owned(), ScenarioOutcome::Succeeded.to_string())
}

#[tokio::test]
async fn a_scenario_ends_as_soon_as_its_criteria_hold_by_what_others_did() {
    let staged = Staged::new();
    staged.done("one", &["AT1.1"]);
    staged.judge(false).await;
    assert_eq!(staged.ends(), [], "others may still show it");
    staged.done("two", &[]);
    staged.judge(false).await;
    assert_eq!(staged.ends(), [succeeded("two")], "whoever names nothing is done");
    staged.record(200);
    staged.judge(false).await;
    assert_eq!(staged.ends(), [succeeded("two"), succeeded("one")]);
    staged.judge(true).await;
    assert_eq!(staged.ends().len(), 2, "each ends once");
    assert_eq!(staged.passed(), [true, true]);
}

#[tokio::test]
async fn what_does_not_hold_when_the_batch_has_ended_is_told_with_its_first_reason() {
    let staged = Staged::new();
    staged.record(200);
    staged.done("one", &["AT1.1", "AT1.2", "AT2.1"]);
    staged.judge(false).await;
    staged.judge(true).await;
    let [(scenario, text)] = &staged.ends()[..] else { panic!("one end") };
    assert_eq!(scenario, "one");
    assert!(text.starts_with("AT1.2 is ") && text.contains("; observed "), "{text}");
    assert_eq!(staged.passed(), [false]);
}

#[tokio::test]
async fn checks_of_the_suite_hold_like_criteria_or_by_not_applying() {
    let staged = Staged::new();
    // Nobody knows a letter of another supplier here.
    staged.done("foreign", &["C-LETTER-FOREIGN"]);
    staged.done("status", &["C-STATUS"]);
    staged.judge(true).await;
    let ends = staged.ends();
    assert_eq!(ends[0], succeeded("foreign"));
    assert!(ends[1].1.starts_with("C-STATUS is not run: expected "), "{ends:?}");
}

#[tokio::test]
async fn a_criterion_that_does_not_apply_to_the_target_is_no_reason_to_call_a_scenario_wrong() {
    let open = Context { capabilities: [].into(), ..Context::stand_in(BASE) };
    let staged = Staged::on(open);
    staged.record(200);
    staged.done("connects", &["AT1.1", "AT1.4"]);
    staged.judge(true).await;
    assert_eq!(staged.ends(), [succeeded("connects")]);
    assert_eq!(staged.passed(), [true]);
}

#[tokio::test]
async fn a_run_that_was_ended_is_why_a_scenario_came_to_no_end_of_its_own() {
    let staged = Staged::new();
    staged.record(200);
    staged.done("holds", &["AT1.1"]);
    staged.done("open", &["AT1.2"]);
    staged.stage.bench.stop("the run was asked to stop");
    staged.judge(true).await;
    let stopped = "the run was ended: the run was asked to stop".to_owned();
    assert_eq!(staged.ends(), [succeeded("holds"), ("open".to_owned(), stopped)]);
}
