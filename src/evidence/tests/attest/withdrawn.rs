//! Nothing is stated twice, and what was wrong is withdrawn and kept.

use super::*;

#[test]
fn the_same_is_not_stated_twice_by_the_same_person() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(&out.path().join("evidence"), None);
    let log = [file(out.path(), "jobs.csv", b"id,jobs\nL1,1\n")];
    let say = |new: NewAttestation, files: &[PathBuf]| {
        attest::<EvidenceError>(&folder, new, files, Sealing::Unsigned, |_| Ok(()))
    };
    say(stated("AT3.7"), &log).unwrap();
    let again = NewAttestation {
        statement: " one JOB was made\nfor each letter. ".into(),
        role: "managing director".into(),
        ..stated("AT3.7")
    };
    let error = say(again.clone(), &log).unwrap_err().to_string();
    assert!(error.contains("statement 1 already says the same"), "{error}");
    assert!(error.contains("--withdraw 1"), "{error}");
    // Another person, other words, other files or another clause are no repetition.
    say(NewAttestation { name: "B. Sample".into(), ..stated("AT3.7") }, &log).unwrap();
    say(NewAttestation { statement: "It was so.".into(), ..stated("AT3.7") }, &log).unwrap();
    say(stated("AT3.7"), &[]).unwrap();
    say(stated("AT11.2"), &log).unwrap();
    // Nor is what was withdrawn.
    withdraw::<EvidenceError>(&folder, withdrawal(1), Sealing::Unsigned, |_| Ok(())).unwrap();
    say(again, &log).unwrap();
    assert_sound(&folder);
}

/// What became of the statement for AT3.7.
fn state(given: &[Attestation]) -> StatementState {
    statement_state(&CriterionId::fixed("AT3.7"), Verdict::NotRun, given)
}

#[test]
fn a_withdrawn_statement_is_kept_with_the_reason_and_counts_no_more() {
    let out = tempfile::tempdir().unwrap();
    let key = BundleKey::generate().unwrap();
    let (folder, zip) = bundle(out.path(), Some(&key));
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    let gone = |number: usize| {
        withdraw::<EvidenceError>(&folder, withdrawal(number), Sealing::Signed(&key), |_| Ok(()))
    };
    assert_eq!(gone(1).unwrap(), zip);
    assert_sound(&zip);
    let all = given(&folder).attestations;
    let [one] = stated_in(&all).try_into().expect("one statement");
    assert_eq!((one.number, one.withdrawn), (1, Some(&all[1])));
    assert_eq!(all[1].statement, "The log was of another day.");
    assert_eq!(all[1].withdraws, Some(all[0].hash()));
    assert_eq!(all[1].signed_by(), Some(key.public().key_id()));
    assert_eq!(state(&all), StatementState::Owed);
    for (number, reason) in
        [(1, "already withdrawn"), (2, "no statement 2; in force: none"), (9, "no statement 9")]
    {
        let error = gone(number).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let mut without = withdrawal(1);
    without.reason = " ".into();
    let error = withdraw(&folder, without, Sealing::Signed(&key), |_| Ok(()));
    let error: EvidenceError = error.unwrap_err();
    assert!(error.to_string().contains("the reason is empty"), "{error}");
    add(&folder, &[], Sealing::Signed(&key)).unwrap();
    assert_eq!(state(&given(&folder).attestations), StatementState::FileMissing);
}

#[test]
fn a_withdrawal_of_nothing_is_found_even_when_sealed() {
    let out = tempfile::tempdir().unwrap();
    let (folder, _) = bundle(out.path(), None);
    add(&folder, &[], Sealing::Unsigned).unwrap();
    withdraw::<EvidenceError>(&folder, withdrawal(1), Sealing::Unsigned, |_| Ok(())).unwrap();
    for (field, value) in [("withdraws", "0".repeat(64)), ("criterion", "AT11.2".to_owned())] {
        let before = fs::read(folder.join(ATTESTATIONS_FILE)).unwrap();
        rewritten(&folder, None, |document| document["attestations"][1][field] = value.into());
        let [sentence] = sentences(&folder).try_into().unwrap();
        assert!(sentence.contains("withdraws a statement that was not in force"), "{sentence}");
        forge(&folder, None, |run| run.write(ATTESTATIONS_FILE, &before).unwrap());
        assert_sound(&folder);
    }
}
