//! Files and folders for their owner alone: 0600 and 0700. What is handed over is handed over on
//! purpose, not by lying about.
//!
//! On systems without such modes (Windows) a new file has the access list of the folder it is made
//! in, which in a user's own folders is the user's alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Makes a folder, and those above it that are missing.
pub(crate) fn create_folders(path: &Path) -> io::Result<()> {
    builder().recursive(true).create(path)
}

/// Makes a folder that is not there yet.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    builder().create(path)
}

fn builder() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only modes change it"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// How a file is opened that may be a new one.
pub(crate) fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// How a temporary file is made; 0600 is what such a file has by default.
pub(crate) fn temporary(prefix: &str) -> tempfile::Builder<'_, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    builder
}

/// The same for a temporary folder.
pub(crate) fn temporary_folder(prefix: &str) -> tempfile::Builder<'_, 'static> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only modes change it"))]
    let mut builder = temporary(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder
}
