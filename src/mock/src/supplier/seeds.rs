//! Which letters a mock holds: kinds, shares, documents, the order they come in, and the ready
//! mixes of them. The same plan, number and seed give the same letters on every machine.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use letterproof_toml::{Problems, Table, Value, read_file, read_text};
use serde::Deserialize;

use crate::rng::Rng;
use crate::supplier::documents::{DocumentKey, Shelf};
use crate::supplier::letters::NewLetter;

/// What stands behind a letter's download link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PdfKind {
    /// A readable document with the right hash.
    #[default]
    Valid,
    /// Nothing: the link answers 404, and the letter has no hash.
    Missing,
    /// Bytes with the right hash that cannot be read as a PDF.
    Corrupt,
}

/// One kind of letter in the mix.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LetterPlan {
    /// The letters' `specificationId`.
    pub specification: String,
    /// The letters' `groupId`, in which `{supplier}` stands for the supplier's name; left out, they
    /// have none.
    #[serde(default)]
    pub group: Option<String>,
    /// A fixed number of letters; takes precedence over `share`.
    #[serde(default)]
    pub count: Option<u32>,
    /// Weight among the kinds without a fixed number.
    #[serde(default)]
    pub share: f64,
    /// As many at least, where the total leaves room.
    #[serde(default)]
    pub at_least: u32,
    /// One at least, where there are as many letters as kinds that must be there; it is taken from
    /// the commonest kind, so that the shares of the others stay as they are.
    #[serde(default)]
    pub present: bool,
    /// What stands behind the download link.
    #[serde(default)]
    pub pdf: PdfKind,
    /// Pages of the document; left out, one to four.
    #[serde(default)]
    pub pages: Option<u32>,
    /// Size of the documents in bytes, near enough; left out, as the plan says.
    #[serde(default)]
    pub pdf_bytes: Option<usize>,
    /// Different documents of the same length; two are enough to tell a swapped one.
    #[serde(default = "usual_documents")]
    pub documents: u32,
    /// Lower numbers are listed first.
    #[serde(default = "ordinary_priority")]
    pub priority: u8,
}

const fn ordinary_priority() -> u8 {
    10
}

const fn usual_documents() -> u32 {
    2
}

/// A mix of letters.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedPlan {
    /// Size of each document in bytes, near enough (the pack: 100 KB on average).
    #[serde(default = "usual_pdf_bytes")]
    pub pdf_bytes: usize,
    /// The kinds of letters.
    pub letters: Vec<LetterPlan>,
}

const fn usual_pdf_bytes() -> usize {
    100 * 1024
}

/// More letters than any test needs, and few enough to stay in memory.
const MOST_LETTERS: u32 = 1_000_000;

/// The largest document, in bytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Stands for the supplier's name in a group.
const SUPPLIER: &str = "{supplier}";

impl LetterPlan {
    /// Letters of a specification and group with a weight in the mix.
    pub fn share(specification: &str, group: &str, share: f64) -> Self {
        Self {
            specification: specification.to_owned(),
            group: (!group.is_empty()).then(|| group.to_owned()),
            count: None,
            share,
            at_least: 0,
            present: false,
            pdf: PdfKind::Valid,
            pages: None,
            pdf_bytes: None,
            documents: usual_documents(),
            priority: ordinary_priority(),
        }
    }
}

