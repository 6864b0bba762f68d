//! The handlers of INT, as the deployed code was seen to behave, and the records of management
//! information they keep.
//!
//! Unknown and foreign ids are dropped in silence, transitions are not enforced, and every good
//! update is answered with 202 before anything happened. An identical record gets a new id.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use letterproof_model::LetterStatus;
use parking_lot::Mutex;
use serde::Serialize;

use crate::reply::{JSON, Reply, empty, with_body};
use crate::rng::Rng;
use crate::shared::{Shared, micros};
use crate::supplier::calls::{Call, Caller, Problem, Target};
use crate::supplier::faults::Effect;
use crate::supplier::letters::{Letter, fragment};
use crate::supplier::validate::MiAttributes;
use crate::supplier::{storage, updates, validate};

/// Answers a call of a known supplier.
pub(crate) async fn answer(shared: &Shared, call: &Call<'_>, caller: Caller) -> Reply {
    let Some(supplier) = caller.supplier else { return denied() };
    if call.target == Target::Status {
        return with_body(StatusCode::OK, JSON, "{\n  \"code\": 200\n}");
    }
    let request_id = call.header("x-request-id").filter(|id| !id.is_empty());
    let result = if request_id.is_none() && !call.faults.on(Effect::AcceptMissingRequestId) {
        Err(Problem::Internal)
    } else if call.target == Target::List {
        list(shared, call, supplier).await
    } else {
        handle(shared, call, supplier)
    };
    result.unwrap_or_else(|problem| problem.reply(&error_id(shared, call)))
}

/// The correlation id of an error: what the caller sent and one of the gateway's own.
pub(crate) fn error_id(shared: &Shared, call: &Call<'_>) -> String {
    let own = format!("rrt-{}", shared.fresh_id());
    let sent =
        ["x-request-id", "x-correlation-id"].into_iter().filter_map(|name| call.header(name));
    let parts: Vec<&str> = sent.filter(|id| !id.is_empty()).chain([own.as_str()]).collect();
    parts.join(".")
}

/// The authoriser's refusal of an unknown or disabled supplier.
pub(crate) fn denied() -> Reply {
    with_body(
        StatusCode::FORBIDDEN,
        JSON,
        "{\"Message\":\"User is not authorized to access this resource with an explicit deny\"}",
    )
}

/// What an unknown route or method is answered.
pub(crate) fn no_route() -> Reply {
    with_body(StatusCode::FORBIDDEN, JSON, "{\"message\":\"Missing Authentication Token\"}")
}

fn handle(shared: &Shared, call: &Call<'_>, supplier: u16) -> Result<Reply, Problem> {
    shared.apply_due(shared.now());
    match call.target {
        Target::Get(id) => read(shared, call, supplier, id),
        Target::Data(id) => data(shared, call, supplier, id),
        Target::Patch(id) => updates::patch(shared, call, supplier, id),
        Target::Update => updates::bulk(shared, call, supplier),
        Target::CreateMi => create_mi(shared, call, supplier),
        Target::GetMi(_) if call.faults.on(Effect::MiRefuse(404)) => Err(Problem::NotFound),
        Target::GetMi(_) if call.faults.on(Effect::MiRefuse(403)) => Ok(denied()),
        Target::GetMi(id) => {
            let body = shared.mi.read(id, supplier).ok_or(Problem::NotFound)?;
            Ok(with_body(StatusCode::OK, JSON, body))
        }
        Target::List | Target::Status | Target::Unknown => Ok(no_route()),
    }
}

/// Runs `then` on a supplier's own letter.
fn own_letter<T>(
    shared: &Shared,
    call: &Call<'_>,
    supplier: u16,
    id: &str,
    then: impl FnOnce(&Letter) -> T,
) -> Result<T, Problem> {
    let letters = shared.letters.read();
    match letters.find(id) {
        Some((_, letter)) if letter.supplier == supplier => Ok(then(letter)),
        Some((_, letter)) if call.faults.on(Effect::ForeignRead) => Ok(then(letter)),
        None if call.faults.on(Effect::UnknownAsKnown) => {
            letters.get(0).map(then).ok_or(Problem::NotFound)
        }
        _ => Err(Problem::NotFound),
    }
}

