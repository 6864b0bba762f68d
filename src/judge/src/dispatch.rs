//! Which judge judges which test, and which tests a supplier's workflow leaves out.
//! Refuses to leave a test out in silence: one that does not apply says what is not declared.

use letterproof_model::{Context, CriterionResult, LetterStatus, TestId, Verdict, test_definition};

use crate::ruling::rule_all;
use crate::traffic::Traffic;

/// Judges one acceptance test from the traffic.
///
/// An optional test whose status the supplier's workflow does not declare is `not-applicable`.
#[must_use]
pub fn judge_test(test: TestId, traffic: &Traffic, context: &Context) -> Vec<CriterionResult> {
    if let Some(status) = undeclared(test, context) {
        let reason = format!("the profile does not declare {status}");
        return rule_all(test, context, Verdict::NotApplicable, &reason);
    }
    let judge = match test.number() {
        1 => crate::at01::judge,
        2 => crate::at02::judge,
        3 => crate::at03::judge,
        4 => crate::at04::judge,
        5 => crate::at05::judge,
        6 => crate::at06::judge,
        7 => crate::at07::judge,
        8 => crate::at08::judge,
        9 => crate::at09::judge,
        10 => crate::at10::judge,
        11 => crate::at11::judge,
        12 => crate::at12::judge,
        13 => crate::at13::judge,
        14 => crate::at14::judge,
        _ => crate::at15::judge,
    };
    judge(traffic, context)
}

/// The status of an optional test that the supplier's workflow does not declare.
fn undeclared(test: TestId, context: &Context) -> Option<LetterStatus> {
    test_definition(test).workflow_status().filter(|status| !context.reports(*status))
}
