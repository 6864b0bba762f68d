//! Which fields of a load profile belong to which shapes.
//! A field that this shape does not use is refused, and the error names the shapes that use it.

use letterproof_toml::Table;

/// The shapes, as profiles name them.
pub(super) const SHAPES: [&str; 5] = ["steady", "ramp", "spike", "soak", "at15"];

/// The shapes that send a mix.
const ATTACKS: &[&str] = &["steady", "ramp", "spike", "soak"];

/// The table of what is sent.
pub(super) const MIX: &str = "mix";

/// Fields at the top that not every shape has.
pub(super) const FIELDS: [(&str, &[&str]); 20] = [
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

/// Fields of `[thresholds]` that not every shape has.
pub(super) const LIMITS: [(&str, &[&str]); 4] =
    [("p95_ms", ATTACKS), ("p99_ms", ATTACKS), ("min_achieved", ATTACKS), ("max_ratio", &["at15"])];

/// Tells the fields that this shape has no use for.
pub(super) fn check_shape(
    table: &Table<'_>,
    fields: &[(&'static str, &[&str])],
    shape: Option<&str>,
) {
    for &(name, of) in fields {
        let has = table.has(name);
        if let Some(shape) = shape.filter(|shape| has && !of.contains(shape)) {
            let of = of.join(", ");
            table.problem(name, format!("shape {shape} has no such field; it belongs to {of}"));
        }
    }
}
