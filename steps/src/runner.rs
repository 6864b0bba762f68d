//! Runs features through cucumber, batch after batch, and tells the journal where scenarios lie.
//!
//! A scenario's criteria are judged when it has done all that it does. Scenarios of a batch run side
//! by side and are judged by one record, so what one of them is to show may rest on what another is
//! still doing: a scenario whose criteria do not hold yet stays open, is judged again whenever
//! another one of its batch ends, and ends at the latest with the batch. Its end is marked in the
//! journal only then. `--resume` thus leaves alone what held, and repeats what did not or what was
//! still open when the run was killed: that it would have held, nobody can say.
//!
//! No error is swallowed: a step error ends its scenario and is marked in the journal, and an error
//! that makes going on senseless (nothing can be recorded, the target is gone) ends the run.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use cucumber::gherkin::Feature;
use cucumber::{Event, Parser, World, Writer, cli, event, parser};
use futures::FutureExt as _;
use letterproof_model::{CriterionId, Mark, MarkKind, RecordError, Recorder, ScenarioOutcome, now};
use letterproof_reference_supplier::Supplier;

use crate::sweep::{look_first, sweep};
use crate::{Bench, FeatureError, FeatureSet, Prober, SupplierWorld, Sweeper};

/// How many scenarios of one batch run side by side.
const SIDE_BY_SIDE: usize = 16;

/// Seeds the target anew; the error is one sentence.
pub type Reseed = Arc<dyn Fn() -> Result<(), String>>;

/// What scenarios run with.
#[derive(Clone)]
pub struct Stage {
    /// The reference supplier.
    pub supplier: Supplier,
    /// The judges, who see every exchange as it is recorded.
    pub bench: Arc<Bench>,
    /// Where marks go.
    pub recorder: Arc<dyn Recorder>,
    /// Told of every scenario and step, for progress.
    pub on_event: Arc<dyn Fn(StepEvent)>,
    /// Called when a scenario has ended, to make the journal survive a power cut.
    pub on_scenario_end: Arc<dyn Fn() -> Result<(), RecordError>>,
    /// Sends the probes of the conformance suite.
    pub prober: Arc<Prober>,
    /// Seeds the target anew (AT15), where that is in the harness's hands.
    pub reseed: Option<Reseed>,
    /// What is read once more when the work is over.
    pub sweeper: Sweeper,
}

/// What a scenario is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StepEvent {
    /// A scenario began.
    Started {
        /// The scenario.
        scenario: String,
    },
    /// A step began.
    Step {
        /// The scenario.
        scenario: String,
        /// The step.
        step: String,
    },
    /// A scenario ended.
    Finished {
        /// The scenario.
        scenario: String,
        /// How: it succeeded where every step did and its criteria hold.
        outcome: ScenarioOutcome,
    },
    /// Something was left out.
    Noted {
        /// What, in one sentence.
        text: String,
    },
}

/// Checks that every step matches exactly one phrase.
///
/// # Errors
/// [`FeatureError::Step`] naming the first that does not.
pub fn check(features: &FeatureSet) -> Result<(), FeatureError> {
    features.check_steps(&SupplierWorld::collection())
}

/// Runs every scenario of a set, batch after batch, and sweeps.
///
/// # Errors
/// [`FeatureError::Step`] before any traffic, when a step matches no phrase.
pub async fn run(features: &FeatureSet, stage: &Stage) -> Result<(), FeatureError> {
    check(features)?;
    let features = features.clone().that_apply(stage.supplier.context());
    let mut batches = features.batches().into_iter().peekable();
    while let Some(batch) = batches.next() {
        if stage.bench.stopped().is_some() {
            break;
        }
        run_batch(batch, stage.clone()).await;
        if batches.peek().is_some() && stage.bench.stopped().is_none() {
            look_first(stage).await;
        }
    }
    sweep(stage).await;
    Ok(())
}

/// A scenario that has done all that it does.
struct Open {
    scenario: String,
    /// What is to hold.
    named: Vec<CriterionId>,
}

