//! Reports made again and held against those that lie in a folder.
#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::Path;

use common::{bundle, extras};
use letterproof_evidence::{Opened, RunFolder};
use letterproof_model::RunId;
use letterproof_reports::{Extras, cross_check_csv, har, rebuilt, write_all_with};

/// A folder with every report of the bundle in it.
fn written(out: &Path, extras: &Extras) -> RunFolder {
    let folder = RunFolder::create(out, &RunId::from("r")).unwrap();
    write_all_with(&bundle(), &folder, extras).unwrap();
    folder
}

fn found(folder: &RunFolder, extras: &Extras) -> Vec<String> {
    let found = rebuilt(&bundle(), &Opened::open(folder.path()).unwrap(), extras).unwrap();
    assert!(found.same.len() > 10 && found.same.iter().all(|name| !found.other.contains(name)));
    found.other
}

#[test]
fn what_was_written_is_what_is_made_again() {
    let out = tempfile::tempdir().unwrap();
    let folder = written(out.path(), &extras());
    assert_eq!(found(&folder, &extras()), [""; 0]);
}

#[test]
fn a_report_that_is_changed_longer_shorter_or_missing_is_named() {
    for name in ["index.html", "AT4/criteria.csv"] {
        let out = tempfile::tempdir().unwrap();
        let folder = written(out.path(), &extras());
        let path = folder.path().join(name);
        let whole = fs::read(&path).unwrap();
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        let longer = [whole.as_slice(), b"x"].concat();
        for other in [&changed[..], &longer, &whole[..whole.len() - 1], b""] {
            fs::write(&path, other).unwrap();
            assert_eq!(found(&folder, &extras()), [name], "{} bytes", other.len());
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(found(&folder, &extras()), [name]);
    }
}

#[test]
fn what_earlier_builds_wrote_for_every_call_is_compared_where_it_is_there() {
    let (mut calls, mut table) = (Vec::new(), Vec::new());
    har(&bundle(), &mut calls).unwrap();
    cross_check_csv(&bundle(), &mut table).unwrap();
    for (name, whole) in [("exchanges.har", calls), ("cross-check.csv", table)] {
        let out = tempfile::tempdir().unwrap();
        let folder = written(out.path(), &extras());
        let path = folder.path().join(name);
        assert!(!path.exists(), "{name} is made when asked for");
        fs::write(&path, &whole).unwrap();
        let again = rebuilt(&bundle(), &Opened::open(folder.path()).unwrap(), &extras()).unwrap();
        assert!(again.same.contains(&name.to_owned()) && again.other.is_empty(), "{again:?}");
        let mut changed = whole.clone();
        changed[whole.len() / 2] ^= 1;
        fs::write(&path, &changed).unwrap();
        assert_eq!(found(&folder, &extras()), [name]);
    }
}

#[test]
fn reports_of_other_statements_or_another_key_are_other_reports() {
    let out = tempfile::tempdir().unwrap();
    let folder = written(out.path(), &extras());
    let unsigned = extras().signed_by(None);
    assert_eq!(found(&folder, &unsigned), ["index.html", "summary.md"]);
    let unattested = Extras { attestations: vec![], ..extras() };
    assert!(found(&folder, &unattested).contains(&"index.html".to_owned()));
}
