//! `letterproof judge`: puts a recording made elsewhere, or by an earlier run, before the judges of
//! this version. Nothing is sent, and what an earlier run was asked for stays as it was.

use std::path::{Path, PathBuf};

use letterproof_client::Target;
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, EvidenceError, JournalHeader, Recorded, is_har_zip, is_journal,
};
use letterproof_harness::{Failure, Judging, built_in, official, read_waivers, signing_key};
use letterproof_model::{Brief, Mode, Results, Selection, SupplierKind, pack};
use letterproof_wire::is_production_host;
use url::Url;

use crate::args::JudgeOptions;
use crate::progress::Progress;
use crate::{process, run, targets};

/// What a recording was made against, unless something else is said.
const TARGET: &str = "int";
/// Where the folder of an imported recording is made, unless something else is said…
const OUT: &str = "evidence";
/// …and that of a run that has a folder already.
const OUT_AGAIN: &str = "evidence/judged";

/// Judges a recording; returns the exit code.
pub(crate) fn judge(options: &JudgeOptions) -> Result<u8, Failure> {
    let key = signing_key(options.sign_key.as_deref())?;
    let official = official(options.spec.as_deref())?;
    let contract = match &official {
        Some(contract) => contract,
        None => built_in()?,
    };
    let progress = Progress::start();
    let outcome = Recording { options, contract, progress: &progress }.judged(key);
    progress.finish();
    let (results, path) = outcome?;
    run::report(options.format, &results, &path)?;
    Ok(results.exit_code)
}

/// A recording, and what is asked of it.
struct Recording<'a> {
    options: &'a JudgeOptions,
    contract: &'a Contract,
    progress: &'a Progress,
}

impl Recording<'_> {
    fn judged(&self, key: Option<BundleKey>) -> Result<(Results, PathBuf), Failure> {
        match (&self.options.from, &self.options.file) {
            (Some(bundle), _) => {
                self.recorded(key, bundle, Recorded::bundle(bundle).map_err(usage)?)
            }
            (None, Some(file)) if file.is_dir() || is_other_zip(file) => {
                Err(Failure::Usage(format!(
                    "{} is neither a HAR file nor a journal; give a bundle with --from",
                    file.display()
                )))
            }
            (None, Some(file)) if is_journal(file).map_err(usage)? => {
                self.recorded(key, file, Recorded::file(file).map_err(usage)?)
            }
            (None, Some(file)) => self.har(key, file),
            (None, None) => Err(Failure::Usage("there is nothing to judge".to_owned())),
        }
    }

    fn har(&self, key: Option<BundleKey>, file: &Path) -> Result<(Results, PathBuf), Failure> {
        let target = self.target()?;
        self.tell_production(target.base_url.as_str());
        self.judging(key, OUT).har(file, &target, || self.brief(&target))
    }

    fn recorded(
        &self,
        key: Option<BundleKey>,
        place: &Path,
        journal: Recorded,
    ) -> Result<(Results, PathBuf), Failure> {
        let header = journal.header();
        self.tell_production(&header.base_url);
        if !journal.is_vouched_for() {
            self.progress
                .note("this journal has no manifest; only its own chain of hashes protects it");
        }
        self.refuse_another_brief(place, header)?;
        let base_url = header.base_url.clone();
        let brief = || {
            let named = self.options.target.as_deref().unwrap_or(TARGET);
            self.brief(&targets::of_recording(named, Some(&base_url))?)
        };
        self.judging(key, OUT_AGAIN).recorded(place, journal, brief)
    }

    fn judging<'a>(&'a self, sign_key: Option<BundleKey>, out: &'a str) -> Judging<'a> {
        Judging {
            tool: process::tool(),
            out: self.options.out.as_deref().unwrap_or(Path::new(out)),
            contract: self.contract,
            sign_key,
            onlooker: self.progress,
        }
    }

    /// What a run was asked for was fixed before its first request, and where it went is on record.
    fn refuse_another_brief(&self, place: &Path, header: &JournalHeader) -> Result<(), Failure> {
        let JudgeOptions { target, base_url, only, conformance, waivers, .. } = self.options;
        let fixed = header.brief.is_some();
        let given = [
            ("--base-url", base_url.is_some()),
            ("--target", fixed && target.is_some()),
            ("--only", fixed && !only.is_empty()),
            ("--conformance", fixed && *conformance),
            ("--waivers", fixed && waivers.is_some()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((name, _)) => Err(Failure::Usage(format!(
                "{}: its journal says what was asked of this run, which {name} cannot change; \
                 leave it out",
                place.display()
            ))),
        }
    }

    fn target(&self) -> Result<Target, Failure> {
        let named = self.options.target.as_deref().unwrap_or(TARGET);
        targets::of_recording(named, self.options.base_url.as_deref())
    }

    /// What this recording is asked to show.
    fn brief(&self, target: &Target) -> Result<Brief, Failure> {
        let JudgeOptions { only, conformance, waivers, .. } = self.options;
        let tests = match only.is_empty() {
            true => pack().iter().map(|test| test.id).collect(),
            false => only.clone(),
        };
        let waivers = waivers.as_deref().map(read_waivers).transpose()?;
        let selection = Selection { tests, conformance: *conformance };
        Ok(Brief {
            supplier: SupplierKind::Imported,
            who: self.options.who.or(&target.who),
            waivers: waivers.unwrap_or_default(),
            specification: self.contract.specification().map(str::to_owned),
            ..Brief::new(selection, target.context(Mode::Observed))
        })
    }

    fn tell_production(&self, base_url: &str) {
        if Url::parse(base_url).is_ok_and(|url| is_production_host(&url)) {
            self.progress.note("this recording is of production; nothing is sent there");
        }
    }
}

/// Whether a file is a zip, but none that holds a HAR.
fn is_other_zip(file: &Path) -> bool {
    use std::io::Read as _;
    let mut mark = [0; 4];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut mark));
    read.is_ok() && mark == *b"PK\x03\x04" && !is_har_zip(file).unwrap_or(false)
}

/// What cannot be read was given wrongly.
fn usage(error: EvidenceError) -> Failure {
    Failure::Usage(error.to_string())
}
