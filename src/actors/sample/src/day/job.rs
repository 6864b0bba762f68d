//! A letter in hand: what is known of it and where it still has to go.
//! Refuses memory of documents: of a PDF only what was found wrong with it is kept.

use std::collections::VecDeque;

use letterproof_model::{LetterId, LetterStatus};

use crate::pdf::Flaw;
use crate::wire::{Letter, Reason};

/// What came of preparing a letter's document for print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Prepared {
    /// It can be printed.
    Ready,
    /// It must not be printed.
    Flawed(Flaw),
    /// There is none.
    NoPdf,
    /// It could not be had today.
    NotHad,
}

/// A step of a letter's way: the status it is taken to, with code and text where it needs them.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) status: LetterStatus,
    pub(super) reason: Option<Reason>,
}

/// A letter in hand.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) letter: Letter,
    /// What came of its document, once it was asked for.
    pub(super) prepared: Option<Prepared>,
    /// The steps still before it.
    pub(super) path: VecDeque<Step>,
    /// Whether nothing more is to be done with it.
    pub(super) closed: bool,
    /// Whether it was given its way.
    pub(super) dealt: bool,
    /// Whether it was seen PRINTED.
    pub(super) printed: bool,
    /// Whether it was seen DISPATCHED.
    pub(super) dispatched: bool,
    /// Whether it was counted in a record of management information.
    pub(super) reported: bool,
}

impl Job {
    pub(super) fn new(letter: Letter, prepared: Option<Prepared>) -> Self {
        Self {
            letter,
            prepared,
            path: VecDeque::new(),
            closed: false,
            dealt: false,
            printed: false,
            dispatched: false,
            reported: false,
        }
    }

    pub(super) fn id(&self) -> &LetterId {
        &self.letter.id
    }
}

impl Prepared {
    /// The reason to report an accepted letter as FAILED for, if its document gives one.
    pub(super) fn reason_to_fail(self) -> Option<Reason> {
        match self {
            Self::Ready | Self::NotHad => None,
            Self::Flawed(Flaw::Damaged) => Some(Reason::new("F01", "The PDF is damaged")),
            Self::Flawed(Flaw::TooLong) => {
                Some(Reason::new("F02", "The PDF has more pages than an envelope takes"))
            }
            Self::Flawed(Flaw::OtherContent) => {
                Some(Reason::new("F03", "The PDF is not the one its hash was made of"))
            }
            Self::NoPdf => Some(Reason::new("F04", "There is no PDF")),
        }
    }
}
