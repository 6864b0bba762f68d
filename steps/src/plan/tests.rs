//! Plans as a reader would check them: against the phrases, and against arithmetic.

use std::collections::BTreeSet;
use std::time::Duration;

use cucumber::codegen::{Regex, StepConstructor as _, WorldInventory, inventory};
use letterproof_model::{Context, LetterStatus, Operation, TestId};

use super::draft::Draft;
use super::{Outlook, Plan, Range, plan};
use crate::{FeatureSet, SupplierWorld};

fn patterns_of<W: WorldInventory>() -> impl Iterator<Item = (&'static str, Regex)> {
    let given = inventory::iter::<W::Given>.into_iter().map(|step| ("Given", step.inner().1));
    let when = inventory::iter::<W::When>.into_iter().map(|step| ("When", step.inner().1));
    let then = inventory::iter::<W::Then>.into_iter().map(|step| ("Then", step.inner().1));
    given.chain(when).chain(then).map(|(kind, regex)| (kind, regex()))
}

fn phrases_of<W: WorldInventory>() -> BTreeSet<(&'static str, String)> {
    patterns_of::<W>().map(|(kind, regex)| (kind, regex.as_str().to_owned())).collect()
}

fn planned(only: &[u8], waiting: u64, reseeds: bool) -> Plan {
    let tests: Vec<TestId> = only.iter().map(|number| TestId::new(*number).unwrap()).collect();
    let features = FeatureSet::built_in().unwrap().of_suites(true, false).select(&tests).unwrap();
    let context = Context::stand_in("http://127.0.0.1:9");
    plan(&features, Outlook { waiting, ..Outlook::fresh(context, reseeds) }).unwrap()
}

fn short_of(plan: &Plan) -> Vec<String> {
    let names = plan.shortfalls().flat_map(|short| &short.scenario.tests).map(TestId::to_string);
    let mut names: Vec<String> = names.collect();
    names.dedup();
    names
}

#[test]
fn every_phrase_has_a_cost_and_every_cost_a_phrase() {
    assert_eq!(phrases_of::<Draft>(), phrases_of::<SupplierWorld>());
}

