//! Runs features through cucumber, batch after batch, and tells the journal where scenarios lie.
//!
//! Refuses to swallow: a step error ends its scenario and is marked in the journal, and an error
//! that makes going on senseless (nothing can be recorded, the target is gone) ends the run.

use std::sync::Arc;

use cucumber::gherkin::{Feature, Scenario};
use cucumber::{Event, Parser, World, Writer, cli, event, parser};
use futures::FutureExt as _;
use letterproof_client::Supplier;
use letterproof_model::{Mark, MarkKind, RecordError, Recorder, ScenarioOutcome, now};

use crate::{Bench, FeatureError, FeatureSet, PrintHouse, Prober};

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
        /// Whether every step of it succeeded.
        passed: bool,
    },
}

/// Checks that every step matches exactly one phrase.
///
/// # Errors
/// [`FeatureError::Step`] naming the first that does not.
pub fn check(features: &FeatureSet) -> Result<(), FeatureError> {
    features.check_steps(&PrintHouse::collection())
}

/// Runs every scenario of a set, batch after batch.
///
/// # Errors
/// [`FeatureError::Step`] before any traffic, when a step matches no phrase.
pub async fn run(features: &FeatureSet, stage: &Stage) -> Result<(), FeatureError> {
    check(features)?;
    let features = features.clone().for_workflow(stage.supplier.context());
    for batch in features.batches() {
        if stage.bench.stopped().is_some() {
            break;
        }
        run_batch(batch, stage.clone()).await;
    }
    Ok(())
}

async fn run_batch(batch: Vec<Feature>, stage: Stage) {
    let before = stage.clone();
    let after = stage.clone();
    PrintHouse::cucumber::<&str>()
        .with_parser(Parsed(batch))
        .with_writer(Progress(stage))
        .with_cli(cli::Opts::<_, _, _, cli::Empty>::default())
        .max_concurrent_scenarios(SIDE_BY_SIDE)
        .before(move |_, _, scenario, house| {
            house.enter(&before, &scenario.name);
            mark(&before, MarkKind::ScenarioStarted, scenario);
            std::future::ready(()).boxed_local()
        })
        .after(move |_, _, scenario, end, house| {
            let outcome = match (end, house.and_then(|house| house.take_failure())) {
                (event::ScenarioFinished::StepPassed, _) => ScenarioOutcome::Succeeded,
                (_, Some(failure)) => failure,
                (event::ScenarioFinished::StepSkipped, None) => {
                    ScenarioOutcome::Failed("a step was skipped".to_owned())
                }
                // A step that was not begun any more has no error of its own.
                (_, None) => after.bench.stopped().map_or_else(
                    || ScenarioOutcome::Failed("a step failed".to_owned()),
                    ScenarioOutcome::Stopped,
                ),
            };
            after.bench.rests(&scenario.name);
            mark(&after, MarkKind::ScenarioFinished(outcome), scenario);
            if let Err(error) = (after.on_scenario_end)() {
                after.bench.stop(error.message);
            }
            std::future::ready(()).boxed_local()
        })
        .run("")
        .await;
}

fn mark(stage: &Stage, kind: MarkKind, scenario: &Scenario) {
    let mark = Mark { at: now(), scenario: Some(scenario.name.clone()), kind };
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

impl Writer<PrintHouse> for Progress {
    type Cli = cli::Empty;

    async fn handle_event(
        &mut self,
        event: parser::Result<Event<event::Cucumber<PrintHouse>>>,
        _: &cli::Empty,
    ) {
        let Ok(Event { value: event::Cucumber::Feature(_, event), .. }) = event else { return };
        let (scenario, event) = match event {
            event::Feature::Scenario(scenario, event)
            | event::Feature::Rule(_, event::Rule::Scenario(scenario, event)) => (scenario, event),
            _ => return,
        };
        let name = scenario.name.clone();
        let told = match event.event {
            event::Scenario::Started => StepEvent::Started { scenario: name },
            event::Scenario::Step(step, event::Step::Started)
            | event::Scenario::Background(step, event::Step::Started) => {
                StepEvent::Step { scenario: name, step: step.value.clone() }
            }
            event::Scenario::Hook(event::HookType::After, event::Hook::Passed) => return,
            event::Scenario::Finished => {
                StepEvent::Finished { passed: !self.0.bench.has_failed(&name), scenario: name }
            }
            _ => return,
        };
        (self.0.on_event)(told);
    }
}

impl cucumber::writer::Normalized for Progress {}
