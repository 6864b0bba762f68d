//! Finding a row of a catalogue by its name on the command line.
//! Refuses a name that is not there and says which one comes nearest; a far guess would only
//! mislead.

/// How alike a name must be to be offered instead.
const ALIKE: f64 = 0.75;

/// A name that its catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {what} of the supplier{hint}; `--{what} list` shows them all")]
pub struct UnknownName {
    /// The name as it was given.
    pub name: String,
    what: &'static str,
    hint: String,
}

/// The row of this name in a catalogue of what `what` says.
pub(crate) fn find<E>(
    what: &'static str,
    name: &str,
    catalogue: &'static [E],
    name_of: fn(&E) -> &'static str,
) -> Result<&'static E, UnknownName> {
    let name = name.trim();
    let found = catalogue.iter().find(|entry| name_of(entry) == name);
    found.ok_or_else(|| {
        let hint = nearest(name, catalogue.iter().map(name_of));
        UnknownName { name: name.to_owned(), what, hint }
    })
}

/// ` (did you mean …?)` with the name that comes nearest, or nothing where none is near.
fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> String {
    names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .map_or_else(String::new, |(_, near)| format!(" (did you mean `{near}`?)"))
}
