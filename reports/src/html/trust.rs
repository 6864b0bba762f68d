//! How far the evidence can be trusted: what follows from the journal, what is signed, what the tool
//! and people only say of themselves, and what NHS Notify can check on its side. The page is made
//! before anything is signed, so it cannot say that it was.

use letterproof_evidence::{Bundle, Environment, stated};
use letterproof_model::{Journal as _, MarkKind};
use letterproof_traffic::Traffic;
use serde::Serialize;

use crate::tables::{CROSS_CHECK, nonce_prefix, with_nonce};
use crate::{Extras, words};

/// Four lists of sentences, and the environment as it is told.
#[derive(Debug, Serialize)]
pub(super) struct Trust {
    derived: Vec<String>,
    signed: Vec<String>,
    asserted: Vec<String>,
    checkable: Vec<String>,
    environment: Vec<(String, String)>,
}

/// Words how far a bundle can be trusted.
pub(super) fn trust(bundle: &Bundle, traffic: &Traffic, extras: &Extras) -> Trust {
    Trust {
        derived: derived(bundle),
        signed: signed(extras),
        asserted: asserted(bundle, extras),
        checkable: checkable(bundle, traffic),
        environment: bundle.environment.as_ref().map(environment).unwrap_or_default(),
    }
}

fn derived(bundle: &Bundle) -> Vec<String> {
    let mut lines = vec![
        "Every verdict, finding and count on this page follows from the recorded exchanges alone, \
         and so do diagrams and measurements, except those of load runs. letterproof verify \
         derives all verdicts again and compares them one by one."
            .to_owned(),
        format!(
            "Each line of the journal is chained by a hash to all lines before it. The chain was \
             checked when this report was made and is unbroken; it ends in {}.",
            bundle.journal.head
        ),
    ];
    if bundle.journal.torn_tail {
        lines.push(
            "The last line of the journal is torn: the run was killed while writing it. That \
             exchange is not part of the evidence."
                .to_owned(),
        );
    }
    let marks = bundle.journal.recording.marks().iter();
    let unvouched = marks.filter(|mark| matches!(mark.kind, MarkKind::Unvouched { .. }));
    lines.extend(unvouched.map(letterproof_model::Mark::words));
    lines.extend(stamps(bundle));
    lines.push(
        "Secrets were replaced before anything was written, by hashes under a key that was thrown \
         away. Equal secrets of this run have equal hashes. The contents of letters were never \
         kept."
            .to_owned(),
    );
    lines
}

/// What stands in the journal of time-stamping authorities.
fn stamps(bundle: &Bundle) -> Option<String> {
    let marks = || bundle.journal.recording.marks().iter();
    let stamped =
        marks().filter(|mark| matches!(mark.kind, MarkKind::Stamped { .. })).count() as u64;
    let missing =
        marks().filter(|mark| matches!(mark.kind, MarkKind::Unstamped { .. })).count() as u64;
    if stamped + missing == 0 {
        return None;
    }
    let missing = match missing {
        0 => String::new(),
        missing => format!(
            " {} could not be obtained.",
            words::counted(missing, "further time stamp", "further time stamps")
        ),
    };
    Some(format!(
        "The journal holds {} of a time-stamping authority (RFC 3161), each over the journal's \
         head at that moment; letterproof verify checks them and shows who stamped it and \
         when.{missing}",
        words::counted(stamped, "time stamp", "time stamps")
    ))
}

fn signed(extras: &Extras) -> Vec<String> {
    let mut lines = vec![
        "manifest.dsse.json lists every file of the evidence, this page and all attachments \
         included, with its length and SHA-256. It is either signed with an Ed25519 key or says \
         that it is unsigned."
            .to_owned(),
    ];
    lines.push(match &extras.signing_key {
        Some(key) => format!(
            "When this page was made, it was to be signed with the key {key}. A page cannot show \
             a signature that covers it: check it with letterproof verify."
        ),
        None => "This bundle is not signed: anyone who had it could have rewritten all of it. \
                 letterproof verify says so too."
            .to_owned(),
    });
    lines.push(
        "A signature shows who signed the bundle, and that nothing has changed since. It does not \
         show that the tool recorded truthfully: for that, see what NHS Notify can check."
            .to_owned(),
    );
    lines
}

