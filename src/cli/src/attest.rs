//! `letterproof attest`: a dated statement with files, tied to a clause of the pack, or the
//! withdrawal of one. No time stamp is made void unasked.

use letterproof_evidence::{
    Attestation, Attestations, Bundle, EvidenceError, NewAttestation, Opened, RunFolder, Sealing,
    StatementState, Withdrawal, stated, statement_state,
};
use letterproof_harness::{Failure, signing_key, write_reports};
use letterproof_model::{Verdict, clause, now};

use crate::args::AttestOptions;
use crate::out::{self, Text};
use crate::stamp::is_stamped;

/// Adds the statement, or withdraws one, and makes report, manifest and zip again; prints the hash of
/// each so far, by which one that is rewritten later is known. Returns the exit code.
pub(crate) fn attest(options: &AttestOptions) -> Result<u8, Failure> {
    if is_stamped(&options.run) && !options.drop_stamp {
        return Err(Failure::Usage(format!(
            "{} has a time stamp, which a new statement makes void; give --drop-stamp to drop it, and get a new one with `letterproof stamp`",
            options.run.display()
        )));
    }
    let key = signing_key(options.sign_key.as_deref())?;
    let sealing = match &key {
        Some(key) => Sealing::Signed(key),
        None if options.drop_signature => Sealing::SignatureDropped,
        None => Sealing::Unsigned,
    };
    let refresh = |draft: &RunFolder| -> Result<(), Failure> {
        write_reports(&Bundle::open(draft.path())?, draft, key.as_ref())
    };
    let (run, name, role) = (&options.run, options.name.clone(), options.role.clone());
    let zip = match (options.withdraw, &options.criterion, options.date) {
        (Some(number), ..) => {
            let reason = options.reason.clone().unwrap_or_default();
            let withdrawal = Withdrawal { number, reason, name, role, given_at: now() };
            letterproof_evidence::withdraw(run, withdrawal, sealing, refresh)
        }
        (None, Some(criterion), Some(fact_date)) => {
            let (criterion, given_at) = (criterion.clone(), now());
            let statement = options.statement.clone().unwrap_or_default();
            let new = NewAttestation { criterion, statement, name, role, fact_date, given_at };
            letterproof_evidence::attest(run, new, &options.files, sealing, refresh)
        }
        // The arguments are read so that this cannot be.
        _ => Err(Failure::Usage("--criterion and --date are missing".to_owned())),
    };
    let zip = zip.map_err(refused)?;
    let given = Opened::open(run).and_then(|opened| Attestations::of(&opened))?.attestations;
    let mut text = told(&given, options);
    text.line(format_args!("evidence  {}", options.run.display()));
    text.line(format_args!("bundle    {}", zip.display()));
    out::print(&text)?;
    Ok(0)
}

/// What was done, and every statement so far.
fn told(given: &[Attestation], options: &AttestOptions) -> Text {
    let mut text = Text::default();
    if let Some(last) = given.last() {
        let (criterion, role) = (&last.criterion, &options.role);
        match options.withdraw {
            Some(number) => {
                text.line(format_args!("statement {number} ({criterion}) withdrawn as {role}"));
            }
            None => text.line(format_args!("{criterion} attested as {role}")),
        }
        for file in &last.files {
            let path = file.path(&last.criterion);
            text.line(format_args!("attached  {path}, {}, {} bytes", file.media_type, file.size));
        }
        // No clause that asks for a file is judged from traffic.
        let state = statement_state(&last.criterion, Verdict::NotRun, given);
        let asked = clause(&last.criterion).map(|clause| clause.note);
        if let (StatementState::FileMissing, Some(asked)) = (state, asked) {
            text.line(format_args!(
                "missing   {asked}: {criterion} asks for it as a file (--file), so the file is still needed"
            ));
        }
    }
    let withdrawn: Vec<usize> =
        stated(given).iter().filter(|s| s.withdrawn.is_some()).map(|s| s.number).collect();
    for (number, one) in (1..).zip(given) {
        let state = match (&one.withdraws, withdrawn.contains(&number)) {
            (Some(_), _) => "  a withdrawal",
            (None, true) => "  withdrawn",
            (None, false) => "",
        };
        text.line(format_args!("{number:>8}  {} sha256:{}{state}", one.criterion, one.hash()));
    }
    text
}

/// What is wrong with the run, the statement or a file is the caller's to mend.
fn refused(failure: Failure) -> Failure {
    match failure {
        Failure::Evidence(error @ EvidenceError::Io { .. }) => Failure::Evidence(error),
        Failure::Evidence(error) => Failure::Usage(error.to_string()),
        other => other,
    }
}
