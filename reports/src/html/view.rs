//! Everything the page says, worded and ordered; the template adds only layout.
//! Refuses to leave a test or a criterion of the results out.

use letterproof_evidence::Bundle;
use letterproof_model::{
    About, ClauseKind, ConformanceResult, CriterionResult, Finding, FindingKind, Mode, Performance,
    Results, SupplierKind, TestResult, Verdict, clause,
};
use serde::Serialize;

use super::exchanges::{Embedded, References, Shelf};
use super::letters::{LetterFiles, Lifecycle, Reconciled, lifecycle};
use crate::lives::Lives;
use crate::words;

/// A verdict as the page shows it: always a word and a sign, never a colour alone.
#[derive(Debug, Serialize)]
struct Tag {
    slug: &'static str,
    word: &'static str,
}

impl Tag {
    fn of(verdict: Verdict) -> Self {
        Self { slug: verdict.as_str(), word: words::verdict(verdict) }
    }
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    run: String,
    outcome: Tag,
    headline: String,
    detail: String,
    facts: Vec<(&'static str, String)>,
    capabilities: Vec<&'static str>,
    counts: Vec<(Tag, u64)>,
    missing: Vec<String>,
    tests: Vec<Test>,
    lifecycle: Option<Lifecycle>,
    owed: Vec<Owed>,
    conformance: Vec<Check>,
    conformance_line: String,
    findings: Vec<FindingGroup>,
    performance: Vec<Measured>,
    exchanges: Vec<Embedded>,
    exchanges_line: String,
    operations: Vec<(String, String)>,
    integrity: Vec<String>,
    exit_code: u8,
}

#[derive(Debug, Serialize)]
struct Test {
    id: String,
    title: String,
    need: &'static str,
    selected: bool,
    tag: Tag,
    passed: u64,
    total: u64,
    took: String,
    how: String,
    attempts: Vec<String>,
    /// Nothing of it was judged, so that its clauses are only listed.
    idle: bool,
    checks: Vec<Criterion>,
    owed: Vec<String>,
    not_tested: Vec<Criterion>,
    reconciliation: Vec<Reconciled>,
    /// The file beside the page that lists the test's letters.
    file: Option<String>,
}

#[derive(Debug, Serialize)]
struct Criterion {
    id: String,
    anchor: String,
    clause: String,
    tag: Tag,
    expected: String,
    observed: String,
    reason: Option<String>,
    letters: Vec<String>,
    exchanges: References,
}

#[derive(Debug, Serialize)]
struct Owed {
    id: String,
    test: String,
    clause: String,
    attach: String,
    given: bool,
}

#[derive(Debug, Serialize)]
struct Check {
    id: String,
    title: String,
    tag: Tag,
    kind: Option<&'static str>,
    criteria: Vec<Criterion>,
    open: bool,
}

#[derive(Debug, Serialize)]
struct FindingGroup {
    anchor: &'static str,
    title: &'static str,
    lead: &'static str,
    none: &'static str,
    items: Vec<FindingView>,
}

#[derive(Debug, Serialize)]
struct FindingView {
    id: String,
    anchor: String,
    kind: &'static str,
    title: String,
    expected: String,
    observed: String,
    source: String,
    seen: String,
    exchanges: References,
}

#[derive(Debug, Serialize)]
struct Measured {
    name: String,
    figures: Vec<(String, String)>,
}

/// Words a bundle.
pub(crate) fn page(bundle: &Bundle, lives: &Lives<'_>) -> Page {
    let results = &bundle.results;
    let files = LetterFiles::of(bundle, lives);
    let (shelf, exchanges) = Shelf::of(bundle);
    let outcome = words::outcome(results);
    let recorded: u64 = results.run.exchanges.values().sum();
    let plural = |n| words::counted(n, "exchange", "exchanges");
    Page {
        run: results.run.id.to_string(),
        outcome: Tag::of(outcome.verdict),
        headline: outcome.headline,
        detail: outcome.detail,
        facts: facts(bundle, recorded),
        capabilities: results.run.target.capabilities.iter().map(|c| c.as_str()).collect(),
        counts: Verdict::ALL.iter().map(|v| (Tag::of(*v), results.counts.get(*v))).collect(),
        missing: missing(results),
        tests: results.tests.iter().map(|test| view_test(test, &shelf, &files)).collect(),
        lifecycle: lifecycle(bundle, lives),
        owed: owed(results),
        conformance: results.conformance.iter().map(|check| view_check(check, &shelf)).collect(),
        conformance_line: conformance_line(results),
        findings: finding_groups(results, &shelf),
        performance: results.performance.iter().map(measured).collect(),
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
        integrity: integrity(bundle),
        exit_code: results.exit_code,
    }
}

fn facts(bundle: &Bundle, recorded: u64) -> Vec<(&'static str, String)> {
    let run = &bundle.results.run;
    let traffic = match run.supplier {
        SupplierKind::Reference => "letterproof's reference supplier",
        SupplierKind::Witnessed => "the supplier's own system, watched",
        SupplierKind::Imported => "imported recording",
    };
    vec![
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
    ]
}

/// Required tests that this run does not show either way.
fn missing(results: &Results) -> Vec<String> {
    let undecided =
        |v| matches!(v, Verdict::NotRun | Verdict::NotApplicable | Verdict::Inconclusive);
    let tests = results.tests.iter().filter(|test| test.required && undecided(test.verdict));
    tests.map(|test| test.id.to_string()).collect()
}

fn view_test(test: &TestResult, shelf: &Shelf<'_>, files: &LetterFiles) -> Test {
    let counts = test.check_counts();
    let of_kind = |kind| test.criteria.iter().filter(move |c| c.kind == kind);
    let elapsed: u64 = test
        .attempts
        .iter()
        .filter_map(|attempt| Some(words::between_us(attempt.started, attempt.finished?)))
        .sum();
    let how = match test.mode {
        Mode::Driven => "driven by the harness",
        Mode::Observed => "observed",
        Mode::Attested => "attested",
    };
    Test {
        id: test.id.to_string(),
        title: test.title.clone(),
        need: if test.required { "Required" } else { "Optional" },
        selected: test.selected,
        tag: Tag::of(test.verdict),
        passed: counts.get(Verdict::Pass),
        total: test.checks().count() as u64,
        took: if elapsed > 0 { words::duration_us(elapsed) } else { String::new() },
        how: how.to_owned(),
        attempts: attempts(test),
        idle: test.checks().all(|c| c.verdict == Verdict::NotRun),
        checks: of_kind(ClauseKind::Check).map(|c| view_criterion(c, shelf)).collect(),
        owed: of_kind(ClauseKind::Attestation).map(|c| c.id.to_string()).collect(),
        not_tested: of_kind(ClauseKind::NotTested).map(|c| view_criterion(c, shelf)).collect(),
        reconciliation: files.reconciliation(test.id),
        file: files.name(test.id),
    }
}

/// One line for each attempt: none is dropped, and a single one needs no number.
fn attempts(test: &TestResult) -> Vec<String> {
    let many = test.attempts.len() > 1;
    let line = |(at, attempt): (usize, &letterproof_model::Attempt)| {
        let number = if many { format!("Attempt {}: ", at + 1) } else { String::new() };
        let took = attempt.finished.map_or_else(
            || "broke off".to_owned(),
            |finished| words::duration_us(words::between_us(attempt.started, finished)),
        );
        let range = match &attempt.exchanges {
            Some((first, last)) => format!(", {first} to {last}"),
            None => String::new(),
        };
        let outcome = attempt.outcome.as_ref().map(|o| format!(": {o}")).unwrap_or_default();
        format!("{number}{}, {took}{range}{outcome}", words::time_of_day(attempt.started))
    };
    test.attempts.iter().enumerate().map(line).collect()
}

fn view_criterion(criterion: &CriterionResult, shelf: &Shelf<'_>) -> Criterion {
    Criterion {
        id: criterion.id.to_string(),
        anchor: criterion.id.to_string(),
        clause: criterion.clause.clone(),
        tag: Tag::of(criterion.verdict),
        // The clause often says it all: do not say it twice.
        expected: if criterion.expected == criterion.clause {
            "As the clause says.".to_owned()
        } else {
            criterion.expected.clone()
        },
        observed: criterion.observed.clone(),
        reason: criterion.reason.clone(),
        letters: criterion.letters.iter().map(ToString::to_string).collect(),
        exchanges: shelf.criterion(criterion),
    }
}

fn owed(results: &Results) -> Vec<Owed> {
    let attestations = results.tests.iter().flat_map(|test| {
        test.criteria.iter().filter(|c| c.kind == ClauseKind::Attestation).map(move |c| (test, c))
    });
    attestations
        .map(|(test, criterion)| Owed {
            id: criterion.id.to_string(),
            test: test.id.to_string(),
            clause: criterion.clause.clone(),
            attach: clause(&criterion.id)
                .map(|clause| clause.note.to_owned())
                .filter(|note| !note.is_empty())
                .unwrap_or_else(|| criterion.expected.clone()),
            given: criterion.verdict == Verdict::Pass,
        })
        .collect()
}

fn view_check(check: &ConformanceResult, shelf: &Shelf<'_>) -> Check {
    let mut criteria: Vec<Criterion> =
        check.criteria.iter().map(|c| view_criterion(c, shelf)).collect();
    // Several criteria of a check may share its id, but an anchor may stand only once.
    for (at, criterion) in criteria.iter_mut().enumerate().skip(1) {
        criterion.anchor = format!("{}-{}", criterion.id, at + 1);
    }
    Check {
        id: check.id.to_string(),
        title: check.title.clone(),
        tag: Tag::of(check.verdict),
        kind: check.finding.map(kind_word),
        criteria,
        open: matches!(check.verdict, Verdict::Fail | Verdict::Error),
    }
}

fn conformance_line(results: &Results) -> String {
    let counts = letterproof_model::Counts::of(results.conformance.iter().map(|c| c.verdict));
    let parts: Vec<String> = Verdict::ALL
        .iter()
        .filter(|verdict| counts.get(**verdict) > 0)
        .map(|v| format!("{} {}", words::number(counts.get(*v)), words::verdict(*v).to_lowercase()))
        .collect();
    parts.join(", ")
}

fn kind_word(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Violation => "Violation",
        FindingKind::Deviation => "Known deviation",
        FindingKind::Drift => "Drift",
        FindingKind::Note => "Note",
    }
}

