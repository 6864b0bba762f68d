//! Drives one target over its seeds and mutations of them, and tells what broke it.
//! Refuses chance, so that a test that was green stays so, and a case that never ends.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use letterproof_fuzz::Target;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::mutate::Mutation;

/// What broke a target.
#[derive(Debug, PartialEq)]
pub enum Broken {
    /// It panicked; with the smallest such input that was found.
    Panicked(Vec<u8>),
    /// It had not come back within the limit.
    Hung(Vec<u8>),
}

/// Runs a target on every seed and then on so many mutated cases, none for longer than `limit`.
pub fn drive(
    target: Target,
    seeds: Vec<Vec<u8>>,
    cases: u32,
    limit: Duration,
) -> Result<(), Broken> {
    let at_hand = Arc::new(Mutex::new(Vec::new()));
    let (ended, wait) = channel();
    let driver = Driver { target, at_hand: Arc::clone(&at_hand), ended };
    // A case that hangs keeps its thread until the tests end; it cannot be stopped.
    let worker = std::thread::spawn(move || driver.run(&seeds, cases));
    loop {
        match wait.recv_timeout(limit) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => {
                return Err(Broken::Hung(at_hand.lock().unwrap().clone()));
            }
            // It has ended, one way or the other.
            Err(RecvTimeoutError::Disconnected) => return worker.join().unwrap(),
        }
    }
}

struct Driver {
    target: Target,
    at_hand: Arc<Mutex<Vec<u8>>>,
    ended: Sender<()>,
}

impl Driver {
    fn run(&self, seeds: &[Vec<u8>], cases: u32) -> Result<(), Broken> {
        for seed in seeds {
            let case = catch_unwind(AssertUnwindSafe(|| self.case(seed)));
            case.map_err(|_| Broken::Panicked(seed.clone()))?;
        }
        let config = Config {
            cases,
            failure_persistence: None,
            // A case at its largest takes a while; what is small enough is soon found.
            max_shrink_iters: 300,
            ..Config::default()
        };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(config, rng);
        let changes = prop::collection::vec(Mutation::any(), 1..6);
        let case = (0..seeds.len(), 0..seeds.len(), changes);
        let mutated = |(seed, other, changes): &(usize, usize, Vec<Mutation>)| {
            let mut data = seeds[*seed].clone();
            for change in changes {
                change.apply(&mut data, &seeds[*other], self.target.words);
            }
            data
        };
        let ran = runner.run(&case, |case| {
            self.case(&mutated(&case));
            Ok::<(), TestCaseError>(())
        });
        match ran {
            Ok(()) => Ok(()),
            Err(TestError::Fail(_, case)) => Err(Broken::Panicked(mutated(&case))),
            Err(TestError::Abort(reason)) => panic!("{}: {reason}", self.target.name),
        }
    }

    fn case(&self, data: &[u8]) {
        data.clone_into(&mut self.at_hand.lock().unwrap());
        (self.target.run)(data);
        let _ = self.ended.send(());
    }
}
