//! What the command line looks like: one place for names, defaults and help texts.
//! Refuses to check what only a target can tell; that is done where the value is used.

mod evidence;
mod gateway;
mod load;
mod mock;
mod run;
mod selftest;
mod shell;
mod stamp;
mod supplier;
mod target;
mod who;
mod witness;

use std::sync::LazyLock;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use letterproof_mock::DEFAULT_QUEUE_LAG;

pub(crate) use evidence::{
    Allowed, AttestOptions, DiffOptions, GateOptions, JudgeOptions, ReadinessOptions, ReportFormat,
    ReportOptions, SummaryFormat, VerifyOptions,
};
pub(crate) use gateway::{ReconcileOptions, SampleOptions};
pub(crate) use load::LoadOptions;
pub(crate) use mock::{GatewayPart, MockOptions, MockProfile};
pub(crate) use run::{RunOptions, Suite};
pub(crate) use selftest::SelftestOptions;
pub(crate) use shell::{CompletionsOptions, ManOptions};
pub(crate) use stamp::StampOptions;
pub(crate) use supplier::SupplierOptions;
pub(crate) use target::{DoctorArguments, DriftOptions, InitOptions, KeysOptions, StorageOptions};
pub(crate) use who::WhoOptions;
pub(crate) use witness::WitnessOptions;

/// Conformance and acceptance tests for the NHS Notify Supplier API.
#[derive(Debug, Parser)]
#[command(name = "letterproof", version, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Drive the acceptance pack against a target and judge what was recorded
    Run(Box<RunOptions>),
    /// Tell what a run with the same options would call, change and use up; nothing is sent
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<RunOptions>),
    /// Serve a stand-in for the API: INT or the public sandbox, as they were seen to behave
    Mock(Box<MockOptions>),
    /// Examine a target before a run: each finding with its remedy
    Doctor(DoctorArguments),
    /// Write a commented profile to start from
    Init(InitOptions),
    /// Make an RSA-4096 key pair and its JWKS for the developer portal
    Keys(KeysOptions),
    /// Compare the built-in contract with an official OpenAPI file
    Drift(DriftOptions),
    /// Send a load up to the limit, and not one request over it
    Load(Box<LoadOptions>),
    /// Watch a supplier's own system through a recording proxy, with a live checklist
    Witness(Box<WitnessOptions>),
    /// Work as a model print house, honest or wrong in one way, to try a witness with
    Supplier(Box<SupplierOptions>),
    /// Run the fault catalogues against the harness's own judges and print the kill matrix
    Selftest(SelftestOptions),
    /// Check a bundle: every byte, the signature, and every verdict derived again
    Verify(VerifyOptions),
    /// Hold a bundle against the gateway's own log: calls that only one of the two knows
    Reconcile(ReconcileOptions),
    /// Choose calls of a bundle to look up by hand in the gateway's log
    Sample(SampleOptions),
    /// Judge a HAR file, a journal or a bundle that was recorded before
    Judge(JudgeOptions),
    /// Render a saved run, or complete the folder of one that broke off
    Report(ReportOptions),
    /// Add a dated statement and files to a run, tied to a criterion
    Attest(AttestOptions),
    /// Have a time-stamping authority state when a bundle was there (RFC 3161)
    Stamp(StampOptions),
    /// Over all runs of both windows: what is done, missing and open
    Readiness(ReadinessOptions),
    /// Hold a bundle against what a pipeline asks for, as one exit code
    Gate(GateOptions),
    /// What changed between two runs
    Diff(DiffOptions),
    /// Print the licences of the program and of everything compiled into it
    #[command(after_help = LICENCES_EXAMPLE)]
    Licences,
    /// Print a completion script for a shell
    Completions(CompletionsOptions),
    /// Print the manual page
    Man(ManOptions),
}

const PLAN_EXAMPLES: &str = "\
Examples:
  letterproof plan                                the whole pack on an embedded double of INT
  letterproof plan --target int --only AT4,AT15   what these would use up on INT
  letterproof plan --target int --format json     one JSON document (letterproof-plan/1)

It takes the options of `run` and reads the target's ledger, without changing it.";

const LICENCES_EXAMPLE: &str = "\
Example:
  letterproof licences | less";

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputFormat {
    /// A table for people
    Table,
    /// One JSON document, and nothing else
    Json,
}

/// Reads `300s`, `1.5s`, `50ms`, `2m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration; write for example 300s, 50ms or 2m");
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

/// The mock's own default, in the form that [`duration`] reads.
fn default_queue_lag() -> &'static str {
    static TEXT: LazyLock<String> =
        LazyLock::new(|| format!("{}s", DEFAULT_QUEUE_LAG.as_secs_f64()));
    &TEXT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_fit_together() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn durations_are_read_with_their_units_and_refused_without() {
        assert_eq!(duration("300s"), Ok(Duration::from_secs(300)));
        assert_eq!(duration("0ms"), Ok(Duration::ZERO));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1_500)));
        for wrong in ["300", "-2s", "soon", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
