//! Which name of a catalogue somebody may have meant.
//! Refuses far guesses: they would only mislead.

/// How alike a name must be to be offered instead.
const ALIKE: f64 = 0.75;

/// ` (did you mean …?)` with the name that comes nearest, or nothing where none is near.
pub(crate) fn nearest(name: &str, names: impl Iterator<Item = &'static str>) -> String {
    names
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .map_or_else(String::new, |(_, near)| format!(" (did you mean `{near}`?)"))
}
