//! Codes and reasons that go with FORWARDED, RETURNED, CANCELLED, FAILED and REJECTED. A reason must
//! be read back with its status, unchanged.

use letterproof_model::{bare_reason, return_reason_text};

use crate::moves::StatusMove;
use crate::readback::ReadBack;
use crate::ruling::Ruling;
use crate::supplier::status_moves::Moved;
use crate::tally::Tally;
use crate::traffic::{CallIx, EventKind, Reason, Traffic};
use letterproof_model::text::many;

/// The reason sent with the last update of a move that was not refused, or with its last.
fn sent_reason(moved: &StatusMove, traffic: &Traffic) -> Reason {
    moved
        .updates(traffic)
        .filter(|(_, update)| !update.answer.refused())
        .last()
        .or_else(|| moved.updates(traffic).last())
        .map(|(_, update)| update.reason)
        .unwrap_or_default()
}

fn words(reason: Reason, traffic: &Traffic) -> String {
    let part = |text: Option<_>, none: &str| {
        text.map_or_else(|| none.to_owned(), |text| traffic.text(text).to_owned())
    };
    format!("{} / {}", part(reason.code, "no code"), part(reason.text, "no text"))
}

/// Reads that show the letter in the status of the move, with the reason they show.
fn read_reasons<'t>(
    moved: &'t StatusMove,
    traffic: &'t Traffic,
) -> impl Iterator<Item = (CallIx, Reason)> + 't {
    let events = &traffic.letter(moved.letter).events;
    let end = moved.until.unwrap_or(events.len());
    events[moved.sends[0]..end].iter().filter_map(|event| match event.kind {
        EventKind::Read(Some(status), reason) if status == moved.status => {
            Some((event.call, reason))
        }
        _ => None,
    })
}

/// Whether a part that was sent reads so; what was not sent may be what an earlier update left.
fn kept<T: PartialEq>(sent: Option<T>, read: Option<T>) -> bool {
    sent.is_none() || sent == read
}

/// Compares what was sent with what was read back.
fn compare(moved: &StatusMove, back: &ReadBack, traffic: &Traffic, tally: &mut Tally) {
    let first = moved.first_call(traffic);
    let sent = sent_reason(moved, traffic);
    match read_reasons(moved, traffic).last() {
        Some((call, read)) if kept(sent.code, read.code) && kept(sent.text, read.text) => {
            tally.good([first, call]);
        }
        Some((call, read)) => tally.fault(
            moved.letter,
            [first, call],
            format!("was sent {} and reads {}", words(sent, traffic), words(read, traffic)),
        ),
        None => {
            let calls = match back {
                ReadBack::Not { calls, .. } | ReadBack::Unknown { calls, .. } => calls.clone(),
                ReadBack::Seen { call, .. } => vec![*call],
            };
            tally.open(moved.letter, calls, format!("was not read as {}", moved.status));
        }
    }
}

impl Moved<'_> {
    /// Every update carries a reason, which is read back (AT9); a code may go with it.
    pub(crate) fn with_text(&self) -> Ruling {
        let pass = |n| format!("{} with a reason, read back", many(n, "letter"));
        self.carrying(pass, |sent| sent.text.is_some())
    }

    /// Every update carries a code and a reason, and both are read back (AT11 to AT13).
    pub(crate) fn with_reason(&self) -> Ruling {
        let pass = |n| format!("{} with code and reason, both read back", many(n, "letter"));
        self.carrying(pass, |sent| sent.code.is_some() && sent.text.is_some())
    }

    fn carrying(
        &self,
        pass: impl FnOnce(usize) -> String,
        enough: impl Fn(&Reason) -> bool,
    ) -> Ruling {
        self.over(pass, |moved, back, tally| {
            let sent = sent_reason(moved, self.traffic);
            if enough(&sent) {
                return compare(moved, back, self.traffic, tally);
            }
            let words = format!("was sent {} with {}", self.status, words(sent, self.traffic));
            tally.fault(moved.letter, [moved.first_call(self.traffic)], words);
        })
    }

    /// Every update carries one of the ten return codes (AT10).
    pub(crate) fn with_return_code(&self) -> Ruling {
        let pass = |n| format!("{} returned with a code from R01 to R10", many(n, "letter"));
        self.over(pass, |moved, _, tally| {
            let first = moved.first_call(self.traffic);
            let code = sent_reason(moved, self.traffic).code.map(|code| self.traffic.text(code));
            match code {
                Some(code) if return_reason_text(code).is_some() => tally.good([first]),
                Some(code) => tally.fault(moved.letter, [first], format!("carries `{code}`")),
                None => tally.fault(moved.letter, [first], "carries no code"),
            }
        })
    }

    /// Every return code comes with its own text, and both are read back (AT10).
    pub(crate) fn with_return_text(&self) -> Ruling {
        let pass = |n| format!("{} with the code's own text, both read back", many(n, "letter"));
        self.over(pass, |moved, back, tally| {
            let first = moved.first_call(self.traffic);
            let sent = sent_reason(moved, self.traffic);
            let [code, text] =
                [sent.code, sent.text].map(|part| part.map(|p| self.traffic.text(p)));
            // A code that is none of the ten has no text of its own; its clause is the one before.
            let Some((code, own)) = code.and_then(|code| Some((code, return_reason_text(code)?)))
            else {
                return compare(moved, back, self.traffic, tally);
            };
            if text.is_some_and(|text| bare_reason(text, code) == bare_reason(own, code)) {
                return compare(moved, back, self.traffic, tally);
            }
            let words = format!("was sent {}; the text is `{own}`", words(sent, self.traffic));
            tally.fault(moved.letter, [first], words);
        })
    }
}
