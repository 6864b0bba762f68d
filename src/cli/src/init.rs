//! `letterproof init`: a commented profile to start from.

use std::io::Write as _;

use letterproof_client::Profile;
use letterproof_harness::Failure;

use crate::args::InitOptions;
use crate::out::{self, Text};

/// Writes the profile; returns the exit code.
pub(crate) fn init(options: &InitOptions) -> Result<u8, Failure> {
    let path = &options.file;
    let failed = |error: std::io::Error| {
        let problem = if error.kind() == std::io::ErrorKind::AlreadyExists {
            "it exists already and is not overwritten; give another name".to_owned()
        } else {
            format!("it cannot be written ({error}); check the folder and its owner")
        };
        Failure::Usage(format!("{}: {problem}", path.display()))
    };
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
    file.write_all(Profile::template().as_bytes()).map_err(failed)?;
    let name = path.display();
    let mut text = Text::of(format_args!("wrote {name}"));
    text.line(format_args!("next: fill it in, then run letterproof doctor --target {name}"));
    out::print(&text)?;
    Ok(0)
}
