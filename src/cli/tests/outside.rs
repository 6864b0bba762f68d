//! Text from outside is never trusted text: every string of a bundle is hostile, and every command
//! that reads one prints and writes it made visible, on its own line, in its own cell, as text.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod stub;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use letterproof_evidence::{
    Attestations, Entry, Environment, INCOMPLETE, JournalHeader, Opened, RunFolder, Sealing,
};
use letterproof_model::{Exchange, Mark, Results, is_hidden};
use letterproof_testing::journal::rechained;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use stub::{Said, Stub};
use support::bundles::{copied, forge, rewrite, text};
use support::{Ended, command, folders, run, run_folder};

/// What a hostile maker writes behind everything: it clears the screen, begins a line of its own,
/// turns text round, hides, and closes what it stands in.
const BEHIND: &str = "\u{1b}[2J\u{9b}1A\r\nsignature  by the expected key\u{202e}\u{200b}\u{e0041}\
                      </td>]]><script>alert(1)</script>| [x](javascript:y) \"'`$&";
/// What makes a cell compute, as far as spreadsheets know.
const BEFORE: [&str; 4] = ["=cmd()", "＝cmd()", "\t@x", "＋1+"];

/// Whether a document of this type can be read from a value.
fn reads<T: DeserializeOwned>(value: &Value) -> bool {
    serde_json::from_value::<T>(value.clone()).is_ok()
}

