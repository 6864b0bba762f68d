//! Time stamps checked offline: made by `openssl ts`, then changed in every way that counts.

#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

#[path = "../../evidence/tests/common/mod.rs"]
mod common;

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use letterproof_contract::Contract;
use letterproof_evidence::{
    JournalWriter, MANIFEST_FILE, RunFolder, Sealing, StampRequest, StamperCertificates,
    TIMESTAMP_FILE, amend, archive, check_stamp, put_stamp, sha256_hex, zip_path,
};
use letterproof_harness::{Verification, Verifying, verify};
use letterproof_model::{Mark, MarkKind, Recorder as _, Stamp, Timestamp, ToolInfo, now};
use letterproof_testing::{OpensslStamper, StamperKind};

fn stamper(folder: &tempfile::TempDir, kind: StamperKind) -> Option<OpensslStamper> {
    OpensslStamper::new(folder.path(), kind)
}

fn stamp(of: &OpensslStamper, bytes: &[u8]) -> Stamp {
    let request = StampRequest::about(bytes).unwrap();
    request.answered("tsa.example", &of.answer(&request.to_bytes())).unwrap()
}

#[test]
fn a_stamp_holds_whichever_key_and_digest_made_it() {
    for (key, digest, named_by_sha256) in [
        ("rsa:2048", "sha256", true),
        ("rsa:3072", "sha512", false),
        ("ec:prime256v1", "sha256", true),
        ("ec:secp384r1", "sha384", true),
        ("ec:secp521r1", "sha512", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let kind = StamperKind { key, digest, named_by_sha256, ..StamperKind::default() };
        let Some(tsa) = stamper(&folder, kind) else { return };
        let stamp = stamp(&tsa, b"evidence");
        assert_eq!(stamp.stamper, "tsa.example");
        let hash = sha256_hex(b"evidence");
        let seen = check_stamp(&stamp, &hash, None).unwrap();
        assert_eq!((seen.by.as_str(), seen.is_known), ("CN=Test Stamper, O=Tests", false));
        assert!(seen.at.duration_since(now()).abs() < SignedDuration::from_mins(2), "{seen:?}");
        for vouching in [tsa.root(), tsa.certificate()] {
            let known = StamperCertificates::read(&vouching).unwrap();
            assert!(check_stamp(&stamp, &hash, Some(&known)).unwrap().is_known, "{key}");
        }
    }
}

#[test]
fn an_authority_vouches_for_its_own_stampers_alone() {
    let (mine, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&mine, StamperKind::default()) else { return };
    let Some(stranger) = stamper(&other, StamperKind::default()) else { return };
    let stamp = stamp(&tsa, b"x");
    for vouching in [stranger.root(), stranger.certificate()] {
        let known = StamperCertificates::read(&vouching).unwrap();
        assert!(!check_stamp(&stamp, &sha256_hex(b"x"), Some(&known)).unwrap().is_known);
    }
    let none = StamperCertificates::read(&mine.path().join("config")).unwrap_err().to_string();
    assert!(none.contains("no certificate in PEM form"), "{none}");
}

#[test]
fn a_certificate_that_is_not_for_stamping_alone_stamps_nothing() {
    for usage in ["critical,serverAuth", "critical,timeStamping,serverAuth", "timeStamping"] {
        let folder = tempfile::tempdir().unwrap();
        let kind = StamperKind { usage, ..StamperKind::default() };
        let Some(tsa) = stamper(&folder, kind) else { return };
        let request = StampRequest::about(b"x").unwrap();
        // openssl itself refuses to stamp with some of them.
        let Some(answer) = tsa.try_answer(&request.to_bytes()) else { continue };
        let error = request.answered("tsa.example", &answer).unwrap_err();
        assert!(
            error.contains("not only for time stamping") || error.contains("status"),
            "{error}"
        );
    }
}

#[test]
fn an_answer_to_another_question_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let Some(tsa) = stamper(&folder, StamperKind::default()) else { return };
    let (asked, other) = (StampRequest::about(b"x").unwrap(), StampRequest::about(b"y").unwrap());
    let error = asked.answered("a", &tsa.answer(&other.to_bytes())).unwrap_err();
    assert!(error.contains("something else"), "{error}");
    let again = StampRequest::about(b"x").unwrap();
    let error = asked.answered("a", &tsa.answer(&again.to_bytes())).unwrap_err();
    assert!(error.contains("not the answer to the request"), "{error}");
    for rubbish in [&b""[..], b"<html>no</html>", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]] {
        assert!(asked.answered("a", rubbish).unwrap_err().contains("not an answer"));
    }
}