async fn run_batch(batch: Vec<Feature>, stage: Stage) {
    let open: Rc<RefCell<Vec<Open>>> = Rc::default();
    let before = stage.clone();
    let (after, left_open) = (stage.clone(), Rc::clone(&open));
    SupplierWorld::cucumber::<&str>()
        .with_parser(Parsed(batch))
        .with_writer(Progress(stage.clone()))
        .with_cli(cli::Opts::<_, _, _, cli::Empty>::default())
        .max_concurrent_scenarios(SIDE_BY_SIDE)
        .before(move |_, _, scenario, world| {
            world.enter(&before, &scenario.name);
            let scenario = scenario.name.clone();
            mark(&before, MarkKind::ScenarioStarted, &scenario);
            (before.on_event)(StepEvent::Started { scenario });
            std::future::ready(()).boxed_local()
        })
        .after(move |_, _, scenario, end, world| {
            let (failure, named) = match world {
                Some(world) => (world.take_failure(), world.take_named()),
                None => (None, Vec::new()),
            };
            let scenario = scenario.name.clone();
            let early = match (end, failure) {
                (event::ScenarioFinished::StepPassed, _) => None,
                (_, Some(failure)) => Some(failure),
                (event::ScenarioFinished::StepSkipped, None) => {
                    Some(ScenarioOutcome::Failed("a step was skipped".to_owned()))
                }
                // A step that was not begun any more has no error of its own.
                (_, None) => Some(after.bench.stopped().map_or_else(
                    || ScenarioOutcome::Failed("a step failed".to_owned()),
                    ScenarioOutcome::Stopped,
                )),
            };
            match early {
                Some(outcome) => finish(&after, &scenario, outcome),
                None => left_open.borrow_mut().push(Open { scenario, named }),
            }
            let (stage, open) = (after.clone(), Rc::clone(&left_open));
            async move { judge_open(&stage, &open, false).await }.boxed_local()
        })
        .run("")
        .await;
    judge_open(&stage, &open, true).await;
}

/// Judges the scenarios that are open. Those that hold have ended; `all` of them have, when nothing
/// more will be recorded that could make the others hold.
async fn judge_open(stage: &Stage, open: &RefCell<Vec<Open>>, all: bool) {
    let judged = open.take();
    if judged.is_empty() {
        return;
    }
    let bench = Arc::clone(&stage.bench);
    // Off this thread: scenarios still under way go on meanwhile.
    let judging = tokio::task::spawn_blocking(move || {
        let told = judged.into_iter().map(|open| {
            let held = bench.hold(&open.named).map_err(|error| error.to_string());
            (open, held)
        });
        told.collect::<Vec<_>>()
    });
    match judging.await {
        Ok(told) => {
            for (scenario, held) in told {
                if held.is_err() && !all {
                    open.borrow_mut().push(scenario);
                    continue;
                }
                let outcome = match held {
                    Ok(()) => ScenarioOutcome::Succeeded,
                    // What a run that was ended left undone may be why it does not hold.
                    Err(error) => stage.bench.stopped().map_or_else(
                        || ScenarioOutcome::Failed(error),
                        |reason| ScenarioOutcome::Stopped(crate::world::ended(&reason)),
                    ),
                };
                finish(stage, &scenario.scenario, outcome);
            }
        }
        Err(error) => stage.bench.stop(format!("the judges cannot continue: {error}")),
    }
}

/// Marks the end of a scenario, and makes it survive a power cut.
fn finish(stage: &Stage, scenario: &str, outcome: ScenarioOutcome) {
    mark(stage, MarkKind::ScenarioFinished(outcome.clone()), scenario);
    if let Err(error) = (stage.on_scenario_end)() {
        stage.bench.stop(error.message);
    }
    (stage.on_event)(StepEvent::Finished { scenario: scenario.to_owned(), outcome });
}

fn mark(stage: &Stage, kind: MarkKind, scenario: &str) {
    let mark = Mark { at: now(), scenario: Some(scenario.to_owned()), kind };
    if let Err(error) = stage.recorder.mark(mark) {
        stage.bench.stop(error.message);
    }
}

/// Hands cucumber features that were parsed, selected and checked before.
struct Parsed(Vec<Feature>);

impl Parser<&str> for Parsed {
    type Cli = cli::Empty;
    type Output = futures::stream::Iter<std::vec::IntoIter<parser::Result<Feature>>>;

    fn parse(self, _: &str, _: cli::Empty) -> Self::Output {
        futures::stream::iter(self.0.into_iter().map(Ok).collect::<Vec<_>>())
    }
}

/// Passes cucumber's events on as progress; results are rendered from the journal instead.
struct Progress(Stage);

impl Writer<SupplierWorld> for Progress {
    type Cli = cli::Empty;

    async fn handle_event(
        &mut self,
        event: parser::Result<Event<event::Cucumber<SupplierWorld>>>,
        _: &cli::Empty,
    ) {
        let Ok(Event { value: event::Cucumber::Feature(_, event), .. }) = event else { return };
        let (scenario, event) = match event {
            event::Feature::Scenario(scenario, event)
            | event::Feature::Rule(_, event::Rule::Scenario(scenario, event)) => (scenario, event),
            _ => return,
        };
        if let event::Scenario::Step(step, event::Step::Started)
        | event::Scenario::Background(step, event::Step::Started) = event.event
        {
            let (scenario, step) = (scenario.name.clone(), step.value.clone());
            (self.0.on_event)(StepEvent::Step { scenario, step });
        }
    }
}

impl cucumber::writer::Normalized for Progress {}

#[cfg(test)]
mod tests;
