//! The acceptance pack as data: AT1 to AT15 and every clause of each, numbered. A clause is a check,
//! an attestation, or not tested for a stated reason; none is left out. The wording is ours; the
//! source is the pack's revision named in [`PACK_VERSION`].

use crate::{Capability, ClauseKind, CriterionId, LetterStatus, PackRow, Strength, TestId};

/// The revision of the acceptance pack that these clauses follow.
pub const PACK_VERSION: &str = "2026-08-21";

/// One acceptance test.
#[derive(Debug, Clone, Copy)]
pub struct TestDefinition {
    /// `AT1` … `AT15`.
    pub id: TestId,
    /// What it is about.
    pub title: &'static str,
    /// Whether the pack makes it mandatory (AT5, AT6, AT8 and AT13 are optional).
    pub required: bool,
    /// Its clauses, in order.
    pub clauses: &'static [Clause],
}

impl TestDefinition {
    /// The status without which a supplier's workflow makes the test not applicable; `None` for
    /// tests that every supplier must pass.
    #[must_use]
    pub const fn workflow_status(&self) -> Option<LetterStatus> {
        match self.id.number() {
            5 => Some(LetterStatus::Printed),
            6 => Some(LetterStatus::Enclosed),
            8 => Some(LetterStatus::Delivered),
            13 => Some(LetterStatus::Rejected),
            _ => None,
        }
    }
}

/// One clause of the pack.
#[derive(Debug, Clone, Copy)]
pub struct Clause {
    /// `AT4.2`.
    pub id: &'static str,
    /// How it can be shown.
    pub kind: ClauseKind,
    /// The row of the pack that speaks of it; `None` where no row does.
    pub source: Option<PackRow>,
    /// How far the pack carries it.
    pub strength: Strength,
    /// The clause in one sentence; what is expected.
    pub text: &'static str,
    /// What to attach to an attestation, or why a clause is not tested; empty for a check.
    pub note: &'static str,
    /// Whether an attestation needs a file: the pack has the supplier hand in logs and print proofs,
    /// and names the list of ids to cancel as a test's input. Where it does not, words suffice.
    pub asks_for_file: bool,
    /// Capabilities the target must have for the clause to mean anything.
    pub needs: &'static [Capability],
}

impl Clause {
    /// The clause's id as a criterion id.
    #[must_use]
    pub const fn criterion(&self) -> CriterionId {
        CriterionId::fixed(self.id)
    }
}

/// A check, by the row that speaks of it and how far the pack carries it.
const fn check(
    id: &'static str,
    (source, strength): Source,
    needs: &'static [Capability],
    text: &'static str,
) -> Clause {
    let kind = ClauseKind::Check;
    Clause { id, kind, source, strength, text, note: "", asks_for_file: false, needs }
}

/// A clause for which a statement in words suffices.
const fn attest(
    id: &'static str,
    (source, strength): Source,
    text: &'static str,
    note: &'static str,
) -> Clause {
    let kind = ClauseKind::Attestation;
    Clause { id, kind, source, strength, text, note, asks_for_file: false, needs: &[] }
}

/// A clause for which a statement needs a file that shows it.
const fn attest_with_file(
    id: &'static str,
    source: Source,
    text: &'static str,
    note: &'static str,
) -> Clause {
    Clause { asks_for_file: true, ..attest(id, source, text, note) }
}

/// A row, and how far the pack carries the clause.
type Source = (Option<PackRow>, Strength);

const fn stated(row: PackRow) -> Source {
    (Some(row), Strength::Stated)
}

const fn test(
    number: u8,
    title: &'static str,
    required: bool,
    clauses: &'static [Clause],
) -> TestDefinition {
    TestDefinition { id: TestId::at(number), title, required, clauses }
}

use Capability::{Authenticated, Seeded, Stateful};
use PackRow::{Acceptance, Evidence, Objective, Precondition, Steps};

