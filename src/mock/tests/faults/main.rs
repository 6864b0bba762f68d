//! Every fault of the catalogue makes something visibly wrong: a probe that holds on an honest
//! mock no longer holds once the fault is armed.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::print_stderr)]

#[path = "../support/mod.rs"]
mod support;

mod contract;
mod examined;
mod later;
mod letters;
mod transport;
mod trust;

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use letterproof_mock::{
    AuthMode, DemoCredentials, Fault, MockConfig, MockServer, Registration, SecretToken,
    fault_catalogue,
};
use support::{Caller, quick};
use tokio::task::JoinSet;

/// What a mock is told besides its fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// Open, quick, one supplier.
    Open,
    /// Open, with a second supplier that has letters of its own.
    Two,
    /// Lists are hidden and links live for a moment only.
    Short,
    /// Behind the token endpoint.
    Tokens,
    /// Behind the token endpoint, tokens live for a moment only.
    ShortTokens,
    /// At most five requests a second.
    Quota,
    /// At most three hundred requests a second.
    Wide,
}

/// A mock with its caller.
struct Stage {
    server: MockServer,
    caller: Caller,
}

type Holds = Pin<Box<dyn Future<Output = bool> + Send>>;

/// A fault with its argument, the ground it needs, and what no longer holds under it.
type Probe = (&'static str, Ground, fn(Stage) -> Holds);

/// Makes a table's function pointer out of an async function.
macro_rules! probe {
    ($fault:literal, $ground:ident, $check:path) => {
        ($fault, $crate::Ground::$ground, |stage| Box::pin(async move { $check(&stage).await }))
    };
}
pub(crate) use probe;

/// Long enough for what lasts "a moment".
async fn a_moment() {
    tokio::time::sleep(Duration::from_millis(60)).await;
}

fn config(ground: Ground) -> MockConfig {
    let mut config = quick();
    let key = |text: &str| SecretToken::new(text);
    match ground {
        Ground::Open => {}
        Ground::Two => {
            config.registrations = vec![
                Registration::new("apim-app-1", "supplier-1", key("1"), None),
                Registration::new("apim-app-2", "supplier-2", key("2"), None),
            ];
        }
        Ground::Short => {
            config.visibility_timeout = Duration::from_millis(20);
            config.link_ttl = Duration::from_millis(20);
        }
        Ground::Tokens => config.auth = AuthMode::Jwt,
        Ground::ShortTokens => {
            config.auth = AuthMode::Jwt;
            config.token_lifetime = Duration::from_millis(20);
        }
        Ground::Quota => config.rate_limit = Some(5),
        Ground::Wide => config.rate_limit = Some(300),
    }
    config
}

async fn stage(ground: Ground, fault: Option<&str>) -> Stage {
    let mut config = config(ground);
    config.faults = fault.map(|text| Fault::parse(text).unwrap()).into_iter().collect();
    let server = MockServer::start(config).await.unwrap();
    let caller = Caller::of(&server);
    Stage { server, caller }
}

fn probes() -> Vec<Probe> {
    [
        letters::PROBES,
        later::PROBES,
        contract::PROBES,
        trust::PROBES,
        transport::PROBES,
        examined::PROBES,
    ]
    .concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_breaks_what_holds_without_it() {
    // Made once beforehand, so that no probe waits for a key.
    DemoCredentials::shared().unwrap();
    let mut probes = probes();
    let mut wrong = Vec::new();
    while !probes.is_empty() {
        // A few at a time: the probes have time limits of their own.
        let mut running = JoinSet::new();
        for (fault, ground, check) in probes.split_off(probes.len().saturating_sub(8)) {
            running.spawn(async move {
                let honest = check(stage(ground, None).await).await;
                let faulty = check(stage(ground, Some(fault)).await).await;
                (fault, honest, faulty)
            });
        }
        while let Some(done) = running.join_next().await {
            let (fault, honest, faulty) = done.unwrap();
            if !honest {
                wrong.push(format!("{fault}: the probe does not hold on an honest mock"));
            }
            if faulty {
                wrong.push(format!("{fault}: nothing is visibly wrong"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_catalogue_and_the_probes_name_the_same_faults() {
    let probed: BTreeSet<&str> =
        probes().iter().map(|probe| probe.0.split('=').next().unwrap()).collect();
    let known: BTreeSet<&str> = fault_catalogue().iter().map(|entry| entry.name).collect();
    assert_eq!(probed, known);
    assert_eq!(probes().len(), known.len());
}
