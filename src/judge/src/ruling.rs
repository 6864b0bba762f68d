//! What a judge says of one clause, and how it becomes a criterion result. Every ruling says what was
//! seen, and every ruling but a plain pass why.

use std::collections::HashSet;

use letterproof_model::{
    CheckResult, Clause, ClauseKind, Context, CriterionId, CriterionResult, EXCHANGES_SHOWN,
    FindingKind, Mode, Span, TestDefinition, TestId, Timestamp, Verdict, test_definition,
};

use crate::supplier::cause::Fault;
use crate::traffic::{CallIx, LetterIx, Traffic};
use letterproof_model::text::count;

/// What a judge says of one clause.
#[derive(Debug, Clone)]
pub(crate) struct Ruling {
    verdict: Verdict,
    expected: Option<String>,
    observed: String,
    reason: Option<String>,
    /// Every call that shows it, each once.
    calls: Vec<CallIx>,
    letters: Vec<LetterIx>,
}

impl Ruling {
    fn new(verdict: Verdict, observed: impl Into<String>, reason: Option<String>) -> Self {
        Self {
            verdict,
            expected: None,
            observed: observed.into(),
            reason,
            calls: Vec::new(),
            letters: Vec::new(),
        }
    }

    /// Seen, and as the clause asks.
    pub(crate) fn pass(observed: impl Into<String>) -> Self {
        Self::new(Verdict::Pass, observed, None)
    }

    /// Seen, and not as the clause asks.
    pub(crate) fn fail(observed: impl Into<String>) -> Self {
        Self::new(Verdict::Fail, observed, None)
    }

