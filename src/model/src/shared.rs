//! Short texts that many exchanges have in common, such as names and values of headers: each is held
//! once, however many exchanges have it. Only a few are held on to: what is rare costs no more than
//! a text of its own.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest text that is looked for among those known, in bytes: long ones are links of one letter.
const LONGEST: usize = 256;
/// How many texts of a thread are known at a time. Beyond, it begins again: those in common are soon
/// known once more.
const KNOWN: usize = 2_048;

thread_local! {
    static POOL: RefCell<HashSet<Arc<str>>> = RefCell::new(HashSet::new());
}

/// A text that may be shared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SharedText(Arc<str>);

impl SharedText {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(text: &str) -> Self {
        if text.len() > LONGEST {
            return Self(text.into());
        }
        Self(POOL.with_borrow_mut(|pool| {
            if let Some(known) = pool.get(text) {
                return Arc::clone(known);
            }
            if pool.len() >= KNOWN {
                pool.clear();
            }
            let new: Arc<str> = text.into();
            pool.insert(Arc::clone(&new));
            new
        }))
    }
}

impl Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for SharedText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for SharedText {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        Self::of(text)
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self::of(&text)
    }
}

impl From<SharedText> for String {
    fn from(text: SharedText) -> Self {
        (*text.0).to_owned()
    }
}

impl PartialEq<str> for SharedText {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Serialize for SharedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SharedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = SharedText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SharedText, E> {
                Ok(SharedText::of(text))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_common_is_held_once_and_reads_like_any_other() {
        let (one, other): (SharedText, SharedText) = ("date".into(), "date".to_owned().into());
        assert!(Arc::ptr_eq(&one.0, &other.0));
        assert_eq!(one, "date");
        assert_eq!(serde_json::to_string(&one).unwrap(), "\"date\"");
        let read: SharedText = serde_json::from_str("\"d\\u0061te\"").unwrap();
        assert!(Arc::ptr_eq(&one.0, &read.0), "escapes are read");
        assert!(serde_json::from_str::<SharedText>("1").is_err());
    }

    #[test]
    fn a_flood_of_rare_texts_takes_no_room_for_long() {
        let first: SharedText = "first".into();
        for number in 0..3 * KNOWN {
            let _ = SharedText::from(number.to_string());
        }
        assert!(POOL.with_borrow(HashSet::len) <= KNOWN);
        let again: SharedText = "first".into();
        assert_eq!(first, again);
        let long = "x".repeat(LONGEST + 1);
        let _ = SharedText::from(long.as_str());
        assert!(POOL.with_borrow(|pool| !pool.contains(long.as_str())));
    }

    #[test]
    fn several_texts_are_known_at_a_time_and_the_longest_too() {
        let longest = "x".repeat(LONGEST);
        for text in ["one", "two", &longest] {
            let first: SharedText = text.into();
            let _ = SharedText::from("between");
            let again: SharedText = text.into();
            assert!(Arc::ptr_eq(&first.0, &again.0), "{text}");
        }
    }

    #[test]
    fn a_shared_text_stands_wherever_a_text_stands() {
        let text: SharedText = "date".into();
        assert_eq!((text.as_ref(), Borrow::<str>::borrow(&text)), ("date", "date"));
        assert!(text == *"date" && text != *"data");
        assert!(text == "date" && text != "data");
        assert_eq!(format!("{text:?} {text:>5}"), "\"date\"  date");
        assert_eq!(String::from(text), "date");
        let error = serde_json::from_str::<SharedText>("1").unwrap_err().to_string();
        assert!(error.contains("expected a string"), "{error}");
    }
}
