//! The options of the commands that read evidence and send nothing: `verify`, `judge`, `report`,
//! `summary`, `attest`, `readiness`, `gate`, `diff`.
//! Refuses a target: none of them ever makes a request.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use jiff::civil::Date;
use letterproof_model::{CriterionId, TestId};

use super::{OutputFormat, Strictness, WhoOptions};

const VERIFY_EXAMPLES: &str = "\
Examples:
  letterproof verify evidence/20261120t101500z-abc123.zip
  letterproof verify bundle.zip --key supplier.pub.pem   it must be signed by this key
  letterproof verify bundle.zip --tsa-cert tsa-ca.pem    its time stamps must be by this authority
  letterproof verify bundle.zip --format json            one JSON document on stdout

It sends nothing. Exit codes: 0 sound, 1 not, 2 there is nothing to verify.";

#[derive(Debug, Args)]
#[command(after_help = VERIFY_EXAMPLES)]
pub(crate) struct VerifyOptions {
    /// The zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The public key that must have signed it (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// The certificate of the time-stamping authority that must have stamped it, or of who issued
    /// that (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_cert: Option<PathBuf>,

    /// The official OpenAPI file that the run was judged with, where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const JUDGE_EXAMPLES: &str = "\
Examples:
  letterproof judge traffic.har --base-url https://int.api.service.nhs.uk/nhs-notify-supplier
  letterproof judge traffic.har --target our-int.toml --only AT4,AT7
  letterproof judge --from evidence/20261120t101500z-abc123.zip   by the judges of this version

It sends nothing, so that a recording may be of production too. What a recording does not hold is
named and makes a verdict inconclusive or not run, never a pass. Exit codes as `run`.";

#[derive(Debug, Args)]
#[command(after_help = JUDGE_EXAMPLES)]
pub(crate) struct JudgeOptions {
    /// A HAR file (also .har.zip), or a journal (exchanges.jsonl)
    #[arg(value_name = "FILE", required_unless_present = "from")]
    pub(crate) file: Option<PathBuf>,

    /// A bundle, zip or folder: its journal is judged as the run was asked to be
    #[arg(long, value_name = "BUNDLE", conflicts_with = "file")]
    pub(crate) from: Option<PathBuf>,

    /// What the recording was made against: int, sandbox, mock, prod-smoke or a profile file
    /// [default: int]
    #[arg(long, value_name = "NAME|FILE.toml")]
    pub(crate) target: Option<String>,

    /// Base URL of the API in the recording, instead of the target's own
    #[arg(long, value_name = "URL")]
    pub(crate) base_url: Option<String>,

    /// Only these acceptance tests, separated by commas
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',')]
    pub(crate) only: Vec<TestId>,

    /// Judge the conformance suite too
    #[arg(long)]
    pub(crate) conformance: bool,

    #[command(flatten)]
    pub(crate) who: WhoOptions,

    /// Failures that were agreed to be waived, as a TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) waivers: Option<PathBuf>,

    /// Check bodies against this official OpenAPI file instead of the built-in schemas
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Folder under which the evidence folder is made [default: evidence, or evidence/judged for
    /// a run that was judged before]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// Sign the bundle with this Ed25519 key
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

const REPORT_EXAMPLES: &str = "\
Examples:
  letterproof report evidence/20261120t101500z-abc123.zip --format markdown
                     print one report of a bundle
  letterproof report evidence/20261120t101500z-abc123.incomplete
                     make a bundle of a run that broke off

What it does depends on what it is given:
  a whole bundle     prints the report that --format names, made from results and journal, and
                     changes nothing. The bundle is not verified: `letterproof verify` does that.
  a whole folder without its zip (a crash came between)
                     without --format, makes the zip
  a folder that ends in .incomplete
                     judges what was recorded, writes results and reports, seals it, takes
                     .incomplete off its name and makes its zip. It sends nothing, and the run cannot
                     be gone on with unless `run --resume` finds something left to do. What was begun
                     with --sign-key needs the same key.

To go on with a run instead: `letterproof run --resume FOLDER`. For an e-mail: `letterproof summary`.
Exit codes: 0 done, 2 it cannot be read or completed so, 4 the harness failed.";

#[derive(Debug, Args)]
#[command(after_help = REPORT_EXAMPLES)]
pub(crate) struct ReportOptions {
    /// A bundle (zip or folder), or the folder of a run that broke off (….incomplete)
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// Print this report on stdout
    #[arg(long, value_enum)]
    pub(crate) format: Option<ReportFormat>,

    /// Of a run that broke off: sign its bundle with this Ed25519 key; needed where the run was begun
    /// with it
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// Of a run that broke off and was begun with a key that is lost: leave its bundle unsigned
    #[arg(long, conflicts_with = "sign_key")]
    pub(crate) drop_signature: bool,

    /// Of a run that broke off: the official OpenAPI file that it was to be judged with, where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,
}

/// A report of a saved run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// The page for people
    Html,
    /// For CI servers
    Junit,
    /// The summary
    Markdown,
    /// Every call, to hold against gateway logs
    Csv,
    /// For HAR viewers
    Har,
}

