//! What each phrase of the features costs: the same sentences as in `crate::phrases`, on paper; and
//! what the probes of the conformance suite cost, from the judges' table of checks. A test compares
//! the two lists of phrases. A probe that several checks share is counted once.

use std::time::Duration;

use cucumber::gherkin::Step;
use cucumber::{given, then, when};
use letterproof_judge::conformance::{
    Acceptance, LetterNeed, Probe, ProbePlan, TokenProbe, conformance_checks,
};
use letterproof_model::{Body, Document, LetterStatus, Operation, Route};
use serde::Deserialize;

use super::bill::Range;
use super::draft::Draft;
use crate::phrases::{Count, Status};
use crate::prober::{LATER, TOKEN_PATIENCE, USUAL_LINK_LIFE, longest_burst};
use crate::world::{Share, Way};

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
    draft.held.listed = draft.list_if_stale();
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
    draft.held.unfit = Range { least: 1, most: unfit.most.map(|most| most.max(1)) };
    // Those without a hash are looked at; an unknown specification shows without a look.
    draft.fetch(draft.held.unfit.perhaps());
}

#[given(expr = "the supplier has dispatched letters, at least {count}")]
fn has_dispatched(draft: &mut Draft, n: Count) {
    if draft.queue.dispatched.least == 0 {
        draft.take_accepted(n.into(), "ordinary letters", true);
        draft.report(draft.held.letters, LetterStatus::Dispatched, Way::InOneUpdate);
        draft.see(draft.held.letters);
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
    draft.held.listed = draft.list(1);
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
    let jobs = draft.held.listed.at_most(n.into()).perhaps();
    if !std::mem::replace(&mut draft.held.prepared, true) {
        draft.fetch(jobs);
    }
    draft.held.letters = jobs;
}

#[when("the supplier accepts the letters it has prepared")]
fn accepts_prepared(draft: &mut Draft) {
    draft.accept(draft.held.letters, Way::InOneUpdate);
}

#[when(expr = "the supplier receives a(nother) list of {count} letters")]
fn receives_list(draft: &mut Draft, n: Count) {
    draft.held.asked = draft.agreed(n.0);
    draft.reject_what_was_found(draft.held.asked);
    draft.wait_for_lists_of_others();
    draft.held.listed = draft.list(draft.held.asked);
}

#[when("the supplier accepts the listed letters in one update")]
fn accepts_listed(draft: &mut Draft) {
    draft.need("letters to accept", draft.held.asked);
    let listed = draft.held.listed;
    draft.fetch(draft.unfit_among(listed).perhaps());
    // What another scenario found to be unproducible is rejected as well.
    let unfit = draft.rejected_among(listed);
    let accepted = draft.decide_on(listed, Range::exactly(1), unfit);
    (draft.held.letters, draft.held.rejected) = (accepted, unfit);
}

#[when(
    regex = r"^the supplier reports (these letters|the other letters|the first [\d,.-]+ of these letters) as ([A-Z]+) (one by one|in one update)$"
)]
fn reports(draft: &mut Draft, share: String, status: Status, way: String) {
    let share = Share::named(&share, &mut draft.held.first);
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
        draft.report(draft.held.letters, status, Way::InOneUpdate);
        draft.see(draft.held.letters);
    }
}

#[when("the supplier forwards these letters to a specialist")]
fn forwards(draft: &mut Draft) {
    draft.report(draft.held.letters, LetterStatus::Forwarded, Way::InOneUpdate);
}

#[when("the supplier reports these letters as RETURNED, each return reason in turn")]
fn returns_in_turn(draft: &mut Draft) {
    draft.report(draft.held.letters, LetterStatus::Returned, Way::InOneUpdate);
}

#[when("the supplier cancels these letters as a list by e-mail asks")]
fn cancels(draft: &mut Draft) {
    draft.report(draft.held.letters, LetterStatus::Cancelled, Way::InOneUpdate);
}

#[when("the supplier reports these letters as FAILED, since their address cannot be used")]
fn fails_for_address(draft: &mut Draft) {
    draft.report(draft.held.letters, LetterStatus::Failed, Way::InOneUpdate);
}

#[when("the supplier reports the letters that it cannot produce as FAILED")]
fn fails_unproducible(draft: &mut Draft) {
    draft.fail_unproducible();
}

#[when("the supplier rejects the letters that it cannot accept")]
fn rejects_unfit(draft: &mut Draft) {
    let unfit = draft.held.unfit;
    draft.use_up(unfit);
    draft.report(unfit, LetterStatus::Rejected, Way::InOneUpdate);
    draft.held.letters = unfit;
}

#[when("the supplier submits management information for the letters that it has dispatched")]
fn submits_mi(draft: &mut Draft) {
    // One record for each specification and group, which only the letters tell.
    draft.held.submitted = Range::at_least(1);
    draft.call(Operation::CreateMi, draft.held.submitted);
}

#[when("the supplier reads its management information back")]
fn reads_mi_back(draft: &mut Draft) {
    draft.call(Operation::GetMi, draft.held.submitted);
}

