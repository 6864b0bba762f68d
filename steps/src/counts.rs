//! Numbers in phrases, each a count of letters, in one way of writing: `10`, `1000` or `1,000`.
//! Refuses everything else that looks like a number: it may be meant as another one.

use std::str::FromStr;

use cucumber::Parameter;

/// The largest number in a step: far more letters than anybody is sent.
const MOST: u32 = 999_999;

/// A number of letters in a phrase. It captures more than it reads, so that a number in another
/// form is named as such, and not as an unknown phrase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Parameter)]
#[param(name = "count", regex = r"-?\d[\d.,]*")]
pub(crate) struct Count(pub(crate) u32);

/// A number that no phrase takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this step counts letters, from 0 to 999,999, as in 10, 1000 or 1,000")]
pub(crate) struct NoCount;

impl FromStr for Count {
    type Err = NoCount;

    fn from_str(text: &str) -> Result<Self, NoCount> {
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        let digits = match text.split_once(',') {
            None => text.to_owned(),
            Some((first, rest)) => {
                let grouped = (1..=3).contains(&first.len())
                    && !first.starts_with('0')
                    && rest.split(',').all(|group| group.len() == 3);
                if !grouped {
                    return Err(NoCount);
                }
                text.replace(',', "")
            }
        };
        let count = is_number(&digits).then(|| digits.parse().ok()).flatten();
        count.filter(|count| *count <= MOST).map(Self).ok_or(NoCount)
    }
}

impl From<Count> for u64 {
    fn from(count: Count) -> Self {
        Self::from(count.0)
    }
}

impl From<Count> for usize {
    fn from(count: Count) -> Self {
        Self::try_from(count.0).unwrap_or(Self::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_written_plain_or_in_groups_of_three() {
        for (text, count) in [
            ("0", 0),
            ("10", 10),
            ("999", 999),
            ("1000", 1_000),
            ("1,000", 1_000),
            ("2,500", 2_500),
            ("999,999", 999_999),
        ] {
            assert_eq!(text.parse(), Ok(Count(count)), "{text}");
        }
        for text in [
            "",
            "1,5",
            "1,50",
            "1,0000",
            "1000,000",
            "10,00",
            ",100",
            "1,",
            "1,000,",
            "0,100",
            "1.5",
            "1.000",
            "-1",
            "+1",
            "1e3",
            "1,000,000",
            "99999999999999999999",
            " 1",
            "1,-00",
        ] {
            assert_eq!(text.parse::<Count>(), Err(NoCount), "{text}");
        }
    }
}
