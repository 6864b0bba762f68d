//! Writes each target's words as a dictionary for libFuzzer into a folder: `NAME.dict`.
//!
//! `cargo run -p letterproof-fuzz --example dictionaries -- FOLDER`; `.ci/fuzz` calls it, and
//! learns from the files which targets there are.

use std::fmt::Write as _;
use std::io::{Error, Result};
use std::path::Path;

use letterproof_fuzz::TARGETS;

fn main() -> Result<()> {
    let folder = std::env::args_os().nth(1).ok_or_else(|| Error::other("name a folder"))?;
    for target in TARGETS {
        let mut text = format!("# {}\n", target.reads);
        for word in target.words {
            text.push('"');
            for byte in word.bytes() {
                match byte {
                    b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
                    b' '..=b'~' => text.push(char::from(byte)),
                    // Writing into a string cannot fail.
                    _ => drop(write!(text, "\\x{byte:02X}")),
                }
            }
            text.push_str("\"\n");
        }
        std::fs::write(Path::new(&folder).join(format!("{}.dict", target.name)), text)?;
    }
    Ok(())
}
