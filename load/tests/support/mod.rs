//! A mock on a thread of its own, so that it can be frozen and ended under a running load.
#![allow(clippy::unwrap_used, clippy::panic)]
#![allow(dead_code, reason = "each test file uses its own part")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{Auth, Target};
use letterproof_load::{AttackPlan, LoadPlan, LoadProfile};
use letterproof_mock::{AuthMode, MockConfig, MockServer};
use tokio::runtime::Runtime;

/// A running mock.
pub(crate) struct Mock {
    pub(crate) server: Option<Arc<MockServer>>,
    runtime: Option<Runtime>,
}

impl Mock {
    pub(crate) fn start(config: MockConfig) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        // Started from another thread: a test's own runtime must not be blocked within itself.
        let server = std::thread::scope(|scope| {
            let started = scope.spawn(|| runtime.block_on(MockServer::start(config)).unwrap());
            started.join().unwrap()
        });
        Self { server: Some(Arc::new(server)), runtime: Some(runtime) }
    }

    pub(crate) fn open(config: MockConfig) -> Self {
        Self::start(MockConfig { auth: AuthMode::None, letters: 60, ..config })
    }

    pub(crate) fn server(&self) -> &MockServer {
        self.server.as_deref().unwrap()
    }

    /// Stops everything in the mock for a time.
    pub(crate) fn freeze(&self, time: Duration) {
        let runtime = self.runtime.as_ref().unwrap();
        runtime.spawn(async move { std::thread::sleep(time) });
    }

    /// Ends the mock at once, connections and all.
    pub(crate) fn kill(&mut self) {
        drop(self.server.take());
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    pub(crate) fn target(&self) -> Target {
        self.target_with(Auth::None)
    }

    pub(crate) fn target_with(&self, auth: Auth) -> Target {
        let server = self.server();
        let mut target = Target::mock(server.base_url(), server.token_url(), auth).unwrap();
        target.timeouts.answer = Duration::from_secs(3);
        target.timeouts.download = Duration::from_secs(3);
        target
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A profile's plan against a target.
pub(crate) fn plan(text: &str, target: &Target) -> Box<AttackPlan> {
    match LoadProfile::parse(text, "test.toml").unwrap().plan(target).unwrap() {
        LoadPlan::Attack(plan) => plan,
        LoadPlan::At15(_) => panic!("sent by this crate"),
    }
}

/// The rows of `requests.csv`, by column.
pub(crate) struct Rows {
    columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Rows {
    pub(crate) fn read(folder: &Path, file: &str) -> Self {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        let mut lines =
            text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
        Self { columns: lines.next().unwrap(), rows: lines.collect() }
    }

    pub(crate) fn column(&self, name: &str) -> Vec<&str> {
        let at = self.columns.iter().position(|column| column == name).unwrap();
        self.rows.iter().map(|row| row[at].as_str()).collect()
    }

    pub(crate) fn sum(&self, name: &str) -> u64 {
        self.column(name).iter().map(|cell| cell.parse::<u64>().unwrap()).sum()
    }

    pub(crate) fn having(&self, column: &str, value: &str) -> usize {
        self.column(column).iter().filter(|cell| **cell == value).count()
    }
}

/// A recorder with room for so many exchanges.
pub(crate) struct Full {
    inner: letterproof_load::RowsOnly,
    room: std::sync::atomic::AtomicI64,
}

impl Full {
    pub(crate) fn new(base_url: &str, room: i64) -> Self {
        Self { inner: letterproof_load::RowsOnly::new(base_url), room: room.into() }
    }
}

impl letterproof_model::Recorder for Full {
    fn record(
        &self,
        raw: letterproof_model::RawExchange,
    ) -> Result<Arc<letterproof_model::Exchange>, letterproof_model::RecordError> {
        if self.room.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 0 {
            let message = "the disk is full; free space".to_owned();
            return Err(letterproof_model::RecordError { message });
        }
        self.inner.record(raw)
    }

    fn mark(&self, mark: letterproof_model::Mark) -> Result<(), letterproof_model::RecordError> {
        self.inner.mark(mark)
    }

    fn scrub(&self, text: &str) -> String {
        self.inner.scrub(text)
    }
}
