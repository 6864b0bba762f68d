//! Which faults are armed, for everyone and for one request.
//! Refuses to cost anything while none is: one relaxed load on the way of each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::RwLock;

use super::dose::Fault;
use super::effect::{Effect, Rewrite};

#[derive(Debug)]
struct Armed {
    fault: Fault,
    chances: AtomicU64,
}

/// Faults armed together.
#[derive(Debug, Default)]
struct Set(Vec<Armed>);

impl Set {
    fn new(faults: impl IntoIterator<Item = Fault>) -> Arc<Self> {
        let armed = faults.into_iter().map(|fault| Armed { fault, chances: AtomicU64::new(0) });
        Arc::new(Self(armed.collect()))
    }
}

/// The faults armed for every request.
#[derive(Debug)]
pub(crate) struct Board {
    any: AtomicBool,
    set: RwLock<Arc<Set>>,
}

/// How a fault that struck was dosed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hit {
    pub(crate) number: u32,
    pub(crate) time: Duration,
}

/// The faults one request meets.
#[derive(Debug, Clone, Default)]
pub(crate) struct View {
    all: Option<Arc<Set>>,
    own: Option<Arc<Set>>,
}

impl Board {
    pub(crate) fn new(faults: Vec<Fault>) -> Self {
        let board = Self { any: AtomicBool::new(false), set: RwLock::default() };
        board.arm(faults);
        board
    }

    /// Replaces the armed faults; their counts begin anew.
    pub(crate) fn arm(&self, faults: Vec<Fault>) {
        let any = !faults.is_empty();
        *self.set.write() = Set::new(faults);
        self.any.store(any, Ordering::Release);
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.set.read().0.iter().map(|armed| armed.fault.to_string()).collect()
    }

    /// The faults a request meets, its own included.
    pub(crate) fn view(&self, own: Option<Fault>) -> View {
        let all = self.any.load(Ordering::Acquire).then(|| Arc::clone(&self.set.read()));
        View { all, own: own.map(|fault| Set::new([fault])) }
    }
}

impl View {
    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_none() && self.own.is_none()
    }

    fn armed(&self) -> impl Iterator<Item = &Armed> {
        [&self.all, &self.own].into_iter().flatten().flat_map(|set| &set.0)
    }

    /// Asks whether an effect strikes now; each question is one chance.
    pub(crate) fn hit(&self, effect: Effect) -> Option<Hit> {
        if self.is_empty() {
            return None;
        }
        self.armed()
            .find(|armed| armed.fault.entry.effect == effect && armed.strikes())
            .map(Hit::of)
    }

    pub(crate) fn on(&self, effect: Effect) -> bool {
        self.hit(effect).is_some()
    }

    /// The status of a `FailWith` that strikes now.
    pub(crate) fn failure(&self) -> Option<u16> {
        self.armed().find_map(|armed| match armed.fault.entry.effect {
            Effect::FailWith(status) if armed.strikes() => Some(status),
            _ => None,
        })
    }

    /// The rewrites that strike an answer chosen by `covers`.
    pub(crate) fn rewrites(&self, covers: impl Fn(&Rewrite) -> bool) -> Vec<Rewrite> {
        self.armed()
            .filter_map(|armed| match armed.fault.entry.effect {
                Effect::Rewrite(rewrite) if covers(&rewrite) && armed.strikes() => Some(rewrite),
                _ => None,
            })
            .collect()
    }
}

impl Armed {
    fn strikes(&self) -> bool {
        self.fault.dose.takes(self.chances.fetch_add(1, Ordering::Relaxed))
    }
}

impl Hit {
    fn of(armed: &Armed) -> Self {
        Self { number: armed.fault.number, time: armed.fault.time }
    }
}
