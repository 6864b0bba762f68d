//! What an imported recording does not tell: bodies that went over the wire and are not in it.
//! Their absence is not that of an update or of an answer.

use letterproof_model::Operation;

use crate::calls::Call;
use crate::index::Traffic;
use crate::letters::{EventKind, LetterIx};

impl Traffic {
    /// How many bodies the recording lacks of updates, and of lists that may have named any letter.
    pub fn untold_letters(&self) -> usize {
        use Operation::{ListLetters, PatchLetter, UpdateLetters};
        self.count_calls(|call| match call.operation {
            PatchLetter | UpdateLetters => call.by_supplier() && lacks_request(call),
            ListLetters => lacks_answer(call),
            _ => false,
        })
    }

    /// How many bodies the recording lacks of letters and records that were read.
    pub fn untold_reads(&self) -> usize {
        use Operation::{CreateMi, GetLetter, GetMi};
        self.count_calls(|call| {
            matches!(call.operation, GetLetter | GetMi | CreateMi) && lacks_answer(call)
        })
    }

    fn count_calls(&self, wanted: impl Fn(&Call) -> bool) -> usize {
        self.calls().filter(|(_, call)| wanted(call)).count()
    }

    /// Whether the recording lacks an answer that told of this letter, or a list that may have.
    pub fn is_untold(&self, letter: LetterIx) -> bool {
        let read = self.letter(letter).events.iter().any(|event| {
            matches!(event.kind, EventKind::Read(None, _)) && lacks_answer(self.call(event.call))
        });
        read || self.lists().iter().any(|list| lacks_answer(self.call(list.call)))
    }
}

fn lacks_request(call: &Call) -> bool {
    call.traits.lacks_request
}

fn lacks_answer(call: &Call) -> bool {
    call.traits.lacks_answer
}
