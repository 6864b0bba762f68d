//! What other tools' recordings become: one foreign or odd entry never costs the recording, and
//! what a browser or a compressor did is never held against the API.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::io::Write as _;
use std::path::Path;

use letterproof_evidence::{
    EvidenceError, Import, ImportScope, JournalHeader, JournalWriter, is_har_zip, read_har,
    read_journal, sha256_hex,
};
use letterproof_model::{Body, Brief, Context, Exchange, Journal as _, Mode, Selection, ToolInfo};
use serde_json::{Value, json};

const BASE: &str = "https://int.api.service.nhs.uk/nhs-notify-supplier";
const LIST: &str = "{\"data\": [{\"id\": \"A1\", \"type\": \"Letter\", \"attributes\": \
                    {\"status\": \"PENDING\", \"specificationId\": \
                    \"integration-specification-english\", \"groupId\": \"g1\"}}]}";

fn import(path: &Path) -> Result<Import, EvidenceError> {
    read_har(path, &ImportScope { base_url: BASE, token_url: None })
}

/// What a recording's calls became, and the notes on what is missing of single entries.
fn read(path: &Path) -> (Vec<Exchange>, Vec<String>) {
    let import = import(path).unwrap();
    let mut notes = import.notes().to_vec();
    notes.retain(|note| note.starts_with("entry") || note.contains("entries ("));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("exchanges.jsonl");
    let context = Context { mode: Mode::Observed, ..Context::stand_in(BASE) };
    let brief = Brief::new(Selection::everything(), context);
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let header = JournalHeader::briefed("r1".into(), import.started(), tool, brief);
    let journal = JournalWriter::create(&path, &header).unwrap();
    import.append_to(&journal).unwrap();
    drop(journal);
    let saved = read_journal(&path).unwrap();
    let exchanges = saved.recording.exchanges().iter();
    (exchanges.map(|exchange| Exchange::clone(&exchange)).collect(), notes)
}

fn case(name: &str) -> (Vec<Exchange>, Vec<String>) {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/har").join(name))
}

/// The plain case's entry, to be made odd.
fn entry() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/har/plain.har");
    let har: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    har["log"]["entries"][0].clone()
}

fn har(version: &str, entries: &[Value]) -> Vec<u8> {
    let creator = json!({ "name": "recorder", "version": "1" });
    let log = json!({ "version": version, "creator": creator, "entries": entries });
    json!({ "log": log }).to_string().into_bytes()
}

