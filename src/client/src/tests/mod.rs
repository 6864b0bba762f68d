//! Tests of sessions against a small stub of the API on loopback.

mod doctors;
mod lifetimes;
mod network;
mod safeguards;
mod sessions;
mod straying;
mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;

use letterproof_testing::Memory;
use letterproof_testing::stub::{self, StubApi};

use crate::{Auth, Flow, Session, SessionOptions, Target};

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
        Self {
            api,
            memory: Arc::new(Memory::default()),
            target,
            flow: Flow::supplier(Some("test")),
        }
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
}