fn finding_groups(results: &Results, shelf: &Shelf<'_>) -> Vec<FindingGroup> {
    let group = |about, anchor, title, lead, none| FindingGroup {
        anchor,
        title,
        lead,
        none,
        items: results
            .findings
            .iter()
            .filter(|finding| finding.about == about)
            .map(|finding| view_finding(finding, shelf))
            .collect(),
    };
    vec![
        group(
            About::Supplier,
            "findings-supplier",
            "Findings about the supplier",
            "What the supplier under test did that someone should know of.",
            "Nothing was found about the supplier.",
        ),
        group(
            About::Api,
            "findings-api",
            "Findings about the API",
            "How the API differs from its specification. None of these is the supplier's fault, \
             and none makes an acceptance test fail by itself.",
            "Nothing was found about the API.",
        ),
        group(
            About::Harness,
            "findings-harness",
            "Findings about this harness",
            "What the harness could not do, or did in a way that a reader must know of.",
            "Nothing was found about the harness.",
        ),
    ]
}

fn view_finding(finding: &Finding, shelf: &Shelf<'_>) -> FindingView {
    FindingView {
        id: finding.id.clone(),
        anchor: format!(
            "{}-{}",
            finding.id,
            kind_word(finding.kind).to_lowercase().replace(' ', "-")
        ),
        kind: kind_word(finding.kind),
        title: finding.title.clone(),
        expected: finding.expected.clone(),
        observed: finding.observed.clone(),
        source: finding.source.clone(),
        seen: match finding.count {
            1 => "seen once".to_owned(),
            count => format!("seen {} times", words::number(count)),
        },
        exchanges: shelf.finding(finding),
    }
}

