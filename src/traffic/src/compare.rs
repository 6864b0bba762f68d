//! Two values of one field, compared: what was given first, and what is said of it later.
//! What is not there, or cannot be read, is never equal.

use letterproof_model::Timestamp;
use serde_json::Value;

/// How many characters of a value a sentence shows.
const SHOWN: usize = 80;

/// How values of a field are written, where several ways of writing say the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Word for word.
    Text,
    /// Hexadecimal, in capitals or not.
    Hex,
    /// A time of RFC 3339: the same moment may be written in several ways.
    Time,
    /// A number, written as a number: `1` is `1.0`, and `"1"` is none.
    Number,
}

/// What a comparison says. Only [`Comparison::Equal`] passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// Both are there and say the same, or neither was given.
    Equal,
    /// Both are there, or only the later one is, and they do not say the same.
    Different,
    /// It was given, and is not there later: missing, or null.
    Absent,
    /// It is there later, and is no value of its form.
    Unreadable,
}

impl Comparison {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_equal(self) -> bool {
        matches!(self, Self::Equal)
    }

    /// Compares what was given with what is said of it later; null is as good as missing.
    #[must_use]
    pub fn of(form: Form, given: Option<&Value>, later: Option<&Value>) -> Self {
        let there = |value: &&Value| !value.is_null();
        match (given.filter(there), later.filter(there)) {
            (None, None) => Self::Equal,
            (None, Some(_)) => Self::Different,
            (Some(_), None) => Self::Absent,
            // What was given in another form and comes back word for word is what was given.
            (Some(given), Some(later)) if given == later => Self::Equal,
            (Some(given), Some(later)) => match (form.read(given), form.read(later)) {
                (_, None) => Self::Unreadable,
                (Some(given), Some(later)) if given == later => Self::Equal,
                _ => Self::Different,
            },
        }
    }

    /// As [`Comparison::of`], for texts.
    #[must_use]
    pub fn of_texts(form: Form, given: Option<&str>, later: Option<&str>) -> Self {
        let value = |text: Option<&str>| text.map(|text| Value::String(text.to_owned()));
        Self::of(form, value(given).as_ref(), value(later).as_ref())
    }

    /// The field with both values, as a sentence continues after *has* (`no quantity, where 22 was
    /// given`); `None` where they are equal.
    #[must_use]
    pub fn words(
        self,
        field: &str,
        given: Option<&Value>,
        later: Option<&Value>,
    ) -> Option<String> {
        let was = || given.filter(|value| !value.is_null()).map_or("none".to_owned(), shown);
        let is = || later.map_or("nothing".to_owned(), shown);
        match self {
            Self::Equal => None,
            Self::Different => Some(format!("{field} {}, where {} was given", is(), was())),
            Self::Absent => Some(format!("no {field}, where {} was given", was())),
            Self::Unreadable => {
                Some(format!("a {field} that cannot be read ({}), where {} was given", is(), was()))
            }
        }
    }
}

/// A value of a form, as it is compared.
#[derive(PartialEq)]
enum Reading {
    Text(String),
    Time(Timestamp),
    Number(f64),
}

impl Form {
    fn read(self, value: &Value) -> Option<Reading> {
        match self {
            Self::Text => value.as_str().map(|text| Reading::Text(text.to_owned())),
            Self::Hex => {
                let hex = |text: &&str| {
                    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit())
                };
                value.as_str().filter(hex).map(|text| Reading::Text(text.to_ascii_lowercase()))
            }
            Self::Time => value.as_str()?.parse().ok().map(Reading::Time),
            Self::Number => value.as_f64().map(Reading::Number),
        }
    }
}

/// A value as a sentence shows it: objects and arrays by their size, since they may be whole bodies.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Object(map) => return format!("an object of {}", map.len()),
        Value::Array(items) => return format!("an array of {}", items.len()),
        other => other.to_string(),
    };
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(form: Form, given: Value, later: Value) -> Comparison {
        Comparison::of(form, Some(&given), Some(&later))
    }

    #[test]
    fn only_what_says_the_same_is_equal() {
        use Comparison::{Absent, Different, Equal, Unreadable};
        for (form, given, later, expected) in [
            (Form::Text, json!("a"), json!("a"), Equal),
            (Form::Text, json!("a"), json!("A"), Different),
            (Form::Text, json!("a"), json!(7), Unreadable),
            (Form::Text, json!("a"), Value::Null, Absent),
            (Form::Text, Value::Null, Value::Null, Equal),
            (Form::Text, Value::Null, json!("a"), Different),
            (Form::Hex, json!("aB"), json!("Ab"), Equal),
            (Form::Hex, json!("ab"), json!("ac"), Different),
            (Form::Hex, json!("ab"), json!("xy"), Unreadable),
            (Form::Hex, json!("ab"), json!(""), Unreadable),
            (
                Form::Time,
                json!("2026-01-01T00:00:00Z"),
                json!("2026-01-01T01:00:00.000+01:00"),
                Equal,
            ),
            (Form::Time, json!("2026-01-01T00:00:00Z"), json!("2026-01-01T01:00:00Z"), Different),
            (Form::Time, json!("2026-01-01T00:00:00Z"), json!("yesterday"), Unreadable),
            (Form::Time, json!("yesterday"), json!("yesterday"), Equal),
            (Form::Number, json!(1), json!(1.0), Equal),
            (Form::Number, json!(1), json!(2), Different),
            (Form::Number, json!(1), json!("1"), Unreadable),
        ] {
            assert_eq!(said(form, given.clone(), later.clone()), expected, "{given} {later}");
        }
        assert_eq!(Comparison::of(Form::Text, Some(&json!("a")), None), Absent);
        assert_eq!(Comparison::of_texts(Form::Hex, None, None), Equal);
    }

    #[test]
    fn the_words_name_the_field_and_both_values() {
        let words = |given: Value, later: Option<Value>| {
            let compared = Comparison::of(Form::Number, Some(&given), later.as_ref());
            compared.words("quantity", Some(&given), later.as_ref())
        };
        assert_eq!(words(json!(1), Some(json!(1))), None);
        assert_eq!(words(json!(1), Some(json!(2))).unwrap(), "quantity 2, where 1 was given");
        assert_eq!(words(json!(1), None).unwrap(), "no quantity, where 1 was given");
        assert_eq!(
            words(json!(1), Some(json!({ "a": 1 }))).unwrap(),
            "a quantity that cannot be read (an object of 1), where 1 was given"
        );
        let long = Some(json!("x".repeat(500)));
        assert!(words(json!(1), long).unwrap().len() < 200);
    }
}