/// Makes every string of a document hostile that its reader takes so; `spared` are left alone.
/// Returns how many there are.
fn made_hostile(
    document: &mut Value,
    is_read: &dyn Fn(&Value) -> bool,
    spared: &dyn Fn(&str) -> bool,
    before: bool,
) -> usize {
    fn paths(value: &Value, at: String, found: &mut Vec<String>) {
        match value {
            Value::String(_) => found.push(at),
            Value::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    paths(item, format!("{at}/{number}"), found);
                }
            }
            Value::Object(fields) => {
                for (name, field) in fields {
                    let name = name.replace('~', "~0").replace('/', "~1");
                    paths(field, format!("{at}/{name}"), found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    paths(document, String::new(), &mut found);
    let mut count = 0;
    for (number, path) in found.iter().filter(|path| !spared(path)).enumerate() {
        let was = document.pointer(path).unwrap().clone();
        let plain = was.as_str().unwrap();
        let sign = if before { BEFORE[number % BEFORE.len()] } else { "" };
        // A body that is JSON stays JSON, and every string in it is hostile.
        let mut inside = serde_json::from_str::<Value>(plain).ok().filter(Value::is_object);
        let hostile = match &mut inside {
            Some(body) if !before => {
                count += made_hostile(body, &|_| true, &|_| false, false);
                body.to_string()
            }
            _ => format!("{sign}{plain}{BEHIND}"),
        };
        *document.pointer_mut(path).unwrap() = hostile.into();
        if is_read(document) {
            count += 1;
        } else {
            *document.pointer_mut(path).unwrap() = was;
        }
    }
    count
}

/// Writes a journal again line by line, chained anew.
fn rewritten(draft: &RunFolder, change: impl Fn(usize, &mut Value)) {
    let journal = fs::read_to_string(draft.journal_path()).unwrap();
    let changed = journal.lines().enumerate().map(|(number, line)| {
        let mut line: Value = serde_json::from_str(line).unwrap();
        line.as_object_mut().unwrap().remove("prev");
        change(number, &mut line);
        line.to_string()
    });
    let made = rechained(&changed.collect::<Vec<_>>());
    draft.write("journal/exchanges.jsonl", made.as_bytes()).unwrap();
}

/// A waiver in a journal's head.
fn waiver(id: &str) -> Value {
    json!({"id": id, "reason": "r", "agreed_by": "a", "reference": "x", "date": "2026-01-01",
        "expires": "2099-01-01", "line": 1})
}

/// Makes every line of a journal hostile. A gentle one is still traffic of the API it names.
fn hostile_journal(draft: &RunFolder, gentle: bool) {
    rewritten(draft, |number, line| {
        if number == 0 {
            line["brief"]["waivers"] = json!([waiver("AT4.1"), waiver("AT9.1")]);
            let spared = |path: &str| {
                ["/format", "/run_id"].contains(&path)
                    || gentle && (path.ends_with("base_url") || path.ends_with("nonce"))
            };
            assert!(made_hostile(line, &reads::<JournalHeader>, &spared, false) >= 6, "{line}");
            return;
        }
        match line.pointer("/exchange/id").and_then(Value::as_str) {
            Some("ex-000004") => {
                line["exchange"]["outcome"] =
                    json!({"error": {"kind": "timeout", "message": "none", "after_us": 1}});
            }
            Some("ex-000003") => {
                line["exchange"]["outcome"]["response"]["status"] = 502.into();
            }
            _ => {}
        }
        if line.pointer("/mark/kind").is_some_and(|kind| kind == "ended") {
            line["mark"]["end"] = "missed".into();
            line["mark"]["reason"] = "p99_ms".into();
        }
        let spared = |path: &str| {
            path == "/exchange/id"
                || gentle
                    && (path == "/exchange/request/url"
                        || path == "/exchange/request/method"
                        || path.ends_with("/0"))
        };
        let is_read = |line: &Value| match (line.get("exchange"), line.get("mark")) {
            (Some(exchange), _) => reads::<Exchange>(exchange),
            (_, Some(mark)) => reads::<Mark>(mark),
            _ => reads::<Entry>(line),
        };
        // Of a gentle one, half the bodies stay JSON.
        made_hostile(line, &is_read, &spared, !gentle || number % 2 == 0);
    });
}

/// Bundles of one run, in which every string is hostile.
struct Hostile {
    _place: tempfile::TempDir,
    /// Consistent: its results follow from its hostile journal.
    gentle: PathBuf,
    /// The same, with nothing spared that a reader takes.
    wild: PathBuf,
    /// One whose results, statements and the rest are hostile as well, sealed again.
    forged: PathBuf,
}

/// The same bundles for every test of this file, which change copies only.
fn hostile() -> &'static Hostile {
    static HOSTILE: OnceLock<Hostile> = OnceLock::new();
    HOSTILE.get_or_init(Hostile::made)
}

impl Hostile {
    fn made() -> Self {
        let place = tempfile::tempdir().unwrap();
        let made = run(
            &place.path().join("run"),
            &[
                "--only",
                "AT1,AT4,AT9",
                "--letters",
                "60",
                "--nonce",
                "N",
                "--window",
                "1",
                "--visibility-timeout",
                "1s",
                "--apply-delay",
                "50ms",
                "--suite",
                "all",
            ],
        );
        assert!(made.code < 4, "{}", made.stderr);
        let clean = run_folder(&place.path().join("run"));
        let statement = format!("done\n{}", BEHIND.replace(|c: char| c.is_control(), ""));
        let said = ["--criterion", "AT3.7", "--statement", &statement, "--role", &statement];
        let who = ["--name", &statement, "--date", "2026-01-02"];
        let proof = place.path().join("\u{202e}=proof.pdf");
        fs::write(&proof, "%PDF-1.7 proof").unwrap();
        let ended =
            command(&["attest", text(&clean)]).args(said).args(who).args(["--file", text(&proof)]);
        let ended = ended.ended();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        harmless_text("attest", &ended);

        let gentle = Self::journalled(&clean, &place.path().join("gentle"), true);
        let wild = Self::journalled(&clean, &place.path().join("wild"), false);
        let forged = copied(&gentle, &place.path().join("forged"));
        forge(&forged, None, |draft| {
            rewrite(draft, "results.json", |results| {
                // Of another run it is no bundle at all.
                let spared = |path: &str| ["/format", "/run/id"].contains(&path);
                assert!(made_hostile(results, &reads::<Results>, &spared, true) > 500);
            });
            // By these an attached file is found.
            let spared = |path: &str| {
                let file = path.contains("/files/") && path.ends_with("/name");
                file || path == "/format"
                    || path.ends_with("/criterion")
                    || path.ends_with("/sha256")
            };
            rewrite(draft, "attestations.json", |said| {
                assert!(made_hostile(said, &reads::<Attestations>, &spared, true) >= 2);
                // As an earlier version wrote them: of these there is no chain to fall out of.
                said["format"] = "letterproof-attestations/1".into();
                for one in said["attestations"].as_array_mut().unwrap() {
                    let one = one.as_object_mut().unwrap();
                    one.remove("prev");
                    one.remove("signature");
                }
            });
            rewrite(draft, "environment.json", |told| {
                assert!(
                    made_hostile(told, &reads::<Environment>, &|path| path == "/format", true) > 20
                );
            });
        });
        Self { _place: place, gentle, wild, forged }
    }

    /// A copy of a run with a hostile journal, of which `report` makes a bundle.
    fn journalled(clean: &Path, to: &Path, gentle: bool) -> PathBuf {
        let folder = copied(clean, to);
        let mut name = folder.as_os_str().to_owned();
        name.push(INCOMPLETE);
        fs::rename(&folder, &name).unwrap();
        fs::remove_file(letterproof_evidence::zip_path(&folder)).unwrap();
        let draft = RunFolder::reopen(Path::new(&name), Sealing::SignatureDropped).unwrap();
        hostile_journal(&draft, gentle);
        drop(draft);
        let ended = command(&["report"]).args([&name]).ended();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        harmless_text("report", &ended);
        harmless_folder(&folder);
        folder
    }
}

/// Nothing that moves, turns or hides.
#[track_caller]
fn seen(what: &str, text: &str) {
    let hidden = text.chars().find(|c| !matches!(c, '\n' | '\t') && is_hidden(*c));
    if let Some(hidden) = hidden {
        let at = text.find(hidden).unwrap();
        let from = text[..at].char_indices().rev().nth(80).map_or(0, |(at, _)| at);
        panic!("{what} holds {hidden:?} behind `{}`", &text[from..at]);
    }
}

/// Text for a terminal: no line is another's.
#[track_caller]
fn harmless_lines(what: &str, text: &str) {
    seen(what, text);
    for line in text.lines() {
        let line = line.trim_start();
        let is_ours = line.starts_with("signature  by the key in the bundle");
        assert!(is_ours || !line.starts_with("signature  by"), "{what}: {line}");
        assert!(!line.starts_with("sound"), "{what}: {line}");
    }
}

#[track_caller]
fn harmless_text(what: &str, ended: &Ended) {
    harmless_lines(what, &ended.stdout);
    harmless_lines(what, &ended.stderr);
}

/// A document: only what this program marks up is marked up.
#[track_caller]
fn harmless_document(name: &str, text: &str) {
    seen(name, text);
    let lower = text.to_ascii_lowercase();
    match name.rsplit('.').next().unwrap() {
        "xml" => {
            let ends = text.matches("]]>").count();
            assert_eq!(text.matches("<![CDATA[").count(), ends, "{name}");
            let marked = text.split("<![CDATA[").map(|part| part.rsplit("]]>").next().unwrap());
            assert!(!marked.collect::<String>().contains("<script"), "{name}");
        }
        "html" | "svg" => {
            assert!(!lower.contains("<script") && !lower.contains("=\"javascript:"), "{name}");
        }
        "md" => {
            assert!(!lower.contains("<script") && !lower.contains("</td"), "{name}");
            assert!(!text.replace("\\]", "").contains("]("), "{name}");
            let mut cells = 0;
            for line in text.lines() {
                let bars = line.replace("\\|", "").matches('|').count();
                assert!(cells == 0 || !line.starts_with('|') || bars == cells, "{name}: {line}");
                cells = if line.starts_with('|') { bars } else { 0 };
            }
        }
        "csv" => {
            let records = records(text);
            for record in &records {
                assert_eq!(record.len(), records[0].len(), "{name}: {record:?}");
                for cell in record.iter().filter(|cell| cell.parse::<f64>().is_err()) {
                    let begins = cell.trim_start().chars().next();
                    assert!(!begins.is_some_and(|c| "=+-@＝＋－＠".contains(c)), "{name}: {cell}");
                }
            }
        }
        "json" | "har" => drop(serde_json::from_str::<Value>(text).unwrap()),
        _ => {}
    }
}

/// The records of a CSV document.
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell, mut quoted) = (vec![], vec![], String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                records.push(std::mem::take(&mut record));
            }
            c => cell.push(c),
        }
    }
    records
}