#[test]
fn no_byte_of_a_stamp_that_says_anything_can_be_changed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(tsa) = stamper(&folder, StamperKind { key: "ec:prime256v1", ..Default::default() })
    else {
        return;
    };
    let whole = stamp(&tsa, b"x");
    let (hash, token) = (sha256_hex(b"x"), STANDARD.decode(&whole.token).unwrap());
    let seen = check_stamp(&whole, &hash, None).unwrap();
    let pem = std::fs::read(tsa.certificate()).unwrap();
    let signer = pem::parse(&pem).unwrap().into_contents();
    let start = token.windows(signer.len()).position(|bytes| bytes == signer).unwrap();
    let mut caught = 0;
    for at in 0..token.len() {
        let mut changed = token.clone();
        changed[at] ^= 0x41;
        let stamp = Stamp { token: STANDARD.encode(&changed), ..whole.clone() };
        match check_stamp(&stamp, &hash, None) {
            Err(_) => caught += 1,
            // What is not signed is the container: versions, lists of digests, certificates of others.
            Ok(said) => {
                assert_eq!((said.at, said.by), (seen.at, seen.by.clone()), "byte {at}");
                assert!(!(start..start + signer.len()).contains(&at), "byte {at} of the signer's");
            }
        }
    }
    assert!(caught > token.len() / 2, "{caught} of {}", token.len());
    for length in 0..token.len() {
        let stamp = Stamp { token: STANDARD.encode(&token[..length]), ..whole.clone() };
        assert!(check_stamp(&stamp, &hash, None).is_err(), "cut at {length}");
    }
    for wrong in [
        Stamp { nonce: "41".repeat(8), ..whole.clone() },
        Stamp { nonce: String::new(), ..whole.clone() },
        Stamp { token: "?".to_owned(), ..whole.clone() },
    ] {
        assert!(check_stamp(&wrong, &hash, None).is_err());
    }
    assert!(check_stamp(&whole, &sha256_hex(b"y"), None).unwrap_err().contains("something else"));
}

/// What verifying says of stamps alone.
fn verified(bundle: &Path, stampers: Option<&StamperCertificates>) -> Verification {
    let tool = ToolInfo { version: "0.1.0".into(), commit: "unknown".into() };
    let contract = Contract::built_in().unwrap();
    let with = Verifying { tool: &tool, key: None, contract, stampers };
    let mut found = verify(bundle, &with).unwrap();
    let kind =
        |problem: &letterproof_evidence::Problem| serde_json::to_value(problem.kind).unwrap();
    found.problems.retain(|problem| kind(problem) == "stamp" || kind(problem) == "extra");
    found
}

/// A run whose journal is written by `record`, finished, sealed and zipped.
fn run(out: &Path, record: impl FnOnce(&JournalWriter)) -> std::path::PathBuf {
    let folder = common::unsealed(out);
    let journal = JournalWriter::resume(&folder.journal_path()).unwrap();
    record(&journal);
    drop(journal);
    folder.seal(None).unwrap();
    let folder = folder.finish().unwrap();
    archive(&folder).unwrap();
    folder
}

/// Stamps the journal's head and marks it, as of a moment by this machine's clock.
fn mark(journal: &JournalWriter, tsa: &OpensslStamper, at: Timestamp) {
    let (line, head) = journal.position();
    let request = StampRequest::about_hash(&head).unwrap().unwrap();
    let stamp = request.answered("tsa.example", &tsa.answer(&request.to_bytes())).unwrap();
    journal.mark(Mark::new(at, MarkKind::Stamped { line, head, stamp })).unwrap();
}

fn record(journal: &JournalWriter, started: Timestamp) {
    let mut exchange = common::exchange("GET", &format!("{}/letters/L9", common::BASE));
    exchange.started = started;
    journal.record(exchange).unwrap();
}