const SUMMARY_EXAMPLES: &str = "\
Examples:
  letterproof summary evidence/20261120t101500z-abc123.zip > e-mail.txt
  letterproof summary bundle.zip --format json

The bundle is verified first. For paper, print its index.html: that is one page of A4.
Exit codes: 0 told, 2 it cannot be read, or does not verify.";

#[derive(Debug, Args)]
#[command(after_help = SUMMARY_EXAMPLES)]
pub(crate) struct SummaryOptions {
    /// The zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The public key that must have signed it (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// The official OpenAPI file that the run was judged with, where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// How the summary is printed on stdout
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
    --reason \"The log was of another day.\" --name \"A. Sample\" --role \"production manager\" \\
    --sign-key letterproof-signing.pem

--sign-key is the run's own key; a run that is not signed needs none.
A statement is taken for each clause that traffic does not decide: those that only a person can state,
and those that the run left undecided. It becomes no verdict. Files are recognised by their content
(office documents, e-mails, tables, texts, PDF, pictures; up to 25 MiB each), and none is opened or
run; whatever stands in them and in the names given here stands in the bundle. A statement that was
wrong is withdrawn by its number: it is kept, and every page strikes it through. Where the pack asks for
a log, print proofs or a list, a statement without a file leaves the evidence owed.";

#[derive(Debug, Args)]
#[command(after_help = ATTEST_EXAMPLES)]
pub(crate) struct AttestOptions {
    /// The folder of a finished run
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,

    /// The clause that is attested
    #[arg(long, value_name = "ID", required_unless_present = "withdraw")]
    pub(crate) criterion: Option<CriterionId>,

    /// What is stated
    #[arg(long, value_name = "TEXT", required_unless_present = "withdraw")]
    pub(crate) statement: Option<String>,

    /// The name of the person who states it, or withdraws it
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: String,

    /// The role of that person
    #[arg(long, value_name = "TEXT")]
    pub(crate) role: String,

    /// The day on which what is stated was so; the day of the statement is noted anyway
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day, required_unless_present = "withdraw")]
    pub(crate) date: Option<Date>,

    /// A file that shows it; may be repeated
    #[arg(long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    /// Withdraw the statement of this number instead, as `attest` printed it
    #[arg(long, value_name = "NUMBER", requires = "reason",
          conflicts_with_all = ["criterion", "statement", "date", "files"])]
    pub(crate) withdraw: Option<usize>,

    /// Why it is withdrawn
    #[arg(long, value_name = "TEXT", requires = "withdraw")]
    pub(crate) reason: Option<String>,

    /// The key to sign the bundle with again
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_key: Option<PathBuf>,

    /// Give the bundle's signature up, where the key is not at hand
    #[arg(long, conflicts_with = "sign_key")]
    pub(crate) drop_signature: bool,

    /// Give the manifest's time stamp up, which is about the bundle as it is now
    #[arg(long)]
    pub(crate) drop_stamp: bool,
}

