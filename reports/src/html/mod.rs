//! The report a reviewer reads: one HTML file, no script, no network, no other file.
//!
//! The views hold every word and number; the template only lays them out. No test, criterion or finding
//! is left out. Exchanges are embedded where a criterion or a finding points to them, the gravest first,
//! and only as many in full as the file can bear.

mod acceptance;
mod exchanges;
mod findings;
mod letters;
mod performance;
mod plots;
mod statements;
mod trust;

use std::borrow::Cow;
use std::sync::LazyLock;

use letterproof_evidence::Bundle;
use letterproof_model::{
    Journal as _, Results, RunEnd, SupplierKind, Verdict, WaiverUse, visible, visible_lines,
};
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, context, escape_formatter};
use serde::Serialize;

use crate::questions::{Questions, questions};
use crate::tables::File;
use crate::{Extras, ReportError, outcome, words};
use acceptance::{Desk, Tag, Test};
use exchanges::{Embedded, Shelf};
use findings::{Checks, FindingGroup, checks, finding_groups};
use letters::{LetterFiles, Lifecycle, Moved, lifecycle};
use performance::{Measured, performance};
use statements::{Statements, statements};
use trust::{Trust, trust};

const TEMPLATE: &str = "report.html";

static TEMPLATES: LazyLock<Result<Environment<'static>, minijinja::Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.set_formatter(visibly);
    templates.add_filter("lines", lines);
    templates.add_template(TEMPLATE, include_str!("../../templates/report.html"))?;
    templates.add_template("parts.html", include_str!("../../templates/parts.html"))?;
    templates.add_template("sections.html", include_str!("../../templates/sections.html"))?;
    Ok(templates)
});

/// A text of several lines, for the few places that show them: as [`visibly`], with its line feeds.
fn lines(text: &str) -> minijinja::Value {
    minijinja::Value::from_safe_string(HtmlEscape(&visible_lines(text)).to_string())
}

/// Every value on its way into the page: what it hides is seen, and what it marks up is text. A line
/// feed, which a page would show as a blank, is seen too.
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

