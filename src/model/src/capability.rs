//! What a target can do, declared by its profile; a clause that needs more is not applicable.
//! Refuses to be discovered by trial: a missing capability is named, never guessed from failures.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Something a target can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// Updates change what later reads show.
    Stateful,
    /// NHS Notify has put the pack's letters there.
    Seeded,
    /// Calls need a bearer token.
    Authenticated,
    /// A quota is enforced.
    RateLimited,
    /// Listed letters are hidden for a time.
    VisibilityTimeout,
}

impl Capability {
    /// The word used in files and on screen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stateful => "stateful",
            Self::Seeded => "seeded",
            Self::Authenticated => "authenticated",
            Self::RateLimited => "rate-limited",
            Self::VisibilityTimeout => "visibility-timeout",
        }
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_capability_is_shown_by_the_word_that_files_use() {
        for (capability, word) in [
            (Capability::Stateful, "stateful"),
            (Capability::Seeded, "seeded"),
            (Capability::Authenticated, "authenticated"),
            (Capability::RateLimited, "rate-limited"),
            (Capability::VisibilityTimeout, "visibility-timeout"),
        ] {
            assert_eq!(capability.as_str(), word);
            assert_eq!(capability.to_string(), word);
            assert_eq!(serde_json::to_value(capability).unwrap(), word);
        }
    }
}
