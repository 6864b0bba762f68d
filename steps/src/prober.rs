//! Sends the probes of the conformance suite, as the judges' table of checks describes them.
//!
//! A probe is sent as the harness, so that no judge takes it for the supplier's. Letters come from
//! the end of the queue, where no supplier's scenario works. What an answer means is judged from the
//! record.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use letterproof_client::{
    AssertionFlaw, BearerChoice, ClientError, DataLink, Flow, HeaderChoice, LetterRecord,
    LinkChange, Probe,
};

use letterproof_judge::conformance::{
    self, Acceptance, BearerPlan, HeaderPlan, LetterNeed, ProbePlan, RECORD, TokenProbe,
    conformance_checks,
};
use letterproof_model::{Capability, Document, Exchange, LetterId, LetterStatus};
use letterproof_reference_supplier::{LetterFilter, Reasons, Supplier};
use serde::Deserialize;
use tokio::sync::{Mutex, OnceCell};

/// The most calls of a burst: a limit that counts by the second of the clock lets up to twice as
/// many through as any one second allows.
pub(crate) const fn longest_burst(limit: u32) -> u32 {
    limit.saturating_mul(2).saturating_add(100)
}
/// The life of a link that does not say how long it lives.
pub(crate) const USUAL_LINK_LIFE: Duration = Duration::from_secs(60);
/// Between the read that shows an acceptance and another one.
pub(crate) const LATER: Duration = Duration::from_millis(500);
/// Letters that the specification names as examples and the public sandbox knows, where it does not
/// know the letters of its own list: one to read, and the one with content.
const DOCUMENTED: &str = "24L5eYSWGzCHlGmzNxuqVusPxDg";
const DOCUMENTED_WITH_PDF: &str = "2AL5eYSWGzCHlGmzNxuqVusPxDg";
/// The record that it names.
const DOCUMENTED_RECORD: &str = "2WL5eYSWGzCHlGmzNxuqVusPxDg";
/// The longest life of a token whose end is waited for.
pub(crate) const TOKEN_PATIENCE: Duration = Duration::from_secs(10);

/// What probes share over a run.
#[derive(Default)]
pub struct Prober {
    /// A letter of another supplier, where one is known.
    foreign: Option<LetterId>,
    /// One cell for each probe: checks that share a probe have it sent once.
    sent: Mutex<HashMap<String, Arc<OnceCell<Arc<Exchange>>>>>,
    /// The letter that unchanging probes name, for each need.
    chosen: Mutex<HashMap<&'static str, LetterId>>,
}

impl Prober {
    /// A prober that knows a letter of another supplier, or none.
    #[must_use]
    pub fn new(foreign: Option<LetterId>) -> Self {
        Self { foreign, ..Self::default() }
    }

    /// Sends every probe of a check; those the target cannot take are left out.
    ///
    /// # Errors
    /// When a probe may not be sent or could not be recorded, or the target has no letter left.
    pub(crate) async fn send(&self, supplier: &Supplier, id: &str) -> Result<(), ProbeError> {
        let check = conformance_checks()
            .iter()
            .find(|check| check.id == id)
            .ok_or_else(|| ProbeError::Unknown(id.to_owned()))?;
        if supplier.context().lacking(check.needs).is_some() {
            return Ok(());
        }
        match check.probe() {
            conformance::Probe::Requests(plans) => {
                for plan in plans {
                    self.request(supplier, check.id, plan, 1).await?;
                }
                Ok(())
            }
            conformance::Probe::Twice(plan) => self.request(supplier, check.id, plan, 2).await,
            conformance::Probe::AsSupplier(way) => accept_as_supplier(supplier, way).await,
            conformance::Probe::Token(probe) => self.ask_for_token(supplier, probe).await,
        }
    }

