//! Reads single values of a load profile, and tells what is wrong with them by file, line and
//! field. Refuses to stop at the first problem: a person mends them in one go.

use std::ops::{Range, RangeInclusive};
use std::time::Duration;

use letterproof_model::nearest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Rate;

/// The text being read, and what was found wrong with it.
pub(super) struct Reader<'a> {
    pub(super) origin: &'a str,
    pub(super) text: &'a str,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn problem(&mut self, span: &Range<usize>, field: &str, said: &str) {
        let line = line_of(self.text, span.start);
        self.problems.push(format!("{}:{line}: `{field}`: {said}", self.origin));
    }

    /// A problem of the whole profile: something is missing.
    pub(super) fn missing(&mut self, field: &str, said: &str) {
        self.problems.push(format!("{}: `{field}`: {said}", self.origin));
    }

    /// Names every field that the shape does not have.
    pub(super) fn check_names(
        &mut self,
        found: &DeTable<'_>,
        fields: &[(&str, &[&str])],
        shape: &str,
    ) {
        let own: Vec<&str> =
            fields.iter().filter(|(_, of)| of.contains(&shape)).map(|(name, _)| *name).collect();
        for key in found.keys() {
            let name = key.get_ref().as_ref();
            if own.contains(&name) {
                continue;
            }
            let said = match fields.iter().find(|(known, _)| *known == name) {
                Some((_, of)) => {
                    format!("shape {shape} has no such field; it belongs to {}", of.join(", "))
                }
                None => match nearest(name, own.iter().copied()) {
                    Some(near) => format!("there is no such field; did you mean `{near}`?"),
                    None => format!("there is no such field; they are {}", own.join(", ")),
                },
            };
            self.problem(&key.span(), name, &said);
        }
    }

    /// A value that must be there.
    pub(super) fn need<T>(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        value: Option<T>,
    ) -> Option<T> {
        if value.is_none() && !table.contains_key(name) {
            self.missing(name, "this shape needs it; set it");
        }
        value
    }

    pub(super) fn text_of(&mut self, table: &DeTable<'_>, name: &str) -> Option<String> {
        let value = table.get(name)?;
        let text = value.get_ref().as_str().filter(|text| !text.trim().is_empty());
        if text.is_none() {
            self.wrong_kind(value, name, "some text in quotes");
        }
        text.map(str::to_owned)
    }

    pub(super) fn flag(&mut self, table: &DeTable<'_>, name: &str) -> Option<bool> {
        let value = table.get(name)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            self.wrong_kind(value, name, "true or false");
        }
        flag
    }

    /// A number within a range.
    pub(super) fn number(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        range: RangeInclusive<f64>,
        wanted: &str,
    ) -> Option<f64> {
        let value = table.get(name)?;
        let number = number_in(value.get_ref()).filter(|number| range.contains(number));
        if number.is_none() {
            self.wrong_kind(value, name, wanted);
        }
        number
    }

    /// A rate above zero, or the word `limit`.
    pub(super) fn rate(&mut self, table: &DeTable<'_>, name: &str) -> Option<Rate> {
        let value = table.get(name)?;
        if value.get_ref().as_str() == Some("limit") {
            return Some(Rate::Limit);
        }
        let number = number_in(value.get_ref()).filter(|rate| rate.is_finite() && *rate > 0.0);
        if number.is_none() {
            self.wrong_kind(
                value,
                name,
                "a number of requests per second above zero, or \"limit\"",
            );
        }
        number.map(Rate::PerSecond)
    }

    /// A whole number within a range.
    pub(super) fn count(
        &mut self,
        table: &DeTable<'_>,
        name: &str,
        range: RangeInclusive<u32>,
    ) -> Option<u32> {
        let value = table.get(name)?;
        let (least, most) = range.into_inner();
        let whole = number_in(value.get_ref()).filter(|number| {
            number.fract() == 0.0 && (f64::from(least)..=f64::from(most)).contains(number)
        });
        if whole.is_none() {
            self.wrong_kind(value, name, &format!("a whole number from {least} to {most}"));
        }
        whole.map(|number| number as u32)
    }

    /// A length of time above zero.
    pub(super) fn time(&mut self, table: &DeTable<'_>, name: &str) -> Option<Duration> {
        let value = table.get(name)?;
        let time = match value.get_ref() {
            DeValue::String(text) => text
                .parse::<jiff::SignedDuration>()
                .ok()
                .and_then(|time| Duration::try_from(time).ok()),
            _ => None,
        };
        let time = time.filter(|time| !time.is_zero() && *time <= LONGEST);
        if time.is_none() {
            self.wrong_kind(
                value,
                name,
                "a length of time above zero such as \"60s\", \"5m\" or \"24h\"",
            );
        }
        time
    }

    /// A list of 24 numbers of at least zero that do not sum to nothing.
    pub(super) fn hours(&mut self, table: &DeTable<'_>, name: &str) -> Option<Vec<f64>> {
        let value = table.get(name)?;
        let hours = value.get_ref().as_array().and_then(|items| {
            items.iter().map(|item| number_in(item.get_ref())).collect::<Option<Vec<f64>>>()
        });
        let hours = hours.filter(|hours| {
            hours.len() == 24
                && hours.iter().all(|weight| weight.is_finite() && *weight >= 0.0)
                && hours.iter().sum::<f64>() > 0.0
        });
        if hours.is_none() {
            let wanted = "24 weights of at least zero, one for each hour from midnight, that do not sum to nothing";
            self.wrong_kind(value, name, wanted);
        }
        hours
    }

    fn wrong_kind(&mut self, value: &Spanned<DeValue<'_>>, name: &str, wanted: &str) {
        let found = self.text.get(value.span()).unwrap_or_default();
        let found: String = found.chars().take(40).collect();
        self.problem(&value.span(), name, &format!("here belongs {wanted}, not {found}"));
    }
}

/// The longest time a profile may ask for.
pub(super) const LONGEST: Duration = Duration::from_secs(31 * 24 * 3600);

fn number_in(value: &DeValue<'_>) -> Option<f64> {
    let text = match value {
        DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
        DeValue::Float(number) => number.as_str(),
        _ => return None,
    };
    text.replace('_', "").parse().ok()
}

/// The line, from 1, in which a byte of the text stands.
pub(super) fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}
