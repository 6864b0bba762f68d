//! JUnit XML: one suite for each acceptance test and one for conformance, one case a criterion.
//!
//! A clause not met is a `failure`, the harness's own fault an `error`, everything undecided or owed,
//! and advice, is `skipped` with its reason. A waived failure is still a `failure`, and says so in
//! its output. The first two are never mixed, and every failure says what was expected, what was seen
//! and where.

use std::fmt::Write as _;

use junit_report::{Duration, OffsetDateTime, ReportBuilder, TestCase, TestSuiteBuilder};
use letterproof_evidence::{Attestation, Bundle, Stated, StatementState, stated, statement_state};
use letterproof_model::{
    CheckResult, ClauseKind, CriterionResult, Exchanges, Journal as _, Results, TestResult,
    Verdict, visible, visible_lines,
};

use crate::{Extras, ReportError, outcome, words};

/// Exchanges a failure text spells out.
const SPELT_OUT: usize = 5;

/// Renders a bundle as JUnit XML.
pub(crate) fn render(bundle: &Bundle, extras: &Extras) -> Result<String, ReportError> {
    let results = &bundle.results;
    let started = results.run.started;
    let timestamp = OffsetDateTime::from_unix_timestamp(started.as_second())
        .map_err(|_| ReportError::Time(started))?;
    let desk = Desk {
        results,
        journal: bundle.journal.recording.exchanges(),
        given: &extras.attestations,
    };
    let suites = results.tests.iter().map(|test| {
        let class = test.id.to_string();
        suite(&format!("{class} {}", test.title), timestamp, desk.test_cases(test, &class))
    });
    let beside = [
        ("Conformance with the API contract", "conformance", &results.conformance),
        ("What an observer of the supplier saw", "observer", &results.observer),
    ];
    let beside = beside
        .into_iter()
        .filter(|(.., checks)| !checks.is_empty())
        .map(|(title, class, checks)| suite(title, timestamp, desk.check_cases(checks, class)));
    let mut report = ReportBuilder::new();
    report.add_testsuites(suites.chain(beside));
    let mut xml = Vec::new();
    report.build().write_xml(&mut xml)?;
    xml.push(b'\n');
    let properties = properties(bundle);
    let changed = |tags: &str| with_properties(&rounded(tags), &properties);
    Ok(outside_data(&String::from_utf8_lossy(&xml), changed))
}

/// The report with its tags changed, and what its sections of text say left as it is.
fn outside_data(xml: &str, change: impl Fn(&str) -> String) -> String {
    const DATA: [&str; 2] = ["<![CDATA[", "]]>"];
    let mut written = String::with_capacity(xml.len());
    let mut rest = xml;
    while !rest.is_empty() {
        let (tags, after) = rest.split_at(rest.find(DATA[0]).unwrap_or(rest.len()));
        written.push_str(&change(tags));
        let end = after.find(DATA[1]).map_or(after.len(), |at| at + DATA[1].len());
        written.push_str(&after[..end]);
        rest = &after[end..];
    }
    written
}

/// Tags with every time at most three decimals long, which is all that Jenkins' xUnit plugin takes;
/// the library writes sums of binary fractions (`1.2349999999999999`).
fn rounded(tags: &str) -> String {
    const TIME: &str = " time=\"";
    let mut written = String::with_capacity(tags.len());
    let mut rest = tags;
    while let Some((before, (time, left))) =
        rest.split_once(TIME).and_then(|(before, left)| Some((before, left.split_once('"')?)))
    {
        let short = time.parse::<f64>().map(|seconds| (seconds * 1_000.0).round() / 1_000.0);
        let short = short.map_or_else(|_| time.to_owned(), |seconds| seconds.to_string());
        written.extend([before, TIME, &short, "\""]);
        rest = left;
    }
    written + rest
}

/// What the results prove, where and for whom, as every suite says it; the library knows none.
fn properties(bundle: &Bundle) -> String {
    let (run, standing) = (&bundle.results.run, bundle.standing());
    let mut named = vec![
        ("standing".to_owned(), standing.word.to_string()),
        ("place".to_owned(), standing.place.to_string()),
        ("host".to_owned(), standing.host_lines().join("; ")),
    ];
    if !run.resumed.is_empty() {
        let times: Vec<String> = run.resumed.iter().map(|at| words::date(*at)).collect();
        named.push(("resumed".to_owned(), times.join("; ")));
    }
    named.extend(run.outside_window().map(|words| ("outside window".to_owned(), words)));
    named.extend(run.who.lines().map(|(label, stated)| (label.to_lowercase(), stated)));
    let line = |(name, value): (String, String)| {
        format!("<property name=\"{}\" value=\"{}\" />", attribute(&name), attribute(&value))
    };
    let lines: String = named.into_iter().map(line).collect();
    format!("<properties>{lines}</properties>")
}