impl LetterPlan {
    fn read(table: &Table<'_>) -> Option<Self> {
        let whole = |name| table.whole(name, 0..=u32::MAX);
        let share = table.value("share", "a number such as 2.5", Value::number);
        let pdf = match table.word("pdf", &["valid", "missing", "corrupt"]) {
            Some("missing") => PdfKind::Missing,
            Some("corrupt") => PdfKind::Corrupt,
            _ => PdfKind::Valid,
        };
        let specification = table.required().text("specification");
        let plan = Self {
            specification: specification.unwrap_or_default().to_owned(),
            group: table.text("group").map(str::to_owned),
            count: whole("count"),
            share: share.unwrap_or(0.0),
            at_least: whole("at_least").unwrap_or(0),
            present: table.flag("present").unwrap_or(false),
            pdf,
            pages: whole("pages"),
            pdf_bytes: whole("pdf_bytes").map(|bytes| bytes as usize),
            documents: whole("documents").unwrap_or_else(usual_documents),
            priority: table
                .whole("priority", 0..=u8::MAX.into())
                .map_or_else(ordinary_priority, |number| number as u8),
        };
        plan.check().map_err(|(field, said)| table.problem(field, said)).ok()?;
        specification.map(|_| plan)
    }

    /// Whether it can be kept; else the field at fault, and what is wrong.
    fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if !self.share.is_finite() || self.share < 0.0 {
            return Err(("share", "expected a number from 0, such as 2.5"));
        }
        if self.count.is_none() && self.share <= 0.0 && self.at_least == 0 {
            return Err(("share", "expected a share above 0, or a `count`"));
        }
        if self.pages.is_some_and(|pages| pages == 0 || pages > 500) {
            return Err(("pages", "expected from 1 to 500"));
        }
        if self.pdf_bytes.is_some_and(|bytes| bytes > MOST_BYTES) {
            return Err(("pdf_bytes", "expected at most 16 MiB"));
        }
        if !(1..=100).contains(&self.documents) {
            return Err(("documents", "expected from 1 to 100"));
        }
        Ok(())
    }
}

impl Default for SeedPlan {
    /// The pack's mix: mostly ordinary English, accessible formats, other languages both ways of
    /// writing, and a few dozen letters that cannot be taken on or produced.
    fn default() -> Self {
        let plan = LetterPlan::share;
        let seen = |plan: LetterPlan| LetterPlan { at_least: 1, ..plan };
        let english = |share| plan("integration-specification-english", "group-english", share);
        Self {
            pdf_bytes: usual_pdf_bytes(),
            letters: vec![
                english(60.0),
                LetterPlan { priority: 1, ..english(3.4) },
                seen(plan("integration-specification-large-print", "group-accessible", 5.0)),
                seen(plan("integration-specification-braille", "group-accessible", 5.0)),
                seen(plan("integration-specification-audio", "group-accessible", 3.0)),
                seen(plan("integration-specification-arabic", "group-arabic", 6.0)),
                seen(plan("integration-specification-urdu", "group-urdu", 5.0)),
                seen(plan("integration-specification-polish", "group-polish", 5.0)),
                seen(plan("integration-specification-welsh", "group-welsh", 5.0)),
                seen(LetterPlan { pdf: PdfKind::Missing, ..english(0.6) }),
                seen(LetterPlan { pdf: PdfKind::Corrupt, ..english(0.4) }),
                seen(LetterPlan { pages: Some(7), ..english(0.6) }),
                seen(plan("integration-specification-unlisted", "group-english", 0.6)),
                seen(plan("integration-specification-english", "group-english-reminders", 0.4)),
            ],
        }
    }
}

impl SeedPlan {
    /// Only ordinary English letters with readable documents.
    #[must_use]
    pub fn plain() -> Self {
        Self {
            letters: vec![LetterPlan::share(
                "integration-specification-english",
                "group-english",
                1.0,
            )],
            ..Self::default()
        }
    }

    /// Reads a plan from a TOML file (`pdf_bytes`, and one `[[letters]]` for each kind).
    ///
    /// # Errors
    /// The file cannot be read or says something impossible; the message names file and line.
    pub fn from_file(path: &Path) -> Result<Self, Problems> {
        read_file(path, "give --seeds a TOML file you may read", Self::read)
    }

    /// Reads a plan from TOML text; `origin` names it in messages.
    ///
    /// # Errors
    /// The text is no plan or says something impossible.
    pub fn from_toml(text: &str, origin: &str) -> Result<Self, Problems> {
        read_text(text, origin, Self::read)
    }

