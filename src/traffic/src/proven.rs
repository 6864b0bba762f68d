//! The standing of a run: who made its calls, and where they went by the hosts, certificates and
//! answers in the record. The target's name counts for nothing where it claims more than the record:
//! `int` is what INT's host answered.

use letterproof_model::{
    Context, Journal, Mark, MarkKind, Operation, Place, Proof, SeenHost, Standing, SupplierKind,
    host_of_target,
};
use url::Url;

use crate::{Answer, Call, Traffic, origin};

/// How letterproof's own suppliers name themselves in `User-Agent`: nobody's own system, also where
/// the witness watches them.
const REFERENCE: &str = "letterproof";
const SAMPLE: &str = "model-print-house";

/// What the results of this record prove, and where.
#[must_use]
pub fn proven(journal: &dyn Journal, supplier: SupplierKind, context: &Context) -> Standing {
    proven_by(&Traffic::from_journal(journal, context), journal.marks(), supplier, context)
}

/// The same over an index at hand, and the record's marks.
#[must_use]
pub fn proven_by(
    traffic: &Traffic,
    marks: &[Mark],
    supplier: SupplierKind,
    context: &Context,
) -> Standing {
    let mut origins: Vec<&str> = Vec::new();
    let mut mock_answers = false;
    let (mut driven, mut sample) = (false, false);
    for call in traffic.recorded().filter(|call| call.to_api()) {
        if call.by_supplier() {
            let agent = call.agent.map(|agent| traffic.text(agent));
            driven |= is_made_by(REFERENCE, agent);
            sample |= is_made_by(SAMPLE, agent);
        }
        if call.answer() == Answer::Lost {
            continue;
        }
        mock_answers |= call.is_of_a_mock();
        let origin = traffic.text(call.origin);
        if !origins.contains(&origin) && is_of_api(call, context) {
            origins.push(origin);
        }
    }
    if origins.is_empty() && connected(marks, &host_of(&context.base_url)).is_some() {
        // A load too long to be written down call by call was connected all the same.
        origins.push(origin(&context.base_url));
    }
    let all_at =
        |target: &str| !origins.is_empty() && origins.iter().all(|origin| is_at(origin, target));
    let place = if mock_answers || context.target == "mock" {
        Place::Mock
    } else if all_at("int") {
        Place::IntClaimed
    } else if all_at("sandbox") {
        Place::Sandbox
    } else {
        Place::Other
    };
    let mut hosts: Vec<SeenHost> = Vec::new();
    for host in origins.iter().map(|origin| host_of(origin)) {
        if !hosts.iter().any(|seen| seen.host == host) {
            hosts.push(SeenHost { certificate: connected(marks, &host), host });
        }
    }
    let word = match Proof::from(supplier) {
        Proof::Witnessed if driven => Proof::Driven,
        // Beside a mock it is a rehearsal, and shows how a witnessed run looks.
        Proof::Witnessed if sample && place != Place::Mock => Proof::Driven,
        word => word,
    };
    Standing { word, place, mock_answers, hosts }
}

/// Whether a call names this program as its maker, with or without a version.
fn is_made_by(program: &str, agent: Option<&str>) -> bool {
    agent.is_some_and(|agent| agent.split('/').next() == Some(program))
}

/// Whether a call is one of the API or of its token endpoint, not a download.
fn is_of_api(call: &Call, context: &Context) -> bool {
    match call.operation {
        Operation::Download => false,
        Operation::Unknown => call.exchange().request.url.starts_with(&context.base_url),
        _ => true,
    }
}

/// The host of an origin, as it is written where it is not an address.
fn host_of(url: &str) -> String {
    let origin = origin(url);
    let host = Url::parse(origin).ok().and_then(|url| url.host_str().map(str::to_owned));
    host.map_or_else(|| origin.to_owned(), |host| host.trim_end_matches('.').to_owned())
}

/// Whether an origin is the built-in target of this name: its host, over TLS and at the usual port.
fn is_at(origin: &str, target: &str) -> bool {
    Url::parse(origin).is_ok_and(|url| url.scheme() == "https" && url.port().is_none())
        && host_of_target(target) == Some(&*host_of(origin))
}

/// The certificate that this host showed last.
fn connected(marks: &[Mark], asked: &str) -> Option<String> {
    marks.iter().rev().find_map(|mark| match &mark.kind {
        MarkKind::Connected { host, certificate, .. }
            if host.trim_end_matches('.').eq_ignore_ascii_case(asked) =>
        {
            Some(certificate.clone())
        }
        _ => None,
    })
}
