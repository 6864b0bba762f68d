//! The kinds of wrongness the handlers know, which the catalogue names and combines.
//! Refuses to act: a handler asks whether an effect is on and does the rest itself.

use letterproof_model::Operation;

/// One way in which the double misbehaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    // Updates, decided when they are queued.
    LoseUpdate,
    LateUpdate,
    SwapUpdates,
    WrongStatus,
    WrongLetter,
    SpillUpdate,
    DropReason,
    AlterReason,
    HalfBulk,
    IgnoreBulk,
    IgnorePatch,
    RevertUpdate,
    RevertAcceptance,
    RevertDispatch,
    WanderUpdate,
    StirOther,
    VanishLetter,
    RefuseAndApply,
    ReopenRejected,
    FailRejected,
    Regroup,
    HoldUpdate,
    Relist,
    KeepListed,
    Respecify,
    // Reading one letter.
    StaleRead,
    FlappingRead,
    NeighbourRead,
    ForeignRead,
    UnknownAsKnown,
    HashLost,
    // Lists.
    ListOmit,
    ListRepeat,
    ListWrongStatus,
    ListChangingIds,
    ListOver,
    ListUnder,
    ListNoHide,
    ListHideForever,
    ListShuffle,
    ListForeign,
    ListEmpty,
    ListWrongSpecification,
    // Links and downloads.
    LinkEternal,
    LinkExpired,
    LinkUnsigned,
    LinkOnce,
    DownloadTruncated,
    DownloadAltered,
    DownloadHtml,
    DownloadSwapped,
    DownloadEmpty,
    DownloadMissing,
    DownloadCut,
    // Who may call.
    AuthBypass,
    AcceptExpiredToken,
    RefuseToken,
    AcceptAnySignature,
    AcceptReplay,
    AcceptStaleAssertion,
    AcceptAnyAudience,
    AcceptAnyAlgorithm,
    TokenDiesEarly,
    TokenFails,
    // What may be sent.
    AcceptDuplicates,
    AcceptTooMany,
    AcceptMismatch,
    AcceptUnknownStatus,
    AcceptUnknownProperty,
    AcceptMalformed,
    AcceptMissingRequestId,
    AcceptAnyLimit,
    AcceptUnknownQuery,
    RefuseBulk,
    // Management information.
    MiAlter,
    MiLose,
    MiDouble,
    MiSameId,
    MiAnyTimestamp,
    MiDropGroup,
    MiFewIds,
    MiOtherForm,
    MiRefuse(u16),
    // What is made for a caller.
    OneCorrelationId,
    // Quota.
    QuotaEarly,
    QuotaNever,
    // The wire.
    FailWith(u16),
    Reset,
    Stall,
    SlowBody,
    HangBody,
    Oversize,
    Bomb,
    // Anything else about an answer.
    Rewrite(Rewrite),
}

/// A change to finished answers of some operations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Rewrite {
    pub(crate) on: &'static [Operation],
    pub(crate) when: When,
    pub(crate) edit: Edit,
}

/// Which answers a rewrite touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Any,
    Success,
    Refused,
    Is(u16),
}

impl When {
    pub(crate) fn covers(self, status: u16) -> bool {
        match self {
            Self::Any => true,
            Self::Success => status < 400,
            Self::Refused => status >= 400,
            Self::Is(only) => status == only,
        }
    }
}

/// What a rewrite does. Paths name JSON keys from the top, `/` between them; an array on the way
/// stands for each of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Edit {
    Status(u16),
    SetHeader(&'static str, &'static str),
    RemoveHeader(&'static str),
    SetBody(&'static str),
    Truncate,
    /// Makes JSON invalid: a comma before the last closing brace.
    BreakJson,
    RemoveKey(&'static str),
    /// Sets a key to a value given as JSON text.
    SetKey(&'static str, &'static str),
    RenameKey(&'static str, &'static str),
}
