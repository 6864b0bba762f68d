//! Attestations are added to a finished run whole or not at all, and the bundle is sealed again.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;
#[path = "attest/withdrawn.rs"]
mod withdrawn;

use std::fs;
use std::path::{Path, PathBuf};

use common::{bundle, forge};
use letterproof_evidence::{
    ATTACHMENT_LIMIT, ATTESTATIONS_FILE, Attestation, Attestations, BundleKey, EvidenceError,
    NewAttestation, Opened, ProblemKind, RunFolder, Sealing, SignatureState, StatementState,
    Withdrawal, attest, check_integrity, sha256_hex, stated as stated_in, statement_state,
    withdraw,
};
use letterproof_model::{ClauseKind, CriterionId, CriterionResult, Mode, Verdict, clause};

fn stated(criterion: &'static str) -> NewAttestation {
    NewAttestation {
        criterion: CriterionId::fixed(criterion),
        statement: "One job was made for each letter.".into(),
        name: "A. Sample".into(),
        role: "production manager".into(),
        fact_date: "2026-08-20".parse().unwrap(),
        given_at: "2026-08-21T12:00:00Z".parse().unwrap(),
    }
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn add(folder: &Path, files: &[PathBuf], sealing: Sealing<'_>) -> Result<PathBuf, EvidenceError> {
    // Nobody says the same twice.
    let said = given(folder).attestations.len();
    let statement = match said {
        0 => stated("AT3.7").statement,
        n => format!("One job was made for each letter, as {n} logs show."),
    };
    let new = NewAttestation { statement, ..stated("AT3.7") };
    attest(folder, new, files, sealing, |_| Ok(()))
}

fn withdrawal(number: usize) -> Withdrawal {
    Withdrawal {
        number,
        reason: "The log was of another day.".into(),
        name: "A. Sample".into(),
        role: "production manager".into(),
        given_at: "2026-08-22T12:00:00Z".parse().unwrap(),
    }
}

/// Every file of a folder and what it holds.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let opened = Opened::open(folder).unwrap();
    opened
        .files()
        .map(|(name, _)| (name.to_owned(), fs::read(folder.join(name)).unwrap()))
        .collect()
}

fn assert_sound(path: &Path) -> SignatureState {
    let found = check_integrity(&Opened::open(path).unwrap(), None);
    assert_eq!(found.problems, []);
    found.signature
}

#[test]
fn an_attestation_stands_in_folder_and_zip_with_its_files() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(&out.path().join("evidence"), None);
    let proof = file(out.path(), "Proof 1.PDF", b"%PDF-1.7 proof");
    let log = file(out.path(), "jobs.csv", b"id,jobs\nL1,1\n");
    let made = add(&folder, &[proof, log.clone(), log], Sealing::Unsigned).unwrap();
    assert_eq!(made, zip);
    for path in [&folder, &zip] {
        assert_sound(path);
        let opened = Opened::open(path).unwrap();
        let attestations = Attestations::of(&opened).unwrap();
        let [given] = attestations.attestations.as_slice() else { panic!("{attestations:?}") };
        assert_eq!(given.role, "production manager");
        assert_eq!(given.files.len(), 2, "the same file is attached once");
        assert_eq!(given.files[0].name, "proof-1.pdf");
        assert_eq!(given.files[0].media_type, "application/pdf");
        let hash = &sha256_hex(b"%PDF-1.7 proof")[..12];
        let name = format!("attachments/AT3.7/{hash}-proof-1.pdf");
        assert_eq!(given.files[0].path(&given.criterion), name);
        assert_eq!(opened.read(&name, 100).unwrap(), b"%PDF-1.7 proof");
    }
    add(&folder, &[], Sealing::Unsigned).unwrap();
    let attestations = Attestations::of(&Opened::open(&zip).unwrap()).unwrap();
    assert_eq!(attestations.attestations.len(), 2, "what was attested before is kept");
    let left = fs::read_dir(out.path().join("evidence")).unwrap().count();
    assert_eq!(left, 2, "folder and zip, and no rubbish");
}

#[test]
fn what_shows_attestations_is_written_again_before_sealing() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let refresh = |draft: &RunFolder| {
        let given = Attestations::of(&Opened::open(draft.path())?)?.attestations.len();
        draft.write("index.html", format!("{given} attested").as_bytes())
    };
    attest(&folder, stated("AT3.7"), &[], Sealing::Unsigned, refresh).unwrap();
    assert_eq!(fs::read(folder.join("index.html")).unwrap(), b"1 attested");
    assert_sound(&folder);
}

