//! `letterproof attest` as the people who sign for a run meet it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use letterproof_evidence::{sha256_hex, zip_path};
use support::bundles::{contents, copied, faults, json, sound, text, verify};
use support::{Ended, command, results};

const STATEMENT: &str = "One print job was made for each letter, see the log.";

/// A copy of the signed run, and a proof to attach.
struct Desk {
    place: tempfile::TempDir,
    run: PathBuf,
    proof: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let run = copied(&sound().folder, &place.path().join("evidence"));
        let proof = place.path().join("Print proof (1).pdf");
        fs::write(&proof, "%PDF-1.7 proof").unwrap();
        Self { place, run, proof }
    }

    /// Attests AT3.7 with the proof and these arguments.
    fn attest(&self, arguments: &[&str]) -> Ended {
        self.attest_with(&["--criterion", "AT3.7", "--file", text(&self.proof)], arguments)
    }

    fn attest_with(&self, what: &[&str], arguments: &[&str]) -> Ended {
        command(&["attest", text(&self.run), "--statement", STATEMENT])
            .args(["--name", "A. Sample", "--role", "production manager"])
            .args(["--date", "2026-01-02"])
            .args(what)
            .args(arguments)
            .ended()
    }

    /// Withdraws the statement of this number.
    fn withdraw(&self, number: &str, arguments: &[&str]) -> Ended {
        command(&["attest", text(&self.run), "--withdraw", number])
            .args(["--reason", "It was the log of <another> day."])
            .args(["--name", "B. Sample", "--role", "test manager"])
            .args(arguments)
            .ended()
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.place.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn key() -> [&'static str; 2] {
    ["--sign-key", text(&sound().key)]
}

#[test]
fn a_statement_is_hashed_dated_tied_to_its_clause_and_shown_apart() {
    let desk = Desk::new();
    let before = results(&desk.run);
    let ended = desk.attest(&key());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("AT3.7 attested as production manager"), "{}", ended.stdout);

    let given = json(&desk.run.join("attestations.json"));
    assert_eq!(faults("attestations.json", &given), [""; 0]);
    let given = &given["attestations"][0];
    assert_eq!((&given["criterion"], &given["statement"]), (&"AT3.7".into(), &STATEMENT.into()));
    assert!(given["given_at"].as_str().unwrap().starts_with("20"), "{given}");
    let hash = sha256_hex(&fs::read(&desk.proof).unwrap());
    assert_eq!(given["files"][0]["sha256"], hash.as_str());
    let attached = format!("attachments/AT3.7/{}-print-proof-1-.pdf", &hash[..12]);
    assert_eq!(fs::read(desk.run.join(&attached)).unwrap(), fs::read(&desk.proof).unwrap());

    let page = fs::read_to_string(desk.run.join("index.html")).unwrap().replace("&#x2f;", "/");
    assert_eq!((&given["name"], &given["fact_date"]), (&"A. Sample".into(), &"2026-01-02".into()));
    assert!(ended.stdout.contains(&format!("attached  {attached}, application/pdf, 14 bytes")));
    let link = format!("<a href=\"{attached}\">");
    for words in [STATEMENT, "A. Sample, production manager", "of 2 January 2026", &hash, &link] {
        assert!(page.contains(words), "{words} is not in the page");
    }
    assert_eq!(results(&desk.run), before, "a statement becomes no verdict");
    for bundle in [&desk.run, &zip_path(&desk.run)] {
        let verified = verify(bundle, &["--key", text(&sound().public)]);
        assert_eq!(verified.code, 0, "{}", verified.stdout);
        assert!(verified.stdout.contains("by the expected key"), "{}", verified.stdout);
    }
    assert_eq!(names(desk.run.parent().unwrap()), 2, "folder and zip, and nothing else");

    let second = desk.attest_with(&["--criterion", "AT11.2"], &key());
    assert_eq!(second.code, 0, "{}", second.stderr);
    let given = json(&desk.run.join("attestations.json"));
    assert_eq!(given["attestations"].as_array().unwrap().len(), 2, "{given}");
    let opened = letterproof_evidence::Opened::open(&desk.run).unwrap();
    for one in letterproof_evidence::Attestations::of(&opened).unwrap().attestations {
        let line = format!("{} sha256:{}", one.criterion, one.hash());
        assert!(second.stdout.contains(&line), "{line} in {}", second.stdout);
    }
    assert_eq!(verify(&zip_path(&desk.run), &[]).code, 0);
}

