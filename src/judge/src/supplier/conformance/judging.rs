//! Judging every check of the conformance suite over a journal. A known difference from the
//! specification passes as a deviation, an unknown one fails.

use std::sync::LazyLock;

use letterproof_contract::Contract;
use letterproof_model::{CheckResult, Context, FindingKind, Journal, Operation, Strength};

use super::check::{Accepted, Check, Concluded, Subject};
use super::matching::Probed;
use super::plan::ProbePlan;
use super::{
    auth, bulk, contract, headers, ids, letters, links, list, mi, queue, read, token, update,
};
use crate::reading::{Found, Reading};
use crate::ruling::{Heading, Ruling};
use crate::supplier::cause::Fault;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, Traffic};
use letterproof_model::text::{alternatives, many};

static CHECKS: LazyLock<Vec<Check>> = LazyLock::new(|| {
    [
        list::CHECKS,
        read::CHECKS,
        letters::CHECKS,
        queue::CHECKS,
        links::CHECKS,
        update::CHECKS,
        bulk::CHECKS,
        mi::CHECKS,
        headers::CHECKS,
        ids::CHECKS,
        auth::CHECKS,
        token::CHECKS,
    ]
    .concat()
});

/// Every check that is judged from the answers to probes, in order of area.
#[must_use]
pub fn conformance_checks() -> &'static [Check] {
    &CHECKS
}

/// The id of every result of the suite: the checks', and the contract's for each operation.
pub fn conformance_ids() -> impl Iterator<Item = &'static str> {
    conformance_checks().iter().map(|check| check.id).chain(contract::ids())
}

/// Judges the conformance suite: every check, and the contract for each operation.
#[must_use]
pub fn judge_conformance(
    journal: &dyn Journal,
    context: &Context,
    contract: &Contract,
) -> Vec<CheckResult> {
    let Reading { traffic, found } = Reading::of(journal, context, contract);
    without_faults(judge_suite(&traffic, &found, context))
}

/// A result of the suite, and what it is about, whole, where it is a failure.
type Judged = (CheckResult, Option<Fault>);

fn without_faults(judged: Vec<Judged>) -> Vec<CheckResult> {
    judged.into_iter().map(|(result, _)| result).collect()
}

/// Judges the conformance suite over an index and what the contract found.
pub(crate) fn judge_suite(traffic: &Traffic, found: &Found, context: &Context) -> Vec<Judged> {
    let probed = Probed::of(traffic, context);
    let mut results = judge_each(&probed);
    results.extend(contract::judge(&probed, found));
    results
}

/// Judges the checks that have probes, over an index at hand.
pub(crate) fn judge_probes(traffic: &Traffic, context: &Context) -> Vec<CheckResult> {
    without_faults(judge_each(&Probed::of(traffic, context)))
}

fn judge_each(probed: &Probed<'_>) -> Vec<Judged> {
    let checks = conformance_checks();
    let plan = |check: &'static Check| match &check.subject {
        Subject::Probe(plan, _) => Some(plan),
        Subject::Traffic(..) => None,
    };
    let plans: Vec<&ProbePlan> = checks.iter().filter_map(plan).collect();
    let mut calls = probed.matching(&plans).into_iter();
    let judge_next = |check: &'static Check| {
        let calls = plan(check).and_then(|_| calls.next()).unwrap_or_default();
        judge(check, &calls, probed)
    };
    checks.iter().map(judge_next).collect()
}

/// Judges a check; `calls` are those that are its probe.
fn judge(check: &Check, calls: &[CallIx], probed: &Probed<'_>) -> Judged {
    let mut concluded = match (probed.context.lacking(check.needs), check.subject) {
        (Some(lacking), _) => Concluded::plain(Ruling::not_applicable(format!(
            "target {} is not {lacking}",
            probed.context.target
        ))),
        (None, Subject::Probe(plan, accepted)) => judge_probe(&plan, calls, accepted, probed),
        (None, Subject::Traffic(_, judge)) => judge(probed),
    };
    if check.advice {
        concluded.finding = concluded.finding.map(|_| FindingKind::Note);
    }
    let (result, fault) = result(&check.heading(), concluded, probed);
    (CheckResult { strength: check.advice.then_some(Strength::Ours), ..result }, fault)
}

