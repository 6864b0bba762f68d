//! `letterproof judge`: puts a recording made elsewhere, or by an earlier run, before the judges of
//! this version.
//!
//! A HAR file is redacted and recorded like live traffic; a journal is copied as it is, with what
//! its run was asked for. Refuses to send anything, to judge what is not the recording that it
//! claims to be, and to change what an earlier run was asked for.

use std::path::{Path, PathBuf};

use letterproof_client::Target;
use letterproof_contract::Contract;
use letterproof_evidence::{
    BundleKey, EvidenceError, Import, ImportScope, JournalHeader, JournalWriter, Recorded,
    RunFolder, is_har_zip, is_journal, new_run_id, read_har, read_waivers,
};
use letterproof_model::{Brief, Mode, Results, RunId, Selection, SupplierKind, pack};
use letterproof_wire::is_production_host;
use url::Url;

use crate::args::JudgeOptions;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::refuse_other_specification;
use crate::run::discarded;
use crate::surroundings::environment;
use crate::{finish, run, targets, verify};

/// What a recording was made against, unless something else is said.
const TARGET: &str = "int";
/// Where the folder of an imported recording is made, unless something else is said…
const OUT: &str = "evidence";
/// …and that of a run that has a folder already.
const OUT_AGAIN: &str = "evidence/judged";

/// Judges a recording; returns the exit code.
pub(crate) fn judge(options: &JudgeOptions) -> Result<u8, Failure> {
    let key = finish::signing_key(options.sign_key.as_deref())?;
    let official = verify::official(options.spec.as_deref())?;
    let contract = match &official {
        Some(contract) => contract,
        None => verify::built_in()?,
    };
    let progress = Progress::start();
    let judging = Judging { options, contract, key, progress: &progress };
    let outcome = judging.recording();
    progress.finish();
    let (results, path) = outcome?;
    run::report(options.format, &results, &path)?;
    Ok(results.exit_code)
}

/// One judging, from a recording to a bundle.
struct Judging<'a> {
    options: &'a JudgeOptions,
    contract: &'a Contract,
    key: Option<BundleKey>,
    progress: &'a Progress,
}

impl Judging<'_> {
    fn recording(&self) -> Result<(Results, PathBuf), Failure> {
        match (&self.options.from, &self.options.file) {
            (Some(bundle), _) => self.recorded(bundle, Recorded::bundle(bundle).map_err(usage)?),
            (None, Some(file)) if file.is_dir() || is_other_zip(file) => {
                Err(Failure::Usage(format!(
                    "{} is neither a HAR file nor a journal; give a bundle with --from",
                    file.display()
                )))
            }
            (None, Some(file)) if is_journal(file).map_err(usage)? => {
                self.recorded(file, Recorded::file(file).map_err(usage)?)
            }
            (None, Some(file)) => self.har(file),
            (None, None) => Err(Failure::Usage("there is nothing to judge".to_owned())),
        }
    }

    /// Records the calls of a HAR file, and judges them.
    fn har(&self, file: &Path) -> Result<(Results, PathBuf), Failure> {
        let target = self.target()?;
        let base = base_url(&target);
        self.tell_production(&base);
        let scope = ImportScope { base_url: &base, token_url: target.token_url.as_deref() };
        let import = read_har(file, &scope).map_err(usage)?;
        for note in import.notes() {
            self.progress.note(&format!("not in the recording: {note}"));
        }
        let brief = self.brief(&target)?;
        let run_id = new_run_id(import.started())?;
        let header = JournalHeader::briefed(run_id, import.started(), crate::tool(), brief);
        self.written_up(OUT, &header.run_id, |folder| self.append(import, &header, folder, &target))
    }

    fn append(
        &self,
        import: Import,
        header: &JournalHeader,
        folder: &RunFolder,
        target: &Target,
    ) -> Result<(), Failure> {
        let journal = JournalWriter::create(&folder.journal_path(), header)?;
        import.append_to(&journal)?;
        folder.write_environment(&environment(target, None, self.contract, &journal))?;
        Ok(())
    }

    /// Judges the journal of an earlier run again.
    fn recorded(&self, place: &Path, journal: Recorded) -> Result<(Results, PathBuf), Failure> {
        let header = journal.header();
        self.tell_production(&header.base_url);
        if !journal.is_vouched_for() {
            self.progress
                .note("this journal has no manifest; only its own chain of hashes protects it");
        }
        self.refuse_another_brief(place, header)?;
        if header.brief.is_some() {
            refuse_other_specification(place, header, self.contract)?;
            return self
                .written_up(OUT_AGAIN, &header.run_id, |folder| Ok(journal.copy_to(folder)?));
        }
        self.progress.note(
            "this journal does not say what its run was asked for; it is judged as the options ask",
        );
        let named = self.options.target.as_deref().unwrap_or(TARGET);
        let target = targets::of_recording(named, Some(&header.base_url))?;
        let brief = self.brief(&target)?;
        self.written_up(OUT_AGAIN, &header.run_id, |folder| Ok(journal.copy_with(brief, folder)?))
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

    /// Makes a folder, has its journal written, judges that, and closes the folder.
    fn written_up(
        &self,
        out: &str,
        run_id: &RunId,
        fill: impl FnOnce(&RunFolder) -> Result<(), Failure>,
    ) -> Result<(Results, PathBuf), Failure> {
        let out = self.options.out.as_deref().unwrap_or(Path::new(out));
        let folder = finish::new_folder(out, run_id, self.key.as_ref())?;
        folder.leftovers().iter().for_each(|words| self.progress.note(words));
        self.progress.note("judging what was recorded");
        let written = fill(&folder)
            .and_then(|()| finish::write_up(&folder, self.contract, self.key.as_ref()));
        match written {
            Ok(bundle) => Ok((bundle.results, finish::close(folder, self.key.as_ref())?)),
            Err(failure) => Err(discarded(folder, failure)),
        }
    }

    fn tell_production(&self, base_url: &str) {
        if Url::parse(base_url).is_ok_and(|url| is_production_host(&url)) {
            self.progress.note("this recording is of production; nothing is sent there");
        }
    }
}

fn base_url(target: &Target) -> String {
    target.base_url.as_str().trim_end_matches('/').to_owned()
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
