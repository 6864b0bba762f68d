//! What reports show beside results and journal: statements, load runs, and the key that signs.
//! Refuses to look outside the bundle: what is not read from it is only what it will be signed with.

use letterproof_evidence::{Attestation, Attestations, Opened, carried_key};

use crate::ReportError;
use crate::loads::{self, LoadRun};

/// What reports show beside results and journal. The default shows nothing: no statement, no load
/// run, and an unsigned bundle.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// The id of the key that is going to sign the bundle; `None` where none is. Reports are part
    /// of what is signed and are made before, so that none can say that it was signed.
    pub signing_key: Option<String>,
    /// What was attested, in the order in which it was given.
    pub attestations: Vec<Attestation>,
    /// Load runs, by name.
    pub loads: Vec<LoadRun>,
}

impl Extras {
    /// The extras that lie in a bundle, a folder or a zip.
    ///
    /// # Errors
    /// When a file of them cannot be read or is of another format.
    pub fn of(opened: &Opened) -> Result<Self, ReportError> {
        let attestations = Attestations::of(opened)?.attestations;
        let names = loads::names(opened);
        let loads: Result<Vec<LoadRun>, ReportError> =
            names.iter().map(|name| LoadRun::read(opened, name)).collect();
        let signing_key = carried_key(opened).map(|key| key.key_id());
        Ok(Self { signing_key, attestations, loads: loads? })
    }

    /// The same, to be signed with the key of this id, or not at all.
    #[must_use]
    pub fn signed_by(self, key_id: Option<String>) -> Self {
        Self { signing_key: key_id, ..self }
    }
}
