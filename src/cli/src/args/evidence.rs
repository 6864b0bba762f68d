//! The options of the commands that read evidence and send nothing: `verify`, `judge`, `report`,
//! `summary`, `attest`, `readiness`, `gate`, `diff`.
//! None of them ever makes a request.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use jiff::civil::Date;
use letterproof_model::{CriterionId, TestId};

use super::{EVIDENCE, OutputFormat, Strictness, TARGET, TESTS, WhoOptions};

const VERIFY_EXAMPLES: &str = "\
Examples:
  letterproof verify evidence/20261120t101500z-abc123.zip
  letterproof verify bundle.zip --key supplier.pub.pem   signed by this key
  letterproof verify bundle.zip --tsa-cert tsa-ca.pem    stamped by this
                                                         authority
  letterproof verify bundle.zip --format json            one JSON document

It sends nothing. Exit codes: 0 sound, 1 not sound, 2 the bundle cannot be read.";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyOptions {
    /// A bundle: the zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// Public key that must have signed the bundle (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// Certificate of the time-stamping authority that must have stamped the bundle, or of its
    /// issuer (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_cert: Option<PathBuf>,

    /// Official OpenAPI file that the run was judged with, if it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const JUDGE_EXAMPLES: &str = "\
Examples:
  letterproof judge traffic.har \\
    --base-url https://int.api.service.nhs.uk/nhs-notify-supplier
  letterproof judge traffic.har --target our-int.toml --only AT4,AT7
  letterproof judge --from evidence/20261120t101500z-abc123.zip

It sends nothing, so it can also judge a recording of production. It names what
a recording lacks; this makes a verdict inconclusive or not run, never a pass.
With --from, the judges of this version judge the run again.

Exit codes are those of `run`.";

#[derive(Debug, Args)]
#[command(after_help = JUDGE_EXAMPLES)]
pub(crate) struct JudgeOptions {
    /// A HAR file (also .har.zip), or a journal (exchanges.jsonl)
    #[arg(value_name = "FILE", required_unless_present = "from")]
    pub(crate) file: Option<PathBuf>,

    /// A bundle (zip or folder) whose journal is judged again, as its run was asked to be
    #[arg(long, value_name = "BUNDLE", conflicts_with = "file")]
    pub(crate) from: Option<PathBuf>,

    /// Which target was recorded: int, sandbox, mock, prod-smoke or a profile file [default: int]
    #[arg(long, value_name = "NAME|FILE.toml", help_heading = TARGET)]
    pub(crate) target: Option<String>,

    /// Base URL of the API in the recording, instead of the target's own
    #[arg(long, value_name = "URL", help_heading = TARGET)]
    pub(crate) base_url: Option<String>,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',', help_heading = TESTS)]
    pub(crate) only: Vec<TestId>,

    /// Also judge the conformance suite
    #[arg(long, help_heading = TESTS)]
    pub(crate) conformance: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    /// TOML file of failures that both sides agreed to waive
    #[arg(long, value_name = "FILE", help_heading = TESTS)]
    pub(crate) waivers: Option<PathBuf>,

    /// Check bodies against this official OpenAPI file instead of the built-in schemas
    #[arg(long, value_name = "FILE", help_heading = TESTS)]
    pub(crate) spec: Option<PathBuf>,

    /// Folder in which the evidence folder is created [default: evidence; evidence/judged for a run
    /// that was judged before]
    #[arg(long, value_name = "DIR", help_heading = EVIDENCE)]
    pub(crate) out: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key; `letterproof keys --signing` makes one
    #[arg(long, value_name = "FILE", help_heading = EVIDENCE)]
    pub(crate) sign_key: Option<PathBuf>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  letterproof report evidence/20261120t101500z-abc123.zip --format markdown
                     print one report of a bundle
  letterproof report evidence/20261120t101500z-abc123.incomplete
                     make a bundle of an interrupted run