#[test]
fn an_attachment_changed_or_taken_away_afterwards_is_found() {
    let desk = Desk::new();
    assert_eq!(desk.attest(&key()).code, 0);
    let folder = desk.run.join("attachments/AT3.7");
    let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let proof = fs::read(&file).unwrap();
    fs::write(&file, "%PDF-1.7 proog").unwrap();
    let ended = verify(&desk.run, &[]);
    assert_eq!(ended.code, 1, "{}", ended.stdout);
    assert!(ended.stdout.contains("attachments/AT3.7/"), "{}", ended.stdout);
    fs::write(&file, proof).unwrap();
    assert_eq!(verify(&desk.run, &[]).code, 0);
    fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    assert_eq!(verify(&desk.run, &[]).code, 1);
}

#[test]
fn a_signature_is_kept_with_the_key_and_never_lost_unasked() {
    let desk = Desk::new();
    let before = contents(&desk.run);
    let refused = desk.attest(&[]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""), "{}", refused.stderr);
    for words in ["--sign-key", "signature invalid"] {
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
    assert_eq!(contents(&desk.run), before);

    let dropped = desk.attest(&["--drop-signature"]);
    assert_eq!(dropped.code, 0, "{}", dropped.stderr);
    let verified = verify(&zip_path(&desk.run), &[]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    assert!(verified.stdout.contains("unsigned: anyone"), "{}", verified.stdout);
    let page = fs::read_to_string(desk.run.join("index.html")).unwrap();
    assert!(page.contains("This bundle is not signed"), "the page says so too");

    let unsigned = desk.attest_with(&["--criterion", "AT11.2"], &[]);
    assert_eq!(unsigned.code, 0, "what is unsigned needs no key: {}", unsigned.stderr);
    let missing = "missing   the e-mail or list with the ids: AT11.2 asks for it as a file";
    assert!(unsigned.stdout.contains(missing), "{}", unsigned.stdout);
    let page = fs::read_to_string(desk.run.join("index.html")).unwrap();
    assert!(
        page.contains("<strong>stated, but its evidence is missing</strong>"),
        "the page says so"
    );
    let summary = fs::read_to_string(desk.run.join("summary.md")).unwrap();
    assert!(summary.contains("- AT11.2: **stated, but its evidence is missing**."), "{summary}");
    let xml = fs::read_to_string(desk.run.join("junit.xml")).unwrap();
    assert!(xml.contains("attestation, stated, but its evidence is missing: given on"), "{xml}");
    let signed = desk.attest_with(&["--criterion", "AT12.7"], &key());
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    assert_eq!(verify(&desk.run, &["--key", text(&sound().public)]).code, 0);
}

#[test]
fn what_a_reviewer_could_not_open_is_refused_and_the_run_stays_as_it_was() {
    let desk = Desk::new();
    let before = contents(&desk.run);
    let zip = fs::read(zip_path(&desk.run)).unwrap();
    let exe = desk.file("viewer.exe", b"MZ\x90\x00\x03");
    let disguised = desk.file("proof.png", b"%PDF-1.7");
    let empty = desk.file("empty.pdf", b"");
    let large = desk.file("large.pdf", &[b"%PDF-1.7".as_slice(), &vec![0; 25 << 20]].concat());
    let gone = desk.place.path().join("gone.pdf");
    for (file, words) in [
        (&exe, "not of a kind that can be attached; use one of pdf, docx"),
        (&disguised, "a PDF document, not a PNG picture as its name says"),
        (&empty, "it is empty"),
        (&large, "larger than 25 MiB"),
        (&gone, "gone.pdf"),
        (&desk.place.path().to_owned(), "a special file"),
    ] {
        // The good one comes first: nothing of it may stay behind.
        let files = ["--criterion", "AT3.7", "--file", text(&desk.proof), "--file", text(file)];
        let ended = desk.attest_with(&files, &key());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{words}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
    }
    for (criterion, words) in [
        ("AT4.3", "is judged from traffic"),
        ("AT99.1", "is not a clause of the pack"),
        ("C-LIST-LIMIT-0", "is not a clause of the pack"),
    ] {
        let ended = desk.attest_with(&["--criterion", criterion], &key());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{criterion}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{words} in {}", ended.stderr);
        assert!(ended.stderr.contains("AT3.7"), "it says what can be attested: {}", ended.stderr);
    }
    let empty = command(&["attest", text(&desk.run), "--criterion", "AT3.7", "--role", " "])
        .args(["--statement", "x", "--name", "A. Sample", "--date", "2026-01-02"])
        .args(key())
        .ended();
    assert_eq!(empty.code, 2, "{}", empty.stdout);
    assert_eq!(contents(&desk.run), before);
    assert_eq!(fs::read(zip_path(&desk.run)).unwrap(), zip);
    assert_eq!(names(desk.run.parent().unwrap()), 2, "nothing is left behind");
}

/// How many entries a folder has, hidden ones too.
fn names(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn only_an_intact_folder_of_a_finished_run_takes_statements() {
    let desk = Desk::new();
    let zip = zip_path(&desk.run);
    let of = |run: &Path| {
        command(&["attest", text(run), "--criterion", "AT3.7", "--statement", STATEMENT])
            .args(["--role", "production manager", "--name", "A. Sample", "--date", "2026-01-02"])
            .args(key())
            .ended()
    };
    let zipped = of(&zip);
    assert_eq!(zipped.code, 2, "{}", zipped.stdout);
    assert!(zipped.stderr.contains("give the folder of the run"), "{}", zipped.stderr);
    assert_eq!(of(&desk.place.path().join("gone")).code, 2);
    fs::write(desk.run.join("summary.md"), "all is well").unwrap();
    let changed = of(&desk.run);
    assert_eq!(changed.code, 2, "{}", changed.stdout);
    assert!(changed.stderr.contains("summary.md"), "{}", changed.stderr);
}

#[test]
fn who_signed_each_statement_is_told_to_whoever_expects_a_key() {
    let desk = Desk::new();
    assert_eq!(desk.attest(&["--drop-signature"]).code, 0);
    assert_eq!(desk.attest_with(&["--criterion", "AT11.2"], &key()).code, 0);
    let told = verify(&desk.run, &["--key", text(&sound().public)]);
    assert_eq!(told.code, 0, "{}", told.stdout);
    let words = "statements not signed by the expected key: 1 (AT3.7)\n";
    assert!(told.stdout.contains(words), "{}", told.stdout);
}

#[test]
fn a_withdrawn_statement_is_kept_and_struck_through_in_every_page() {
    let desk = Desk::new();
    assert_eq!(desk.attest(&key()).code, 0);
    let ended = desk.withdraw("1", &key());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("statement 1 (AT3.7) withdrawn as test manager"));
    let given = json(&desk.run.join("attestations.json"));
    assert_eq!(faults("attestations.json", &given), [""; 0]);
    assert_eq!(given["attestations"].as_array().unwrap().len(), 2, "{given}");

    let page = fs::read_to_string(desk.run.join("index.html")).unwrap();
    assert!(page.contains(&format!("<s>{STATEMENT}</s>")), "struck through");
    let reason = "It was the log of &lt;another&gt; day.";
    assert!(page.contains(reason) && page.contains("B. Sample, test manager"));
    assert!(page.contains("<strong>still needed</strong>"), "and it is owed again");
    let summary = fs::read_to_string(desk.run.join("summary.md")).unwrap();
    assert!(summary.contains("- AT3.7: ~~given on "), "{summary}");
    assert!(summary.contains("**withdrawn** on ") && summary.contains(reason), "{summary}");
    let xml = fs::read_to_string(desk.run.join("junit.xml")).unwrap();
    assert!(xml.contains("(withdrawn: It was the log of &lt;another&gt; day.)"), "{xml}");
    let verified = verify(&desk.run, &["--key", text(&sound().public)]);
    assert_eq!(verified.code, 0, "{}", verified.stdout);
    let zip = zip_path(&desk.run);
    let ready = command(&["readiness", text(&zip)]).ended();
    assert!(
        ready.stdout.contains("WITHDRAWN: It was the log of <another> day."),
        "{}",
        ready.stdout
    );
    assert!(ready.stdout.contains("written statements still needed for AT3.7"), "{}", ready.stdout);

    let before = contents(&desk.run);
    for (number, words) in [("1", "already withdrawn"), ("7", "no statement 7; in force: none")] {
        let ended = desk.withdraw(number, &key());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let both = desk.withdraw("1", &["--statement", "x"]);
    assert_eq!(both.code, 2, "a statement and a withdrawal are two things");
    assert_eq!(contents(&desk.run), before);
    assert_eq!(desk.attest(&key()).code, 0, "what was withdrawn can be stated again");
    let twice = desk.attest(&key());
    assert_eq!(twice.code, 2, "{}", twice.stdout);
    assert!(twice.stderr.contains("statement 3 already says the same"), "{}", twice.stderr);
}

#[test]
fn what_the_traffic_left_undecided_can_be_stated_and_becomes_no_verdict() {
    let desk = Desk::new();
    let before = results(&desk.run);
    let ended = desk.attest_with(&["--criterion", "AT5.2"], &key());
    assert_eq!(ended.code, 0, "AT5 was not selected: {}", ended.stderr);
    assert_eq!(results(&desk.run), before);
    assert_eq!(verify(&desk.run, &[]).code, 0);
    let retired = desk.attest_with(&["--criterion", "AT12.5"], &key());
    assert_eq!(retired.code, 2, "{}", retired.stdout);
    assert!(retired.stderr.contains("AT12.5 is no longer a clause"), "{}", retired.stderr);
}

#[test]
fn office_files_are_attached_and_markup_is_called_text() {
    let desk = Desk::new();
    let mail = desk.file("request.eml", b"From: a@b.example\r\nDate: Fri, 2 Jan 2026\r\n\r\nids");
    let page = desk.file("page.html", b"<script>alert(1)</script>");
    let files = ["--criterion", "AT11.2", "--file", text(&mail), "--file", text(&page)];
    let ended = desk.attest_with(&files, &key());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stdout.contains("-request.eml, message/rfc822, "), "{}", ended.stdout);
    assert!(ended.stdout.contains("-page.html.txt, text/plain, "), "{}", ended.stdout);
    assert_eq!(verify(&zip_path(&desk.run), &[]).code, 0);
}

/// The words of the commands in a text, as a shell reads them: a line that ends in a backslash goes
/// on, and what stands in quotes is one word.
fn commands(text: &str) -> Vec<Vec<String>> {
    let text = text.replace("\\\n", " ");
    let begins = |line: &&str| line.trim_start().starts_with("letterproof attest ");
    text.lines()
        .filter(begins)
        .map(|line| {
            let parts = line.trim().split('"').enumerate();
            let words = parts.flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().map(str::to_owned).collect(),
                _ => vec![part.to_owned()],
            });
            words.skip(1).collect()
        })
        .collect()
}

