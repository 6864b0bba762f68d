//! Words of each grammar, for mutations and libFuzzer's dictionaries.
//! Refuses to be complete: a word is here when it opens a part that bytes alone rarely reach.

mod files;
mod traffic;

pub(crate) use files::*;
pub(crate) use traffic::*;