What it does depends on RUN:
  a bundle           prints the report that --format names, made from results
                     and journal, and changes nothing. It does not verify the
                     bundle: use `letterproof verify`.
  a finished folder without its zip (after a crash)
                     makes the zip, if --format is not given
  a folder that ends in .incomplete
                     judges what was recorded, writes results and reports, seals
                     the folder, removes .incomplete from its name and makes its
                     zip. It sends nothing. Afterwards the run can be resumed
                     only if something was left to do. A run that was started
                     with --sign-key needs the same key.

To continue a run instead, use `letterproof run --resume FOLDER`. For an e-mail,
use `letterproof summary`.

Exit codes: 0 done, 2 the run cannot be read or completed, 4 letterproof failed.";

#[derive(Debug, Args)]
#[command(after_help = REPORT_EXAMPLES)]
pub(crate) struct ReportOptions {
    /// A bundle (zip or folder), or the folder of an interrupted run (….incomplete)
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Print this report on stdout
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,

    /// Sign the bundle with this Ed25519 key; required if the run was started with it
    #[arg(long, value_name = "FILE", help_heading = "Interrupted runs")]
    pub(crate) sign_key: Option<PathBuf>,

    /// Leave the bundle unsigned, if the key that the run was started with is lost
    #[arg(long, conflicts_with = "sign_key", help_heading = "Interrupted runs")]
    pub(crate) drop_signature: bool,

    /// Official OpenAPI file that the run was to be judged with, if it was
    #[arg(long, value_name = "FILE", help_heading = "Interrupted runs")]
    pub(crate) spec: Option<PathBuf>,
}

/// A report of a saved run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// The page for people to read
    Html,
    /// For CI servers
    Junit,
    /// The summary
    Markdown,
    /// Every call, to compare with gateway logs
    Csv,
    /// For HAR viewers
    Har,
}

const SUMMARY_EXAMPLES: &str = "\
Examples:
  letterproof summary evidence/20261120t101500z-abc123.zip > e-mail.txt
  letterproof summary bundle.zip --format json

The bundle is verified first. For paper, print its index.html: one page of A4.

Exit codes: 0 printed, 2 the bundle cannot be read or does not verify.";

#[derive(Debug, Args)]
#[command(after_help = SUMMARY_EXAMPLES)]
pub(crate) struct SummaryOptions {
    /// A bundle: the zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// Public key that must have signed the bundle (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// Official OpenAPI file that the run was judged with, if it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// How to print the summary on stdout
    #[arg(long, value_enum, default_value_t = MailFormat::Text)]
    pub(crate) format: MailFormat,
}

/// How the summary of a bundle is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MailFormat {
    /// Plain text for an e-mail, 72 columns wide
    Text,
    /// One JSON document, and nothing else
    Json,
}

const ATTEST_EXAMPLES: &str = "\
Examples:
  letterproof attest evidence/20261120t101500z-abc123 --criterion AT12.7 \\
    --statement \"The failure log shows each failure with its code and reason.\" \\
    --name \"A. Sample\" --role \"production manager\" --date 2026-11-20 \\
    --file failures.xlsx --file request.eml --sign-key letterproof-signing.pem
  letterproof attest evidence/20261120t101500z-abc123 --withdraw 1 \\
    --reason \"The log was from another day.\" \\
    --name \"A. Sample\" --role \"production manager\" \\
    --sign-key letterproof-signing.pem

Give the key that the run was signed with; an unsigned run needs none.

You can make a statement for each clause that traffic cannot decide, or that the
run left undecided. It never becomes a verdict. Files are recognised by their
content (office documents, e-mails, tables, texts, PDF, pictures; up to 25 MiB
each) and never opened or run. The bundle holds all that is in the files and all
that you type here. If a statement was wrong, withdraw it by its number: it is
kept, and every page strikes it through. If the pack asks for a log, print
proofs or a list, a statement without a file is not enough.";