// One clause a line, so that the table reads like the pack.
#[rustfmt::skip]
const PACK: [TestDefinition; 15] = [
    test(1, "Connect securely through the API gateway", true, &[
        check("AT1.1", stated(Acceptance), &[], "GET /_status is answered with 200."),
        check("AT1.2", stated(Acceptance), &[], "GET /letters is answered with 200 and a list of letters."),
        check("AT1.3", stated(Acceptance), &[], "Until both have succeeded, no call is refused for its credentials and no connection stays broken."),
        check("AT1.4", stated(Objective), &[Authenticated], "Calls carry a bearer token and use TLS (except to a loopback target)."),
        check("AT1.5", stated(Evidence), &[], "Both calls are on record with time and answer."),
    ]),
    test(2, "Receive the whole daily list", true, &[
        check("AT2.1", stated(Acceptance), &[Seeded], "One call, GET /letters?limit=2500, is answered with the list."),
        check("AT2.2", stated(Acceptance), &[Seeded], "The list holds every seeded letter, or as many as its limit allows: at least 2,500."),
        check("AT2.3", stated(Acceptance), &[Seeded], "No letter id is in the list twice."),
        check("AT2.4", stated(Precondition), &[Seeded], "Every listed letter is PENDING."),
        check("AT2.5", stated(Evidence), &[Seeded], "The call is on record with time and its whole list, from which the total of unique ids is counted."),
    ]),
    test(3, "Receive the same list twice without doing the work twice", true, &[
        check("AT3.1", stated(Precondition), &[Stateful, Seeded], "The list is asked for again, and no update is sent in between."),
        check("AT3.3", stated(Steps), &[Stateful, Seeded], "Asked after the visibility timeout, the second list holds the same letters as the first, as far as the limits allow."),
        check("AT3.5", stated(Acceptance), &[Stateful, Seeded], "No update is sent twice for a letter of the repeated list."),
        check("AT3.6", stated(Evidence), &[Stateful, Seeded], "Both lists are on record with time and their whole content, and the counts of unique and retrieved ids follow from them."),
        attest_with_file("AT3.7", stated(Evidence), "The supplier's processing log shows one job for each letter.", "the processing log covering both lists"),
    ]),
    test(4, "Accept a list of letters in one update", true, &[
        check("AT4.1", stated(Precondition), &[Stateful, Seeded], "Every letter accepted was PENDING before: listed and untouched, or read as PENDING."),
        check("AT4.2", stated(Steps), &[Stateful, Seeded], "One bulk update carries all acceptances of the list and is answered with 202."),
        check("AT4.3", stated(Acceptance), &[Stateful, Seeded], "Each accepted letter is read back as ACCEPTED before the deadline."),
        check("AT4.4", stated(Acceptance), &[Stateful, Seeded], "No letter of the list of 1,000 is skipped."),
        check("AT4.5", stated(Steps), &[Stateful, Seeded], "Accepted letters leave the list once the queue has caught up (recorded; proves nothing by itself)."),
        check("AT4.6", stated(Evidence), &[Stateful, Seeded], "Status before and after is on record for every letter, and the count of updates equals the count of letters."),
    ]),
    test(5, "Report letters as PRINTED", false, &[
        check("AT5.1", stated(Acceptance), &[Stateful, Seeded], "Only letters in ACCEPTED are moved to PRINTED."),
        check("AT5.2", stated(Acceptance), &[Stateful, Seeded], "Every letter moved is read back as PRINTED before the deadline; none is skipped."),
        check("AT5.3", stated(Acceptance), &[Stateful, Seeded], "No letter is reported as PRINTED twice."),
        check("AT5.5", stated(Evidence), &[Stateful, Seeded], "The answers and the status before and after are on record for every letter moved."),
    ]),
    test(6, "Report letters as ENCLOSED", false, &[
        check("AT6.1", stated(Acceptance), &[Stateful, Seeded], "Only letters in ACCEPTED or PRINTED are moved to ENCLOSED."),
        check("AT6.2", stated(Acceptance), &[Stateful, Seeded], "Every letter moved is read back as ENCLOSED before the deadline; none is skipped."),
        check("AT6.5", stated(Evidence), &[Stateful, Seeded], "The answers and the status before and after are on record for every letter moved."),
    ]),
    test(7, "Report letters as DISPATCHED", true, &[
        check("AT7.1", stated(Acceptance), &[Stateful, Seeded], "Only letters in ACCEPTED, PRINTED or ENCLOSED are moved to DISPATCHED."),
        check("AT7.2", stated(Acceptance), &[Stateful, Seeded], "Every letter moved is read back as DISPATCHED before the deadline; none is skipped."),
        attest_with_file("AT7.7", stated(Evidence), "The letters dispatched were printed as their PDFs show them.", "print proofs of letters dispatched"),
    ]),
    test(8, "Report letters as DELIVERED", false, &[
        check("AT8.1", stated(Acceptance), &[Stateful, Seeded], "Only letters in ACCEPTED, PRINTED, ENCLOSED or DISPATCHED (or FORWARDED, by the lifecycle diagram) are moved to DELIVERED."),
        check("AT8.2", stated(Acceptance), &[Stateful, Seeded], "Every letter moved is read back as DELIVERED before the deadline; none is skipped."),
        check("AT8.5", stated(Evidence), &[Stateful, Seeded], "The answers and the status before and after are on record for every letter moved."),
    ]),
    test(9, "Forward accessible formats to a specialist", true, &[
        check("AT9.1", stated(Precondition), &[Stateful, Seeded], "Only letters in ACCEPTED are moved to FORWARDED."),
        check("AT9.2", stated(Steps), &[Stateful, Seeded], "Every letter forwarded has an accessible-format specification."),
        check("AT9.3", stated(Acceptance), &[Stateful, Seeded], "Every letter forwarded is read back as FORWARDED before the deadline."),
        check("AT9.4", stated(Objective), &[Stateful, Seeded], "Every FORWARDED carries a reason, and it is read back."),
        check("AT9.5", stated(Acceptance), &[Stateful, Seeded], "No forwarded letter is reported as printed, enclosed or dispatched afterwards."),
        check("AT9.6", stated(Evidence), &[Stateful, Seeded], "The answers and the status before and after are on record for every letter forwarded."),
    ]),
    test(10, "Report letters as RETURNED", true, &[
        check("AT10.1", stated(Precondition), &[Stateful, Seeded], "Only letters in DISPATCHED or DELIVERED are moved to RETURNED."),
        check("AT10.2", stated(Acceptance), &[Stateful, Seeded], "Every letter returned is read back as RETURNED before the deadline."),
        check("AT10.3", stated(Objective), &[Stateful, Seeded], "Every RETURNED carries a return code from R01 to R10."),
        check("AT10.4", stated(Objective), &[Stateful, Seeded], "Every return code comes with its own text (ignoring case, spaces and dashes), and both are read back."),
        check("AT10.5", stated(Evidence), &[Stateful, Seeded], "The transition of every returned letter is on record with its times."),
    ]),
    test(11, "Cancel letters on request", true, &[
        check("AT11.1", stated(Acceptance), &[Stateful, Seeded], "Only letters not yet dispatched or delivered (ACCEPTED, FORWARDED, PRINTED, ENCLOSED) are moved to CANCELLED."),
        attest_with_file("AT11.2", stated(Precondition), "The ids to cancel came from outside the API, as a list by e-mail.", "the e-mail or list with the ids"),
        check("AT11.3", stated(Acceptance), &[Stateful, Seeded], "Every letter cancelled is read back as CANCELLED before the deadline."),
        check("AT11.4", stated(Objective), &[Stateful, Seeded], "Every CANCELLED carries a code and a reason, and both are read back."),
        check("AT11.5", stated(Objective), &[Stateful, Seeded], "No cancelled letter is reported as printed, enclosed, dispatched or delivered afterwards."),
        check("AT11.6", stated(Evidence), &[Stateful, Seeded], "The audit trail, with the status before and after, is on record for every letter cancelled."),
    ]),
    test(12, "Report letters as FAILED", true, &[
        check("AT12.1", stated(Precondition), &[Stateful, Seeded], "Only letters in ACCEPTED, PRINTED, ENCLOSED or FORWARDED are moved to FAILED."),
        check("AT12.2", stated(Acceptance), &[Stateful, Seeded], "Every letter failed is read back as FAILED before the deadline."),
        check("AT12.3", stated(Acceptance), &[Stateful, Seeded], "Every FAILED carries a code and a reason, and both are read back."),
        check("AT12.4", stated(Objective), &[Stateful, Seeded], "No letter whose PDF was found damaged is produced: it is rejected, or reported as FAILED once accepted."),
        check("AT12.6", stated(Evidence), &[Stateful, Seeded], "The transition of every failed letter is on record with its times."),
        attest_with_file("AT12.7", stated(Objective), "The supplier's failure log shows each failure with its code and reason.", "the failure log"),
    ]),
    test(13, "Reject letters that cannot be accepted", false, &[
        check("AT13.1", stated(Precondition), &[Stateful, Seeded], "Only letters in PENDING are moved to REJECTED."),
        check("AT13.2", stated(Acceptance), &[Stateful, Seeded], "Every letter rejected is read back as REJECTED before the deadline."),
        check("AT13.3", stated(Acceptance), &[Stateful, Seeded], "Every REJECTED carries a code and a reason, and both are read back."),
        check("AT13.4", stated(Acceptance), &[Stateful, Seeded], "No rejected letter is accepted or produced afterwards."),
        check("AT13.5", stated(Objective), &[Stateful, Seeded], "No letter with an unknown or missing specification, or whose PDF is missing, is produced: it is rejected, or reported as FAILED once accepted."),
        check("AT13.6", stated(Evidence), &[Stateful, Seeded], "The status before and after is on record for every letter rejected."),
        attest_with_file("AT13.7", stated(Objective), "The supplier's rejection log shows each rejection with its diagnosis.", "the rejection log"),
        attest("AT13.8", stated(Objective), "Rejections for lack of quota are reported to NHS Notify, or there were none.", "the quota rejections, or a note that there were none"),
    ]),
    test(14, "Submit management information and reconcile it", true, &[
        check("AT14.1", stated(Steps), &[Stateful, Seeded], "Every record is answered with 201 and names its specification and group."),
        check("AT14.2", stated(Acceptance), &[Stateful, Seeded], "For each specification and group, the quantity submitted equals the letters processed: dispatched, or printed."),
        check("AT14.3", stated(Acceptance), &[Stateful, Seeded], "No second record is submitted for the same reporting date, specification, group and line item, and letters do not each get a line item of their own."),
        check("AT14.4", stated(Acceptance), &[Stateful, Seeded], "No specification and group with dispatched letters is missing from what was submitted."),
        attest("AT14.6", stated(Acceptance), "The records appear in NHS Notify within the expected time.", "NHS Notify's confirmation of the records"),
    ]),
    test(15, "Receive the whole list at speed", true, &[
        check("AT15.1", stated(Precondition), &[Stateful, Seeded], "The flow fetches all letters that were seeded, at least 2,500, from the first list to the empty one."),
        check("AT15.2", stated(Steps), &[Stateful, Seeded], "Lists of 500 are fetched one after another and each is accepted in bulk, until the queue is empty."),
        check("AT15.3", stated(Acceptance), &[Stateful, Seeded], "Every PDF is downloaded."),
        check("AT15.4", stated(Acceptance), &[Stateful, Seeded], "Every PDF downloaded is complete: its SHA-256 is the letter's and it can be read."),
        check("AT15.5", stated(Acceptance), &[Stateful, Seeded], "The best flow ends within the agreed time (the pack: 10 s)."),
        check("AT15.6", stated(Acceptance), &[Stateful, Seeded], "The whole flow is done three times."),
        check("AT15.7", stated(Evidence), &[Stateful, Seeded], "Every download is on record with its time, and the total elapsed time follows from it."),
    ]),
];

