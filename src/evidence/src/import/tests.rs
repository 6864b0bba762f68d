//! Recordings of other tools, good and bad, as they are read and as a journal then holds them.

use std::path::Path;

use letterproof_model::{
    Body, Brief, Context, Exchange, Journal as _, Mark, MarkKind, Mode, Outcome, RunEnd, Selection,
    SupplierKind, ToolInfo, TransportErrorKind,
};
use serde_json::{Value, json};

use crate::import::ImportScope;
use crate::import::document::Attached;
use crate::import::har::{Import, Source, read};
use crate::{EvidenceError, JournalHeader, JournalWriter, SavedJournal, read_journal};

pub(super) const BASE: &str = "https://int.example/supplier";
const TOKEN: &str = "https://int.example/oauth2/token";
const STORE: &str = "https://store.example/a.pdf";

/// A call that began so many milliseconds into the recording and took 5 ms.
pub(super) fn entry(at: u32, method: &str, url: &str, status: u16, body: &Value) -> Value {
    let text = if body.is_null() { String::new() } else { body.to_string() };
    json!({
        "startedDateTime": format!("2026-11-20T10:15:{:02}.{:03}Z", at / 1_000, at % 1_000),
        "time": 5.125,
        "timings": { "send": 0, "wait": 4, "receive": 1.125 },
        "request": {
            "method": method, "url": url,
            "headers": [
                { "name": "Authorization", "value": "Bearer CANARY-bearer-0123456789" },
                { "name": "X-Request-ID", "value": format!("5f7e9c3e-0000-4000-8000-{at:012}") },
            ],
        },
        "response": {
            "status": status,
            "headers": [{ "name": "Content-Type", "value": "application/vnd.api+json" }],
            "content": { "size": text.len(), "mimeType": "application/vnd.api+json", "text": text },
        },
    })
}

pub(super) fn har(entries: &[Value]) -> Value {
    json!({ "log": { "version": "1.2", "creator": { "name": "x" }, "entries": entries } })
}

fn status(at: u32) -> Value {
    entry(at, "GET", &format!("{BASE}/_status"), 200, &json!({}))
}

/// A letter's content asked for and downloaded.
fn download(at: u32, signature: &str) -> [Value; 2] {
    let mut asked = entry(at, "GET", &format!("{BASE}/letters/a/data"), 303, &Value::Null);
    let link = format!("{STORE}?X-Amz-Signature={signature}");
    asked["response"]["headers"] = json!([{ "name": "location", "value": link }]);
    let mut fetched = entry(at + 10, "GET", &link, 200, &Value::Null);
    fetched["request"]["headers"] = json!([{ "name": "Accept", "value": "*/*" }]);
    fetched["response"]["headers"] =
        json!([{ "name": "content-type", "value": "application/pdf" }]);
    fetched["response"]["content"] = json!({ "size": 16, "mimeType": "application/pdf",
        "text": "JVBERi0gQ0FOQVJZLi4uLg==", "encoding": "base64" });
    [asked, fetched]
}

fn parsed(text: &[u8]) -> Result<Import, EvidenceError> {
    let scope = ImportScope { base_url: BASE, token_url: Some(TOKEN) };
    let path = Path::new("folder/traffic.har");
    let found = read(path, text, Attached::beside(path), &scope)?;
    let source = Source { name: "traffic.har".into(), size: 1, sha256: "ab".repeat(32) };
    Ok(Import::of(source, found.calls, found.gaps))
}

fn imported(entries: &[Value]) -> Import {
    parsed(har(entries).to_string().as_bytes()).unwrap()
}

fn fault(entries: &[Value]) -> String {
    parsed(har(entries).to_string().as_bytes()).unwrap_err().to_string()
}

/// The journal that a recording becomes, and its text.
pub(super) fn recorded(import: Import) -> (SavedJournal, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    let context = Context { mode: Mode::Observed, ..Context::stand_in(BASE) };
    let brief =
        Brief { supplier: SupplierKind::Imported, ..Brief::new(Selection::everything(), context) };
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let header = JournalHeader::briefed("r1".into(), import.started(), tool, brief);
    let journal = JournalWriter::create(&path, &header).unwrap();
    import.append_to(&journal).unwrap();
    drop(journal);
    (read_journal(&path).unwrap(), std::fs::read_to_string(&path).unwrap())
}

fn exchanges(entries: &[Value]) -> Vec<Exchange> {
    let (journal, _) = recorded(imported(entries));
    journal.recording.exchanges().iter().map(|exchange| Exchange::clone(&exchange)).collect()
}