#[test]
fn files_that_cannot_be_attached_are_refused_and_nothing_is_changed() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(&out.path().join("evidence"), None);
    let (before, zipped) = (contents(&folder), fs::read(&zip).unwrap());
    let good = file(out.path(), "good.txt", b"good");
    let large =
        file(out.path(), "large.txt", &vec![b'x'; usize::try_from(ATTACHMENT_LIMIT).unwrap() + 1]);
    let mut bad = vec![
        (file(out.path(), "a.exe", b"MZ\x90\x00\x03"), "use one of pdf"),
        (file(out.path(), "a.pdf", b"MZ"), "plain text, not a PDF document as its name says"),
        (file(out.path(), "empty.txt", b""), "is empty"),
        (large, "larger than 25 MiB"),
        (out.path().to_owned(), "a folder"),
        (out.path().join("none.pdf"), "none.pdf"),
    ];
    #[cfg(unix)]
    {
        let link = out.path().join("link.txt");
        std::os::unix::fs::symlink(&good, &link).unwrap();
        bad.push((link, "a link"));
    }
    for (path, reason) in bad {
        let error = add(&folder, &[good.clone(), path], Sealing::Unsigned).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    assert_eq!(contents(&folder), before);
    assert_eq!(fs::read(&zip).unwrap(), zipped);
    assert_eq!(fs::read_dir(out.path().join("evidence")).unwrap().count(), 2);
}

#[test]
fn a_file_at_the_limit_is_attached() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(&out.path().join("evidence"), None);
    let bytes = vec![b'x'; usize::try_from(ATTACHMENT_LIMIT).unwrap()];
    add(&folder, &[file(out.path(), "a.txt", &bytes)], Sealing::Unsigned).unwrap();
    assert_sound(&zip);
}

#[test]
fn statements_that_say_nothing_are_refused() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let before = contents(&folder);
    let long = "x".repeat(5_000);
    for (criterion, statement, role, reason) in [
        ("AT99.1", "s", "r", "not a clause"),
        ("../AT1", "s", "r", "not a clause"),
        ("AT12.5", "s", "r", "no longer a clause of the pack"),
        ("AT3.7", " \n", "r", "the statement is empty"),
        ("AT3.7", "s", "", "the role is empty"),
        ("AT3.7", long.as_str(), "r", "longer than 4000"),
        ("AT3.7", "s\u{1b}[2J", "r", "control characters"),
    ] {
        let new = NewAttestation {
            statement: statement.to_owned(),
            role: role.to_owned(),
            ..stated(criterion)
        };
        let error: EvidenceError =
            attest(&folder, new, &[], Sealing::Unsigned, |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    assert_eq!(contents(&folder), before);
}

#[test]
fn a_signed_run_stays_signed_or_loses_its_signature_knowingly() {
    let out = tempfile::tempdir().unwrap();
    let key = BundleKey::generate().unwrap();
    let (folder, zip) = bundle(out.path(), Some(&key));
    let before = contents(&folder);
    let error = add(&folder, &[], Sealing::Unsigned).unwrap_err();
    assert!(matches!(error, EvidenceError::WouldUnsign { .. }), "{error}");
    assert_eq!(contents(&folder), before);
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    let key_id = key.public().key_id();
    assert_eq!(assert_sound(&zip), SignatureState::Own { key_id });
    add(&folder, &[], Sealing::SignatureDropped).unwrap();
    assert_eq!(assert_sound(&zip), SignatureState::Unsigned);
}

#[test]
fn nothing_is_added_to_a_run_that_was_changed_or_is_a_zip() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = bundle(out.path(), None);
    let error = add(&zip, &[], Sealing::Unsigned).unwrap_err().to_string();
    assert!(error.contains("give the folder"), "{error}");
    fs::write(folder.join("index.html"), "doctored").unwrap();
    let error = add(&folder, &[], Sealing::Unsigned).unwrap_err();
    assert!(matches!(error, EvidenceError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("index.html"), "{error}");
    assert!(!folder.join(ATTESTATIONS_FILE).exists());
}

#[test]
fn a_change_that_fails_leaves_everything_as_it_was() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let before = contents(&folder);
    let error = attest(&folder, stated("AT3.7"), &[], Sealing::Unsigned, |draft| {
        draft.write("index.html", b"half")?;
        Err(EvidenceError::Random)
    });
    assert!(error.is_err());
    assert_eq!(contents(&folder), before);
    assert_eq!(fs::read_dir(out.path()).unwrap().count(), 2);
}

