//! `letterproof attest`: a dated statement with files, tied to a clause of the pack.
//! Refuses clauses that are judged from traffic: nobody's word replaces what was recorded.

use letterproof_evidence::{
    Attestations, Bundle, EvidenceError, NewAttestation, Opened, RunFolder, Sealing,
};
use letterproof_model::{ClauseKind, clause, now, pack};

use crate::args::AttestOptions;
use crate::failure::Failure;
use crate::out::{self, Text};
use crate::{finish, stamping};

/// Adds the statement and makes report, manifest and zip again; prints the hash of each statement so
/// far, by which one that is rewritten later is known. Returns the exit code.
pub(crate) fn attest(options: &AttestOptions) -> Result<u8, Failure> {
    refuse_unattestable(options)?;
    if stamping::is_stamped(&options.run) && !options.drop_stamp {
        return Err(Failure::Usage(format!(
            "{} bears a time stamp, and a statement makes it void; say that it may go with \
             --drop-stamp, and get a new one with `letterproof stamp`",
            options.run.display()
        )));
    }
    let key = finish::signing_key(options.sign_key.as_deref())?;
    let sealing = match &key {
        Some(key) => Sealing::Signed(key),
        None if options.drop_signature => Sealing::SignatureDropped,
        None => Sealing::Unsigned,
    };
    let new = NewAttestation {
        criterion: options.criterion.clone(),
        statement: options.statement.clone(),
        role: options.role.clone(),
        given_at: now(),
    };
    let refresh = |draft: &RunFolder| -> Result<(), Failure> {
        finish::write_reports(&Bundle::open(draft.path())?, draft, key.as_ref())
    };
    let zip = letterproof_evidence::attest(&options.run, new, &options.files, sealing, refresh)
        .map_err(refused)?;
    let mut text = Text::of(format_args!("{} attested as {}", options.criterion, options.role));
    let given = Opened::open(&options.run).and_then(|opened| Attestations::of(&opened));
    for (place, one) in given?.attestations.iter().enumerate() {
        text.line(format_args!("{:>8}  {} sha256:{}", place + 1, one.criterion, one.hash()));
    }
    text.line(format_args!("evidence  {}", options.run.display()));
    text.line(format_args!("bundle    {}", zip.display()));
    out::print(&text)?;
    Ok(0)
}

/// What is wrong with the run, the statement or a file is the caller's to mend.
fn refused(failure: Failure) -> Failure {
    match failure {
        Failure::Evidence(error @ EvidenceError::Io { .. }) => Failure::Evidence(error),
        Failure::Evidence(error) => Failure::Usage(error.to_string()),
        other => other,
    }
}

fn refuse_unattestable(options: &AttestOptions) -> Result<(), Failure> {
    let id = &options.criterion;
    let known = clause(id).map(|clause| clause.kind);
    if known == Some(ClauseKind::Attestation) {
        return Ok(());
    }
    let problem = match known {
        None => "is no clause of the pack",
        Some(ClauseKind::Check) => "is judged from traffic; a statement cannot take its place",
        Some(_) => "is not tested",
    };
    let attestable: Vec<&str> = pack()
        .iter()
        .flat_map(|test| test.clauses)
        .filter(|clause| clause.kind == ClauseKind::Attestation)
        .map(|clause| clause.id)
        .collect();
    Err(Failure::Usage(format!(
        "--criterion {id} {problem}; statements are taken for {}",
        attestable.join(", ")
    )))
}