#[test]
fn the_examples_of_help_and_readme_work() {
    let readme = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
    let help = command(&["attest", "--help"]).ended().stdout;
    let desk = Desk::new();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["[Content_Types].xml", "xl/workbook.xml"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    }
    desk.file("failures.xlsx", &zip.finish().unwrap().into_inner());
    desk.file("request.eml", b"From: a@b.example\nDate: Fri, 2 Jan 2026\n\nids");
    let examples = [commands(&help), commands(&fs::read_to_string(readme).unwrap())];
    assert_eq!(examples.each_ref().map(Vec::len), [2, 1], "{examples:?}");
    for example in examples.concat() {
        let words = example.iter().enumerate().map(|(at, word)| match (at, word.as_str()) {
            (1, _) => text(&desk.run).to_owned(),
            (_, file @ ("failures.xlsx" | "request.eml")) => {
                text(&desk.place.path().join(file)).to_owned()
            }
            (_, "letterproof-signing.pem") => text(&sound().key).to_owned(),
            (_, word) => word.to_owned(),
        });
        let words: Vec<String> = words.collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = command(&words).ended();
        assert_eq!(ended.code, 0, "on a signed run, {example:?}: {}", ended.stderr);
    }
    assert_eq!(verify(&desk.run, &[]).code, 0);
}