    /// Attempted, but the evidence does not decide.
    pub(crate) fn open(observed: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Verdict::Inconclusive, observed, Some(reason.into()))
    }

    /// Not attempted at all.
    pub(crate) fn not_run(reason: impl Into<String>) -> Self {
        Self::new(Verdict::NotRun, "nothing", Some(reason.into()))
    }

    /// Of no meaning on this target.
    pub(crate) fn not_applicable(reason: impl Into<String>) -> Self {
        Self::new(Verdict::NotApplicable, "nothing", Some(reason.into()))
    }

    /// A pass or a failure, by a condition.
    pub(crate) fn of(pass: bool, observed: impl Into<String>) -> Self {
        if pass { Self::pass(observed) } else { Self::fail(observed) }
    }

    /// Whether it is a pass.
    pub(crate) fn passed(&self) -> bool {
        self.verdict == Verdict::Pass
    }

    /// Whether it is a failure.
    pub(crate) fn failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }

    /// Adds what was expected, where the clause alone does not say it in numbers.
    #[must_use]
    pub(crate) fn expecting(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Adds what a reader must know.
    #[must_use]
    pub(crate) fn because(mut self, reason: impl Into<String>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// Adds what a reader must know, where nothing was said yet.
    #[must_use]
    pub(crate) fn or_because(mut self, reason: &str) -> Self {
        self.reason.get_or_insert_with(|| reason.to_owned());
        self
    }

    /// States the calls that show it, each once: a bulk call shows a thousand letters and is one
    /// call. The first few are listed in the results, all are counted.
    #[must_use]
    pub(crate) fn shown_by(mut self, calls: impl IntoIterator<Item = CallIx>) -> Self {
        let mut known = HashSet::new();
        self.calls = calls.into_iter().filter(|call| known.insert(*call)).collect();
        self
    }

    /// Adds the letters at fault, each once: one that is at fault many times must not push the others
    /// out. The result names the first few.
    #[must_use]
    pub(crate) fn about(mut self, letters: impl IntoIterator<Item = LetterIx>) -> Self {
        let mut known: HashSet<LetterIx> = self.letters.iter().copied().collect();
        self.letters.extend(letters.into_iter().filter(|letter| known.insert(*letter)));
        self
    }

    /// What it is about, whole, where it is a failure.
    pub(crate) fn fault(&self, id: impl Into<String>) -> Option<Fault> {
        let (letters, calls) = (self.letters.iter().copied(), self.calls.iter().copied());
        self.failed().then(|| Fault::new(id.into(), letters, calls))
    }

    /// Turns a pass into an open question: what was seen does not show it.
    #[must_use]
    pub(crate) fn left_open(self, why: impl Into<String>) -> Self {
        if !self.passed() {
            return self;
        }
        Self { verdict: Verdict::Inconclusive, reason: Some(why.into()), ..self }
    }

    /// Turns a pass into an open question when the target was set up smaller (or larger) than the
    /// pack asks, so that the pack's number was never shown.
    #[must_use]
    pub(crate) fn if_sized(self, what: &str, have: u32, pack: u32) -> Self {
        if !self.passed() || have == pack {
            return self;
        }
        Self {
            verdict: Verdict::Inconclusive,
            reason: Some(format!(
                "as it should be for {} {what}, but the pack asks for {}",
                count(have),
                count(pack)
            )),
            ..self
        }
    }

    /// Turns a pass or a failure into an open question where bodies that it rests on are not on
    /// record: any letter may have been in them.
    #[must_use]
    pub(crate) fn unless_untold(self, bodies: usize) -> Self {
        if bodies == 0 || !(self.passed() || self.failed()) {
            return self;
        }
        let missing =
            if bodies == 1 { "1 body".to_owned() } else { format!("{} bodies", count(bodies)) };
        let reason = format!(
            "the recording lacks {missing} that may show it; otherwise the verdict would be {}",
            self.verdict
        );
        Self { verdict: Verdict::Inconclusive, reason: Some(reason), ..self }
    }

    fn result(self, clause: &Clause, traffic: &Traffic, context: &Context) -> CriterionResult {
        self.into_result(clause.criterion(), clause.kind, clause.text, traffic, context)
    }

    /// The ruling in the form of the results document.
    pub(crate) fn into_result(
        self,
        id: CriterionId,
        kind: ClauseKind,
        clause: &str,
        traffic: &Traffic,
        context: &Context,
    ) -> CriterionResult {
        CriterionResult {
            id,
            kind,
            clause: clause.to_owned(),
            verdict: self.verdict,
            mode: context.mode,
            expected: self.expected.unwrap_or_else(|| clause.to_owned()),
            observed: self.observed,
            exchanges: shown(&self.calls).map(|call| traffic.exchange_id(*call)).collect(),
            exchange_count: self.calls.len() as u64,
            letters: shown(&self.letters).map(|letter| traffic.letter_id(*letter)).collect(),
            reason: self.reason,
        }
    }
}

/// The first few.
fn shown<T>(all: &[T]) -> impl Iterator<Item = &T> {
    all.iter().take(EXCHANGES_SHOWN)
}

/// What a check beside the pack is called, asks for and rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heading<'a> {
    /// `C-…` or `O-…`.
    pub(crate) id: &'a str,
    /// What it is about.
    pub(crate) title: &'a str,
    /// What is expected, in one sentence.
    pub(crate) clause: &'a str,
    /// What it rests on.
    pub(crate) source: &'a str,
}

impl Ruling {
    /// The ruling as the result of a check beside the pack.
    pub(crate) fn into_check(
        self,
        heading: &Heading<'_>,
        finding: Option<FindingKind>,
        traffic: &Traffic,
        context: &Context,
    ) -> CheckResult {
        let Heading { id, title, clause, source } = *heading;
        let id = CriterionId::from(id);
        let mut criterion =
            self.into_result(id.clone(), ClauseKind::Check, clause, traffic, context);
        criterion.expected = format!("{} ({source})", criterion.expected);
        CheckResult {
            id,
            title: title.to_owned(),
            verdict: criterion.verdict,
            finding,
            strength: None,
            criteria: vec![criterion],
        }
    }
}

