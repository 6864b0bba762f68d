//! Every field of a profile: its place, its kind, and what it is for; and what is made of that one
//! table, the commented profile of `letterproof init` and the JSON Schema. A test holds the table
//! against what reading asks for.

use std::fmt::Write;

use letterproof_model::LetterStatus;
use serde_json::{Map, Value, json};

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Some text.
    Text,
    /// An address.
    Url,
    /// A length of time: `"300s"`, `"5m"`, `"250ms"`, or whole seconds.
    Time,
    /// A whole number above zero.
    Count,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Any of these words.
    Words(&'static [&'static str]),
    /// A file, beside the profile unless absolute.
    Path,
    /// Several files.
    Paths,
    /// Where a secret is found.
    Secret,
    /// Hosts of documents, each exactly.
    Hosts,
}

/// One field.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    /// The table it is in; empty at the top.
    pub(super) table: &'static str,
    /// Its name.
    pub(super) name: &'static str,
    /// What it holds.
    pub(super) kind: Kind,
    /// What it is for, in one sentence.
    pub(super) about: &'static str,
    /// A value, as the template shows it.
    pub(super) example: &'static str,
    /// Whether the template sets it rather than showing it as a comment.
    pub(super) set: bool,
}

pub(super) const METHODS: &[&str] = &["none", "signed-jwt", "bearer"];
pub(super) const BASES: &[&str] = &["mock", "sandbox", "int"];
pub(super) const CAPABILITIES: &[&str] =
    &["stateful", "seeded", "authenticated", "rate-limited", "visibility-timeout"];
pub(super) const OPTIONAL_STATUSES: &[&str] = &[
    LetterStatus::Printed.as_str(),
    LetterStatus::Enclosed.as_str(),
    LetterStatus::Delivered.as_str(),
    LetterStatus::Rejected.as_str(),
];
pub(super) const KINDS: &[&str] = &["standard", "accessible", "language"];
/// The array of tables that says what specification ids mean.
pub(super) const SPECIFICATIONS: &str = "specifications";
/// Tables of a profile, in the template's order, and what each is about.
pub(super) const TABLES: [(&str, &str); 5] = [
    ("", "Where requests go."),
    ("auth", "How a session proves who it is. Secrets are named here, never written."),
    ("supplier", "The supplier under test."),
    ("limits", "What the target allows and how long it takes."),
    ("network", "How it is reached; leave this out unless you need it."),
];

