//! How long the calls of scripts take, and what a clock that counts in milliseconds makes of it.

use letterproof_model::Outcome;

use super::script::Script;

/// How long each call of a script takes, in microseconds.
pub const TAKES: i64 = 3_007;
/// And in a recording that counts in milliseconds.
pub const TAKES_COARSELY: i64 = 3_000;

/// The script as a recorder keeps it that counts in milliseconds.
pub fn in_milliseconds(mut script: Script) -> Script {
    for exchange in &mut script.exchanges {
        if let Outcome::Response(answer) = &mut exchange.outcome {
            answer.headers_us = answer.headers_us / 1_000 * 1_000;
            answer.done_us = answer.done_us / 1_000 * 1_000;
        }
    }
    script
}
