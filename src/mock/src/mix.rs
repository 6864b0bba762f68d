//! The ready mixes of letters that a mock can hold.

use std::fmt;
use std::str::FromStr;

use crate::seeds::{LetterPlan, PdfKind, SeedPlan};

/// A ready mix of letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mix {
    /// What the batch script of the API's repository seeds on INT: 2,510 letters of four
    /// specifications, five of them without a document.
    Int,
    /// More kinds than INT has: further formats and languages, two priorities, damaged and long
    /// documents, an unlisted specification, one specification in two groups.
    Varied,
}

/// A word that names no mix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown mix `{0}`: expected int or varied")]
pub struct UnknownMix(pub String);

impl Mix {
    /// The mix of a mock and of a run on one, where no other is asked for.
    pub const DEFAULT: Self = Self::Int;

    const ALL: [Self; 2] = [Self::Int, Self::Varied];

    /// Letters seeded where no other number is asked for.
    #[must_use]
    pub const fn letters(self) -> u32 {
        match self {
            Self::Int => 2_510,
            Self::Varied => 2_500,
        }
    }

    /// The kinds of letters.
    #[must_use]
    pub fn plan(self) -> SeedPlan {
        match self {
            Self::Int => int(),
            Self::Varied => SeedPlan::default(),
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Varied => "varied",
        }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Mix {
    type Err = UnknownMix;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|mix| mix.as_str() == text);
        found.ok_or_else(|| UnknownMix(text.to_owned()))
    }
}

/// The table of `scripts/utilities/letter-test-data`, as it stood on 2026-08-21.
fn int() -> SeedPlan {
    let of = |kind: &str, group: &str, letters: u32| LetterPlan {
        present: true,
        documents: 1,
        ..LetterPlan::share(
            &format!("integration-specification-{kind}"),
            &format!("group-{group}-{{supplier}}"),
            f64::from(letters),
        )
    };
    let document = |plan: LetterPlan, pages: u32, bytes: usize| LetterPlan {
        pages: Some(pages),
        pdf_bytes: Some(bytes),
        ..plan
    };
    SeedPlan {
        letters: vec![
            document(of("english", "english", 835), 4, 88_000),
            document(of("braille", "accessible", 835), 4, 88_000),
            document(of("arabic", "international", 835), 6, 289_000),
            LetterPlan { pdf: PdfKind::Missing, ..of("missing-pdf", "error", 5) },
        ],
        ..SeedPlan::default()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::pdf::Shelf;

    #[test]
    fn int_holds_what_the_batch_script_seeds() {
        let mix = Mix::Int;
        let mut shelf = Shelf::default();
        let letters = mix.plan().letters(mix.letters(), 1, 1, "supplier-1", &mut shelf).unwrap();
        let mut kinds: BTreeMap<_, u32> = BTreeMap::new();
        for letter in &letters {
            let document = letter.document.as_ref().map(|document| {
                let read = lopdf::Document::load_mem(&document.bytes).unwrap();
                (read.get_pages().len(), document.bytes.len().div_ceil(1_000))
            });
            let group = letter.group.as_deref().unwrap();
            *kinds.entry((&*letter.specification, group, document)).or_default() += 1;
            assert_eq!(letter.priority, letters[0].priority);
        }
        let of = |kind: &'static str, group: &'static str, document, count| {
            ((kind, group, document), count)
        };
        let expected = BTreeMap::from([
            of("integration-specification-english", "group-english-supplier-1", Some((4, 88)), 835),
            of(
                "integration-specification-braille",
                "group-accessible-supplier-1",
                Some((4, 88)),
                835,
            ),
            of(
                "integration-specification-arabic",
                "group-international-supplier-1",
                Some((6, 289)),
                835,
            ),
            of("integration-specification-missing-pdf", "group-error-supplier-1", None, 5),
        ]);
        assert_eq!(kinds, expected);
        let bytes: usize =
            letters.iter().flat_map(|letter| &letter.document).map(|it| it.bytes.len()).sum();
        assert_eq!(bytes.div_ceil(1_000_000), 388);
    }

    #[test]
    fn every_letter_of_every_mix_has_a_group() {
        for mix in Mix::ALL {
            assert!(mix.plan().letters.iter().all(|plan| plan.group.is_some()), "{mix}");
        }
    }

    #[test]
    fn other_totals_keep_the_proportions_and_every_kind() {
        let counts = |total| Mix::Int.plan().counts(total).unwrap();
        assert_eq!(counts(2_510), [835, 835, 835, 5]);
        assert_eq!(counts(7_530), [2_505, 2_505, 2_505, 15]);
        assert_eq!(counts(2_500), [832, 832, 831, 5]);
        assert_eq!(counts(4), [1, 1, 1, 1]);
        assert_eq!(counts(3), [1, 1, 1, 0]);
        for total in 0..600 {
            let counts = counts(total);
            assert_eq!(counts.iter().sum::<u32>(), total);
            assert!(total < 4 || !counts.contains(&0), "{total}: {counts:?}");
        }
    }

    #[test]
    fn a_mix_is_named_by_its_word() {
        for mix in Mix::ALL {
            assert_eq!(mix.to_string().parse(), Ok(mix));
        }
        let error = "real".parse::<Mix>().unwrap_err().to_string();
        assert_eq!(error, "unknown mix `real`: expected int or varied");
    }
}
