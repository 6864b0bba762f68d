//! Tables whose fields are asked for by name, their values, and the notes kept on what is wrong with
//! them. A value of another kind than the one asked for is nothing; nothing is guessed. A field that
//! nobody asked for is a problem when all is read.

use std::cell::RefCell;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use letterproof_model::{nearest, visible};
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

/// What was asked of a file, and what is wrong with it.
pub(crate) struct Notes<'a> {
    text: &'a str,
    origin: &'a str,
    /// Each with the byte of the text it is about.
    problems: RefCell<Vec<(usize, String)>>,
    asked: RefCell<Vec<Asked>>,
}

/// What was asked of one table.
struct Asked {
    place: String,
    /// The fields it has, each with the byte where its name stands.
    has: Vec<(String, usize)>,
    names: Vec<&'static str>,
}

impl<'a> Notes<'a> {
    pub(crate) fn new(text: &'a str, origin: &'a str) -> Self {
        Self { text, origin, problems: RefCell::default(), asked: RefCell::default() }
    }

    /// Notes a problem at a byte of the text.
    pub(crate) fn note(&self, at: usize, field: &str, said: &str) {
        let line = self.line(at);
        let field = match field {
            "" => String::new(),
            field => format!("field `{}`: ", visible(field)),
        };
        let told = format!("{}:{line}: {field}{}", self.origin, visible(said));
        self.problems.borrow_mut().push((at, told));
    }

    /// The line, from 1, in which a byte of the text stands.
    fn line(&self, at: usize) -> u32 {
        let before = self.text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        u32::try_from(before + 1).unwrap_or(u32::MAX)
    }

    /// Every problem, unknown fields among them, in the order of the file.
    pub(crate) fn problems(self) -> Vec<String> {
        let asked = self.asked.take();
        for table in &asked {
            for (name, at) in &table.has {
                if !table.names.contains(&name.as_str()) {
                    let hint = hint(name, table, &asked);
                    self.note(*at, &within(&table.place, name), &format!("no such field; {hint}"));
                }
            }
        }
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(|(at, _)| *at);
        problems.into_iter().map(|(_, told)| told).collect()
    }
}

/// Where an unknown field may belong, or what it may have been meant for.
fn hint(name: &str, table: &Asked, all: &[Asked]) -> String {
    match all.iter().find(|other| other.names.contains(&name)) {
        Some(other) if other.place.is_empty() => {
            "it belongs at the top, before the first table".to_owned()
        }
        Some(other) => format!("it belongs in [{}]", other.place),
        None => meant(name, &table.names, "fields here are"),
    }
}

/// The known word that was meant, or all of them.
fn meant(word: &str, known: &[&str], these_are: &str) -> String {
    nearest(word, known.iter().copied()).map_or_else(
        || format!("{these_are} {}", known.join(", ")),
        |near| format!("did you mean `{near}`?"),
    )
}

fn within(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

/// A table of a file, or one that is left out and has no fields.
#[derive(Clone)]
pub struct Table<'a> {
    notes: &'a Notes<'a>,
    found: Option<&'a DeTable<'a>>,
    /// Its path from the top, empty there.
    place: String,
    /// The byte of the text where it begins; where it is left out, the table around it does.
    at: usize,
    /// Its number among the tables that were asked.
    number: usize,
    required: bool,
}

impl<'a> Table<'a> {
    pub(crate) fn top(notes: &'a Notes<'a>, found: &'a DeTable<'a>) -> Self {
        Self::new(notes, Some(found), String::new(), 0)
    }

    fn new(notes: &'a Notes<'a>, found: Option<&'a DeTable<'a>>, place: String, at: usize) -> Self {
        let mut asked = notes.asked.borrow_mut();
        let has = found.into_iter().flat_map(DeTable::keys);
        let has = has.map(|key| (key.get_ref().to_string(), key.span().start)).collect();
        asked.push(Asked { place: place.clone(), has, names: Vec::new() });
        Self { notes, found, place, at, number: asked.len() - 1, required: false }
    }

    /// The same table, for fields that must be there.
    #[must_use]
    pub fn required(&self) -> Self {
        Self { required: true, ..self.clone() }
    }

    /// The line on which it begins, from 1.
    #[must_use]
    pub fn line(&self) -> u32 {
        self.notes.line(self.at)
    }

