//! `letterproof completions` and `letterproof man`: what a shell and `man` need, made from the same
//! definitions as the command line itself.

use std::path::Path;

use clap::CommandFactory as _;
use letterproof_harness::Failure;

use crate::args::{Arguments, CompletionsOptions, ManOptions};
use crate::out;

/// Prints a completion script; returns the exit code.
pub(crate) fn completions(options: &CompletionsOptions) -> Result<u8, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "letterproof", &mut script);
    out::document(&String::from_utf8_lossy(&script))?;
    Ok(0)
}

/// Prints the manual page, or writes one for each command; returns the exit code.
pub(crate) fn man(options: &ManOptions) -> Result<u8, Failure> {
    match &options.out {
        Some(folder) => pages(folder)?,
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command())
                .render(&mut page)
                .map_err(|error| Failure::Harness(error.to_string()))?;
            out::document(&String::from_utf8_lossy(&page))?;
        }
    }
    Ok(0)
}

fn pages(folder: &Path) -> Result<(), Failure> {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command(), folder));
    written.map_err(|error| {
        Failure::Usage(format!("{}: the pages cannot be written ({error})", folder.display()))
    })
}
