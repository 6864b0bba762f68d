//! What is seen of a supplier's reaction to 429, to 5xx and to no answer: a pause, and no giving up.
//! A call counts as given up only where the recording continues longer than a letter stays hidden,
//! and only if its work would otherwise be lost.

use std::collections::HashMap;

use letterproof_model::{Context, Operation, Strength};

use super::ObserverCheck;
use crate::ruling::Ruling;
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, LetterIx, Micros, Print, Printer, Traffic};
use letterproof_model::text::{many, micros, seconds};

/// How soon after a refusal a repeat of the same call is hasty: the shortest pause the harness's
/// own client makes.
const HASTE: Micros = 50_000;

pub(super) const CHECKS: &[ObserverCheck] = &[
    ObserverCheck {
        id: "O-BACK-OFF-429",
        title: "Throttled calls wait",
        clause: "A call that was refused with 429 is repeated after a pause, until it is answered.",
        source: "OAS 429 response",
        strength: Strength::Implied,
        needs: &[],
        judge: after_429,
    },
    ObserverCheck {
        id: "O-BACK-OFF-5XX",
        title: "Failed calls are repeated, with pauses",
        clause: "A call that was answered with 5xx, or not at all, is repeated until it succeeds, \
                 with pauses in between.",
        source: "OAS 500 and 502 responses",
        strength: Strength::Implied,
        needs: &[],
        judge: after_5xx,
    },
];

fn after_429(traffic: &Traffic, context: &Context) -> Ruling {
    let refused = |answer| answer == Answer::Status(429);
    reaction(traffic, context, refused, 0, "no call was answered with 429")
}

fn after_5xx(traffic: &Traffic, context: &Context) -> Ruling {
    let failed = |answer| matches!(answer, Answer::Status(500..=599) | Answer::Lost);
    // Once or twice at once is how many clients overcome a broken connection.
    reaction(traffic, context, failed, 2, "every call was answered, and none with 5xx")
}

/// A refused call, and how it was repeated so far.
struct Refused {
    calls: Vec<CallIx>,
    at: Micros,
    hasty: usize,
    soonest: Micros,
}

/// What tells one call from another: method, address and body.
fn same(call: &Call, printer: &Printer) -> Print {
    let exchange = call.exchange();
    let request = &exchange.request;
    let text = request.body.json_text().unwrap_or_default();
    printer.print(&(&request.method, &request.url, text, request.body.length()))
}

fn reaction(
    traffic: &Traffic,
    context: &Context,
    is_refusal: fn(Answer) -> bool,
    patience: usize,
    nothing: &str,
) -> Ruling {
    let mut tally = Tally::default();
    let printer = Printer::default();
    // By operation and letter, which tell without a look at the call that it repeats none of them.
    let mut open: HashMap<(Operation, Option<LetterIx>), HashMap<Print, Refused>> = HashMap::new();
    for (ix, call) in traffic.supplier_calls().filter(|(_, call)| call.operation.is_api()) {
        let answer = call.answer();
        let place = (call.operation, call.letter);
        // Where nothing waits to be repeated, only a refusal needs to be told from others.
        if !is_refusal(answer) && open.get(&place).is_none_or(HashMap::is_empty) {
            continue;
        }
        let open = open.entry(place).or_default();
        let key = same(call, &printer);
        let mut refused = open.remove(&key);
        if let Some(refused) = &mut refused {
            refused.repeated(ix, call, traffic);
        }
        match (refused, is_refusal(answer)) {
            (Some(mut refused), true) => {
                refused.at = call.finished;
                open.insert(key, refused);
            }
            (None, true) => {
                open.insert(key, Refused::new(ix, call));
            }
            (Some(refused), false) if answer.asks_for_repeat() => {
                open.insert(key, refused);
            }
            (Some(refused), false) => refused.close(call.operation, patience, &mut tally),
            (None, false) => {}
        }
    }
    let mut left: Vec<Refused> = open.into_values().flat_map(HashMap::into_values).collect();
    left.sort_by_key(|refused| refused.calls.first().copied());
    for refused in left {
        refused.left_open(traffic, context, patience, &mut tally);
    }
    if tally.checked() == 0 {
        return Ruling::not_run(format!("{nothing}; an injected one would show it"));
    }
    tally.rule(traffic, "call", |n| {
        format!("{} refused, each repeated after a pause until it was answered", many(n, "call"))
    })
}

impl Refused {
    fn new(ix: CallIx, call: &Call) -> Self {
        Self { calls: vec![ix], at: call.finished, hasty: 0, soonest: Micros::MAX }
    }

    /// Takes in the next call of the same kind; one sent before the refusal is no repeat of it.
    fn repeated(&mut self, ix: CallIx, call: &Call, traffic: &Traffic) {
        self.calls.push(ix);
        let pause = call.started - self.at;
        let hasty = !traffic.overlaps(call.started, self.at)
            && traffic.overlaps(call.started, self.at + HASTE);
        if hasty {
            self.hasty += 1;
            self.soonest = self.soonest.min(pause.max(0));
        }
    }

    fn hammered(&self, operation: Operation, patience: usize) -> Option<String> {
        let label = operation.label();
        let soonest = seconds(self.soonest);
        (self.hasty > patience).then(|| match self.hasty {
            1 => format!("{label} was repeated {soonest} after its refusal"),
            n => format!("{label} was repeated {n} times at once, the soonest after {soonest}"),
        })
    }

    fn close(self, operation: Operation, patience: usize, tally: &mut Tally) {
        match self.hammered(operation, patience) {
            Some(words) => tally.fault(None, self.calls, words),
            None => tally.good(self.calls),
        }
    }

    fn left_open(self, traffic: &Traffic, context: &Context, patience: usize, tally: &mut Tally) {
        let Some(first) = self.calls.first().map(|ix| traffic.call(*ix)) else { return };
        let label = first.operation.label();
        if self.hammered(first.operation, patience).is_some() || made_good(&self.calls, traffic) {
            return self.close(first.operation, patience, tally);
        }
        // A letter that was not taken on comes with a list again when it is hidden no more.
        let patience = micros(context.visibility_timeout_ms.max(context.update_deadline_ms));
        let over = traffic.follows(traffic.ended(), traffic.deadline(self.at, patience));
        let works = match first.operation {
            Operation::UpdateLetters | Operation::PatchLetter => true,
            // After anything but a plain refusal the record may exist: sending it again may double it.
            Operation::CreateMi => first.answer() == Answer::Status(429),
            _ => false,
        };
        let words = format!("{label} was {} and not repeated", first.answer().words());
        if over && works {
            let watched = seconds(traffic.watched(self.at, traffic.ended()));
            tally.fault(None, self.calls, format!("{words} in the remaining {watched}"));
        } else {
            tally.open(None, self.calls, format!("{words} so far"));
        }
    }
}

/// Whether the updates of a refused call were taken on in another call, or have taken effect.
fn made_good(calls: &[CallIx], traffic: &Traffic) -> bool {
    let Some(update) = calls.first().and_then(|first| traffic.update(*first)) else { return false };
    let done = |letter, wanted| {
        let letter = traffic.letter(letter);
        let later = letter.events.iter().filter(|event| event.at >= update.started);
        let shown = later.clone().any(|event| event.shows() == Some(wanted));
        shown
            || letter.sent().any(|(event, sent)| {
                event.at >= update.started && sent.status == wanted && sent.answer.accepted()
            })
    };
    !update.letters.is_empty()
        && update.letters.iter().all(|(letter, status)| status.is_some_and(|s| done(*letter, s)))
}