/// Renders a bundle as one self-contained HTML page, with links to these tables beside it.
pub(crate) fn render(
    bundle: &Bundle,
    traffic: &Traffic,
    flows: &[Flow<'_>],
    extras: &Extras,
    tables: &[File],
) -> Result<String, ReportError> {
    let templates = match &*TEMPLATES {
        Ok(templates) => templates,
        Err(error) => return Err(minijinja::Error::new(error.kind(), error.to_string()).into()),
    };
    let page = Serde(page(bundle, traffic, flows, extras, tables));
    let style = include_str!("../../templates/report.css");
    Ok(templates.get_template(TEMPLATE)?.render(context! { page, style })?)
}

/// The whole page.
#[derive(Debug, Serialize)]
struct Page {
    run: String,
    outcome: Tag,
    headline: String,
    /// What the results prove, and where: the first sentence.
    standing: String,
    detail: String,
    /// What a reader must know before anything else: each a sentence.
    notices: Vec<String>,
    facts: Vec<(&'static str, String)>,
    signed: String,
    capabilities: Vec<&'static str>,
    counts: Vec<(Tag, u64)>,
    /// Whether it begins with what was measured, and lists only the tests that were part of it.
    load: bool,
    missing: Vec<String>,
    questions: Vec<Questions>,
    tests: Vec<Test>,
    waivers: Vec<WaiverView>,
    lifecycle: Option<Lifecycle>,
    statements: Statements,
    conformance: Checks,
    observer: Checks,
    findings: Vec<FindingGroup>,
    performance: Vec<Measured>,
    exchanges: Vec<Embedded>,
    exchanges_line: String,
    operations: Vec<(String, String)>,
    trust: Trust,
    exit_code: u8,
}

/// A waiver and what became of it.
#[derive(Debug, Serialize)]
struct WaiverView {
    id: String,
    terms: String,
    state: String,
}

/// Words a bundle.
fn page(
    bundle: &Bundle,
    traffic: &Traffic,
    flows: &[Flow<'_>],
    extras: &Extras,
    tables: &[File],
) -> Page {
    let results = &bundle.results;
    let (shelf, exchanges) = Shelf::of(bundle);
    let moved = Moved::of(traffic);
    let files = LetterFiles::of(traffic);
    let desk = Desk { results, shelf: &shelf, files: &files, moved: &moved, extras, tables };
    let outcome = outcome::outcome(results);
    let recorded: u64 = results.run.exchanges.values().sum();
    let plural = |n| words::counted(n, "exchange", "exchanges");
    Page {
        run: results.run.id.to_string(),
        outcome: Tag::of(outcome.verdict),
        headline: outcome.headline,
        standing: bundle.standing().sentence(),
        detail: outcome.detail,
        notices: notices(bundle),
        facts: facts(bundle, recorded),
        signed: signed(extras),
        capabilities: results.run.target.capabilities.iter().map(|c| c.as_str()).collect(),
        counts: counts(results),
        load: outcome::is_load(results),
        missing: missing(results),
        questions: questions(results, &extras.attestations),
        tests: outcome::shown_tests(results).map(|test| desk.test(test)).collect(),
        waivers: results.waivers.iter().map(waiver).collect(),
        lifecycle: lifecycle(bundle, traffic),
        statements: statements(results, &extras.attestations),
        conformance: checks(&results.conformance, &desk),
        observer: checks(&results.observer, &desk),
        findings: finding_groups(results, &shelf),
        performance: performance(bundle, traffic, flows, extras),
        exchanges_line: format!(
            "{} of {} recorded are shown here: those that a criterion or a finding points to. The \
             journal and the HAR file hold all of them, with complete bodies.",
            words::number(exchanges.len() as u64),
            plural(recorded.max(exchanges.len() as u64)),
        ),
        exchanges,
        operations: results
            .run
            .exchanges
            .iter()
            .map(|(operation, count)| (operation.clone(), words::number(*count)))
            .collect(),
        trust: trust(bundle, traffic, extras),
        exit_code: results.exit_code,
    }
}

/// How many of the tests listed ended with each verdict; nothing where none is listed.
fn counts(results: &Results) -> Vec<(Tag, u64)> {
    if outcome::shown_tests(results).next().is_none() {
        return Vec::new();
    }
    let with = |verdict| {
        outcome::shown_tests(results).filter(|test| test.verdict == verdict).count() as u64
    };
    Verdict::ALL.iter().map(|verdict| (Tag::of(*verdict), with(*verdict))).collect()
}

fn notices(bundle: &Bundle) -> Vec<String> {
    let marks = bundle.journal.recording.marks();
    // Journals without a brief are older than the mark that tells a run's end.
    let end =
        outcome::broken_off(&RunEnd::of(marks)).filter(|_| bundle.journal.header.brief.is_some());
    let advice = bundle.results.waivers.iter().filter_map(WaiverUse::advice).map(|advice| {
        let mut letters = advice.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}.", letters.as_str())
    });
    end.into_iter().chain(bundle.results.run.remarks()).chain(advice).collect()
}

fn facts(bundle: &Bundle, recorded: u64) -> Vec<(&'static str, String)> {
    let run = &bundle.results.run;
    let traffic = match run.supplier {
        SupplierKind::Reference => "letterproof's reference supplier",
        SupplierKind::Witnessed => "the supplier's own system, watched",
        SupplierKind::Imported => "imported recording",
    };
    let standing = bundle.standing();
    let mut facts = run.who.lines().to_vec();
    facts.push(("Host", standing.host_lines().join("; ")));
    facts.extend([
        ("Target", run.target.name.clone()),
        ("Address", run.target.base_url.clone()),
        ("Window", run.window.map_or_else(|| "none given".to_owned(), |window| window.to_string())),
        ("Nonce", run.nonce.clone().unwrap_or_else(|| "none given".to_owned())),
        ("Traffic by", traffic.to_owned()),
        ("Started", words::date(run.started)),
        ("Took", words::duration_us(words::between_us(run.started, run.finished))),
        ("Exchanges", words::number(recorded)),
        ("Pack", format!("revision of {}", run.pack.version)),
        ("Tool", format!("letterproof {} ({})", run.tool.version, run.tool.commit)),
    ]);
    facts
}

/// What can be said of a signature that is made after the page.
fn signed(extras: &Extras) -> String {
    match &extras.signing_key {
        Some(key) => {
            let short: String = key.chars().take(16).collect();
            format!("to be signed with key {short}…; check with")
        }
        None => "not signed; check with".to_owned(),
    }
}

/// Required tests that this run does not show either way.
fn missing(results: &Results) -> Vec<String> {
    let undecided =
        |v| matches!(v, Verdict::NotRun | Verdict::NotApplicable | Verdict::Inconclusive);
    let tests =
        outcome::shown_tests(results).filter(|test| test.required && undecided(test.verdict));
    tests.map(|test| test.id.to_string()).collect()
}

fn waiver(used: &WaiverUse) -> WaiverView {
    use letterproof_model::WaiverState::{Applied, Expired, NotJudged, Unneeded};
    let state = match used.state {
        Applied => "the failure occurred, and the waiver applies",
        Expired => "expired",
        Unneeded => "no longer needed: delete it",
        NotJudged => "not judged in this run",
    };
    WaiverView {
        id: used.waiver.id.clone(),
        terms: outcome::waiver_words(used),
        state: state.to_owned(),
    }
}
