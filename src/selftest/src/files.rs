//! Writing renderings into a folder.
//! Refuses to leave a failure without the file's name.

use std::path::{Path, PathBuf};

use crate::error::SelftestError;

/// Writes texts under their names into a folder, which is made if it is missing. Gives their paths.
pub(crate) fn write(
    folder: &Path,
    files: impl IntoIterator<Item = (&'static str, String)>,
) -> Result<Vec<PathBuf>, SelftestError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| SelftestError::Write { path, source }
    };
    std::fs::create_dir_all(folder).map_err(failed(folder))?;
    files
        .into_iter()
        .map(|(name, text)| {
            let path = folder.join(name);
            std::fs::write(&path, text).map_err(failed(&path))?;
            Ok(path)
        })
        .collect()
}
