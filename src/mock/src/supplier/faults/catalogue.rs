//! The table of faults. One row each: name, argument, what it breaks, which criteria of the pack
//! and which conformance check must notice, and the effect. No row is there that nobody has to
//! notice.

use std::fmt;
use std::time::Duration;

use letterproof_model::Operation;
use letterproof_model::Operation::{
    CreateMi, GetLetter, GetLetterData, GetMi, ListLetters, PatchLetter, Token, UpdateLetters,
};

use crate::supplier::faults::armed::{ArgumentSyntax, Dose};
use crate::supplier::faults::effect::{Edit, Effect, Rewrite, When};

/// A way in which the mock can be wrong.
#[derive(Debug)]
pub struct FaultEntry {
    /// The name on the command line.
    pub name: &'static str,
    /// What may follow the `=`.
    pub argument: ArgumentSyntax,
    /// What it breaks, in one sentence.
    pub breaks: &'static str,
    /// Clauses of the pack that turn red.
    pub criteria: &'static [&'static str],
    /// Checks of the conformance suite that turn red. An entry that names neither a clause nor a
    /// check is harmless, and must turn nothing red.
    pub checks: &'static [&'static str],
    /// Checks of the conformance suite that are left open: nothing is seen that could decide them.
    pub opens: &'static [&'static str],
    /// What must be noticed, in words; of a harmless entry, why nothing is.
    pub check: &'static str,
    pub(crate) effect: Effect,
}

impl fmt::Display for FaultEntry {
    /// One line: name and argument, what it breaks, who must notice.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = format!("{}{}", self.name, self.argument);
        write!(f, "{name:<62} {}", self.breaks)?;
        let noticed = [self.criteria, self.checks, self.opens].concat();
        match (noticed.is_empty(), self.check) {
            (true, words) => write!(f, " Harmless: {words}."),
            (false, "") => write!(f, " Noticed by: {}.", noticed.join(", ")),
            (false, words) => write!(f, " Noticed by: {} ({words}).", noticed.join(", ")),
        }
    }
}

impl FaultEntry {
    /// Whether it is no fault of a kind that anybody has to notice.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        self.criteria.is_empty() && self.checks.is_empty() && self.opens.is_empty()
    }
}

/// Every fault, grouped by what it breaks.
#[must_use]
pub fn fault_catalogue() -> &'static [FaultEntry] {
    CATALOGUE
}

const ONCE: ArgumentSyntax = ArgumentSyntax::Dose(Dose::First(1));
const ALWAYS: ArgumentSyntax = ArgumentSyntax::Dose(Dose::Always);
const fn rate(percent: u32) -> ArgumentSyntax {
    ArgumentSyntax::Dose(Dose::PerMillion(percent * 10_000))
}
const fn time(seconds: u64) -> ArgumentSyntax {
    ArgumentSyntax::Time(Duration::from_secs(seconds))
}
const fn number(usual: u32) -> ArgumentSyntax {
    ArgumentSyntax::Number(usual)
}

const LETTERS: &[Operation] = &[ListLetters, GetLetter];
const WRITES: &[Operation] = &[UpdateLetters, PatchLetter];
const JSON: &[Operation] = &[ListLetters, GetLetter, CreateMi, GetMi];
const CALLS: &[Operation] =
    &[ListLetters, UpdateLetters, GetLetter, PatchLetter, GetLetterData, CreateMi, GetMi];

const EVERY: &[Operation] = &[
    Operation::Status,
    ListLetters,
    UpdateLetters,
    GetLetter,
    PatchLetter,
    GetLetterData,
    CreateMi,
    GetMi,
];

const fn edit(on: &'static [Operation], when: When, edit: Edit) -> Effect {
    Effect::Rewrite(Rewrite { on, when, edit })
}

const fn row(
    name: &'static str,
    argument: ArgumentSyntax,
    breaks: &'static str,
    criteria: &'static [&'static str],
    checks: &'static [&'static str],
    check: &'static str,
    effect: Effect,
) -> FaultEntry {
    FaultEntry { name, argument, breaks, criteria, checks, opens: &[], check, effect }
}

/// A fault that leaves nothing to see.
const fn opening(opens: &'static [&'static str], entry: FaultEntry) -> FaultEntry {
    FaultEntry { opens, ..entry }
}

const REASONS: &[&str] = &["AT9.4", "AT10.4", "AT11.4", "AT12.3", "AT13.3"];

