//! A disk that soon is full.
//! Refuses to fill one that is not the test's own: only root can mount one, others skip.

use std::fs;
use std::path::Path;
use std::process::Command;

use letterproof_testing::{Skip, skip};

/// A small disk of its own.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Mounts one of so many kilobytes; `None` where that is not allowed.
    pub(crate) fn of(kilobytes: u32) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kilobytes}k"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        skip(Skip::Machine, "only root can mount a small disk");
        None
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Has somebody else's file take all but so many kilobytes.
    pub(crate) fn leave(&self, kilobytes: u64) {
        self.free();
        let filler = self.path().join(".filler");
        let output = Command::new("df").args(["-Pk"]).arg(self.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let free: u64 =
            text.lines().last().unwrap().split_whitespace().nth(3).unwrap().parse().unwrap();
        let size = free.checked_sub(kilobytes).expect("the disk is large enough") * 1_024;
        fs::write(filler, vec![0; usize::try_from(size).unwrap()]).unwrap();
    }

    pub(crate) fn free(&self) {
        let _ = fs::remove_file(self.path().join(".filler"));
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).output();
    }
}
