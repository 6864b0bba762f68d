//! What the command line looks like: one place for names, defaults and help texts.
//! What only a target can tell is checked where the value is used.

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

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use letterproof_mock::DEFAULT_QUEUE_LAG;
use url::Url;

pub(crate) use evidence::{
    Allowed, AttestOptions, DiffOptions, GateOptions, JudgeOptions, MailFormat, ReadinessOptions,
    ReportFormat, ReportOptions, SummaryFormat, SummaryOptions, VerifyOptions,
};
pub(crate) use gateway::{ReconcileOptions, SampleOptions};
pub(crate) use load::LoadOptions;
pub(crate) use mock::{GatewayPart, MockOptions, MockPack, MockProfile, SandboxLayer};
pub(crate) use run::{RunOptions, Strictness, Suite};
pub(crate) use selftest::SelftestOptions;
pub(crate) use shell::{CompletionsOptions, ManOptions};
pub(crate) use stamp::StampOptions;
pub(crate) use supplier::SupplierOptions;
pub(crate) use target::{DoctorArguments, DriftOptions, InitOptions, KeysOptions, StorageOptions};
pub(crate) use who::WhoOptions;
pub(crate) use witness::WitnessOptions;

/// The widest line of any help text: that of a plain terminal.
const WIDTH: usize = 80;

// The headings that options of several commands stand under.
const TARGET: &str = "Target";
const TESTS: &str = "Tests";
const EVIDENCE: &str = "Evidence";
const SUPPLIER: &str = "Supplier";
const EMBEDDED_MOCK: &str = "Embedded mock";
const PRODUCTION: &str = "Production";

/// Conformance and acceptance tests for the NHS Notify Supplier API.
#[derive(Debug, Parser)]
#[command(name = "letterproof", version, max_term_width = WIDTH, arg_required_else_help = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the acceptance tests against a target and judge the calls
    Run(Box<RunOptions>),
    /// Show what a run would call, change and use up; sends nothing
    #[command(after_help = PLAN_EXAMPLES)]
    Plan(Box<RunOptions>),
    /// Serve a mock of the API, like INT or the public sandbox
    Mock(Box<MockOptions>),
    /// Check a target before a run, and say how to fix problems
    Doctor(DoctorArguments),
    /// Write a commented profile to start from
    Init(InitOptions),
    /// Make an RSA-4096 key pair and its JWKS for the developer portal
    Keys(KeysOptions),
    /// Compare the built-in contract with an official OpenAPI file
    Drift(DriftOptions),
    /// Send a load up to the rate limit, and never above it
    Load(Box<LoadOptions>),
    /// Watch a supplier's own system through a recording proxy
    Witness(Box<WitnessOptions>),
    /// Act as a sample supplier, to try a witness with
    Supplier(Box<SupplierOptions>),
    /// Test letterproof's own judges with known faults: the kill matrix
    Selftest(SelftestOptions),
    /// Check a bundle: every byte, the signature and every verdict
    Verify(VerifyOptions),
    /// Compare the calls in a bundle with the gateway's own log
    Reconcile(ReconcileOptions),
    /// Choose calls of a bundle to look up by hand in the gateway's log
    Sample(SampleOptions),
    /// Judge a HAR file, a journal or a bundle recorded earlier
    Judge(JudgeOptions),
    /// Print a report of a run, or make a bundle of an interrupted one
    Report(ReportOptions),
    /// Print what a bundle shows and leaves open, for an e-mail
    Summary(SummaryOptions),
    /// Add a written statement with files to a run, or withdraw one
    Attest(AttestOptions),
    /// Get a time stamp for a bundle from an authority (RFC 3161)
    Stamp(StampOptions),
    /// Show what is done and missing, over all runs of both windows
    Readiness(ReadinessOptions),
    /// Check a bundle against CI requirements
    Gate(GateOptions),
    /// Show what changed between two runs
    Diff(DiffOptions),
    /// Print the licences of letterproof and of what is compiled in
    #[command(after_help = LICENCES_EXAMPLE)]
    Licences,
    /// Print a completion script for a shell
    Completions(CompletionsOptions),
    /// Print the manual page
    Man(ManOptions),
}

const PLAN_EXAMPLES: &str = "\
Examples:
  letterproof plan                                the whole pack against a mock
  letterproof plan --target int --only AT4,AT15   what these use up on INT
  letterproof plan --target int --format json     one JSON document

