//! The `letterproof` command: reads arguments, shows progress and results, ends with an exit code.
//!
//! Exit codes are a contract: 0 every required test passed, 1 a required test failed, 2 wrong usage
//! or configuration, 3 incomplete, 4 the harness failed.
//! It holds arguments, consent, tables and exit codes; runs, evidence and judging live in other crates.

mod args;
mod attest;
mod board;
mod consent;
mod diff;
mod doctor;
mod drift;
mod gate;
mod init;
mod judge;
mod keys;
mod licences;
mod load;
mod mock;
mod out;
mod plan;
mod plan_json;
mod plan_text;
mod process;
mod progress;
mod readiness;
mod reconcile;
mod report;
mod run;
mod selftest;
mod sender_mock;
mod shell;
mod smoke;
mod stamp;
mod summary;
mod supplier;
mod table;
mod targets;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::Parser;
use letterproof_client::ClientError;
use letterproof_harness::Failure;
use letterproof_load::LoadError;
use letterproof_mock::MockError;

use crate::args::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version go to stdout with 0; everything else is wrong usage.
            let is_wrong = error.use_stderr();
            let is_hidden = |word: std::ffi::OsString| {
                word.to_string_lossy().chars().any(letterproof_model::is_hidden)
            };
            // It quotes the words that it was given.
            if is_wrong && std::env::args_os().any(is_hidden) {
                out::wrong_usage(&error);
            } else {
                let _ = error.print();
            }
            return ExitCode::from(if is_wrong { 2 } else { 0 });
        }
    };
    process::start_log();
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            tell(&failure);
            ExitCode::from(exit_code(&failure))
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8, Failure> {
    match arguments.command {
        Command::Run(options) => run::run(*options),
        Command::Plan(options) => plan::plan(&options),
        Command::Mock(options) => mock::mock(&options),
        Command::Doctor(arguments) => doctor::doctor(&arguments),
        Command::Init(options) => init::init(&options),
        Command::Keys(options) => keys::keys(&options),
        Command::Drift(options) => drift::drift(&options),
        Command::Load(options) => load::load(&options),
        Command::Witness(options) => witness::witness(&options),
        Command::Selftest(options) => selftest::selftest(&options),
        Command::Supplier(options) => supplier::supplier(&options),
        Command::Completions(options) => shell::completions(&options),
        Command::Man(options) => shell::man(&options),
        Command::Verify(options) => verify::verify(&options),
        Command::Reconcile(options) => reconcile::reconcile(&options),
        Command::Sample(options) => reconcile::sample(&options),
        Command::Judge(options) => judge::judge(&options),
        Command::Report(options) => report::report(&options),
        Command::Summary(options) => summary::summary(&options),
        Command::Attest(options) => attest::attest(&options),
        Command::Stamp(options) => stamp::stamp(&options),
        Command::Readiness(options) => readiness::readiness(&options),
        Command::Gate(options) => gate::gate(&options),
        Command::Diff(options) => diff::diff(&options),
        Command::Licences => licences::licences(),
    }
}

/// 2 for wrong usage or configuration, 3 for letters that a load lacks and for what was stopped, 4
/// for the harness's own failure.
fn exit_code(failure: &Failure) -> u8 {
    match failure {
        Failure::Usage(_) | Failure::Lines(_) | Failure::File(_) | Failure::Features(_) => 2,
        Failure::Client(ClientError::Ledger { .. }) => 2,
        Failure::Client(error) if error.is_configuration() => 2,
        Failure::Load(error) if error.is_configuration() => 2,
        // What the load needs is not there (yet): nothing is wrong with what was asked for.
        Failure::Load(LoadError::NoLetters { .. }) | Failure::Stopped(_) => 3,
        Failure::Mock(MockError::Crypto(_)) => 4,
        // Whatever else keeps the mock from starting is something it was told.
        Failure::Mock(_) => 2,
        Failure::Client(_) | Failure::Load(_) | Failure::Evidence(_) | Failure::Harness(_) => 4,
    }
}

/// Prints the one message, which is one line but where this program made several of it.
fn tell(failure: &Failure) {
    match failure {
        Failure::Lines(lines) | Failure::Load(LoadError::NotAgreed(lines)) => out::failed(lines),
        Failure::File(problems)
        | Failure::Client(ClientError::Problems(problems))
        | Failure::Load(LoadError::Problems(problems))
        | Failure::Mock(MockError::SeedFile(problems)) => out::failed(problems.lines()),
        one => out::failed(&[one.to_string()]),
    }
}