/// A folder with these files, and the path of the first.
fn written(files: &[(&str, &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let path = folder.path().join(files[0].0);
    (folder, path)
}

fn read_entries(entries: &[Value]) -> (Vec<Exchange>, Vec<String>) {
    let (_folder, path) = written(&[("traffic.har", &har("1.2", entries))]);
    read(&path)
}

#[track_caller]
fn answered(exchange: &Exchange, text: &str) {
    assert_eq!(exchange.status(), Some(200));
    assert_eq!(exchange.response().unwrap().body, Body::Json { text: text.to_owned() });
}

/// The one call of a recording, its list read in full.
#[track_caller]
fn whole(found: (Vec<Exchange>, Vec<String>), notes: &[&str]) {
    let (exchanges, found) = found;
    assert_eq!(found, notes);
    let [exchange] = exchanges.as_slice() else { panic!("{} calls", exchanges.len()) };
    answered(exchange, LIST);
}

/// The one call of a recording, of whose body nothing is known but its length.
#[track_caller]
fn without_body((exchanges, found): (Vec<Exchange>, Vec<String>), notes: &[&str]) {
    assert_eq!(found, notes);
    let [exchange] = exchanges.as_slice() else { panic!("{} calls", exchanges.len()) };
    assert_eq!(exchange.status(), Some(200));
    assert!(exchange.response().unwrap().body.is_unrecorded());
}

#[test]
fn a_plain_recording_is_read_in_full() {
    whole(case("plain.har"), &[]);
}

#[test]
fn base64_that_nobody_announced_is_known_by_its_length() {
    whole(case("base64-without-encoding.har"), &[]);
}

#[test]
fn a_browsers_preflight_is_no_call_of_the_supplier() {
    let note = "entry 1 was left out: it is a browser's own request (a CORS preflight)";
    whole(case("cors-preflight.har"), &[note]);
}

#[test]
fn a_foreign_entry_without_an_address_is_left_out() {
    whole(case("foreign-empty-url.har"), &["entry 2 was left out: its `url` is not an address"]);
    whole(case("foreign-relative-url.har"), &["entry 2 was left out: its `url` is not an address"]);
}

#[test]
fn a_foreign_entry_of_loose_types_is_left_out() {
    whole(case("foreign-loose-types.har"), &["entry 2 was left out: it went to another address"]);
}

#[test]
fn a_body_that_is_not_the_base64_it_claims_to_be_is_not_recorded_and_the_call_is() {
    let note = "entry 1: its body is not valid base64";
    without_body(case("own-base64-that-is-not.har"), &[note]);
}

#[test]
fn a_body_that_is_still_packed_is_unpacked() {
    whole(case("own-gzip-kept.har"), &[]);
}

#[test]
fn a_negative_time_is_left_out_and_its_parts_are_read() {
    let found = case("own-time-slightly-negative.har");
    let response = found.0[0].response().unwrap();
    assert_eq!((response.headers_us, response.done_us), (40_437, 41_337));
    whole(found, &["entry 1: its `time` is negative and was not read"]);
}

#[test]
fn what_browsers_answer_from_their_cache_is_no_answer_of_the_api() {
    type Change = fn(&mut Value);
    let changes: [Change; 5] = [
        |entry| entry["_fromCache"] = json!("disk"),
        |entry| entry["fromCache"] = json!(true),
        |entry| entry["response"]["_fromDiskCache"] = json!(true),
        |entry| entry["response"]["_fromMemoryCache"] = json!("true"),
        |entry| entry["response"]["status"] = json!(304),
    ];
    for change in changes {
        let mut cached = entry();
        change(&mut cached);
        let found = read_entries(&[cached.clone(), entry()]);
        whole(found, &["entry 1 was left out: a browser's cache answered it, not the API"]);
    }
    let mut fresh = entry();
    fresh["_fromCache"] = json!(false);
    whole(read_entries(&[fresh]), &[]);
}

#[test]
fn a_preflight_is_known_by_what_it_asks_or_by_its_type_and_other_options_calls_are_kept() {
    let mut preflight = entry();
    preflight["request"]["method"] = json!("OPTIONS");
    let kept = read_entries(&[preflight.clone()]);
    assert_eq!((kept.0.len(), kept.1), (1, vec![]), "nothing says that a browser asked");
    preflight["_resourceType"] = json!("preflight");
    let note = "entry 1 was left out: it is a browser's own request (a CORS preflight)";
    whole(read_entries(&[preflight, entry()]), &[note]);
}

#[test]
fn a_call_without_an_answer_is_no_answer() {
    for status in [json!(0), json!(-1), Value::Null] {
        let mut aborted = entry();
        aborted["response"]["status"] = status;
        aborted["response"]["_failureText"] = json!("net::ERR_CONNECTION_RESET");
        let (exchanges, notes) = read_entries(&[aborted]);
        assert_eq!(notes, Vec::<String>::new());
        assert_eq!(exchanges[0].error().unwrap().message, "net::ERR_CONNECTION_RESET");
    }
}

#[test]
fn a_coding_that_is_not_unpacked_is_named_and_its_body_is_not_recorded() {
    let mut packed = entry();
    packed["response"]["headers"] = json!([{ "name": "Content-Encoding", "value": "zstd" }]);
    packed["response"]["content"] =
        json!({ "size": 152, "mimeType": "x", "text": "KLUv/QAA", "encoding": "base64" });
    without_body(read_entries(&[packed]), &["entry 1: body not read: zstd"]);
}

#[test]
fn har_1_1_is_read_also_where_nothing_names_the_version() {
    let mut old = entry();
    old["response"]["content"]["text"] = case_base64();
    for version in ["1.1", ""] {
        let (_folder, path) = written(&[("traffic.har", &har(version, &[old.clone()]))]);
        whole(read(&path), &[]);
    }
}

/// The list as HAR 1.1 has it, which has no field for the encoding.
fn case_base64() -> Value {
    let path = "tests/cases/har/base64-without-encoding.har";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    let har: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    har["log"]["entries"][0]["response"]["content"]["text"].clone()
}

#[test]
fn a_byte_order_mark_is_passed_over_and_another_encoding_is_named() {
    let text = har("1.2", &[entry()]);
    let marked = [&b"\xef\xbb\xbf"[..], &text].concat();
    let (_folder, path) = written(&[("traffic.har", &marked)]);
    whole(read(&path), &[]);
    let wide: Vec<u8> =
        String::from_utf8(text).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = [&b"\xff\xfe"[..], &wide].concat();
    let (_folder, path) = written(&[("traffic.har", &wide)]);
    let error = import(&path).unwrap_err().to_string();
    assert!(error.contains("it is UTF-16 text; save it as UTF-8"), "{error}");
}

/// An entry whose body lies in this file.
fn attached(file: &str) -> Value {
    let mut entry = entry();
    entry["response"]["content"] = json!({ "size": -1, "mimeType": "x", "_file": file });
    entry
}

#[test]
fn a_body_in_a_file_beside_the_recording_is_read() {
    let text = har("1.2", &[attached("0a1b.json")]);
    let (_folder, path) = written(&[("traffic.har", &text), ("0a1b.json", LIST.as_bytes())]);
    whole(read(&path), &[]);
}

#[test]
fn an_attached_body_that_is_not_there_or_lies_elsewhere_is_not_recorded() {
    let missing = "entry 1: the file that holds its body is missing";
    let unsafe_name = "entry 1: the file that holds its body has a name that is not allowed";
    for (name, note) in [
        ("0a1b.json", missing),
        ("link.json", missing),
        ("folder", missing),
        ("../secret.json", unsafe_name),
        ("/etc/hostname", unsafe_name),
        ("..", unsafe_name),
        ("a\\b", unsafe_name),
    ] {
        let outer = tempfile::tempdir().unwrap();
        std::fs::write(outer.path().join("secret.json"), LIST).unwrap();
        let folder = outer.path().join("har");
        std::fs::create_dir_all(folder.join("folder")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret.json", folder.join("link.json")).unwrap();
        std::fs::write(folder.join("traffic.har"), har("1.2", &[attached(name)])).unwrap();
        without_body(read(&folder.join("traffic.har")), &[note]);
    }
}

#[test]
fn an_attached_body_beyond_the_limit_is_not_recorded() {
    let (folder, path) = written(&[("traffic.har", &har("1.2", &[attached("large.json")]))]);
    let large = std::fs::File::create(folder.path().join("large.json")).unwrap();
    large.set_len((64 << 20) + 1).unwrap();
    without_body(read(&path), &["entry 1: the file that holds its body is too large"]);
}

/// A zip of these files, as Playwright makes one.
fn zipped(files: &[(&str, &[u8])]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traffic.har.zip");
    let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap();
    (folder, path)
}

#[test]
fn a_zip_with_the_bodies_beside_the_recording_is_read() {
    let mut sent = attached("list.json");
    sent["request"]["method"] = json!("POST");
    sent["request"]["url"] = json!(format!("{BASE}/letters"));
    sent["request"]["postData"] = json!({ "mimeType": "x", "text": "", "_file": "sent.json" });
    let text = har("1.2", &[attached("list.json"), sent]);
    for prefix in ["", "recording/"] {
        let names = ["har.har", "list.json", "sent.json"].map(|name| format!("{prefix}{name}"));
        let (_folder, path) = zipped(&[
            (&names[0], &text),
            (&names[1], LIST.as_bytes()),
            (&names[2], b"{\"data\":[]}"),
            ("__MACOSX/._har.har", b"x"),
        ]);
        assert!(is_har_zip(&path).unwrap());
        let (exchanges, notes) = read(&path);
        assert_eq!(notes, Vec::<String>::new());
        answered(&exchanges[0], LIST);
        assert_eq!(exchanges[1].request.body.json_text(), Some("{\"data\":[]}"));
        let mark = import(&path).unwrap();
        assert_eq!(mark.calls(), 2);
    }
}

#[test]
fn the_record_names_the_zip_by_its_own_hash() {
    let (_folder, path) = zipped(&[("har.har", &har("1.2", &[entry()]))]);
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("exchanges.jsonl");
    let import = import(&path).unwrap();
    let context = Context { mode: Mode::Observed, ..Context::stand_in(BASE) };
    let brief = Brief::new(Selection::everything(), context);
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let header = JournalHeader::briefed("r1".into(), import.started(), tool, brief);
    import.append_to(&JournalWriter::create(&journal, &header).unwrap()).unwrap();
    let saved = read_journal(&journal).unwrap();
    let text = saved.recording.marks()[0].words();
    assert!(text.contains(&sha256_hex(&std::fs::read(&path).unwrap())), "{text}");
}

#[test]
fn names_in_a_zip_lead_nowhere_else() {
    let text = har("1.2", &[attached("../secret.json")]);
    let (_folder, path) = zipped(&[("recording/har.har", &text), ("secret.json", LIST.as_bytes())]);
    let note = "entry 1: the file that holds its body has a name that is not allowed";
    without_body(read(&path), &[note]);
}

#[test]
fn a_zip_that_is_no_recording_is_refused_by_name() {
    let text = har("1.2", &[entry()]);
    for (files, words) in [
        (vec![("x.txt", &b"x"[..])], "a zip without a .har file"),
        (vec![("a.har", &text[..]), ("b.har", &text[..])], "several .har files"),
        (
            vec![("run/traffic.har", &text[..]), ("run/journal/exchanges.jsonl", b"{}")],
            "with --from",
        ),
    ] {
        let (_folder, path) = zipped(&files);
        assert!(!is_har_zip(&path).unwrap(), "{words}");
        let error = import(&path).unwrap_err().to_string();
        assert!(error.contains(words), "{words}: {error}");
    }
    let (_folder, path) = written(&[("x.har.zip", b"PK\x03\x04 and nothing more")]);
    assert!(import(&path).unwrap_err().to_string().contains("a zip that cannot be read"));
}
