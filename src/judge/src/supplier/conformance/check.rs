//! One check of the conformance suite, as data. Every check says what it rests on.

use letterproof_model::{Capability, FindingKind};

use super::matching::Probed;
use super::plan::{BearerPlan, BodyPlan, HeaderPlan, LetterNeed, Probe, ProbePlan};
use crate::ruling::{Heading, Ruling};

/// A check of the API.
#[derive(Clone, Copy)]
pub struct Check {
    /// `C-…`.
    pub id: &'static str,
    /// What it is about.
    pub title: &'static str,
    /// What is expected, in one sentence.
    pub clause: &'static str,
    /// What it rests on.
    pub source: &'static str,
    /// Capabilities the target must have for the check to mean anything.
    pub needs: &'static [Capability],
    /// Whether no official text asks for it: what differs is worth knowing and decides nothing.
    pub advice: bool,
    pub(crate) subject: Subject,
}

/// What a check looks at.
#[derive(Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "the table of checks is static and small")]
pub(crate) enum Subject {
    /// The answers to a probe.
    Probe(ProbePlan, Accepted),
    /// Traffic made for other reasons, or by this probe, judged as a whole.
    Traffic(Probe<'static>, TrafficJudge),
}

/// Judges traffic as a whole.
pub(crate) type TrafficJudge = fn(&Probed<'_>) -> Concluded;

/// The status codes that answer a probe rightly.
#[derive(Debug, Clone, Copy)]
pub struct Accepted {
    /// By the specification; where it is silent, every answer it leaves open.
    pub specification: &'static [u16],
    /// What the deployed API is known to answer instead: a deviation.
    pub deployed: &'static [u16],
    /// What the public sandbox is known to answer instead: a deviation.
    pub sandbox: &'static [u16],
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Check").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Check {
    pub(crate) const fn heading(&self) -> Heading<'static> {
        Heading { id: self.id, title: self.title, clause: self.clause, source: self.source }
    }

    /// The status codes that answer its probe rightly; `None` for a check of traffic as a whole.
    #[must_use]
    pub const fn accepted(&self) -> Option<Accepted> {
        match self.subject {
            Subject::Probe(_, accepted) => Some(accepted),
            Subject::Traffic(..) => None,
        }
    }

    /// What a driver does for this check.
    #[must_use]
    pub const fn probe(&self) -> Probe<'_> {
        match &self.subject {
            Subject::Probe(plan, _) => Probe::Requests(std::slice::from_ref(plan)),
            Subject::Traffic(probe, _) => *probe,
        }
    }

    /// The requests by which the judge finds its probe; none where other traffic shows it.
    #[must_use]
    pub fn probes(&self) -> &[ProbePlan] {
        match self.probe() {
            Probe::Requests(plans) => plans,
            Probe::Twice(plan) => std::slice::from_ref(plan),
            Probe::AsSupplier(_) | Probe::Token(_) => &[],
        }
    }
}

/// A ruling, and what kind of finding it stands for where it is no plain pass.
#[derive(Debug)]
pub(crate) struct Concluded {
    pub(crate) ruling: Ruling,
    pub(crate) finding: Option<FindingKind>,
}

impl Concluded {
    /// A ruling whose failures are violations.
    pub(crate) fn plain(ruling: Ruling) -> Self {
        let finding = ruling.failed().then_some(FindingKind::Violation);
        Self { ruling, finding }
    }

    /// A pass that differs from the specification as the target is known to.
    pub(crate) const fn deviation(ruling: Ruling) -> Self {
        Self { ruling, finding: Some(FindingKind::Deviation) }
    }
}

/// Answers the specification gives.
pub(crate) const fn by_specification(statuses: &'static [u16]) -> Accepted {
    Accepted { specification: statuses, deployed: &[], sandbox: &[] }
}

impl Accepted {
    /// And what the deployed API answers instead.
    pub(crate) const fn deployed(mut self, statuses: &'static [u16]) -> Self {
        self.deployed = statuses;
        self
    }

    /// And what the sandbox answers instead.
    pub(crate) const fn sandbox(mut self, statuses: &'static [u16]) -> Self {
        self.sandbox = statuses;
        self
    }
}

/// A check of one probe.
pub(crate) const fn probe(
    id: &'static str,
    title: &'static str,
    plan: ProbePlan,
    accepted: Accepted,
    clause: &'static str,
    source: &'static str,
) -> Check {
    Check {
        id,
        title,
        clause,
        source,
        needs: &[],
        advice: false,
        subject: Subject::Probe(plan, accepted),
    }
}

/// A check of traffic that these requests make, or anything else.
pub(crate) const fn traffic(
    id: &'static str,
    title: &'static str,
    plans: &'static [ProbePlan],
    judge: TrafficJudge,
    clause: &'static str,
    source: &'static str,
) -> Check {
    driven(id, title, Probe::Requests(plans), judge, clause, source)
}

/// A check of traffic that a driver makes in its own way.
pub(crate) const fn driven(
    id: &'static str,
    title: &'static str,
    probe: Probe<'static>,
    judge: TrafficJudge,
    clause: &'static str,
    source: &'static str,
) -> Check {
    Check {
        id,
        title,
        clause,
        source,
        needs: &[],
        advice: false,
        subject: Subject::Traffic(probe, judge),
    }
}

impl Check {
    pub(crate) const fn needing(mut self, needs: &'static [Capability]) -> Self {
        self.needs = needs;
        self
    }

    pub(crate) const fn advice(mut self) -> Self {
        self.advice = true;
        self
    }
}

/// Variations of a probe.
impl ProbePlan {
    pub(crate) const fn body(mut self, body: BodyPlan) -> Self {
        self.body = body;
        self
    }

    pub(crate) const fn text(self, text: &'static str) -> Self {
        self.body(BodyPlan::Text(text))
    }

    pub(crate) const fn letter(mut self, need: LetterNeed) -> Self {
        self.letter = need;
        self
    }

    pub(crate) const fn hiding(mut self) -> Self {
        self.hides_letters = true;
        self
    }

    pub(crate) const fn request_id(mut self, plan: HeaderPlan) -> Self {
        self.request_id = plan;
        self
    }

    pub(crate) const fn correlation_id(mut self, plan: HeaderPlan) -> Self {
        self.correlation_id = plan;
        self
    }

    pub(crate) const fn content_type(mut self, plan: HeaderPlan) -> Self {
        self.content_type = plan;
        self
    }

    pub(crate) const fn accept(mut self, plan: HeaderPlan) -> Self {
        self.accept = plan;
        self
    }

    pub(crate) const fn bearer(mut self, plan: BearerPlan) -> Self {
        self.bearer = plan;
        self
    }

    pub(crate) const fn burst(mut self) -> Self {
        self.burst = true;
        self
    }
}