It takes the options of `run`. It reads the target's ledger and changes nothing.";

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
    let wrong = || format!("`{text}` is not a duration; write for example 300s, 50ms or 2m");
    let signed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
    Duration::try_from(signed).map_err(|_| wrong())
}

/// Reads the address of a door of this machine.
fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| {
        format!(
            "`{text}` is not an address and port; write for example 127.0.0.1:9000 or [::1]:9000"
        )
    })
}

/// Reads an address to call.
fn url(text: &str) -> Result<Url, String> {
    let example = "write for example https://host/nhs-notify-supplier";
    let url: Url = text.parse().map_err(|error| format!("{error}; {example}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(format!("it begins neither with http:// nor with https://; {example}")),
    }
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

    /// The name and the help text of each command, as a terminal of 80 columns shows it.
    fn helps() -> Vec<(String, String)> {
        use clap::CommandFactory as _;
        let mut all = Arguments::command().term_width(WIDTH);
        all.build();
        let top = ("letterproof".to_owned(), all.render_long_help().to_string());
        let each = all
            .get_subcommands_mut()
            .map(|command| (command.get_name().to_owned(), command.render_long_help().to_string()));
        std::iter::once(top).chain(each).collect()
    }

    #[test]
    fn every_help_text_fits_eighty_columns_and_breaks_no_command_in_two() {
        let helps = helps();
        let lines =
            helps.iter().flat_map(|(name, help)| help.lines().map(move |line| (name, line)));
        // A command between backticks is whole on its line.
        let wrong: Vec<_> = lines
            .filter(|(_, line)| line.chars().count() > WIDTH || line.matches('`').count() % 2 == 1)
            .collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn what_stands_below_the_options_is_shown_line_by_line_as_it_was_written() {
        use clap::CommandFactory as _;
        let helps = helps();
        let shown = |name: &str, line: &str| {
            helps.iter().any(|(of, help)| of == name && help.lines().any(|other| other == line))
        };
        let mut wrong = Vec::new();
        for command in Arguments::command().get_subcommands() {
            let Some(written) = command.get_after_help().map(ToString::to_string) else { continue };
            let broken = written.lines().filter(|line| !shown(command.get_name(), line));
            wrong.extend(broken.map(|line| format!("{}: {line}", command.get_name())));
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn every_example_of_a_help_text_is_a_command_line_that_is_understood() {
        let mut tried = 0;
        for (name, help) in helps() {
            for example in examples(&help) {
                let parsed = Arguments::try_parse_from(words(&example));
                assert!(parsed.is_ok(), "{name}: {example}: {}", parsed.unwrap_err());
                tried += 1;
            }
        }
        assert!(tried > 60, "{tried}");
    }

    /// The command lines of a help text, each as one line without what explains it.
    fn examples(help: &str) -> Vec<String> {
        let mut lines = help.lines();
        let mut found = Vec::new();
        while let Some(line) = lines.next() {
            if !line.starts_with("  letterproof ") {
                continue;
            }
            let mut example = line.trim().to_owned();
            while let Some(begun) = example.strip_suffix('\\') {
                example = format!("{begun}{}", lines.next().unwrap().trim());
            }
            let end = example.find("  ").unwrap_or(example.len());
            // What follows a shell operator is not part of our arguments.
            let end = example.find(['>', '|']).unwrap_or(end).min(end);
            found.push(example[..end].to_owned());
        }
        found
    }

    /// The words of a command line, as a shell cuts it; files by pattern are one file.
    fn words(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                _ => words.last_mut().unwrap().push(letter),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    #[test]
    fn an_address_that_is_none_is_refused_with_an_example() {
        assert!(address("127.0.0.1:9000").is_ok() && address("[::1]:0").is_ok());
        for wrong in ["9000", "localhost:9000", "127.0.0.1", ""] {
            assert!(address(wrong).unwrap_err().contains("127.0.0.1:9000"), "{wrong}");
        }
        assert!(url("http://127.0.0.1:9000/x").is_ok());
        for wrong in ["127.0.0.1:9000", "localhost:9000/x", "ftp://h/x", ""] {
            assert!(url(wrong).unwrap_err().contains("https://host/"), "{wrong}");
        }
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
