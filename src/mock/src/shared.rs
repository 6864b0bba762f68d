//! Everything the connections share: clock, letters, queues, tokens, records, counters.
//!
//! There is no one big lock: each part has its own, held only while it is looked up or changed, in
//! the order updates, letters, lanes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use letterproof_model::{LetterId, LetterStatus};
use parking_lot::{Mutex, RwLock};
use serde::Serialize;

use crate::config::{MockConfig, Profile, Registration};
use crate::error::MockError;
use crate::quota::{Meter, Quota};
use crate::rng::{Rng, uuid_text};
use crate::supplier::documents::{DocumentKey, Shelf};
use crate::supplier::faults::Board;
use crate::supplier::int::MiStore;
use crate::supplier::letters::{Change, Lane, Letters, Twist};
use crate::supplier::seeds::{PdfKind, SeedPlan};
use crate::supplier::storage::Storage;
use crate::supplier::updates::Updates;
use crate::token::TokenDesk;

/// The mock's state in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StateSummary {
    /// Letters of the supplier, or of all.
    pub letters: usize,
    /// How many letters have each status, every status listed.
    pub by_status: Vec<(LetterStatus, usize)>,
    /// Letters in the queue, hidden ones included.
    pub queued: usize,
    /// Letters a list would show now.
    pub visible: usize,
    /// Updates answered with 202 and not yet applied.
    pub updates_waiting: usize,
    /// Records of management information kept.
    pub mi_records: usize,
}

/// A supplier and its queue.
#[derive(Debug)]
pub(crate) struct Supplier {
    pub(crate) name: String,
    pub(crate) lane: Mutex<Lane>,
    /// Letters seeded at the start and after a reset.
    seeded: u32,
}

