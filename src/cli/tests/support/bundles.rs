//! Evidence of runs that are made once for all tests of a file, and what a forger does with it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use letterproof_evidence::{
    BundleKey, INCOMPLETE, JOURNAL_FILE, Opened, RunFolder, Sealing, archive, chain_tail, zip_path,
};
use letterproof_testing::journal::{Chain, heads, rest};
use serde_json::Value;

use super::{Ended, command, folders, run};

/// The tests of the shared run.
pub(crate) const TESTS: &str = "AT1,AT2,AT3,AT4,AT7";
/// What the reviewer gave the shared run.
pub(crate) const NONCE: &str = "NHS-2026-0815";
/// A double that makes nobody wait.
pub(crate) const QUICK: [&str; 6] =
    ["--suite", "acceptance", "--visibility-timeout", "1s", "--apply-delay", "50ms"];

/// A finished run, and the key that signed it.
pub(crate) struct Evidence {
    pub(crate) folder: PathBuf,
    pub(crate) zip: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) public: PathBuf,
}

/// A passing run of window 1, signed and with a nonce; made once, and never to be changed.
pub(crate) fn sound() -> &'static Evidence {
    static SOUND: OnceLock<Evidence> = OnceLock::new();
    SOUND.get_or_init(|| {
        let place = place("sound");
        let (key, public) = keys(&place);
        let (folder, ended) = made(
            &place,
            &["--only", TESTS, "--nonce", NONCE, "--window", "1", "--sign-key", text(&key)],
        );
        assert_eq!(ended.code, 0, "{}\n{}", ended.stdout, ended.stderr);
        Evidence { zip: zip_path(&folder), folder, key, public }
    })
}

/// A run in which one update of a thousand was lost; unsigned.
pub(crate) fn failing() -> &'static Path {
    static FAILING: OnceLock<PathBuf> = OnceLock::new();
    FAILING.get_or_init(|| {
        let (folder, ended) =
            made(&place("failing"), &["--only", "AT4", "--fault", "lose-update=1"]);
        assert_eq!(ended.code, 1, "{}\n{}", ended.stdout, ended.stderr);
        folder
    })
}

/// Runs with these arguments beside the quick ones; returns the run's folder.
pub(crate) fn made(out: &Path, arguments: &[&str]) -> (PathBuf, Ended) {
    let before = folders(out);
    let ended = run(out, &[&QUICK[..], arguments].concat());
    let made = folders(out)
        .into_iter()
        .find(|name| !before.contains(name) && out.join(name).join("journal").is_dir());
    (out.join(made.unwrap_or_else(|| panic!("no folder: {}", ended.stderr))), ended)
}

/// A folder of this test file's own that is empty, and is left to be looked at.
fn place(name: &str) -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let program = program.file_stem().unwrap().to_string_lossy().into_owned();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join("evidence").join(program).join(name);
    let _ = fs::remove_dir_all(&place);
    fs::create_dir_all(&place).unwrap();
    place
}

/// `letterproof keys --signing`: the private and the public file.
pub(crate) fn keys(out: &Path) -> (PathBuf, PathBuf) {
    let folder = out.join(".keys");
    let ended = command(&["keys", "--signing", "--out", text(&folder)]).ended();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    (folder.join("letterproof-signing.pem"), folder.join("letterproof-signing.pub.pem"))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A copy of a run's folder and zip, under the same names.
pub(crate) fn copied(folder: &Path, to: &Path) -> PathBuf {
    let copy = to.join(folder.file_name().unwrap());
    copy_all(folder, &copy);
    fs::copy(zip_path(folder), zip_path(&copy)).unwrap();
    copy
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Changes a copied run and makes every hash, the signature and the zip again, as a forger would
/// who has the key.
pub(crate) fn forge(folder: &Path, key: Option<&Path>, change: impl FnOnce(&RunFolder)) {
    let mut name = folder.as_os_str().to_owned();
    name.push(INCOMPLETE);
    fs::rename(folder, &name).unwrap();
    let draft = RunFolder::reopen(Path::new(&name), Sealing::SignatureDropped).unwrap();
    change(&draft);
    let key = key.map(|key| BundleKey::read(key).unwrap());
    draft.seal(key.as_ref()).unwrap();
    draft.finish().unwrap();
    fs::remove_file(zip_path(folder)).unwrap();
    archive(folder).unwrap();
}

/// Writes a journal again with its lines changed, every hash of its chain to fit, and the ids of its
/// calls to carry the new chain: what a forger can do who does not fear the gateway's log.
pub(crate) fn rechain(draft: &RunFolder, change: impl Fn(&mut Value)) {
    let journal = fs::read_to_string(draft.journal_path()).unwrap();
    let nonce = letterproof_evidence::read_journal(&draft.journal_path()).unwrap();
    let nonce = nonce.header.nonce().to_owned();
    let tail = |head: &str| format!("-{}\"", chain_tail(&nonce, head));
    let (mut made, mut chain, mut tails) = (String::new(), None::<Chain>, Vec::new());
    for (old, head) in journal.lines().zip(heads(&journal)) {
        let mut line: Value = serde_json::from_str(old).unwrap();
        change(&mut line);
        line.as_object_mut().unwrap().remove("prev");
        let mut line = line.to_string();
        // The newest first: a call carries a head of shortly before.
        let carried = tails.iter().rev().find(|(old, _): &&(String, String)| line.contains(old));
        if let Some((old, new)) = carried {
            line = line.replace(old, new);
        }
        match &mut chain {
            None => chain = Some(Chain::begin(&line)),
            // What a line says of the chain comes first in it.
            Some(chain) => line = chain.line(rest(&line)),
        }
        let new = chain.as_ref().map(Chain::head).unwrap_or_default();
        tails.push((tail(&head), tail(new)));
        made.push_str(&line);
        made.push('\n');
    }
    draft.write(JOURNAL_FILE, made.as_bytes()).unwrap();
}

/// Changes a JSON document of a run under way.
pub(crate) fn rewrite(draft: &RunFolder, name: &str, change: impl FnOnce(&mut Value)) {
    let mut document = json(&draft.path().join(name));
    change(&mut document);
    let mut text = serde_json::to_vec_pretty(&document).unwrap();
    text.push(b'\n');
    draft.write(name, &text).unwrap();
}

pub(crate) fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// The one JSON document on stdout.
pub(crate) fn printed(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap_or_else(|error| panic!("{error}: {}", ended.stdout))
}

/// In what a document is not as its schema under `schemas/` says.
pub(crate) fn faults(schema: &str, document: &Value) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(schema);
    let validator = jsonschema::validator_for(&json(&path)).unwrap();
    validator.iter_errors(document).map(|error| error.to_string()).collect()
}

/// Unpacks a bundle's zip into a folder.
pub(crate) fn unpack(zip: &Path, to: &Path) {
    let opened = Opened::open(zip).unwrap();
    for (name, size) in opened.files() {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, opened.read(name, size).unwrap()).unwrap();
    }
}

/// Every file of a folder by its name, with its bytes.
pub(crate) fn contents(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let opened = Opened::open(folder).unwrap();
    opened.files().map(|(name, size)| (name.to_owned(), opened.read(name, size).unwrap())).collect()
}

/// `letterproof verify BUNDLE ARGUMENTS`.
pub(crate) fn verify(bundle: &Path, arguments: &[&str]) -> Ended {
    command(&["verify", text(bundle)]).args(arguments).ended()
}
