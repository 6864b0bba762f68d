//! The files of a bundle, gathered under rules that hold for zips and folders alike.
//! Refuses unsafe names, names that clash on systems that ignore capitals, and what is too much.

use std::collections::{BTreeMap, HashMap};

use super::{Entry, Limits};
use crate::names;
use crate::problem::{Problem, ProblemKind};

/// Files gathered so far.
#[derive(Debug)]
pub(crate) struct Listing<'a> {
    limits: &'a Limits,
    files: BTreeMap<String, Entry>,
    /// Every file and folder: its name without capitals, its name, whether it is a file.
    folded: HashMap<String, (String, bool)>,
    total: u64,
}

impl<'a> Listing<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self { limits, files: BTreeMap::new(), folded: HashMap::new(), total: 0 }
    }

    /// Takes a file, unless it breaks a rule.
    pub(super) fn add(&mut self, name: &str, entry: Entry) -> Result<(), Problem> {
        if let Some(fault) = names::fault(name) {
            return Err(Problem::of(ProblemKind::Name, name, fault));
        }
        for (end, _) in name.match_indices('/') {
            self.claim(&name[..end], false)?;
        }
        self.claim(name, true)?;
        if entry.size > self.limits.file_bytes {
            let (size, limit) = (entry.size, self.limits.file_bytes);
            let rest = format!("is {size} bytes long; the limit for a file of a bundle is {limit}");
            return Err(Problem::of(ProblemKind::TooLarge, name, &rest));
        }
        self.total = self.total.saturating_add(entry.size);
        if self.total > self.limits.total_bytes {
            let limit = self.limits.total_bytes;
            let sentence =
                format!("the files together exceed {limit} bytes, the limit of a bundle");
            return Err(Problem::whole(ProblemKind::TooLarge, sentence));
        }
        self.files.insert(name.to_owned(), entry);
        if self.files.len() > self.limits.files {
            return Err(too_many(self.limits));
        }
        Ok(())
    }

    /// All files unpacked, in bytes.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    pub(super) fn into_files(self) -> BTreeMap<String, Entry> {
        self.files
    }

    /// Files have names of their own; folders are shared, but not under two spellings.
    fn claim(&mut self, name: &str, is_file: bool) -> Result<(), Problem> {
        let held = self
            .folded
            .entry(name.to_ascii_lowercase())
            .or_insert_with(|| (name.to_owned(), is_file));
        let is_new = !is_file || !self.files.contains_key(name);
        if held.0 == name && held.1 == is_file && is_new {
            return Ok(());
        }
        let rest = "is there twice: as a file and a folder, or when capitals are ignored";
        Err(Problem::of(ProblemKind::Twice, name, rest))
    }
}

pub(super) fn too_many(limits: &Limits) -> Problem {
    let sentence = format!("it holds more than {} files, the limit of a bundle", limits.files);
    Problem::whole(ProblemKind::TooMany, sentence)
}

#[cfg(test)]
mod tests {
    use super::super::Place;
    use super::*;

    fn kinds(names: &[&str], limits: &Limits) -> Vec<ProblemKind> {
        let mut listing = Listing::new(limits);
        let file = Entry { size: 10, place: Place::Loose };
        names.iter().filter_map(|name| listing.add(name, file).err()).map(|p| p.kind).collect()
    }

    #[test]
    fn files_of_one_folder_live_together() {
        let names = ["AT4/a.csv", "AT4/b.csv", "results.json"];
        assert_eq!(kinds(&names, &Limits::default()), []);
    }

    #[test]
    fn names_that_some_system_would_mix_up_are_refused() {
        for names in [
            ["a.csv", "a.csv"],
            ["a.csv", "A.csv"],
            ["at4/a.csv", "AT4/b.csv"],
            ["AT4", "AT4/b.csv"],
            ["AT4/b.csv", "at4"],
        ] {
            assert_eq!(kinds(&names, &Limits::default()), [ProblemKind::Twice], "{names:?}");
        }
    }

    #[test]
    fn each_limit_is_held() {
        let with = |change: fn(&mut Limits)| {
            let mut limits = Limits::default();
            change(&mut limits);
            kinds(&["a", "b", "c"], &limits)
        };
        assert_eq!(with(|limits| limits.files = 2), [ProblemKind::TooMany]);
        assert_eq!(with(|limits| limits.file_bytes = 9), [ProblemKind::TooLarge; 3]);
        assert_eq!(with(|limits| limits.total_bytes = 29), [ProblemKind::TooLarge]);
        assert_eq!(with(|limits| limits.total_bytes = 30), []);
    }
}