#[when(expr = "the supplier receives the whole queue in lists of {count}")]
fn takes_in_queue(draft: &mut Draft, chunk: Count) {
    draft.take_in_queue(draft.agreed(chunk.0));
}

#[when(expr = "the supplier looks up each of these letters until it is {status}")]
fn looks_up_each(draft: &mut Draft, _status: Status) {
    let rejected = std::mem::take(&mut draft.held.rejected);
    draft.see(draft.held.letters.plus(rejected));
}

#[when(expr = "the supplier looks up the first {count} of these letters until each is {status}")]
fn looks_up_first(draft: &mut Draft, n: Count, _status: Status) {
    draft.see(draft.share(Share::First(n.into())));
}

#[when(expr = "the supplier looks up the other letters until each is {status}")]
fn looks_up_others(draft: &mut Draft, _status: Status) {
    let share = Share::named("the other letters", &mut draft.held.first);
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

impl Draft {
    /// The probes of these checks are sent.
    pub(super) fn probe<'a>(&mut self, checks: impl Iterator<Item = &'a str>) {
        for id in checks {
            let Some(check) = conformance_checks().iter().find(|check| check.id == id) else {
                continue;
            };
            if self.context().is_some_and(|context| context.lacking(check.needs).is_some()) {
                continue;
            }
            match check.probe() {
                Probe::Requests(plans) => {
                    for plan in plans {
                        self.request(check.id, plan, 1);
                    }
                }
                Probe::Twice(plan) => self.request(check.id, plan, 2),
                Probe::AsSupplier(Acceptance::OneByOne) => {
                    self.accept_and_look_again(Way::OneByOne);
                }
                Probe::AsSupplier(Acceptance::InBulk) => {
                    self.accept_and_look_again(Way::InOneUpdate);
                }
                Probe::Token(probe) => self.ask_for_token(probe),
            }
        }
    }

    /// One request of a check, sent so many times unless another check has sent it.
    fn request(&mut self, check: &str, plan: &ProbePlan, times: u64) {
        let own = if plan.letter == LetterNeed::Spent { check } else { "" };
        if self.queue.probes.insert(format!("{own} {plan:?}")) {
            self.send(plan, times);
        }
    }

    /// A letter is accepted, and read once more after it was seen.
    fn accept_and_look_again(&mut self, way: Way) {
        self.accept_one(way);
        self.wait("a status stays", LATER, LATER);
        self.call(Operation::GetLetter, Range::exactly(1));
    }

    /// A probe of the token endpoint, or of a token past its end, where tokens are asked for.
    fn ask_for_token(&mut self, probe: TokenProbe) {
        match probe {
            TokenProbe::Signature
            | TokenProbe::Expired
            | TokenProbe::Audience
            | TokenProbe::Algorithm => self.call(Operation::Token, Range::up_to(1)),
            TokenProbe::Replay => self.call(Operation::Token, Range::up_to(2)),
            TokenProbe::Outlived => {
                self.call(Operation::Token, Range::up_to(1));
                self.wait("a token ends", Duration::ZERO, TOKEN_PATIENCE + Duration::from_secs(1));
                self.call(Operation::ListLetters, Range::up_to(1));
            }
        }
    }

    fn send(&mut self, plan: &ProbePlan, times: u64) {
        let operation = Route::of(plan.method, &plan.path_for("x"), "").operation;
        if plan.burst {
            let limit = self.context().map_or(0, |context| context.rate_limit);
            let most = u64::from(longest_burst(limit));
            self.bill.exceeds_limit = true;
            return self.call(operation, Range { least: 1, most: Some(most) });
        }
        if !matches!(plan.letter, LetterNeed::None | LetterNeed::Record) {
            self.know_letters();
        }
        match plan.letter {
            // Sent only where a letter of another supplier is known.
            LetterNeed::Foreign => return self.call(operation, Range::up_to(1)),
            LetterNeed::Spent => {
                self.need("letters for probes", 1);
                self.spend(plan);
            }
            LetterNeed::WithPdf if operation == Operation::GetLetterData => {
                self.call(Operation::Download, Range::up_to(5));
                let life = USUAL_LINK_LIFE + Duration::from_secs(1);
                self.wait("a link expires", Duration::ZERO, life);
            }
            LetterNeed::WithoutPdf => self.call(Operation::Download, Range::up_to(1)),
            LetterNeed::None | LetterNeed::Any | LetterNeed::WithPdf | LetterNeed::Record => {}
        }
        if plan.hides_letters {
            self.note_list();
        }
        self.call(operation, Range::exactly(times));
    }

    /// A probe that the API should refuse, or not, changes a letter of its own.
    fn spend(&mut self, plan: &ProbePlan) {
        #[derive(Deserialize)]
        struct Data {
            attributes: Attributes,
        }
        #[derive(Deserialize)]
        struct Attributes {
            status: LetterStatus,
        }
        self.use_up(Range::up_to(1));
        let body = plan.body_for("x").map(|text| Body::Json { text });
        if let Some(document) = body.and_then(|body| body.parse::<Document<Data>>()) {
            self.bill.update(document.data.attributes.status, Range::up_to(1));
        }
    }
}