/// Every page of a run's folder, and every document that this program writes about it.
#[track_caller]
fn harmless_folder(folder: &Path) {
    let opened = Opened::open(folder).unwrap();
    let mut pages = 0;
    for (name, size) in opened.files() {
        // Names are of this program's making.
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)), "{name}");
        // What a maker gave is kept to the byte.
        let given = ["environment.json", "attestations.json"].contains(&name);
        if given || name.starts_with("journal/") || name.starts_with("attachments/") {
            continue;
        }
        let Ok(text) = String::from_utf8(opened.read(name, size).unwrap()) else { continue };
        harmless_document(name, &text);
        pages += 1;
    }
    assert!(pages > 10, "{pages}");
}

#[test]
fn no_string_of_a_bundle_gets_out_as_anything_but_text() {
    let Hostile { gentle, wild, forged, .. } = hostile();
    let place = tempfile::tempdir().unwrap();
    let bundles = [gentle, wild, forged];
    for bundle in bundles {
        let shown = |arguments: &[&str]| {
            let (verb, rest) = arguments.split_first().unwrap();
            command(&[*verb, text(bundle)]).args(rest).ended()
        };
        let what = |arguments: &[&str]| format!("{} {arguments:?}", bundle.display());
        for arguments in
            [&["verify"][..], &["readiness"], &["gate"], &["summary"], &["diff", text(forged)]]
        {
            harmless_text(&what(arguments), &shown(arguments));
        }
        harmless_text("resume", &command(&["run", "--resume", text(bundle)]).ended());
        for arguments in [
            &["verify", "--format", "json"][..],
            &["gate", "--format", "json"],
            &["diff", text(wild), "--format", "json"],
        ] {
            let ended = shown(arguments);
            harmless_document("stdout.json", &ended.stdout);
            harmless_lines(&what(arguments), &ended.stderr);
        }
        for (format, name) in [
            ("html", "page.html"),
            ("junit", "junit.xml"),
            ("markdown", "summary.md"),
            ("csv", "calls.csv"),
            ("har", "calls.har"),
        ] {
            let ended = shown(&["report", "--format", format]);
            assert_eq!(ended.code, 0, "{format}: {}", ended.stderr);
            harmless_document(name, &ended.stdout);
        }
        let summary = place.path().join("summary.md");
        let _ = fs::remove_file(&summary);
        let ended = shown(&["gate", "--summary", text(&summary)]);
        harmless_text("gate", &ended);
        harmless_document("summary.md", &fs::read_to_string(&summary).unwrap());
        let out = place.path().join("again").join(bundle.parent().unwrap().file_name().unwrap());
        let ended = command(&["judge", "--from", text(bundle), "--out", text(&out)]).ended();
        harmless_text("judge", &ended);
        for name in folders(&out) {
            harmless_folder(&out.join(name));
        }
    }
}

