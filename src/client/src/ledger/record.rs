//! What the ledger knows of one letter, and what a download shows of its content: a status that an
//! answer showed, an update that the API took, and nothing from an answer that is neither the
//! content nor its absence.

use letterproof_model::{
    Body, Exchange, GroupId, LetterId, LetterStatus, RunId, SpecificationId, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::documents::LetterAttributes;

/// What the ledger knows of one letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterRecord {
    /// The letter.
    pub id: LetterId,
    /// The status that was seen last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<LetterStatus>,
    /// When the API last said anything of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_at: Option<Timestamp>,
    /// Its print specification.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<SpecificationId>,
    /// Its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// The SHA-256 of its content, as the API states it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The last update that the API took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Moved>,
    /// Until when a list does not show it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_until: Option<Timestamp>,
    /// What its content turned out to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// When that was found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_at: Option<Timestamp>,
    /// Every status that was seen, in the order of seeing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Step>,
}

/// An update that the API took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// The status it asked for.
    pub status: LetterStatus,
    /// When it was answered with 202.
    pub at: Timestamp,
    /// The scenario that sent it; empty outside scenarios.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// The run it belonged to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// Whether a later read showed it.
    pub seen: bool,
}

/// How far the journal of a run had come when the ledger last heard of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// The run.
    pub run: RunId,
    /// How many lines its journal had, the header among them.
    pub lines: u64,
    /// The SHA-256 of the last of them.
    pub head: String,
}

/// A status that was seen, and when for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The status.
    pub status: LetterStatus,
    /// When it was first seen.
    pub at: Timestamp,
}

/// What a letter's content turned out to be.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Content {
    /// A sound PDF of at most five pages.
    Sound {
        /// Its pages.
        pages: u32,
    },
    /// There is none.
    Missing,
    /// It cannot be printed: it cannot be read, or is not what the API's hash says.
    #[serde(rename = "damaged")]
    Unusable {
        /// Why, in a few words; empty in ledgers that did not keep it.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        problem: String,
    },
    /// A sound PDF with more than five pages.
    TooLong {
        /// Its pages.
        pages: u32,
    },
}

impl Content {
    /// Whether it can be printed.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        matches!(self, Self::Sound { .. })
    }
}

impl LetterRecord {
    pub(super) fn new(id: LetterId) -> Self {
        Self {
            id,
            status: None,
            seen_at: None,
            specification: None,
            group: None,
            sha256: None,
            moved: None,
            hidden_until: None,
            content: None,
            content_at: None,
            history: Vec::new(),
        }
    }

    /// Whether an update was taken whose effect has not been seen.
    #[must_use]
    pub fn in_flight(&self) -> bool {
        self.moved.as_ref().is_some_and(|moved| !moved.seen)
    }

    /// Whether the API said something of it at this time or later.
    #[must_use]
    pub fn seen_since(&self, at: Timestamp) -> bool {
        self.seen_at.is_some_and(|seen| seen >= at)
    }

    /// Whether the API said something of it after this time.
    pub(super) fn seen_after(&self, at: Timestamp) -> bool {
        self.seen_at.is_some_and(|seen| seen > at)
    }

    /// What its content is, where that was found out at this time or later.
    #[must_use]
    pub fn content_since(&self, at: Timestamp) -> Option<Content> {
        self.content.clone().filter(|_| self.content_at.is_some_and(|found| found >= at))
    }

    /// Takes in that an answer at `at` did not know the letter.
    pub(super) fn unknown(&mut self, at: Timestamp) {
        self.status = None;
        self.hidden_until = None;
        self.seen_at = Some(at);
    }

    /// Takes in that all of this was written down by `now`: times beyond it are of a clock that was
    /// set back since. A list may hide it until `hidden` at the latest.
    pub(super) fn written_by(&mut self, now: Timestamp, hidden: Timestamp) {
        let moved = self.moved.iter_mut().map(|moved| &mut moved.at);
        let seen = self.history.iter_mut().map(|step| &mut step.at);
        let found = self.seen_at.iter_mut().chain(&mut self.content_at);
        found.chain(moved).chain(seen).for_each(|at| *at = now.min(*at));
        self.hidden_until = self.hidden_until.map(|until| until.min(hidden));
    }

    /// Takes in an entry of a list. It says that the letter is queued, and always PENDING: where
    /// anything else is known of its status, a list that lags behind does not undo that.
    pub(super) fn listed(&mut self, mut attributes: LetterAttributes, at: Timestamp) {
        if !self.is_waiting() {
            attributes.status = None;
        }
        self.saw(attributes, at);
    }

    /// Whether nothing is known of it but that it waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.moved.is_none() && self.status.is_none_or(|status| status == LetterStatus::Pending)
    }

    /// Takes in what an answer showed at `at`.
    pub(super) fn saw(&mut self, attributes: LetterAttributes, at: Timestamp) {
        self.seen_at = Some(at);
        if let Some(status) = attributes.status {
            self.status = Some(status);
            if self.history.last().is_none_or(|step| step.status != status) {
                self.history.push(Step { status, at });
            }
            if let Some(moved) = &mut self.moved
                && moved.status == status
            {
                moved.seen = true;
            }
            if status != LetterStatus::Pending {
                self.hidden_until = None;
            }
        }
        // An answer that leaves a field out does not unsay it.
        self.specification = attributes.specification_id.or(self.specification.take());
        self.group = attributes.group_id.or(self.group.take());
        self.sha256 = attributes.sha256_hash.or(self.sha256.take());
    }
}

/// The most pages a letter may have (AT12).
const MOST_PAGES: u32 = 5;

impl Content {
    /// What a recorded download shows, and why it is not sound, in a few words; `stated` is the
    /// SHA-256 that the API states. `None` when the answer says nothing about the content.
    #[must_use]
    pub fn of(exchange: &Exchange, stated: Option<&str>) -> Option<(Self, Option<String>)> {
        let answer = exchange.response()?;
        let unusable = |problem: &str| {
            let problem = problem.to_owned();
            Some((Self::Unusable { problem: problem.clone() }, Some(problem)))
        };
        match (answer.status, answer.body.content()) {
            (404, _) => Some((Self::Missing, None)),
            (200, None) => unusable("it is empty"),
            (200, Some(content)) => {
                if stated.is_some_and(|stated| !stated.eq_ignore_ascii_case(&content.sha256)) {
                    return unusable("its SHA-256 is not the one the API states");
                }
                match (content.pages, &content.problem) {
                    (_, Some(problem)) => unusable(problem),
                    (None, None) => unusable("it is not a PDF"),
                    (Some(pages), None) if !matches!(answer.body, Body::Pdf(_)) || pages == 0 => {
                        unusable("it is not a PDF with pages")
                    }
                    (Some(pages), None) if pages > MOST_PAGES => {
                        Some((Self::TooLong { pages }, Some(format!("it has {pages} pages"))))
                    }
                    (Some(pages), None) => Some((Self::Sound { pages }, None)),
                }
            }
            _ => None,
        }
    }
}