    /// Whether it is in the file at all.
    #[must_use]
    pub const fn is_given(&self) -> bool {
        self.found.is_some()
    }

    /// Whether it has a field.
    pub fn has(&self, name: &'static str) -> bool {
        self.get(name).is_some()
    }

    /// The value of a field, whatever it is.
    pub fn peek(&self, name: &'static str) -> Option<Value<'a>> {
        self.get(name).map(|value| Value(value.get_ref()))
    }

    fn get(&self, name: &'static str) -> Option<&'a Spanned<DeValue<'a>>> {
        if let Some(asked) = self.notes.asked.borrow_mut().get_mut(self.number)
            && !asked.names.contains(&name)
        {
            asked.names.push(name);
        }
        self.found?.get(name)
    }

    /// Tells a problem of a field, or of the table where the field is left out.
    pub fn problem(&self, name: &'static str, said: impl Display) {
        let at = self.get(name).map_or(self.at, |value| value.span().start);
        self.note(at, name, said);
    }

    fn note(&self, at: usize, name: &str, said: impl Display) {
        self.notes.note(at, &within(&self.place, name), &said.to_string());
    }

    /// A field as `read` takes it; `expected` says what belongs there, best with an example.
    pub fn value<T>(
        &self,
        name: &'static str,
        expected: &str,
        read: impl FnOnce(Value<'a>) -> Option<T>,
    ) -> Option<T> {
        let Some(value) = self.peek(name) else {
            if self.required {
                self.problem(name, format!("it is missing; expected {expected}"));
            }
            return None;
        };
        let read = read(value);
        if read.is_none() {
            self.problem(name, format!("expected {expected}, not this {}", value.kind()));
        }
        read
    }

    /// Some text.
    pub fn text(&self, name: &'static str) -> Option<&'a str> {
        self.value(name, "some text in quotes", Value::text)
    }

    /// A text as something else; what `read` says of it must not show it.
    pub fn parsed<T, E: Display>(
        &self,
        name: &'static str,
        read: impl FnOnce(&'a str) -> Result<T, E>,
    ) -> Option<T> {
        read(self.text(name)?).map_err(|said| self.problem(name, said)).ok()
    }

    /// One of these words.
    pub fn word(&self, name: &'static str, words: &[&'static str]) -> Option<&'static str> {
        self.parsed(name, |text| known(text, words))
    }

    /// A list of texts, each as something else; what `read` says of one must not show it.
    pub fn list<T, E: Display>(
        &self,
        name: &'static str,
        read: impl Fn(&'a str) -> Result<T, E>,
    ) -> Option<Vec<T>> {
        let texts =
            |value: Value<'a>| value.list()?.into_iter().map(|item| item.0.as_str()).collect();
        let texts: Vec<&str> = self.value(name, "a list of texts, as [\"…\", \"…\"]", texts)?;
        let items = self.get(name)?.get_ref().as_array()?.iter();
        let told = |(item, text): (&Spanned<DeValue<'_>>, &'a str)| {
            read(text).map_err(|said| self.note(item.span().start, name, said)).ok()
        };
        // Each is read, so that every wrong one is told.
        let read: Vec<Option<T>> = items.zip(texts).map(told).collect();
        read.into_iter().collect()
    }

    /// A list of these words.
    pub fn words(&self, name: &'static str, words: &[&'static str]) -> Option<Vec<&'static str>> {
        self.list(name, |text| known(text, words))
    }

    /// True or false.
    pub fn flag(&self, name: &'static str) -> Option<bool> {
        self.value(name, "true or false", Value::flag)
    }

    /// A whole number within a range.
    pub fn whole(&self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let expected = match (*range.start(), *range.end()) {
            (least, u32::MAX) => format!("a whole number from {least}"),
            (least, most) => format!("a whole number from {least} to {most}"),
        };
        let fits = |value: Value<'_>| {
            u32::try_from(value.whole()?).ok().filter(|number| range.contains(number))
        };
        self.value(name, &expected, fits)
    }

    /// A number within a range, of which `expected` tells.
    pub fn number(
        &self,
        name: &'static str,
        range: RangeInclusive<f64>,
        expected: &str,
    ) -> Option<f64> {
        self.value(name, expected, |value| value.number().filter(|number| range.contains(number)))
    }