    /// Sends one request of a check so many times, where the target can take it.
    async fn request(
        &self,
        supplier: &Supplier,
        check: &str,
        plan: &ProbePlan,
        times: u64,
    ) -> Result<(), ProbeError> {
        if plan.burst {
            return self.burst(supplier, plan).await;
        }
        if plan.letter == LetterNeed::Foreign && self.foreign.is_none() {
            // Nobody knows such a letter: the check comes out as not applicable.
            return Ok(());
        }
        match self.send_once(supplier, check, plan, times).await {
            // The check comes out as not run, which says that the probe is missing.
            Err(ProbeError::NoSuchLetter) => Ok(()),
            sent => sent.map(|_| ()),
        }
    }

    /// A probe of the token endpoint, or of a token past its end.
    async fn ask_for_token(
        &self,
        supplier: &Supplier,
        probe: TokenProbe,
    ) -> Result<(), ProbeError> {
        let (session, flow, label) = (supplier.session(), harness(supplier), probe.label());
        let flaw = match probe {
            TokenProbe::Signature => AssertionFlaw::Signature,
            TokenProbe::Expired => AssertionFlaw::Expired,
            TokenProbe::Audience => AssertionFlaw::Audience,
            TokenProbe::Algorithm => AssertionFlaw::Unsigned,
            TokenProbe::Replay => {
                session.probe_replay(&flow, label).await?;
                return Ok(());
            }
            TokenProbe::Outlived => {
                let mut call = Probe::new("GET", "/letters?limit=3");
                call.correlation_id = HeaderChoice::Value(label.to_owned());
                session.probe_with_expired_token(&flow, &call, TOKEN_PATIENCE).await?;
                return Ok(());
            }
        };
        session.probe_token(&flow, flaw, label).await?;
        Ok(())
    }

    async fn send_once(
        &self,
        supplier: &Supplier,
        check: &str,
        plan: &ProbePlan,
        times: u64,
    ) -> Result<Arc<Exchange>, ProbeError> {
        // A letter that is used up belongs to one check alone.
        let own = if plan.letter == LetterNeed::Spent { check } else { "" };
        let key = format!("{own} {plan:?}");
        let cell = Arc::clone(self.sent.lock().await.entry(key).or_default());
        cell.get_or_try_init(|| self.dispatch(supplier, plan, times)).await.cloned()
    }

    async fn dispatch(
        &self,
        supplier: &Supplier,
        plan: &ProbePlan,
        times: u64,
    ) -> Result<Arc<Exchange>, ProbeError> {
        let flow = harness(supplier);
        let id = self.subject(supplier, plan).await?;
        let probe = probe_of(plan, &id);
        if plan.letter == LetterNeed::WithPdf && plan.path.ends_with("/data") {
            let (exchange, link) = supplier.session().probe_for_link(&flow, &probe).await?;
            // The sandbox's example leads to somebody else's server.
            if let Some(link) = link.filter(|_| keeps_state(supplier)) {
                use_link(supplier, &flow, &exchange, &link, &LetterId::from(id.as_str())).await?;
            }
            return Ok(exchange);
        }
        if plan.letter == LetterNeed::WithoutPdf {
            let (exchange, link) = supplier.session().probe_for_link(&flow, &probe).await?;
            if let Some(link) = link {
                follow(supplier, &flow, &link, &LetterId::from(id.as_str())).await?;
            }
            return Ok(exchange);
        }
        if plan.hides_letters {
            return Ok(supplier.probe_list(&flow, &probe).await?);
        }
        let exchange = supplier.session().probe(&flow, &probe).await?;
        for _ in 1..times {
            supplier.session().probe(&flow, &probe).await?;
        }
        Ok(exchange)
    }