const READINESS_EXAMPLES: &str = "\
Examples:
  letterproof readiness evidence/*.zip
  letterproof readiness window1.zip window2.zip --format markdown

Exit codes: 0 nothing remains, 1 something does, 2 a bundle cannot be read, or two are of different
suppliers.";

#[derive(Debug, Args)]
#[command(after_help = READINESS_EXAMPLES)]
pub(crate) struct ReadinessOptions {
    /// The bundles of all runs of one supplier, of both windows
    #[arg(value_name = "BUNDLE", required = true)]
    pub(crate) bundles: Vec<PathBuf>,

    /// A log of the gateway (CSV, as for `reconcile`): a run whose calls it holds, and no others, each
    /// by its ids, is shown as INT (reconciled); may be repeated, one for each run
    #[arg(long, value_name = "GATEWAY.csv")]
    pub(crate) gateway: Vec<PathBuf>,

    /// How the result is printed on stdout
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
  letterproof gate bundle.zip                  witnessed at INT, every mandatory test passed, signed,
                                               made and verified by this build
  letterproof gate bundle.zip --key supplier.pub.pem --nonce NHS-7Q2 --window 2 --max-age 14d \\
    --nothing-owed --no-violations             what a reviewer asks for
  letterproof gate bundle.zip --gateway log.csv
                                               and the gateway's log holds the same calls
  letterproof gate bundle.zip --require AT1,AT4 --allow driven,mock,unsigned,other-build
                                               as earlier versions did: only that it verifies, and
                                               that the tests passed

Each option adds a demand; --allow takes one away. The bundle is verified first. In GitHub Actions
the step summary is written too.
Exit codes: 0 every demand is met, 1 one is not, 2 there is nothing to hold against them.";

#[derive(Debug, Args)]
#[command(after_help = GATE_EXAMPLES)]
pub(crate) struct GateOptions {
    /// The zip, or the folder of a run
    #[arg(value_name = "BUNDLE")]
    pub(crate) bundle: PathBuf,

    /// The tests that must have passed [default: every mandatory one, and optional ones that the
    /// run's profile states in `supports` or that it was asked for by name]
    #[arg(long, value_name = "AT4,AT7", value_delimiter = ',')]
    pub(crate) require: Vec<TestId>,

    /// How long ago the run may have ended
    #[arg(long, value_name = "TIME", value_parser = age)]
    pub(crate) max_age: Option<SignedDuration>,

    /// The target it must have been run against, by name; the record must show that place too where
    /// the name is int, sandbox or mock
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,

    /// What is not demanded, though it is by default; may be repeated
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub(crate) allow: Vec<Allowed>,

    /// The supplier's own system must have made the calls, through the witness (the default)
    #[arg(long)]
    pub(crate) witnessed: bool,

    /// This host alone must have answered the calls
    #[arg(long, value_name = "HOST")]
    pub(crate) host: Option<String>,

    /// The gateway's own log (CSV, as for `reconcile`), which must hold the same calls, each by its ids
    #[arg(long, value_name = "GATEWAY.csv")]
    pub(crate) gateway: Option<PathBuf>,

    /// The reviewer's nonce that the run must bear
    #[arg(long, value_name = "TEXT")]
    pub(crate) nonce: Option<String>,

    /// The test window that the run must belong to
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) window: Option<u8>,

    /// Every statement must have been given, with the file where one is asked for, that the demanded
    /// tests ask for, or optional ones that were declared, asked for by name, or shown
    #[arg(long)]
    pub(crate) nothing_owed: bool,

    /// Nothing may have been seen that a supplier may not do, unless it is waived
    #[arg(long)]
    pub(crate) no_violations: bool,

    /// The revision of the pack that the run must be judged by
    #[arg(long, value_name = "DATE")]
    pub(crate) pack_version: Option<String>,

    /// The public key that must have signed it (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,

    /// The certificate of the time-stamping authority that must have stamped it, or of who issued
    /// that (PEM)
    #[arg(long, value_name = "FILE")]
    pub(crate) tsa_cert: Option<PathBuf>,

    /// The official OpenAPI file that the run was judged with, where it was
    #[arg(long, value_name = "FILE")]
    pub(crate) spec: Option<PathBuf>,

    /// Demand that there are no violations by the supplier, or that all advice was followed too
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) strict: Option<Strictness>,

    /// Append a summary in Markdown to this file
    #[arg(long, value_name = "FILE", env = "GITHUB_STEP_SUMMARY")]
    pub(crate) summary: Option<PathBuf>,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

/// What `gate` demands by default, and may be told not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Allowed {
    /// Results that nobody witnessed: letterproof's own calls, or an imported recording
    Driven,
    /// Calls that went elsewhere than to INT: to a mock, the sandbox or any other host
    Mock,
    /// A bundle that nobody signed
    Unsigned,
    /// A bundle that another build of letterproof made
    OtherBuild,
}

const DIFF_EXAMPLES: &str = "\
Example:
  letterproof diff window1.zip window2.zip

Exit codes: 0 the same verdicts and findings, 1 not, 2 a bundle cannot be read.";

#[derive(Debug, Args)]
#[command(after_help = DIFF_EXAMPLES)]
pub(crate) struct DiffOptions {
    /// The earlier run: a zip or a folder
    #[arg(value_name = "BEFORE")]
    pub(crate) before: PathBuf,

    /// The later run: a zip or a folder
    #[arg(value_name = "AFTER")]
    pub(crate) after: PathBuf,

    /// How the result is printed on stdout
    #[arg(long, value_enum, default_value_t = OutputFormat::Table)]
    pub(crate) format: OutputFormat,
}

/// Reads `2026-11-20`.
fn day(text: &str) -> Result<Date, String> {
    text.parse().map_err(|_| format!("`{text}` is no day; write for example 2026-11-20"))
}

/// Reads `14d`, `36h`, `1w`.
fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || format!("`{text}` is no time; write for example 14d or 36h");
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