/// A row of a judge's table: a clause of the pack by its id, and how it is judged from what the
/// judge read out of the traffic.
pub(crate) type Row<S> = (&'static str, fn(&S) -> Ruling);

/// What a judge says of each clause in its table.
pub(crate) type Rulings = Vec<(&'static str, Ruling)>;

/// Judges every clause of a table.
pub(crate) fn rule<S, const N: usize>(subject: &S, table: [Row<S>; N]) -> Rulings {
    table.map(|(clause, judge)| (clause, judge(subject))).into()
}

/// Judges every clause of a table; where there is nothing to judge, that is said of each.
pub(crate) fn rule_or<S, const N: usize>(
    subject: Result<&S, Ruling>,
    table: [Row<S>; N],
) -> Rulings {
    match subject {
        Ok(subject) => rule(subject, table),
        Err(nothing) => table.map(|(clause, _)| (clause, nothing.clone())).into(),
    }
}

/// When the calls were made that these rulings rest on: of all of them, not only of those listed.
/// `None` in a driven run, whose attempts have times, and where there is none.
pub(crate) fn span(rulings: &Rulings, traffic: &Traffic, context: &Context) -> Option<Span> {
    if context.mode == Mode::Driven {
        return None;
    }
    let calls = || rulings.iter().flat_map(|(_, ruling)| &ruling.calls).map(|ix| traffic.call(*ix));
    // A call that began later may have ended earlier, so that the order of recording does not tell.
    let started = calls().map(|call| call.started).min()?;
    let finished = calls().map(|call| call.finished).max()?;
    let time = |micros| Timestamp::from_microsecond(micros).ok();
    Some(Span { started: time(started)?, finished: time(finished)? })
}

/// Every clause of a test with its ruling, and what the failed ones are about: attestations and
/// clauses the target cannot show are answered here, every other clause by its judge. Where bodies
/// the test rests on are missing from the recording (`untold`), nothing is decided.
pub(crate) fn results(
    test: &TestDefinition,
    rulings: &Rulings,
    untold: usize,
    traffic: &Traffic,
    context: &Context,
) -> (Vec<CriterionResult>, Vec<Fault>) {
    let judged = |clause: &Clause| {
        let row = rulings.iter().find(|(id, _)| *id == clause.id);
        row.map_or_else(
            || Ruling::new(Verdict::Error, "nothing", Some("no judge knows this clause".into())),
            |(_, ruling)| ruling.clone().unless_untold(untold),
        )
    };
    let mut faults = Vec::new();
    let results = test
        .clauses
        .iter()
        .map(|clause| {
            let ruling = match clause.kind {
                ClauseKind::Attestation => {
                    Ruling::not_run(format!("needs a written statement: attach {}", clause.note))
                }
                ClauseKind::NotTested => Ruling::not_run(clause.note),
                ClauseKind::Check => match context.lacking(clause.needs) {
                    Some(lacking) => Ruling::not_applicable(format!(
                        "target {} is not {lacking}",
                        context.target
                    )),
                    None => judged(clause),
                },
            };
            faults.extend(ruling.fault(clause.id));
            ruling.result(clause, traffic, context)
        })
        .collect();
    (results, faults)
}

/// Every clause of a test answered alike, as for a test that was not selected.
pub(crate) fn rule_all(
    test: TestId,
    context: &Context,
    verdict: Verdict,
    reason: &str,
) -> Vec<CriterionResult> {
    let nothing = Traffic::new(context);
    test_definition(test)
        .clauses
        .iter()
        .map(|clause| {
            let (verdict, reason) = match clause.kind {
                ClauseKind::Check => (verdict, reason.to_owned()),
                // Nobody owes a statement on what the workflow leaves out.
                _ if verdict == Verdict::NotApplicable => (verdict, reason.to_owned()),
                _ => {
                    (Verdict::NotRun, format!("needs a written statement: attach {}", clause.note))
                }
            };
            Ruling::new(verdict, "nothing", Some(reason)).result(clause, &nothing, context)
        })
        .collect()
}
