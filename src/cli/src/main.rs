//! The `letterproof` command: reads arguments, shows progress and results, ends with an exit code.
//!
//! Exit codes are a contract: 0 every required test passed, 1 a required test failed, 2 wrong usage
//! or configuration, 3 incomplete, 4 the harness failed.
//! Refuses logic worth testing on its own: judging, traffic and evidence live in other crates.

mod args;
mod attest;
mod board;
mod consent;
mod diff;
mod doctor;
mod drift;
mod embedded;
mod failure;
mod finish;
mod gate;
mod init;
mod interrupt;
mod judge;
mod keys;
mod ledgers;
mod licences;
mod load;
mod mock;
mod out;
mod plan;
mod plan_json;
mod plan_text;
mod progress;
mod read_back;
mod readiness;
mod reconcile;
mod report;
mod resume;
mod run;
mod selftest;
mod shell;
mod smoke;
mod stamping;
mod summary;
mod supplier;
mod surroundings;
mod table;
mod targets;
mod verify;
mod witness;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Arguments, Command};
use crate::failure::Failure;

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
    start_log();
    match dispatch(arguments) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.print();
            ExitCode::from(failure.exit_code())
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
        Command::Stamp(options) => stamping::stamp(&options),
        Command::Readiness(options) => readiness::readiness(&options),
        Command::Gate(options) => gate::gate(&options),
        Command::Diff(options) => diff::diff(&options),
        Command::Licences => licences::licences(),
    }
}

/// Which build this is, as evidence names it.
fn tool() -> letterproof_model::ToolInfo {
    letterproof_model::ToolInfo {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: env!("LETTERPROOF_COMMIT").to_owned(),
    }
}

/// The runtime of a command that makes or serves traffic.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Harness(format!("cannot start the runtime: {error}")))
}

/// Logs go to stderr and only when `RUST_LOG` asks for them; they never hold secrets.
fn start_log() {
    if std::env::var_os("RUST_LOG").is_some() {
        tracing_subscriber::fmt()
            .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
            .with_ansi(false)
            .with_writer(|| out::Log)
            .init();
    }
}