    fn read(top: &Table<'_>) -> Option<Self> {
        let pdf_bytes = top.whole("pdf_bytes", 0..=u32::MAX);
        let tables = top.required().tables("letters")?;
        let letters: Vec<_> = tables.iter().map(LetterPlan::read).collect();
        let plan = Self {
            pdf_bytes: pdf_bytes.map_or_else(usual_pdf_bytes, |bytes| bytes as usize),
            letters: letters.into_iter().collect::<Option<_>>()?,
        };
        plan.check().map_err(|(field, said)| top.problem(field, said)).ok()?;
        Some(plan)
    }

    /// Whether it can be kept as a whole; else the field at fault, and what is wrong.
    fn check(&self) -> Result<(), (&'static str, String)> {
        if self.letters.is_empty() {
            return Err((
                "letters",
                "it names no letters; add at least one [[letters]]".to_owned(),
            ));
        }
        if self.pdf_bytes > MOST_BYTES {
            return Err(("pdf_bytes", "expected at most 16 MiB".to_owned()));
        }
        let named = |plan: &LetterPlan| u64::from(plan.count.unwrap_or(plan.at_least));
        if self.letters.iter().map(named).sum::<u64>() > u64::from(MOST_LETTERS) {
            return Err(("letters", format!("it names more than {MOST_LETTERS} letters")));
        }
        Ok(())
    }

    /// How many letters of each kind there are among so many. A plan of fixed numbers alone
    /// decides its own total.
    pub(crate) fn counts(&self, total: u32) -> Result<Vec<u32>, String> {
        self.check().map_err(|(field, said)| format!("{field}: {said}"))?;
        for plan in &self.letters {
            let told = |(field, said)| format!("{field} of {}: {said}", plan.specification);
            plan.check().map_err(told)?;
        }
        if total > MOST_LETTERS {
            return Err(format!("{total} letters are asked for; at most {MOST_LETTERS} fit"));
        }
        let fixed: u32 = self.letters.iter().filter_map(|plan| plan.count).sum();
        let weight: f64 =
            self.letters.iter().filter(|plan| plan.count.is_none()).map(|plan| plan.share).sum();
        let floor: u32 =
            self.letters.iter().filter(|p| p.count.is_none()).map(|plan| plan.at_least).sum();
        if weight <= 0.0 && floor == 0 {
            return Ok(self.letters.iter().map(|plan| plan.count.unwrap_or(0)).collect());
        }
        let Some(open) = total.checked_sub(fixed) else {
            return Err(format!(
                "the fixed counts come to {fixed}, but only {total} letters are asked for"
            ));
        };
        let floor = if open >= 2 * floor { floor } else { 0 };
        let spread = f64::from(open - floor);
        // Largest remainder: the whole numbers come to the total, whatever the weights are.
        let mut parts: Vec<(usize, u32, f64)> = Vec::new();
        for (at, plan) in self.letters.iter().enumerate() {
            let exact = match plan.count {
                Some(_) => 0.0,
                None if weight > 0.0 => spread * plan.share / weight,
                None => 0.0,
            };
            let base = plan.count.unwrap_or(if floor > 0 { plan.at_least } else { 0 });
            parts.push((at, base + exact as u32, exact.fract()));
        }
        let given: u32 = parts.iter().map(|part| part.1).sum();
        let mut order: Vec<usize> =
            (0..parts.len()).filter(|at| self.letters[*at].count.is_none()).collect();
        order.sort_by(|a, b| parts[*b].2.total_cmp(&parts[*a].2).then(a.cmp(b)));
        for at in order.iter().cycle().take(total.saturating_sub(given) as usize) {
            parts[*at].1 += 1;
        }
        let mut counts: Vec<u32> = parts.into_iter().map(|part| part.1).collect();
        self.lift(total, &mut counts);
        Ok(counts)
    }

