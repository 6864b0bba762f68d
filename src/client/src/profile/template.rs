//! The commented profile that `letterproof init` writes, and the JSON Schema of profiles.
//! Refuses to know fields of its own: both are made from the table of fields.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::fields::{Kind, SPECIFICATIONS, TABLES, of_table};

/// A profile with every field: set where most need it, shown as a comment elsewhere.
pub(super) fn template() -> String {
    let mut text = String::from(
        "# A letterproof profile. Lines that begin with `#` show what else may be set.\n# A secret is named, never written: { env = \"NAME\" }, { file = \"PATH\" } or\n# { command = [\"PROGRAM\", \"ARGUMENT\"] }.\n",
    );
    for (table, about) in TABLES {
        // Writing into a string cannot fail.
        let _ = write!(text, "\n# {about}\n");
        if !table.is_empty() {
            let _ = writeln!(text, "[{table}]");
        }
        for field in of_table(table) {
            let mark = if field.set { "" } else { "# " };
            let _ = writeln!(text, "# {}\n{mark}{} = {}", field.about, field.name, field.example);
        }
    }
    text.push_str(
        "\n# What specification ids mean; without any, those of the integration environment.\n",
    );
    let _ = writeln!(text, "# [[{SPECIFICATIONS}]]");
    for field in of_table(SPECIFICATIONS) {
        let _ = writeln!(text, "# {} = {}    # {}", field.name, field.example, field.about);
    }
    text
}

pub(super) fn schema() -> Value {
    let mut top = properties("");
    for (table, about) in TABLES.into_iter().filter(|(table, _)| !table.is_empty()) {
        let mut schema = object(properties(table));
        schema["description"] = json!(about);
        top.insert(table.to_owned(), schema);
    }
    let mut meaning = object(properties(SPECIFICATIONS));
    meaning["required"] = json!(["id", "kind"]);
    top.insert(SPECIFICATIONS.to_owned(), json!({"type": "array", "items": meaning}));
    let mut schema = object(top);
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("letterproof profile");
    schema["anyOf"] = json!([{"required": ["extends"]}, {"required": ["base_url"]}]);
    schema
}

fn properties(table: &str) -> Map<String, Value> {
    of_table(table)
        .map(|field| {
            let mut schema = field.kind.schema();
            schema["description"] = json!(field.about);
            (field.name.to_owned(), schema)
        })
        .collect()
}

fn object(properties: Map<String, Value>) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

impl Kind {
    /// What a value of this kind looks like in JSON Schema.
    fn schema(self) -> Value {
        match self {
            Self::Text | Self::Path => json!({"type": "string", "minLength": 1}),
            Self::Url => json!({"type": "string", "pattern": "^https?://"}),
            Self::Time => json!({"type": ["string", "integer"]}),
            Self::Count => json!({"type": "integer", "minimum": 1}),
            Self::Word(words) => json!({"enum": words}),
            Self::Words(words) => {
                json!({"type": "array", "items": {"enum": words}, "uniqueItems": true})
            }
            Self::Paths => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
            Self::Hosts => {
                json!({"type": "array", "items": {"type": "string", "pattern": "^[^*/@]+$"}})
            }
            Self::Secret => json!({
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
                "properties": {
                    "env": {"type": "string", "minLength": 1},
                    "file": {"type": "string", "minLength": 1},
                    "command": {"type": "array", "items": {"type": "string"}, "minItems": 1}
                }
            }),
        }
    }
}
