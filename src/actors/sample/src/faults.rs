//! The catalogue of faults: ways in which a supplier can be wrong, as data.
//!
//! One table names each fault, what the supplier then does, and who must notice: a fault that nobody
//! has to notice would only flatter. The work asks at the few points where it could go wrong, by
//! [`Wrong`]. A fault is there on the first occasion, or it is not armed.

use std::fmt;

use letterproof_model::LetterStatus::{
    self, Accepted, Cancelled, Delivered, Dispatched, Enclosed, Failed, Forwarded, Pending,
    Printed, Rejected, Returned,
};
use letterproof_model::Verdict;

/// A way in which the supplier can be wrong.
#[derive(Debug)]
pub struct FaultEntry {
    /// The name on the command line.
    pub name: &'static str,
    /// What the supplier does, in one sentence.
    pub does: &'static str,
    /// The criteria of the pack (`AT…`) and the observer's checks (`O-…`) that must notice, in
    /// days whose work reaches them.
    pub caught_by: &'static [&'static str],
    /// What these end with: `fail`, or `not-run` where what is left undone leaves nothing to see.
    pub ends_with: Verdict,
    pub(crate) wrong: Wrong,
}

impl fmt::Display for FaultEntry {
    /// One line: name, what it does, who must notice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<24} {} Noticed by {}.", self.name, self.does, self.caught_by.join(", "))
    }
}

/// Every fault, grouped by the part of the work.
#[must_use]
pub fn fault_catalogue() -> &'static [FaultEntry] {
    CATALOGUE
}

const fn row(
    name: &'static str,
    caught_by: &'static [&'static str],
    does: &'static str,
    wrong: Wrong,
) -> FaultEntry {
    FaultEntry { name, does, caught_by, ends_with: Verdict::Fail, wrong }
}

/// A fault that leaves something undone, so that there is nothing to see.
const fn undone(
    name: &'static str,
    caught_by: &'static [&'static str],
    does: &'static str,
    wrong: Wrong,
) -> FaultEntry {
    FaultEntry { ends_with: Verdict::NotRun, ..row(name, caught_by, does, wrong) }
}

/// Seconds of a day.
const DAY: i64 = 24 * 3_600;

