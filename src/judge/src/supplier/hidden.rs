//! What earlier lists hide from a list: a listed letter stays away for the visibility timeout, and so
//! do the letters of a list whose answer nobody has. A list is not blamed for letters that another
//! list may have hidden.

use crate::traffic::{Answer, CallIx, LetterIx, ListCall, ListContent, Micros, Traffic};

/// What earlier lists had hidden when a list was asked for.
pub(crate) enum Hidden {
    /// So many letters that still wait and that it does not name.
    Letters(usize),
    /// Nobody knows: this list's answer is not on record, and it had hidden its letters.
    Unknown(CallIx),
}

/// What the lists before this one, by anyone, had hidden from it.
pub(crate) fn hidden_before(list: &ListCall, traffic: &Traffic, timeout: Micros) -> Hidden {
    if let Some(lost) = lost_before(list, traffic, timeout) {
        return Hidden::Unknown(lost);
    }
    let named = list.letters();
    let taken_on = |letter: &LetterIx| taken_on(*letter, list, traffic);
    let mut hidden: Vec<LetterIx> = hiding(list, traffic, timeout)
        .flat_map(ListCall::entries)
        .map(|entry| entry.letter)
        .filter(|letter| named.binary_search(letter).is_err() && !taken_on(letter))
        .collect();
    hidden.sort_unstable();
    hidden.dedup();
    Hidden::Letters(hidden.len())
}

/// How many letters had been taken on when this list was asked for, and are not in it.
pub(crate) fn taken_on_before(list: &ListCall, traffic: &Traffic) -> usize {
    let named = list.letters();
    let gone = |letter: &LetterIx| {
        named.binary_search(letter).is_err() && taken_on(*letter, list, traffic)
    };
    traffic.letters().filter(|(letter, _)| gone(letter)).count()
}

/// Whether the supplier's update of a letter was taken on before this list was asked for.
fn taken_on(letter: LetterIx, list: &ListCall, traffic: &Traffic) -> bool {
    let mut sent = traffic.letter(letter).sent();
    sent.any(|(event, update)| traffic.follows(list.started, event.at) && update.answer.accepted())
}

/// The last list before this one that may have hidden letters nobody knows of.
pub(crate) fn lost_before(list: &ListCall, traffic: &Traffic, timeout: Micros) -> Option<CallIx> {
    let lost = |other: &&ListCall| match &other.content {
        ListContent::Letters(_) => false,
        ListContent::NotRecorded | ListContent::Malformed => true,
        ListContent::None(answer) => matches!(answer, Answer::Lost | Answer::Status(500..=599)),
    };
    hiding(list, traffic, timeout).filter(lost).last().map(|other| other.call)
}

/// The lists whose letters may still be hidden when this one is answered.
fn hiding<'t>(
    list: &'t ListCall,
    traffic: &'t Traffic,
    timeout: Micros,
) -> impl Iterator<Item = &'t ListCall> {
    traffic.lists().iter().filter(move |other| {
        other.call != list.call
            && !traffic.follows(other.started, list.finished)
            && !traffic.follows(list.started, other.finished + timeout)
    })
}