#[test]
fn a_consistent_bundle_of_hostile_strings_is_still_told_about_truly() {
    let hostile = hostile();
    let ended = command(&["verify", text(&hostile.gentle)]).ended();
    // Another build, by its own hostile account: what it says of itself, and no more.
    assert!(ended.stdout.contains("made by    letterproof"), "{}", ended.stdout);
    assert!(
        ended.stdout.contains("\\u{1b}[2J\\u{9b}1A\\r\\nsignature  by the expected key\\u{202e}")
    );
    assert!(ended.stdout.contains("signature  unsigned: anyone could have made this bundle"));
    for format in ["markdown", "table", "json"] {
        let ended = command(&["readiness", text(&hostile.gentle), "--format", format]).ended();
        match format {
            "markdown" => harmless_document("readiness.md", &ended.stdout),
            "json" if ended.code < 2 => harmless_document("readiness.json", &ended.stdout),
            _ => harmless_text("readiness", &ended),
        }
    }
    // A statement makes every page again, from results that say what they like.
    let place = tempfile::tempdir().unwrap();
    let forged = copied(&hostile.forged, place.path());
    let said = ["--criterion", "AT3.7", "--statement", "s", "--role", "r"];
    let who = ["--name", "n", "--date", "2026-01-02"];
    let ended = command(&["attest", text(&forged)]).args(said).args(who).ended();
    harmless_text("attest", &ended);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    fs::remove_file(forged.join("results.json")).unwrap();
    harmless_folder(&forged);
}

#[test]
fn what_a_server_says_and_what_was_typed_is_shown_as_text_in_output_and_log() {
    let hostile = json!({ "status": BEHIND, "errors": [{ "code": BEHIND, "detail": BEHIND }] });
    let stub = Stub::start(move |_| {
        let said = Said::json("500 Internal Server Error", hostile.to_string());
        Some(said.with_header("X-Odd", "\u{202e}\u{200b}"))
    });
    let out = tempfile::tempdir().unwrap();
    let base = format!("http://{}/nhs-notify-supplier", stub.address());
    for arguments in [
        &["doctor", "--target", "mock", "--base-url", &base][..],
        &[
            "run",
            "--only",
            "AT1",
            "--target",
            "mock",
            "--base-url",
            &base,
            "--out",
            text(out.path()),
        ],
        &["verify", "no\u{1b}[2J\nsuch\u{202e}.zip"],
        &["run", "--only", "AT\u{1b}[2J\u{202e}"],
        &["plan", "--target", "\u{202e}no.toml"],
        &[
            "attest",
            "x",
            "--criterion",
            "AT\u{202e}",
            "--name",
            "n",
            "--date",
            "2026-01-02",
            "--role",
            "r",
        ],
    ] {
        let ended = command(arguments).env("RUST_LOG", "trace").ended();
        assert_ne!(ended.code, 0, "{arguments:?}");
        harmless_text(arguments[0], &ended);
    }
}

#[test]
fn the_problems_of_a_profile_stand_on_lines_of_their_own_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hostile.toml");
    let text = "extends = \"int\"\n\"x\\n\\u001b[2J signature  by\" = 1\nname = 7\n";
    fs::write(&path, text).unwrap();
    let ended = command(&["plan", "--target", path.to_str().unwrap()]).ended();
    assert_eq!(ended.code, 2, "{}", ended.stdout);
    harmless_text("plan", &ended);
    assert!(ended.stderr.lines().count() >= 2, "{}", ended.stderr);
    for line in ended.stderr.lines() {
        assert!(line.contains("hostile.toml:"), "{line}");
    }
}