    /// The id that a plan's placeholders stand for.
    async fn subject(&self, supplier: &Supplier, plan: &ProbePlan) -> Result<String, ProbeError> {
        let letter = match plan.letter {
            LetterNeed::None => return Ok(String::new()),
            // Where nothing is kept, no record is submitted only to be read back.
            LetterNeed::Record if !keeps_state(supplier) => return Ok(DOCUMENTED_RECORD.to_owned()),
            LetterNeed::Record => return self.submitted(supplier).await,
            LetterNeed::Foreign => self.foreign.clone().unwrap_or_else(|| LetterId::fixed("")),
            LetterNeed::Spent => take_last(supplier, |_| true).await?,
            LetterNeed::Any => self.choose(supplier, "any", DOCUMENTED, |_| true).await?,
            LetterNeed::WithoutPdf => match without_pdf(supplier).await? {
                Some(letter) => letter,
                None => return Err(ProbeError::NoSuchLetter),
            },
            LetterNeed::WithPdf => {
                let hashed = |record: &LetterRecord| record.sha256.is_some();
                self.choose(supplier, "with PDF", DOCUMENTED_WITH_PDF, hashed).await?
            }
        };
        Ok(letter.as_str().to_owned())
    }

    /// The id that a record was given when it was submitted.
    async fn submitted(&self, supplier: &Supplier) -> Result<String, ProbeError> {
        #[derive(Deserialize)]
        struct Data {
            id: String,
        }
        let exchange = Box::pin(self.send_once(supplier, "", &RECORD, 1)).await?;
        let document = exchange.response().and_then(|answer| answer.body.parse::<Document<Data>>());
        Ok(document.map_or_else(String::new, |document| document.data.id))
    }

    async fn choose(
        &self,
        supplier: &Supplier,
        need: &'static str,
        documented: &'static str,
        fits: impl Fn(&LetterRecord) -> bool,
    ) -> Result<LetterId, ProbeError> {
        let mut chosen = self.chosen.lock().await;
        if let Some(known) = chosen.get(need) {
            return Ok(known.clone());
        }
        let mut letter = take_last(supplier, fits).await?;
        if !keeps_state(supplier) {
            let read = async |letter: &LetterId| {
                let read = Probe::new("GET", &format!("/letters/{letter}"));
                supplier.session().probe(&harness(supplier), &read).await
            };
            if read(&letter).await?.status() == Some(404) {
                letter = LetterId::fixed(documented);
                // Only a letter that the record describes shows anything.
                read(&letter).await?;
            }
        }
        chosen.insert(need, letter.clone());
        Ok(letter)
    }

    /// More calls within one second than the limit allows, until one is refused.
    async fn burst(&self, supplier: &Supplier, plan: &ProbePlan) -> Result<(), ProbeError> {
        let flow = harness(supplier);
        let mut probe = probe_of(plan, "");
        probe.patient = false;
        let session = supplier.session();
        let most = longest_burst(supplier.context().rate_limit);
        session.burst(&flow, &probe, most).await?;
        Ok(())
    }
}

/// Why a probe could not be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProbeError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("{0} is not a check of the conformance suite")]
    Unknown(String),
    #[error("the target has no letter of the kind that the probe needs")]
    NoSuchLetter,
}

fn harness(supplier: &Supplier) -> Flow {
    let flow = Flow::harness(supplier.session().nonce());
    match &supplier.flow().scenario {
        Some(scenario) => flow.in_scenario(scenario),
        None => flow,
    }
}

/// Some checks rest on what a supplier does anyway: for those on updates, it accepts a letter.
async fn accept_as_supplier(supplier: &Supplier, way: Acceptance) -> Result<(), ProbeError> {
    let _deciding = supplier.decide().await;
    let letters = supplier.take_pending(1, LetterFilter::Standard).await?;
    let sent = match way {
        Acceptance::OneByOne => {
            supplier.move_one_by_one(&letters, LetterStatus::Accepted, Reasons::None).await?
        }
        Acceptance::InBulk => supplier.accept_in_bulk(&letters).await?,
    };
    supplier.see(&sent.letters, LetterStatus::Accepted).await?;
    // What was seen once must still be there a little later.
    supplier.session().sleep(LATER).await?;
    for letter in &sent.letters {
        supplier.look_up(letter).await?;
    }
    Ok(())
}

