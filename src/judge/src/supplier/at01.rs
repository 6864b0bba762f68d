//! AT1: connect securely through the API gateway. The harness's own calls do not count: only the
//! supplier's show that it can connect.

use letterproof_model::{Context, Mode, Operation};
use url::{Host, Url};

use crate::ruling::{Ruling, Rulings, rule};
use crate::tally::Tally;
use crate::traffic::{Answer, Call, CallIx, ListContent, Micros, Traffic};
use letterproof_model::text::many;

/// Judges AT1.
pub(crate) fn judge(traffic: &Traffic, context: &Context) -> Rulings {
    rule(
        &(traffic, context),
        [
            ("AT1.1", |(traffic, _)| status(traffic)),
            ("AT1.2", |(traffic, _)| list(traffic)),
            ("AT1.3", |(traffic, _)| window(traffic)),
            ("AT1.4", |(traffic, context)| secure(traffic, context)),
            ("AT1.5", |(traffic, _)| on_record(traffic)),
        ],
    )
}

fn of(traffic: &Traffic, operation: Operation) -> Vec<(CallIx, &Call)> {
    traffic.supplier_calls().filter(|(_, call)| call.operation == operation).collect()
}

/// When `GET /_status`, or `GET /letters`, first succeeded.
fn first_success(traffic: &Traffic, operation: Operation) -> Option<(CallIx, Micros)> {
    if operation == Operation::ListLetters {
        let list = traffic.supplier_lists().find(|list| list.readable())?;
        return Some((list.call, list.finished));
    }
    let calls = of(traffic, operation);
    let (ix, call) = calls.iter().find(|(_, call)| call.answer() == Answer::Status(200))?;
    Some((*ix, call.finished))
}

fn status(traffic: &Traffic) -> Ruling {
    let calls = of(traffic, Operation::Status);
    match (first_success(traffic, Operation::Status), calls.last()) {
        (Some((call, _)), _) => Ruling::pass("answered with 200").shown_by([call]),
        (None, None) => Ruling::not_run("GET /_status was not called"),
        (None, Some((call, last))) => unanswered(&calls, *call, last.answer()),
    }
}

fn list(traffic: &Traffic) -> Ruling {
    let calls = of(traffic, Operation::ListLetters);
    let Some((call, last)) = calls.last() else {
        return Ruling::not_run("GET /letters was not called");
    };
    if let Some(list) = traffic.supplier_lists().find(|list| list.readable()) {
        let letters = many(list.entries().len(), "letter");
        return Ruling::pass(format!("answered with 200 and {letters}")).shown_by([list.call]);
    }
    let found = |wanted: fn(&ListContent) -> bool| {
        traffic.supplier_lists().find(|list| wanted(&list.content)).map(|list| list.call)
    };
    if let Some(call) = found(|content| matches!(content, ListContent::Malformed)) {
        return Ruling::fail("answered with 200 but without a list of letters").shown_by([call]);
    }
    if let Some(call) = found(|content| matches!(content, ListContent::NotRecorded)) {
        let reason = "the recording does not include the answer's body";
        return Ruling::open("answered with 200", reason).shown_by([call]);
    }
    unanswered(&calls, *call, last.answer())
}

fn unanswered(calls: &[(CallIx, &Call)], last: CallIx, answer: Answer) -> Ruling {
    let answered = calls.iter().rev().find(|(_, call)| call.answer() != Answer::Lost);
    match answered {
        Some((ix, call)) => Ruling::fail(call.answer().words()).shown_by([*ix]),
        None => Ruling::open(answer.words(), "no answer arrived; see the connection errors")
            .shown_by([last]),
    }
}

