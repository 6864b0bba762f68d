//! What the probes of the conformance suite cost, from the judges' table of checks.
//! Refuses to count a probe twice that several checks share.

use std::time::Duration;

use letterproof_judge::conformance::{
    Acceptance, LetterNeed, Probe, ProbePlan, TokenProbe, conformance_checks,
};
use letterproof_model::{Body, Document, LetterStatus, Operation, Route};
use serde::Deserialize;

use super::draft::Draft;
use super::range::Range;
use crate::house::Way;
use crate::prober::{LATER, TOKEN_PATIENCE, USUAL_LINK_LIFE, longest_burst};

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
