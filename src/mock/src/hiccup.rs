//! Failures in passing, as every network has them: a connection reset now and then.
//!
//! They strike before a call is looked at, so that nothing has happened and the call may be made
//! again. Refuses to strike a call that makes a record, which no client may send again, and the
//! token endpoint, whose refusals are evidence of their own; and to answer 502 or 503: a gateway
//! that does so breaks the contract, which is for the fault catalogue.

use std::sync::atomic::Ordering;

use http::Method;

use crate::calls::Target;
use crate::rng::Rng;
use crate::shared::Shared;

/// Whether a call's connection is reset; seldom, as the configuration says.
pub(crate) fn strikes(shared: &Shared, method: &Method, target: Target<'_>) -> bool {
    let rate = u64::from(shared.config.hiccups);
    let repeatable = method != Method::POST || target == Target::Update;
    rate > 0 && repeatable && chance(shared, 6).below(1_000_000) < rate
}

/// Numbers of a request's own, which the double's seed decides.
pub(crate) fn chance(shared: &Shared, purpose: u64) -> Rng {
    let number = shared.flap.fetch_add(1, Ordering::Relaxed);
    Rng::new(number.wrapping_add(shared.config.seed << 32), purpose)
}
