//! Every field of a load profile, and the shapes it belongs to.
//! Refuses fields that reading alone would know: names in messages come from these tables.

use crate::mix::LoadOperation;

/// The shapes, as profiles name them.
pub(super) const SHAPES: [&str; 5] = ["steady", "ramp", "spike", "soak", "at15"];

/// The shapes that send a mix.
const ATTACKS: &[&str] = &["steady", "ramp", "spike", "soak"];

/// The tables of a profile.
pub(super) const MIX: &str = "mix";
pub(super) const THRESHOLDS: &str = "thresholds";

/// Fields at the top with the shapes that have them.
pub(super) const FIELDS: [(&str, &[&str]); 23] = [
    ("name", &SHAPES),
    ("about", &SHAPES),
    ("shape", &SHAPES),
    ("rate", &["steady", "spike", "soak"]),
    ("duration", &["steady", "ramp"]),
    ("from", &["ramp"]),
    ("to", &["ramp"]),
    ("steps", &["ramp"]),
    ("stop_at_429", &["ramp"]),
    ("idle", &["spike"]),
    ("burst", &["spike"]),
    ("bursts", &["spike"]),
    ("hours", &["soak"]),
    ("compress", &["soak"]),
    ("runs", &["at15"]),
    ("letters", ATTACKS),
    ("list_limit", ATTACKS),
    ("bulk_size", ATTACKS),
    ("download", ATTACKS),
    ("users", ATTACKS),
    ("slow_download", ATTACKS),
    ("give_up_after", ATTACKS),
    (MIX, ATTACKS),
];

/// Fields of `[thresholds]` with the shapes that have them.
pub(super) const LIMITS: [(&str, &[&str]); 6] = [
    ("error_rate", &SHAPES),
    ("p95_ms", ATTACKS),
    ("p99_ms", ATTACKS),
    ("max_429", &SHAPES),
    ("min_achieved", ATTACKS),
    ("max_ratio", &["at15"]),
];

/// The words of `[mix]`.
pub(super) fn operations() -> Vec<&'static str> {
    LoadOperation::ALL.into_iter().map(LoadOperation::as_str).collect()
}
