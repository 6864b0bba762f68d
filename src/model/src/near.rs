//! The known name that comes nearest to a mistyped one.
//! Refuses a far guess, which would only mislead.

/// How alike a name must be to be offered instead.
const ALIKE: f64 = 0.75;

/// The name that comes nearest to this one; `None` where none is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .max_by(|one, two| one.0.total_cmp(&two.0))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["lose-update", "drop-response"];
        assert_eq!(nearest("lose-updates", known), Some("lose-update"));
        assert_eq!(nearest("loose-update", known), Some("lose-update"));
        assert_eq!(nearest("xyz", known), None);
        assert_eq!(nearest("xyz", []), None);
    }
}
