//! One type for each id, so that a letter id can never stand where a request id is meant.
//! Ids are compared and shown exactly as they were received.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Cow<'static, str>);

        impl $name {
            /// Wraps an id exactly as it was received.
            pub fn new(id: impl Into<String>) -> Self {
                Self(Cow::Owned(id.into()))
            }

            /// Wraps an id known at compile time.
            #[must_use]
            pub const fn fixed(id: &'static str) -> Self {
                Self(Cow::Borrowed(id))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }
    )*};
}

text_ids! {
    /// A letter's id (`data.id` of a `Letter`).
    LetterId;
    /// A print specification's id (`attributes.specificationId`).
    SpecificationId;
    /// A letter group's id (`attributes.groupId`).
    GroupId;
    /// A management-information record's id.
    MiId;
    /// The value of `X-Request-ID`, unique for each request.
    RequestId;
    /// The value of `X-Correlation-ID`, shared by the requests of one letter flow.
    CorrelationId;
    /// A recorded exchange's id, `ex-000001` onwards in the order of recording.
    ExchangeId;
    /// A criterion's id: `AT4.2` for a clause of the pack, `C-…` for the conformance suite.
    CriterionId;
    /// A run's id, also the name of its evidence folder.
    RunId;
}

impl ExchangeId {
    /// The id of the exchange with this number, counted from 1.
    #[must_use]
    pub fn numbered(number: u64) -> Self {
        Self::new(format!("ex-{number:06}"))
    }

    /// The number of an id that was made of one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        let number = self.0.strip_prefix("ex-")?.parse().ok()?;
        (Self::numbered(number) == *self).then_some(number)
    }
}

impl CriterionId {
    /// The acceptance test this criterion belongs to, if it is a clause of the pack.
    #[must_use]
    pub fn test(&self) -> Option<TestId> {
        self.0.split_once('.')?.0.parse().ok()
    }
}

/// An acceptance test of the pack, `AT1` to `AT15`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TestId(u8);

impl TestId {
    /// The acceptance test with this number; `None` outside 1 to 15.
    #[must_use]
    pub const fn new(number: u8) -> Option<Self> {
        if number >= 1 && number <= 15 { Some(Self(number)) } else { None }
    }

    pub(crate) const fn at(number: u8) -> Self {
        Self(number)
    }

    /// The number after `AT`.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

impl fmt::Display for TestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("AT{}", self.0))
    }
}

/// A text that names no acceptance test.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown test `{0}`: expected AT1 to AT15")]
pub struct UnknownTest(pub String);

impl FromStr for TestId {
    type Err = UnknownTest;

    /// Reads `AT4`, in either case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownTest(text.to_owned());
        let number = text
            .strip_prefix("AT")
            .or_else(|| text.strip_prefix("at"))
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'))
            .ok_or_else(unknown)?;
        number.parse().ok().and_then(Self::new).ok_or_else(unknown)
    }
}

impl Serialize for TestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_id_reads_back_what_it_writes() {
        for number in 1..=15 {
            let id = TestId::new(number).unwrap();
            assert_eq!(id.to_string().parse::<TestId>().unwrap(), id);
        }
    }

    #[test]
    fn what_is_no_test_is_refused_by_name() {
        for text in ["AT0", "AT16", "AT04", "4", "AT", "AT4.1", "AT-1", "AT+1", "", "AT999"] {
            assert_eq!(text.parse::<TestId>(), Err(UnknownTest(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn an_exchange_id_of_a_number_tells_it() {
        for number in [1, 999_999, 1_000_000, u64::MAX] {
            assert_eq!(ExchangeId::numbered(number).number(), Some(number));
        }
        assert_eq!(ExchangeId::numbered(7).as_str(), "ex-000007");
        for other in ["", "ex-", "ex-7", "ex-+00007", "ex-0000007", "ex-00000x", "EX-000007"] {
            assert_eq!(ExchangeId::from(other).number(), None, "{other}");
        }
    }

    #[test]
    fn a_criterion_knows_its_test() {
        assert_eq!(CriterionId::from("AT12.3").test(), TestId::new(12));
        assert_eq!(CriterionId::from("C-LIST-LIMIT-0").test(), None);
    }
}