/// Until both calls have succeeded: no refusal for credentials, no connection that stays broken.
fn window(traffic: &Traffic) -> Ruling {
    let attempted = [Operation::Status, Operation::ListLetters]
        .map(|operation| !of(traffic, operation).is_empty());
    if attempted == [false, false] {
        return Ruling::not_run("GET /_status and GET /letters were not called");
    }
    let ends = [Operation::Status, Operation::ListLetters]
        .map(|operation| first_success(traffic, operation).map(|(_, at)| at));
    let end = match (attempted, ends) {
        ([true, true], [Some(status), Some(list)]) => status.max(list),
        ([true, false], [Some(only), _]) | ([false, true], [_, Some(only)]) => only,
        _ => Micros::MAX,
    };
    let mut tally = Tally::default();
    let mut repeated = 0;
    for (ix, call) in traffic.supplier_calls().take_while(|(_, call)| call.started <= end) {
        let refused = match (call.operation, call.answer()) {
            (Operation::Token, Answer::Status(400..=499)) => true,
            (Operation::Download, _) => false,
            (_, Answer::Status(401 | 403)) => true,
            _ => false,
        };
        if refused && traffic.slack() > 0 && !traffic.overlaps(call.started, end) {
            tally.open(
                None,
                [ix],
                "was refused at the same moment as the later of the two succeeded",
            );
        } else if refused {
            let words = format!("{} was {}", call.operation.label(), call.answer().words());
            tally.fault(None, [ix], words);
        } else if call.answer() == Answer::Lost && call.operation != Operation::Download {
            let overcome = traffic.supplier_calls().any(|(_, later)| {
                later.operation == call.operation
                    && !traffic.overlaps(later.started, call.finished)
                    && later.answer() != Answer::Lost
            });
            if overcome {
                repeated += 1;
                tally.good([ix]);
            } else {
                let words = format!("{} was never answered", call.operation.label());
                tally.fault(None, [ix], words);
            }
        } else {
            tally.good([ix]);
        }
    }
    let ruling = tally.rule(traffic, "call", |n| {
        let repeats = match repeated {
            0 => String::new(),
            n => format!("; {} resolved by repeating the call", many(n, "connection error")),
        };
        format!("{}, none refused for its credentials{repeats}", many(n, "call"))
    });
    if ruling.passed() && attempted != [true, true] {
        return Ruling::open("only one of the two was called", "both calls must be made");
    }
    ruling
}

fn secure(traffic: &Traffic, context: &Context) -> Ruling {
    let calls: Vec<_> = traffic
        .supplier_calls()
        .filter(|(_, call)| call.operation.is_api() && call.operation != Operation::Unknown)
        .collect();
    // Whether `_status` asks for a token differs by gateway; every other call does.
    let guarded = |call: &Call| call.operation != Operation::Status;
    if !calls.iter().any(|(_, call)| guarded(call)) {
        return Ruling::not_run("no call that needs a token was made");
    }
    let bare: Vec<_> =
        calls.iter().filter(|(_, call)| guarded(call) && !has_bearer(call, traffic)).collect();
    let all_bare = bare.len() == calls.iter().filter(|(_, call)| guarded(call)).count();
    if all_bare && context.mode != Mode::Driven {
        return Ruling::open(
            "no call carries an Authorization header",
            "exported recordings often leave out credentials",
        )
        .shown_by(bare.iter().map(|(ix, _)| *ix));
    }
    let mut tally = Tally::default();
    for (ix, call) in &calls {
        let exchange = call.exchange();
        if !over_tls(&exchange.request.url) {
            tally.fault(None, [*ix], format!("{} was made without TLS", call.operation.label()));
        } else if guarded(call) && exchange.request.headers.is_empty() {
            tally.open(None, [*ix], "is recorded without its headers");
        } else if guarded(call) && !has_bearer(call, traffic) {
            tally.fault(None, [*ix], format!("{} has no bearer token", call.operation.label()));
        } else {
            tally.good([*ix]);
        }
    }
    tally.rule(traffic, "call", |n| {
        format!("{}, all with a token, over TLS or on loopback", many(n, "call"))
    })
}

fn has_bearer(call: &Call, traffic: &Traffic) -> bool {
    let Some(value) = call.authorization.map(|value| traffic.text(value)) else { return false };
    // Redaction may have taken the scheme away with the token.
    let scheme = value.trim().split_once(' ').map(|(scheme, _)| scheme);
    !value.trim().is_empty() && scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case("bearer"))
}

fn over_tls(url: &str) -> bool {
    // Scheme and host decide; a path is long, and takes long to read.
    let origin = url.match_indices('/').nth(2).map_or(url, |(end, _)| &url[..end]);
    let Ok(url) = Url::parse(origin) else { return false };
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        }
}

fn on_record(traffic: &Traffic) -> Ruling {
    let calls = [Operation::Status, Operation::ListLetters].map(|operation| of(traffic, operation));
    if calls.iter().all(Vec::is_empty) {
        return Ruling::not_run("GET /_status and GET /letters were not called");
    }
    let mut tally = Tally::default();
    for (operation, calls) in [Operation::Status, Operation::ListLetters].into_iter().zip(&calls) {
        let label = operation.label();
        let answered = || calls.iter().filter(|(_, call)| call.answer() != Answer::Lost);
        match answered().next() {
            Some((ix, _)) => tally.good([*ix]),
            None => tally.open(None, [], format!("{label} has no answer on record")),
        }
    }
    tally.rule(traffic, "call", |_| "both calls with time and answer".to_owned())
}