/// Clauses that are no longer judged under their id, and why. An id is never used again.
// One a line.
#[rustfmt::skip]
pub const RETIRED: &[(&str, &str)] = &[
    ("AT3.2", "A second list at once may repeat the letters, as the pack describes: C-LIST-HIDES"),
    ("AT3.4", "A second download is not a second job: advice, O-ONE-JOB"),
    ("AT5.4", "The pack does not ask for a status to be seen before the next: O-STATUS-SEEN-FIRST"),
    ("AT6.3", "The pack asks for no duplicates in AT5 only: O-UPDATE-ONCE"),
    ("AT6.4", "As AT5.4: O-STATUS-SEEN-FIRST"),
    ("AT7.3", "As AT6.3: O-UPDATE-ONCE"),
    ("AT7.4", "As AT5.4: O-STATUS-SEEN-FIRST"),
    ("AT7.5", "Either way of updating is enough, PATCH or POST"),
    ("AT7.6", "The read-back is evidence of the test, and AT7.2 shows it; print proofs are AT7.7"),
    ("AT8.3", "As AT6.3: O-UPDATE-ONCE"),
    ("AT8.4", "As AT5.4: O-STATUS-SEEN-FIRST"),
    ("AT12.5", "The lifecycle asks for it, not the pack: O-NOTHING-AFTER-END"),
    ("AT14.5", "Reading a record back is the API's part: C-MI-SAME"),
];