/// Figures carry their unit in their name: `elapsed_ms` is shown as `elapsed`, `… ms`.
fn measured(performance: &Performance) -> Measured {
    let figure = |(name, value): (&String, &f64)| {
        let (stem, unit) = ["ms", "us", "per_s", "s", "mb", "percent"]
            .iter()
            .find_map(|unit| Some((name.strip_suffix(&format!("_{unit}"))?, *unit)))
            .unwrap_or((name, ""));
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Whole and positive.
        let shown = if value.fract() == 0.0 && (0.0..1e15).contains(value) {
            words::number(*value as u64)
        } else {
            format!("{value:.2}")
        };
        let unit = match unit {
            "us" => "µs",
            "per_s" => "per second",
            "mb" => "MB",
            "percent" => "%",
            other => other,
        };
        (stem.replace('_', " "), format!("{shown} {unit}").trim_end().to_owned())
    };
    Measured {
        name: performance.name.clone(),
        figures: performance.figures.iter().map(figure).collect(),
    }
}

fn integrity(bundle: &Bundle) -> Vec<String> {
    let mut lines = vec![format!(
        "Each line of the journal holds the hash of the line before it. The chain was checked when \
         this report was made and is unbroken; it ends in {}.",
        bundle.journal.head
    )];
    if bundle.journal.torn_tail {
        lines.push(
            "The last line of the journal is torn: the run was killed while writing it. That \
             exchange is not part of the evidence."
                .to_owned(),
        );
    }
    lines.push(
        "Not signed. Times and exchanges are the record of the machine that ran this; each call \
         carries an X-Request-ID, by which NHS can find it in its gateway's log."
            .to_owned(),
    );
    lines.push(
        "Secrets were replaced before anything was written, by hashes under a key that was thrown \
         away. Equal secrets of this run have equal hashes. Contents of letters were never kept."
            .to_owned(),
    );
    lines
}