fn read(shared: &Shared, call: &Call<'_>, supplier: u16, id: &str) -> Result<Reply, Problem> {
    let body = own_letter(shared, call, supplier, id, |letter| {
        let old = letter
            .previous
            .as_ref()
            .filter(|_| call.faults.on(Effect::StaleRead) || call.faults.on(Effect::FlappingRead));
        let hashless = letter.status != LetterStatus::Pending && call.faults.on(Effect::HashLost);
        if hashless { letter.without_hash() } else { old.unwrap_or(&letter.rendered).clone() }
    })?;
    let body = if call.faults.on(Effect::NeighbourRead) {
        let letters = shared.letters.read();
        let other = letters.find(id).and_then(|(number, _)| letters.neighbour(number));
        other.map_or(body, |(_, letter)| letter.rendered.clone())
    } else {
        body
    };
    Ok(with_body(StatusCode::OK, JSON, body))
}

fn data(shared: &Shared, call: &Call<'_>, supplier: u16, id: &str) -> Result<Reply, Problem> {
    let link = own_letter(shared, call, supplier, id, |letter| {
        storage::link(shared, call.root, letter, call.faults)
    })?;
    let mut reply = empty(StatusCode::SEE_OTHER);
    let link = HeaderValue::from_str(&link).map_err(|_| Problem::Internal)?;
    reply.headers_mut().insert(header::LOCATION, link);
    Ok(reply)
}

fn create_mi(shared: &Shared, call: &Call<'_>, supplier: u16) -> Result<Reply, Problem> {
    let attributes = validate::mi(call.body, call.faults)?;
    let id = if call.faults.on(Effect::MiSameId) {
        "00000000-0000-4000-8000-000000000001".to_owned()
    } else if call.faults.on(Effect::MiFewIds) {
        let turn = shared.flap.fetch_add(1, Ordering::Relaxed) % 2;
        format!("00000000-0000-4000-8000-00000000000{turn}")
    } else {
        shared.fresh_id()
    };
    let body = render(&id, &attributes);
    let mut kept = attributes;
    let quantity = kept.quantity.as_f64().unwrap_or(0.0);
    if call.faults.on(Effect::MiAlter) {
        kept.quantity = (quantity + 1.0).into();
    }
    if call.faults.on(Effect::MiDouble) {
        kept.quantity = (quantity * 2.0).into();
    }
    if call.faults.on(Effect::MiDropGroup) {
        kept.group_id = None;
    }
    if call.faults.on(Effect::MiOtherForm) {
        kept.rewrite();
    }
    if !call.faults.on(Effect::MiLose) {
        let stored = if call.faults.is_empty() { body.clone() } else { render(&id, &kept) };
        shared.mi.keep(&id, supplier, stored, shared.config.limits.mi_records);
    }
    Ok(with_body(StatusCode::CREATED, JSON, body))
}