#[test]
fn attestations_and_attachments_that_do_not_fit_are_caught_even_when_sealed() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(&out.path().join("evidence"), None);
    let log = file(out.path(), "jobs.csv", b"id,jobs\nL1,1\n");
    add(&folder, &[log], Sealing::Unsigned).unwrap();
    let opened = Opened::open(&folder).unwrap();
    let name =
        opened.files().find(|(name, _)| name.starts_with("attachments/")).unwrap().0.to_owned();
    let kinds = || {
        let found = check_integrity(&Opened::open(&folder).unwrap(), None);
        found.problems.into_iter().map(|problem| problem.kind).collect::<Vec<_>>()
    };
    forge(&folder, None, |run| run.write(&name, b"id,jobs\nL1,2\n").unwrap());
    assert_eq!(kinds(), [ProblemKind::Attestation]);
    forge(&folder, None, |run| run.write(&name, b"id,jobs\nL1,1\n").unwrap());
    assert_eq!(kinds(), []);
    forge(&folder, None, |run| run.write("attachments/AT3.7/more.csv", b"x").unwrap());
    assert_eq!(kinds(), [ProblemKind::Attestation]);
    forge(&folder, None, |run| run.write(ATTESTATIONS_FILE, b"{}").unwrap());
    assert!(kinds().contains(&ProblemKind::Attestation));
}

/// Changes the statements of a finished run and seals it again.
fn rewritten(folder: &Path, key: Option<&BundleKey>, change: impl FnOnce(&mut serde_json::Value)) {
    forge(folder, key, |run| {
        let bytes = fs::read(run.path().join(ATTESTATIONS_FILE)).unwrap();
        let mut document = serde_json::from_slice(&bytes).unwrap();
        change(&mut document);
        run.write(ATTESTATIONS_FILE, document.to_string().as_bytes()).unwrap();
    });
}

fn sentences(folder: &Path) -> Vec<String> {
    let found = check_integrity(&Opened::open(folder).unwrap(), None);
    found.problems.into_iter().map(|problem| problem.sentence).collect()
}

fn given(folder: &Path) -> Attestations {
    Attestations::of(&Opened::open(folder).unwrap()).unwrap()
}

#[test]
fn a_statement_rewritten_and_resealed_is_found_by_the_chain() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    for _ in 0..3 {
        add(&folder, &[], Sealing::Unsigned).unwrap();
    }
    assert_sound(&folder);
    let hashes: Vec<String> = given(&folder).attestations.iter().map(|one| one.hash()).collect();
    assert_eq!(given(&folder).attestations[1].prev.as_ref(), Some(&hashes[0]));
    rewritten(&folder, None, |document| {
        document["attestations"][0]["statement"] = "Two jobs were made for each letter.".into();
    });
    let [sentence] = sentences(&folder).try_into().unwrap();
    assert!(sentence.contains("number 2 for AT3.7"), "{sentence}");
    assert!(sentence.contains("rewritten or removed"), "{sentence}");
    assert_ne!(given(&folder).attestations[0].hash(), hashes[0], "nor is it the printed one");
}

#[test]
fn a_statement_taken_out_or_moved_to_another_run_is_found() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    add(&folder, &[], Sealing::Unsigned).unwrap();
    add(&folder, &[], Sealing::Unsigned).unwrap();
    let second = given(&folder).attestations[1].clone();
    rewritten(&folder, None, |document| {
        document["attestations"].as_array_mut().unwrap().remove(0);
    });
    assert!(sentences(&folder)[0].contains("another's"), "{:?}", sentences(&folder));
    // Neither is it mended by calling the list one of the format before.
    rewritten(&folder, None, |document| {
        document["format"] = "letterproof-attestations/1".into();
    });
    assert!(sentences(&folder)[0].contains("another's"), "{:?}", sentences(&folder));
    assert_eq!(given(&folder).attestations, [second]);
}

#[test]
fn each_statement_bears_its_own_signature() {
    let out = tempfile::tempdir().unwrap();
    let (key, other) = (BundleKey::generate().unwrap(), BundleKey::generate().unwrap());
    let (folder, _) = bundle(out.path(), Some(&key));
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    add(&folder, &[], Sealing::SignatureDropped).unwrap();
    add(&folder, &[], Sealing::Signed(&other)).unwrap();
    assert_sound(&folder);
    let signers: Vec<_> = given(&folder).attestations.iter().map(|one| one.signed_by()).collect();
    assert_eq!(signers, [Some(key.public().key_id()), None, Some(other.public().key_id())]);
    // The last one, which no later one names.
    rewritten(&folder, Some(&key), |document| {
        document["attestations"][2]["role"] = "managing director".into();
    });
    let [sentence] = sentences(&folder).try_into().unwrap();
    assert!(sentence.contains("number 3 for AT3.7"), "{sentence}");
    assert!(sentence.contains("an invalid signature"), "{sentence}");
}

