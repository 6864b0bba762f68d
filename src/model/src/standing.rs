//! Standing: whose system a result speaks of, and where the calls went. Names prove nothing: a place
//! is told by the hosts, certificates and answers in the record.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::SupplierKind;

/// The response header by which a mock says what it is, in every answer.
pub const MOCK_HEADER: &str = "x-letterproof-mock";

/// By what a result was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Proof {
    /// The supplier's own system made the calls, through the recording proxy.
    Witnessed,
    /// Letterproof made the calls.
    Driven,
    /// A recording made elsewhere.
    Imported,
    /// A person stated it.
    Attested,
}

/// Where the calls of a run went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// INT, by the hosts and certificates in the record alone.
    IntClaimed,
    /// INT, and the gateway's own log holds the same calls.
    IntReconciled,
    /// The public sandbox.
    Sandbox,
    /// A mock, by its own answers or by the target's name.
    Mock,
    /// Anywhere else, or nowhere: no call was answered.
    Other,
}

/// A host that answered, as it was addressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenHost {
    /// Its name.
    pub host: String,
    /// SHA-256 of the certificate that it showed last, in lower-case hexadecimal; absent where none
    /// was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
}

/// What the results of a run prove, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// By what they were shown.
    pub word: Proof,
    /// Where the calls went.
    pub place: Place,
    /// Whether answers said that a mock gave them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub mock_answers: bool,
    /// The hosts of API and token endpoint that answered, in the order in which they first did.
    pub hosts: Vec<SeenHost>,
}

impl Proof {
    /// Its word, the same everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Witnessed => "witnessed",
            Self::Driven => "driven",
            Self::Imported => "imported",
            Self::Attested => "attested",
        }
    }

    /// What it means, as a part of a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Witnessed => {
                "the supplier's own system made the calls, and letterproof recorded them"
            }
            Self::Driven => {
                "letterproof made the calls, which tests the target and the credentials, but not \
                 the supplier's system"
            }
            Self::Imported => {
                "a recording made elsewhere, which does not show whose system made the calls"
            }
            Self::Attested => "a person stated it",
        }
    }
}

impl From<SupplierKind> for Proof {
    fn from(kind: SupplierKind) -> Self {
        match kind {
            SupplierKind::Reference => Self::Driven,
            SupplierKind::Witnessed => Self::Witnessed,
            SupplierKind::Imported => Self::Imported,
        }
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Place {
    /// Its name, the same everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IntClaimed => "INT (claimed)",
            Self::IntReconciled => "INT (reconciled)",
            Self::Sandbox => "the sandbox",
            Self::Mock => "a mock",
            Self::Other => "another place",
        }
    }