#[test]
fn calls_are_recorded_in_the_order_in_which_they_began() {
    let list = entry(20, "GET", &format!("{BASE}/letters?limit=5"), 200, &json!({ "data": [] }));
    let found = exchanges(&[list, status(30), status(10)]);
    let told: Vec<String> = found.iter().map(Exchange::headline).collect();
    assert_eq!(
        told,
        [
            "GET /supplier/_status → 200",
            "GET /supplier/letters?limit=5 → 200",
            "GET /supplier/_status → 200",
        ]
    );
    let Outcome::Response(answer) = &found[1].outcome else { panic!("an answer") };
    assert_eq!((answer.headers_us, answer.done_us), (4_000, 5_125));
    assert_eq!(answer.body.json_text(), Some(r#"{"data":[]}"#));
}

#[test]
fn the_journal_says_where_it_comes_from_what_is_missing_and_that_it_is_whole() {
    let import = imported(&[status(10), entry(1, "GET", "https://other.example/", 200, &json!(1))]);
    let (finished, notes) = (import.finished(), import.notes().to_vec());
    assert_eq!(import.started().to_string(), "2026-11-20T10:15:00.01Z");
    assert_eq!(finished.to_string(), "2026-11-20T10:15:00.015125Z");
    assert_eq!(notes[0], "entry 2 was left out: it went to another address");
    let (journal, _) = recorded(import);
    let marks = journal.recording.marks();
    assert!(marks[0].words().starts_with("Imported from traffic.har: "), "{}", marks[0].words());
    assert!(marks[0].words().ends_with("1 call of 2 entries."), "{}", marks[0].words());
    let told = marks.iter().filter(|mark| matches!(mark.kind, MarkKind::Note { .. })).skip(1);
    let told: Vec<String> = told.map(Mark::words).collect();
    let expected: Vec<String> =
        notes.iter().map(|note| format!("Not in the recording: {note}.")).collect();
    assert_eq!(told, expected);
    assert_eq!(RunEnd::of(marks), RunEnd::Whole);
    assert_eq!(marks.last().unwrap().at, finished);
}

#[test]
fn no_secret_and_no_letter_of_a_recording_reaches_the_journal() {
    let mut token = entry(1, "POST", TOKEN, 200, &json!({ "access_token": "CANARY-token-01234" }));
    token["request"]["postData"] = json!({ "mimeType": "application/x-www-form-urlencoded",
        "params": [{ "name": "grant_type", "value": "client_credentials" },
                   { "name": "client_assertion", "value": "CANARY-assertion-0123456789" }] });
    let mut texted = token.clone();
    texted["startedDateTime"] = json!("2026-11-20T10:15:00.005Z");
    texted["request"]["postData"] = json!({ "mimeType": "application/x-www-form-urlencoded",
        "text": "grant_type=client_credentials&client_assertion=CANARY-assertion-0123456789" });
    let mut entries = vec![token, texted, status(30)];
    entries.extend(download(40, "CANARYsignature0123"));
    let (journal, text) = recorded(imported(&entries));
    assert!(!text.contains("CANARY"), "{text}");
    let [.., asked, fetched] = &journal.recording.exchanges().to_vec()[..] else {
        panic!("five calls")
    };
    let location = asked.response().unwrap().header("location").unwrap();
    assert_eq!(location, fetched.request.url, "the link is known again by its hash");
    assert!(
        matches!(&fetched.response().unwrap().body, Body::Pdf(content) if content.length == 16)
    );
}

#[test]
fn only_links_that_the_api_gave_are_kept_of_other_hosts() {
    let mut entries = vec![status(1)];
    let [asked, fetched] = download(40, "x");
    // Listed by their end, a download may come before the call that gave its link.
    entries.extend([fetched, asked]);
    entries.push(entry(60, "GET", "https://store.example/b.pdf?X-Amz-Signature=x", 200, &json!(1)));
    entries.push(entry(61, "POST", "https://tracker.example/", 200, &json!(1)));
    entries.push(entry(62, "GET", "data:text/plain,x", 200, &json!(1)));
    let import = imported(&entries);
    assert_eq!(import.calls(), 3);
    let words = "3 entries (4 to 6) were left out: they went to other addresses";
    assert_eq!(import.notes()[0], words);
}

#[test]
fn what_is_wrong_with_other_peoples_traffic_does_not_matter() {
    let mut broken = entry(60, "GET", "https://tracker.example/", 200, &json!(1));
    broken["time"] = json!(-1);
    let link = download(40, "x");
    assert_eq!(imported(&[status(1), broken, link[0].clone()]).calls(), 2);
    let mut entries = vec![status(1)];
    entries.extend(link);
    entries[2]["startedDateTime"] = json!("yesterday");
    let import = imported(&entries);
    let words = "entry 3 was left out: its `startedDateTime` is not a time with an offset from UTC";
    assert_eq!((import.calls(), import.notes()[0].as_str()), (2, words));
}

#[test]
fn a_recording_of_another_api_is_refused_and_its_hosts_are_named() {
    let other = entry(1, "GET", "https://sandbox.example:8443/supplier/letters", 200, &json!(1));
    let words = fault(&[other]);
    assert!(words.contains("none of its 1 entries is a call of https://int.example/supplier"));
    assert!(words.contains("went to https://sandbox.example:8443;"), "{words}");
    assert!(words.contains("--base-url"), "{words}");
    assert!(fault(&[]).contains("none of its 0 entries"), "{}", fault(&[]));
}

#[test]
fn an_entry_that_cannot_be_true_is_left_out_and_named_by_its_number() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 9] = [
        ("it has no `request`", |entry| entry["request"] = Value::Null),
        ("its request has no `url`", |entry| entry["request"]["url"] = Value::Null),
        ("its `url` is not an address", |entry| entry["request"]["url"] = json!("/letters")),
        ("its request has no `method`", |entry| entry["request"]["method"] = json!("GET CANARY")),
        ("it has no `startedDateTime`", |entry| entry["startedDateTime"] = Value::Null),
        ("its `startedDateTime` is not a time", |entry| entry["startedDateTime"] = json!("CANARY")),
        ("is in the year 1970", |entry| entry["startedDateTime"] = json!("1970-01-01T00:00:00Z")),
        ("longer than 1048576 bytes", |entry| {
            entry["request"]["headers"][0]["value"] = json!("CANARY".repeat(200_000));
        }),
        ("not in letterproof's format", |entry| {
            entry["_letterproof"] = json!({ "responseBody": { "length": 1, "sha256": "CANARY" } });
        }),
    ];
    for (words, change) in changes {
        let mut entries = vec![status(1), status(2)];
        change(&mut entries[1]);
        let import = imported(&entries);
        let told = &import.notes()[0];
        assert!(told.starts_with("entry 2 was left out: ") && told.contains(words), "{told}");
        assert_eq!(import.calls(), 1);
        // Where nothing is left, the first of them is the reason.
        let told = fault(&entries[1..]);
        assert!(told.contains("; entry 1 cannot be used: ") && told.contains(words), "{told}");
        assert!(!told.contains("CANARY"), "{told}");
    }
}