/// Text as the value of an attribute.
fn attribute(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            c => safe.push(c),
        }
    }
    safe
}

/// Tags with these properties at the head of each suite.
fn with_properties(tags: &str, properties: &str) -> String {
    const SUITE: &str = "<testsuite ";
    let mut written = String::with_capacity(tags.len());
    let mut rest = tags;
    while let Some(at) = rest.find(SUITE) {
        // No value of an attribute holds a `>` that is not escaped.
        let Some(end) = rest[at..].find('>').map(|end| at + end) else { break };
        let (tag, left) = rest.split_at(end + 1);
        match tag.strip_suffix("/>") {
            Some(open) => written.extend([open.trim_end(), ">", properties, "</testsuite>"]),
            None => written.extend([tag, properties]),
        }
        rest = left;
    }
    written + rest
}

/// What a case is written from.
struct Desk<'a> {
    results: &'a Results,
    journal: Exchanges<'a>,
    given: &'a [Attestation],
}

fn suite(name: &str, timestamp: OffsetDateTime, cases: Vec<TestCase>) -> junit_report::TestSuite {
    TestSuiteBuilder::new(&one_line(name)).set_timestamp(timestamp).add_testcases(cases).build()
}

impl Desk<'_> {
    fn test_cases(&self, test: &TestResult, class: &str) -> Vec<TestCase> {
        let elapsed = words::took_us(test);
        let judged = test.checks().filter(|c| is_judged(c.verdict)).count().max(1) as u64;
        let share = Duration::microseconds(i64::try_from(elapsed / judged).unwrap_or(i64::MAX));
        let mut cases: Vec<TestCase> = test
            .criteria
            .iter()
            .map(|criterion| {
                let time = if is_judged(criterion.verdict) { share } else { Duration::ZERO };
                self.case(criterion, &criterion.clause, class, time)
            })
            .collect();
        // A verdict that no criterion carries (the harness broke off) must not vanish.
        if cases.is_empty()
            || is_grave(test.verdict) && test.checks().all(|c| c.verdict != test.verdict)
        {
            let last = test.attempts.iter().rev().find_map(|attempt| attempt.outcome.as_deref());
            let reason = last.unwrap_or("no criterion was judged");
            cases.push(named(test.verdict, &format!("{class} as a whole"), class, reason, reason));
        }
        cases
    }

    fn check_cases(&self, checks: &[CheckResult], class: &str) -> Vec<TestCase> {
        let criteria =
            checks.iter().flat_map(|check| check.criteria.iter().map(move |c| (check, c)));
        criteria
            .map(|(check, c)| match check.is_advised() {
                true => advice(c, &check.title, class),
                false => self.case(c, &check.title, class, Duration::ZERO),
            })
            .collect()
    }

    fn case(
        &self,
        criterion: &CriterionResult,
        clause: &str,
        class: &str,
        time: Duration,
    ) -> TestCase {
        let name = format!("{} {clause}", criterion.id);
        if criterion.kind == ClauseKind::Attestation && criterion.verdict != Verdict::Pass {
            return self.statement(criterion, &name, class);
        }
        let summary = match criterion.verdict {
            Verdict::Pass | Verdict::Fail | Verdict::Error => format!(
                "expected: {} | observed: {}{}",
                criterion.expected,
                criterion.observed,
                criterion.reason.as_ref().map(|r| format!(" | reason: {r}")).unwrap_or_default()
            ),
            verdict => {
                let reason = criterion.reason.as_deref().unwrap_or(&criterion.observed);
                format!("{verdict}: {reason}")
            }
        };
        let detail = detail(criterion, self.journal);
        let mut case = named(criterion.verdict, &name, class, &summary, &detail);
        case.time = time;
        let used = outcome::waiver_of(self.results, criterion.id.as_str(), criterion.verdict);
        if let Some(used) = used {
            case.system_out = Some(one_line(&outcome::waiver_words(used)));
        }
        case
    }

    /// An attestation is a person's word: never a failure of the traffic, and never its success.
    fn statement(&self, criterion: &CriterionResult, name: &str, class: &str) -> TestCase {
        let mut given = stated(self.given)
            .into_iter()
            .filter(|one| one.given.criterion == criterion.id)
            .peekable();
        let text = match given.peek() {
            Some(_) => {
                let said = given.map(|Stated { given, withdrawn, .. }| {
                    let date = words::date(given.given_at);
                    let withdrawn = withdrawn
                        .map(|by| format!(" (withdrawn: {})", by.statement))
                        .unwrap_or_default();
                    format!("given on {date} by {}: {}{withdrawn}", given.by(), given.statement)
                });
                let said = said.collect::<Vec<_>>().join(" | ");
                match statement_state(&criterion.id, criterion.verdict, self.given) {
                    StatementState::FileMissing => {
                        format!("attestation, {}: {said}", StatementState::FileMissing.words())
                    }
                    _ => format!("attestation, {said}"),
                }
            }
            None => {
                let owed = "still needed: a written statement by the supplier";
                let reason = criterion.reason.as_deref().unwrap_or(owed);
                format!("attestation, {}: {reason}", criterion.verdict)
            }
        };
        named(Verdict::NotRun, name, class, &text, "")
    }
}

