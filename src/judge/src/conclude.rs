//! The whole results document, derived from a journal and the brief that stands at its head.
//!
//! The run that made a journal, a later `judge` or `report`, and a reviewer's `verify` all call this,
//! so that they cannot differ. No clock is read: the same journal always gives the same document.

use letterproof_contract::Contract;
use letterproof_model::{
    About, Brief, Capability, CheckResult, Context, Counts, Finding, FindingKind, Journal,
    Judgement, MarkKind, PACK_VERSION, PackInfo, RESULTS_FORMAT, Results, RunEnd, RunId, RunInfo,
    SupplierKind, TargetInfo, Timestamp, ToolInfo, Verdict, exit_code, fold_findings, use_waivers,
};
use url::Url;

use crate::all_tests::judge_read;
use crate::reading::Reading;
use crate::supplier::cause::{Fault, point};
use crate::supplier::conformance::{judge_suite, letter_not_kept};
use crate::traffic::{Call, origin, proven_by};
use crate::whole_record::{is_older, leave_open, unvouched};

/// What stands at the head of a journal.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// The run.
    pub run_id: &'a RunId,
    /// When it began.
    pub started: Timestamp,
    /// What recorded it.
    pub tool: &'a ToolInfo,
    /// What it was asked to show.
    pub brief: &'a Brief,
}

/// Judges a journal and puts everything concluded from it into one document.
#[must_use]
pub fn conclude(journal: &dyn Journal, head: &Head<'_>, contract: &Contract) -> Results {
    let Brief { selection, context, waivers, .. } = head.brief;
    let mut reading = Reading::of(journal, context, contract);
    if head.brief.supplier == SupplierKind::Imported {
        reading.leave_out(BEARER_AT_STORAGE, |call| is_at_api_host(call, context));
    }
    let suite =
        selection.conformance.then(|| judge_suite(&reading.traffic, &reading.found, context));
    let (mut conformance, of_suite): (Vec<CheckResult>, Vec<Option<Fault>>) =
        suite.into_iter().flatten().unzip();
    // Where the suite is not judged, a letter that does not stay as it was is found all the same.
    let stateful = context.has(Capability::Stateful);
    let strays = (stateful && !selection.conformance)
        .then(|| letter_not_kept(&reading.traffic, context))
        .flatten();
    let standing = proven_by(&reading.traffic, journal.marks(), head.brief.supplier, context);
    let mut judged = judge_read(journal, reading, context, &selection.tests);
    let (strays, of_strays) = strays.unzip();
    let mut faults = std::mem::take(&mut judged.faults);
    faults.extend(of_suite.into_iter().flatten().chain(of_strays));
    let checks = conformance.iter_mut().chain(&mut judged.observer);
    let of_tests = judged.tests.iter_mut().flat_map(|test| &mut test.criteria);
    point(&faults, of_tests.chain(checks.flat_map(|check| &mut check.criteria)));
    if withholds_credentials(journal, head.brief) {
        judged.findings.retain(|finding| !is_about_credentials(&finding.id));
    }
    let marks = journal.marks();
    if head.brief.whole_attempts {
        leave_open(marks, &mut judged.tests, &mut conformance);
    }
    for test in judged.tests.iter_mut().filter(|test| test.verdict != Verdict::NotRun) {
        test.standing = Some(standing.word);
    }
    let told = unvouched(marks).chain(unstamped(journal)).chain(strays);
    judged.findings = fold_findings(judged.findings.into_iter().chain(told));
    let finished = finished(journal, head.started);
    let run = Judgement {
        supplier: head.brief.supplier,
        tests: &judged.tests,
        conformance: &conformance,
        observer: &judged.observer,
        findings: &judged.findings,
        deciding: &head.brief.deciding,
        strict: head.brief.strict,
    };
    let waivers = use_waivers(waivers, finished, &run);
    let judged_code = exit_code(&run, &waivers);
    Results {
        format: RESULTS_FORMAT.to_owned(),
        run: RunInfo {
            id: head.run_id.clone(),
            started: head.started,
            finished,
            tool: head.tool.clone(),
            pack: PackInfo { version: PACK_VERSION.to_owned() },
            target: target(context),
            window: head.brief.window,
            nonce: head.brief.nonce.clone(),
            supplier: head.brief.supplier,
            standing: Some(standing),
            who: head.brief.who.clone(),
            resumed: RunInfo::resumptions(marks),
            deciding: head.brief.deciding.clone(),
            strict: head.brief.strict,
            exchanges: judged.exchanges,
        },
        counts: Counts::of(judged.tests.iter().map(|test| test.verdict)),
        tests: judged.tests,
        conformance,
        observer: judged.observer,
        findings: judged.findings,
        performance: judged.performance,
        waivers,
        exit_code: match RunEnd::of(marks).exit_code(judged_code) {
            // What the journal lacks may have been a failure.
            0 if is_older(marks) => 3,
            code => code,
        },
    }
}

/// The finding that a bearer token reached the storage.
const BEARER_AT_STORAGE: &str = "DOWNLOAD-BEARER";

/// Whether a call went to the API's own host name, where HTTP libraries rightly keep a bearer. A
/// recording made elsewhere shows the names that the supplier's system saw; a recording proxy has
/// its own for the storage, and keeps no bearer on record that is rightly sent.
fn is_at_api_host(call: &Call, context: &Context) -> bool {
    // A signed path is long, and takes long to read.
    let host =
        |url: &str| Url::parse(origin(url)).ok().and_then(|url| url.host_str().map(str::to_owned));
    host(&call.exchange().request.url) == host(&context.base_url)
}

/// That time stamps were asked for and not got, which says nothing of supplier or API.
fn unstamped(journal: &dyn Journal) -> Option<Finding> {
    let mut missing = journal.marks().iter().filter_map(|mark| match &mark.kind {
        MarkKind::Unstamped { stamper, reason, .. } => Some((mark.at, stamper, reason)),
        _ => None,
    });
    let (at, stamper, reason) = missing.next()?;
    Some(Finding {
        id: "F-NO-TIME-STAMP".to_owned(),
        about: About::Harness,
        kind: FindingKind::Note,
        title: "A requested time stamp was not obtained".to_owned(),
        expected: format!("a time stamp of {stamper} over the journal's head at each scenario"),
        observed: format!("none at {at}: {reason}"),
        source: "RFC 3161".to_owned(),
        exchanges: Vec::new(),
        count: 1 + missing.count() as u64,
    })
}

/// Whether this is a recording made elsewhere that shows no credentials at all, as browsers export
/// them: then their absence says nothing about anybody.
fn withholds_credentials(journal: &dyn Journal, brief: &Brief) -> bool {
    brief.supplier == SupplierKind::Imported
        && !journal
            .exchanges()
            .iter()
            .any(|exchange| exchange.request.header("authorization").is_some())
}

fn is_about_credentials(finding: &str) -> bool {
    finding.ends_with("AUTHORIZATION") || finding.ends_with("NO-BEARER")
}

fn target(context: &Context) -> TargetInfo {
    TargetInfo {
        name: context.target.clone(),
        base_url: context.base_url.clone(),
        capabilities: context.capabilities.iter().copied().collect(),
    }
}

/// When the last thing in a journal happened.
fn finished(journal: &dyn Journal, started: Timestamp) -> Timestamp {
    let mark = journal.marks().iter().map(|mark| mark.at).max();
    [Some(started), journal.ended(), mark].into_iter().flatten().max().unwrap_or(started)
}
