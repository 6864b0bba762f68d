//! What a judge must know of the target besides the traffic, saved with the evidence and fixed at
//! the start of a run: its settings, its capabilities, and which host its name speaks of.
//!
//! A capability is declared by the target's profile, never guessed from failures; a clause that
//! needs one that is missing is not applicable. A name claims no more than an address: INT is what
//! lies at INT's host.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{LetterStatus, Mode, SpecificationId, TestId, pack, test_definition};

/// The facts about the target that judging rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// The target's name (`mock`, `sandbox`, `int`, `prod-smoke`, or a profile's own).
    pub target: String,
    /// The API's base URL, without a slash at its end.
    pub base_url: String,
    /// What the target can do.
    pub capabilities: BTreeSet<Capability>,
    /// Whether the traffic was driven by the harness or observed.
    pub mode: Mode,
    /// How long a listed letter stays hidden, in milliseconds.
    pub visibility_timeout_ms: u64,
    /// How long a queued update may take to show, in milliseconds.
    pub update_deadline_ms: u64,
    /// How long a list may name a letter after its acceptance was seen, in milliseconds.
    #[serde(default = "usual_queue_lag")]
    pub queue_lag_ms: u64,
    /// Time agreed for one AT15 flow, in milliseconds (the pack: 10 s).
    pub at15_target_ms: u64,
    /// Requests per second the API allows.
    pub rate_limit: u32,
    /// Letters seeded for the run (the pack: 2,500).
    pub seeded_letters: u32,
    /// Letters one AT4 list asks for (the pack: 1,000).
    pub at4_batch: u32,
    /// Letters one AT15 list asks for (the pack: 500).
    pub at15_chunk: u32,
    /// Optional statuses the supplier's workflow declares (AT5, AT6, AT8, AT13).
    pub supports: BTreeSet<LetterStatus>,
    /// What the known specification ids mean.
    pub specifications: Vec<SpecificationMeaning>,
}

/// The lag of the queue where a context does not tell it: a quarter of an hour, in milliseconds.
const fn usual_queue_lag() -> u64 {
    900_000
}

/// What a print specification is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecificationMeaning {
    /// The specification's id.
    pub id: SpecificationId,
    /// What letters of this specification are.
    pub kind: SpecificationKind,
}

/// What letters of a specification are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SpecificationKind {
    /// Ordinary print in English.
    Standard,
    /// Large print, braille or audio: forwarded to a specialist (AT9).
    Accessible,
    /// Ordinary print in another language.
    Language,
}

impl SpecificationKind {
    /// Its word, as in a profile.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Accessible => "accessible",
            Self::Language => "language",
        }
    }
}

impl Context {
    /// Whether the target has a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The first of these capabilities that the target lacks.
    #[must_use]
    pub fn lacking(&self, needed: &[Capability]) -> Option<Capability> {
        needed.iter().copied().find(|capability| !self.has(*capability))
    }

    /// Whether the supplier's workflow reports a status: all but those of the optional tests, and
    /// of these the ones it declares.
    #[must_use]
    pub fn reports(&self, status: LetterStatus) -> bool {
        let optional = pack().iter().any(|test| test.workflow_status() == Some(status));
        !optional || self.supports.contains(&status)
    }

    /// Whether a test is part of the supplier's workflow.
    #[must_use]
    pub fn works_by(&self, test: TestId) -> bool {
        test_definition(test).workflow_status().is_none_or(|status| self.reports(status))
    }

    /// What letters of a specification are; `None` for a specification nobody agreed.
    #[must_use]
    pub fn specification_kind(&self, id: &SpecificationId) -> Option<SpecificationKind> {
        self.specifications.iter().find(|known| known.id == *id).map(|known| known.kind)
    }

    /// The context of a mock API with the pack's sizes, where tests and defaults start from.
    #[must_use]
    pub fn stand_in(base_url: impl Into<String>) -> Self {
        let known =
            |id: &'static str, kind| SpecificationMeaning { id: SpecificationId::fixed(id), kind };
        Self {
            target: "mock".to_owned(),
            base_url: base_url.into(),
            capabilities: [
                Capability::Stateful,
                Capability::Seeded,
                Capability::Authenticated,
                Capability::RateLimited,
                Capability::VisibilityTimeout,
            ]
            .into(),
            mode: Mode::Driven,
            visibility_timeout_ms: 300_000,
            update_deadline_ms: 60_000,
            queue_lag_ms: usual_queue_lag(),
            at15_target_ms: 10_000,
            rate_limit: 300,
            seeded_letters: 2_500,
            at4_batch: 1_000,
            at15_chunk: 500,
            supports: [
                LetterStatus::Printed,
                LetterStatus::Enclosed,
                LetterStatus::Delivered,
                LetterStatus::Rejected,
            ]
            .into(),
            specifications: vec![
                known("integration-specification-english", SpecificationKind::Standard),
                known("integration-specification-braille", SpecificationKind::Accessible),
                known("integration-specification-large-print", SpecificationKind::Accessible),
                known("integration-specification-audio", SpecificationKind::Accessible),
                known("integration-specification-arabic", SpecificationKind::Language),
                known("integration-specification-urdu", SpecificationKind::Language),
                known("integration-specification-polish", SpecificationKind::Language),
                known("integration-specification-welsh", SpecificationKind::Language),
            ],
        }
    }
}

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

/// The hosts of the platform's environments end so.
const PLATFORM: &str = "nhs.uk";

/// The host at which a built-in target of this name lies; `None` for other names.
#[must_use]
pub fn host_of_target(name: &str) -> Option<&'static str> {
    match name {
        "sandbox" => Some("sandbox.api.service.nhs.uk"),
        "int" => Some("int.api.service.nhs.uk"),
        "prod-smoke" => Some("api.service.nhs.uk"),
        _ => None,
    }
}

