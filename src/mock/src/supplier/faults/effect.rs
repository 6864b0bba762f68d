//! The kinds of wrongness the handlers know, which the catalogue names and combines, and those that
//! rewrite a finished answer: status, headers, body text and JSON keys.
//!
//! A handler asks whether an effect is on and does the rest itself. An edit that does not fit an
//! answer (a key that is not there) leaves it.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, StatusCode, header};
use letterproof_model::Operation;
use serde_json::Value;

use crate::reply::Reply;
use crate::supplier::faults::armed::View;

/// One way in which the mock misbehaves.
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

/// Applies every rewrite that strikes this answer.
pub(crate) fn apply_edits(view: &View, operation: Operation, reply: &mut Reply) {
    if view.is_empty() {
        return;
    }
    let status = reply.status().as_u16();
    let rewrites =
        view.rewrites(|rewrite| rewrite.on.contains(&operation) && rewrite.when.covers(status));
    for rewrite in rewrites {
        apply(rewrite.edit, reply);
    }
}

fn apply(edit: Edit, reply: &mut Reply) {
    match edit {
        Edit::Status(status) => {
            if let Ok(status) = StatusCode::from_u16(status) {
                *reply.status_mut() = status;
            }
        }
        Edit::SetHeader(name, value) => {
            reply
                .headers_mut()
                .insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        Edit::RemoveHeader(name) => {
            reply.headers_mut().remove(name);
        }
        Edit::SetBody(text) => *reply.body_mut() = Bytes::from_static(text.as_bytes()),
        Edit::Truncate => {
            let half = reply.body().len() / 2;
            reply.body_mut().truncate(half);
        }
        Edit::BreakJson => {
            let mut body = reply.body().to_vec();
            if let Some(at) = body.iter().rposition(|byte| *byte == b'}') {
                body.insert(at, b',');
            }
            *reply.body_mut() = body.into();
        }
        Edit::RemoveKey(path) => json(reply, |top| {
            at_key(top, path, &mut |map, key| {
                map.remove(key);
            })
        }),
        Edit::SetKey(path, value) => {
            let value: Value = serde_json::from_str(value).unwrap_or_default();
            json(reply, |top| {
                at_key(top, path, &mut |map, key| {
                    map.insert(key.to_owned(), value.clone());
                })
            });
        }
        Edit::RenameKey(path, name) => json(reply, |top| {
            at_key(top, path, &mut |map, key| {
                if let Some(value) = map.remove(key) {
                    map.insert(name.to_owned(), value);
                }
            })
        }),
    }
    reply.headers_mut().remove(header::CONTENT_LENGTH);
}

fn json(reply: &mut Reply, change: impl FnOnce(&mut Value)) {
    let Ok(mut value) = serde_json::from_slice(reply.body()) else { return };
    change(&mut value);
    if let Ok(body) = serde_json::to_vec(&value) {
        *reply.body_mut() = body.into();
    }
}

type Map = serde_json::Map<String, Value>;

fn at_key(value: &mut Value, path: &str, change: &mut impl FnMut(&mut Map, &str)) {
    match value {
        Value::Array(items) => {
            for item in items {
                at_key(item, path, change);
            }
        }
        Value::Object(map) => match path.split_once('/') {
            None => change(map, path),
            Some((key, rest)) => {
                if let Some(inner) = map.get_mut(key) {
                    at_key(inner, rest, change);
                }
            }
        },
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(body: &'static str, edit: Edit) -> String {
        let mut reply = Reply::new(Bytes::from_static(body.as_bytes()));
        apply(edit, &mut reply);
        String::from_utf8(reply.into_body().to_vec()).unwrap()
    }

    #[test]
    fn an_array_on_the_way_stands_for_each_of_its_items() {
        let list = r#"{"data":[{"a":{"b":1}},{"a":{"b":2}}]}"#;
        assert_eq!(
            edited(list, Edit::SetKey("data/a/b", "\"x\"")),
            r#"{"data":[{"a":{"b":"x"}},{"a":{"b":"x"}}]}"#
        );
        assert_eq!(edited(list, Edit::RemoveKey("data/a")), r#"{"data":[{},{}]}"#);
        assert_eq!(edited(r#"{"x":1}"#, Edit::RenameKey("x", "y")), r#"{"y":1}"#);
    }

    #[test]
    fn broken_json_is_broken_and_a_missing_key_changes_nothing() {
        let broken = edited(r#"{"data":{}}"#, Edit::BreakJson);
        assert!(serde_json::from_str::<Value>(&broken).is_err());
        assert_eq!(edited(r#"{"data":{}}"#, Edit::SetKey("nope/x", "1")), r#"{"data":{}}"#);
        assert_eq!(edited("abcdef", Edit::Truncate), "abc");
    }
}