#[rustfmt::skip]
const CATALOGUE: &[FaultEntry] = &[
    // Lists.
    undone("list-in-pages", &["AT2.1"], "Fetches the whole list in pieces.", Wrong::ListInPages),
    undone("no-second-list", &["AT3.1"], "Never asks for the list again.", Wrong::NoSecondList),
    row("update-between-lists", &["AT3.1", "O-SECOND-LIST"], "Accepts a letter before it asks for the list again.", Wrong::UpdateBetweenLists),
    row("second-job", &["O-ONE-JOB"], "Fetches a letter of the second list as a new job.", Wrong::SecondJob),
    row("duplicate-accept", &["AT3.5"], "Sends the acceptances of a list twice.", Wrong::DuplicateAccept),
    row("parallel-lists", &["O-LIST-SERIAL"], "Asks for two lists at the same time.", Wrong::ParallelLists),
    // Taking on.
    row("skip-accept", &["AT4.4"], "Forgets some letters of a list.", Wrong::SkipAccept),
    row("accept-one-by-one", &["AT4.2", "O-BULK-USED"], "Accepts each letter with a call of its own.", Wrong::AcceptOneByOne),
    row("accept-in-parts", &["AT4.2"], "Accepts a list with two updates.", Wrong::AcceptInParts),
    row("accept-unfit", &["AT13.5"], "Accepts letters of unknown specification or without a PDF.", Wrong::AcceptUnfit),
    row("skip-unfit", &["O-LISTED-TAKEN-ON"], "Passes over letters it cannot produce, without rejecting them.", Wrong::SkipUnfit),
    row("reject-accepted", &["AT13.1"], "Rejects a letter it has accepted.", Wrong::Stray(Accepted, Rejected)),
    row("accept-rejected", &["AT13.4"], "Accepts a letter it has rejected.", Wrong::Stray(Rejected, Accepted)),
    row("reject-without-reason", &["AT13.3"], "Rejects letters without code and text.", Wrong::WithoutReason(Rejected)),
    // Moving letters.
    // AT7's read-back is no requirement of production: there it is the habit `no-read-backs`.
    row("skip-read-back", &["AT5.5", "AT6.5", "AT8.5", "AT9.6", "AT10.5", "AT11.6", "AT12.6", "AT13.6"], "Never reads the status of a letter.", Wrong::NoReadBack),
    row("print-at-once", &["O-STATUS-SEEN-FIRST"], "Sends PRINTED before it has seen the letter ACCEPTED.", Wrong::AtOnce(Printed)),
    row("enclose-at-once", &["O-STATUS-SEEN-FIRST"], "Sends ENCLOSED before it has seen the letter ACCEPTED.", Wrong::AtOnce(Enclosed)),
    row("dispatch-at-once", &["O-STATUS-SEEN-FIRST"], "Sends DISPATCHED before it has seen the letter ACCEPTED.", Wrong::AtOnce(Dispatched)),
    row("deliver-at-once", &["O-STATUS-SEEN-FIRST"], "Sends DELIVERED before it has seen the letter DISPATCHED.", Wrong::AtOnce(Delivered)),
    row("print-pending", &["AT5.1"], "Reports a letter as PRINTED that it never accepted.", Wrong::Stray(Pending, Printed)),
    row("enclose-pending", &["AT6.1"], "Reports a letter as ENCLOSED that it never accepted.", Wrong::Stray(Pending, Enclosed)),
    row("dispatch-pending", &["AT7.1"], "Reports a letter as DISPATCHED that it never accepted.", Wrong::Stray(Pending, Dispatched)),
    row("deliver-pending", &["AT8.1"], "Reports a letter as DELIVERED that it never accepted.", Wrong::Stray(Pending, Delivered)),
    row("print-twice", &["AT5.3"], "Reports letters as PRINTED twice.", Wrong::Twice(Printed)),
    row("enclose-twice", &["O-UPDATE-ONCE"], "Reports letters as ENCLOSED twice.", Wrong::Twice(Enclosed)),
    row("dispatch-twice", &["O-UPDATE-ONCE"], "Reports letters as DISPATCHED twice.", Wrong::Twice(Dispatched)),
    row("deliver-twice", &["O-UPDATE-ONCE"], "Reports letters as DELIVERED twice.", Wrong::Twice(Delivered)),
    row("forward-standard", &["AT9.2"], "Forwards a letter of ordinary print.", Wrong::ForwardStandard),
    row("forward-printed", &["AT9.1"], "Forwards a letter it has printed.", Wrong::Stray(Printed, Forwarded)),
    row("forward-without-reason", &["AT9.4"], "Forwards letters without code and text.", Wrong::WithoutReason(Forwarded)),
    row("forward-at-once", &["O-STATUS-SEEN-FIRST"], "Sends FORWARDED before it has seen the letter ACCEPTED.", Wrong::AtOnce(Forwarded)),
    row("forward-twice", &["O-UPDATE-ONCE"], "Reports letters as FORWARDED twice.", Wrong::Twice(Forwarded)),
    row("print-forwarded", &["AT9.5"], "Prints a letter it has forwarded.", Wrong::Stray(Forwarded, Printed)),
    row("return-undispatched", &["AT10.1"], "Reports a letter as RETURNED that it has not dispatched.", Wrong::Stray(Accepted, Returned)),
    row("return-without-reason", &["AT10.3"], "Reports returns without code and text.", Wrong::WithoutReason(Returned)),
    row("return-unknown-code", &["AT10.3"], "Reports returns with a code that is none of the ten.", Wrong::UnknownReturnCode),
    row("return-other-text", &["AT10.4"], "Reports returns with another code's text.", Wrong::OtherReturnText),
    row("cancel-dispatched", &["AT11.1"], "Cancels a letter it has dispatched.", Wrong::Stray(Dispatched, Cancelled)),
    row("cancel-without-reason", &["AT11.4"], "Cancels letters without code and text.", Wrong::WithoutReason(Cancelled)),
    row("dispatch-cancelled", &["AT11.5"], "Dispatches a letter it has cancelled.", Wrong::Stray(Cancelled, Dispatched)),
    row("fail-dispatched", &["AT12.1"], "Reports a letter as FAILED that it has dispatched.", Wrong::Stray(Dispatched, Failed)),
    row("fail-without-reason", &["AT12.3"], "Reports failures without code and text.", Wrong::WithoutReason(Failed)),
    row("print-failed", &["O-NOTHING-AFTER-END"], "Prints a letter it has reported as FAILED.", Wrong::Stray(Failed, Printed)),
    row("reopen-failed", &["O-NOTHING-AFTER-END"], "Accepts a letter it has reported as FAILED.", Wrong::Stray(Failed, Accepted)),
    row("send-pending", &["O-PENDING-NOT-SENT"], "Sets a letter back to PENDING.", Wrong::Stray(Accepted, Pending)),
    row("step-back", &["AT4.1", "O-MOVE-ELIGIBLE"], "Sets a printed letter back to ACCEPTED.", Wrong::Stray(Printed, Accepted)),
    // Documents.
    row("print-flawed", &["AT12.4", "O-CONTENT-SAME"], "Prints letters whose PDF is damaged.", Wrong::IgnoreFlaws),
    row("print-unseen", &["AT12.4", "AT13.5"], "Prints letters before it looks at their PDF, and dispatches them whatever it shows.", Wrong::PrintUnseen),
    row("forget-missing-pdf", &["AT13.5"], "Accepts letters, finds no PDF, and forgets them.", Wrong::ForgetMissing),
    row("forget-damaged", &["AT12.4"], "Forgets accepted letters whose PDF is damaged.", Wrong::ForgetDamaged),
    row("never-download", &["O-PDF-FETCHED", "AT15.3"], "Produces letters without their PDF.", Wrong::NoDownload),
    row("partial-download", &["AT15.3", "O-PDF-FETCHED"], "Fetches only the beginning of each PDF.", Wrong::PartialDownload),
    row("gap-download", &["O-PDF-FETCHED", "AT15.3"], "Fetches the beginning and the end of each PDF, and not what lies between.", Wrong::GapDownload),
    row("download-after", &["O-PDF-FETCHED"], "Downloads PDFs after it has reported their letters as produced.", Wrong::DownloadAfter),
    row("link-unfollowed", &["AT15.3"], "Asks for download links and follows none.", Wrong::LinkUnfollowed),
    row("late-download", &["O-DOWNLOAD-IN-TIME"], "Follows download links after they have expired.", Wrong::LateDownload),
    // Management information.
    row("mi-doubled", &["AT14.3"], "Submits a record twice.", Wrong::DoubleRecord),
    row("mi-for-each-letter", &["AT14.3"], "Submits a record for each letter.", Wrong::RecordForEachLetter),
    row("mi-missing-group", &["AT14.4"], "Leaves a specification and group out of the records.", Wrong::MissingRecord),
    row("mi-wrong-quantity", &["AT14.2", "O-MI-COUNTS"], "Submits more letters than it dispatched.", Wrong::TooHighQuantity),
    row("mi-without-group", &["AT14.1"], "Submits records that name no group.", Wrong::NoGroup),
    row("mi-local-time", &["AT14.1"], "Submits records with local times.", Wrong::LocalTime),
    row("mi-last-year", &["O-MI-TIME"], "Submits records that bear last year's date.", Wrong::TimeOff(-365 * DAY)),
    row("mi-next-year", &["O-MI-TIME"], "Submits records that bear next year's date.", Wrong::TimeOff(365 * DAY)),
    row("mi-next-week", &["O-MI-TIME"], "Submits records that bear a time a week ahead.", Wrong::TimeOff(7 * DAY)),
    row("mi-local-as-utc", &["O-MI-TIME"], "Marks the local time of a summer's day as UTC.", Wrong::TimeOff(3_600)),
    row("mi-again-unanswered", &["O-MI-ONCE"], "Submits a record again after no answer (inject a dropped one).", Wrong::ResubmitUnanswered),
    undone("no-mi", &["AT14.1"], "Submits no records at all.", Wrong::NoRecords),
    // Calls.
    row("read-on-and-on", &["O-READS-NEEDED"], "Reads a letter hundreds of times when nothing is awaited.", Wrong::ReadOnAndOn),
    row("list-on-and-on", &["O-READS-NEEDED"], "Asks for the list hundreds of times when nothing new waits.", Wrong::ListOnAndOn),
    row("one-request-id", &["O-REQUEST-ID-UNIQUE"], "Sends the same X-Request-ID with every call.", Wrong::OneRequestId),
    row("no-request-id", &["AT1.2"], "Sends no X-Request-ID.", Wrong::NoRequestId),
    row("no-token", &["AT1.3"], "Sends calls without a token.", Wrong::NoToken),
    row("forget-token", &["AT1.4"], "Sends its first call for letters without a token.", Wrong::ForgetToken),
    row("new-token-each-call", &["O-TOKEN-REUSED"], "Asks for a token before every call.", Wrong::NewTokenEachCall),
    row("over-rate", &["O-RATE-KEPT"], "Sends calls as fast as it can.", Wrong::NoPace),
    row("ignore-429", &["O-BACK-OFF-429"], "Repeats a call at once after 429 (inject one).", Wrong::IgnoreQuota),
    row("give-up", &["O-BACK-OFF-5XX"], "Never repeats a call that was answered with 5xx or not at all (inject one).", Wrong::GiveUp),
    row("hammer-5xx", &["O-BACK-OFF-5XX"], "Repeats a call at once after 5xx (inject several).", Wrong::HammerAfter5xx),
    // Fast intake.
    row("hoard-links", &["AT15.7"], "Follows a link it was given before, and asks for another afterwards.", Wrong::HoardLinks),
    row("one-flow", &["AT15.6"], "Takes in the whole list only once.", Wrong::OneFlow),
    row("stop-early", &["AT15.2"], "Ends the fast intake before the queue is empty.", Wrong::StopEarly),
    row("slow-flow", &["AT15.5"], "Takes longer over the fast intake than was agreed.", Wrong::SlowFlow),
];

