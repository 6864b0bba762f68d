//! The known name that comes nearest to a mistyped one.
//! Refuses a far guess, which would only mislead.

/// The name that comes nearest to this one, capitals, `-` and `_` aside: with few letters wrong (one,
/// and one more for every four of the name), or of which this is the beginning. `None` where none is
/// near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |text: &str| text.to_lowercase().replace('-', "_");
    let name = plain(name);
    known
        .into_iter()
        .filter_map(|known| {
            let word = plain(known);
            let distance = strsim::damerau_levenshtein(&name, &word);
            let begins = !name.is_empty() && word.starts_with(&name);
            (distance <= 1 + word.len() / 4 || begins).then_some((distance, known))
        })
        .min()
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered_and_a_far_one_is_not() {
        let known = ["lose-update", "drop-response"];
        for near in ["lose-updates", "loose-update", "Lose_Update", "lsoe-update", "lose"] {
            assert_eq!(nearest(near, known), Some("lose-update"), "{near}");
        }
        for far in ["xyz", "", "update", "lost-something"] {
            assert_eq!(nearest(far, known), None, "{far}");
        }
        assert_eq!(nearest("xyz", []), None);
        assert_eq!(nearest("AT10.33", ["AT10.1", "AT10.3", "AT1.3"]), Some("AT10.3"));
    }

    #[test]
    fn of_several_near_names_the_nearest_is_offered() {
        assert_eq!(nearest("stead", ["steady-state", "steady", "spike"]), Some("steady"));
    }
}