#[test]
fn a_call_loses_no_more_than_what_cannot_be_true_in_it() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 6] = [
        ("its `time` is negative and was not read", |entry| entry["time"] = json!(-5)),
        ("its `time` is longer than a day", |entry| entry["time"] = json!(1e12)),
        ("its status is not an HTTP status code", |entry| {
            entry["response"]["status"] = json!(70_000)
        }),
        ("its status is not an HTTP status code", |entry| {
            entry["response"]["status"] = json!(200.5)
        }),
        ("header without a name", |entry| {
            let headers = &mut entry["response"]["headers"];
            headers.as_array_mut().unwrap().push(json!({ "value": "CANARY" }));
        }),
        ("its body is not valid base64", |entry| {
            entry["response"]["content"] = json!({ "text": "CANARY!", "encoding": "base64" });
        }),
    ];
    for (words, change) in changes {
        let mut entries = vec![status(1), status(2)];
        change(&mut entries[1]);
        let import = imported(&entries);
        let told = &import.notes()[0];
        assert!(told.starts_with("entry 2: ") && told.contains(words), "{words}: {told}");
        let (journal, text) = recorded(import);
        assert_eq!(journal.recording.exchanges().len(), 2, "{words}");
        assert!(!text.contains("CANARY"), "{text}");
    }
}

#[test]
fn values_of_other_types_are_read_for_what_they_mean() {
    let mut loose = status(1);
    loose["time"] = json!("5.125");
    loose["request"]["headers"] = json!([{ "name": "X-Request-ID", "value": 7 }, "odd", null]);
    loose["response"]["status"] = json!("200");
    loose["response"]["headers"] = json!("none");
    let found = &exchanges(&[loose])[0];
    assert_eq!(found.request.header("x-request-id"), Some("7"));
    assert_eq!((found.status(), found.response().unwrap().done_us), (Some(200), 5_125));
}

#[test]
fn calls_without_an_answer_are_failures_and_no_answers() {
    let mut aborted = status(1);
    aborted["response"] = json!({ "status": 0, "_error": "net::ERR_CONNECTION_RESET" });
    let mut cut = status(2);
    cut["response"]["_error"] = json!("net::ERR_CONTENT_LENGTH_MISMATCH");
    let mut silent = status(3);
    silent["response"] = Value::Null;
    let import = imported(&[aborted, cut, silent]);
    assert!(import.notes().contains(&"3 calls have no answer".to_owned()), "{:?}", import.notes());
    let (journal, _) = recorded(import);
    let all = journal.recording.exchanges().to_vec();
    let errors = all.iter().map(|exchange| exchange.error().unwrap());
    let told: Vec<_> = errors.map(|error| (error.kind, error.status, error.after_us)).collect();
    assert_eq!(
        told,
        [
            (TransportErrorKind::Reset, None, 5_125),
            (TransportErrorKind::Body, Some(200), 5_125),
            (TransportErrorKind::Interrupted, None, 5_125),
        ]
    );
}