/// Lists the queue. Reading and hiding are two steps, so that calls at the same time get
/// the same letters.
async fn list(shared: &Shared, call: &Call<'_>, supplier: u16) -> Result<Reply, Problem> {
    let limit = validate::limit(call.query, call.faults)?;
    let owner = shared.suppliers.get(usize::from(supplier)).ok_or(Problem::Internal)?;
    let now = shared.now();
    shared.apply_due(now);
    let faults = call.faults;
    let more = faults.hit(Effect::ListOver).map_or(0, |hit| hit.number as usize);
    let fewer = faults.hit(Effect::ListUnder).map_or(0, |hit| hit.number as usize);
    let wanted = (limit + more).saturating_sub(fewer);
    let mut chosen = owner.lane.lock().peek(wanted, now);
    if !shared.config.list_window.is_zero() {
        tokio::time::sleep(shared.config.list_window).await;
    }
    let timeout = micros(shared.config.visibility_timeout);
    if faults.on(Effect::ListHideForever) {
        owner.lane.lock().hide(&chosen, u64::MAX);
    } else if timeout > 0 && !faults.on(Effect::ListNoHide) {
        owner.lane.lock().hide(&chosen, shared.now().saturating_add(timeout));
    }
    if faults.is_empty() {
        return Ok(with_body(StatusCode::OK, JSON, rendered(shared, &chosen)));
    }
    if faults.on(Effect::ListShuffle) {
        Rng::new(shared.flap.fetch_add(1, Ordering::Relaxed), 3).shuffle(&mut chosen);
    }
    Ok(with_body(StatusCode::OK, JSON, spoiled(shared, call, supplier, chosen)))
}

const HEAD: &[u8] = b"{\"data\":[";

fn rendered(shared: &Shared, chosen: &[u32]) -> Bytes {
    let letters = shared.letters.read();
    let queued: Vec<Bytes> =
        chosen.iter().filter_map(|number| letters.get(*number)).map(Letter::queued).collect();
    joined(queued.iter().map(|item| &item[..]))
}

fn joined<'a>(fragments: impl Iterator<Item = &'a [u8]> + Clone) -> Bytes {
    let size: usize = fragments.clone().map(|fragment| fragment.len() + 1).sum();
    let mut body = Vec::with_capacity(HEAD.len() + size + 2);
    body.extend_from_slice(HEAD);
    for (at, fragment) in fragments.enumerate() {
        if at > 0 {
            body.push(b',');
        }
        body.extend_from_slice(fragment);
    }
    body.extend_from_slice(b"]}");
    body.into()
}

/// The list with what the armed faults do to it.
fn spoiled(shared: &Shared, call: &Call<'_>, supplier: u16, chosen: Vec<u32>) -> Bytes {
    let faults = call.faults;
    if faults.on(Effect::ListEmpty) {
        return joined(std::iter::empty());
    }
    let letters = shared.letters.read();
    let mut items: Vec<Vec<u8>> = chosen
        .iter()
        .filter_map(|number| letters.get(*number))
        .map(|letter| letter.queued().to_vec())
        .collect();
    if let Some(hit) = faults.hit(Effect::ListOmit) {
        items.drain(..items.len().min(hit.number as usize));
    }
    if let Some(hit) = faults.hit(Effect::ListRepeat) {
        let count = (hit.number as usize).min(items.len() / 2);
        for at in 0..count {
            let last = items.len() - 1 - at;
            items[last] = items[at].clone();
        }
    }
    let replaced = |item: &mut Vec<u8>, from: &str, to: &str| {
        *item = String::from_utf8_lossy(item).replacen(from, to, 1).into_bytes();
    };
    if let Some(hit) = faults.hit(Effect::ListWrongStatus) {
        for item in items.iter_mut().take(hit.number as usize) {
            replaced(item, "\"PENDING\"", "\"ACCEPTED\"");
        }
    }
    if faults.on(Effect::ListWrongSpecification) {
        for item in &mut items {
            replaced(item, "\"specificationId\":\"", "\"specificationId\":\"other-");
        }
    }
    if faults.on(Effect::ListChangingIds) {
        let call = shared.flap.fetch_add(1, Ordering::Relaxed);
        for item in &mut items {
            replaced(item, "{\"id\":\"", &format!("{{\"id\":\"{call}-"));
        }
    }
    if faults.on(Effect::ListForeign)
        && let (Some(letter), Some(item)) = (letters.foreign_to(supplier), items.first_mut())
    {
        *item = fragment(&letter.rendered).to_vec();
    }
    joined(items.iter().map(Vec::as_slice))
}

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
