//! The contract from outside: what it must call a breach, a deviation, drift, or nothing at all.
//! Exchanges are made by hand or read from captures that may be absent.

// Helpers of tests may fail like tests; the lint knows only the tests themselves.
#![allow(clippy::unwrap_used, clippy::panic)]

mod accepted;
mod answers;
mod breaches;
mod calls;
mod captures;
mod content;
mod drift;
mod drift_files;
mod drift_limits;
mod drift_words;
mod formats;
mod known;
mod official;
mod requests;
mod support;
mod words;
