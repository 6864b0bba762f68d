//! Why the client could not do what it was asked, each with the address at fault and a next step.
//! What a platform says is scrubbed before it comes here, and nothing of a token, key or signed link
//! is ever a field of these errors.

use letterproof_model::{ExchangeId, TransportErrorKind};
use letterproof_toml::Problems;

/// Why the client stopped.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ClientError {
    /// The target's settings cannot work; nothing was sent.
    #[error("{message}")]
    Configuration {
        /// What is wrong, where, and what to do.
        message: String,
    },
    /// A request was refused on grounds of safety; it was not sent.
    #[error("refused before any traffic: {message}")]
    Refused {
        /// What is refused, why, and what is allowed instead.
        message: String,
    },
    /// A link of the API, or a name, leads where nothing may go; nothing was sent there, and nothing
    /// more is sent at all.
    #[error("nothing was sent where a link or name led: {message}")]
    Misled {
        /// Where it led, and what to do.
        message: String,
    },
    /// No answer arrived, also after the repeats that are safe.
    #[error("{url} gave no answer: {cause}. {remedy}")]
    Unreachable {
        /// The address, without its query.
        url: String,
        /// What kind of failure it was.
        kind: TransportErrorKind,
        /// What was seen.
        cause: String,
        /// What to try next.
        remedy: &'static str,
    },
    /// The token endpoint would not give a token.
    #[error("{url} refused a token: {status} {error} ({description}). {remedy}")]
    TokenRefused {
        /// The token endpoint.
        url: String,
        /// Its status code.
        status: u16,
        /// Its error word.
        error: String,
        /// Its own explanation, scrubbed.
        description: String,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The token endpoint answered with something that is no token.
    #[error(
        "{url} answered {status}, but not with a token: {problem}. Check the token URL, and whether a proxy answers in its place."
    )]
    TokenUnusable {
        /// The token endpoint.
        url: String,
        /// Its status code.
        status: u16,
        /// What is wrong with the answer.
        problem: String,
    },
    /// A profile cannot be read, or has problems.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// A page for people came in the API's place.
    #[error(
        "{url} answered {status} with a web page: a proxy or a sign-in portal answers in the API's place. Check base_url and the proxy settings, or sign in to the network; `letterproof doctor` shows more."
    )]
    WebPage {
        /// What was asked for.
        url: String,
        /// The status code.
        status: u16,
    },
    /// An exchange could not be recorded; nothing more is sent.
    #[error("the run stops because an exchange could not be recorded: {message}")]
    Unrecorded {
        /// What the recorder said.
        message: String,
    },
    /// An action needs another answer to go on.
    #[error("{0}")]
    Unexpected(Box<UnexpectedAnswer>),
    /// The target has fewer letters left than an action needs.
    #[error("{needed} {what} are needed, and {found} are left on this target. {remedy}")]
    TooFewLetters {
        /// What kind of letters.
        what: String,
        /// How many are needed.
        needed: usize,
        /// How many could be had.
        found: usize,
        /// What to try next.
        remedy: &'static str,
    },
    /// An earlier run has submitted management information for the day.
    #[error(
        "management information for today was submitted to this target by an earlier run, and a reporting date takes one record for each specification and group. Run AT14 on another day, or give --reseeded if the target was seeded again"
    )]
    AlreadyReported,
    /// The ledger's file cannot be used.
    #[error("{path}: {problem}")]
    Ledger {
        /// The file.
        path: String,
        /// What is wrong and what to do.
        problem: String,
    },
    /// The run was asked to stop.
    #[error("the run was asked to stop")]
    Interrupted,
}

/// An answer that an action cannot go on with.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{action}: {url} answered {status} where {expected} was needed{detail} (exchange {exchange}). {remedy}"
)]
pub struct UnexpectedAnswer {
    /// What the supplier was doing.
    pub action: String,
    /// The address, without its query.
    pub url: String,
    /// The status code seen.
    pub status: u16,
    /// What was needed.
    pub expected: &'static str,
    /// What the answer says of itself, scrubbed; begins with a comma, or is empty.
    pub detail: String,
    /// Where it is recorded.
    pub exchange: ExchangeId,
    /// What to try next.
    pub remedy: &'static str,
}

impl ClientError {
    /// Whether the settings, the address or the credentials are at fault rather than the harness:
    /// met in preflight, such an error means wrong configuration (exit 2).
    #[must_use]
    pub const fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::Configuration { .. }
                | Self::Problems(_)
                | Self::Refused { .. }
                | Self::Misled { .. }
                | Self::Unreachable { .. }
                | Self::TokenRefused { .. }
                | Self::TokenUnusable { .. }
                | Self::WebPage { .. }
        )
    }

    /// Whether nothing may be sent any more.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        matches!(self, Self::Unrecorded { .. } | Self::Misled { .. } | Self::Interrupted)
    }

    pub(crate) fn configuration(message: impl Into<String>) -> Self {
        Self::Configuration { message: message.into() }
    }

    /// A request that was refused on grounds of safety.
    pub fn refused(message: impl Into<String>) -> Self {
        Self::Refused { message: message.into() }
    }
}
