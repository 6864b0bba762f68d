//! Naming a habit on the command line.
//! Refuses a name that is not in the catalogue.

use std::fmt;

use super::catalogue::{HabitEntry, habit_catalogue};
use super::manner::Manner;
use crate::named::{UnknownName, find};

/// One of the catalogue's habits.
#[derive(Debug, Clone, Copy)]
pub struct Habit(&'static HabitEntry);

impl Habit {
    /// The habit of this name.
    ///
    /// # Errors
    /// There is none; the message offers the nearest.
    pub fn parse(name: &str) -> Result<Self, UnknownName> {
        find("habit", name, habit_catalogue(), |entry| entry.name).map(Self)
    }

    pub(crate) const fn manner(self) -> Manner {
        self.0.manner
    }
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_habit_of_the_catalogue_is_found_by_its_name_and_no_other_is() {
        for entry in habit_catalogue() {
            assert_eq!(Habit::parse(&format!(" {} ", entry.name)).unwrap().to_string(), entry.name);
        }
        let message = Habit::parse("post-olny").unwrap_err().to_string();
        assert!(message.contains("did you mean `post-only`?"), "{message}");
        let message = Habit::parse("zzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("--habit list"), "{message}");
    }
}