/// Puts a conclusion into the form of the results document.
pub(super) fn result(heading: &Heading<'_>, concluded: Concluded, probed: &Probed<'_>) -> Judged {
    let Concluded { mut ruling, finding } = concluded;
    if ruling.passed() && finding == Some(FindingKind::Deviation) {
        ruling = ruling.or_because("a known difference from the specification");
    }
    let fault = ruling.fault(heading.id);
    (ruling.into_check(heading, finding, probed.traffic, probed.context), fault)
}

fn judge_probe(
    plan: &ProbePlan,
    calls: &[CallIx],
    accepted: Accepted,
    probed: &Probed<'_>,
) -> Concluded {
    let known = known(accepted, probed);
    let mut tally = Tally::default();
    let mut deviating = None;
    let mut undecided = Vec::new();
    for ix in calls {
        match probed.traffic.call(*ix).answer() {
            Answer::Status(status) if accepted.specification.contains(&status) => {
                tally.good([*ix]);
            }
            Answer::Status(status) if known.contains(&status) => {
                deviating = Some(status);
                tally.good([*ix]);
            }
            // Throttled, out of credentials or cut off: nothing was learnt of the check.
            Answer::Status(401 | 429 | 502..=504) | Answer::Lost => undecided.push(*ix),
            answer => tally.fault(None, [*ix], format!("was {}", answer.words())),
        }
    }
    let expected = format!("answered with {}", alternatives(accepted.specification));
    if tally.checked() == 0 {
        return Concluded::plain(match undecided.len() {
            0 if plan.path.contains("{foreign}") => {
                Ruling::not_applicable("no letter of another supplier is known on this target")
            }
            0 => Ruling::not_run("the probe was not sent"),
            n => Ruling::open(
                format!("{} without a conclusive answer", many(n, "call")),
                "throttled, without credentials, or cut off",
            )
            .shown_by(undecided),
        });
    }
    let ruling = tally.rule(probed.traffic, "call", |n| match deviating {
        None => format!("{} {expected}", many(n, "call")),
        Some(status) => format!("{} answered with {status}", many(n, "call")),
    });
    let ruling = ruling.expecting(expected);
    if !ruling.passed() {
        return Concluded::plain(ruling);
    }
    if let Some(unseen) = unseen(plan, accepted, calls, probed) {
        return Concluded::plain(not_seen(ruling, unseen, probed));
    }
    match deviating {
        Some(_) => Concluded::deviation(ruling),
        None => Concluded::plain(ruling),
    }
}

/// Why answers that are all right, or known, show nothing of what a probe asks for: a deviation says
/// how an answer looks, never that nothing was seen.
fn unseen(
    plan: &ProbePlan,
    accepted: Accepted,
    calls: &[CallIx],
    probed: &Probed<'_>,
) -> Option<&'static str> {
    if plan.method != "GET" {
        // What a write is answered with is what it was about.
        return None;
    }
    let success = |call: &Call| matches!(call.answer(), Answer::Status(200..=399));
    let gives = |success: fn(&u16) -> bool| accepted.specification.iter().all(success);
    if gives(|status| *status < 400) && !calls.iter().any(|ix| success(probed.traffic.call(*ix))) {
        return Some("nothing could be read, which is a known difference and proves nothing");
    }
    let operation = calls.first().map(|ix| probed.traffic.call(*ix).operation)?;
    if operation == Operation::GetMi
        && gives(|status| *status == 404)
        && !probed.of_operation(operation).any(|(_, call)| success(call))
    {
        return Some("no record at all could be read, so a missing one proves nothing");
    }
    None
}

/// A ruling where nothing was seen: open, or of no meaning where the target keeps nothing.
pub(super) fn not_seen(ruling: Ruling, why: &str, probed: &Probed<'_>) -> Ruling {
    if is_sandbox(probed) {
        return Ruling::not_applicable(format!("target {}: {why}", probed.context.target));
    }
    ruling.left_open(why)
}

/// What this target is known to answer instead.
fn known(accepted: Accepted, probed: &Probed<'_>) -> &'static [u16] {
    if is_sandbox(probed) { accepted.sandbox } else { accepted.deployed }
}

/// Whether the target is the public sandbox, or behaves like it.
pub(super) fn is_sandbox(probed: &Probed<'_>) -> bool {
    probed.context.target == "sandbox"
        || !probed.context.has(letterproof_model::Capability::Stateful)
}
