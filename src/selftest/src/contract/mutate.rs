//! What can be wrong with a document, read from its schema: each place in each way.
//! Refuses what a schema allows: an unknown property is drift, and no breach.

use serde_json::{Map, Value, json};

/// A place broken in one way.
pub(super) struct Breach {
    pub(super) place: String,
    pub(super) breach: &'static str,
    pub(super) change: Change,
}

/// What is done to an honest document.
pub(super) struct Change {
    /// The names on the way down; an empty one stands for the first item of a list.
    path: Vec<String>,
    /// What stands there then; nothing where it is taken out.
    value: Option<Value>,
}

impl Change {
    /// Changes a document; one that has no such place stays as it is.
    pub(super) fn apply(&self, document: &mut Value) {
        let Some((last, way)) = self.path.split_last() else {
            *document = self.value.clone().unwrap_or_default();
            return;
        };
        let mut place = document;
        for name in way {
            let next = if name.is_empty() { place.get_mut(0) } else { place.get_mut(name) };
            let Some(next) = next else { return };
            place = next;
        }
        match (&self.value, place) {
            (Some(value), Value::Array(items)) if last.is_empty() => {
                if let Some(first) = items.first_mut() {
                    *first = value.clone();
                }
            }
            (Some(value), Value::Object(map)) => drop(map.insert(last.clone(), value.clone())),
            (None, Value::Object(map)) => drop(map.remove(last)),
            _ => {}
        }
    }
}

/// Every breach of a resolved schema.
pub(super) fn breaches(schema: &Value) -> Vec<Breach> {
    let mut found = Vec::new();
    gather(schema, &mut Vec::new(), &mut found);
    found
}

fn gather(schema: &Value, path: &mut Vec<String>, found: &mut Vec<Breach>) {
    let place = shown(path);
    let mut add = |breach: &'static str, value: Value| {
        let change = Change { path: path.clone(), value: Some(value) };
        found.push(Breach { place: place.clone(), breach, change });
    };
    if let Some(other) = of_another_type(schema) {
        add("of another type", other);
        add("null", Value::Null);
    }
    if schema["enum"].is_array() {
        add("a value nobody knows", "SOMETHING-ELSE".into());
        if let Some(text) = schema["enum"][0].as_str() {
            add("in lower case", text.to_lowercase().into());
        }
    }
    if schema["format"].is_string() || schema["pattern"].is_string() {
        add("of no such form", "?".into());
    }
    if schema["minLength"].as_u64().is_some_and(|least| least > 0) {
        add("empty", "".into());
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let mut path = path.clone();
        path.push(name.to_owned());
        let place = shown(&path);
        found.push(Breach { place, breach: "missing", change: Change { path, value: None } });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flat_map(Map::iter) {
        path.push(name.clone());
        gather(property, path, found);
        path.pop();
    }
    if let Some(items) = schema.get("items") {
        path.push(String::new());
        gather(items, path, found);
        path.pop();
    }
}

/// A value of a type that the schema does not name.
fn of_another_type(schema: &Value) -> Option<Value> {
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let others = [("string", json!("text")), ("integer", json!(7)), ("array", json!([]))];
    let number = |name: &str| name == "integer" && types.contains(&"number");
    others
        .into_iter()
        .find(|(name, _)| !types.contains(name) && !number(name))
        .map(|(_, value)| value)
}

/// `data[].attributes.status`.
fn shown(path: &[String]) -> String {
    let mut place = String::new();
    for name in path {
        match name.as_str() {
            "" => place.push_str("[]"),
            name if place.is_empty() => place.push_str(name),
            name => {
                place.push('.');
                place.push_str(name);
            }
        }
    }
    if place.is_empty() { "the document".to_owned() } else { place }
}