    /// Gives one letter of the commonest kind to each kind that must be there and is not.
    fn lift(&self, total: u32, counts: &mut [u32]) {
        let needed = self.letters.iter().filter(|plan| plan.present).count();
        if (total as usize) < needed {
            return;
        }
        for at in 0..counts.len() {
            if !self.letters[at].present || counts[at] > 0 {
                continue;
            }
            let open = (0..counts.len()).filter(|from| self.letters[*from].count.is_none());
            let Some(commonest) = open.max_by_key(|from| counts[*from]) else { return };
            if counts[commonest] > 1 {
                counts[commonest] -= 1;
                counts[at] += 1;
            }
        }
    }

    /// The letters themselves, in the order in which they came into being.
    pub(crate) fn letters(
        &self,
        total: u32,
        seed: u64,
        purpose: u64,
        supplier: &str,
        shelf: &mut Shelf,
    ) -> Result<Vec<NewLetter>, String> {
        let counts = self.counts(total)?;
        let mut rng = Rng::new(seed, purpose);
        let names: Vec<(Arc<str>, Option<Arc<str>>)> = self
            .letters
            .iter()
            .map(|plan| {
                let group = plan.group.as_deref().map(|group| group.replace(SUPPLIER, supplier));
                (plan.specification.as_str().into(), group.map(Into::into))
            })
            .collect();
        let mut kinds: Vec<usize> = counts
            .iter()
            .enumerate()
            .flat_map(|(at, count)| std::iter::repeat_n(at, *count as usize))
            .collect();
        rng.shuffle(&mut kinds);
        let letters = kinds.into_iter().map(|at| {
            let plan = &self.letters[at];
            let pages = plan.pages.unwrap_or_else(|| 1 + rng.below(4) as u32);
            let variant = rng.below(u64::from(plan.documents)) as u32;
            let size = plan.pdf_bytes.unwrap_or(self.pdf_bytes);
            let key = DocumentKey { kind: plan.pdf, pages, size, variant };
            NewLetter {
                id: rng.uuid(),
                object: rng.uuid(),
                specification: Arc::clone(&names[at].0),
                group: names[at].1.clone(),
                document: shelf.take(key, seed),
                priority: plan.priority,
            }
        });
        Ok(letters.collect())
    }
}

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
    use crate::supplier::documents::Shelf;

    #[test]
    fn every_total_is_met_exactly_and_the_default_holds_every_kind() {
        let plan = SeedPlan::default();
        for total in [0, 1, 7, 50, 1_000, 2_499, 2_500, 7_777] {
            let counts = plan.counts(total).unwrap();
            assert_eq!(counts.iter().sum::<u32>(), total);
            if total >= 50 {
                assert!(counts.iter().all(|count| *count > 0), "{total}: {counts:?}");
            }
        }
        let counts = plan.counts(2_500).unwrap();
        assert!(counts[0] > 1_400, "{counts:?}");
        let exceptional: u32 = counts[9..].iter().sum();
        assert!((48..=90).contains(&exceptional), "{exceptional}");
    }

    #[test]
    fn the_same_seed_makes_the_same_letters_and_another_makes_others() {
        let ids = |seed| {
            let letters =
                SeedPlan::default().letters(200, seed, 1, "s", &mut Shelf::default()).unwrap();
            letters.into_iter().map(|letter| letter.id).collect::<Vec<_>>()
        };
        assert_eq!(ids(3), ids(3));
        assert!(ids(3).iter().all(|id| !ids(4).contains(id)));
    }

    #[test]
    fn a_file_of_fixed_counts_decides_its_own_total() {
        let text = "pdf_bytes = 2000\n[[letters]]\nspecification = \"a\"\ncount = 3\n\
                    [[letters]]\nspecification = \"b\"\ngroup = \"g\"\ncount = 2\npdf = \"missing\"\n";
        let plan = SeedPlan::from_toml(text, "seeds.toml").unwrap();
        let letters = plan.letters(2_500, 1, 1, "s", &mut Shelf::default()).unwrap();
        assert_eq!(letters.len(), 5);
        assert_eq!(letters.iter().filter(|letter| letter.document.is_none()).count(), 2);
        assert_eq!(letters.iter().filter(|letter| letter.group.is_some()).count(), 2);
    }

    #[test]
    fn a_file_of_another_editor_is_read_or_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seeds.toml");
        let text = "\u{feff}[[letters]]\r\nspecification = \"a\"\r\ncount = 3\r\n";
        std::fs::write(&path, text).unwrap();
        assert_eq!(SeedPlan::from_file(&path).unwrap().letters[0].count, Some(3));
        std::fs::write(&path, b"\xff\xfe[\0").unwrap();
        let error = SeedPlan::from_file(&path).unwrap_err().to_string();
        assert!(error.contains("UTF-16"), "{error}");
    }

    #[test]
    fn a_bad_file_is_refused_with_line_and_field() {
        const ONE: &str = "[[letters]]\nspecification = \"a\"\ncount = 1\n";
        let more = |line: &str| format!("{ONE}{line}");
        for (text, told) in [
            ("letters = 3".into(), "1: field `letters`: write each as a table"),
            (ONE.replace("\"a\"", "3"), "2: field `letters.specification`: expected some text"),
            ("[[letters]]\ncount = 1".into(), "1: field `letters.specification`: it is missing"),
            (ONE.replace("count = 1", ""), "1: field `letters.share`: expected a share above 0"),
            (ONE.replace("count", "share").replace('1', "0"), "3: field `letters.share`: expected"),
            (
                String::new(),
                "1: field `letters`: it is missing; write each as a table, [[letters]]",
            ),
            ("letters = []".into(), "1: field `letters`: it names no letters; add at least one"),
            (more("share = -1"), "4: field `letters.share`: expected a number from 0"),
            (more("share = inf"), "4: field `letters.share`: expected a number from 0"),
            (more("shares = 1"), "4: field `letters.shares`: no such field; did you mean `share`?"),
            (more("pages = 0"), "4: field `letters.pages`: expected from 1 to 500"),
            (
                more("pdf = \"mising\""),
                "4: field `letters.pdf`: no such word; did you mean `missing`",
            ),
            (more("pdf_bytes = 99999999"), "4: field `letters.pdf_bytes`: expected at most 16 MiB"),
            (format!("pdf_bytes = 99999999\n{ONE}"), "1: field `pdf_bytes`: expected at most 16"),
            (more("documents = 0"), "4: field `letters.documents`: expected from 1 to 100"),
            (more("priority = 256"), "4: field `letters.priority`: expected a whole number from 0"),
            (
                ONE.replace('1', "600000").repeat(2),
                "1: field `letters`: it names more than 1000000",
            ),
        ] {
            let message = SeedPlan::from_toml(&text, "seeds.toml").unwrap_err().to_string();
            assert!(message.starts_with("seeds.toml:"), "{message}");
            assert!(message.contains(told), "{text:?} gave {message}");
            assert!(!message.contains('\n'), "{message}");
        }
        let plan = SeedPlan {
            letters: vec![
                LetterPlan { count: Some(10), ..LetterPlan::share("a", "", 0.0) },
                LetterPlan::share("b", "", 1.0),
            ],
            pdf_bytes: 1_000,
        };
        assert!(plan.counts(5).unwrap_err().contains("10"));
        assert!(plan.counts(u32::MAX).unwrap_err().contains("at most"));
        let many = LetterPlan { count: Some(u32::MAX), ..LetterPlan::share("c", "", 0.0) };
        let plan = SeedPlan { letters: vec![many.clone(), many], pdf_bytes: 1_000 };
        assert!(plan.counts(5).unwrap_err().contains("more than"));
    }

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