const fn field(
    table: &'static str,
    name: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Field {
    Field { table, name, kind, about, example, set: false }
}

const fn set(field: Field) -> Field {
    Field { set: true, ..field }
}

pub(super) const FIELDS: [Field; 34] = [
    set(field("", "name", Kind::Text, "What reports call this target.", "\"our-int\"")),
    set(field(
        "",
        "extends",
        Kind::Word(BASES),
        "The built-in target whose settings hold where this file is silent.",
        "\"int\"",
    )),
    field(
        "",
        "base_url",
        Kind::Url,
        "The API's base URL.",
        "\"https://int.api.service.nhs.uk/nhs-notify-supplier\"",
    ),
    field(
        "",
        "capabilities",
        Kind::Words(CAPABILITIES),
        "What the target can do.",
        "[\"stateful\", \"seeded\", \"authenticated\", \"rate-limited\", \"visibility-timeout\"]",
    ),
    field(
        "",
        "storage_hosts",
        Kind::Hosts,
        "Where the API's links to letters lead, beside its own host; nothing is fetched from elsewhere. `letterproof doctor` shows it.",
        "[\"letters.example.org\"]",
    ),
    set(field(
        "auth",
        "method",
        Kind::Word(METHODS),
        "With tokens asked for with a signed JWT, with a bearer token at hand, or not at all.",
        "\"signed-jwt\"",
    )),
    field(
        "auth",
        "token_url",
        Kind::Url,
        "The token endpoint, and the assertion's audience to the letter.",
        "\"https://int.api.service.nhs.uk/oauth2/token\"",
    ),
    set(field(
        "auth",
        "kid",
        Kind::Text,
        "The id under which the public key is registered.",
        "\"our-int-1\"",
    )),
    set(field(
        "auth",
        "api_key",
        Kind::Secret,
        "The application's API key.",
        "{ env = \"LETTERPROOF_API_KEY\" }",
    )),
    set(field(
        "auth",
        "key",
        Kind::Secret,
        "The RSA private key, PEM; as a file it must be yours alone (mode 600).",
        "{ file = \"our-int-1.pem\" }",
    )),
    field(
        "auth",
        "token",
        Kind::Secret,
        "The bearer token, for method `bearer`.",
        "{ command = [\"secret-manager\", \"read\", \"supplier-token\"] }",
    ),
    set(field(
        "supplier",
        "name",
        Kind::Text,
        "The supplier's name, in ledger and evidence.",
        "\"Our print house\"",
    )),
    field(
        "supplier",
        "application_id",
        Kind::Text,
        "The id of the supplier's application on the API platform, in evidence; not its key.",
        "\"0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d\"",
    ),
    field(
        "supplier",
        "test_manager",
        Kind::Text,
        "The role of the person who answers for the test, in evidence.",
        "\"print operations manager\"",
    ),
    field(
        "supplier",
        "window_dates",
        Kind::Text,
        "The first and last day of the test window, in evidence.",
        "\"2026-11-02/2026-11-13\"",
    ),
    set(field(
        "supplier",
        "supports",
        Kind::Words(OPTIONAL_STATUSES),
        "The optional statuses its workflow knows (AT5, AT6, AT8, AT13).",
        "[\"PRINTED\", \"ENCLOSED\", \"DELIVERED\", \"REJECTED\"]",
    )),
    field("limits", "rate_limit", Kind::Count, "Requests per second the API allows.", "300"),
    field(
        "limits",
        "visibility_timeout",
        Kind::Time,
        "How long a listed letter stays hidden.",
        "\"300s\"",
    ),
    field(
        "limits",
        "update_deadline",
        Kind::Time,
        "How long a queued update may take to show.",
        "\"60s\"",
    ),
    field(
        "limits",
        "queue_lag",
        Kind::Time,
        "How long a list may name a letter after its acceptance was seen.",
        "\"900s\"",
    ),
    field(
        "limits",
        "at15_target",
        Kind::Time,
        "Time agreed with NHS Notify for one AT15 flow.",
        "\"10s\"",
    ),
    field("limits", "seeded_letters", Kind::Count, "Letters seeded for the pack.", "2500"),
    field("limits", "at4_batch", Kind::Count, "Letters one AT4 list asks for.", "1000"),
    field("limits", "at15_chunk", Kind::Count, "Letters one AT15 list asks for.", "500"),
    field(
        "network",
        "roots",
        Kind::Paths,
        "Root certificates trusted beside the system's, PEM.",
        "[\"our-root.pem\"]",
    ),
    field(
        "network",
        "client_certificate",
        Kind::Path,
        "A certificate to show to the server, PEM.",
        "\"client.pem\"",
    ),
    field(
        "network",
        "client_key",
        Kind::Path,
        "Its private key, PEM, yours alone (mode 600).",
        "\"client-key.pem\"",
    ),
    field(
        "network",
        "proxy",
        Kind::Url,
        "A proxy without credentials; without it HTTPS_PROXY decides.",
        "\"http://proxy.example:3128\"",
    ),
    field("network", "connect_timeout", Kind::Time, "How long a connection may take.", "\"10s\""),
    field("network", "answer_timeout", Kind::Time, "How long a whole answer may take.", "\"30s\""),
    field(
        "network",
        "download_timeout",
        Kind::Time,
        "How long a whole download may take.",
        "\"60s\"",
    ),
    field(
        SPECIFICATIONS,
        "id",
        Kind::Text,
        "A print specification's id.",
        "\"integration-specification-english\"",
    ),
    field(SPECIFICATIONS, "kind", Kind::Word(KINDS), "What its letters are.", "\"standard\""),
    field(SPECIFICATIONS, "note", Kind::Text, "What it is, for people.", "\"Standard, English\""),
];

/// The fields of a table.
pub(super) fn of_table(table: &str) -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(move |field| field.table == table)
}

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
