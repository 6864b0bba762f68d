//! Letters that cannot be taken on, as the traffic itself shows them. Only a letter's own data, its
//! hash and its download show it, not seeds and labels.

use letterproof_model::{Context, LetterStatus, SpecificationId};

use crate::supplier::at12::bad_pdf;
use crate::traffic::{
    Answer, Brought, CallIx, Event, EventKind, Letter, LetterIx, Micros, SentUpdate, Traffic,
};

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

/// The first update to one of these statuses that was not refused.
pub(crate) fn sent(letter: &Letter, wanted: &[LetterStatus]) -> Option<CallIx> {
    letter
        .sent()
        .find(|(_, update)| wanted.contains(&update.status) && !update.answer.refused())
        .map(|(event, _)| event.call)
}

/// The statuses that take a letter out of production.
const ENDS: [LetterStatus; 4] = [
    LetterStatus::Failed,
    LetterStatus::Rejected,
    LetterStatus::Cancelled,
    LetterStatus::Forwarded,
];

/// The first update that took a letter out of production.
pub(crate) fn ended(letter: &Letter) -> Option<CallIx> {
    sent(letter, &ENDS)
}

/// The update that took a letter out of production for good: one after which the supplier took it on
/// again, as it may what NHS Notify put back into the queue, ended nothing.
pub(crate) fn ended_for_good(letter: &Letter) -> Option<CallIx> {
    let last = letter
        .sent()
        .rev()
        .find(|(_, update)| update.status == LetterStatus::Accepted && update.answer.accepted());
    let since = last.map_or(Micros::MIN, |(event, _)| event.at);
    let mut sent = letter.sent().filter(|(event, _)| event.at >= since);
    sent.find(|(_, update)| ENDS.contains(&update.status) && !update.answer.refused())
        .map(|(event, _)| event.call)
}

/// The first update that reports a letter as produced.
pub(crate) fn produced(letter: &Letter) -> Option<(CallIx, LetterStatus)> {
    productions(letter).next()
}

/// Every update that reports a letter as produced, by time.
pub(crate) fn productions(
    letter: &Letter,
) -> impl DoubleEndedIterator<Item = (CallIx, LetterStatus)> {
    use LetterStatus::{Delivered, Dispatched, Enclosed, Printed};
    let made = |update: SentUpdate| {
        [Printed, Enclosed, Dispatched, Delivered].contains(&update.status)
            && !update.answer.refused()
    };
    letter
        .sent()
        .filter(move |(_, update)| made(*update))
        .map(|(event, update)| (event.call, update.status))
}

/// The first update after a call was answered that reports a letter as produced; none that follows
/// the letter's end.
pub(crate) fn produced_after(
    letter: &Letter,
    told: CallIx,
    end: Option<CallIx>,
    traffic: &Traffic,
) -> Option<(CallIx, LetterStatus)> {
    let knew = traffic.call(told).finished;
    let over = end.map_or(Micros::MAX, |call| traffic.call(call).started);
    productions(letter).find(|(call, _)| {
        let sent = traffic.call(*call).started;
        sent >= knew && sent <= over
    })
}

/// The call that told the supplier that a letter has no PDF: before it produced the letter or, where
/// it produced it unseen, before it took it further.
pub(crate) fn missing_pdf(letter: &Letter, traffic: &Traffic) -> Option<CallIx> {
    let before = |made: Option<(CallIx, LetterStatus)>| {
        let end = made.map_or(Micros::MAX, |(call, _)| traffic.call(call).started);
        let asked = letter.events.iter().filter(|event| event.by_supplier && event.at < end);
        pdf_of(&asked.collect::<Vec<_>>(), traffic)
    };
    match before(produced(letter)) {
        Pdf::Unasked => match before(productions(letter).next_back()) {
            Pdf::Missing(call) => Some(call),
            _ => None,
        },
        Pdf::Missing(call) => Some(call),
        Pdf::There => None,
    }
}

/// What a supplier learnt of a letter's PDF.
enum Pdf {
    /// It is there.
    There,
    /// It is not, as this call says.
    Missing(CallIx),
    /// Neither.
    Unasked,
}

/// What these events tell of a letter's PDF. One that came whole, in however many parts, is there
/// whatever else was answered; so is one of which anything came after it was said to be missing, or
/// for which the API then had a link where it had had none.
fn pdf_of(events: &[&Event], traffic: &Traffic) -> Pdf {
    let whole = traffic.brought(events.iter().copied()) == Brought::Whole;
    let Some(place) = events.iter().rposition(|event| traffic.says_no_pdf(event)) else {
        return if whole { Pdf::There } else { Pdf::Unasked };
    };
    let is_link = |event: &Event| matches!(event.kind, EventKind::DataAsked);
    let (denied, later) = (events[place], &events[place..]);
    let linked = is_link(denied)
        && later.iter().any(|event| {
            is_link(event) && traffic.call(event.call).answer() == Answer::Status(303)
        });
    if whole || linked || traffic.brought(later.iter().copied()) != Brought::Nothing {
        return Pdf::There;
    }
    Pdf::Missing(denied.call)
}

/// Whether a supplier may reject the letter instead of accepting it: its specification is missing
/// or unknown, it names no group, it carries no hash (as letters without a PDF do not), its PDF was
/// not there, or was there and cannot be produced.
pub(crate) fn exceptional(letter: LetterIx, traffic: &Traffic, context: &Context) -> bool {
    let known = traffic.letter(letter);
    unfit_specification(letter, traffic, context).is_some()
        || (known.described && known.group().is_none())
        || known.hash().is_none()
        || known.events.iter().any(|event| traffic.says_no_pdf(event))
        || known.events.iter().any(|event| bad_pdf(event, traffic).is_some())
}
