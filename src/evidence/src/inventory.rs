//! What a bundle holds: size and SHA-256 of every file, and the state of the journal's chain. A
//! file that cannot be read is named, and the others are still read.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use crate::JOURNAL_FILE;
use crate::chain::{Chain, ChainState, Sha256};
use crate::error::{Problem, ProblemKind};
use crate::opened::Opened;

/// How many files are read at a time; the two largest are most of a bundle.
const READERS: usize = 2;

/// One file's size and hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileDigest {
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

/// Every file that could be read, and the journal's chain.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) files: BTreeMap<String, FileDigest>,
    pub(crate) journal: Option<ChainState>,
    /// The files that could not be read.
    pub(crate) problems: Vec<Problem>,
}

impl Inventory {
    /// Reads every file once.
    pub(crate) fn take(opened: &Opened) -> Self {
        // The largest first, so that no reader is left alone with it at the end.
        let mut names: Vec<(&str, u64)> = opened.files().collect();
        names.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
        let next = AtomicUsize::new(0);
        let inventory = Mutex::new(Self::default());
        std::thread::scope(|scope| {
            for _ in 0..READERS.min(names.len()) {
                scope.spawn(|| {
                    let mut buffer = vec![0; 1 << 17];
                    while let Some((name, size)) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let read = read(opened, name, *size, &mut buffer);
                        inventory.lock().add(name, read);
                    }
                });
            }
        });
        let mut inventory = inventory.into_inner();
        inventory.problems.sort_by(|a, b| a.file.cmp(&b.file));
        inventory
    }

    fn add(&mut self, name: &str, read: Result<(FileDigest, Option<ChainState>), Problem>) {
        match read {
            Ok((digest, chain)) => {
                self.files.insert(name.to_owned(), digest);
                self.journal = self.journal.take().or(chain);
            }
            Err(problem) => self.problems.push(problem),
        }
    }
}

fn read(
    opened: &Opened,
    name: &str,
    size: u64,
    buffer: &mut [u8],
) -> Result<(FileDigest, Option<ChainState>), Problem> {
    let unreadable =
        |why: String| Problem::of(ProblemKind::Unreadable, name, &format!("cannot be read: {why}"));
    let mut reader = opened.reader(name).map_err(|error| unreadable(error.to_string()))?;
    let mut hash = Sha256::new();
    let mut chain = (name == JOURNAL_FILE).then(Chain::new);
    loop {
        let length = reader.read(buffer).map_err(|error| unreadable(error.to_string()))?;
        if length == 0 {
            let digest = FileDigest { size, sha256: hash.finish() };
            return Ok((digest, chain.map(Chain::finish)));
        }
        hash.update(&buffer[..length]);
        if let Some(chain) = &mut chain {
            chain.update(&buffer[..length]);
        }
    }
}
