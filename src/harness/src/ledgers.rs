//! Where the ledgers of targets lie: one file for each target and supplier, outside any run.
//! When a target was seeded again, the ledger so far is set aside, not removed.

use std::path::{Path, PathBuf};

use letterproof_client::{Auth, Ledger, Profile, RunHead};
use letterproof_evidence::{HeadObserver, read_journal};
use letterproof_model::{RunId, now};

use crate::told::Failure;

/// The ledger of one target and supplier.
#[derive(Debug, Clone)]
pub struct LedgerPlace {
    /// Its file.
    pub path: PathBuf,
    supplier: String,
    /// Whether it is to begin afresh.
    pub reseeded: bool,
}

impl LedgerPlace {
    /// Where the ledger of a target lies: in this folder, or in the usual one.
    #[must_use]
    pub fn under(folder: Option<&Path>, out: &Path, profile: &Profile) -> Self {
        let folder = folder.map_or_else(|| usual_folder(out), Path::to_owned);
        let supplier = supplier(profile);
        let base = &profile.target.base_url;
        let before = format!("{}-{}.jsonl", plain(base.as_str()), plain(&supplier));
        let mut path = folder.join(format!("{}-{before}", base.scheme()));
        let before = folder.join(before);
        // Earlier versions left the scheme out. What they knew is known, and it stays where it is.
        if !path.exists()
            && Ledger::peek(&before, &profile.target, &supplier).is_ok_and(|known| known.is_some())
        {
            path = before;
        }
        Self { path, supplier, reseeded: false }
    }

    /// Whether there is a ledger already.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Opens it for a run; nobody else may have it open.
    ///
    /// # Errors
    /// When it cannot be read or written, or another run has it open.
    pub fn open(&self, profile: &Profile) -> Result<Ledger, Failure> {
        let heads = if self.reseeded { self.set_aside(profile)? } else { Vec::new() };
        let ledger = Ledger::open(&self.path, &profile.target, &self.supplier)?;
        // Of the letters nothing is true any more; of the runs everything.
        heads.into_iter().try_for_each(|head| ledger.note_head(head))?;
        Ok(ledger)
    }

    /// Takes in what became of the letters in a run that had no ledger of its own.
    ///
    /// # Errors
    /// When the run's journal cannot be read, or the ledger not be written.
    pub fn learn(&self, profile: &Profile, run: &Path) -> Result<(), Failure> {
        let journal = read_journal(&run.join(letterproof_evidence::JOURNAL_FILE))?;
        Ok(self.open(profile)?.replay(&journal.recording)?)
    }

    /// What it knows; `None` when there is none, or it is to begin afresh.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn peek(&self, profile: &Profile) -> Result<Option<Ledger>, Failure> {
        if self.reseeded {
            return Ok(None);
        }
        Ok(Ledger::peek(&self.path, &profile.target, &self.supplier)?)
    }

    /// Sets the file aside; returns what it knew of runs.
    fn set_aside(&self, profile: &Profile) -> Result<Vec<RunHead>, Failure> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        // Taken for a moment, so that it is not moved away from under a run.
        let heads = Ledger::open(&self.path, &profile.target, &self.supplier)?.heads();
        let stamp = now().strftime("%Y%m%dT%H%M%SZ");
        let aside = self.path.with_extension(format!("until-{stamp}.jsonl"));
        std::fs::rename(&self.path, &aside).map_err(|error| {
            Failure::Usage(format!(
                "cannot set the ledger {} aside ({error}); check whether a run is using it",
                self.path.display()
            ))
        })?;
        Ok(heads)
    }
}

/// Has the ledger keep how far the journal has come. Where it cannot be written, the supplier's own
/// entries fail too and end the run.
pub(crate) fn heads_kept(ledger: &Ledger, run: &RunId) -> HeadObserver {
    let (ledger, run) = (ledger.clone(), run.clone());
    Box::new(move |lines, head| {
        let head = RunHead { run: run.clone(), lines, head: head.to_owned() };
        if let Err(error) = ledger.note_head(head) {
            tracing::warn!(%error, "the ledger does not know how far the journal has come");
        }
    })
}

/// Removes the ledger that a run made which never began.
pub fn forget(ledger: Option<&Path>) {
    if let Some(Err(error)) = ledger.map(std::fs::remove_file) {
        tracing::warn!(%error, "the ledger of a run that never began is unchanged");
    }
}

/// Who the ledger belongs to: the profile's supplier, else the key that is registered for it.
fn supplier(profile: &Profile) -> String {
    match &profile.target.auth {
        Auth::SignedJwt { kid, .. } if profile.supplier == UNNAMED => kid.clone(),
        _ => profile.supplier.clone(),
    }
}

/// What a profile calls a supplier that has no name.
const UNNAMED: &str = "supplier";

/// The user's folder for state, by the customs of each system; where there is none, a folder
/// beside the evidence.
fn usual_folder(out: &Path) -> PathBuf {
    let set = |name: &str| {
        std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute())
    };
    let state = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library").join("Application Support"))
    } else {
        set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local").join("state")))
    };
    match state {
        Some(state) => state.join("letterproof").join("ledgers"),
        None => out.parent().unwrap_or(out).join(".letterproof"),
    }
}

/// A text as a part of a file name that every system can store.
fn plain(text: &str) -> String {
    const LONGEST: usize = 100;
    let text = text.split_once("://").map_or(text, |(_, rest)| rest).trim_end_matches('/');
    let text: String = text.chars().take(LONGEST).collect();
    letterproof_model::plain_name(&text, &['.'], '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_on_every_system() {
        assert_eq!(
            plain("https://int.api.service.nhs.uk/nhs-notify-supplier"),
            "int.api.service.nhs.uk-nhs-notify-supplier"
        );
        assert_eq!(plain("http://127.0.0.1:9000/x/"), "127.0.0.1-9000-x");
        assert_eq!(plain("Ink & Sons / Leeds"), "Ink---Sons---Leeds");
        assert_eq!(plain(&"x".repeat(900)).len(), 100);
    }

    #[test]
    fn the_usual_folder_is_one_that_does_not_move_with_the_evidence() {
        let folder = usual_folder(Path::new("evidence"));
        assert!(folder.ends_with("letterproof/ledgers") || folder.ends_with(".letterproof"));
    }
}
