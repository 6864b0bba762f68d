//! The body schemas of an official document, compiled for checking exchanges.
//!
//! Takes from it only bodies of calls the contract knows. OpenAPI 3.0 says `nullable` where JSON
//! Schema says a type `null`; that is rewritten, the rest is JSON Schema already.
//! Refuses a schema that does not compile, naming its place.

use std::collections::BTreeMap;
use std::path::Path;

use letterproof_model::Operation;
use serde_json::{Map, Value, json};

use super::load::Tree;
use super::resolve::resolved_paths;
use super::shape::unnamed;
use crate::ContractError;
use crate::content::sha256_hex;
use crate::operations::{BodyRule, all_rules};
use crate::schemas::Schema;
use crate::text::clip;

/// The schemas by call and status; 0 is the request.
pub(crate) type OfficialSchemas = BTreeMap<(Operation, u16), Schema>;

/// The schemas of a document, and the SHA-256 of all that they are made of.
pub(crate) fn official_schemas(path: &Path) -> Result<(OfficialSchemas, String), ContractError> {
    let (mut tree, entry) = Tree::open(path)?;
    let paths = resolved_paths(&mut tree, &entry)?;
    let file = tree.name(&entry);
    let mut schemas = BTreeMap::new();
    let mut sources = String::new();
    for rules in all_rules().filter(|rules| rules.operation != Operation::Token) {
        let Some((method, route)) = rules.operation.label().split_once(' ') else { continue };
        let alike = |(path, _): &(&String, &Value)| unnamed(path) == unnamed(route);
        let item = paths.as_object().into_iter().flatten().find(alike).map(|(_, item)| item);
        let described = &item.unwrap_or(&Value::Null)[method.to_ascii_lowercase()];
        let mut bodies = vec![(0, "/requestBody".to_owned(), &described["requestBody"])];
        for answer in rules.answers.iter().filter(|answer| matches!(answer.body, BodyRule::Json(_)))
        {
            let status = answer.status.to_string();
            let place = format!("/responses/{status}");
            bodies.push((answer.status, place, &described["responses"][&status]));
        }
        for (status, place, body) in bodies {
            let Some(schema) = schema_of(body) else { continue };
            let schema = translated(schema);
            sources.push_str(&format!("{} {place} {schema}\n", rules.operation.label()));
            let built = Schema::build(file.clone(), &schema, true);
            let schema = built.map_err(|message| ContractError::NotOpenApi {
                file: file.clone(),
                pointer: format!("{} {place}", rules.operation.label()),
                message: format!("the schema cannot be used: {}", clip(&message)),
            })?;
            schemas.insert((rules.operation, status), schema);
        }
    }
    Ok((schemas, sha256_hex(sources.as_bytes())))
}

/// The schema of the first JSON body; one that says nothing about properties is no use.
fn schema_of(body: &Value) -> Option<&Value> {
    let content = body["content"].as_object()?;
    let json = content.iter().find(|(media, _)| media.contains("json"))?;
    let schema = json.1.get("schema")?;
    // The official 502 has a whole response in the place of its schema.
    schema.get("content").is_none().then_some(schema)
}

/// A schema with OpenAPI's own words put in those of JSON Schema.
fn translated(schema: &Value) -> Value {
    match schema {
        Value::Object(map) => {
            let mut found: Map<String, Value> = Map::new();
            for (key, value) in map {
                // The bounds of OpenAPI 3.0 are flags; a flag is not worth a refusal.
                if key == "nullable" || (key.starts_with("exclusive") && value.is_boolean()) {
                    continue;
                }
                let kept = matches!(key.as_str(), "enum" | "const" | "required");
                found.insert(key.clone(), if kept { value.clone() } else { translated(value) });
            }
            if map.get("nullable") == Some(&Value::Bool(true)) {
                if let Some(Value::String(name)) = map.get("type") {
                    found.insert("type".to_owned(), json!([name, "null"]));
                }
                if let Some(values) = found.get_mut("enum").and_then(Value::as_array_mut) {
                    values.push(Value::Null);
                }
            }
            Value::Object(found)
        }
        Value::Array(items) => Value::Array(items.iter().map(translated).collect()),
        _ => schema.clone(),
    }
}
