//! What a print house does wrong, as the points of the work ask for it.
//! Refuses amounts and chances: a fault is there on the first occasion, or it is not armed.

use letterproof_model::LetterStatus;

use super::name::Fault;

/// A way of being wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wrong {
    // Lists.
    /// The list is not asked for again.
    NoSecondList,
    /// A letter is updated between the two lists.
    UpdateBetweenLists,
    /// The list is fetched in pieces.
    ListInPages,
    /// Two lists are asked for at the same time.
    ParallelLists,
    /// A letter of the second list is fetched as a new job.
    SecondJob,
    // Taking on.
    /// The bulk of acceptances is sent twice.
    DuplicateAccept,
    /// Some letters are forgotten.
    SkipAccept,
    /// Each letter is accepted on its own.
    AcceptOneByOne,
    /// The acceptances go in two updates.
    AcceptInParts,
    /// Letters that cannot be produced are accepted.
    AcceptUnfit,
    /// Letters that cannot be produced are passed over in silence.
    SkipUnfit,
    // Moving letters.
    /// No status is ever read.
    NoReadBack,
    /// This status is sent before the one before it was seen.
    AtOnce(LetterStatus),
    /// This status is sent twice.
    Twice(LetterStatus),
    /// A letter in the first status is sent the second.
    Stray(LetterStatus, LetterStatus),
    /// This status is sent without code and text.
    WithoutReason(LetterStatus),
    /// A return carries a code that is none of the ten.
    UnknownReturnCode,
    /// A return code comes with another's text.
    OtherReturnText,
    /// A letter of ordinary print is forwarded.
    ForwardStandard,
    // Documents.
    /// Documents are never fetched.
    NoDownload,
    /// Only the beginning of a document is fetched.
    PartialDownload,
    /// The beginning and the end of a document are fetched, and not what lies between.
    GapDownload,
    /// Documents are fetched after their letters were reported as produced.
    DownloadAfter,
    /// Links are asked for and never followed.
    LinkUnfollowed,
    /// Links are followed after they have expired.
    LateDownload,
    /// A document that cannot be printed goes to print.
    IgnoreFlaws,
    /// Letters are printed before their PDF is looked at, and go on whatever it shows.
    PrintUnseen,
    /// Accepted letters without a PDF are forgotten.
    ForgetMissing,
    /// Accepted letters whose PDF is damaged are forgotten.
    ForgetDamaged,
    // Management information.
    /// A record is submitted twice.
    DoubleRecord,
    /// A group is left out.
    MissingRecord,
    /// A quantity is too high.
    TooHighQuantity,
    /// Records name no group.
    NoGroup,
    /// Times are local times.
    LocalTime,
    /// Records bear a time that is off by so many seconds.
    TimeOff(i64),
    /// No record is submitted.
    NoRecords,
    /// A record is submitted again after no answer.
    ResubmitUnanswered,
    /// Every letter has a record of its own.
    RecordForEachLetter,
    // Calls.
    /// A letter is read over and over.
    ReadOnAndOn,
    /// The list is asked for over and over.
    ListOnAndOn,
    /// All calls have the same request id.
    OneRequestId,
    /// Calls have no request id.
    NoRequestId,
    /// Every call asks for a token first.
    NewTokenEachCall,
    /// Calls carry no token.
    NoToken,
    /// The first call that needs a token carries none.
    ForgetToken,
    /// The rate is not kept.
    NoPace,
    /// A call refused with 429 is repeated at once.
    IgnoreQuota,
    /// A call that failed is not repeated.
    GiveUp,
    /// A call that failed is repeated at once.
    HammerAfter5xx,
    // Fast intake.
    /// A link that was given before is followed, and only then another one asked for.
    HoardLinks,
    /// It is done only once.
    OneFlow,
    /// It ends before the queue is empty.
    StopEarly,
    /// It takes longer than agreed.
    SlowFlow,
}

/// What is armed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults(Vec<Wrong>);

impl Faults {
    pub(crate) fn new(faults: impl IntoIterator<Item = Fault>) -> Self {
        Self(faults.into_iter().map(|fault| fault.entry().wrong).collect())
    }

    /// Whether the print house is wrong in this way.
    pub(crate) fn has(&self, wrong: Wrong) -> bool {
        self.0.contains(&wrong)
    }

    /// By how many seconds the times of records are off.
    pub(crate) fn time_off(&self) -> i64 {
        self.0.iter().map(|wrong| if let Wrong::TimeOff(off) = wrong { *off } else { 0 }).sum()
    }

    /// The status that is rushed after this one, if any.
    pub(crate) fn rushed_after(&self, status: LetterStatus) -> Option<LetterStatus> {
        use LetterStatus::{Accepted, Delivered, Dispatched, Enclosed, Forwarded, Printed};
        self.0.iter().find_map(|wrong| match (wrong, status) {
            (Wrong::AtOnce(next @ (Printed | Enclosed | Dispatched | Forwarded)), Accepted)
            | (Wrong::AtOnce(next @ Delivered), Dispatched) => Some(*next),
            _ => None,
        })
    }

    /// The status that a letter in this one is sent against the rules, if any.
    pub(crate) fn stray_from(&self, status: LetterStatus) -> Option<LetterStatus> {
        self.0.iter().find_map(|wrong| match wrong {
            Wrong::Stray(from, to) if *from == status => Some(*to),
            _ => None,
        })
    }
}
