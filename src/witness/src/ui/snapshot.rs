//! What is shown of a witness at one moment.
//! Refuses secrets: all of it comes from the journal, where they are replaced already.

use std::sync::Arc;

use letterproof_model::{
    Actor, CheckResult, Context, Counts, Exchange, LetterStatus, Mark, TestResult, Timestamp,
};
use serde::Serialize;

use super::advice::NextStep;

/// What is shown of a witness at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Where its traffic goes.
    pub target: String,
    /// What the supplier puts in place of the API's base URL.
    pub base_url: String,
    /// Whether it still watches.
    pub stage: Stage,
    /// Why every request is answered with 503, once the journal could not be written.
    pub refusing: Option<String>,
    /// What was concluded so far.
    #[serde(flatten)]
    pub verdicts: Arc<Verdicts>,
    /// Letters by status.
    pub letters: Vec<StatusCount>,
    /// The last exchanges, the latest first.
    pub recent: Vec<Recent>,
    /// The last notes, scenarios and injections, the latest first.
    pub notes: Vec<Noted>,
    /// The scenario under way.
    pub scenario: Option<String>,
    /// The rules of what is made to go wrong.
    pub rules: Vec<String>,
    /// How much passes.
    pub traffic: TrafficNow,
}

/// Whether a witness still watches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case", tag = "name", content = "words")]
pub enum Stage {
    /// It does.
    #[default]
    Watching,
    /// It was asked to end; what it is doing, in one sentence.
    Ending(String),
    /// It has ended; what it left, in one sentence.
    Ended(String),
}

/// What the judges concluded from the traffic so far.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Verdicts {
    /// The acceptance tests that were asked for.
    pub tests: Vec<TestResult>,
    /// How many of them ended with each verdict.
    pub counts: Counts,
    /// What only an observer of the supplier can see.
    pub observer: Vec<CheckResult>,
    /// What the tester should do next, in the order of the tests.
    pub next: Vec<NextStep>,
    /// How many exchanges this rests on.
    pub judged: usize,
}

/// How many letters stand at a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    /// The status.
    pub status: LetterStatus,
    /// Letters for which it was sent last and not refused.
    pub sent: usize,
    /// Letters that showed it when they were last listed or read.
    pub seen: usize,
}

/// One of the last exchanges, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Recent {
    /// Its id in the journal.
    pub id: String,
    /// When it was sent: hours, minutes and seconds (UTC).
    pub time: String,
    /// Who made it: `supplier`, or `witness` for a read-back of its own.
    pub actor: &'static str,
    /// `GET /letters?limit=10 → 200`.
    pub headline: String,
    /// How long it took, in milliseconds.
    pub millis: i128,
}

impl Recent {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        Self {
            id: exchange.id.to_string(),
            time: exchange.started.strftime("%H:%M:%S").to_string(),
            actor: match exchange.actor {
                Actor::Supplier => "supplier",
                Actor::Harness => "witness",
            },
            headline: exchange.headline(),
            millis: exchange.finished().duration_since(exchange.started).as_millis(),
        }
    }
}

/// A mark of the journal, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Noted {
    /// When it happened.
    pub at: Timestamp,
    /// The name of its kind in the journal.
    pub kind: &'static str,
    /// The scenario it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What it says, in words.
    pub text: String,
}

impl Noted {
    pub(crate) fn of(mark: &Mark) -> Self {
        let (kind, text) = (mark.kind.name(), mark.words());
        Self { at: mark.at, kind, scenario: mark.scenario.clone(), text }
    }
}

/// How much passes through a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct TrafficNow {
    /// API calls of the supplier within the last second.
    pub rate: usize,
    /// API calls a second that the target allows; `None` for no limit.
    pub limit: Option<u32>,
    /// Requests received, whatever became of them.
    pub requests: u64,
    /// Exchanges recorded.
    pub recorded: u64,
    /// Exchanges under way.
    pub in_flight: u64,
    /// Exchanges something was injected into.
    pub injected: u64,
    /// Connections and requests refused for what they are.
    pub refused: u64,
    /// Requests refused because the journal cannot be written.
    pub unrecorded: u64,
}

impl TrafficNow {
    /// The limit of a target.
    pub(crate) fn limit_of(context: &Context) -> Option<u32> {
        // A context writes "no limit" as the largest number.
        (context.rate_limit < u32::MAX).then_some(context.rate_limit)
    }
}
