//! A recording made elsewhere, or by an earlier run, before the judges of this version.
//!
//! A HAR file is redacted and recorded like live traffic; a journal is copied as it is, with what
//! its run was asked for. Nothing is sent.

use std::path::{Path, PathBuf};

use letterproof_client::Target;
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, Import, ImportScope, JournalHeader, Recorded, RunFolder, new_run_id, read_har,
};
use letterproof_model::{Brief, Results, RunId, ToolInfo};

use crate::folder::{
    begin_journal, close, discarded, environment, new_folder, refuse_other_specification, write_up,
};
use crate::told::{Failure, Onlooker, usage};

/// One judging, from a recording to a bundle.
pub struct Judging<'a> {
    /// Which build this is.
    pub tool: ToolInfo,
    /// The folder in which its own is made.
    pub out: &'a Path,
    /// The contract that bodies are held against.
    pub contract: &'a Contract,
    /// What signs the bundle.
    pub sign_key: Option<BundleKey>,
    /// Who is told how it goes.
    pub onlooker: &'a dyn Onlooker,
}

impl Judging<'_> {
    /// Records the calls of a HAR file that was made against `target`, and judges them.
    ///
    /// # Errors
    /// When the file cannot be read, or the evidence not be written.
    pub fn har(
        &self,
        file: &Path,
        target: &Target,
        brief: impl FnOnce() -> Result<Brief, Failure>,
    ) -> Result<(Results, PathBuf), Failure> {
        let base_url = target.base_url.as_str().trim_end_matches('/');
        let scope = ImportScope { base_url, token_url: target.token_url.as_deref() };
        let import = read_har(file, &scope).map_err(usage)?;
        for note in import.notes() {
            self.onlooker.note(&format!("not in the recording: {note}"));
        }
        let brief = brief()?;
        let run_id = new_run_id(import.started())?;
        let header = JournalHeader::briefed(run_id, import.started(), self.tool.clone(), brief);
        self.written_up(&header.run_id, |folder| self.append(import, &header, folder, target))
    }

    fn append(
        &self,
        import: Import,
        header: &JournalHeader,
        folder: &RunFolder,
        target: &Target,
    ) -> Result<(), Failure> {
        let journal = begin_journal(&folder.journal_path(), header)?;
        import.append_to(&journal)?;
        let environment = environment(&self.tool, target, None, self.contract, &journal);
        folder.write_environment(&environment)?;
        Ok(())
    }

    /// Judges the journal of an earlier run again, by what that was asked for, or else by `brief`.
    ///
    /// # Errors
    /// When it was to be judged by another contract, or the evidence cannot be written.
    pub fn recorded(
        &self,
        place: &Path,
        journal: Recorded,
        brief: impl FnOnce() -> Result<Brief, Failure>,
    ) -> Result<(Results, PathBuf), Failure> {
        let header = journal.header();
        if header.brief.is_some() {
            refuse_other_specification(place, header, self.contract)?;
            return self.written_up(&header.run_id, |folder| Ok(journal.copy_to(folder)?));
        }
        self.onlooker.note(
            "this journal does not say what its run was asked for; it is judged as the options ask",
        );
        let brief = brief()?;
        self.written_up(&header.run_id, |folder| Ok(journal.copy_with(brief, folder)?))
    }

    /// Makes a folder, has its journal written, judges that, and closes the folder.
    fn written_up(
        &self,
        run_id: &RunId,
        fill: impl FnOnce(&RunFolder) -> Result<(), Failure>,
    ) -> Result<(Results, PathBuf), Failure> {
        let folder = new_folder(self.out, run_id, self.sign_key.as_ref())?;
        folder.leftovers().iter().for_each(|words| self.onlooker.note(words));
        self.onlooker.note("judging what was recorded");
        let written =
            fill(&folder).and_then(|()| write_up(&folder, self.contract, self.sign_key.as_ref()));
        match written {
            Ok(bundle) => Ok((bundle.results, close(folder, self.sign_key.as_ref())?)),
            Err(failure) => Err(discarded(folder, failure)),
        }
    }
}
