//! The whole page: what its first screen says, and the views of everything below.
//! Refuses to leave a test, a criterion or a finding of the results out.

use letterproof_evidence::Bundle;
use letterproof_model::{Journal as _, Results, RunEnd, SupplierKind, Verdict, WaiverUse};
use letterproof_traffic::Traffic;
use letterproof_traffic::flows::Flow;
use serde::Serialize;

use super::acceptance::{Desk, Tag, Test};
use super::before_after::Moved;
use super::checks::{Checks, checks};
use super::exchanges::{Embedded, Shelf};
use super::findings::{FindingGroup, finding_groups};
use super::letters::{LetterFiles, Lifecycle, lifecycle};
use super::performance::{Measured, performance};
use super::statements::{Statements, statements};
use super::trust::{Trust, trust};
use crate::questions::{Questions, questions};
use crate::tables::File;
use crate::{Extras, waived, words};

/// The whole page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
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
pub(super) fn page(
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
    let outcome = words::outcome(results);
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
        load: words::is_load(results),
        missing: missing(results),
        questions: questions(results, &extras.attestations),
        tests: words::shown_tests(results).map(|test| desk.test(test)).collect(),
        waivers: results.waivers.iter().map(waiver).collect(),
        lifecycle: lifecycle(bundle, traffic),
        statements: statements(results, &extras.attestations),
        conformance: checks(&results.conformance, &desk),
        observer: checks(&results.observer, &desk),
        findings: finding_groups(results, &shelf),
        performance: performance(bundle, traffic, flows, extras),
        exchanges_line: format!(
            "{} of {} recorded are shown here: those that a criterion or a finding points to. \
             The journal and the HAR file hold all of them, with whole bodies.",
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
    if words::shown_tests(results).next().is_none() {
        return Vec::new();
    }
    let with =
        |verdict| words::shown_tests(results).filter(|test| test.verdict == verdict).count() as u64;
    Verdict::ALL.iter().map(|verdict| (Tag::of(*verdict), with(*verdict))).collect()
}

fn notices(bundle: &Bundle) -> Vec<String> {
    let marks = bundle.journal.recording.marks();
    // Journals without a brief are older than the mark that tells a run's end.
    let end =
        words::broken_off(&RunEnd::of(marks)).filter(|_| bundle.journal.header.brief.is_some());
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
    let mut facts = vec![("Standing", standing.words())];
    facts.extend(run.who.lines());
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
        None => "unsigned: nobody vouches for it; check with".to_owned(),
    }
}

/// Required tests that this run does not show either way.
fn missing(results: &Results) -> Vec<String> {
    let undecided =
        |v| matches!(v, Verdict::NotRun | Verdict::NotApplicable | Verdict::Inconclusive);
    let tests = words::shown_tests(results).filter(|test| test.required && undecided(test.verdict));
    tests.map(|test| test.id.to_string()).collect()
}

fn waiver(used: &WaiverUse) -> WaiverView {
    use letterproof_model::WaiverState::{Applied, Expired, NotJudged, Unneeded};
    let state = match used.state {
        Applied => "its failure occurred, and it holds",
        Expired => "expired",
        Unneeded => "no longer needed: delete it",
        NotJudged => "not judged in this run",
    };
    WaiverView { id: used.waiver.id.clone(), terms: waived::words(used), state: state.to_owned() }
}
