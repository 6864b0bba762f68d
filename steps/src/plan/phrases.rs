//! What each phrase of the features costs: the same sentences as in `crate::phrases`, on paper.
//! Refuses to leave one out: a test holds the two lists against each other.

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use letterproof_model::{LetterStatus, Operation};

use super::draft::Draft;
use super::range::Range;
use crate::counts::Count;
use crate::house::{Share, Way};
use crate::phrases::Status;

#[given("a supplier with credentials for this target")]
fn a_supplier(_: &mut Draft) {}

#[given("every letter seeded is waiting and visible")]
fn every_letter_shows(draft: &mut Draft) {
    draft.wait_until_letters_show();
    draft.need_all();
}

#[given("the supplier has letters waiting that show in a list")]
fn letters_show(draft: &mut Draft) {
    draft.wait_until_letters_show();
}

#[given("the supplier has received its daily list")]
#[when("the supplier receives its daily list unless it holds it already")]
fn has_daily_list(draft: &mut Draft) {
    draft.need_all();
    draft.house.listed = draft.list_if_stale();
}

#[given(expr = "the supplier has accepted {count} ordinary letters")]
fn has_accepted_ordinary(draft: &mut Draft, n: Count) {
    draft.take_accepted(n.into(), "ordinary letters", true);
}

#[given(expr = "the supplier has accepted {count} letters in accessible formats")]
fn has_accepted_accessible(draft: &mut Draft, n: Count) {
    draft.take_accepted(n.into(), "letters in accessible formats", false);
}

#[given(expr = "the supplier has accepted {count} letters that turn out damaged or too long")]
fn has_accepted_unproducible(draft: &mut Draft, n: Count) {
    draft.accept_unproducible(n.into());
}

#[given("the supplier has no decision under way that a list would not show")]
fn decisions_show(draft: &mut Draft) {
    draft.wait_for_decisions();
}

#[given("the supplier has found the letters that it cannot accept")]
fn has_found_unfit(draft: &mut Draft) {
    draft.know_letters();
    draft.need("letters that cannot be accepted", 1);
    let unfit = draft.unfit_waiting();
    draft.house.unfit = Range { least: 1, most: unfit.most.map(|most| most.max(1)) };
    // Those without a hash are looked at; an unknown specification shows without a look.
    draft.fetch(draft.house.unfit.perhaps());
}

#[given(expr = "the supplier has dispatched letters, at least {count}")]
fn has_dispatched(draft: &mut Draft, n: Count) {
    if draft.queue.dispatched.least == 0 {
        draft.take_accepted(n.into(), "ordinary letters", true);
        draft.report(draft.house.letters, LetterStatus::Dispatched, Way::InOneUpdate);
        draft.see(draft.house.letters);
    }
}

#[given("the queue is seeded again where the target allows it")]
#[when("the queue is seeded again where the target allows it")]
fn seeded_anew(draft: &mut Draft) {
    draft.seed_anew();
}

#[when("the supplier asks whether the service is up")]
fn asks_service(draft: &mut Draft) {
    draft.call(Operation::Status, Range::exactly(1));
}

#[when("the supplier looks whether there is a letter to print")]
fn looks_for_a_letter(draft: &mut Draft) {
    draft.house.listed = draft.list(1);
}

#[when("the supplier receives its daily list")]
#[when("the supplier receives its daily list again at once")]
fn receives_daily_list(draft: &mut Draft) {
    draft.list(2_500);
}

#[when("the supplier receives its daily list again when the letters show again")]
fn receives_daily_list_later(draft: &mut Draft) {
    draft.wait_until_letters_show();
    draft.list(2_500);
}

#[when(expr = "the supplier prepares the print jobs of the first {count} letters listed")]
#[when(
    expr = "the supplier prepares the print jobs of the first {count} letters listed, none a second time"
)]
fn prepares_jobs(draft: &mut Draft, n: Count) {
    // Letters in accessible formats are not prepared, so nobody knows how many are.
    let jobs = draft.house.listed.at_most(n.into()).perhaps();
    if !std::mem::replace(&mut draft.house.prepared, true) {
        draft.fetch(jobs);
    }
    draft.house.letters = jobs;
}

#[when("the supplier accepts the letters it has prepared")]
fn accepts_prepared(draft: &mut Draft) {
    draft.accept(draft.house.letters, Way::InOneUpdate);
}

#[when(expr = "the supplier receives a(nother) list of {count} letters")]
fn receives_list(draft: &mut Draft, n: Count) {
    draft.house.asked = draft.agreed(n.0);
    draft.reject_what_was_found(draft.house.asked);
    draft.wait_for_lists_of_others();
    draft.house.listed = draft.list(draft.house.asked);
}

