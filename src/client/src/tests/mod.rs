//! Tests of sessions and the reference supplier against a small stand-in API on loopback.
//! Refuses the real double: that one is tested with the whole house, and never imported here.

mod doctors;
mod double;
mod ledgers;
mod lifetimes;
mod lists;
mod network;
mod recorder;
mod resuming;
mod safeguards;
mod secrets;
mod sessions;
mod straying;
mod suppliers;
mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use crate::{Auth, Flow, Ledger, Session, SessionOptions, Supplier, Target};
use double::Double;
use recorder::Memory;

/// A stand-in API, a journal in memory, and a target that leads to the one and fits the other.
struct Stage {
    double: Double,
    memory: Arc<Memory>,
    target: Target,
    flow: Flow,
}

impl Stage {
    async fn set() -> Self {
        let double = Double::start().await;
        let mut target = Target::mock(&double.base_url(), &double.token_url(), Auth::None).unwrap();
        target.visibility_timeout = double::VISIBILITY;
        target.update_deadline = Duration::from_millis(600);
        target.rate_limit = None;
        Self {
            double,
            memory: Arc::new(Memory::default()),
            target,
            flow: Flow::supplier(Some("test")),
        }
    }

    fn with_jwt(mut self) -> Self {
        self.target.auth = Auth::SignedJwt {
            api_key: SecretString::from(double::API_KEY).into(),
            kid: "test-kid".to_owned(),
            key: SecretString::from(double::key_pem()).into(),
        };
        self.double.require_tokens();
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