#[derive(Debug, Args)]
#[command(after_help = ATTEST_EXAMPLES)]
pub(crate) struct AttestOptions {
    /// The folder of a finished run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// The clause that the statement is about
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "withdraw",
        help_heading = "Statement"
    )]
    pub(crate) criterion: Option<CriterionId>,

    /// The statement
    #[arg(
        long,
        value_name = "TEXT",
        required_unless_present = "withdraw",
        help_heading = "Statement"
    )]
    pub(crate) statement: Option<String>,

    /// Name of the person who makes or withdraws the statement
    #[arg(long, value_name = "TEXT", help_heading = "Statement")]
    pub(crate) name: String,

    /// Role of that person
    #[arg(long, value_name = "TEXT", help_heading = "Statement")]
    pub(crate) role: String,

    /// Day to which the statement applies; the day on which it is made is recorded anyway
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, required_unless_present = "withdraw",
        help_heading = "Statement")]
    pub(crate) date: Option<Date>,

    /// A file that supports the statement; may be repeated
    #[arg(long = "file", value_name = "FILE", help_heading = "Statement")]
    pub(crate) files: Vec<PathBuf>,

    /// Withdraw the statement with this number, as `attest` printed it
    #[arg(long, value_name = "NUMBER", requires = "reason",
          conflicts_with_all = ["criterion", "statement", "date", "files"],
          help_heading = "Withdrawal")]
    pub(crate) withdraw: Option<usize>,

    /// Why it is withdrawn
    #[arg(long, value_name = "TEXT", requires = "withdraw", help_heading = "Withdrawal")]
    pub(crate) reason: Option<String>,

    /// Sign the changed bundle with this key
    #[arg(long, value_name = "FILE", help_heading = EVIDENCE)]
    pub(crate) sign_key: Option<PathBuf>,

    /// Leave the bundle unsigned, if you do not have the key
    #[arg(long, conflicts_with = "sign_key", help_heading = EVIDENCE)]
    pub(crate) drop_signature: bool,

    /// Drop the manifest's time stamp, which no longer fits the changed bundle
    #[arg(long, help_heading = EVIDENCE)]
    pub(crate) drop_stamp: bool,
}