#[rustfmt::skip]
const CATALOGUE: &[FaultEntry] = &[
    // Updates.
    row("lose-update", ONCE, "An update answered with 202 is never applied.", &["AT4.3", "AT5.2", "AT6.2", "AT7.2", "AT8.2", "AT9.3", "AT10.2", "AT11.3", "AT12.2", "AT13.2"], &[], "updates show in later reads", Effect::LoseUpdate),
    row("late-update", time(90), "Updates show only after this much longer.", &["AT4.3"], &[], "updates show before the deadline", Effect::LateUpdate),
    row("swap-updates", ONCE, "Two letters of a bulk get each other's update.", &["AT10.4"], &[], "each letter of a bulk gets its own update", Effect::SwapUpdates),
    row("wrong-status", ONCE, "A letter ends in another status than the one sent.", &["AT4.3"], &[], "the status read back is the one sent", Effect::WrongStatus),
    row("wrong-letter", ONCE, "An update is applied to the next letter instead.", &["AT4.3"], &[], "the letter named is the letter changed", Effect::WrongLetter),
    row("spill-update", ONCE, "An update also changes the next letter.", &["AT15.1"], &[], "letters not named keep their status", Effect::SpillUpdate),
    row("drop-reason", ALWAYS, "Reason code and text are not kept.", REASONS, &[], "reasons are read back", Effect::DropReason),
    row("alter-reason", ALWAYS, "The reason text is changed on the way.", REASONS, &[], "reasons are read back unchanged", Effect::AlterReason),
    row("half-bulk", ONCE, "Only the first half of a bulk is applied.", &["AT4.3", "AT6.2"], &[], "every item of a bulk is applied", Effect::HalfBulk),
    row("ignore-bulk", ALWAYS, "Bulk updates are answered with 202 and forgotten.", &["AT4.3"], &[], "a bulk update shows", Effect::IgnoreBulk),
    row("ignore-patch", ALWAYS, "Single updates are answered with 202 and forgotten.", &["AT7.2"], &[], "a single update shows", Effect::IgnorePatch),
    row("revert-update", time(1), "An update is undone this long after it was applied.", &[], &["C-LETTER-KEPT"], "a status once read stays", Effect::RevertUpdate),
    row("revert-acceptance", time(2), "An accepted letter is PENDING again this long afterwards.", &[], &["C-LETTER-KEPT"], "a status once read stays", Effect::RevertAcceptance),
    row("revert-dispatch", time(2), "A dispatched letter is what it was before this long afterwards.", &[], &["C-LETTER-KEPT"], "a status once read stays", Effect::RevertDispatch),
    row("wander-update", time(2), "A letter is RETURNED by itself this long after an update.", &[], &["C-LETTER-KEPT"], "a letter shows what was sent for it", Effect::WanderUpdate),
    row("stir-other", time(2), "Another letter of the queue is FAILED this long after an update.", &[], &["C-LETTER-KEPT"], "letters that nobody named stay as they are", Effect::StirOther),
    row("vanish-letter", time(2), "A letter is not found any more this long after its update.", &[], &["C-LETTER-LISTED"], "a listed letter can be read", Effect::VanishLetter),
    row("refuse-and-apply", ALWAYS, "A single update is answered with 400 and applied.", &[], &["C-LETTER-KEPT"], "what was refused is not applied", Effect::RefuseAndApply),
    row("reopen-rejected", time(1), "NHS Notify takes a rejected letter back to PENDING this long afterwards.", &[], &[], "the lifecycle lets NHS Notify do so", Effect::ReopenRejected),
    row("fail-rejected", time(1), "NHS Notify reports a rejected letter as FAILED this long afterwards.", &[], &[], "the lifecycle lets NHS Notify do so", Effect::FailRejected),
    row("hold-update", ONCE, "An update is applied after the letter's next one.", &[], &[], "the deployed API keeps no order either, and a supplier that sees each status first is not harmed", Effect::HoldUpdate),
    row("relist", ONCE, "An accepted letter comes back in the list.", &[], &["C-LIST-LAG"], "accepted letters leave the list", Effect::Relist),
    row("keep-listed", ALWAYS, "Accepted letters stay in the list.", &[], &["C-LIST-LAG"], "accepted letters leave the list", Effect::KeepListed),
    row("respecify", ONCE, "The specification changes along with the status.", &[], &["C-LETTER-CONSTANT"], "a letter's specification never changes", Effect::Respecify),
    row("regroup", ONCE, "The group changes along with the status.", &[], &["C-LETTER-CONSTANT"], "a letter's group never changes", Effect::Regroup),
    // Reading one letter.
    row("read-without-group", ALWAYS, "A letter that is read names no group.", &[], &["C-LETTER-CONSTANT"], "list and letter agree", edit(&[GetLetter], When::Success, Edit::RemoveKey("data/attributes/groupId"))),
    row("read-lower-case", ALWAYS, "The status of a letter that is read is in lower case.", &[], &["C-CONTRACT-LETTER"], "letter schema: status", edit(&[GetLetter], When::Success, Edit::SetKey("data/attributes/status", "\"accepted\""))),
    row("stale-read", ALWAYS, "Reads show the letter as it was before its last update.", &["AT4.3"], &[], "a read shows the present state", Effect::StaleRead),
    row("flapping-read", rate(50), "Reads show now the old, now the new state.", &[], &["C-LETTER-KEPT"], "a status once read stays", Effect::FlappingRead),
    row("neighbour-read", ONCE, "A read answers with another letter.", &[], &["C-LETTER-SAME"], "the id in the answer is the id asked for", Effect::NeighbourRead),
    row("unknown-as-known", ALWAYS, "An unknown id is answered with 200 and some letter.", &[], &["C-LETTER-UNKNOWN", "C-DATA-UNKNOWN"], "an unknown id is answered with 404", Effect::UnknownAsKnown),
    row("wrong-hash", ALWAYS, "sha256Hash is not that of the document.", &["AT15.4"], &["C-HASH"], "the hash is that of the download", edit(LETTERS, When::Success, Edit::SetKey("data/attributes/sha256Hash", "\"0000000000000000000000000000000000000000000000000000000000000000\""))),
    row("no-hash", ALWAYS, "sha256Hash is missing.", &["AT15.4"], &["C-DATA-MISSING-PDF"], "letters with a document carry a hash", edit(LETTERS, When::Success, Edit::RemoveKey("data/attributes/sha256Hash"))),
    row("hash-lost", ALWAYS, "Letters that have left PENDING are read without sha256Hash.", &[], &["C-HASH"], "a hash once given stays", Effect::HashLost),
    row("letter-no-hash", ALWAYS, "Letters are listed with sha256Hash, and read without.", &[], &["C-HASH"], "list and letter agree on the hash", edit(&[GetLetter], When::Success, Edit::RemoveKey("data/attributes/sha256Hash"))),
    row("letter-other-hash", ALWAYS, "Letters are read with another sha256Hash than listed.", &[], &["C-HASH"], "list and letter agree on the hash", edit(&[GetLetter], When::Success, Edit::SetKey("data/attributes/sha256Hash", "\"1111111111111111111111111111111111111111111111111111111111111111\""))),
    row("letter-null-hash", ALWAYS, "The sha256Hash of a letter that is read is null.", &[], &["C-HASH", "C-CONTRACT-LETTER"], "list and letter agree on the hash", edit(&[GetLetter], When::Success, Edit::SetKey("data/attributes/sha256Hash", "null"))),
    row("letter-no-id", ALWAYS, "A letter that is read has no id.", &[], &["C-LETTER-SAME", "C-CONTRACT-LETTER"], "the id in the answer is the id asked for", edit(&[GetLetter], When::Success, Edit::RemoveKey("data/id"))),
    row("letter-numeric-id", ALWAYS, "The id of a letter that is read is a number.", &[], &["C-LETTER-SAME", "C-CONTRACT-LETTER"], "the id in the answer is the id asked for", edit(&[GetLetter], When::Success, Edit::SetKey("data/id", "7"))),
    // Lists.
    row("list-omit", number(1), "A list leaves out so many letters.", &["AT2.2", "AT15.1"], &[], "", Effect::ListOmit),
    row("list-repeat", number(1), "So many letters stand in a list twice, in the place of others.", &["AT2.3"], &["C-LIST-UNIQUE"], "ids in a list are unique", Effect::ListRepeat),
    row("list-wrong-status", number(1), "So many letters of a list are shown as ACCEPTED.", &["AT2.4"], &["C-LIST-PENDING"], "the list holds only PENDING letters", Effect::ListWrongStatus),
    row("list-changing-ids", ALWAYS, "Every list gives its letters new ids.", &["AT3.3"], &["C-LETTER-LISTED"], "a listed id can be read", Effect::ListChangingIds),
    row("list-over", number(1), "A list holds so many more than asked for.", &[], &["C-LIST-WITHIN-LIMIT"], "a list never exceeds its limit", Effect::ListOver),
    row("list-under", number(1), "A list holds so many fewer than it should.", &["AT2.2"], &[], "a list is as long as limit and queue allow", Effect::ListUnder),
    row("list-no-hide", ALWAYS, "Listed letters are not hidden.", &[], &["C-LIST-HIDES"], "listed letters are hidden for the timeout", Effect::ListNoHide),
    row("list-hide-forever", ALWAYS, "Listed letters never come back.", &["AT3.3"], &["C-LIST-COMPLETE"], "listed letters come back after the timeout", Effect::ListHideForever),
    row("list-shuffle", ALWAYS, "Lists come in any order.", &[], &["C-LIST-ORDER"], "the order is priority, then age, and stays", Effect::ListShuffle),
    row("list-foreign", ALWAYS, "A list holds a letter of another supplier.", &[], &["C-LETTER-LISTED"], "no supplier sees another's letters", Effect::ListForeign),
    row("list-empty", ALWAYS, "Lists are empty although letters wait.", &["AT2.2"], &[], "a list is as long as limit and queue allow", Effect::ListEmpty),
    row("list-wrong-specification", ALWAYS, "A list shows another specification than the letter has.", &[], &["C-LETTER-CONSTANT"], "list and letter agree", Effect::ListWrongSpecification),
    // The contract: fields.
    row("missing-id", ALWAYS, "Letters have no id.", &["AT2.1"], &["C-CONTRACT-LIST"], "letter schema: id", edit(LETTERS, When::Success, Edit::RemoveKey("data/id"))),
    row("numeric-id", ALWAYS, "Letter ids are numbers.", &["AT2.1"], &["C-CONTRACT-LIST"], "letter schema: id is text", edit(LETTERS, When::Success, Edit::SetKey("data/id", "42"))),
    row("missing-type", ALWAYS, "Letters have no type.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-LETTER"], "letter schema: type", edit(LETTERS, When::Success, Edit::RemoveKey("data/type"))),
    row("wrong-type", ALWAYS, "The type of letters is in lower case.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-LETTER"], "letter schema: type", edit(LETTERS, When::Success, Edit::SetKey("data/type", "\"letter\""))),
    row("missing-status", ALWAYS, "Letters have no status.", &["AT2.4"], &["C-CONTRACT-LIST"], "letter schema: status", edit(LETTERS, When::Success, Edit::RemoveKey("data/attributes/status"))),
    row("null-status", ALWAYS, "The status of letters is null.", &["AT2.4"], &["C-CONTRACT-LIST"], "letter schema: status", edit(LETTERS, When::Success, Edit::SetKey("data/attributes/status", "null"))),
    row("unknown-status", ALWAYS, "Letters have a status the specification does not know.", &["AT2.4"], &["C-CONTRACT-LIST"], "letter schema: status", edit(LETTERS, When::Success, Edit::SetKey("data/attributes/status", "\"QUEUED\""))),
    row("missing-specification", ALWAYS, "Letters have no specificationId.", &[], &["C-CONTRACT-LIST"], "letter schema: specificationId", edit(LETTERS, When::Success, Edit::RemoveKey("data/attributes/specificationId"))),
    row("mistyped-group", ALWAYS, "groupId is a number.", &[], &["C-CONTRACT-LIST"], "letter schema: groupId is text", edit(LETTERS, When::Success, Edit::SetKey("data/attributes/groupId", "7"))),
    row("missing-attributes", ALWAYS, "Letters have no attributes.", &["AT2.4"], &["C-CONTRACT-LIST"], "letter schema: attributes", edit(LETTERS, When::Success, Edit::RemoveKey("data/attributes"))),
    row("missing-data", ALWAYS, "Answers have no data.", &["AT2.1"], &["C-CONTRACT-LIST"], "answers have data", edit(JSON, When::Success, Edit::RemoveKey("data"))),
    row("renamed-data", ALWAYS, "data is called letters.", &["AT2.1"], &["C-CONTRACT-LIST"], "answers have data", edit(LETTERS, When::Success, Edit::RenameKey("data", "letters"))),
    row("list-not-array", ALWAYS, "The data of a list is an object.", &["AT2.1"], &["C-CONTRACT-LIST"], "the data of a list is an array", edit(&[ListLetters], When::Success, Edit::SetKey("data", "{}"))),
    row("extra-field", ALWAYS, "Letters carry a field the specification does not know.", &[], &[], "an unknown field is drift, which is reported and fails nothing", edit(LETTERS, When::Success, Edit::SetKey("data/attributes/postage", "\"second\""))),
    row("mi-without-id", ALWAYS, "A created record has no id.", &[], &["C-CONTRACT-MI-CREATE"], "record schema: id", edit(&[CreateMi], When::Success, Edit::RemoveKey("data/id"))),
    row("mi-text-quantity", ALWAYS, "The quantity of a record comes back as text.", &[], &["C-CONTRACT-MI-CREATE", "C-CONTRACT-MI"], "record schema: quantity is a number", edit(&[CreateMi, GetMi], When::Success, Edit::SetKey("data/attributes/quantity", "\"22\""))),
    row("mi-wrong-type", ALWAYS, "The type of records is in lower case.", &[], &["C-CONTRACT-MI-CREATE", "C-CONTRACT-MI"], "record schema: type", edit(&[CreateMi, GetMi], When::Success, Edit::SetKey("data/type", "\"managementinformation\""))),
    row("mi-no-timestamp", ALWAYS, "Records come back without their timestamp.", &[], &["C-CONTRACT-MI-CREATE", "C-CONTRACT-MI", "C-MI-SAME"], "record schema: timestamp", edit(&[CreateMi, GetMi], When::Success, Edit::RemoveKey("data/attributes/timestamp"))),
    row("mi-read-text-quantity", ALWAYS, "The quantity of a record that is read back is text.", &[], &["C-MI-SAME", "C-CONTRACT-MI"], "a record reads back as submitted", edit(&[GetMi], When::Success, Edit::SetKey("data/attributes/quantity", "\"1\""))),
    row("mi-read-no-attributes", ALWAYS, "Records read back without attributes.", &[], &["C-MI-SAME", "C-CONTRACT-MI"], "a record reads back as submitted", edit(&[GetMi], When::Success, Edit::RemoveKey("data/attributes"))),
    row("mi-time-moved", ALWAYS, "The timestamp of a record that is read back is another.", &[], &["C-MI-SAME"], "a record reads back as submitted", edit(&[GetMi], When::Success, Edit::SetKey("data/attributes/timestamp", "\"2020-02-29T12:00:00Z\""))),
    row("error-without-errors", ALWAYS, "Refusals carry no list of errors.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: errors", edit(CALLS, When::Refused, Edit::RemoveKey("errors"))),
    row("error-unknown-code", ALWAYS, "Refusals carry a code the specification does not know.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: code", edit(CALLS, When::Refused, Edit::SetKey("errors/code", "\"E1\""))),
    row("error-as-html", ALWAYS, "Refusals are HTML pages.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "refusals are problems in JSON", edit(CALLS, When::Refused, Edit::SetBody("<html><body><h1>Error</h1></body></html>"))),
    row("error-numeric-status", ALWAYS, "The status inside a problem is a number.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: status is text", edit(CALLS, When::Refused, Edit::SetKey("errors/status", "400"))),
    row("error-no-code", ALWAYS, "Refusals carry errors without a code.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: code", edit(CALLS, When::Refused, Edit::RemoveKey("errors/code"))),
    row("error-not-a-list", ALWAYS, "The errors of refusals are an object.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: errors is a list", edit(CALLS, When::Refused, Edit::SetKey("errors", "{}"))),
    row("error-about-number", ALWAYS, "The link of an error is a number.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-PATCH", "C-CONTRACT-BULK"], "problem schema: about is text", edit(CALLS, When::Refused, Edit::SetKey("errors/links/about", "7"))),
    row("one-error-id", ALWAYS, "All errors have one id.", &[], &["C-ERROR-ID"], "the id of an error tells which call it is of", edit(CALLS, When::Refused, Edit::SetKey("errors/id", "\"rrt-0001\""))),
    row("status-text-code", ALWAYS, "The code of the service's health is text.", &[], &["C-CONTRACT-STATUS"], "health schema: code", edit(&[Operation::Status], When::Success, Edit::SetKey("code", "\"fine\""))),
    row("letter-403", ALWAYS, "No letter can be read: 403, which is known of unknown suppliers.", &[], &["C-LETTER", "C-ACCEPT-OTHER"], "GET /letters/{id} is answered with 200", edit(&[GetLetter], When::Success, Edit::Status(403))),
    row("data-403", ALWAYS, "No link is given: 403, which is known of unknown suppliers.", &["AT15.3"], &["C-DATA"], "GET data is answered with 303", edit(&[GetLetterData], When::Success, Edit::Status(403))),
    // The contract: status codes, headers, media type, JSON.
    row("patch-200", ALWAYS, "A single update is answered with 200.", &[], &["C-PATCH-UNKNOWN-LETTER", "C-PATCH-FOREIGN", "C-PATCH-PENDING", "C-PATCH-RETURNED-NO-REASON", "C-PATCH-RETURNED-UNKNOWN-REASON", "C-PATCH-ILLEGAL-MOVE"], "PATCH is answered with 202", edit(&[PatchLetter], When::Success, Edit::Status(200))),
    row("post-201", ALWAYS, "A bulk update is answered with 201.", &["AT4.2"], &["C-BULK-NONE", "C-BULK-1", "C-BULK-2500", "C-BULK-LONG-REASON", "C-BULK-PENDING", "C-MEDIA-JSON", "C-MEDIA-UTF-8", "C-MEDIA-UTF-16", "C-MEDIA-LATIN-1", "C-MEDIA-TEXT", "C-MEDIA-XML", "C-MEDIA-ABSENT"], "POST /letters is answered with 202", edit(&[UpdateLetters], When::Success, Edit::Status(201))),
    row("mi-200", ALWAYS, "A created record is answered with 200.", &["AT14.1"], &["C-MI", "C-MI-MINIMAL", "C-MI-TIMESTAMP-MICROSECONDS", "C-MI-TIMESTAMP-FUTURE", "C-MI-QUANTITY-NEGATIVE", "C-MI-QUANTITY-FRACTION", "C-MI-LINE-ITEM-EMPTY"], "POST /mi is answered with 201", edit(&[CreateMi], When::Success, Edit::Status(200))),
    row("data-302", ALWAYS, "Download links come with 302.", &[], &["C-DATA", "C-CONTRACT-DATA"], "GET data is answered with 303", edit(&[GetLetterData], When::Success, Edit::Status(302))),
    row("data-200", ALWAYS, "Download links come with 200.", &["AT15.3"], &["C-DATA"], "GET data is answered with 303", edit(&[GetLetterData], When::Success, Edit::Status(200))),
    row("list-206", ALWAYS, "Lists are answered with 206.", &["AT1.2", "AT2.1"], &["C-LIST", "C-LIST-LIMIT-1", "C-LIST-LIMIT-FRACTION", "C-LIST-LIMIT-HEXADECIMAL", "C-LIST-LIMIT-EXPONENT", "C-LIST-LIMIT-REPEATED", "C-LIST-LIMIT-ABSENT", "C-LIST-LIMIT-2500", "C-LIST-LIMIT-EMPTY", "C-REQUEST-ID-NOT-GUID"], "GET /letters is answered with 200", edit(&[ListLetters], When::Success, Edit::Status(206))),
    row("empty-correlation-id", ALWAYS, "An empty X-Correlation-ID is sent back.", &[], &["C-CORRELATION-ID-GENERATED"], "a correlation id that is made is not empty", edit(CALLS, When::Any, Edit::SetHeader("x-correlation-id", ""))),
    row("letter-206", ALWAYS, "Letters are answered with 206.", &[], &["C-LETTER", "C-ACCEPT-OTHER"], "GET /letters/{id} is answered with 200", edit(&[GetLetter], When::Success, Edit::Status(206))),
    row("mi-read-206", ALWAYS, "Records are read with 206.", &[], &["C-MI-READ"], "GET /mi/{id} is answered with 200", edit(&[GetMi], When::Success, Edit::Status(206))),
    row("repeat-409", rate(50), "Every second single update is refused with 409.", &[], &["C-PATCH-REPEATED"], "an update sent again is answered as the first time", edit(&[PatchLetter], When::Success, Edit::Status(409))),
    row("unknown-route-200", ALWAYS, "Unknown paths and methods are answered with 200.", &[], &["C-ROUTE-UNKNOWN", "C-METHOD-UNKNOWN"], "what is not there is not answered with 200", edit(&[Operation::Unknown], When::Any, Edit::Status(200))),
    row("not-found-410", ALWAYS, "Unknown ids are answered with 410.", &[], &["C-LETTER-UNKNOWN", "C-LETTER-FOREIGN", "C-DATA-UNKNOWN", "C-MI-READ-UNKNOWN"], "an unknown id is answered with 404", edit(CALLS, When::Is(404), Edit::Status(410))),
    row("invalid-422", ALWAYS, "Invalid requests are answered with 422.", &[], &["C-LIST-LIMIT-TEXT", "C-PATCH-STATUS-MISSING", "C-PATCH-ATTRIBUTES-MISSING", "C-PATCH-TYPE-WRONG", "C-PATCH-EMPTY-OBJECT", "C-PATCH-LIST", "C-PATCH-NO-BODY", "C-BULK-NOT-A-LIST", "C-BULK-EMPTY-OBJECT", "C-BULK-NO-BODY", "C-MI-QUANTITY-TEXT", "C-MI-LINE-ITEM-MISSING", "C-MI-TYPE-WRONG", "C-MI-MALFORMED", "C-MI-NO-BODY", "C-MI-TIMESTAMP-OFFSET"], "invalid requests are answered with 400", edit(CALLS, When::Is(400), Edit::Status(422))),
    row("no-location", ALWAYS, "Download links come without Location.", &["AT15.3"], &["C-DATA-LOCATION"], "303 carries Location", edit(&[GetLetterData], When::Success, Edit::RemoveHeader("location"))),
    row("relative-location", ALWAYS, "Location is not an absolute URL.", &["AT15.3"], &[], "Location is an absolute URL", edit(&[GetLetterData], When::Success, Edit::SetHeader("location", "storage/letter.pdf"))),
    row("no-request-id", ALWAYS, "X-Request-ID is not sent back.", &[], &[], "the handlers set no such header, and whether the gateway does is not known", edit(CALLS, When::Any, Edit::RemoveHeader("x-request-id"))),
    row("wrong-request-id", ALWAYS, "Another X-Request-ID is sent back.", &[], &["C-REQUEST-ID-ECHO"], "X-Request-ID is sent back unchanged", edit(CALLS, When::Any, Edit::SetHeader("x-request-id", "00000000-0000-4000-8000-000000000000"))),
    row("some-request-ids", rate(50), "Every second answer leaves X-Request-ID out.", &[], &["C-REQUEST-ID-ECHO"], "what is sent back on one answer is sent back on all", edit(CALLS, When::Success, Edit::RemoveHeader("x-request-id"))),
    row("no-correlation-id", ALWAYS, "X-Correlation-ID is not sent back.", &[], &[], "the handlers set no such header, and whether the gateway does is not known", edit(CALLS, When::Any, Edit::RemoveHeader("x-correlation-id"))),
    row("wrong-correlation-id", ALWAYS, "Another X-Correlation-ID is sent back.", &[], &["C-CORRELATION-ID-ECHO"], "X-Correlation-ID is sent back unchanged", edit(CALLS, When::Any, Edit::SetHeader("x-correlation-id", "another"))),
    row("some-correlation-ids", rate(50), "Every second answer leaves X-Correlation-ID out.", &[], &["C-CORRELATION-ID-ECHO"], "what is sent back on one answer is sent back on all", edit(CALLS, When::Success, Edit::RemoveHeader("x-correlation-id"))),
    row("one-correlation-id", ALWAYS, "Calls without X-Correlation-ID are all given the same.", &[], &["C-CORRELATION-ID-GENERATED"], "a correlation id that is made is the call's own", Effect::OneCorrelationId),
    row("media-type-html", ALWAYS, "JSON is announced as HTML.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-LETTER", "C-CONTRACT-MI"], "JSON answers have the API's media type", edit(JSON, When::Any, Edit::SetHeader("content-type", "text/html"))),
    row("no-media-type", ALWAYS, "JSON comes without a media type.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-LETTER", "C-CONTRACT-MI"], "JSON answers have the API's media type", edit(JSON, When::Any, Edit::RemoveHeader("content-type"))),
    row("media-type-charset", ALWAYS, "JSON is announced in another charset.", &[], &["C-CONTRACT-LIST", "C-CONTRACT-LETTER", "C-CONTRACT-MI"], "JSON answers are UTF-8", edit(JSON, When::Any, Edit::SetHeader("content-type", "application/vnd.api+json; charset=iso-8859-1"))),
    row("truncated-json", ALWAYS, "JSON ends in the middle.", &[], &["C-CONTRACT-LIST"], "JSON answers are JSON", edit(JSON, When::Any, Edit::Truncate)),
    row("invalid-json", ALWAYS, "JSON has a comma too many.", &[], &["C-CONTRACT-LIST"], "JSON answers are JSON", edit(JSON, When::Any, Edit::BreakJson)),
    row("empty-body", ALWAYS, "Answers have no body.", &[], &["C-CONTRACT-LIST"], "answers have data", edit(JSON, When::Any, Edit::SetBody(""))),
    row("body-on-202", ALWAYS, "Updates are answered with a body.", &[], &["C-PATCH", "C-BULK"], "202 has no body", edit(WRITES, When::Success, Edit::SetBody("{\"accepted\":true}"))),
    // Links and downloads.
    row("link-eternal", ALWAYS, "Download links never expire.", &[], &["C-LINK-EXPIRED"], "a link is refused after its life", Effect::LinkEternal),
    row("link-expired", ALWAYS, "Download links have expired when they come.", &["AT15.3"], &[], "a fresh link works", Effect::LinkExpired),
    row("link-unsigned", ALWAYS, "Links work with any signature.", &[], &["C-LINK-TAMPERED"], "a changed signature is refused", Effect::LinkUnsigned),
    row("link-once", ALWAYS, "Links work only once.", &[], &["C-LINK-AGAIN"], "a broken download can be begun again", Effect::LinkOnce),
    row("link-500", ALWAYS, "Links that must be refused are answered with 500.", &[], &["C-LINK-HEAD", "C-LINK-EXPIRED", "C-LINK-TAMPERED"], "a link is refused with 403", edit(&[Operation::Download], When::Is(403), Edit::Status(500))),
    row("download-truncated", ALWAYS, "Documents end in the middle.", &["AT15.4"], &["C-HASH"], "the hash is that of the download", Effect::DownloadTruncated),
    row("download-altered", ALWAYS, "One byte of a document is changed.", &["AT15.4"], &["C-HASH"], "the hash is that of the download", Effect::DownloadAltered),
    row("download-html", ALWAYS, "An HTML page comes instead of a document.", &["AT15.4"], &["C-HASH", "C-CONTRACT-DOWNLOAD"], "downloads are PDFs", Effect::DownloadHtml),
    row("download-swapped", ALWAYS, "Another letter's document comes.", &["AT15.4"], &["C-HASH"], "the hash is that of the download", Effect::DownloadSwapped),
    row("download-empty", ALWAYS, "Documents are empty.", &["AT15.4"], &["C-HASH"], "downloads are PDFs", Effect::DownloadEmpty),
    row("download-missing", ALWAYS, "Existing documents are answered with 404.", &["AT15.3"], &["C-LINK"], "a letter with a hash can be downloaded", Effect::DownloadMissing),
    row("download-cut", ALWAYS, "The connection closes in the middle of a document.", &["AT15.3"], &[], "downloads are complete", Effect::DownloadCut),
    row("download-as-page", ALWAYS, "Documents are announced as HTML.", &[], &["C-DOWNLOAD-TYPE"], "a PDF is announced as one", edit(&[Operation::Download], When::Success, Edit::SetHeader("content-type", "text/html; charset=utf-8"))),
    row("download-untyped", ALWAYS, "Documents come without a media type.", &[], &["C-DOWNLOAD-TYPE"], "a PDF is announced as one", edit(&[Operation::Download], When::Success, Edit::RemoveHeader("content-type"))),
    // Who may call.
    row("auth-bypass", ALWAYS, "Calls without a token are served.", &[], &["C-BEARER-ABSENT", "C-BEARER-UNKNOWN", "C-BEARER-SCHEME"], "no token is answered with 401", Effect::AuthBypass),
    row("accept-expired-token", ALWAYS, "Expired tokens are served.", &[], &["C-BEARER-EXPIRED"], "an expired token is answered with 401", Effect::AcceptExpiredToken),
    row("refuse-token", rate(5), "Valid tokens are refused with 401.", &[], &["C-BEARER-KEPT"], "a valid token is served", Effect::RefuseToken),
    row("foreign-read", ALWAYS, "Letters of other suppliers can be read.", &[], &["C-LETTER-FOREIGN"], "no supplier sees another's letters", Effect::ForeignRead),
    row("accept-any-signature", ALWAYS, "The token endpoint does not check signatures.", &[], &["C-TOKEN-SIGNATURE"], "a false signature is refused with 401", Effect::AcceptAnySignature),
    row("accept-replay", ALWAYS, "The token endpoint takes a jti twice.", &[], &["C-TOKEN-REPLAY"], "a replayed jti is refused with 400", Effect::AcceptReplay),
    row("accept-stale-assertion", ALWAYS, "The token endpoint takes expired assertions.", &[], &["C-TOKEN-EXPIRED"], "an expired assertion is refused with 400", Effect::AcceptStaleAssertion),
    row("accept-any-audience", ALWAYS, "The token endpoint takes assertions made for others.", &[], &["C-TOKEN-AUDIENCE"], "a wrong aud is refused with 401", Effect::AcceptAnyAudience),
    row("accept-any-algorithm", ALWAYS, "The token endpoint takes unsigned assertions (alg none).", &[], &["C-TOKEN-ALGORITHM"], "an alg other than RS512 is refused with 400", Effect::AcceptAnyAlgorithm),
    row("token-dies-early", time(1), "Tokens expire after this time, whatever expires_in says.", &[], &["C-BEARER-KEPT"], "a token lives as long as expires_in says", Effect::TokenDiesEarly),
    row("token-502", ONCE, "The token endpoint answers 502.", &[], &[], "a platform has its troubles, and a supplier that asks again is not harmed", Effect::TokenFails),
    row("token-wrong-type", ALWAYS, "token_type is not Bearer.", &[], &["C-CONTRACT-TOKEN"], "token_type is Bearer", edit(&[Token], When::Success, Edit::SetKey("token_type", "\"mac\""))),
    row("token-without-token", ALWAYS, "The token answer holds no access_token.", &[], &["C-CONTRACT-TOKEN"], "the token answer holds access_token", edit(&[Token], When::Success, Edit::RemoveKey("access_token"))),
    row("token-error-empty", ALWAYS, "Refusals of the token endpoint do not say what is wrong.", &[], &["C-CONTRACT-TOKEN"], "token refusal schema: error", edit(&[Token], When::Refused, Edit::RemoveKey("error"))),
    // What may be sent.
    row("accept-duplicates", ALWAYS, "A bulk may name a letter twice.", &[], &["C-BULK-DUPLICATE-IDS"], "duplicate ids are refused with 400", Effect::AcceptDuplicates),
    row("accept-too-many", ALWAYS, "A bulk may hold more than 2,500 items.", &[], &["C-BULK-2501"], "2,501 items are refused with 400", Effect::AcceptTooMany),
    row("accept-mismatch", ALWAYS, "The id of the body need not be that of the path.", &[], &["C-PATCH-ID-MISMATCH"], "mismatched ids are refused with 400", Effect::AcceptMismatch),
    row("accept-unknown-status", ALWAYS, "Unknown statuses are answered with 202.", &[], &["C-PATCH-STATUS-UNKNOWN", "C-PATCH-DUPLICATE-KEY", "C-BULK-STATUS-UNKNOWN", "C-BULK-ONE-BAD"], "an unknown status is refused with 400", Effect::AcceptUnknownStatus),
    row("accept-unknown-property", ALWAYS, "Unknown properties are answered with 202.", &[], &["C-PATCH-UNKNOWN-ATTRIBUTE", "C-PATCH-UNKNOWN-PROPERTY", "C-PATCH-UNKNOWN-MEMBER", "C-BULK-UNKNOWN-ATTRIBUTE", "C-MI-UNKNOWN-ATTRIBUTE"], "an unknown property is refused with 400", Effect::AcceptUnknownProperty),
    row("accept-malformed", ALWAYS, "Malformed JSON is answered with 202.", &[], &["C-PATCH-MALFORMED", "C-PATCH-DEEP", "C-BULK-MALFORMED", "C-BULK-DEEP"], "malformed JSON is refused with 400", Effect::AcceptMalformed),
    row("accept-no-request-id", ALWAYS, "Calls without X-Request-ID are served.", &[], &["C-REQUEST-ID-MISSING-LIST", "C-REQUEST-ID-MISSING-LETTER", "C-REQUEST-ID-MISSING-DATA", "C-REQUEST-ID-MISSING-PATCH", "C-REQUEST-ID-MISSING-BULK", "C-REQUEST-ID-MISSING-MI", "C-REQUEST-ID-EMPTY"], "a missing X-Request-ID is refused", Effect::AcceptMissingRequestId),
    row("accept-any-limit", ALWAYS, "Any limit is served.", &[], &["C-LIST-LIMIT-0", "C-LIST-LIMIT-NEGATIVE", "C-LIST-LIMIT-2501", "C-LIST-LIMIT-TEXT"], "limits outside 1 to 2,500 are refused with 400", Effect::AcceptAnyLimit),
    row("accept-unknown-query", ALWAYS, "Unknown query parameters are ignored.", &[], &["C-LIST-UNKNOWN-PARAMETER"], "unknown query parameters are refused with 400", Effect::AcceptUnknownQuery),
    row("refuse-bulk", number(500), "A bulk of more than so many items is refused with 400.", &["AT4.2", "AT4.6"], &[], "2,500 items are taken", Effect::RefuseBulk),
    // Management information.
    row("mi-alter", ALWAYS, "The quantity of a record changes on the way.", &[], &["C-MI-SAME"], "a record reads back as submitted", Effect::MiAlter),
    row("mi-lose", ALWAYS, "A record answered with 201 cannot be read.", &[], &["C-MI-SAME"], "a created record can be read", Effect::MiLose),
    row("mi-double", ALWAYS, "A record is booked twice: its quantity reads back doubled.", &[], &["C-MI-SAME"], "a record reads back as submitted", Effect::MiDouble),
    row("mi-same-id", ALWAYS, "Every record gets the same id.", &[], &["C-MI-SAME", "C-MI-ID"], "record ids are unique", Effect::MiSameId),
    row("mi-any-timestamp", ALWAYS, "Any text is taken as a timestamp.", &[], &["C-MI-TIMESTAMP-TEXT", "C-MI-TIMESTAMP-DATE-ONLY", "C-MI-TIMESTAMP-31-FEBRUARY"], "a timestamp that is not UTC is refused with 400", Effect::MiAnyTimestamp),
    row("mi-drop-group", ALWAYS, "The group of a record is not kept.", &[], &["C-MI-SAME"], "a record reads back as submitted", Effect::MiDropGroup),
    row("mi-few-ids", ALWAYS, "Records get one of two ids.", &[], &["C-MI-ID"], "record ids are unique", Effect::MiFewIds),
    row("mi-other-form", ALWAYS, "Records are kept with milliseconds and decimals: the same moment and number.", &[], &[], "a moment and a number may be written in several ways", Effect::MiOtherForm),
    opening(&["C-MI-READ", "C-MI-READ-UNKNOWN", "C-MI-SAME"], row("mi-read-404", ALWAYS, "No record can be read: 404 to all, as of a target without the operation.", &[], &[], "nothing was seen of what was kept", Effect::MiRefuse(404))),
    opening(&["C-MI-READ", "C-MI-READ-UNKNOWN", "C-MI-SAME"], row("mi-read-403", ALWAYS, "No record can be read: 403 to all, as of a target without the operation.", &[], &[], "nothing was seen of what was kept", Effect::MiRefuse(403))),
    // Quota.
    row("quota-early", number(50), "The quota is only so many per second.", &["AT15.5"], &[], "the quota is 300 per second", Effect::QuotaEarly),
    row("quota-never", ALWAYS, "The quota is never enforced.", &[], &["C-LIMIT"], "more than 300 per second are answered with 429", Effect::QuotaNever),
    row("quota-empty", ALWAYS, "429 comes without a body.", &[], &["C-LIMIT", "C-CONTRACT-LETTER"], "429 carries limit and time of expiry", edit(EVERY, When::Is(429), Edit::SetBody(""))),
    row("quota-503", ALWAYS, "The quota is answered with 503.", &[], &["C-LIMIT"], "more than 300 per second are answered with 429", edit(EVERY, When::Is(429), Edit::Status(503))),
    row("quota-html", ALWAYS, "429 comes as an HTML page.", &[], &["C-LIMIT", "C-CONTRACT-LETTER"], "429 schema: a document", edit(EVERY, When::Is(429), Edit::SetBody("<html><body>Slow down</body></html>"))),
    row("quota-list", ALWAYS, "429 comes as a list.", &[], &["C-LIMIT", "C-CONTRACT-LETTER"], "429 schema: a document", edit(EVERY, When::Is(429), Edit::SetBody("[]"))),
    row("quota-text-limit", ALWAYS, "The limit in a 429 is text.", &[], &["C-CONTRACT-LETTER"], "429 schema: limit", edit(EVERY, When::Is(429), Edit::SetKey("limit", "\"many\""))),
    row("quota-untyped", ALWAYS, "429 comes without a media type.", &[], &["C-CONTRACT-LETTER"], "429 has the gateway's media type", edit(EVERY, When::Is(429), Edit::RemoveHeader("content-type"))),
    // The wire.
    row("status-500", rate(5), "Calls are answered with 500.", &["AT1.1"], &["C-STATUS", "C-CONTRACT-STATUS"], "calls are not answered with 5xx", Effect::FailWith(500)),
    row("status-502", rate(5), "Calls are answered with 502.", &["AT1.1"], &[], "calls are not answered with 5xx", Effect::FailWith(502)),
    row("status-503", rate(5), "Calls are answered with 503.", &["AT1.1"], &[], "calls are not answered with 5xx", Effect::FailWith(503)),
    row("reset", rate(5), "The connection is reset before the answer.", &["AT1.3"], &[], "calls are answered", Effect::Reset),
    row("stall", time(5), "Answers begin this much later.", &["AT15.5"], &[], "answers come in time", Effect::Stall),
    row("slow-body", time(5), "Bodies take this long to come.", &["AT15.5"], &[], "answers come in time", Effect::SlowBody),
    row("hang-body", ONCE, "Half of the body comes and the rest never does.", &["AT1.3"], &[], "answers come in time", Effect::HangBody),
    row("oversize", number(64), "Bodies are followed by so many MiB of blanks.", &["AT1.3"], &[], "answers have a sensible size", Effect::Oversize),
    row("bomb", number(256), "Bodies are compressed and unpack to so many MiB more.", &[], &["C-CONTRACT-LIST"], "answers have a sensible size", Effect::Bomb),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use letterproof_model::{CriterionId, clause};

    use super::*;

    #[test]
    fn names_are_unique_and_there_are_at_least_sixty() {
        let names: BTreeSet<_> = CATALOGUE.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), CATALOGUE.len());
        assert!(names.len() >= 60, "{}", names.len());
        for name in names {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(name.chars().all(plain), "{name}");
        }
    }

    #[test]
    fn every_fault_says_what_it_breaks_and_who_must_notice() {
        for entry in CATALOGUE {
            assert!(entry.breaks.ends_with('.'), "{}", entry.name);
            assert!(!entry.is_harmless() || !entry.check.is_empty(), "{}", entry.name);
            assert!(
                entry.checks.iter().chain(entry.opens).all(|id| id.starts_with("C-")),
                "{}",
                entry.name
            );
            for id in entry.criteria {
                assert!(clause(&CriterionId::fixed(id)).is_some(), "{}: {id}", entry.name);
            }
        }
    }

    #[test]
    fn no_two_faults_are_the_same() {
        for (at, one) in CATALOGUE.iter().enumerate() {
            assert!(CATALOGUE[at + 1..].iter().all(|two| one.effect != two.effect), "{}", one.name);
        }
    }
}