/// What the connections share.
pub(crate) struct Shared {
    pub(crate) config: MockConfig,
    pub(crate) root: String,
    started: Instant,
    ids: AtomicU64,
    pub(crate) registrations: Vec<Registration>,
    /// The supplier of each registration; `None` for an unknown or disabled one.
    pub(crate) supplier_of: Vec<Option<u16>>,
    pub(crate) suppliers: Vec<Supplier>,
    pub(crate) letters: RwLock<Letters>,
    pub(crate) shelf: RwLock<Shelf>,
    pub(crate) updates: Updates,
    pub(crate) mi: MiStore,
    pub(crate) storage: Storage,
    pub(crate) tokens: TokenDesk,
    pub(crate) quota: Option<Quota>,
    pub(crate) early_quota: Mutex<HashMap<u32, Quota>>,
    pub(crate) meter: Meter,
    pub(crate) board: Board,
    pub(crate) flap: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        config: MockConfig,
        registrations: Vec<Registration>,
        root: String,
    ) -> Result<Self, MockError> {
        let mut suppliers: Vec<Supplier> = Vec::new();
        let mut supplier_of = Vec::new();
        for registration in &registrations {
            let Some(name) = registration.supplier.as_ref().filter(|_| !registration.disabled)
            else {
                supplier_of.push(None);
                continue;
            };
            let known = suppliers.iter().position(|supplier| supplier.name == *name);
            let at = known.unwrap_or_else(|| {
                let seeded = registration.letters.unwrap_or(config.letters);
                suppliers.push(Supplier { name: name.clone(), lane: Mutex::default(), seeded });
                suppliers.len() - 1
            });
            supplier_of.push(Some(at as u16));
        }
        let quota = config.rate_limit.map(|limit| Quota::new(limit, config.limiter));
        let shared = Self {
            ids: AtomicU64::new(start_of_ids()),
            tokens: TokenDesk::new(),
            storage: Storage::new()?,
            board: Board::new(config.faults.clone()),
            started: Instant::now(),
            root,
            registrations,
            supplier_of,
            suppliers,
            letters: RwLock::default(),
            shelf: RwLock::default(),
            updates: Updates::default(),
            mi: MiStore::default(),
            quota,
            early_quota: Mutex::default(),
            meter: Meter::default(),
            flap: AtomicU64::new(0),
            config,
        };
        shared.seed_all(shared.config.seed)?;
        Ok(shared)
    }

    /// A letter of the supplier with this name.
    pub(crate) fn a_letter_of(&self, name: &str) -> Option<LetterId> {
        let at = self.suppliers.iter().position(|supplier| supplier.name == name)?;
        let letters = self.letters.read();
        let letter = letters.first_of(at)?;
        Some(LetterId::new(letter.id.to_string()))
    }

    /// Microseconds since the start.
    pub(crate) fn now(&self) -> u64 {
        micros(self.started.elapsed())
    }

    /// A fresh id in the form of a UUID. Unique, but no secret.
    pub(crate) fn fresh_id(&self) -> String {
        Rng::new(self.ids.fetch_add(1, Ordering::Relaxed), 0x1D5).uuid()
    }

    fn seed_all(&self, seed: u64) -> Result<(), MockError> {
        if self.config.profile == Profile::Sandbox {
            let size = self.config.seeds.pdf_bytes;
            let key = DocumentKey { kind: PdfKind::Valid, pages: 1, size, variant: 0 };
            self.shelf.write().take(key, seed);
            return Ok(());
        }
        for (at, supplier) in self.suppliers.iter().enumerate() {
            self.seed(at as u16, &self.config.seeds, supplier.seeded, seed)?;
        }
        Ok(())
    }

    /// Adds letters of a plan to a supplier's queue and returns how many.
    pub(crate) fn seed(
        &self,
        supplier: u16,
        plan: &SeedPlan,
        count: u32,
        seed: u64,
    ) -> Result<usize, MockError> {
        let Some(owner) = self.suppliers.get(usize::from(supplier)) else {
            return Err(MockError::Seeds(format!("there is no supplier number {supplier}")));
        };
        if count == 0 {
            return Ok(0);
        }
        // A second seeding with the same seed must not make the same ids again.
        let purpose = u64::from(supplier) + 1 + ((self.letters.read().len() as u64) << 16);
        let new = plan.letters(count, seed, purpose, &owner.name, &mut self.shelf.write());
        let new = new.map_err(MockError::Seeds)?;
        let leaves = self.now().saturating_add(micros(self.config.retention));
        let priorities: Vec<u8> = new.iter().map(|letter| letter.priority).collect();
        let first = self.letters.write().add(supplier, new);
        let mut lane = owner.lane.lock();
        for (number, priority) in (first..).zip(&priorities) {
            lane.push(number, *priority, leaves);
        }
        Ok(priorities.len())
    }

    /// Forgets everything that happened and seeds anew; tokens stay valid.
    pub(crate) fn reset(&self, seed: u64) -> Result<(), MockError> {
        self.updates.clear();
        *self.letters.write() = Letters::default();
        for supplier in &self.suppliers {
            *supplier.lane.lock() = Lane::default();
        }
        self.mi.clear();
        self.meter.reset();
        self.seed_all(seed)
    }

    /// Applies what has become due. Called before anything is read; costs one load when nothing is.
    pub(crate) fn apply_due(&self, now: u64) {
        if !self.updates.is_due(now) {
            return;
        }
        let mut undo = Vec::new();
        self.updates.drain(now, |change, due| {
            let Some((supplier, before)) = self.letters.write().apply(change) else { return };
            self.requeue(supplier, change, before, due);
            let (status, twist, after) = match change.twist {
                Twist::RevertAfter(after) => (before, Twist::None, after),
                Twist::MoveAfter(status, after) => (status, Twist::None, after),
                Twist::VanishAfter(after) => (before, Twist::Vanish, after),
                _ => return,
            };
            undo.push((Change { status, twist, ..change.clone() }, now + after));
        });
        for (change, due) in undo {
            self.updates.push(vec![change], due, usize::MAX);
        }
    }

    /// A letter that is no longer PENDING since `due` leaves the queue some time later, and never
    /// comes back by itself.
    fn requeue(&self, supplier: u16, change: &Change, before: LetterStatus, due: u64) {
        let Some(owner) = self.suppliers.get(usize::from(supplier)) else { return };
        match change.twist {
            Twist::KeepListed => {}
            Twist::Relist => owner.lane.lock().push(change.letter, 0, u64::MAX),
            _ if change.status != LetterStatus::Pending && before == LetterStatus::Pending => {
                let when = due.saturating_add(micros(self.config.queue_lag));
                owner.lane.lock().leave(change.letter, when);
            }
            _ => {}
        }
    }

    pub(crate) fn summary(&self, supplier: Option<u16>) -> StateSummary {
        let now = self.now();
        self.apply_due(now);
        let lanes: Vec<(usize, usize)> = self
            .suppliers
            .iter()
            .enumerate()
            .filter(|(at, _)| supplier.is_none_or(|only| usize::from(only) == *at))
            .map(|(_, owner)| owner.lane.lock().sizes(now))
            .collect();
        let by_status = self.letters.read().count(supplier);
        StateSummary {
            letters: by_status.iter().map(|(_, count)| count).sum(),
            by_status,
            queued: lanes.iter().map(|sizes| sizes.0).sum(),
            visible: lanes.iter().map(|sizes| sizes.1).sum(),
            updates_waiting: self.updates.waiting(),
            mi_records: self.mi.len(),
        }
    }

    /// Makes every hidden letter visible.
    pub(crate) fn show_all(&self) {
        for supplier in &self.suppliers {
            supplier.lane.lock().show_all();
        }
    }
}

/// A duration in microseconds, at most what fits.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Where ids begin, so that two runs do not share them.
fn start_of_ids() -> u64 {
    let mut bytes = [0u8; 8];
    // Without randomness the ids only repeat between runs; nothing rests on that.
    let _ = aws_lc_rs::rand::fill(&mut bytes);
    u64::from_le_bytes(bytes)
}

/// A random text for tokens, in the form of a UUID.
pub(crate) fn random_uuid() -> Result<String, MockError> {
    let mut bytes = [0u8; 16];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| MockError::Crypto("a random number"))?;
    Ok(uuid_text(&bytes))
}
