//! Files and folders for their owner alone, 0600 and 0700, and the letters' content that is kept in
//! such a folder where a person asked for that.
//!
//! On systems without such modes (Windows) a new file has the access list of the folder it is made
//! in, which in a user's own folders is the user's alone.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::ClientError;

/// Makes a folder, and those above it that are missing.
///
/// # Errors
/// When one cannot be made.
pub fn create_folders(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// How a file is opened for writing that may be a new one.
#[must_use]
pub fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Makes a file its owner's alone that an earlier version may have made for all.
pub(crate) fn tighten(file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // Somebody else's file stays as it is; what is written to it is no secret.
        let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Where the content of a letter is kept: a file named after the letter.
pub(crate) fn pdf_of(folder: &Path, letter: &str) -> PathBuf {
    let letter: String = letter.chars().take(120).collect();
    let plain = letterproof_model::plain_name(&letter, &['-', '_'], '_');
    folder.join(format!("{plain}.pdf"))
}

/// Writes content, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn keep_pdf(path: &Path, content: &[u8]) -> Result<(), ClientError> {
    write_pdf(path, content).map_err(|error| {
        ClientError::configuration(format!(
            "{}: the letter's content cannot be kept ({error}); free some space, or choose another \
             folder with --keep-pdfs",
            path.display()
        ))
    })
}

fn write_pdf(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        create_folders(folder)?;
    }
    let draft = path.with_extension("part");
    let mut file = new_file().create(true).truncate(true).open(&draft)?;
    file.write_all(content)?;
    drop(file);
    std::fs::rename(&draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_kept_under_a_plain_name_for_its_owner_alone() {
        let out = tempfile::tempdir().unwrap();
        let path = pdf_of(&out.path().join("pdfs"), "../a b/C");
        assert!(path.ends_with("pdfs/___a_b_C.pdf"), "{}", path.display());
        keep_pdf(&path, b"%PDF-1").unwrap();
        keep_pdf(&path, b"%PDF-2").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"%PDF-2");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("a-file");
        std::fs::write(&file, "x").unwrap();
        let error = keep_pdf(&pdf_of(&file, "L1"), b"x").unwrap_err().to_string();
        assert!(error.contains("a-file") && error.contains("--keep-pdfs"), "{error}");
    }
}
