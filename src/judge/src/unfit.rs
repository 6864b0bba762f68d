//! Letters that cannot be taken on, as the traffic itself shows them.
//! Refuses seeds and labels: only a letter's own data, its hash and its download say so.

use letterproof_model::{Context, SpecificationId};

use crate::traffic::{LetterIx, Traffic};

/// Why a letter cannot be taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// It names no print specification.
    NoSpecification,
    /// It names a print specification nobody agreed.
    UnknownSpecification,
    /// Its PDF was asked for and is not there.
    NoPdf,
}

impl Unfit {
    /// As a sentence continues: `PDF is missing`.
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::NoSpecification => "names no specification",
            Self::UnknownSpecification => "names an unknown specification",
            Self::NoPdf => "has no PDF",
        }
    }
}

/// Whether a letter's specification keeps it from being taken on. Nothing is unknown on a target
/// whose profile names no specification at all.
pub(crate) fn unfit_specification(
    letter: LetterIx,
    traffic: &Traffic,
    context: &Context,
) -> Option<Unfit> {
    let letter = traffic.letter(letter);
    if !letter.described {
        return None;
    }
    let Some(specification) = letter.specification() else { return Some(Unfit::NoSpecification) };
    let id = SpecificationId::from(traffic.text(specification));
    let unknown = !context.specifications.is_empty() && context.specification_kind(&id).is_none();
    unknown.then_some(Unfit::UnknownSpecification)
}

/// Whether a supplier may reject the letter instead of accepting it: its specification is missing
/// or unknown, it carries no hash (as letters without a PDF do not), or its PDF was not there.
pub(crate) fn exceptional(letter: LetterIx, traffic: &Traffic, context: &Context) -> bool {
    let known = traffic.letter(letter);
    unfit_specification(letter, traffic, context).is_some()
        || known.hash().is_none()
        || known.events.iter().any(|event| traffic.says_no_pdf(event))
}
