//! A disk that is full when a run goes on, and when its bundle is sealed and zipped.
//!
//! Most of the disk is taken by a file of somebody else's, whose removal frees it.
//! Refuses to fill a disk that is not the test's own: only root can mount one, others skip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use letterproof_evidence::{INCOMPLETE, JOURNAL_FILE, read_journal, zip_path};

use crate::scene::{Double, TESTS, killed_after_recording, passed};
use crate::support::small_disk::SmallDisk;
use crate::support::{bundles, command, folders, run_folder};
use crate::tap::Tap;

/// Kilobytes of a disk on which a whole run has room.
const ROOM: u32 = 64 * 1_024;

/// A run that was killed when half of it was recorded.
struct Killed {
    double: Double,
    tap: Tap,
    folder: PathBuf,
}

fn killed(out: &Path, credentials: &Path) -> Killed {
    let double = Double::start(credentials, &[]);
    let tap = Tap::before(double.address());
    let profile = double.profile(credentials, &tap.base_url(), "");
    let call = double.run(out, &profile, TESTS).with_state(&credentials.join(".state"));
    let folder = killed_after_recording(call, out, 150);
    Killed { double, tap, folder }
}

#[test]
fn a_disk_that_is_full_when_a_run_goes_on_stops_it_and_it_goes_on_when_there_is_room() {
    let Some(disk) = SmallDisk::of(ROOM) else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let Killed { double, tap, folder } = killed(disk.path(), elsewhere.path());
    // The ledger lies on another disk, as it usually does.
    let resume = || double.resume(elsewhere.path(), &folder).ended();
    let mut kept = fs::read(folder.join(JOURNAL_FILE)).unwrap();
    // Not even a mark; a mark and a few exchanges.
    for kilobytes in [0, 8] {
        disk.leave(kilobytes);
        let ended = resume();
        assert_eq!(ended.code, 4, "{kilobytes}: {}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("No space left on device"), "{}", ended.stderr);
        let saved = read_journal(&folder.join(JOURNAL_FILE)).unwrap();
        assert!(!saved.torn_tail, "{kilobytes}: half a line is left");
        let now = fs::read(folder.join(JOURNAL_FILE)).unwrap();
        assert!(now.starts_with(&kept), "{kilobytes}: what was recorded is gone");
        assert!(!zip_path(&folder.with_extension("")).exists());
        kept = now;
    }
    disk.free();
    let ended = resume();
    let whole = run_folder(disk.path());
    let results = passed(&ended, &whole);
    assert_eq!(results.counts.pass as usize, TESTS.split(',').count(), "{}", ended.stdout);
    assert!(fs::read(whole.join(JOURNAL_FILE)).unwrap().starts_with(&kept));
    assert_eq!(tap.taken_twice(), []);
}

/// The size of all files under a folder, in kilobytes of whole pages.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata().unwrap() {
            file if file.is_file() => file.len().div_ceil(4_096) * 4,
            _ => size(&entry.path()),
        })
        .sum()
}

#[test]
fn a_disk_that_is_full_while_a_bundle_is_sealed_or_zipped_leaves_none_that_looks_whole() {
    let Some(disk) = SmallDisk::of(ROOM) else { return };
    let elsewhere = tempfile::tempdir().unwrap();
    let Killed { folder, .. } = killed(elsewhere.path(), elsewhere.path());
    let name = folder.file_name().unwrap().to_owned();
    let copy = |to: &Path| {
        let copied = Command::new("cp").arg("-r").args([&folder, &to.join(&name)]).status();
        assert!(copied.unwrap().success());
        to.join(&name)
    };
    // What it comes to where there is room tells how much room is too little.
    let roomy = tempfile::tempdir().unwrap();
    let report = |folder: &Path| command(&["report", bundles::text(folder)]).ended();
    assert_eq!(report(&copy(roomy.path())).code, 0);
    let sealed = run_folder(roomy.path());
    let zip = zip_path(&sealed).metadata().unwrap().len().div_ceil(1_024);
    let added = size(&sealed) - size(&folder);
    let manifest = sealed.join("manifest.dsse.json").metadata().unwrap().len() / 1_024;
    assert!(manifest > 4, "the manifest cannot be what does not fit: {manifest} kB");

    for (moment, kilobytes, is_sealed) in [
        ("among the reports", added / 2, false),
        ("at the manifest", added - manifest + 2, false),
        ("at the beginning of the zip", added + 4, true),
        ("at the end of the zip", added + zip - 4, true),
    ] {
        let copied = copy(disk.path());
        disk.leave(kilobytes);
        let ended = report(&copied);
        assert_eq!(ended.code, 4, "{moment}: {}\n{}", ended.stdout, ended.stderr);
        assert!(ended.stderr.contains("No space left on device"), "{moment}: {}", ended.stderr);
        let left = run_folder(disk.path());
        let incomplete = left.display().to_string().ends_with(INCOMPLETE);
        assert_eq!(incomplete, !is_sealed, "{moment}: {left:?}");
        let whole = disk.path().join(sealed.file_name().unwrap());
        assert!(!zip_path(&whole).exists(), "{moment}: a zip that is not whole");
        disk.free();
        let ended = report(&left);
        assert_eq!(ended.code, 0, "{moment}: {}", ended.stderr);
        for bundle in [&whole, &zip_path(&whole)] {
            let verified = bundles::verify(bundle, &[]);
            assert_eq!(verified.code, 0, "{moment}: {}", verified.stdout);
        }
        fs::remove_dir_all(&whole).unwrap();
        fs::remove_file(zip_path(&whole)).unwrap();
        assert_eq!(folders(disk.path()), [""; 0], "{moment}: rubbish is left");
    }
}