#[test]
fn heads_and_manifest_are_stamped_and_a_folder_and_its_zip_say_so() {
    let (keys, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&keys, StamperKind::default()) else { return };
    let folder = run(out.path(), |journal| {
        mark(journal, &tsa, now());
        record(journal, now());
        mark(journal, &tsa, now());
    });
    let found = verified(&folder, None);
    assert_eq!(found.problems, []);
    let lines: Vec<_> = found.stamps.iter().map(|stamp| (stamp.line, stamp.known)).collect();
    assert_eq!(lines, [(Some(5), false), (Some(7), false)]);
    assert!(found.notes.iter().any(|note| note.contains("its manifest has none")), "{found:?}");

    let zip = zip_path(&folder);
    let from_zip = out.path().join("copy.zip");
    std::fs::copy(&zip, &from_zip).unwrap();
    for bundle in [&folder, &from_zip] {
        put_stamp(bundle, |bytes| Ok::<_, letterproof_evidence::EvidenceError>(stamp(&tsa, bytes)))
            .unwrap();
    }
    let known = StamperCertificates::read(&tsa.root()).unwrap();
    for bundle in [&folder, &zip, &from_zip] {
        let found = verified(bundle, Some(&known));
        assert_eq!(found.problems, [], "{}", bundle.display());
        assert_eq!(found.stamps.len(), 3);
        let last = found.stamps.last().unwrap();
        assert_eq!((last.file.as_str(), last.known), (MANIFEST_FILE, true));
        assert!(!found.notes.iter().any(|note| note.contains("has none")), "{found:?}");
        let twice = put_stamp(bundle, |_| panic!("nobody is asked"));
        let twice: letterproof_evidence::EvidenceError = twice.unwrap_err();
        assert!(twice.to_string().contains("already has a time stamp"), "{twice}");
    }
}

#[test]
fn whoever_is_expected_to_have_stamped_must_have_done_so() {
    let (keys, others, out) =
        (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&keys, StamperKind::default()) else { return };
    let Some(stranger) = stamper(&others, StamperKind::default()) else { return };
    let folder = run(out.path(), |journal| mark(journal, &tsa, now()));
    let known = StamperCertificates::read(&stranger.root()).unwrap();
    let told = verified(&folder, Some(&known)).problems;
    assert_eq!(told.len(), 1);
    assert!(told[0].sentence.contains("is stamped by CN=Test Stamper, O=Tests, whom"), "{told:?}");
    let bare = tempfile::tempdir().unwrap();
    let bare = run(bare.path(), |_| {});
    let told = verified(&bare, Some(&known)).problems;
    assert!(told[0].sentence.contains("has no time stamp, though one is expected"), "{told:?}");
}

#[test]
fn a_stamp_of_another_journal_or_line_is_named() {
    let (keys, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&keys, StamperKind::default()) else { return };
    type Change = fn(u64, String, Stamp) -> MarkKind;
    let changes: [(Change, &str); 4] = [
        (|line, head, stamp| MarkKind::Stamped { line: line - 1, head, stamp }, "does not name"),
        (|_, head, stamp| MarkKind::Stamped { line: 99, head, stamp }, "does not come before"),
        (|_, head, stamp| MarkKind::Stamped { line: 0, head, stamp }, "does not come before"),
        (
            |line, head, stamp| MarkKind::Stamped {
                line,
                head: head.replace(['0', '1'], "2"),
                stamp,
            },
            "does not name the hash",
        ),
    ];
    for (number, (change, words)) in changes.into_iter().enumerate() {
        let folder = run(&out.path().join(number.to_string()), |journal| {
            let (line, head) = journal.position();
            let request = StampRequest::about_hash(&head).unwrap().unwrap();
            let stamp = request.answered("a", &tsa.answer(&request.to_bytes())).unwrap();
            journal.mark(Mark::new(now(), change(line, head, stamp))).unwrap();
        });
        let told = verified(&folder, None);
        assert_eq!(told.problems.len(), 1, "{words}: {told:?}");
        assert!(told.problems[0].sentence.contains(words), "{words}: {told:?}");
        assert!(!told.holds() && told.stamps.is_empty());
    }
    // A stamp taken over from another run: right in itself, and about something else.
    let folder = run(&out.path().join("other"), |journal| {
        let (line, head) = journal.position();
        let stamp = stamp(&tsa, b"another journal");
        journal.mark(Mark::new(now(), MarkKind::Stamped { line, head, stamp })).unwrap();
    });
    let told = verified(&folder, None).problems;
    assert!(told[0].sentence.contains("line 6 that is a time stamp of something else"), "{told:?}");
}