    /// Whether it is INT, however that is known.
    #[must_use]
    pub const fn is_int(self) -> bool {
        matches!(self, Self::IntClaimed | Self::IntReconciled)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Standing {
    /// What can be said of a run of which no record was read: who made the calls, and not where.
    #[must_use]
    pub const fn unknown(supplier: Proof) -> Self {
        Self { word: supplier, place: Place::Other, mock_answers: false, hosts: Vec::new() }
    }

    /// Whether the supplier's own system was seen at work on INT.
    #[must_use]
    pub fn is_witnessed_at_int(&self) -> bool {
        self.word == Proof::Witnessed && self.place.is_int()
    }

    /// Such as `witnessed at INT (claimed)`.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} at {}", self.word, self.place)
    }

    /// By what the place is told, as a part of a sentence.
    #[must_use]
    pub fn reason(&self) -> String {
        let certificates = self.hosts.iter().any(|seen| seen.certificate.is_some());
        match self.place {
            Place::IntClaimed if certificates => {
                "shown by hosts and certificates in the record, but not compared with the \
                 gateway's log"
                    .to_owned()
            }
            Place::IntClaimed => {
                "shown by hosts in the record, without a certificate, and not compared with the \
                 gateway's log"
                    .to_owned()
            }
            Place::IntReconciled => "the gateway's log holds the same calls".to_owned(),
            Place::Sandbox => "the sandbox stores nothing".to_owned(),
            Place::Mock if self.mock_answers => {
                "its answers say so (X-Letterproof-Mock)".to_owned()
            }
            Place::Mock => "the target's name says so".to_owned(),
            Place::Other if self.hosts.is_empty() => "no call was answered".to_owned(),
            Place::Other => format!("its calls went to {}", self.host_names()),
        }
    }

    /// The first sentence of every page about a run.
    #[must_use]
    pub fn sentence(&self) -> String {
        let words = self.words();
        let mut letters = words.chars();
        let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
        format!("{first}{}: {}; {}.", letters.as_str(), self.word.meaning(), self.reason())
    }

    /// The hosts that answered, with commas between them.
    #[must_use]
    pub fn host_names(&self) -> String {
        let names: Vec<&str> = self.hosts.iter().map(|seen| seen.host.as_str()).collect();
        names.join(", ")
    }

    /// Each host that answered, with its certificate; one line where none did.
    #[must_use]
    pub fn host_lines(&self) -> Vec<String> {
        if self.hosts.is_empty() {
            return vec!["none answered".to_owned()];
        }
        let line = |seen: &SeenHost| match &seen.certificate {
            Some(hash) => format!("{}, certificate SHA-256 {hash}", seen.host),
            None => format!("{}, no certificate recorded", seen.host),
        };
        self.hosts.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_says_whose_system_and_where_and_by_what() {
        let int = SeenHost { host: "int.example".into(), certificate: Some("ab".into()) };
        let standing = |word, place, mock_answers| Standing {
            word,
            place,
            mock_answers,
            hosts: vec![int.clone()],
        };
        for (standing, beginning, end) in [
            (
                standing(Proof::Witnessed, Place::IntClaimed, false),
                "Witnessed at INT (claimed): the supplier's own system made the calls",
                "hosts and certificates in the record, but not compared with the gateway's log.",
            ),
            (
                standing(Proof::Driven, Place::Mock, true),
                "Driven at a mock: letterproof made the calls",
                "not the supplier's system; its answers say so (X-Letterproof-Mock).",
            ),
            (
                standing(Proof::Imported, Place::Other, false),
                "Imported at another place: a recording made elsewhere",
                "its calls went to int.example.",
            ),
            (Standing::unknown(Proof::Driven), "Driven at another", "no call was answered."),
        ] {
            let sentence = standing.sentence();
            assert!(sentence.starts_with(beginning) && sentence.ends_with(end), "{sentence}");
        }
    }

    #[test]
    fn the_words_in_files_are_those_on_screen() {
        for word in [Proof::Witnessed, Proof::Driven, Proof::Imported, Proof::Attested] {
            assert_eq!(serde_json::to_string(&word).unwrap(), format!("\"{word}\""));
        }
    }

    #[test]
    fn a_place_is_told_by_what_was_seen_of_it() {
        let seen = |certificate: Option<&str>| SeenHost {
            host: "int.example".into(),
            certificate: certificate.map(Into::into),
        };
        let standing = |place, mock_answers, certificate| Standing {
            word: Proof::Witnessed,
            place,
            mock_answers,
            hosts: vec![seen(certificate)],
        };
        let bare = standing(Place::IntClaimed, false, None);
        assert!(bare.reason().contains("without a certificate"), "{}", bare.reason());
        let named = standing(Place::Mock, false, None);
        assert_eq!(named.reason(), "the target's name says so");
        assert_eq!(bare.host_lines(), ["int.example, no certificate recorded"]);
        let certified = standing(Place::IntClaimed, false, Some("ab"));
        assert_eq!(certified.host_lines(), ["int.example, certificate SHA-256 ab"]);
        assert_eq!(Standing::unknown(Proof::Driven).host_lines(), ["none answered"]);
    }

    #[test]
    fn only_the_suppliers_own_system_at_int_was_witnessed_there() {
        use Place::{IntClaimed, IntReconciled, Mock, Other, Sandbox};
        for (word, place, expected) in [
            (Proof::Witnessed, IntClaimed, true),
            (Proof::Witnessed, IntReconciled, true),
            (Proof::Witnessed, Sandbox, false),
            (Proof::Witnessed, Mock, false),
            (Proof::Witnessed, Other, false),
            (Proof::Driven, IntClaimed, false),
            (Proof::Imported, IntReconciled, false),
        ] {
            let standing = Standing { place, ..Standing::unknown(word) };
            assert_eq!(standing.is_witnessed_at_int(), expected, "{}", standing.words());
        }
    }
}
