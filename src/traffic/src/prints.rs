//! Texts that are only compared with each other, each as a short print of fixed length, so that a
//! million links take little room.
//! Nobody can foresee them: they are keyed anew for each use, and no two texts that a
//! bundle's maker chose have the same one but by a chance of 2^-128.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash};

/// What stands for a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Print([u32; 4]);

/// Makes prints that can be compared with each other.
#[derive(Debug, Clone, Default)]
pub struct Printer(RandomState, RandomState);

impl Printer {
    /// The print of a text, or of several together.
    #[must_use]
    pub fn print<T: Hash + ?Sized>(&self, text: &T) -> Print {
        let (one, other) = (halves(self.0.hash_one(text)), halves(self.1.hash_one(text)));
        Print([one[0], one[1], other[0], other[1]])
    }

    /// A shorter one, which a few of many texts share with another.
    #[must_use]
    pub fn short<T: Hash + ?Sized>(&self, text: &T) -> u32 {
        let [short, _] = halves(self.0.hash_one(text));
        short
    }
}

/// In words of four bytes, beside which a place takes no more than its own four.
#[allow(clippy::cast_possible_truncation)]
const fn halves(hash: u64) -> [u32; 2] {
    [(hash >> 32) as u32, hash as u32]
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
        assert_eq!(printer.short("a link"), printer.short(text.as_str()));
    }
}
