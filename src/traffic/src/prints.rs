//! Texts that are only compared with each other, each as a short print of fixed length, so that a
//! million links take little room.
//! Refuses prints that anybody can foresee: they are keyed anew for each use, and no two texts that a
//! bundle's maker chose have the same one but by a chance of 2^-128.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// What stands for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Print(u64, u64);

/// Makes prints that can be compared with each other.
#[derive(Debug, Clone, Default)]
pub struct Printer(RandomState, RandomState);

impl Printer {
    /// The print of a text, or of several together.
    #[must_use]
    pub fn print<T: Hash + ?Sized>(&self, text: &T) -> Print {
        Print(self.0.hash_one(text), self.1.hash_one(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_one_print_and_others_another() {
        let printer = Printer::default();
        let text = String::from("a link");
        assert_eq!(printer.print(text.as_str()), printer.print("a link"));
        let prints: std::collections::HashSet<Print> =
            (0..10_000).map(|number| printer.print(&number.to_string())).collect();
        assert_eq!(prints.len(), 10_000);
        assert_ne!(printer.print(&("ab", "c")), printer.print(&("a", "bc")));
        assert_ne!(printer.print("a link"), Printer::default().print("a link"), "keyed anew");
    }
}
