//! The plain shape both sides are compared in (operations, parameters, headers, bodies, fields),
//! and the body schemas of an official document, compiled for checking exchanges.
//!
//! Only structure counts: names, required or not, types, values, formats, media types; what has no
//! shape that is known is left open. Of an official document only bodies of calls the contract
//! knows are taken. OpenAPI 3.0 says `nullable` where JSON Schema says a type `null`; that is
//! rewritten, the rest is JSON Schema already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use letterproof_model::Operation;
use serde_json::{Map, Value, json};

use crate::ContractError;
use crate::content::sha256_hex;
use crate::drift::specification::{Tree, resolved_paths};
use crate::schemas::Schema;
use crate::supplier::operations::{BodyRule, all_rules};
use crate::text::clip;

/// The deepest field that is looked at.
const DEEPEST: usize = 40;
/// What an OpenAPI path item calls its operations.
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// All operations, by method and path (`GET /letters`).
pub(crate) type Shape = BTreeMap<String, OperationShape>;

/// Fields by their path (`data[].attributes.status`); the body itself stands under the empty path.
pub(crate) type Fields = BTreeMap<String, Field>;

/// One operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct OperationShape {
    /// Parameters by place and name (`header x-request-id`).
    pub(crate) parameters: BTreeMap<String, Field>,
    /// The request's body.
    pub(crate) request: Option<BodyShape>,
    /// Answers by status.
    pub(crate) answers: BTreeMap<String, AnswerShape>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct AnswerShape {
    /// Header names in lower case.
    pub(crate) headers: BTreeSet<String>,
    /// The body.
    pub(crate) body: Option<BodyShape>,
}

/// A body.
#[derive(Debug, Clone, Default)]
pub(crate) struct BodyShape {
    /// Media types.
    pub(crate) media: BTreeSet<String>,
    /// Fields.
    pub(crate) fields: Fields,
    /// The document of ours it is, on our side.
    pub(crate) document: Option<crate::Document>,
    /// Whether our side leaves it open if there is a body at all.
    pub(crate) optional: bool,
}

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Field {
    /// JSON types; none means any.
    pub(crate) types: BTreeSet<String>,
    /// Whether it must be there.
    pub(crate) required: bool,
    /// The values it may have; `None` means any.
    pub(crate) values: Option<BTreeSet<String>>,
    /// Its format.
    pub(crate) format: Option<String>,
}

/// The shape of a document's resolved `paths`.
#[must_use]
pub(crate) fn of_document(paths: &Value) -> Shape {
    let mut shape = Shape::new();
    for (path, item) in paths.as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method).filter(|operation| operation.is_object()) else {
                continue;
            };
            let mut found = OperationShape::default();
            // An operation's own parameter stands in for the path's of the same name.
            for list in [&item["parameters"], &operation["parameters"]] {
                for parameter in list.as_array().into_iter().flatten() {
                    let (name, field) = of_parameter(parameter);
                    found.parameters.insert(name, field);
                }
            }
            found.request = of_content(&operation["requestBody"]["content"]);
            for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                found.answers.insert(status.clone(), of_answer(answer));
            }
            shape.insert(format!("{} {path}", method.to_ascii_uppercase()), found);
        }
    }
    shape
}

/// A path, or an operation's name, without the names of its parameters: two that differ in nothing
/// else are one (OpenAPI 3, "Path Templating").
pub(crate) fn unnamed(path: &str) -> String {
    let mut unnamed = String::new();
    let mut rest = path;
    while let Some((before, _, after)) = parameter(rest) {
        unnamed.push_str(before);
        unnamed.push_str("{}");
        rest = after;
    }
    unnamed + rest
}

/// The names of the parameters of a path, or of an operation's, in their order.
fn names(path: &str) -> Vec<&str> {
    let mut rest = path;
    std::iter::from_fn(|| {
        let (_, name, after) = parameter(rest)?;
        rest = after;
        Some(name)
    })
    .collect()
}

