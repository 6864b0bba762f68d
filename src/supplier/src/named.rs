//! Finding a row of a catalogue by its name on the command line.
//! Refuses a name that is not there and says which one comes nearest.

/// A name that its catalogue does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a {what} of the supplier{hint}; `--{what} list` shows them all")]
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
        let near = letterproof_model::nearest(name, catalogue.iter().map(name_of));
        let hint = near.map(|near| format!(" (did you mean `{near}`?)")).unwrap_or_default();
        UnknownName { name: name.to_owned(), what, hint }
    })
}
