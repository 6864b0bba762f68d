//! Which judge judges which test, and which tests a supplier's workflow leaves out. A test that does
//! not apply says what is not declared.

use letterproof_model::{
    Attempt, Context, CriterionResult, LetterStatus, Mode, Span, TestId, TestResult, Verdict,
    test_definition,
};

use crate::ruling::{Rulings, results, rule_all, span};
use crate::supplier::cause::Fault;
use crate::supplier::{
    at01, at02, at03, at04, at05, at06, at07, at08, at09, at10, at11, at12, at13, at14, at15,
};
use crate::traffic::Traffic;

/// The bodies that a test rests on, beyond those that its judge looks for itself: a letter may have
/// been in each one that the recording lacks.
#[derive(Clone, Copy)]
enum Bodies {
    /// None: any call that shows a connection or a list will do.
    None,
    /// Lists and updates.
    Letters,
    /// Lists, updates and reads of letters.
    LettersAndReads,
}

impl Bodies {
    /// How many of them the recording lacks.
    fn untold(self, traffic: &Traffic) -> usize {
        match self {
            Self::None => 0,
            Self::Letters => traffic.untold_letters(),
            Self::LettersAndReads => traffic.untold_letters() + traffic.untold_reads(),
        }
    }
}

/// A judge: its test by number, the table of its clauses, and the bodies it rests on.
type Judge = (u8, fn(&Traffic, &Context) -> Rulings, Bodies);

/// Every judge of the pack.
const JUDGES: [Judge; 15] = [
    (1, at01::judge, Bodies::None),
    (2, at02::judge, Bodies::None),
    (3, at03::judge, Bodies::Letters),
    (4, at04::judge, Bodies::LettersAndReads),
    (5, at05::judge, Bodies::Letters),
    (6, at06::judge, Bodies::Letters),
    (7, at07::judge, Bodies::Letters),
    (8, at08::judge, Bodies::Letters),
    (9, at09::judge, Bodies::Letters),
    (10, at10::judge, Bodies::Letters),
    (11, at11::judge, Bodies::Letters),
    (12, at12::judge, Bodies::Letters),
    (13, at13::judge, Bodies::Letters),
    (14, at14::judge, Bodies::LettersAndReads),
    (15, at15::judge, Bodies::Letters),
];

/// What was judged of one acceptance test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedTest {
    /// Its clauses.
    pub criteria: Vec<CriterionResult>,
    /// When the calls were made that its checks rest on; `None` in a driven run.
    pub span: Option<Span>,
    /// What each failed clause is about, whole.
    pub(crate) faults: Vec<Fault>,
}

impl JudgedTest {
    /// Every clause answered alike.
    pub(crate) fn alike(test: TestId, context: &Context, verdict: Verdict, reason: &str) -> Self {
        Self { criteria: rule_all(test, context, verdict, reason), span: None, faults: Vec::new() }
    }

    /// It as the result of a test.
    #[must_use]
    pub fn result(self, test: TestId, mode: Mode, attempts: Vec<Attempt>) -> TestResult {
        let definition = test_definition(test);
        let mut result = TestResult {
            id: test,
            title: definition.title.to_owned(),
            required: definition.required,
            selected: true,
            verdict: Verdict::NotRun,
            mode,
            standing: None,
            attempts,
            span: self.span,
            criteria: self.criteria,
        };
        result.verdict = Verdict::roll_up(result.checks().map(|criterion| criterion.verdict));
        result
    }
}

/// Judges one acceptance test from the traffic.
///
/// An optional test whose status the supplier's workflow does not declare is `not-applicable`.
#[must_use]
pub fn judge_test(test: TestId, traffic: &Traffic, context: &Context) -> JudgedTest {
    if let Some(status) = undeclared(test, context) {
        let reason = format!("the profile does not declare {status}");
        return JudgedTest::alike(test, context, Verdict::NotApplicable, &reason);
    }
    let Some((_, judge, bodies)) = JUDGES.iter().find(|(number, ..)| *number == test.number())
    else {
        return JudgedTest::alike(test, context, Verdict::Error, "no judge knows this test");
    };
    let rulings = judge(traffic, context);
    let untold = bodies.untold(traffic);
    let (criteria, faults) = results(test_definition(test), &rulings, untold, traffic, context);
    JudgedTest { criteria, span: span(&rulings, traffic, context), faults }
}

/// The status of an optional test that the supplier's workflow does not declare.
fn undeclared(test: TestId, context: &Context) -> Option<LetterStatus> {
    test_definition(test).workflow_status().filter(|status| !context.reports(*status))
}

#[cfg(test)]
mod tests {
    use letterproof_model::{ClauseKind, pack};

    use super::*;

    fn target() -> Context {
        Context::stand_in("http://localhost")
    }

    #[test]
    fn every_test_of_the_pack_has_one_judge() {
        let judges: Vec<u8> = JUDGES.iter().map(|(number, ..)| *number).collect();
        let tests: Vec<u8> = pack().iter().map(|test| test.id.number()).collect();
        assert_eq!(judges, tests);
    }

    #[test]
    fn every_check_of_the_pack_has_one_row_and_every_row_is_a_check_of_the_pack() {
        let context = target();
        for (test, (_, judge, _)) in pack().iter().zip(JUDGES) {
            let rulings = judge(&Traffic::new(&context), &context);
            let rows: Vec<&str> = rulings.iter().map(|(clause, _)| *clause).collect();
            let checks = test.clauses.iter().filter(|clause| clause.kind == ClauseKind::Check);
            assert_eq!(rows, checks.map(|clause| clause.id).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_check_without_a_row_ends_in_an_error() {
        let context = target();
        let traffic = Traffic::new(&context);
        let mut rulings = at01::judge(&traffic, &context);
        rulings.remove(1);
        let test = TestId::new(1).map(test_definition).unwrap();
        let (results, _) = results(test, &rulings, 0, &traffic, &context);
        let errors = results.iter().filter(|result| result.verdict == Verdict::Error);
        assert_eq!(errors.map(|result| result.id.as_str()).collect::<Vec<_>>(), ["AT1.2"]);
        assert_eq!(results[1].reason.as_deref(), Some("no judge knows this clause"));
    }
}
