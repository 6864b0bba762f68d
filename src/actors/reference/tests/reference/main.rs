//! The reference supplier at work against a small stub of the API on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "these are tests")]

mod ledgers;
mod lists;
mod resuming;
mod secrets;
mod smoke;
mod suppliers;

use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{Auth, Flow, Ledger, Session, SessionOptions, Target};
use letterproof_reference_supplier::Supplier;
use letterproof_testing::Memory;
use letterproof_testing::stub::{self, StubApi};
use secrecy::SecretString;

/// A stub of the API, a journal in memory, and a target that leads to the one and fits the other.
struct Stage {
    api: StubApi,
    memory: Arc<Memory>,
    target: Target,
    flow: Flow,
}

impl Stage {
    async fn set() -> Self {
        let api = StubApi::start().await;
        let mut target = Target::mock(&api.base_url(), &api.token_url(), Auth::None).unwrap();
        target.visibility_timeout = stub::VISIBILITY;
        target.update_deadline = Duration::from_millis(600);
        target.rate_limit = None;
        let flow = Flow::supplier(Some("test"));
        Self { api, memory: Arc::default(), target, flow }
    }

    fn with_jwt(mut self) -> Self {
        self.target.auth = Auth::SignedJwt {
            api_key: SecretString::from(stub::API_KEY).into(),
            kid: "test-kid".to_owned(),
            key: SecretString::from(stub::key_pem()).into(),
        };
        self.api.require_tokens();
        self
    }

    fn session(&self) -> Session {
        let options =
            SessionOptions { nonce: Some("test".to_owned()), ..SessionOptions::default() };
        Session::new(self.target.clone(), self.memory.clone(), options).unwrap()
    }

    fn supplier(&self) -> Supplier {
        let ledger = Ledger::in_memory(&self.target);
        Supplier::new(self.session(), ledger).for_scenario("a test")
    }
}