#[when("the supplier accepts the listed letters in one update")]
fn accepts_listed(draft: &mut Draft) {
    draft.need("letters to accept", draft.house.asked);
    let listed = draft.house.listed;
    draft.fetch(draft.unfit_among(listed).perhaps());
    // What another scenario found to be unproducible is rejected as well.
    let unfit = draft.rejected_among(listed);
    let accepted = draft.decide_on(listed, Range::exactly(1), unfit);
    (draft.house.letters, draft.house.rejected) = (accepted, unfit);
}

#[when(
    regex = r"^the supplier reports (these letters|the other letters|the first [\d,.-]+ of these letters) as ([A-Z]+) (one by one|in one update)$"
)]
fn reports(draft: &mut Draft, share: String, status: Status, way: String) {
    let share = Share::named(&share, &mut draft.house.first);
    let letters = draft.share(share);
    match status.0 {
        LetterStatus::Accepted => draft.accept(letters, Way::named(&way)),
        LetterStatus::Rejected => {
            draft.use_up(letters);
            draft.report(letters, status.0, Way::named(&way));
        }
        status => draft.report(letters, status, Way::named(&way)),
    }
}

#[when("the supplier takes these letters through PRINTED, ENCLOSED and DISPATCHED")]
fn takes_through(draft: &mut Draft) {
    for status in [LetterStatus::Printed, LetterStatus::Enclosed, LetterStatus::Dispatched] {
        draft.report(draft.house.letters, status, Way::InOneUpdate);
        draft.see(draft.house.letters);
    }
}

#[when("the supplier forwards these letters to a specialist")]
fn forwards(draft: &mut Draft) {
    draft.report(draft.house.letters, LetterStatus::Forwarded, Way::InOneUpdate);
}

#[when("the supplier reports these letters as RETURNED, each return reason in turn")]
fn returns_in_turn(draft: &mut Draft) {
    draft.report(draft.house.letters, LetterStatus::Returned, Way::InOneUpdate);
}

#[when("the supplier cancels these letters as a list by e-mail asks")]
fn cancels(draft: &mut Draft) {
    draft.report(draft.house.letters, LetterStatus::Cancelled, Way::InOneUpdate);
}

#[when("the supplier reports these letters as FAILED, since their address cannot be used")]
fn fails_for_address(draft: &mut Draft) {
    draft.report(draft.house.letters, LetterStatus::Failed, Way::InOneUpdate);
}

#[when("the supplier reports the letters that it cannot produce as FAILED")]
fn fails_unproducible(draft: &mut Draft) {
    draft.fail_unproducible();
}

#[when("the supplier rejects the letters that it cannot accept")]
fn rejects_unfit(draft: &mut Draft) {
    let unfit = draft.house.unfit;
    draft.use_up(unfit);
    draft.report(unfit, LetterStatus::Rejected, Way::InOneUpdate);
    draft.house.letters = unfit;
}

#[when("the supplier submits management information for the letters that it has dispatched")]
fn submits_mi(draft: &mut Draft) {
    // One record for each specification and group, which only the letters tell.
    draft.house.submitted = Range::at_least(1);
    draft.call(Operation::CreateMi, draft.house.submitted);
}

#[when("the supplier reads its management information back")]
fn reads_mi_back(draft: &mut Draft) {
    draft.call(Operation::GetMi, draft.house.submitted);
}

#[when(expr = "the supplier receives the whole queue in lists of {count}")]
fn takes_in_queue(draft: &mut Draft, chunk: Count) {
    draft.take_in_queue(draft.agreed(chunk.0));
}

#[when(expr = "the supplier looks up each of these letters until it is {status}")]
fn looks_up_each(draft: &mut Draft, _status: Status) {
    let rejected = std::mem::take(&mut draft.house.rejected);
    draft.see(draft.house.letters.plus(rejected));
}

#[when(expr = "the supplier looks up the first {count} of these letters until each is {status}")]
fn looks_up_first(draft: &mut Draft, n: Count, _status: Status) {
    draft.see(draft.share(Share::First(n.into())));
}

#[when(expr = "the supplier looks up the other letters until each is {status}")]
fn looks_up_others(draft: &mut Draft, _status: Status) {
    let share = Share::named("the other letters", &mut draft.house.first);
    draft.see(draft.share(share));
}

#[when("the harness sends the probes of these checks")]
fn sends_probes(draft: &mut Draft, step: &Step) {
    let rows = step.table.as_ref().map(|table| table.rows.as_slice()).unwrap_or_default();
    draft.probe(rows.iter().filter_map(|row| row.first()).map(String::as_str));
}

#[then("these checks hold")]
fn checks_hold(_: &mut Draft) {}

#[then(regex = r"^criterion (AT\d+\.\d+) holds$")]
fn criterion_holds(_: &mut Draft, _criterion: String) {}
