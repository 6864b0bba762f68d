//! Counting letter by letter: what is as it should be, what is not, what cannot be told. The many
//! never hide the few: one letter at fault fails the clause and is named. Where nothing was counted,
//! the clause stays open.

use crate::ruling::Ruling;
use crate::traffic::{CallIx, LetterIx, Traffic};
use letterproof_model::text::{count, many};

/// How many letters are described in words before the rest are only counted.
const DESCRIBED: usize = 3;

/// What was found of each letter (or call) of a clause.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    checked: usize,
    faults: Vec<Item>,
    open: Vec<Item>,
    shown: Vec<CallIx>,
}

#[derive(Debug)]
struct Item {
    letter: Option<LetterIx>,
    calls: Vec<CallIx>,
    words: String,
}

impl Tally {
    /// Counts one that is as it should be, and the calls that show it.
    pub(crate) fn good(&mut self, shown: impl IntoIterator<Item = CallIx>) {
        self.checked += 1;
        self.shown.extend(shown);
    }

    /// Counts one at fault.
    pub(crate) fn fault(
        &mut self,
        letter: impl Into<Option<LetterIx>>,
        calls: impl IntoIterator<Item = CallIx>,
        words: impl Into<String>,
    ) {
        self.checked += 1;
        let calls = calls.into_iter().collect();
        self.faults.push(Item { letter: letter.into(), calls, words: words.into() });
    }

    /// Counts one of which the recording does not tell.
    pub(crate) fn open(
        &mut self,
        letter: impl Into<Option<LetterIx>>,
        calls: impl IntoIterator<Item = CallIx>,
        words: impl Into<String>,
    ) {
        self.checked += 1;
        let calls = calls.into_iter().collect();
        self.open.push(Item { letter: letter.into(), calls, words: words.into() });
    }

    /// How many were counted.
    pub(crate) const fn checked(&self) -> usize {
        self.checked
    }

    /// The ruling: `noun` is what was counted (`letter`), `pass` what to say when all are well.
    pub(crate) fn rule(
        self,
        traffic: &Traffic,
        noun: &str,
        pass: impl FnOnce(usize) -> String,
    ) -> Ruling {
        let checked = self.checked;
        if checked == 0 {
            let reason = "nothing was seen that shows it";
            return Ruling::open(format!("no {noun} to judge by"), reason);
        }
        // Where the recording lacks an answer about a letter, the letter may not be at fault.
        let untold = |item: &Item| item.letter.is_some_and(|letter| traffic.is_untold(letter));
        let (untold, faults): (Vec<Item>, Vec<Item>) = self.faults.into_iter().partition(untold);
        if !faults.is_empty() {
            let observed = describe(traffic, noun, checked, &faults);
            return with_items(Ruling::fail(observed), faults);
        }
        let mut open = self.open;
        open.extend(untold);
        if !open.is_empty() {
            let observed = describe(traffic, noun, checked, &open);
            let reason = format!(
                "the recording does not decide for {} of {}",
                count(open.len()),
                many(checked, noun)
            );
            return with_items(Ruling::open(observed, reason), open);
        }
        Ruling::pass(pass(checked)).shown_by(self.shown)
    }
}

fn with_items(ruling: Ruling, items: Vec<Item>) -> Ruling {
    let letters: Vec<LetterIx> = items.iter().filter_map(|item| item.letter).collect();
    ruling.shown_by(items.into_iter().flat_map(|item| item.calls)).about(letters)
}

fn describe(traffic: &Traffic, noun: &str, checked: usize, items: &[Item]) -> String {
    let mut text = format!("{} of {}: ", count(items.len()), many(checked, noun));
    for (at, item) in items.iter().take(DESCRIBED).enumerate() {
        if at > 0 {
            text.push_str("; ");
        }
        if let Some(letter) = item.letter {
            text.push_str(traffic.id_text(letter));
            text.push(' ');
        }
        text.push_str(&item.words);
    }
    if items.len() > DESCRIBED {
        text.push_str(&format!("; and {} more", count(items.len() - DESCRIBED)));
    }
    text
}
