//! Records of management information, kept as they were submitted.
//! Refuses to detect duplicates, as the deployed API does: an identical record gets a new id.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;

use crate::validate::MiAttributes;

#[derive(Serialize)]
struct Envelope<'a> {
    data: Record<'a>,
}

#[derive(Serialize)]
struct Record<'a> {
    id: &'a str,
    r#type: &'static str,
    attributes: &'a MiAttributes,
}

/// A record's JSON, written as the deployed handlers write it.
pub(crate) fn render(id: &str, attributes: &MiAttributes) -> Bytes {
    let record = Record { id, r#type: "ManagementInformation", attributes };
    // Plain data with text keys cannot fail to serialise.
    serde_json::to_vec_pretty(&Envelope { data: record }).unwrap_or_default().into()
}

#[derive(Debug, Default)]
struct Inner {
    records: HashMap<Box<str>, (u16, Bytes)>,
    age: VecDeque<Box<str>>,
}

/// The records kept.
#[derive(Debug, Default)]
pub(crate) struct MiStore(Mutex<Inner>);

impl MiStore {
    /// Keeps a record; the oldest goes when there are too many.
    pub(crate) fn keep(&self, id: &str, supplier: u16, body: Bytes, room: usize) {
        let mut inner = self.0.lock();
        if inner.records.insert(id.into(), (supplier, body)).is_none() {
            inner.age.push_back(id.into());
        }
        while inner.records.len() > room {
            let Some(oldest) = inner.age.pop_front() else { break };
            inner.records.remove(&oldest);
        }
    }

    /// A supplier's own record.
    pub(crate) fn read(&self, id: &str, supplier: u16) -> Option<Bytes> {
        let inner = self.0.lock();
        let (owner, body) = inner.records.get(id)?;
        (*owner == supplier).then(|| body.clone())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().records.len()
    }

    pub(crate) fn clear(&self) {
        *self.0.lock() = Inner::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_its_suppliers_own_and_the_oldest_goes_first() {
        let store = MiStore::default();
        for id in ["a", "b", "c"] {
            store.keep(id, 1, Bytes::from_static(b"x"), 2);
        }
        assert_eq!(store.len(), 2);
        assert!(store.read("a", 1).is_none());
        assert!(store.read("b", 1).is_some());
        assert!(store.read("b", 2).is_none());
    }
}
