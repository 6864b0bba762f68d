//! Naming a fault on the command line.
//! Refuses a name that is not in the catalogue.

use std::fmt;

use super::catalogue::{FaultEntry, fault_catalogue};
use crate::named::{UnknownName, find};

/// One of the catalogue's faults.
#[derive(Debug, Clone, Copy)]
pub struct Fault(pub(super) &'static FaultEntry);

impl Fault {
    /// The fault of this name.
    ///
    /// # Errors
    /// There is none; the message offers the nearest.
    pub fn parse(name: &str) -> Result<Self, UnknownName> {
        find("fault", name, fault_catalogue(), |entry| entry.name).map(Self)
    }

    /// Its row of the catalogue.
    #[must_use]
    pub const fn entry(self) -> &'static FaultEntry {
        self.0
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_of_the_catalogue_is_found_by_its_name() {
        for entry in fault_catalogue() {
            assert_eq!(Fault::parse(&format!(" {} ", entry.name)).unwrap().to_string(), entry.name);
        }
    }

    #[test]
    fn a_misspelt_name_is_refused_with_the_nearest() {
        let message = Fault::parse("duplicate-acept").unwrap_err().to_string();
        assert!(message.contains("did you mean `duplicate-accept`?"), "{message}");
        let message = Fault::parse("zzz").unwrap_err().to_string();
        assert!(!message.contains("did you mean") && message.contains("--fault list"), "{message}");
    }
}