/// What stands before the first parameter of a path, its name, and what stands after it.
fn parameter(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// The operations of `theirs` with the names of path parameters that `ours` has for them.
pub(crate) fn named_alike(ours: &Shape, theirs: Shape) -> Shape {
    let known: BTreeMap<String, &String> = ours.keys().map(|name| (unnamed(name), name)).collect();
    let rename = |(name, mut operation): (String, OperationShape)| {
        let Some(ours) = known.get(&unnamed(&name)).filter(|ours| ***ours != name) else {
            return (name, operation);
        };
        let renamed = names(&name).into_iter().zip(names(ours));
        // All out before any in: names may have changed places.
        let fields: Vec<_> = renamed
            .filter_map(|(theirs, ours)| {
                let field = operation.parameters.remove(&format!("path {theirs}"))?;
                Some((format!("path {ours}"), field))
            })
            .collect();
        operation.parameters.extend(fields);
        ((*ours).clone(), operation)
    };
    theirs.into_iter().map(rename).collect()
}

fn of_parameter(parameter: &Value) -> (String, Field) {
    let place = parameter["in"].as_str().unwrap_or("nowhere");
    let name = parameter["name"].as_str().unwrap_or("without a name");
    // Header names have no case.
    let name = if place == "header" { name.to_ascii_lowercase() } else { name.to_owned() };
    let mut field = field(&parameter["schema"]);
    field.required = parameter["required"].as_bool().unwrap_or(place == "path");
    (format!("{place} {name}"), field)
}

fn of_answer(answer: &Value) -> AnswerShape {
    let headers = answer["headers"].as_object().into_iter().flatten();
    AnswerShape {
        headers: headers.map(|(name, _)| name.to_ascii_lowercase()).collect(),
        body: of_content(&answer["content"]),
    }
}

fn of_content(content: &Value) -> Option<BodyShape> {
    let content = content.as_object().filter(|content| !content.is_empty())?;
    let mut body = BodyShape::default();
    for (media, described) in content {
        body.media.insert(media.split(';').next().unwrap_or(media).trim().to_ascii_lowercase());
        // Several media types describe one document; what any of them says counts.
        let mut fields = of_schema(&described["schema"]);
        fields.append(&mut body.fields);
        body.fields = fields;
    }
    Some(body)
}

/// The fields of a resolved schema.
#[must_use]
pub(crate) fn of_schema(schema: &Value) -> Fields {
    let mut fields = Fields::new();
    let mut top = field(schema);
    top.required = true;
    collect(schema, "", top, 0, &mut fields);
    fields
}

fn collect(schema: &Value, path: &str, own: Field, depth: usize, fields: &mut Fields) {
    fields.insert(path.to_owned(), own);
    if depth > DEEPEST {
        return;
    }
    for part in parts(schema) {
        for (name, property) in part["properties"].as_object().into_iter().flatten() {
            let place = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            let mut child = field(property);
            child.required = parts(schema).iter().any(|part| {
                let required = part["required"].as_array().into_iter().flatten();
                required.filter_map(Value::as_str).any(|required| required == name)
            });
            collect(property, &place, child, depth + 1, fields);
        }
        if part["items"].is_object() {
            let mut child = field(&part["items"]);
            child.required = true;
            collect(&part["items"], &format!("{path}[]"), child, depth + 1, fields);
        }
    }
}

/// A schema with the schemas it is composed of by `allOf`.
fn parts(schema: &Value) -> Vec<&Value> {
    let mut parts = vec![schema];
    let mut at = 0;
    while at < parts.len() && parts.len() < 64 {
        if let Some(all) = parts[at]["allOf"].as_array() {
            parts.extend(all);
        }
        at += 1;
    }
    parts
}

fn field(schema: &Value) -> Field {
    let mut field = Field::default();
    for part in parts(schema) {
        match &part["type"] {
            Value::String(name) => drop(field.types.insert(name.clone())),
            Value::Array(names) => {
                field.types.extend(names.iter().filter_map(Value::as_str).map(str::to_owned));
            }
            _ if part["properties"].is_object() => drop(field.types.insert("object".to_owned())),
            _ => {}
        }
        if part["nullable"] == true {
            field.types.insert("null".to_owned());
        }
        if let Some(values) = part["enum"].as_array() {
            field.values = Some(values.iter().map(shown).collect());
        } else if let Some(value) = part.get("const") {
            field.values = Some([shown(value)].into());
        }
        if let Some(format) = part["format"].as_str() {
            field.format = Some(format.to_owned());
        }
    }
    field
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_read_to_a_depth_that_no_body_of_the_api_comes_near() {
        let levels = DEEPEST + 5;
        let nested = |wrap: fn(Value) -> Value| (0..levels).fold(json!({}), |inner, _| wrap(inner));
        let objects = nested(|inner| json!({ "properties": { "a": inner } }));
        let lists = nested(|inner| json!({ "items": inner }));
        for schema in [objects, lists] {
            // The top, the levels below it, and the first that is not looked into.
            assert_eq!(of_schema(&schema).len(), DEEPEST + 2);
        }
    }

    #[test]
    fn a_schema_of_sixty_three_parts_is_read_with_the_parts_of_its_parts_and_a_larger_one_without()
    {
        let of = |parts: usize| {
            let mut all = vec![json!({}); parts - 1];
            all[0] = json!({ "allOf": [{ "type": "string" }] });
            field(&json!({ "allOf": all })).types
        };
        assert_eq!(of(63), BTreeSet::from(["string".to_owned()]));
        assert_eq!(of(64), BTreeSet::new());
    }

    #[test]
    fn a_type_may_be_one_or_several_and_properties_make_an_object() {
        let types = |schema: Value| field(&schema).types.into_iter().collect::<Vec<_>>();
        assert_eq!(types(json!({ "type": "string" })), ["string"]);
        assert_eq!(types(json!({ "type": ["string", "null"] })), ["null", "string"]);
        assert_eq!(types(json!({ "type": "string", "nullable": true })), ["null", "string"]);
        assert_eq!(types(json!({ "properties": { "a": {} } })), ["object"]);
        assert_eq!(types(json!({ "properties": [] })), Vec::<String>::new());
    }
}