/// A PENDING letter from the end of the queue that is nobody else's; listed first where none is
/// known.
async fn take_last(
    supplier: &Supplier,
    fits: impl Fn(&LetterRecord) -> bool,
) -> Result<LetterId, ProbeError> {
    if !supplier.has_seen_letters() {
        supplier.daily_list().await?;
    }
    let free = |record: &LetterRecord| {
        supplier.has_seen(record)
            && record.status == Some(LetterStatus::Pending)
            && !record.in_flight()
            && fits(record)
    };
    let last = supplier.ledger().take_last(free);
    last.map(|record| record.id).ok_or(ProbeError::NoSuchLetter)
}

/// Whether the target keeps what is done to it.
fn keeps_state(supplier: &Supplier) -> bool {
    supplier.context().has(Capability::Stateful)
}

/// A letter without a stated hash, whatever became of it: it is only read.
async fn without_pdf(supplier: &Supplier) -> Result<Option<LetterId>, ClientError> {
    if !supplier.has_seen_letters() {
        supplier.daily_list().await?;
    }
    let bare = |record: &LetterRecord| record.status.is_some() && record.sha256.is_none();
    Ok(supplier.ledger().select(bare).pop().map(|record| record.id))
}

/// Follows a link, misuses it, and follows it again when its life is over.
async fn use_link(
    supplier: &Supplier,
    flow: &Flow,
    given: &Exchange,
    link: &DataLink,
    letter: &LetterId,
) -> Result<(), ClientError> {
    let session = supplier.session();
    follow(supplier, flow, link, letter).await?;
    // As a supplier does whose download broke.
    session.probe_link(flow, link, LinkChange::AsIs).await?;
    for change in [LinkChange::Signature, LinkChange::Head] {
        session.probe_link(flow, link, change).await?;
    }
    let life = given
        .response()
        .and_then(|answer| answer.header("location"))
        .and_then(|location| location.split_once("X-Amz-Expires=")?.1.split('&').next())
        .and_then(|seconds| seconds.parse().ok())
        .map_or(USUAL_LINK_LIFE, Duration::from_secs);
    session.sleep(life + Duration::from_secs(1)).await?;
    session.probe_link(flow, link, LinkChange::AsIs).await.map(|_| ())
}

/// Follows a link as it is; what the supplier cannot print it then knows.
async fn follow(
    supplier: &Supplier,
    flow: &Flow,
    link: &DataLink,
    letter: &LetterId,
) -> Result<(), ClientError> {
    let download = supplier.session().probe_link(flow, link, LinkChange::AsIs).await?;
    supplier.ledger().note_probed(letter, &download.exchange)
}

fn probe_of(plan: &ProbePlan, id: &str) -> Probe {
    let mut probe = Probe::new(plan.method, &plan.path_for(id));
    probe.request_id = header_of(plan.request_id);
    probe.correlation_id = header_of(plan.correlation_id);
    probe.content_type = header_of(plan.content_type);
    probe.accept = header_of(plan.accept);
    probe.bearer = match plan.bearer {
        BearerPlan::Session => BearerChoice::Session,
        BearerPlan::Absent => BearerChoice::Absent,
        BearerPlan::Value(value) => BearerChoice::Value(value.to_owned().into()),
    };
    probe.body = plan.body_for(id).map(String::into_bytes);
    probe.hides_letters = plan.hides_letters;
    probe
}

fn header_of(plan: HeaderPlan) -> HeaderChoice {
    match plan {
        HeaderPlan::Usual => HeaderChoice::Usual,
        HeaderPlan::Absent => HeaderChoice::Absent,
        HeaderPlan::Value(value) => HeaderChoice::Value(value.to_owned()),
    }
}