#[test]
fn statements_of_the_format_before_hold_and_are_chained_with_the_next() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let old = "{\"format\":\"letterproof-attestations/1\",\"attestations\":[{\"criterion\":\"AT3.7\",\
               \"statement\":\"s\",\"role\":\"r\",\"given_at\":\"2026-08-21T12:00:00Z\",\"files\":[]}]}";
    forge(&folder, None, |run| run.write(ATTESTATIONS_FILE, old.as_bytes()).unwrap());
    assert_sound(&folder);
    add(&folder, &[], Sealing::Unsigned).unwrap();
    assert_sound(&folder);
    assert!(given(&folder).attestations.iter().all(|one| one.prev.is_some()));
    rewritten(&folder, None, |document| {
        document["attestations"][0]["statement"] = "t".into();
    });
    assert_eq!(sentences(&folder).len(), 1);
}

#[test]
fn who_states_it_and_of_which_day_is_kept_and_asked_for() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    add(&folder, &[], Sealing::Unsigned).unwrap();
    let one = given(&folder).attestations.remove(0);
    assert_eq!(one.by(), "A. Sample, production manager");
    assert_eq!(one.fact_date.unwrap().to_string(), "2026-08-20");
    for (name, date, reason) in [
        (" ", "2026-08-20", "the name is empty"),
        ("A\u{1b}", "2026-08-20", "the name holds control characters"),
        ("A", "2026-08-23", "still to come"),
    ] {
        let fact_date = date.parse().unwrap();
        let new = NewAttestation { name: name.into(), fact_date, ..stated("AT11.2") };
        let error: EvidenceError =
            attest(&folder, new, &[], Sealing::Unsigned, |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains(reason), "{error}");
    }
    // Where it is tomorrow already.
    let fact_date = "2026-08-22".parse().unwrap();
    let new = NewAttestation { fact_date, ..stated("AT11.2") };
    attest::<EvidenceError>(&folder, new, &[], Sealing::Unsigned, |_| Ok(())).unwrap();
}

#[test]
fn any_clause_that_the_traffic_left_undecided_can_be_stated_and_no_other() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    let results = letterproof_evidence::read_results(&Opened::open(&folder).unwrap()).unwrap();
    let clause = clause(&CriterionId::fixed("AT1.1")).unwrap();
    let judged = |verdict: Verdict| {
        let mut results = results.clone();
        results.tests[0].criteria = vec![CriterionResult {
            id: clause.criterion(),
            kind: clause.kind,
            clause: clause.text.into(),
            verdict,
            mode: Mode::Driven,
            expected: clause.text.into(),
            observed: "what was seen".into(),
            exchanges: vec![],
            exchange_count: 0,
            letters: vec![],
            reason: None,
        }];
        forge(&folder, None, |run| run.write_results(&results).unwrap());
        let statement = format!("It was {verdict}.");
        let new = NewAttestation { statement, ..stated("AT1.1") };
        attest::<EvidenceError>(&folder, new, &[], Sealing::Unsigned, |_| Ok(()))
    };
    assert_eq!(clause.kind, ClauseKind::Check);
    for verdict in [Verdict::Inconclusive, Verdict::NotRun, Verdict::NotApplicable, Verdict::Error]
    {
        judged(verdict).unwrap();
    }
    for verdict in [Verdict::Pass, Verdict::Fail] {
        let error = judged(verdict).unwrap_err().to_string();
        assert!(error.contains("is judged from traffic"), "{error}");
        assert!(error.contains("AT3.7") && error.contains("leaves undecided"), "{error}");
    }
}

#[test]
fn a_chain_of_the_second_format_holds_and_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let key = BundleKey::generate().unwrap();
    let (folder, _) = bundle(out.path(), Some(&key));
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    // As the version before wrote it: nobody named, no day, signed over what was there.
    let root = given(&folder).attestations[0].prev.clone().unwrap();
    let old = format!(
        "{{\"criterion\":\"AT3.7\",\"statement\":\"s\",\"role\":\"r\",\
         \"given_at\":\"2026-08-21T12:00:00Z\",\"files\":[],\"prev\":\"{root}\"}}"
    );
    let list = format!("{{\"format\":\"letterproof-attestations/2\",\"attestations\":[{old}]}}");
    forge(&folder, Some(&key), |run| run.write(ATTESTATIONS_FILE, list.as_bytes()).unwrap());
    assert_sound(&folder);
    let before = given(&folder).attestations.remove(0);
    assert_eq!(before.hash(), sha256_hex(old.as_bytes()), "its hash is the one that was printed");
    assert_eq!(before.by(), "r");
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    assert_sound(&folder);
    let now = given(&folder);
    assert_eq!(now.format, "letterproof-attestations/3");
    assert_eq!(now.attestations[0], before);
    assert_eq!(now.attestations[1].prev, Some(before.hash()));
    withdraw::<EvidenceError>(&folder, withdrawal(1), Sealing::Signed(&key), |_| Ok(())).unwrap();
    assert_sound(&folder);
    rewritten(&folder, Some(&key), |document| {
        document["attestations"][0]["role"] = "managing director".into();
    });
    assert!(!sentences(&folder).is_empty());
}
