//! TOML files that people write: profiles, load profiles, seeds and waivers are read here.
//!
//! A caller asks a [`Table`] for its fields by name. Whatever is wrong is kept and reported at the
//! end, all at once, as ``FILE:LINE: field `table.name`: what is wrong; what to write instead``. A
//! field that nobody asked for is unknown, and is reported with the near name. No value is shown: it
//! may be a secret put in the wrong place.

mod table;

#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use letterproof_model::decode_text;

pub use table::{Table, Value};

/// The longest file that is read, in bytes.
const LONGEST: u64 = 1024 * 1024;

/// What is wrong with a file, each problem in one line that names file, line and field.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Problems(Vec<String>);

impl Problems {
    /// The problems, in the order of the file.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.0
    }
}

/// Reads a file. `hint` is the next step where it cannot be read at all. `build` asks for every
/// field before it gives up on one, and may return nothing only where it told a problem.
///
/// # Errors
/// When the file cannot be read, is longer than 1 MiB, or has problems.
pub fn read_file<T>(
    path: &Path,
    hint: &str,
    build: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let origin = path.display().to_string();
    let text = text_of(path).map_err(|error| {
        Problems(vec![format!("{origin}: it cannot be read ({error}); {hint}")])
    })?;
    read_text(&text, &origin, build)
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other("it is longer than 1 MiB"));
    }
    Ok(decode_text(bytes)?)
}

/// Reads a text; `origin` names it in messages. See [`read_file`].
///
/// # Errors
/// When it has problems.
pub fn read_text<T>(
    text: &str,
    origin: &str,
    build: impl FnOnce(&Table<'_>) -> Option<T>,
) -> Result<T, Problems> {
    let notes = table::Notes::new(text, origin);
    let parsed = toml::de::DeTable::parse(text);
    let built = match &parsed {
        Ok(document) => build(&Table::top(&notes, document.get_ref())),
        Err(error) => {
            // The library's own display quotes the line, which may hold a secret.
            let at = error.span().map_or(0, |span| span.start);
            notes.note(at, "", &format!("this is not TOML: {}", error.message()));
            None
        }
    };
    let problems = notes.problems();
    match built {
        Some(built) if problems.is_empty() => Ok(built),
        _ => Err(Problems(problems)),
    }
}
