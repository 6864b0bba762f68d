//! The contract of each operation, over every exchange: statuses, media types, headers, bodies. What
//! the contract crate finds about the API decides.

use std::collections::BTreeMap;

use letterproof_model::{About, CheckResult, FindingKind, Operation};

use super::check::Concluded;
use super::judging::{not_seen, result};
use super::matching::Probed;
use crate::reading::Found;
use crate::ruling::{Heading, Ruling};
use crate::supplier::cause::Fault;
use crate::traffic::{Answer, CallIx};
use letterproof_model::text::{count, many};

const OPERATIONS: [(Operation, &str); 10] = [
    (Operation::Status, "C-CONTRACT-STATUS"),
    (Operation::ListLetters, "C-CONTRACT-LIST"),
    (Operation::UpdateLetters, "C-CONTRACT-BULK"),
    (Operation::GetLetter, "C-CONTRACT-LETTER"),
    (Operation::PatchLetter, "C-CONTRACT-PATCH"),
    (Operation::GetLetterData, "C-CONTRACT-DATA"),
    (Operation::CreateMi, "C-CONTRACT-MI-CREATE"),
    (Operation::GetMi, "C-CONTRACT-MI"),
    (Operation::Token, "C-CONTRACT-TOKEN"),
    (Operation::Download, "C-CONTRACT-DOWNLOAD"),
];

/// The ids of the results of this area.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    OPERATIONS.iter().map(|(_, id)| *id)
}

/// What was found about the API in the exchanges of one operation.
#[derive(Default)]
struct Answers {
    calls: usize,
    /// Whether one of them was a success, so that more than refusals was seen.
    success: bool,
    violations: Vec<(CallIx, String)>,
    deviations: Vec<(CallIx, String)>,
    drift: bool,
}

/// One result for each operation that was called, calls made to go wrong on purpose aside.
pub(super) fn judge(probed: &Probed<'_>, found: &Found) -> Vec<(CheckResult, Option<Fault>)> {
    let mut answers: BTreeMap<Operation, Answers> = BTreeMap::new();
    for (ix, call) in probed.traffic.calls() {
        let Some(findings) = found.of(ix) else { continue };
        let entry = answers.entry(call.operation).or_default();
        entry.calls += 1;
        entry.success |= matches!(call.answer(), Answer::Status(200..=399));
        for finding in findings {
            if finding.about != About::Api {
                continue;
            }
            let words = format!("{}: {}", finding.id, finding.observed);
            match finding.kind {
                FindingKind::Violation => entry.violations.push((ix, words)),
                FindingKind::Deviation => entry.deviations.push((ix, words)),
                FindingKind::Drift => entry.drift = true,
                FindingKind::Note => {}
            }
        }
    }
    OPERATIONS
        .iter()
        .filter_map(|(operation, id)| Some((operation, id, answers.get(operation)?)))
        .map(|(operation, id, answers)| {
            let title = format!("The contract of {}", operation.label());
            let clause = "Every answer has a documented status, media type, headers and body.";
            let heading = Heading { id, title: &title, clause, source: "OAS" };
            result(&heading, answers.conclude(probed), probed)
        })
        .collect()
}

impl Answers {
    fn conclude(&self, probed: &Probed<'_>) -> Concluded {
        let describe = |items: &[(CallIx, String)]| {
            let mut words: Vec<&str> = Vec::new();
            for (_, text) in items {
                if !words.contains(&text.as_str()) && words.len() < 3 {
                    words.push(text);
                }
            }
            // One answer may differ in several ways.
            let answers = items.chunk_by(|(one, _), (next, _)| one == next).count();
            format!("{} of {}: {}", count(answers), many(self.calls, "answer"), words.join("; "))
        };
        let shown =
            |items: &[(CallIx, String)]| items.iter().map(|(ix, _)| *ix).collect::<Vec<_>>();
        if !self.violations.is_empty() {
            let ruling = Ruling::fail(describe(&self.violations)).shown_by(shown(&self.violations));
            return Concluded::plain(ruling);
        }
        if !self.success {
            let observed = format!("{}, none successful", many(self.calls, "answer"));
            let why = "no successful answer was seen, so its document could not be checked";
            return Concluded::plain(not_seen(Ruling::pass(observed), why, probed));
        }
        if !self.deviations.is_empty() {
            let ruling = Ruling::pass(describe(&self.deviations)).shown_by(shown(&self.deviations));
            return Concluded::deviation(ruling);
        }
        let ruling = Ruling::pass(format!("{}, all as documented", many(self.calls, "answer")));
        Concluded { ruling, finding: self.drift.then_some(FindingKind::Drift) }
    }
}