const READINESS_EXAMPLES: &str = "\
Examples:
  letterproof readiness evidence/*.zip
  letterproof readiness window1.zip window2.zip --format markdown

Exit codes: 0 nothing is left to do, 1 something is, 2 a bundle cannot be read,
or two bundles are of different suppliers.";

#[derive(Debug, Args)]
#[command(after_help = READINESS_EXAMPLES)]
pub(crate) struct ReadinessOptions {
    /// The bundles of all runs of one supplier, from both windows
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// A gateway log (CSV, as for `reconcile`). If it holds exactly the calls of a run, matched by
    /// their ids, that run is shown as INT (reconciled). May be repeated, once for each run
    #[arg(long, value_name = "GATEWAY.csv")]
    pub(crate) gateway: Vec<PathBuf>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = SummaryFormat::Table)]
    pub(crate) format: SummaryFormat,
}

/// How a summary is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryFormat {
    /// A table for people
    Table,
    /// The same in Markdown
    Markdown,
    /// One JSON document, and nothing else
    Json,
}

const GATE_EXAMPLES: &str = "\
Examples:
  letterproof gate bundle.zip           witnessed on INT, every mandatory test
                                        passed, signed, made and verified by
                                        this build of letterproof
  letterproof gate bundle.zip --key supplier.pub.pem --nonce NHS-7Q2 \\
    --window 2 --max-age 14d --nothing-owed --no-violations
                                        what a reviewer asks for
  letterproof gate bundle.zip --gateway log.csv
                                        also: the gateway's log holds the same
                                        calls
  letterproof gate bundle.zip --require AT1,AT4 \\
    --allow driven,mock,unsigned,other-build
                                        only: it verifies, and the tests passed

Each option adds a requirement; --allow removes one. The bundle is verified
first. In GitHub Actions, the step summary is written too.

Exit codes: 0 every requirement is met, 1 one is not, 2 the bundle cannot be
checked.";

#[derive(Debug, Args)]
#[command(after_help = GATE_EXAMPLES)]
pub(crate) struct GateOptions {
    /// A bundle: the zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// Tests that must have passed [default: every mandatory test, and each optional test that the
    /// profile lists in `supports` or the run named]
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',', help_heading = "Requirements")]
    pub(crate) require: Vec<TestId>,

    /// How long ago the run may have ended
    #[arg(long, value_name = "TIME", value_parser = age, help_heading = "Requirements")]
    pub(crate) max_age: Option<SignedDuration>,

    /// Name of the target that the run must have used; for int, sandbox and mock the recorded hosts
    /// must agree
    #[arg(long, value_name = "NAME", help_heading = "Requirements")]
    pub(crate) target: Option<String>,

    /// Leave out a default requirement; may be repeated
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        value_delimiter = ',',
        help_heading = "Requirements"
    )]
    pub(crate) allow: Vec<Allowed>,

    /// The supplier's own system must have made the calls, through the witness (default)
    #[arg(long, help_heading = "Requirements")]
    pub(crate) witnessed: bool,

    /// Only this host may have answered the calls
    #[arg(long, value_name = "HOST", help_heading = "Requirements")]
    pub(crate) host: Option<String>,

    /// The gateway's log (CSV, as for `reconcile`) must hold the same calls, each matched by its
    /// ids
    #[arg(long, value_name = "GATEWAY.csv", help_heading = "Requirements")]
    pub(crate) gateway: Option<PathBuf>,

    /// The run must carry this nonce of the reviewer
    #[arg(long, value_name = "TEXT", help_heading = "Requirements")]
    pub(crate) nonce: Option<String>,

    /// The run must belong to this test window
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2), help_heading = "Requirements")]
    pub(crate) window: Option<u8>,

    /// No written statement, and no file for one, may be missing for the required tests, or for
    /// optional tests that the profile lists, the run named, or the record shows
    #[arg(long, help_heading = "Requirements")]
    pub(crate) nothing_owed: bool,

    /// No violation by the supplier may have been seen, unless it is waived
    #[arg(long, help_heading = "Requirements")]
    pub(crate) no_violations: bool,

    /// The run must have been judged by this revision of the pack
    #[arg(long, value_name = "DATE", help_heading = "Requirements")]
    pub(crate) pack_version: Option<String>,

    /// Public key that must have signed the bundle (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) key: Option<PathBuf>,

    /// Certificate of the time-stamping authority that must have stamped the bundle, or of its
    /// issuer (PEM)
    #[arg(long, value_name = "FILE", help_heading = "Requirements")]
    pub(crate) tsa_cert: Option<PathBuf>,

    /// Official OpenAPI file that the run was judged with, if it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Require no violation by the supplier, or that all advice was followed as well
    #[arg(long, value_name = "WHAT", value_enum, help_heading = "Requirements")]
    pub(crate) strict: Option<Strictness>,

    /// Append a Markdown summary to this file
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY")]
    pub(crate) summary: Option<PathBuf>,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

/// What `gate` requires by default, and can leave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Allowed {
    /// Results that were not witnessed: letterproof's own calls, or a recording
    Driven,
    /// Calls that did not go to INT, but to a mock, the sandbox or another host
    Mock,
    /// A bundle that is not signed
    Unsigned,
    /// A bundle that another build of letterproof made
    OtherBuild,
}

const DIFF_EXAMPLES: &str = "\
Example:
  letterproof diff window1.zip window2.zip

Exit codes: 0 same verdicts and findings, 1 they differ, 2 a bundle cannot be
read.";

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct DiffOptions {
    /// The earlier run: a zip or a folder
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,

    /// The later run: a zip or a folder
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,

    /// How to print the result on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

/// Reads `2026-11-20`.
fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is not a date; write for example 2026-11-20"))
}

/// Reads `14d`, `36h`, `1w`.
fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is not a time; write for example 14d or 36h");
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    // A day of a window is a day of 24 hours.
    let time = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    if time.is_negative() { Err(wrong()) } else { Ok(time) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_read_in_days_weeks_and_hours() {
        assert_eq!(age("14d"), Ok(SignedDuration::from_hours(14 * 24)));
        assert_eq!(age("2w"), Ok(SignedDuration::from_hours(14 * 24)));
        assert_eq!(age("36h"), Ok(SignedDuration::from_hours(36)));
        for wrong in ["14", "-1d", "soon", "", "1mo"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
    }
}
