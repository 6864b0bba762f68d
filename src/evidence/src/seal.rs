//! Seals the folder of a run: the manifest over all its files, signed where a key is given.
//! Refuses to seal what cannot be read, or results that are none.

use std::fs;
use std::path::Path;

use crate::folder::RunFolder;
use crate::inventory::Inventory;
use crate::manifest::{Envelope, Facts, MANIFEST_FILE, SIGNING_KEY_FILE, Statement};
use crate::opened::Opened;
use crate::stamp::TIMESTAMP_FILE;
use crate::{BundleKey, EvidenceError, RESULTS_FILE};

/// Longest `results.json` that the manifest is made from, in bytes.
pub(crate) const RESULTS_LIMIT: u64 = 64 << 20;

impl RunFolder {
    /// Writes the manifest over every file of the folder; nothing may be written afterwards but
    /// by sealing again. Signs it where a key is given, and is plainly unsigned otherwise.
    ///
    /// # Errors
    /// When results or journal are missing, or a file cannot be read or written.
    pub fn seal(&self, key: Option<&BundleKey>) -> Result<Statement, EvidenceError> {
        self.sweep()?;
        self.remove(MANIFEST_FILE)?;
        self.remove(TIMESTAMP_FILE)?;
        match key {
            Some(_) => self.begin_with(key)?,
            None => self.remove(SIGNING_KEY_FILE)?,
        }
        let opened = Opened::open(self.path())?;
        let inventory = Inventory::take(&opened);
        let refused = |problem| EvidenceError::Refused { path: self.path().to_owned(), problem };
        if let Some(problem) = inventory.problems.first() {
            return Err(refused(problem.clone()));
        }
        let missing = |name: &str| EvidenceError::Missing { path: self.path().join(name) };
        let results = opened.read(RESULTS_FILE, RESULTS_LIMIT)?;
        let facts = Facts::read(&results).ok_or_else(|| EvidenceError::Broken {
            path: self.path().join(RESULTS_FILE),
            line: 1,
            problem: "these are not the results of a run".to_owned(),
        })?;
        let statement =
            Statement::of(&inventory, facts).ok_or_else(|| missing(crate::JOURNAL_FILE))?;
        let spelled = |error| self.io("write", MANIFEST_FILE)(std::io::Error::from(error));
        let payload = statement.to_bytes().map_err(spelled)?;
        let envelope = Envelope::of(payload, key).to_bytes().map_err(spelled)?;
        self.write(MANIFEST_FILE, &envelope)?;
        Ok(statement)
    }

    /// Removes a file, if it is there.
    fn remove(&self, name: &str) -> Result<(), EvidenceError> {
        match fs::remove_file(self.path().join(name)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(self.io("remove", name)(error))
            }
            _ => Ok(()),
        }
    }

    fn io(
        &self,
        action: &'static str,
        name: &str,
    ) -> impl FnOnce(std::io::Error) -> EvidenceError + use<> {
        let hint = "check the folder and its owner";
        EvidenceError::io(action, self.path().join(Path::new(name)), hint)
    }
}