#[test]
fn the_page_on_features_lists_every_phrase_and_no_other() {
    let page = include_str!("../../../features/README.md");
    let phrases: Vec<(&str, Regex)> = patterns_of::<SupplierWorld>().collect();
    let mut listed = vec![false; phrases.len()];
    let mut under = "";
    for line in page.lines() {
        match (line.strip_suffix(':'), line.strip_prefix("- ")) {
            (Some(kind), _) => under = kind,
            (None, Some(phrase)) => {
                let is_it = |at: &usize| phrases[*at].0 == under && phrases[*at].1.is_match(phrase);
                let found: Vec<usize> = (0..phrases.len()).filter(is_it).collect();
                assert_eq!(found.len(), 1, "{under} {phrase}");
                listed[found[0]] = true;
            }
            (None, None) => {}
        }
    }
    let missing: Vec<&str> = phrases
        .iter()
        .zip(&listed)
        .filter(|(_, is)| !**is)
        .map(|(one, _)| one.1.as_str())
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn the_example_on_features_is_one() {
    let page = include_str!("../../../features/README.md");
    let example = page.split("```gherkin\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = std::env::temp_dir().join(format!("letterproof-example-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("evening.feature"), example).unwrap();
    let features = FeatureSet::from_folder(&folder);
    std::fs::remove_dir_all(&folder).unwrap();
    let features = features.unwrap();
    crate::check(&features).unwrap();
    assert_eq!(features.tests(), [TestId::new(4).unwrap()]);
}

#[test]
fn accepting_a_list_uses_up_a_thousand_letters_in_one_update() {
    let bill = planned(&[4], 2_500, false).total();
    assert_eq!(bill.used_up, Range::exactly(1_000));
    assert!(bill.updates[&LetterStatus::Accepted].holds(1_000));
    assert_eq!(bill.calls[&Operation::ListLetters], Range::exactly(2));
    assert!(bill.calls[&Operation::GetLetter].least >= 1_000 - 400);
}

#[test]
fn letters_that_others_found_unfit_are_rejected_beside_the_list_and_come_on_top() {
    // Seen in a run at INT's own pace: 233 letters rejected before a list of 1,000 was accepted.
    let at_4_beside = |others: &[u8]| {
        let plan = planned(&[&[4], others].concat(), 2_500, false);
        plan.scenarios
            .iter()
            .find(|one| one.tests == [TestId::new(4).unwrap()])
            .unwrap()
            .bill
            .clone()
    };
    for others in [&[12][..], &[3]] {
        let bill = at_4_beside(others);
        assert_eq!(bill.used_up, Range { least: 1_000, most: Some(1_000 + 600) }, "{others:?}");
        assert!(bill.updates[&LetterStatus::Accepted].holds(1_000));
        assert!(bill.updates[&LetterStatus::Rejected].holds(233));
        assert!(bill.calls[&Operation::UpdateLetters].holds(4));
    }
    assert_eq!(at_4_beside(&[1, 2]).used_up, Range::exactly(1_000), "nobody looks at letters");
}

#[test]
fn a_list_beside_scenarios_that_list_first_may_wait_until_letters_show_again() {
    let most = |only: &[u8]| {
        planned(only, 2_500, false).scenarios[0].bill.waits.iter().any(|wait| {
            wait.what == "listed letters show again"
                && wait.most == Duration::from_millis(Context::stand_in("x").visibility_timeout_ms)
        })
    };
    assert!(most(&[4, 7]));
    assert!(!most(&[4]), "nobody else lists");
}

#[test]
fn scenarios_side_by_side_find_unfit_letters_before_any_of_them_decided_on_letters() {
    let plan = planned(&[4, 13], 2_500, false);
    let unfit = plan.scenarios.iter().find(|one| one.tests == [TestId::new(13).unwrap()]).unwrap();
    let rejected = unfit.bill.updates[&LetterStatus::Rejected];
    assert_eq!(rejected, Range { least: 1, most: Some(125) }, "one in twenty of all");
}

#[test]
fn letters_taken_through_several_statuses_are_counted_for_each() {
    let bill = planned(&[8, 10, 11], 2_500, false).total();
    for (status, letters) in [
        (LetterStatus::Accepted, 4 + 12 + 20 + 9),
        (LetterStatus::Printed, 2 + 12 + 6),
        (LetterStatus::Enclosed, 2 + 12 + 3),
        (LetterStatus::Dispatched, 4 + 12 + 20),
        (LetterStatus::Delivered, 4 + 12 + 10),
        (LetterStatus::Returned, 20),
        (LetterStatus::Cancelled, 9),
    ] {
        assert_eq!(bill.updates[&status], Range::exactly(letters), "{status}");
    }
    assert_eq!(bill.used_up, Range::exactly(45));
    assert_eq!(bill.calls[&Operation::PatchLetter], Range::exactly(12));
}

#[test]
fn the_whole_pack_fits_a_seeding_but_for_its_last_test() {
    let whole: Vec<u8> = (1..=15).collect();
    assert_eq!(short_of(&planned(&whole, 2_500, false)), ["AT15"]);
    assert_eq!(short_of(&planned(&whole[..14], 2_500, false)), Vec::<String>::new());
    assert_eq!(planned(&whole[..14], 2_500, false).possible_shortfalls().count(), 0);
    let reseeded = planned(&whole, 2_500, true);
    assert_eq!(short_of(&reseeded), Vec::<String>::new());
    assert!(reseeded.total().used_up.least >= 3 * 2_500);
}

#[test]
fn what_moved_is_read_once_more_at_the_end_and_before_a_first_seeding() {
    let sweep = |plan: &Plan| {
        let last = plan.scenarios.last().unwrap();
        let reads = last.bill.calls.get(&Operation::GetLetter).copied();
        (last.scenario == "Final sweep").then_some(reads.unwrap_or_default())
    };
    assert_eq!(sweep(&planned(&[1, 2], 2_500, false)), None, "nothing moves");
    let reads = sweep(&planned(&[4], 2_500, false)).unwrap();
    assert_eq!(reads, Range { least: 1_000, most: Some(1_100) });
    // Of three seedings the letters of the last one are there; those before are read only once.
    let flows = planned(&[4, 15], 2_500, true);
    let reads = sweep(&flows).unwrap();
    assert_eq!((reads.least, reads.most), (2_500, Some(2_600)));
    let intake = &flows.scenarios[flows.scenarios.len() - 2].bill;
    assert!(intake.calls[&Operation::GetLetter].least >= 1_000);
}

#[test]
fn without_reseeding_only_the_first_of_three_flows_finds_all_letters() {
    let plan = planned(&[15], 2_500, false);
    let waiting: Vec<Range> = plan.shortfalls().map(|short| short.need.waiting).collect();
    assert_eq!(waiting, [Range::NONE, Range::NONE]);
}

#[test]
fn a_queue_that_was_worked_on_is_short_for_the_tests_that_need_it_whole() {
    let short = short_of(&planned(&[2, 3, 4, 7], 900, false));
    assert_eq!(short, ["AT2", "AT3", "AT4"]);
}

#[test]
fn a_hidden_list_is_waited_for_once_and_updates_as_long_as_they_may_take() {
    let context = Context::stand_in("x");
    let (timeout, deadline) = (context.visibility_timeout_ms, context.update_deadline_ms);
    let plan = planned(&[2, 3], 2_500, false);
    let (least, most) = plan.time();
    assert!(
        least.as_millis() >= u128::from(timeout) && least.as_millis() < u128::from(timeout) * 2
    );
    assert!(most.as_millis() >= u128::from(timeout + deadline));
}

#[test]
fn probes_shared_by_checks_are_counted_once_and_only_some_use_up_letters() {
    let features = FeatureSet::built_in().unwrap().of_suites(false, true);
    let outlook = Outlook::fresh(Context::stand_in("x"), false);
    let bill = plan(&features, outlook).unwrap().total();
    let spent = bill.used_up;
    assert_eq!(spent.least, 2, "the two that the supplier accepts for C-PATCH and C-BULK");
    assert!(spent.most.is_some_and(|most| (3..50).contains(&most)), "{spent}");
    assert!(bill.paced_calls().least > 50);
}

#[test]
fn a_number_nobody_can_read_is_an_error_that_names_its_step() {
    let folder = tempfile::tempdir().unwrap();
    let text = "@AT5\nFeature: own\n  Scenario: AT5 own\n    Given the supplier has accepted \
                99999999999999999999 ordinary letters\n";
    std::fs::write(folder.path().join("own.feature"), text).unwrap();
    let features = FeatureSet::from_folder(folder.path()).unwrap();
    let outlook = Outlook::fresh(Context::stand_in("x"), false);
    let error = plan(&features, outlook).unwrap_err().to_string();
    assert!(error.contains("own.feature:4"), "{error}");
}