/// Clauses that no supplier can fail: what they ask for is on record, or the record does not decide.
// One a line.
#[rustfmt::skip]
pub const EVIDENCE_ONLY: &[&str] = &[
    "AT1.5",
    "AT2.5",
    "AT3.6",
    "AT4.5",
];

/// AT1 to AT15, in order.
#[must_use]
pub fn pack() -> &'static [TestDefinition] {
    &PACK
}

/// One acceptance test.
#[must_use]
pub fn test_definition(id: TestId) -> &'static TestDefinition {
    &PACK[usize::from(id.number()) - 1]
}

/// The clause with this id; `None` when the pack has none.
#[must_use]
pub fn clause(id: &CriterionId) -> Option<&'static Clause> {
    test_definition(id.test()?).clauses.iter().find(|clause| clause.id == id.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_and_clauses_are_numbered_in_order_with_gaps_only_where_one_was_retired() {
        for (at, test) in pack().iter().enumerate() {
            assert_eq!(usize::from(test.id.number()), at + 1);
            let mut left = test.clauses.iter().peekable();
            for number in 1.. {
                let id = format!("{}.{number}", test.id);
                let retired = RETIRED.iter().any(|(gone, _)| *gone == id);
                match left.next_if(|clause| clause.id == id) {
                    Some(clause) => {
                        assert!(!retired, "{id} is retired and in use");
                        assert_eq!(clause.note.is_empty(), clause.kind == ClauseKind::Check);
                    }
                    None if left.peek().is_none() && !retired => break,
                    None => assert!(retired, "{id} is neither in use nor retired"),
                }
            }
        }
    }

    #[test]
    fn what_only_shows_evidence_is_a_check_that_the_pack_states() {
        for id in EVIDENCE_ONLY {
            let clause = clause(&CriterionId::from(*id)).unwrap();
            assert_eq!((clause.kind, clause.strength), (ClauseKind::Check, Strength::Stated));
        }
    }

    #[test]
    fn logs_proofs_and_lists_are_attached_and_for_the_rest_words_suffice() {
        let clauses = pack().iter().flat_map(|test| test.clauses);
        let stated = clauses.filter(|clause| clause.kind == ClauseKind::Attestation);
        let (files, words): (Vec<_>, Vec<_>) = stated.partition(|clause| clause.asks_for_file);
        let ids = |clauses: Vec<&Clause>| clauses.iter().map(|c| c.id).collect::<Vec<_>>();
        assert_eq!(ids(files), ["AT3.7", "AT7.7", "AT11.2", "AT12.7", "AT13.7"]);
        assert_eq!(ids(words), ["AT13.8", "AT14.6"]);
        let checks = pack().iter().flat_map(|test| test.clauses);
        assert!(checks.filter(|c| c.kind == ClauseKind::Check).all(|c| !c.asks_for_file));
    }

    #[test]
    fn what_the_pack_states_is_stated_in_a_row() {
        for clause in pack().iter().flat_map(|test| test.clauses) {
            assert!(
                clause.source.is_some() || clause.strength != Strength::Stated,
                "{}",
                clause.id
            );
        }
    }

    #[test]
    fn from_at5_to_at14_only_what_the_pack_states_decides() {
        for clause in pack()[4..14].iter().flat_map(|test| test.clauses) {
            assert_eq!(clause.strength, Strength::Stated, "{}", clause.id);
        }
    }

    #[test]
    fn a_row_and_a_strength_have_one_word_each() {
        use Strength::{Implied, Ours, Stated};
        for row in [Objective, Precondition, Steps, Acceptance, Evidence] {
            assert_eq!(serde_json::to_value(row).unwrap(), row.as_str());
        }
        for strength in [Stated, Implied, Ours] {
            assert_eq!(serde_json::to_value(strength).unwrap(), strength.as_str());
        }
    }

    #[test]
    fn the_optional_tests_are_those_of_the_pack() {
        for test in pack() {
            assert_eq!(test.required, test.workflow_status().is_none(), "{}", test.id);
        }
        let optional: Vec<String> =
            pack().iter().filter(|test| !test.required).map(|test| test.id.to_string()).collect();
        assert_eq!(optional, ["AT5", "AT6", "AT8", "AT13"]);
    }

    #[test]
    fn a_clause_is_found_by_its_id() {
        assert_eq!(clause(&CriterionId::from("AT15.7")).unwrap().id, "AT15.7");
        assert!(clause(&CriterionId::from("AT15.8")).is_none());
        assert!(clause(&CriterionId::from("C-X")).is_none());
    }
}
