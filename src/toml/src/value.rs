//! One value, as what a caller takes it for.
//! Refuses to guess: a value of another kind is nothing.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::Date;
use toml::de::{DeInteger, DeValue};

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