    /// A length of time.
    pub fn time(&self, name: &'static str) -> Option<Duration> {
        self.value(name, "a length of time such as \"300s\", \"5m\" or \"250ms\"", Value::time)
    }

    /// A table; where it is left out, one without fields.
    #[must_use]
    pub fn table(&self, name: &'static str) -> Self {
        let value = self.get(name);
        let found = value.and_then(|value| value.get_ref().as_table());
        let place = within(&self.place, name);
        if found.is_none() && value.is_some() {
            self.problem(name, format!("write it as a table, [{place}]"));
        }
        Self::new(self.notes, found, place, value.map_or(self.at, |value| value.span().start))
    }

    /// The tables of a list.
    #[must_use]
    pub fn tables(&self, name: &'static str) -> Option<Vec<Self>> {
        let place = within(&self.place, name);
        let said = format!("write each as a table, [[{place}]]");
        let value = self.get(name);
        let items = value.and_then(|value| value.get_ref().as_array());
        if value.is_some() && items.is_none() {
            self.problem(name, &said);
        } else if value.is_none() && self.required {
            self.problem(name, format!("it is missing; {said}"));
        }
        let table = |item: &'a Spanned<DeValue<'a>>| {
            let at = item.span().start;
            let found = item.get_ref().as_table();
            if found.is_none() {
                self.note(at, name, &said);
            }
            Some(Self::new(self.notes, Some(found?), place.clone(), at))
        };
        Some(items?.iter().filter_map(table).collect())
    }
}

fn known(text: &str, words: &[&'static str]) -> Result<&'static str, String> {
    words
        .iter()
        .find(|word| **word == text)
        .copied()
        .ok_or_else(|| format!("no such word; {}", meant(text, words, "expected one of")))
}

/// A value of a TOML file.
#[derive(Debug, Clone, Copy)]
pub struct Value<'a>(pub(crate) &'a DeValue<'a>);

impl<'a> Value<'a> {
    /// Some text that is not blank.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.0.as_str().filter(|text| !text.trim().is_empty())
    }

    /// True or false.
    #[must_use]
    pub fn flag(self) -> Option<bool> {
        self.0.as_bool()
    }

    /// A whole number from zero.
    #[must_use]
    pub fn whole(self) -> Option<u64> {
        let digits = |number: &DeInteger<'_>| {
            let digits = plain(number.as_str());
            u64::from_str_radix(digits.strip_prefix('+').unwrap_or(&digits), number.radix()).ok()
        };
        self.0.as_integer().and_then(digits)
    }

    /// A number, whole or not.
    #[must_use]
    pub fn number(self) -> Option<f64> {
        match self.0 {
            DeValue::Integer(number) if number.radix() == 10 => plain(number.as_str()).parse().ok(),
            DeValue::Float(number) => plain(number.as_str()).parse().ok(),
            _ => None,
        }
    }

    /// A length of time: a text such as `"250ms"` or `"5m"`, or whole seconds.
    #[must_use]
    pub fn time(self) -> Option<Duration> {
        match self.0.as_str() {
            Some(text) => text.parse::<SignedDuration>().ok()?.try_into().ok(),
            None => self.whole().map(Duration::from_secs),
        }
    }

    /// A date, as TOML's own or as text.
    #[must_use]
    pub fn date(self) -> Option<Date> {
        match self.0 {
            DeValue::Datetime(date) => date.to_string().parse().ok(),
            _ => self.text()?.parse().ok(),
        }
    }

    /// The values of a list.
    #[must_use]
    pub fn list(self) -> Option<Vec<Self>> {
        Some(self.0.as_array()?.iter().map(|item| Self(item.get_ref())).collect())
    }

    /// Whether it is a table.
    #[must_use]
    pub fn is_table(self) -> bool {
        self.0.is_table()
    }

    /// What it is, for messages.
    pub(crate) fn kind(self) -> &'static str {
        match self.0 {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "number",
            DeValue::Boolean(_) => "boolean",
            DeValue::Datetime(_) => "date",
            DeValue::Array(_) => "list",
            DeValue::Table(_) => "table",
        }
    }
}

fn plain(number: &str) -> String {
    number.replace('_', "")
}