#[test]
fn times_that_do_not_fit_a_stamp_are_named() {
    let (keys, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&keys, StamperKind::default()) else { return };
    let hours = |hours| now().checked_add(SignedDuration::from_hours(hours)).unwrap();
    let told = |name: &str, record: &dyn Fn(&JournalWriter)| {
        let folder = run(&out.path().join(name), record);
        let found = verified(&folder, None);
        assert_eq!(found.problems.len(), 1, "{name}: {found:?}");
        found.problems[0].sentence.clone()
    };
    let dated_back = told("back", &|journal| mark(journal, &tsa, hours(-48)));
    assert!(dated_back.contains("but the journal says"), "{dated_back}");
    let from_later = told("later", &|journal| {
        record(journal, hours(2));
        mark(journal, &tsa, now());
    });
    assert!(from_later.contains("but about lines that say"), "{from_later}");
    let from_before = told("before", &|journal| {
        mark(journal, &tsa, now());
        record(journal, hours(-1));
    });
    assert!(from_before.contains("after a time stamp of"), "{from_before}");
    // A clock that is a little off is nobody's fault.
    let minutes = |minutes| now().checked_add(SignedDuration::from_mins(minutes)).unwrap();
    let folder = run(&out.path().join("fine"), |journal| {
        record(journal, minutes(4));
        mark(journal, &tsa, minutes(-4));
        record(journal, minutes(-4));
    });
    assert_eq!(verified(&folder, None).problems, []);
}

#[test]
fn a_stamp_belongs_to_its_manifest_alone() {
    let (keys, out) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(tsa) = stamper(&keys, StamperKind::default()) else { return };
    let (folder, _) = common::bundle(out.path(), None);
    let taken = |bytes: &[u8]| Ok::<_, letterproof_evidence::EvidenceError>(stamp(&tsa, bytes));
    put_stamp(&folder, taken).unwrap();
    let stamped = std::fs::read(folder.join(TIMESTAMP_FILE)).unwrap();
    // Sealed again, the bundle has none any more.
    let change = |draft: &RunFolder| draft.write("more.txt", b"more");
    amend(&folder, Sealing::Unsigned, change).unwrap();
    assert!(!folder.join(TIMESTAMP_FILE).exists());
    assert_eq!(verified(&folder, None).stamps, []);
    // That of before does not fit, nor does anything that is none.
    std::fs::write(folder.join(TIMESTAMP_FILE), &stamped).unwrap();
    let told = verified(&folder, None).problems;
    assert!(
        told[0].sentence.contains("`timestamp.json` is a time stamp of something else"),
        "{told:?}"
    );
    for broken in [&b"{}"[..], b"", br#"{"format":"letterproof-timestamp/2"}"#] {
        std::fs::write(folder.join(TIMESTAMP_FILE), broken).unwrap();
        let told = verified(&folder, None).problems;
        assert!(told[0].sentence.contains("does not hold a time stamp in a format"), "{told:?}");
    }
}

#[test]
fn a_bundle_stays_as_it_was_where_no_stamp_is_got() {
    let out = tempfile::tempdir().unwrap();
    let (folder, zip) = common::bundle(out.path(), None);
    let before = std::fs::read(&zip).unwrap();
    let refused = |_: &[u8]| {
        Err(letterproof_evidence::EvidenceError::Attestation { problem: "no answer".into() })
    };
    for bundle in [&folder, &zip] {
        assert!(put_stamp(bundle, refused).is_err());
    }
    assert_eq!(std::fs::read(&zip).unwrap(), before);
    assert!(!folder.join(TIMESTAMP_FILE).exists());
    assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 2, "nothing is left behind");
    // What is not intact is not stamped.
    std::fs::write(folder.join("AT4/letters.csv"), "x").unwrap();
    let error = put_stamp(&folder, refused).unwrap_err().to_string();
    assert!(error.contains("letters.csv"), "{error}");
}
