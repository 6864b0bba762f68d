//! Every target over its seeds and mutations of them, on the stable toolchain, in seconds.
//!
//! `LETTERPROOF_FUZZ_CASES` says how many mutated cases each target is given, and
//! `LETTERPROOF_FUZZ_TARGET` names the one that is driven alone. The mutations are drawn the same
//! every time, so that a red test stays red until it is mended.
//! Refuses a target without seeds, without a guided binary, or without a line in the README.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic)]

#[path = "smoke/drive.rs"]
mod drive;
#[path = "smoke/mutate.rs"]
mod mutate;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use drive::{Broken, drive};
use letterproof_fuzz::{TARGETS, Target};

/// How many mutated cases each target is given, unless the environment says otherwise.
const CASES: u32 = 150;
/// Longer than this no case may take.
const LIMIT: Duration = Duration::from_secs(20);
/// How many targets are driven at a time.
const AT_A_TIME: usize = 2;
/// The fewest seeds of a target.
const SEEDS: usize = 6;

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seeds(target: &Target) -> Vec<Vec<u8>> {
    let folder = home().join("seeds").join(target.name);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    // The order decides which seed a mutation is of.
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn cases() -> u32 {
    std::env::var("LETTERPROOF_FUZZ_CASES").map_or(CASES, |given| given.parse().unwrap())
}

/// The targets to drive.
fn wanted() -> Vec<Target> {
    let one = std::env::var("LETTERPROOF_FUZZ_TARGET").ok();
    let wanted: Vec<Target> = TARGETS
        .iter()
        .filter(|target| one.as_deref().is_none_or(|one| one == target.name))
        .copied()
        .collect();
    assert!(!wanted.is_empty(), "there is no target {one:?}");
    wanted
}

/// Where the input that broke a target is kept.
fn kept(target: &Target, broken: &Broken) -> String {
    let (how, data) = match broken {
        Broken::Panicked(data) => ("panicked at", data),
        Broken::Hung(data) => ("hung at", data),
    };
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("found-{}", target.name));
    fs::write(&path, data).unwrap();
    format!("{} {how} the input now in {}", target.name, path.display())
}

#[test]
fn no_target_panics_or_hangs_on_its_seeds_or_mutations_of_them() {
    let (wanted, next) = (wanted(), AtomicUsize::new(0));
    let found: Vec<String> = std::thread::scope(|scope| {
        let work = || {
            let mut found = Vec::new();
            while let Some(target) = wanted.get(next.fetch_add(1, Ordering::Relaxed)) {
                let driven = drive(*target, seeds(target), cases(), LIMIT);
                found.extend(driven.err().map(|broken| kept(target, &broken)));
            }
            found
        };
        let workers: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_target_has_seeds_a_guided_binary_and_a_line_in_the_readme() {
    let manifest = fs::read_to_string(home().join("Cargo.toml")).unwrap();
    let readme = fs::read_to_string(home().join("README.md")).unwrap();
    for Target { name, words, .. } in TARGETS {
        let found = seeds(TARGETS.iter().find(|target| target.name == *name).unwrap()).len();
        assert!(found >= SEEDS, "{name} has {found} seeds");
        assert!(!words.is_empty(), "{name} has no words");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} has no binary");
        let guided = home().join("fuzz_targets").join(format!("{name}.rs"));
        let guided = fs::read_to_string(guided).unwrap();
        assert!(guided.contains(&format!("letterproof_fuzz::{name}(")), "{name}: another's");
        assert!(readme.contains(&format!("| `{name}` |")), "{name} is not in the README");
    }
}

#[test]
fn an_input_that_breaks_a_target_is_found_and_made_small() {
    fn breaks_at_a_word(data: &[u8]) {
        assert!(!data.windows(4).any(|word| word == b"boom"), "found");
    }
    let target =
        Target { name: "boom", reads: "nothing", run: breaks_at_a_word, words: &["calm", "boom"] };
    let seeds = vec![b"a quiet seed".to_vec()];
    match drive(target, seeds, 500, LIMIT) {
        Err(Broken::Panicked(data)) => {
            assert!(String::from_utf8_lossy(&data).contains("boom"), "{data:?}");
            assert!(data.len() <= 20, "{} bytes", data.len());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_seed_that_breaks_a_target_is_named_before_any_mutation() {
    let target = Target { name: "no", reads: "nothing", run: |_| panic!("no"), words: &[] };
    let broken = drive(target, vec![b"seed".to_vec()], 0, LIMIT);
    assert_eq!(broken, Err(Broken::Panicked(b"seed".to_vec())));
}

#[test]
fn a_case_that_never_ends_is_told_with_its_input() {
    let target = Target {
        name: "sleeper",
        reads: "nothing",
        run: |_| std::thread::sleep(Duration::from_secs(600)),
        words: &[],
    };
    let broken = drive(target, vec![b"sleep".to_vec()], 0, Duration::from_millis(300));
    assert_eq!(broken, Err(Broken::Hung(b"sleep".to_vec())));
}
