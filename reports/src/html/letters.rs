//! What the page says of letters: the lifecycle, and for each test its files and reconciliation.
//! Refuses to say in a picture what no table says.

use letterproof_evidence::Bundle;
use letterproof_model::{Move, TestId};
use letterproof_traffic::Traffic;
use letterproof_traffic::books::{Reconciliation, at14_reconciliation};
use letterproof_traffic::moves::{Count, Edge};
use serde::Serialize;

use crate::lifecycle::{self, Counts};
use crate::tables::reconciliation;
use crate::{samples, words};

/// The lifecycle: a drawing and the same as a table.
#[derive(Debug, Serialize)]
pub(crate) struct Lifecycle {
    svg: String,
    line: String,
    moves: Vec<MoveView>,
    file: &'static str,
}

#[derive(Debug, Serialize)]
struct MoveView {
    from: String,
    to: &'static str,
    moved: String,
    seen: String,
    /// `allowed`, or what else it is.
    kind: &'static str,
    wrong: bool,
}

/// One line of AT14's reconciliation.
#[derive(Debug, Serialize)]
pub(crate) struct Reconciled {
    specification: String,
    group: String,
    dispatched: String,
    submitted: String,
    read_back: String,
    difference: String,
    /// Whether the difference is 0.
    even: bool,
}

/// The files of letters that tests left.
#[derive(Debug)]
pub(crate) struct LetterFiles {
    tests: Vec<TestId>,
    /// The reconciliation of AT14.
    rows: Vec<Reconciliation>,
}

/// Words the lifecycle of a bundle; `None` where no letter was moved.
pub(crate) fn lifecycle(bundle: &Bundle, traffic: &Traffic) -> Option<Lifecycle> {
    let counts = lifecycle::counts(bundle, traffic);
    if counts.is_empty() {
        return None;
    }
    Some(Lifecycle {
        svg: lifecycle::svg(&counts),
        line: line(&counts),
        moves: counts.iter().map(|(edge, count)| view(edge, *count)).collect(),
        file: lifecycle::FILE_NAME,
    })
}

fn line(counts: &Counts) -> String {
    let of = |wanted: &dyn Fn(Option<Move>) -> bool| {
        counts.keys().filter(|edge| wanted(lifecycle::kind(edge))).count() as u64
    };
    let allowed = lifecycle::table(Move::Eligible).count() as u64;
    let made = of(&|kind| kind == Some(Move::Eligible));
    let wrong = of(&|kind| matches!(kind, Some(Move::Illegal | Move::NotifyOnly)));
    let wrong = match wrong {
        0 => "No letter made a move that the pack does not allow.".to_owned(),
        n => format!(
            "{} made that the pack does not allow.",
            words::counted(n, "move was", "moves were")
        ),
    };
    format!(
        "Letters of this run made {made} of the {allowed} moves that the pack allows a supplier. \
         {wrong} A letter counts as moved when the API answered its update with success, or when \
         it was read in its new status."
    )
}

fn view(edge: &Edge, count: Count) -> MoveView {
    let (kind, wrong) = match lifecycle::kind(edge) {
        None => ("status before not on record", false),
        Some(Move::Eligible) => ("allowed", false),
        Some(Move::Repeat) => ("had that status already", false),
        Some(Move::NotifyOnly) => ("for NHS Notify only", true),
        Some(Move::Illegal) => ("not allowed", true),
    };
    MoveView {
        from: edge.0.map_or_else(|| "unknown".to_owned(), |from| from.to_string()),
        to: edge.1.as_str(),
        moved: words::number(count.moved),
        seen: words::number(count.seen),
        kind,
        wrong,
    }
}

impl LetterFiles {
    /// Which files the traffic amounts to.
    pub(crate) fn of(traffic: &Traffic) -> Self {
        let tests = samples::tests(traffic);
        Self { tests, rows: at14_reconciliation(traffic) }
    }

    /// The file of a test's letters.
    pub(crate) fn name(&self, test: TestId) -> Option<String> {
        match test.number() {
            14 if !self.rows.is_empty() => Some(reconciliation::FILE_NAME.to_owned()),
            _ => self.tests.contains(&test).then(|| samples::file_name(test)),
        }
    }

    /// The reconciliation that a test shows.
    pub(crate) fn reconciliation(&self, test: TestId) -> Vec<Reconciled> {
        let rows: &[Reconciliation] = if test.number() == 14 { &self.rows } else { &[] };
        rows.iter().map(reconciled).collect()
    }
}

fn reconciled(row: &Reconciliation) -> Reconciled {
    let (specification, group) = reconciliation::names(row, "none");
    let difference = row.difference();
    Reconciled {
        specification: specification.to_owned(),
        group: group.to_owned(),
        dispatched: match row.sent - row.dispatched {
            0 => words::number(row.dispatched),
            _ => {
                format!("{} (sent for {})", words::number(row.dispatched), words::number(row.sent))
            }
        },
        submitted: match row.records {
            0 => "no record".to_owned(),
            1 => row.submitted.to_string(),
            n => format!("{} in {n} records", row.submitted),
        },
        read_back: row.read_back.map_or_else(|| "not read".to_owned(), |read| read.to_string()),
        difference: difference.to_string(),
        even: difference == 0.0,
    }
}
