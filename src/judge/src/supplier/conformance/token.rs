//! The token endpoint: assertions that it must refuse, and tokens past their end. Assertions are not
//! kept: a driver names the probe by the `X-Correlation-ID` it sends along.

use letterproof_model::{Capability, Operation};

use super::check::{Check, Concluded, driven};
use super::matching::Probed;
use super::plan::Probe;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx};
use letterproof_model::text::{count, many};

const PLATFORM: &str = "NHS API platform, signed-JWT authentication";
const AUTHENTICATED: &[Capability] = &[Capability::Authenticated];

/// A probe of the token endpoint, or of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenProbe {
    /// An assertion under another's signature.
    Signature,
    /// An assertion that expired long ago.
    Expired,
    /// An assertion made for another token endpoint.
    Audience,
    /// An assertion that is not signed (`alg` is `none`).
    Algorithm,
    /// An assertion that was used before.
    Replay,
    /// An API call with a token past its end.
    Outlived,
}

impl TokenProbe {
    /// Every probe.
    pub const ALL: [Self; 6] = [
        Self::Signature,
        Self::Expired,
        Self::Audience,
        Self::Algorithm,
        Self::Replay,
        Self::Outlived,
    ];

    /// The check that judges it.
    #[must_use]
    pub const fn check(self) -> &'static str {
        match self {
            Self::Signature => "C-TOKEN-SIGNATURE",
            Self::Expired => "C-TOKEN-EXPIRED",
            Self::Audience => "C-TOKEN-AUDIENCE",
            Self::Algorithm => "C-TOKEN-ALGORITHM",
            Self::Replay => "C-TOKEN-REPLAY",
            Self::Outlived => "C-BEARER-EXPIRED",
        }
    }

    /// The `X-Correlation-ID` by which it is found again.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Signature => "conformance-token-signature",
            Self::Expired => "conformance-token-expired",
            Self::Audience => "conformance-token-audience",
            Self::Algorithm => "conformance-token-algorithm",
            Self::Replay => "conformance-token-replay",
            Self::Outlived => "conformance-bearer-expired",
        }
    }

    /// The statuses that refuse it.
    const fn refusals(self) -> &'static [u16] {
        match self {
            Self::Outlived => &[401],
            _ => &[400, 401],
        }
    }

    /// The calls that are this probe.
    fn calls<'a>(self, probed: &Probed<'a>) -> Vec<(CallIx, &'a Call)> {
        let at_token = |call: &Call| call.operation == Operation::Token;
        probed
            .traffic
            .calls()
            .filter(|(_, call)| at_token(call) == (self != Self::Outlived))
            .filter(|(_, call)| {
                call.exchange().request.header("x-correlation-id") == Some(self.label())
            })
            .collect()
    }
}

const fn check(
    probe: TokenProbe,
    title: &'static str,
    judge: fn(&Probed<'_>) -> Concluded,
    clause: &'static str,
) -> Check {
    driven(probe.check(), title, Probe::Token(probe), judge, clause, PLATFORM)
        .needing(AUTHENTICATED)
}

pub(super) const CHECKS: &[Check] = &[
    check(
        TokenProbe::Signature,
        "An assertion with a wrong signature",
        |probed| refused(TokenProbe::Signature, probed),
        "An assertion whose signature does not verify is refused.",
    ),
    check(
        TokenProbe::Expired,
        "An expired assertion",
        |probed| refused(TokenProbe::Expired, probed),
        "An assertion that has expired is refused.",
    ),
    check(
        TokenProbe::Audience,
        "An assertion for another endpoint",
        |probed| refused(TokenProbe::Audience, probed),
        "An assertion made for another token endpoint is refused.",
    ),
    check(
        TokenProbe::Algorithm,
        "An assertion without a signature",
        |probed| refused(TokenProbe::Algorithm, probed),
        "An assertion that is not signed with RS512 is refused.",
    ),
    check(
        TokenProbe::Replay,
        "An assertion used again",
        |probed| refused(TokenProbe::Replay, probed),
        "An assertion whose jti was seen before is refused.",
    ),
    check(
        TokenProbe::Outlived,
        "An expired token",
        |probed| refused(TokenProbe::Outlived, probed),
        "A call with an expired token is refused with 401.",
    ),
];

/// A server's clock that is off by so many seconds may take an assertion for a fresh one that was
/// made to look expired by that clock.
const FAR_OFF: i64 = 60;

/// How far the `Date` of an answer is from the clock of the recording, where that is far: `3,600 s
/// ahead of`.
fn off(call: &Call) -> Option<String> {
    let exchange = call.exchange();
    let date = exchange.response()?.header("date")?;
    let server = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    let ahead = server - exchange.finished().as_second();
    let way = if ahead.is_positive() { "ahead of" } else { "behind" };
    (ahead.abs() >= FAR_OFF).then(|| format!("{} s {way}", count(ahead.unsigned_abs())))
}

fn refused(probe: TokenProbe, probed: &Probed<'_>) -> Concluded {
    let mut tally = Tally::default();
    let calls = probe.calls(probed);
    for (ix, call) in &calls {
        match call.answer() {
            Answer::Status(status) if probe.refusals().contains(&status) => tally.good([*ix]),
            Answer::Lost | Answer::Status(429 | 500..) => {
                tally.open(None, [*ix], "has no conclusive answer");
            }
            answer => match off(call).filter(|_| probe == TokenProbe::Expired) {
                Some(off) => {
                    let words = format!(
                        "was {}, and its Date header is {off} this machine's clock",
                        answer.words()
                    );
                    tally.open(None, [*ix], words);
                }
                None => tally.fault(None, [*ix], format!("was {}", answer.words())),
            },
        }
    }
    if calls.is_empty() {
        let asked = probed.traffic.calls().any(|(_, call)| call.operation == Operation::Token);
        return Concluded::plain(match probe {
            TokenProbe::Outlived => Ruling::not_applicable("no token expired during the run"),
            _ if asked => Ruling::not_run("the probe was not sent"),
            _ => Ruling::not_applicable("no token was requested"),
        });
    }
    let pass = |n| format!("{} refused", many(n, "call"));
    Concluded::plain(tally.rule(probed.traffic, "call", pass))
}
