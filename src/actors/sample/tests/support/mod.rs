//! A mock, a tap in front of it, a supplier, and what the judges say of its day.
//! Visibility, delays and sizes are small, so that a day takes seconds.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::panic, missing_docs)]

pub mod tap;

use std::time::Duration;

use letterproof_contract::Contract;
use letterproof_judge::judge_all;
use letterproof_mock::{Mix, MockConfig, MockServer, SeedPlan};
use letterproof_model::{Context, CriterionResult, Mode, Recording, TestId, Verdict};
use letterproof_sample_supplier::{
    Access, Fates, Fault, Habit, SampleSupplier, Secret, ShiftReport, SupplierSettings,
};
use secrecy::SecretString;
use tap::{Tap, Trouble};
use url::Url;

/// The setting of a day.
#[derive(Debug, Clone)]
pub struct Setting {
    pub tests: Vec<u8>,
    pub letters: u32,
    pub seeds: SeedPlan,
    pub batch: u32,
    pub chunk: u32,
    pub visibility: Duration,
    /// How long an accepted letter stays in the queue.
    pub queue_lag: Duration,
    /// The time an update has to show.
    pub deadline: Duration,
    pub link_life: Duration,
    /// The API's limit on calls per second.
    pub rate: u32,
    /// The limit the supplier is told.
    pub pace: u32,
    pub agreed_time: Duration,
    pub token_life: Duration,
    pub trouble: Option<Trouble>,
}

impl Setting {
    /// A small day for these tests.
    pub fn small(tests: &[u8]) -> Self {
        Self {
            tests: tests.to_vec(),
            letters: 64,
            seeds: SeedPlan { pdf_bytes: 2_000, ..Mix::Varied.plan() },
            batch: 24,
            chunk: 16,
            visibility: Duration::from_millis(1_500),
            queue_lag: Duration::ZERO,
            deadline: Duration::from_secs(2),
            link_life: Duration::from_secs(60),
            rate: 3_000,
            pace: 3_000,
            agreed_time: Duration::from_secs(60),
            token_life: Duration::from_secs(599),
            trouble: None,
        }
    }

    fn tests(&self) -> Vec<TestId> {
        self.tests.iter().map(|number| TestId::new(*number).unwrap()).collect()
    }

    fn context(&self, base_url: &str) -> Context {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap();
        Context {
            mode: Mode::Observed,
            visibility_timeout_ms: millis(self.visibility),
            update_deadline_ms: millis(self.deadline),
            at15_target_ms: millis(self.agreed_time),
            rate_limit: self.rate,
            seeded_letters: self.letters,
            at4_batch: self.batch,
            at15_chunk: self.chunk,
            ..Context::stand_in(base_url)
        }
    }
}

/// A day and what was recorded of it.
pub struct Day {
    pub report: ShiftReport,
    pub recording: Recording,
    context: Context,
    tests: Vec<TestId>,
}

/// What was concluded of a criterion or an observer's check.
#[derive(Debug, Clone)]
pub struct Concluded {
    pub id: String,
    pub verdict: Verdict,
    pub words: String,
}

impl Day {
    /// Everything the judges say.
    pub fn judged(&self) -> Vec<Concluded> {
        let contract = Contract::built_in().unwrap();
        let judged = judge_all(&self.recording, &self.context, &self.tests, contract);
        let pack = judged.tests.iter().flat_map(|test| test.checks()).map(|criterion| Concluded {
            id: criterion.id.to_string(),
            verdict: criterion.verdict,
            words: words(criterion),
        });
        let observer = judged.observer.iter().map(|check| Concluded {
            id: check.id.to_string(),
            verdict: check.verdict,
            words: check.criteria.iter().map(words).collect(),
        });
        pack.chain(observer).collect()
    }

    /// What the judges say of one criterion or check.
    pub fn of(&self, id: &str) -> Concluded {
        let found = self.judged().into_iter().find(|concluded| concluded.id == id);
        found.unwrap_or_else(|| panic!("nothing is concluded of {id}"))
    }
}

fn words(criterion: &CriterionResult) -> String {
    format!("{} [{}]", criterion.observed, criterion.reason.as_deref().unwrap_or_default())
}

/// The settings of a supplier that works against `tap`, in front of `mock`.
pub fn settings(setting: &Setting, mock: &MockServer, root: &str) -> SupplierSettings {
    let upstream = mock.base_url().strip_suffix("/nhs-notify-supplier").unwrap();
    let through = |url: &str| Url::parse(&url.replace(upstream, root)).unwrap();
    let credentials = mock.demo_credentials().unwrap();
    let secret = |text: &str| Secret::from(SecretString::from(text.to_owned()));
    SupplierSettings {
        access: Access::SignedJwt {
            api_key: secret(credentials.api_key.expose()),
            kid: credentials.kid.clone(),
            key: secret(credentials.private_key_pem.expose()),
            token_url: through(mock.token_url()),
            audience: Some(mock.token_url().to_owned()),
        },
        tests: setting.tests(),
        rate_limit: setting.pace,
        batch: setting.batch,
        chunk: setting.chunk,
        agreed_time: setting.agreed_time,
        visibility_timeout: setting.visibility,
        update_deadline: setting.deadline,
        poll: Duration::from_millis(60),
        link_life: setting.link_life,
        fates: Fates { cancelled: 1, returned: 10, spoilt: 1 },
        reseed: mock.admin_url().map(|url| Url::parse(&format!("{url}/seed")).unwrap()),
        wait_for_letters: Duration::from_secs(5),
        answer_timeout: Duration::from_secs(20),
        back_off: Duration::from_millis(80),
        day: Duration::from_millis(200),
        ..SupplierSettings::new(through(mock.base_url()))
    }
}

/// Works a day through a tap and records it.
pub async fn day(setting: &Setting, faults: &[&str]) -> Day {
    day_with(setting, faults, Vec::new()).await
}

/// Works a day with habits through a tap and records it.
pub async fn day_with(setting: &Setting, faults: &[&str], habits: Vec<Habit>) -> Day {
    let mock = MockServer::start(MockConfig {
        letters: setting.letters,
        seeds: setting.seeds.clone(),
        admin: Some(([127, 0, 0, 1], 0).into()),
        visibility_timeout: setting.visibility,
        apply_delay: Duration::from_millis(30),
        queue_lag: setting.queue_lag,
        link_ttl: setting.link_life,
        rate_limit: None,
        token_lifetime: setting.token_life,
        latency: Duration::from_millis(1),
        ..MockConfig::default()
    })
    .await
    .unwrap();
    let upstream = mock.base_url().strip_suffix("/nhs-notify-supplier").unwrap();
    let tap = Tap::start(upstream, setting.trouble).await;
    let wrong = faults.iter().map(|name| Fault::parse(name).unwrap());
    let settings = SupplierSettings { habits, ..settings(setting, &mock, tap.address()) };
    let supplier = SampleSupplier::new(settings, wrong).unwrap();
    let work = supplier.run(&|_| (), std::future::pending());
    let report = tokio::time::timeout(Duration::from_secs(150), work).await.unwrap().unwrap();
    if !faults.is_empty() {
        // What was left undone counts only once it could have been done.
        let owed = setting.deadline.max(setting.visibility);
        tokio::time::sleep(owed + Duration::from_millis(100)).await;
        tap.end_here();
    }
    let context = setting.context(mock.base_url());
    let day = Day { report, recording: tap.recording(), context, tests: setting.tests() };
    mock.shutdown().await;
    day
}
