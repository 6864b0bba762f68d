//! What the page says of letters: the lifecycle, for each test its files and reconciliation, and status
//! before and after for the letters that a criterion rests on.
//!
//! No picture says what no table says, and no letter is shown for its looks: those at fault come first,
//! then those of the exchanges that the criterion points to, in the order in which their updates were
//! sent.

use std::collections::{BTreeMap, HashSet};

use letterproof_evidence::Bundle;
use letterproof_model::{
    ClauseKind, CriterionResult, ExchangeId, LetterStatus, Move, TestId, Verdict,
};
use letterproof_traffic::books::{Reconciliation, at14_reconciliation};
use letterproof_traffic::moves::{Count, Edge, Update};
use letterproof_traffic::{CallIx, Event, Traffic};
use serde::Serialize;

use crate::lifecycle::{self, Counts};
use crate::{tables, words};

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
        svg: lifecycle::draw(&counts),
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
        Some(Move::Repeat) => ("already had that status", false),
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
        let tests = tables::tests_with_letters(traffic);
        Self { tests, rows: at14_reconciliation(traffic) }
    }

    /// The file of a test's letters.
    pub(crate) fn name(&self, test: TestId) -> Option<String> {
        match test.number() {
            14 if !self.rows.is_empty() => Some(tables::RECONCILIATION.to_owned()),
            _ => self.tests.contains(&test).then(|| tables::letters_file(test)),
        }
    }

    /// The reconciliation that a test shows.
    pub(crate) fn reconciliation(&self, test: TestId) -> Vec<Reconciled> {
        let rows: &[Reconciliation] = if test.number() == 14 { &self.rows } else { &[] };
        rows.iter().map(reconciled).collect()
    }
}

fn reconciled(row: &Reconciliation) -> Reconciled {
    let (specification, group) = tables::reconciliation_names(row, "none");
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

/// Letters shown for one criterion.
const SHOWN: usize = 6;

/// The letters a criterion rests on, before and after their updates.
#[derive(Debug, Serialize)]
pub(super) struct BeforeAfter {
    /// `6 of 990 letters`.
    line: String,
    rows: Vec<Row>,
    /// The file with all of them.
    file: String,
}

#[derive(Debug, Serialize)]
struct Row {
    letter: String,
    before: String,
    sent: String,
    answered: String,
    after: String,
}

/// Every update of the supplier, by the test that is about it.
pub(super) struct Moved<'a> {
    traffic: &'a Traffic,
    updates: BTreeMap<TestId, Vec<Update<'a>>>,
}

impl<'a> Moved<'a> {
    pub(super) fn of(traffic: &'a Traffic) -> Self {
        let mut by_test: BTreeMap<TestId, Vec<Update<'a>>> = BTreeMap::new();
        for update in tables::all_updates(traffic) {
            if let Some(test) = tables::test_of(update.update.status) {
                by_test.entry(test).or_default().push(update);
            }
        }
        Self { traffic, updates: by_test }
    }

    /// What a criterion shows of it; `None` for criteria that are about no letter's status.
    pub(super) fn show(&self, criterion: &CriterionResult) -> Option<BeforeAfter> {
        let test = criterion.id.test()?;
        let judged = !matches!(criterion.verdict, Verdict::NotRun | Verdict::NotApplicable);
        let updates =
            self.updates.get(&test).filter(|_| judged && criterion.kind == ClauseKind::Check)?;
        let at_fault: HashSet<&str> = criterion.letters.iter().map(|id| id.as_str()).collect();
        let exchanges: HashSet<&str> = criterion.exchanges.iter().map(|id| id.as_str()).collect();
        let in_it = |event: &Event| exchanges.contains(self.id(event.call).as_str());
        let touched = |update: &&Update<'_>| {
            in_it(update.sent)
                || update.before.is_some_and(in_it)
                || update.after.is_some_and(in_it)
        };
        let (faulty, others): (Vec<_>, Vec<_>) =
            updates.iter().partition(|u| at_fault.contains(self.traffic.id_text(u.letter)));
        let chosen: Vec<&Update<'_>> = match at_fault.is_empty() {
            true => others.into_iter().filter(touched).collect(),
            false => faulty,
        };
        if chosen.is_empty() {
            return None;
        }
        let (shown, all) = (chosen.len().min(SHOWN), chosen.len());
        let all_words = words::counted(all as u64, "update", "updates");
        Some(BeforeAfter {
            line: if shown == all { all_words } else { format!("{shown} of {all_words}") },
            rows: chosen.into_iter().take(SHOWN).map(|update| self.row(update)).collect(),
            file: tables::letters_file(test),
        })
    }

    fn id(&self, call: CallIx) -> ExchangeId {
        self.traffic.exchange_id(call)
    }

    fn row(&self, update: &Update<'_>) -> Row {
        let shown = |status: LetterStatus, call| format!("{status} ({})", self.id(call));
        let seen = |event: Option<&Event>, none: &str| {
            let shown = event.and_then(|event| Some(shown(event.named()?, event.call)));
            shown.unwrap_or_else(|| none.to_owned())
        };
        Row {
            letter: self.traffic.id_text(update.letter).to_owned(),
            before: seen(update.before, "not on record"),
            sent: shown(update.update.status, update.sent.call),
            answered: tables::answered(update),
            after: seen(update.after, "not read back"),
        }
    }
}
