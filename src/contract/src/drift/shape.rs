//! The plain shape both sides are compared in: operations, parameters, headers, bodies, fields.
//!
//! Only structure counts: names, required or not, types, values, formats, media types.
//! Refuses to fail: what has no shape it knows is left open.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// The deepest field that is looked at.
const DEEPEST: usize = 40;
/// What an OpenAPI path item calls its operations.
const METHODS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// All operations, by method and path (`GET /letters`).
pub(super) type Shape = BTreeMap<String, OperationShape>;

/// Fields by their path (`data[].attributes.status`); the body itself stands under the empty path.
pub(super) type Fields = BTreeMap<String, Field>;

/// One operation.
#[derive(Debug, Clone, Default)]
pub(super) struct OperationShape {
    /// Parameters by place and name (`header x-request-id`).
    pub(super) parameters: BTreeMap<String, Field>,
    /// The request's body.
    pub(super) request: Option<BodyShape>,
    /// Answers by status.
    pub(super) answers: BTreeMap<String, AnswerShape>,
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(super) struct AnswerShape {
    /// Header names in lower case.
    pub(super) headers: BTreeSet<String>,
    /// The body.
    pub(super) body: Option<BodyShape>,
}

/// A body.
#[derive(Debug, Clone, Default)]
pub(super) struct BodyShape {
    /// Media types.
    pub(super) media: BTreeSet<String>,
    /// Fields.
    pub(super) fields: Fields,
    /// The document of ours it is, on our side.
    pub(super) document: Option<crate::Document>,
    /// Whether our side leaves it open if there is a body at all.
    pub(super) optional: bool,
}

/// A field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// JSON types; none means any.
    pub(super) types: BTreeSet<String>,
    /// Whether it must be there.
    pub(super) required: bool,
    /// The values it may have; `None` means any.
    pub(super) values: Option<BTreeSet<String>>,
    /// Its format.
    pub(super) format: Option<String>,
}

/// The shape of a document's resolved `paths`.
#[must_use]
pub(super) fn of_document(paths: &Value) -> Shape {
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
pub(super) fn unnamed(path: &str) -> String {
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
pub(super) fn named_alike(ours: &Shape, theirs: Shape) -> Shape {
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
pub(super) fn of_schema(schema: &Value) -> Fields {
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