fn asserted(bundle: &Bundle, extras: &Extras) -> Vec<String> {
    let mut lines = vec![
        "Times are from the clock of the machine that ran this.".to_owned(),
        "Which system made the traffic, and the machine, command line and settings below, are \
         stated by the tool; nobody can check them."
            .to_owned(),
    ];
    if !bundle.results.run.who.is_empty() {
        lines.push(
            "Supplier, application, test manager and window dates are stated by the person who ran \
             this."
                .to_owned(),
        );
    }
    if bundle.environment.is_none() {
        lines.push(
            "environment.json is missing: machine, command line and settings are not recorded."
                .to_owned(),
        );
    }
    if !extras.loads.is_empty() {
        lines.push(
            "Load runs are measured by the tool; each request has a row in \
             performance/…/requests.csv."
                .to_owned(),
        );
    }
    let given = stated(&extras.attestations);
    if !given.is_empty() {
        let withdrawn = given.iter().filter(|one| one.withdrawn.is_some()).count() as u64;
        let statements = words::counted(given.len() as u64, "statement", "statements");
        let withdrawn = match withdrawn {
            0 => String::new(),
            n => format!("; {} withdrawn", words::counted(n, "of them is", "of them are")),
        };
        lines.push(format!(
            "{statements} by people, shown separately above, rest on their word{withdrawn}."
        ));
    }
    lines
}

fn checkable(bundle: &Bundle, traffic: &Traffic) -> Vec<String> {
    let mut lines = vec![format!(
        "{CROSS_CHECK} has a row for each call with its time, X-Request-ID and X-Correlation-ID. \
         Compare the gateway's logs with it: every call that the gateway saw must have its row, \
         with the same answer (letterproof reconcile). A sample the other way round finds calls \
         that were invented, but not calls that were left out."
    )];
    match nonce_prefix(&bundle.results) {
        Some(prefix) => {
            let (with, all) = with_nonce(traffic, &prefix);
            lines.push(format!(
                "{} of {} API calls carry a correlation id that begins with {prefix}, the \
                 reviewer's nonce. If the gateway's logs hold it, the run took place after the \
                 nonce was issued.",
                words::number(with),
                words::number(all)
            ));
        }
        None => lines.push(
            "No nonce was given, so nothing in the gateway's logs shows that the run took place \
             after a reviewer's request."
                .to_owned(),
        ),
    }
    lines.push(
        "The letters' current statuses and the management information that NHS Notify holds must \
         agree with the last ones shown here."
            .to_owned(),
    );
    lines
}

fn environment(environment: &Environment) -> Vec<(String, String)> {
    let capabilities: Vec<&str> = environment.capabilities.iter().map(|c| c.as_str()).collect();
    let offset = environment.clock_offset_ms.map_or_else(
        || "not compared with the target's".to_owned(),
        |offset| format!("the target's clock was {offset} ms ahead"),
    );
    let specification = environment
        .specification
        .as_ref()
        .map_or_else(|| "the built-in schemas".to_owned(), |hash| format!("SHA-256 {hash}"));
    let tool = &environment.tool;
    let mut rows = vec![
        ("Tool".to_owned(), format!("letterproof {} ({})", tool.version, tool.commit)),
        ("Machine".to_owned(), format!("{}, {}", environment.system, environment.architecture)),
        ("Command line".to_owned(), environment.command_line.join(" ")),
        ("Pack".to_owned(), environment.pack.version.clone()),
        ("Specification".to_owned(), specification),
        ("Target".to_owned(), environment.target.clone()),
        ("Capabilities".to_owned(), capabilities.join(", ")),
        ("Clock".to_owned(), offset),
    ];
    let settings = environment.profile.iter();
    rows.extend(settings.map(|setting| (setting.name.clone(), setting.value.clone())));
    rows
}