/// Advice that was not followed is no failure: no official text asks for it.
fn advice(criterion: &CriterionResult, title: &str, class: &str) -> TestCase {
    let name = format!("{} {title}", criterion.id);
    let text =
        format!("advice: expected {} | observed: {}", criterion.expected, criterion.observed);
    named(Verdict::NotRun, &name, class, &text, "")
}

fn is_judged(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Pass | Verdict::Fail | Verdict::Error)
}

fn is_grave(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Fail | Verdict::Error)
}

fn named(verdict: Verdict, name: &str, class: &str, message: &str, detail: &str) -> TestCase {
    let name = one_line(name);
    let message = one_line(message);
    let type_ = verdict.as_str();
    let time = Duration::ZERO;
    let mut builder = match verdict {
        Verdict::Pass => junit_report::TestCaseBuilder::success(&name, time),
        Verdict::Fail => junit_report::TestCaseBuilder::failure(&name, time, type_, &message),
        Verdict::Error => junit_report::TestCaseBuilder::error(&name, time, type_, &message),
        _ => junit_report::TestCaseBuilder::skipped_with_cause(&name, type_, &message),
    };
    builder.set_classname(&format!("letterproof.{class}"));
    if !detail.is_empty() {
        match verdict {
            Verdict::Fail | Verdict::Error => {
                builder.set_trace(&plain(detail));
            }
            Verdict::Pass => {
                builder.set_system_out(&plain(detail));
            }
            _ => {}
        }
    }
    builder.build()
}

/// What a reader of a CI log needs to find the evidence.
fn detail(criterion: &CriterionResult, journal: Exchanges<'_>) -> String {
    let mut text = String::from("\n");
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{label:<11}{}", visible(value));
    };
    line("Clause:", &criterion.clause);
    line("Expected:", &criterion.expected);
    line("Observed:", &criterion.observed);
    if let Some(reason) = &criterion.reason {
        line("Reason:", reason);
    }
    if !criterion.letters.is_empty() {
        let letters: Vec<&str> = criterion.letters.iter().map(|id| id.as_str()).collect();
        line("Letters:", &letters.join(", "));
    }
    if criterion.exchange_count > 0 {
        let shown: Vec<&str> =
            criterion.exchanges.iter().take(SPELT_OUT).map(|id| id.as_str()).collect();
        let rest = criterion.exchange_count.saturating_sub(shown.len() as u64);
        let more =
            if rest > 0 { format!(" and {} more", words::number(rest)) } else { String::new() };
        line("Exchanges:", &format!("{}{more}", shown.join(", ")));
        for exchange in criterion.exchanges.iter().take(SPELT_OUT).filter_map(|id| journal.find(id))
        {
            line("", &format!("{}  {}", exchange.id, exchange.headline()));
        }
    }
    line("See:", &format!("index.html#{}", criterion.id));
    text
}

fn one_line(text: &str) -> String {
    plain(&visible(text))
}

/// Text that XML can hold: nothing hidden, and no end of a CDATA section.
fn plain(text: &str) -> String {
    visible_lines(text).replace("]]>", "]] >")
}
