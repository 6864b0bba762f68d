//! The page and its parts, in HTML. A part is what changes as one: the stream sends only those.
//! Refuses to show anything unescaped, and to need anything from a network.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_model::{TestResult, Verdict, visible};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, context, escape_formatter};

use super::snapshot::{Snapshot, Stage};

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