/// One of the catalogue's faults.
#[derive(Debug, Clone, Copy)]
pub struct Fault(&'static FaultEntry);

impl Fault {
    /// The fault of this name.
    ///
    /// # Errors
    /// There is none; the message offers the nearest.
    pub fn parse(name: &str) -> Result<Self, UnknownName> {
        find("fault", name, fault_catalogue(), |entry| entry.name).map(Self)
    }

    /// Its row of the catalogue.
    #[must_use]
    pub const fn entry(self) -> &'static FaultEntry {
        self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

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

    /// Whether the supplier is wrong in this way.
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

/// A name that its catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {what} of the supplier{hint}; `--{what} list` shows them all")]
pub struct UnknownName {
    /// The name as it was given.
    pub name: String,
    what: &'static str,
    hint: String,
}

/// The row of this name in a catalogue of what `what` says.
pub(crate) fn find<E>(
    what: &'static str,
    name: &str,
    catalogue: &'static [E],
    name_of: fn(&E) -> &'static str,
) -> Result<&'static E, UnknownName> {
    let name = name.trim();
    let found = catalogue.iter().find(|entry| name_of(entry) == name);
    found.ok_or_else(|| {
        let near = letterproof_model::nearest(name, catalogue.iter().map(name_of));
        let hint = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        UnknownName { name: name.to_owned(), what, hint }
    })
}

#[cfg(test)]
mod tests {
    use letterproof_model::{CriterionId, clause};
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_no_two_faults_are_the_same() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(names.len() >= 30, "{}", names.len());
        for (at, one) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[at + 1..].iter().all(|two| one.wrong != two.wrong), "{}", one.name);
        }
    }

    #[test]
    fn every_fault_says_what_it_does_and_who_must_notice() {
        for entry in CATALOGUE {
            assert!(entry.does.ends_with('.') && entry.to_string().contains(entry.name));
            assert!(!entry.caught_by.is_empty(), "{}", entry.name);
            for id in entry.caught_by {
                let clause = clause(&CriterionId::fixed(id)).is_some();
                assert!(clause || id.starts_with("O-"), "{}: {id}", entry.name);
            }
        }
    }

    #[test]
    fn every_fault_of_the_catalogue_is_found_by_its_name() {
        for entry in fault_catalogue() {
            assert_eq!(Fault::parse(&format!(" {} ", entry.name)).unwrap().to_string(), entry.name);
        }
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_nearest() {
        let message = Fault::parse("duplicate-acept").unwrap_err().to_string();
        assert!(message.contains("did you mean `duplicate-accept`?"), "{message}");
        let message = Fault::parse("zzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("--fault list"), "{message}");
    }
}
