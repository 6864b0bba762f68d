//! What is shown of a witness at one moment, as data and as HTML. A part of the page is what
//! changes as one: the stream sends only those.
//!
//! All of it comes from the journal, where secrets are replaced already; everything is escaped, and
//! nothing is needed from a network.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::{
    Actor, CheckResult, Context, Counts, Exchange, LetterStatus, Mark, TestResult, Timestamp,
    Verdict, visible,
};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context, escape_formatter};
use serde::Serialize;

use crate::ui::judging::NextStep;

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

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// The parts of the page besides the tests, by the name of their template's macro.
const PARTS: [&str; 8] =
    ["state", "counts", "next", "observer", "letters", "traffic", "exchanges", "notes"];

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(visibly);
    templates.add_filter("words", words);
    templates.add_template("page.html", include_str!("page.html"))?;
    templates.add_template("end.html", include_str!("end.html"))?;
    templates.add_template("frame.html", include_str!("frame.html"))?;
    templates.add_template("parts.html", include_str!("parts.html"))?;
    Ok(templates)
});

/// Every value on its way into the page: what it hides is seen, a line feed too, and what it marks up
/// is text.
fn visibly(
    output: &mut minijinja::Output<'_>,
    state: &mut minijinja::State<'_, '_>,
    value: &minijinja::Value,
) -> Result<(), minijinja::Error> {
    match value.as_str().filter(|_| !value.is_safe()).map(visible) {
        Some(Cow::Owned(seen)) => escape_formatter(output, state, &minijinja::Value::from(seen)),
        _ => escape_formatter(output, state, value),
    }
}

/// A verdict as people read it.
fn words(word: String) -> String {
    Verdict::named(&word).map_or(word, |verdict| verdict.to_string())
}

/// The HTML of each part by its name; those of tests are named `at1`, `at2` and so on.
pub(crate) type Parts = BTreeMap<String, String>;

/// Renders every part.
pub(crate) fn parts(snapshot: &Snapshot) -> Result<Parts, minijinja::Error> {
    let template = template("parts.html")?;
    let seen = Serde(snapshot);
    let mut parts = Parts::new();
    for part in PARTS {
        let html = template.render(context! { part, seen })?;
        parts.insert(part.to_owned(), html);
    }
    for test in &snapshot.verdicts.tests {
        let html = template.render(context! { part => "test", seen, test => Serde(test) })?;
        parts.insert(part_of(test), html);
    }
    Ok(parts)
}

fn part_of(test: &TestResult) -> String {
    test.id.to_string().to_ascii_lowercase()
}

/// The whole page; `every`: loaded again after so many seconds, as a reader without scripts asked.
pub(crate) fn page(snapshot: &Snapshot, every: Option<u32>) -> Result<String, minijinja::Error> {
    let tests: Vec<String> = snapshot.verdicts.tests.iter().map(part_of).collect();
    template("page.html")?.render(context! {
        title => title(snapshot), seen => Serde(snapshot), parts => parts(snapshot)?, tests, every,
        style => STYLE, script => SCRIPT,
    })
}

/// The question before the end.
pub(crate) fn end(snapshot: &Snapshot) -> Result<String, minijinja::Error> {
    let open: Vec<String> = snapshot
        .verdicts
        .tests
        .iter()
        .filter(|test| test.required)
        .filter(|test| matches!(test.verdict, Verdict::NotRun | Verdict::Inconclusive))
        .map(|test| test.id.to_string())
        .collect();
    template("end.html")?.render(context! {
        title => "End the witness?", seen => Serde(snapshot), open, style => STYLE,
    })
}

/// The title of the page: the counts first, for a tab is narrow.
pub(crate) fn title(snapshot: &Snapshot) -> String {
    let counts = snapshot.verdicts.counts;
    let stage = match snapshot.stage {
        Stage::Watching => "witness",
        Stage::Ending(_) => "witness, ending",
        Stage::Ended(_) => "witness, ended",
    };
    format!("{} pass, {} fail: {stage}", counts.pass, counts.fail)
}

fn template(name: &str) -> Result<minijinja::Template<'static, 'static>, minijinja::Error> {
    match &*TEMPLATES {
        Ok(templates) => templates.get_template(name),
        Err(error) => Err(minijinja::Error::new(error.kind(), error.to_string())),
    }
}

/// The content security policy: this style, this script, this server, and nothing else.
pub(crate) fn policy() -> HeaderValue {
    let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
    let text = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    // Base64 is always fit for a header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"))
}
