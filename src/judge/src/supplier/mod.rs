//! The judges of the pack for print suppliers: one file for each acceptance test, the checks of the
//! Supplier API, and what only an observer can see.

pub(crate) mod at01;
pub(crate) mod at02;
pub(crate) mod at03;
pub(crate) mod at04;
pub(crate) mod at05;
pub(crate) mod at06;
pub(crate) mod at07;
pub(crate) mod at08;
pub(crate) mod at09;
pub(crate) mod at10;
pub(crate) mod at11;
pub(crate) mod at12;
pub(crate) mod at13;
pub(crate) mod at14;
pub(crate) mod at15;
pub(crate) mod batch;
pub(crate) mod cause;
pub mod conformance;
pub(crate) mod dispatch;
pub(crate) mod downloads;
pub(crate) mod hidden;
pub(crate) mod observer;
pub(crate) mod pairs;
pub(crate) mod reasons;
pub(crate) mod status_moves;
pub(crate) mod unfit;
