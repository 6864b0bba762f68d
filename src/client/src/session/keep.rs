//! Keeping letters' content on disk, where a person asked for that with a folder of their own.
//! Refuses to share it: folder and files are for their owner alone, and nothing else of this house
//! ever reads them.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::{ClientError, private};

/// Where the content of a letter is kept: a file named after the letter.
pub(super) fn place(folder: &Path, letter: &str) -> PathBuf {
    let letter: String = letter.chars().take(120).collect();
    let plain = letterproof_model::plain_name(&letter, &['-', '_'], '_');
    folder.join(format!("{plain}.pdf"))
}

/// Writes content, whole or not at all.
///
/// # Errors
/// When it cannot be written.
pub(super) fn keep(path: &Path, content: &[u8]) -> Result<(), ClientError> {
    write(path, content).map_err(|error| {
        ClientError::configuration(format!(
            "{}: the letter's content cannot be kept ({error}); free some space, or choose another \
             folder with --keep-pdfs",
            path.display()
        ))
    })
}

fn write(path: &Path, content: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        private::create_folders(folder)?;
    }
    let draft = path.with_extension("part");
    let mut file = private::new_file().create(true).truncate(true).open(&draft)?;
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
        let path = place(&out.path().join("pdfs"), "../a b/C");
        assert!(path.ends_with("pdfs/___a_b_C.pdf"), "{}", path.display());
        keep(&path, b"%PDF-1").unwrap();
        keep(&path, b"%PDF-2").unwrap();
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
        let error = keep(&place(&file, "L1"), b"x").unwrap_err().to_string();
        assert!(error.contains("a-file") && error.contains("--keep-pdfs"), "{error}");
    }
}
