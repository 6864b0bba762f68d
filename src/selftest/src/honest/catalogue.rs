//! The table of honest variations. One row each: name, what differs, how it is made, and under which
//! tests it is run. Where a row stands for a longer time of the real API, it says at which scale.

use Kind::{Gateway, Habit, Queue, Seeding, Storage, Workflow};
use Run::{Driven, DrivenTenth, DrivenWhole, Observed, ObservedTenth, ObservedWhole, Paced, Suite};
use letterproof_mock::{Framing, Refusals};

use super::{HonestEntry, Kind, Open, Seeds, Way};

/// One run of a variation, and of its control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Run {
    /// The reference supplier does the work of these tests.
    Driven(&'static [u8]),
    /// The reference supplier does it with as many letters as the pack has.
    DrivenWhole(&'static [u8]),
    /// The reference supplier does it with a tenth of the pack's letters, in lists of a tenth.
    DrivenTenth(&'static [u8]),
    /// The whole conformance suite is driven.
    Suite,
    /// The sample supplier does the work of these tests, watched by the witness.
    Observed(&'static [u8]),
    /// So does it with as many letters as the pack has.
    ObservedWhole(&'static [u8]),
    /// So does it with a tenth of them, in lists of a tenth.
    ObservedTenth(&'static [u8]),
    /// So does it, at so many calls a second.
    Paced(&'static [u8], u32),
}

/// Every variation, grouped by what it is about.
#[must_use]
pub fn honest_catalogue() -> &'static [HonestEntry] {
    CATALOGUE
}

const fn row(
    kind: Kind,
    name: &'static str,
    does: &'static str,
    ways: &'static [Way],
    runs: &'static [Run],
) -> HonestEntry {
    HonestEntry { name, kind, does, ways, runs, open: &[], advised: &[] }
}

/// A variation that may leave this open.
const fn opening(open: &'static [Open], entry: HonestEntry) -> HonestEntry {
    HonestEntry { open, ..entry }
}

/// What shows a gateway's ways: calls of every kind, driven, probed and observed.
const EVERY_CALL: &[Run] = &[Driven(&[1, 2, 4, 7, 14]), Suite, Observed(&[1, 4, 7, 14])];
/// What shows a store's ways.
const DOCUMENTS: &[Run] = &[Driven(&[12, 15]), Suite, Observed(&[5, 15])];
/// What shows a queue's ways.
const LISTS: &[Run] = &[Driven(&[3, 4, 5, 13]), Observed(&[3, 4, 5, 13])];

/// Of AT7 alone: from AT5 to AT13 the steps ask for the read-back and the evidence for samples of it,
/// so that reading nothing there is the fault `skip-read-back`.
const NOT_READ: &str =
    "no status is read back, which the pack asks of the test and not of production";
const NO_AT4_LIST: &[Open] = &[Open {
    id: "O-BULK-USED",
    reason: "no list is as long as those of AT4, whose answers the check is about",
}];
const NONE_MISSING: &[Open] =
    &[Open { id: "C-DATA-MISSING-PDF", reason: "no letter is without a document" }];
const UNFETCHED: &[Open] = &[Open {
    id: "C-DATA-MISSING-PDF",
    reason: "letters without a document are of a specification that nobody agreed, and rejected \
             unfetched",
}];
const TOO_LONG: &str = "the reference supplier takes on no letter of more than five pages";
const ALL_TOO_LONG: &[Open] = &[
    Open { id: "C-DATA-MISSING-PDF", reason: "no letter is without a document" },
    Open { id: "AT4.1", reason: TOO_LONG },
    Open { id: "AT4.2", reason: TOO_LONG },
    Open { id: "AT4.3", reason: TOO_LONG },
    Open { id: "AT4.5", reason: TOO_LONG },
    Open { id: "AT4.6", reason: TOO_LONG },
    Open { id: "AT7.1", reason: TOO_LONG },
    Open { id: "AT7.2", reason: TOO_LONG },
    Open { id: "C-PATCH", reason: TOO_LONG },
    Open { id: "C-CONTRACT-PATCH", reason: TOO_LONG },
    Open { id: "C-LIST-ORDER", reason: TOO_LONG },
];
const IN_PARTS: &[Open] = &[
    Open { id: "AT15.4", reason: "no SHA-256 of a whole document is on record" },
    Open { id: "AT15.7", reason: "no download is that of a whole document" },
    Open { id: "O-CONTENT-SAME", reason: "no SHA-256 of a whole document is on record" },
];
const FAILED_AT_ONCE: &[Open] =
    &[Open { id: "AT13.3", reason: "no letter is read as REJECTED before NHS Notify fails it" }];
const NOT_HIDDEN: &[Open] =
    &[Open { id: "C-LIST-HIDES", reason: "the profile declares no visibility timeout" }];
const SHORT_TOKENS: &[Open] =
    &[Open { id: "O-TOKEN-REUSED", reason: "tokens that live for seconds are seldom used twice" }];

#[rustfmt::skip]
const CATALOGUE: &[HonestEntry] = &[
    // Seedings, listed in the pack's own size.
    row(Seeding, "seeded-2500", "2,500 letters of the kinds of the batch script.", &[Way::Seeds(Seeds::Int)], &[DrivenWhole(&[2, 3]), ObservedWhole(&[2])]),
    row(Seeding, "seeded-2510", "2,510 letters, as the batch script seeds them.", &[Way::Seeds(Seeds::Int), Way::Letters(2_510)], &[DrivenWhole(&[2, 3]), ObservedWhole(&[2])]),
    row(Seeding, "seeded-3000", "3,000 letters.", &[Way::Seeds(Seeds::Int), Way::Letters(3_000)], &[DrivenWhole(&[2, 3]), ObservedWhole(&[2])]),
    row(Seeding, "seeded-7530", "7,530 letters: the batch script run three times.", &[Way::Seeds(Seeds::Int), Way::Letters(7_530)], &[DrivenWhole(&[2, 3]), ObservedWhole(&[2])]),
    opening(UNFETCHED, row(Seeding, "intake-2500", "2,500 letters are received at speed (250 in lists of 50, 1:10).", &[Way::Seeds(Seeds::Int), Way::Letters(250)], &[DrivenTenth(&[15]), ObservedTenth(&[15])])),
    opening(UNFETCHED, row(Seeding, "intake-2510", "2,510 letters are received at speed (251 in lists of 50, 1:10).", &[Way::Seeds(Seeds::Int), Way::Letters(251)], &[DrivenTenth(&[15]), ObservedTenth(&[15])])),
    opening(UNFETCHED, row(Seeding, "intake-3000", "3,000 letters are received at speed (300 in lists of 50, 1:10).", &[Way::Seeds(Seeds::Int), Way::Letters(300)], &[DrivenTenth(&[15]), ObservedTenth(&[15])])),
    opening(UNFETCHED, row(Seeding, "intake-7530", "7,530 letters are received at speed (753 in lists of 50, 1:10).", &[Way::Seeds(Seeds::Int), Way::Letters(753)], &[DrivenTenth(&[15]), ObservedTenth(&[15])])),
    opening(NONE_MISSING, row(Seeding, "no-missing-pdf", "Every letter has its document.", &[Way::Seeds(Seeds::NoneMissing)], &[Driven(&[2, 4, 5, 15]), Observed(&[4, 5, 7, 14])])),
    opening(NONE_MISSING, row(Seeding, "one-specification", "All letters are of one specification and group.", &[Way::Seeds(Seeds::OneSpecification)], &[Driven(&[2, 4, 7, 15]), Observed(&[4, 5, 7, 14])])),
    opening(ALL_TOO_LONG, row(Seeding, "six-pages", "Every document has six pages.", &[Way::Seeds(Seeds::SixPages)], &[Driven(&[2, 4, 7, 15]), Observed(&[4, 12])])),
    row(Seeding, "six-pages-produced", "Every document has six pages, and all are produced.", &[Way::Seeds(Seeds::SixPages), Way::Habit("any-length")], &[Observed(&[4, 5, 7, 14])]),
    opening(NONE_MISSING, row(Seeding, "three-groups", "Letters of one specification are in three groups.", &[Way::Seeds(Seeds::ThreeGroups)], &[Driven(&[4, 7, 14]), Observed(&[4, 7, 14])])),
    row(Seeding, "no-group", "Some letters have no group, and are produced.", &[Way::Seeds(Seeds::SomeGroupless)], &[Driven(&[4, 7, 13, 14]), Observed(&[4, 7, 13, 14])]),
    row(Seeding, "no-group-rejected", "Some letters have no group, and are REJECTED.", &[Way::Seeds(Seeds::SomeGroupless), Way::Habit("reject-groupless")], &[Observed(&[4, 7, 13, 14])]),
    // Workflows.
    row(Workflow, "post-only", "Every update goes with POST.", &[Way::Habit("post-only")], &[Observed(&[5, 6, 7, 8, 9, 10, 11, 12, 13])]),
    row(Workflow, "patch-only", "Every update but the answer to a list goes with PATCH.", &[Way::Habit("patch-only")], &[Observed(&[5, 6, 7, 8, 9, 10, 11, 12, 13])]),
    row(Workflow, "mixed-updates", "Every second update goes with PATCH.", &[Way::Habit("mixed-updates")], &[Observed(&[5, 6, 7, 8, 9, 10, 11, 12, 13])]),
    row(Workflow, "no-optional-status", "Letters go from ACCEPTED to DISPATCHED.", &[Way::Habit("no-optional-status")], &[Observed(&[7])]),
    row(Workflow, "every-status", "Letters are PRINTED, ENCLOSED, DISPATCHED and DELIVERED.", &[Way::Habit("every-status")], &[Observed(&[5, 6, 7, 8])]),
    row(Workflow, "printed-not-enclosed", "Letters are PRINTED, DISPATCHED and DELIVERED.", &[Way::Habit("printed-not-enclosed")], &[Observed(&[5, 7, 8])]),
    row(Workflow, "enclosed-not-printed", "Letters are ENCLOSED, DISPATCHED and DELIVERED.", &[Way::Habit("enclosed-not-printed")], &[Observed(&[6, 7, 8])]),
    row(Workflow, "returned-undelivered", "Letters come back before they are DELIVERED.", &[Way::Habit("returned-undelivered")], &[Observed(&[7, 10])]),
    row(Workflow, "returned-delivered", "Letters come back after they are DELIVERED.", &[Way::Habit("returned-delivered")], &[Observed(&[7, 8, 10])]),
    row(Workflow, "cancel-accepted", "Accepted letters are CANCELLED.", &[Way::Habit("cancel-accepted")], &[Observed(&[11])]),
    row(Workflow, "cancel-printed", "Printed letters are CANCELLED.", &[Way::Habit("cancel-printed")], &[Observed(&[5, 11])]),
    row(Workflow, "cancel-enclosed", "Printed and enclosed letters are CANCELLED.", &[Way::Habit("cancel-enclosed")], &[Observed(&[5, 6, 11])]),
    row(Workflow, "fail-accepted", "Accepted letters are FAILED.", &[Way::Habit("fail-accepted")], &[Observed(&[12])]),
    row(Workflow, "fail-printed", "Printed letters are FAILED.", &[Way::Habit("fail-printed")], &[Observed(&[5, 12])]),
    row(Workflow, "fail-enclosed", "Printed and enclosed letters are FAILED.", &[Way::Habit("fail-enclosed")], &[Observed(&[5, 6, 12])]),
    row(Workflow, "days-apart", "A day passes after each status (half a second, moved to a day in the record).", &[Way::Habit("days-apart"), Way::DaysPass], &[Observed(&[5, 7, 8, 14])]),
    row(Workflow, "reject-bad-pdfs", "Letters whose document cannot be produced are REJECTED.", &[Way::Habit("reject-bad-pdfs")], &[Observed(&[5, 12, 13])]),
    row(Workflow, "fail-bad-pdfs", "Letters without a document are accepted and then FAILED.", &[Way::Habit("fail-bad-pdfs")], &[Observed(&[5, 12, 13])]),
    row(Workflow, "forward-without-code", "FORWARDED carries a text and no code.", &[Way::Habit("forward-without-code")], &[Observed(&[9])]),
    HonestEntry {
        open: &[Open { id: "AT7.2", reason: NOT_READ }],
        advised: &["O-STATUS-SEEN-FIRST"],
        ..row(Workflow, "no-read-backs", "No status is read after a letter's acceptance.", &[Way::Habit("no-read-backs")], &[Observed(&[7])])
    },
    row(Workflow, "read-once", "Each status is read once, late.", &[Way::Habit("read-once")], &[Observed(&[5, 7])]),
    row(Workflow, "notify-reopens", "NHS Notify takes rejected letters back to PENDING (after 0.8 s).", &[Way::Fault("reopen-rejected=800ms")], &[Driven(&[3, 4, 7, 13]), Observed(&[13])]),
    row(Workflow, "notify-fails", "NHS Notify reports rejected letters as FAILED (after 0.8 s).", &[Way::Fault("fail-rejected=800ms")], &[Driven(&[3, 4, 7, 13]), Observed(&[13])]),
    row(Workflow, "notify-reopens-late", "NHS Notify takes rejected letters back to PENDING (after 3 s).", &[Way::Fault("reopen-rejected=3s")], &[Driven(&[3, 4, 7, 13]), Observed(&[13])]),
    opening(FAILED_AT_ONCE, row(Workflow, "notify-fails-at-once", "NHS Notify reports rejected letters as FAILED (at once).", &[Way::Fault("fail-rejected=0ms")], &[Driven(&[3, 4, 7, 13]), Observed(&[13])])),
    row(Workflow, "notify-fails-late", "NHS Notify reports rejected letters as FAILED (after 3 s).", &[Way::Fault("fail-rejected=3s")], &[Driven(&[3, 4, 7, 13]), Observed(&[13])]),
    row(Workflow, "late-all-over", "Updates overtake each other and show late, and letters are read once more at the end.", &[Way::Unordered, Way::ApplyJitter(300)], &[Driven(&[3, 4, 7, 10, 12, 13])]),
    // A supplier's habits outside AT2, AT4 and AT15.
    opening(NO_AT4_LIST, row(Habit, "lists-of-1", "Letters are accepted one by one.", &[Way::Habit("lists-of-1")], &[Observed(&[5, 7])])),
    opening(NO_AT4_LIST, row(Habit, "lists-of-100", "A list asks for 100 letters.", &[Way::Habit("lists-of-100")], &[Observed(&[5, 7, 13])])),
    opening(NO_AT4_LIST, row(Habit, "lists-of-500", "A list asks for 500 letters.", &[Way::Habit("lists-of-500")], &[Observed(&[5, 7, 13])])),
    row(Habit, "list-by-list", "One list is produced before the next is asked for.", &[Way::Habit("list-by-list")], &[Observed(&[5, 7, 9, 12, 13])]),
    row(Habit, "parallel-workers", "Four workers share each list.", &[Way::Habit("parallel-workers")], &[Observed(&[5, 7, 9, 12, 13])]),
    row(Habit, "lost-answer-new-id", "Updates whose answers are lost are sent again.", &[Way::Injected("POST /letters: drop-response@nth=2"), Way::Injected("PATCH /letters/{id}: drop-response@nth=1")], &[Observed(&[5, 7, 9])]),
    row(Habit, "lost-answer-same-id", "Updates whose answers are lost are sent again with the same request id.", &[Way::Habit("same-request-id"), Way::Injected("POST /letters: drop-response@nth=2"), Way::Injected("PATCH /letters/{id}: drop-response@nth=1")], &[Observed(&[5, 7, 9])]),
    row(Habit, "lost-list", "A list whose answer is lost is asked for again at once.", &[Way::Injected("GET /letters: drop-response@nth=1")], &[Observed(&[5, 7])]),
    row(Habit, "429-new-id", "Calls refused with 429 are repeated after a pause.", &[Way::Injected("POST /letters: 429@nth=1"), Way::Injected("GET /letters/{id}: 429@nth=5")], &[Observed(&[5, 7])]),
    row(Habit, "429-same-id", "Calls refused with 429 are repeated with the same request id.", &[Way::Habit("same-request-id"), Way::Injected("POST /letters: 429@nth=1"), Way::Injected("GET /letters/{id}: 429@nth=5")], &[Observed(&[5, 7])]),
    row(Habit, "5xx-new-id", "Calls answered with 502 and 503 are repeated.", &[Way::Injected("POST /letters: 502@nth=1"), Way::Injected("PATCH /letters/{id}: 503@nth=1")], &[Observed(&[5, 7])]),
    row(Habit, "5xx-same-id", "Calls answered with 502 and 503 are repeated with the same request id.", &[Way::Habit("same-request-id"), Way::Injected("POST /letters: 502@nth=1"), Way::Injected("PATCH /letters/{id}: 503@nth=1")], &[Observed(&[5, 7])]),
    row(Habit, "timeout", "A call that is never answered is repeated.", &[Way::Injected("POST /letters: timeout=300ms@nth=2")], &[Observed(&[5, 7])]),
    row(Habit, "slow-list", "A list comes slowly.", &[Way::Injected("GET /letters: slow-body=500ms@nth=1")], &[Observed(&[4, 5])]),
    row(Habit, "correlation-per-list", "All calls for a list carry one correlation id.", &[Way::Habit("correlation-per-list")], &[Observed(&[4, 5, 7, 14])]),
    row(Habit, "correlation-per-call", "Every call carries a correlation id of its own.", &[Way::Habit("correlation-per-call")], &[Observed(&[4, 5, 7, 14])]),
    row(Habit, "http2", "Calls go over HTTP/2.", &[Way::Habit("http2")], &[Observed(&[1, 2, 4, 5, 7, 14])]),
    row(Habit, "no-keep-alive", "Each call opens a connection.", &[Way::Habit("no-keep-alive")], &[Observed(&[1, 2, 4, 5, 7, 14])]),
    row(Habit, "clock-slow", "The supplier's clock is 4 minutes slow.", &[Way::Habit("clock-slow")], &[Observed(&[1, 4, 14])]),
    row(Habit, "clock-fast", "The supplier's clock is 4 minutes fast.", &[Way::Habit("clock-fast")], &[Observed(&[1, 4, 14])]),
    opening(SHORT_TOKENS, row(Habit, "renew-early", "Tokens of 4 s are renewed after 1 s.", &[Way::Habit("renew-early"), Way::TokenLife(4_000)], &[Observed(&[5, 6, 7, 8])])),
    opening(SHORT_TOKENS, row(Habit, "renew-late", "Tokens of 3 s are renewed when they are refused.", &[Way::Habit("renew-late"), Way::TokenLife(3_000)], &[Observed(&[5, 6, 7, 8])])),
    row(Habit, "mi-daily", "Each list is produced and reported on a day of its own (half a second, moved to a day in the record).", &[Way::Habit("mi-daily"), Way::DaysPass], &[Observed(&[7, 14])]),
    row(Habit, "mi-per-line-item", "Letters, sheets and envelopes are reported in records of their own.", &[Way::Habit("mi-per-line-item")], &[Observed(&[14])]),
    row(Habit, "mi-printed", "Printed letters are reported, not dispatched ones.", &[Way::Habit("mi-printed")], &[Observed(&[5, 14])]),
    row(Habit, "mi-after-midnight", "A day is reported when the next has begun (half a second, moved to a day in the record).", &[Way::Habit("mi-after-midnight"), Way::DaysPass], &[Observed(&[7, 14])]),
    opening(IN_PARTS, row(Habit, "in-parts", "Each document is fetched in two ranges.", &[Way::Habit("in-parts")], &[Observed(&[3, 5, 7, 12]), Observed(&[15])])),
    row(Habit, "looks-twice", "Each document is fetched twice with one link.", &[Way::Habit("looks-twice")], &[Observed(&[3, 5, 12]), Observed(&[15])]),
    row(Habit, "mi-day-begin", "Records bear the first moment of their day.", &[Way::Habit("mi-day-begin")], &[Observed(&[14])]),
    row(Habit, "mi-day-end", "Records bear the last second of their day.", &[Way::Habit("mi-day-end")], &[Observed(&[14])]),
    row(Habit, "look-again", "Letters are read ten times more than it takes, and the list asked for as often.", &[Way::Habit("look-again")], &[Observed(&[4, 5, 7, 13])]),
    row(Habit, "follow-redirects", "The HTTP library follows the links to documents by itself.", &[Way::Habit("follow-redirects")], &[Observed(&[5, 15])]),
    row(Habit, "broken-download", "A letter is downloaded again after a broken download.", &[Way::Fault("download-cut=1")], &[Observed(&[5, 12]), Observed(&[15])]),
    row(Habit, "expired-link", "A letter is downloaded again when its link has expired.", &[Way::Injected("expired-link@nth=2")], &[Observed(&[5, 12]), Observed(&[15])]),
    // The gateway.
    row(Gateway, "no-ids", "No id is sent back.", &[Way::NoIds], EVERY_CALL),
    row(Gateway, "no-correlation-made", "No correlation id is made where none was sent.", &[Way::NoCorrelationId], EVERY_CALL),
    row(Gateway, "plain-json", "JSON is announced as application/json.", &[Way::PlainJson], EVERY_CALL),
    row(Gateway, "dotted-ids", "X-Correlation-ID is returned as a chain of ids with dots.", &[Way::DottedIds], EVERY_CALL),
    row(Gateway, "problem-401", "401 is written like the handlers' problems.", &[Way::Refusals(Refusals::Problems)], &[Driven(&[1]), Suite]),
    opening(SHORT_TOKENS, row(Gateway, "gateway-401", "401 is a fault of the gateway; tokens of 2 s are renewed when refused.", &[Way::Refusals(Refusals::Faults), Way::Habit("renew-late"), Way::TokenLife(2_000)], &[Observed(&[5, 6, 7, 8])])),
    row(Gateway, "gateway-429", "429 is a fault of the gateway (50 calls a second, where the supplier makes 58).", &[Way::Refusals(Refusals::Faults), Way::RateLimit(50)], &[Paced(&[4], 60)]),
    row(Gateway, "token-unavailable", "The token endpoint answers 502 twice.", &[Way::Fault("token-502=2")], &[Driven(&[1, 2, 4, 7, 14]), Observed(&[1, 4, 7, 14])]),
    row(Gateway, "chunked", "Bodies come in chunks.", &[Way::Framing(Framing::Chunked)], EVERY_CALL),
    row(Gateway, "gzip", "Bodies are compressed where the caller reads gzip.", &[Way::Framing(Framing::Gzip)], EVERY_CALL),
    row(Gateway, "date-fast", "Date is an hour fast.", &[Way::DateOff(3_600)], EVERY_CALL),
    row(Gateway, "date-slow", "Date is an hour slow.", &[Way::DateOff(-3_600)], EVERY_CALL),
    // The store.
    row(Storage, "storage-host", "Documents are on another host.", &[Way::StorageHost("localhost")], DOCUMENTS),
    row(Storage, "storage-path", "Documents are in another folder.", &[Way::StorageFolder("eu-west-2/letters/2026")], DOCUMENTS),
    row(Storage, "storage-headers", "Documents come with the headers of a store and a cache.", &[Way::StorageHeaders], DOCUMENTS),
    row(Storage, "whole-range", "Documents are asked for as a range and come with 206.", &[Way::Habit("whole-range")], &[Observed(&[5, 15])]),
    // The queue, where 300 s of visibility timeout are 1.2 s.
    row(Queue, "queue-lag-short", "Letters stay in the queue for a while (40 s at 1:250).", &[Way::QueueLag(160)], LISTS),
    row(Queue, "queue-lag-middle", "Letters stay in the queue for long (150 s at 1:250).", &[Way::QueueLag(600)], LISTS),
    row(Queue, "queue-lag-long", "Letters stay in the queue beyond the visibility timeout (600 s at 1:250).", &[Way::QueueLag(2_400)], LISTS),
    row(Queue, "unordered", "Updates overtake each other.", &[Way::Unordered], &[Driven(&[4, 5, 7, 10]), Observed(&[5, 7, 10])]),
    row(Queue, "late-updates", "Updates show after up to half a second more.", &[Way::ApplyJitter(500)], &[Driven(&[4, 5, 7, 10]), Observed(&[5, 7, 10])]),
    opening(NOT_HIDDEN, row(Queue, "no-visibility-timeout", "Listed letters are not hidden.", &[Way::Visibility(0)], &[Driven(&[2, 3, 4]), Observed(&[2, 3, 4])])),
    row(Queue, "short-visibility-timeout", "Listed letters are hidden for a short while (60 s at 1:250).", &[Way::Visibility(240)], &[Driven(&[2, 3, 4]), Observed(&[2, 3, 4])]),
    row(Queue, "long-visibility-timeout", "Listed letters are hidden for long (900 s at 1:250).", &[Way::Visibility(3_600)], &[Driven(&[2, 3, 4]), Observed(&[2, 3, 4])]),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use letterproof_mock::MockConfig;
    use letterproof_sample_supplier::Habit as Known;
    use letterproof_witness::Injection;

    use super::*;
    use crate::verdicts::judged_ids;

    #[test]
    fn there_are_at_least_sixty_variations_of_every_kind_and_no_two_are_the_same() {
        assert!(CATALOGUE.len() >= 60, "{}", CATALOGUE.len());
        for kind in [Seeding, Workflow, Habit, Gateway, Storage, Queue] {
            assert!(CATALOGUE.iter().filter(|entry| entry.kind == kind).count() >= 4, "{kind}");
        }
        let faults = letterproof_mock::fault_catalogue().iter().map(|entry| entry.name);
        let wrong = letterproof_sample_supplier::fault_catalogue().iter().map(|entry| entry.name);
        let faults: BTreeSet<&str> = faults.chain(wrong).collect();
        for (at, one) in CATALOGUE.iter().enumerate() {
            assert!(!faults.contains(one.name), "{} is the name of a fault", one.name);
            for two in &CATALOGUE[at + 1..] {
                assert!(one.name != two.name && one.ways != two.ways, "{} {}", one.name, two.name);
            }
        }
    }

    #[test]
    fn every_row_says_what_differs_and_names_what_exists() {
        // Clauses that only show evidence pass too, and are nobody's killer.
        let known: BTreeSet<&str> =
            judged_ids().chain(letterproof_model::EVIDENCE_ONLY.iter().copied()).collect();
        for entry in CATALOGUE {
            assert!(entry.does.ends_with('.') || entry.does.ends_with(")."), "{}", entry.name);
            assert!(!entry.ways.is_empty() && !entry.runs.is_empty(), "{}", entry.name);
            for open in entry.open {
                assert!(known.contains(open.id) && !open.reason.is_empty(), "{}", entry.name);
            }
            for id in entry.advised {
                assert!(known.contains(id) && id.starts_with("O-"), "{}: {id}", entry.name);
            }
            for way in entry.ways {
                way.configure(&mut MockConfig::default()).unwrap();
                match way {
                    Way::Habit(name) => drop(Known::parse(name).unwrap()),
                    Way::Injected(rule) => drop(rule.parse::<Injection>().unwrap()),
                    _ => {}
                }
                // What a supplier does, and what a witness makes to go wrong, needs both.
                let needs_supplier =
                    matches!(way, Way::Habit(_) | Way::Injected(_) | Way::DaysPass);
                let watched = |run: &Run| {
                    matches!(run, Observed(_) | ObservedWhole(_) | ObservedTenth(_) | Paced(..))
                };
                assert!(!needs_supplier || entry.runs.iter().all(watched), "{}", entry.name);
            }
        }
    }

    #[test]
    fn every_habit_of_the_sample_supplier_is_in_a_row() {
        let in_rows = |name| CATALOGUE.iter().any(|entry| entry.ways.contains(&Way::Habit(name)));
        for habit in letterproof_sample_supplier::habit_catalogue() {
            assert!(in_rows(habit.name), "{}", habit.name);
        }
    }
}
