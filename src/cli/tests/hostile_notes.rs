//! Nothing that a person types on the witness's page decides anything: a note is a note, and a label
//! is a hint.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may end so")]

mod support;

use std::path::PathBuf;

use letterproof_contract::Contract;
use letterproof_evidence::{Bundle, JOURNAL_FORMAT};
use letterproof_judge::{Head, conclude};
use letterproof_mock::AuthMode;
use letterproof_model::{Exchange, Journal as _, Mark, MarkKind, Recording, Results};
use support::run_folder;
use support::watched::{Double, Watching, api_headers, call, verified};

/// The update that breaks the contract.
const VIOLATING: &str = "ex-000002";
/// The call that the witness makes go wrong.
const INJECTED: &str = "ex-000003";

/// Fifty notes of somebody who knows the journal well.
fn hostile() -> Vec<String> {
    let mut notes = Vec::new();
    for exchange in ["ex-000001", VIOLATING, INJECTED, "ex-000004", "ex-999999"] {
        notes.push(format!("injected into {exchange}: retry after lunch"));
        notes.push(format!("injected into {exchange}:"));
        notes.push(format!(r#"{{"kind":"injected","exchange":"{exchange}","rule":"503"}}"#));
        notes.push(format!("note\ninjected into {exchange}: 503"));
    }
    let rest = [
        "injected into ",
        "Injected into ex-000002: 503",
        "whole",
        "interrupted",
        "stopped: the disk is full",
        "missed: p99_ms",
        "refused: too few letters",
        "every step succeeded",
        "the run was asked to stop",
        "AT4.1 is pass",
        "AT4 every step succeeded",
        "scenario-started",
        "scenario-finished",
        "resumed",
        "The run was resumed after an interruption; nothing was recorded in between.",
        "ended",
        "Waiting 9999999.0 s: letters are hidden",
        r#"","kind":"injected","exchange":"ex-000002"#,
        r#"x"}}\n{"prev":"","mark":{"kind":"resumed"}}"#,
        "{\"prev\":\"0000\",\"mark\":{\"kind\":\"ended\",\"end\":\"whole\"}}",
        r#"{"at":"1970-01-01T00:00:00Z","kind":"resumed"}"#,
        r#"{"format":"letterproof-journal/1"}"#,
        "letterproof-journal/1",
        "\r\n\r\n{\"exchange\":null}",
        "\u{0}injected into ex-000002: 503\u{1b}[2K",
        "\u{2028}injected into ex-000002: 503",
        "F-SUPPLIER is waived until 2099-12-31",
        "exit_code: 0",
        "</span><script>alert(1)</script>",
        "=HYPERLINK(\"http://x.example\")",
    ];
    notes.extend(rest.map(str::to_owned));
    assert_eq!(notes.len(), 50);
    notes
}

/// Labels in the same spirit; those that name a test would be attempts at it, a hint for readers.
const LABELS: [&str; 6] = [
    "injected into ex-000002: 503",
    "whole",
    "every step succeeded",
    r#"{"kind":"resumed"}"#,
    "AT4 every step succeeded",
    "AT4\u{0} injected into ex-000002: 503",
];

/// What a session left.
struct Session {
    code: i32,
    folder: PathBuf,
    _out: tempfile::TempDir,
}

impl Session {
    /// A system lists letters, sends an update that breaks the contract, and one that the witness
    /// lets fail; meanwhile somebody types.
    fn of(notes: &[String], labels: &[&str]) -> Self {
        let (double, out) = (Double::start(5, AuthMode::None), tempfile::tempdir().unwrap());
        let upstream = ["--upstream", "mock", "--base-url", double.server.base_url()];
        let rest = ["--only", "AT1,AT4", "--inject", "POST /mi: 500"];
        let witness = Watching::start(out.path(), &[&upstream[..], &rest].concat(), &[]);
        let (base, page) = (witness.url("base_url").to_owned(), witness.url("ui").to_owned());
        let typed = |path: &str, name: &str, text: &str| {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .append_pair(name, text)
                .finish();
            assert_eq!(call("POST", &format!("{page}{path}"), "", &form).status, 200, "{text}");
        };
        let type_some = |part: usize| {
            let (note, label) = (notes.len().div_ceil(4), labels.len().div_ceil(4));
            notes.chunks(note.max(1)).nth(part).into_iter().flatten().for_each(|text| {
                typed("mark", "text", text);
            });
            labels.chunks(label.max(1)).nth(part).into_iter().flatten().for_each(|text| {
                typed("scenario/begin", "label", text);
            });
        };
        type_some(0);
        let list = call("GET", &format!("{base}/letters?limit=10"), &api_headers(""), "");
        let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
        type_some(1);
        let update = serde_json::json!({ "data": [{ "type": "Letter", "id": list["data"][0]["id"],
            "attributes": { "status": "EATEN_BY_THE_DOG" } }] });
        call("POST", &format!("{base}/letters"), &api_headers(""), &update.to_string());
        type_some(2);
        assert_eq!(call("POST", &format!("{base}/mi"), &api_headers(""), "{}").status, 500);
        type_some(3);
        let code = witness.finished();
        Self { code, folder: run_folder(out.path()), _out: out }
    }

    fn bundle(&self) -> Bundle {
        Bundle::open(&self.folder).unwrap()
    }

    /// What it came to, without what differs from run to run.
    fn came_to(&self) -> (i32, Vec<String>, Vec<String>) {
        let results = self.bundle().results;
        assert_eq!(self.code, i32::from(results.exit_code));
        let criteria = results.tests.iter().flat_map(|test| &test.criteria);
        let checks = results.observer.iter().map(|check| (&check.id, check.verdict));
        let verdicts = criteria.map(|one| (&one.id, one.verdict)).chain(checks);
        let verdicts = verdicts.map(|(id, verdict)| format!("{id} {verdict}")).collect();
        let findings = results.findings.iter();
        let findings =
            findings.map(|one| format!("{} {} {:?}", one.id, one.count, one.exchanges)).collect();
        (self.code, verdicts, findings)
    }

    fn is_verified(&self) {
        let told = verified(&self.folder);
        assert_eq!(told.code, 0, "{}{}", told.stdout, told.stderr);
        assert!(!told.stdout.contains("free text"), "{}", told.stdout);
    }
}

/// What the judges of a run conclude from these entries under the head of a bundle's journal.
fn concluded(bundle: &Bundle, recording: &Recording) -> Results {
    let header = &bundle.journal.header;
    let brief = header.brief.as_ref().unwrap();
    let head = Head { run_id: &header.run_id, started: header.started, tool: &header.tool, brief };
    conclude(recording, &head, Contract::built_in().unwrap())
}

#[test]
fn fifty_hostile_notes_change_nothing() {
    let (control, noted) = (Session::of(&[], &[]), Session::of(&hostile(), &[]));
    let came_to = control.came_to();
    let against = |exchange: &str| came_to.2.iter().any(|finding| finding.contains(exchange));
    assert!(against(VIOLATING), "the control finds it: {:?}", came_to.2);
    assert!(!against(INJECTED), "an injected fault is nobody's: {:?}", came_to.2);
    assert_eq!(noted.came_to(), came_to);
    for session in [&control, &noted] {
        session.is_verified();
    }

    let bundle = noted.bundle();
    assert_eq!(bundle.journal.header.format, JOURNAL_FORMAT);
    let recording = &bundle.journal.recording;
    let is_note = |mark: &&Mark| matches!(mark.kind, MarkKind::Note { .. });
    assert_eq!(recording.marks().iter().filter(is_note).count(), 50);
    let injected: Vec<_> = recording.marks().iter().filter_map(Mark::injected_into).collect();
    assert_eq!(injected, [INJECTED.into()]);
    // The document is, to the letter, that of the same journal without its notes.
    let marks = recording.marks().iter().filter(|mark| !is_note(mark)).cloned().collect();
    let without = Recording::new(recording.exchanges().to_vec(), marks);
    assert_eq!(concluded(&bundle, &without), bundle.results);
}

#[test]
fn hostile_labels_are_hints() {
    let (control, labelled) = (Session::of(&[], &[]), Session::of(&[], &LABELS));
    assert_eq!(labelled.came_to(), control.came_to());
    labelled.is_verified();
    let bundle = labelled.bundle();
    let recording = &bundle.journal.recording;
    assert_eq!(recording.marks().iter().filter_map(Mark::injected_into).count(), 1);
    // But for the attempts, which are what the labels hint at, nothing rests on them.
    let marks = recording.marks().iter().filter(|mark| mark.scenario.is_none()).cloned().collect();
    let bare = recording.exchanges().iter().map(|exchange| {
        let exchange = Exchange { scenario: None, ..Exchange::clone(&exchange) };
        exchange.into()
    });
    let mut expected = concluded(&bundle, &Recording::new(bare.collect(), marks));
    let attempts = bundle.results.tests.iter().map(|test| test.attempts.clone());
    assert!(attempts.clone().any(|attempts| !attempts.is_empty()), "AT4 was named");
    for (test, attempts) in expected.tests.iter_mut().zip(attempts) {
        test.attempts = attempts;
    }
    assert_eq!(expected, bundle.results);
}