#[test]
fn bodies_that_a_recording_does_not_hold_are_counted_and_are_no_empty_bodies() {
    let mut list = entry(1, "GET", &format!("{BASE}/letters"), 200, &Value::Null);
    list["response"]["content"] = json!({ "size": 700, "mimeType": "application/json" });
    let update = entry(2, "POST", &format!("{BASE}/letters"), 202, &Value::Null);
    let mut entries = vec![list, update];
    entries.extend(download(3, "x"));
    entries[3]["response"]["content"] = json!({});
    let import = imported(&entries);
    for note in ["1 response has no body", "1 request has no body", "1 download holds no content"] {
        assert!(import.notes().contains(&note.to_owned()), "{note}: {:?}", import.notes());
    }
    let (journal, _) = recorded(import);
    let [list, update, asked, fetched] = &journal.recording.exchanges().to_vec()[..] else {
        panic!("four")
    };
    assert!(list.response().unwrap().body.is_unrecorded());
    assert_eq!(list.response().unwrap().body.length(), 700);
    assert!(update.request.body.is_unrecorded());
    assert_eq!(update.response().unwrap().body, Body::None);
    assert_eq!(asked.response().unwrap().body, Body::None);
    assert!(fetched.response().unwrap().body.is_unrecorded());
    assert_eq!(fetched.response().unwrap().body.content(), None);
}

#[test]
fn a_clock_of_whole_seconds_is_refused_once_it_is_no_chance() {
    let seconds = |calls: u32| (0..calls).map(|at| status(at * 1_000)).collect::<Vec<_>>();
    assert_eq!(imported(&seconds(10)).calls(), 10);
    assert!(fault(&seconds(11)).contains("whole seconds"));
    let mut finer = seconds(11);
    finer[5] = status(5_001);
    assert!(imported(&finer).notes().contains(&"times are rounded to milliseconds".to_owned()));
}

#[test]
fn a_byte_order_mark_is_no_fault() {
    let text = [&b"\xef\xbb\xbf"[..], har(&[status(1)]).to_string().as_bytes()].concat();
    assert_eq!(parsed(&text).unwrap().calls(), 1);
}

mod hostile {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{download, entry, har, parsed, recorded, status};

    /// Reads a file, and records what could be read: neither may end in a panic.
    fn survives(text: &[u8]) {
        if let Ok(import) = parsed(text) {
            let calls = import.calls();
            let (journal, _) = recorded(import);
            let kept = letterproof_model::Journal::exchanges(&journal.recording).len();
            assert_eq!(kept, calls);
        }
    }

    fn sound() -> Value {
        let update = json!({ "data": [] });
        let mut entries =
            vec![status(1), entry(2, "POST", "https://int.example/supplier/letters", 202, &update)];
        entries.extend(download(10, "x"));
        har(&entries)
    }

    /// Something else in place of a value.
    fn other() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,40}".prop_map(Value::from),
            "[0-9TZ:.+-]{0,30}".prop_map(Value::from),
            "https?://[a-z./:@?#%0-9\\[\\]-]{0,40}".prop_map(Value::from),
            Just(json!([])),
            Just(json!({})),
            Just(json!([null, {}])),
        ]
    }

    /// Every place of a document.
    fn places(value: &Value, place: &str, found: &mut Vec<String>) {
        found.push(place.to_owned());
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate();
                items.for_each(|(at, item)| places(item, &format!("{place}/{at}"), found));
            }
            Value::Object(fields) => {
                let fields = fields.iter();
                fields.for_each(|(name, item)| places(item, &format!("{place}/{name}"), found));
            }
            _ => {}
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

        #[test]
        fn arbitrary_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            survives(&text);
        }

        #[test]
        fn a_har_cut_off_or_with_bytes_changed_never_panics(
            cut in 0.0..1.0_f64,
            at in 0.0..1.0_f64,
            byte in any::<u8>(),
        ) {
            let mut text = sound().to_string().into_bytes();
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
            let place = |part: f64| (part * text.len() as f64) as usize;
            let (cut, at) = (place(cut), place(at));
            text[at] = byte;
            survives(&text);
            survives(&text[..cut]);
        }

        #[test]
        fn a_har_with_other_values_never_panics(
            changes in proptest::collection::vec((any::<prop::sample::Index>(), other()), 1..4),
        ) {
            let mut document = sound();
            for (at, other) in changes {
                let mut found = Vec::new();
                places(&document, "", &mut found);
                if let Some(value) = document.pointer_mut(&found[at.index(found.len())]) {
                    *value = other;
                }
            }
            survives(document.to_string().as_bytes());
        }
    }
}