/// Whether a target cannot have this name at this host: `int`, `sandbox` and `prod-smoke` are at
/// one host each, and a `mock` is at none of the platform's.
#[must_use]
pub fn is_misnamed(name: &str, host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    match host_of_target(name) {
        Some(expected) => host != expected,
        None => name == "mock" && is_of_platform(&host),
    }
}

fn is_of_platform(host: &str) -> bool {
    host.strip_suffix(PLATFORM).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// What the correlation ids of a run with this nonce begin with: the nonce, other characters than
/// letters and digits replaced, at most 40 of them; a hyphen follows. `None` for an empty nonce.
#[must_use]
pub fn correlation_prefix(nonce: &str) -> Option<String> {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let prefix: String = nonce.chars().map(plain).take(40).collect();
    Some(prefix).filter(|prefix| !prefix.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONAL: [LetterStatus; 4] = [
        LetterStatus::Printed,
        LetterStatus::Enclosed,
        LetterStatus::Delivered,
        LetterStatus::Rejected,
    ];

    /// A target that can do only this.
    fn able(capabilities: impl Into<BTreeSet<Capability>>) -> Context {
        Context { capabilities: capabilities.into(), ..Context::stand_in("http://127.0.0.1:1") }
    }

    /// A supplier whose workflow declares only these optional statuses.
    fn supporting(supports: impl Into<BTreeSet<LetterStatus>>) -> Context {
        Context { supports: supports.into(), ..Context::stand_in("http://127.0.0.1:1") }
    }

    #[test]
    fn the_first_capability_that_is_lacking_is_named() {
        use Capability::{Authenticated, RateLimited, Seeded, Stateful};
        let target = able([Stateful, Authenticated]);
        assert!(target.has(Stateful));
        assert!(!target.has(Seeded));
        assert_eq!(target.lacking(&[Stateful, Seeded, RateLimited]), Some(Seeded));
        assert_eq!(target.lacking(&[Stateful, Authenticated]), None);
        assert_eq!(target.lacking(&[]), None);
    }

    #[test]
    fn a_supplier_reports_every_status_but_the_optional_ones_it_does_not_declare() {
        let printing = supporting([LetterStatus::Printed]);
        for status in LetterStatus::ALL {
            let expected = status == LetterStatus::Printed || !OPTIONAL.contains(&status);
            assert_eq!(printing.reports(status), expected, "{status}");
        }
        for status in LetterStatus::ALL {
            assert!(supporting(OPTIONAL).reports(status), "{status}");
        }
    }

    #[test]
    fn a_supplier_works_by_the_tests_of_the_statuses_it_reports() {
        let printing = supporting([LetterStatus::Printed]);
        let left: Vec<_> =
            pack().iter().map(|test| test.id).filter(|id| !printing.works_by(*id)).collect();
        assert_eq!(left, [6, 8, 13].map(TestId::at), "the optional tests, AT5 aside");
    }

    #[test]
    fn a_specification_that_nobody_agreed_means_nothing() {
        use SpecificationKind::{Accessible, Language, Standard};
        let context = Context::stand_in("http://127.0.0.1:1");
        let kind = |id: &'static str| context.specification_kind(&SpecificationId::fixed(id));
        assert_eq!(kind("integration-specification-english"), Some(Standard));
        assert_eq!(kind("integration-specification-braille"), Some(Accessible));
        assert_eq!(kind("integration-specification-welsh"), Some(Language));
        assert_eq!(kind("integration-specification-klingon"), None);
    }

    #[test]
    fn a_context_saved_before_queues_lagged_has_the_usual_lag() {
        let context = Context::stand_in("http://127.0.0.1:1");
        let mut saved = serde_json::to_value(&context).unwrap();
        saved.as_object_mut().unwrap().remove("queue_lag_ms").unwrap();
        assert_eq!(serde_json::from_value::<Context>(saved).unwrap(), context);
        assert_eq!(context.queue_lag_ms, 15 * 60 * 1_000);
    }

    #[test]
    fn a_kind_of_specification_is_shown_by_the_word_that_files_use() {
        use SpecificationKind::{Accessible, Language, Standard};
        for (kind, word) in
            [(Standard, "standard"), (Accessible, "accessible"), (Language, "language")]
        {
            assert_eq!(kind.as_str(), word);
            assert_eq!(serde_json::to_value(kind).unwrap(), word);
        }
    }

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

    #[test]
    fn a_built_in_name_belongs_to_its_host_alone() {
        for (name, host, misnamed) in [
            ("int", "int.api.service.nhs.uk", false),
            ("int", "INT.api.service.nhs.uk.", false),
            ("int", "127.0.0.1", true),
            ("int", "internal-dev.api.service.nhs.uk", true),
            ("sandbox", "int.api.service.nhs.uk", true),
            ("prod-smoke", "api.service.nhs.uk", false),
            ("prod-smoke", "int.api.service.nhs.uk", true),
            ("mock", "127.0.0.1", false),
            ("mock", "mock.example", false),
            ("mock", "int.api.service.nhs.uk", true),
            ("mock", "notnhs.uk", false),
            ("our-int", "127.0.0.1", false),
            ("int at 127.0.0.1:9000", "127.0.0.1", false),
        ] {
            assert_eq!(is_misnamed(name, host), misnamed, "{name} at {host}");
        }
    }

    #[test]
    fn a_nonce_is_made_fit_for_a_header() {
        assert_eq!(correlation_prefix("NHS 2026.1").as_deref(), Some("NHS-2026-1"));
        assert_eq!(correlation_prefix(""), None);
        assert_eq!(correlation_prefix(&"x".repeat(50)).unwrap().len(), 40);
    }
}
