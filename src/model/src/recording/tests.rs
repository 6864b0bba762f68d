use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::samples::{exchange, response};
use crate::{Outcome, Store};

/// Bytes that lie in memory after all, but not as exchanges.
#[derive(Default)]
struct Bytes(Mutex<Vec<u8>>);

impl Store for Bytes {
    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(())
    }

    fn read(&self, from: u64, buffer: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.lock().unwrap();
        let from = usize::try_from(from).unwrap();
        buffer.copy_from_slice(&bytes[from..from + buffer.len()]);
        Ok(())
    }
}

fn bytes() -> io::Result<Box<dyn Store>> {
    Ok(Box::<Bytes>::default())
}

/// A store that keeps what it is given, and gives none of it back.
struct Unreadable;

impl Store for Unreadable {
    fn append(&self, _: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn read(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Err(io::Error::other("the disk is gone"))
    }
}

/// A store that is full after so many exchanges.
struct Full(AtomicUsize);

impl Store for Full {
    fn append(&self, _: &[u8]) -> io::Result<()> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0..20 => Ok(()),
            _ => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn read(&self, _: u64, _: &mut [u8]) -> io::Result<()> {
        Ok(())
    }
}

/// So many exchanges, each with a URL of its own.
fn numbered(count: u64) -> Vec<Arc<Exchange>> {
    let one = |number: u64| {
        let mut one = exchange("", Outcome::Response(response(200)));
        one.id = ExchangeId::numbered(number);
        one.request.url.push_str(&number.to_string());
        one.started += jiff::SignedDuration::from_secs(i64::try_from(number).unwrap());
        Arc::new(one)
    };
    (1..=count).map(one).collect()
}

fn recorded(room: usize, open: OpenStore, exchanges: &[Arc<Exchange>]) -> Recording {
    let mut recording = Recording::within(room, open);
    exchanges.iter().for_each(|exchange| recording.push(Arc::clone(exchange)));
    recording
}

fn in_memory(recording: &Recording) -> usize {
    let kept = (0..recording.exchanges().len()).map(|place| recording.exchanges().kept(place));
    kept.filter(|kept| matches!(kept, Some(Kept::Here(_)))).count()
}

#[test]
fn beyond_its_limit_nothing_stays_in_memory_and_all_is_as_it_was_pushed() {
    let exchanges = numbered(300);
    let room = exchanges.iter().map(|one| one.room()).sum::<usize>();
    for (room, here) in [(room, 300), (room - 1, 0), (room / 2, 0), (0, 0)] {
        let recording = recorded(room, bytes, &exchanges);
        assert_eq!(in_memory(&recording), here);
        assert_eq!(recording.exchanges().len(), 300);
        // Twice, and the other way round: what is at hand is another each time.
        for _ in 0..2 {
            let read = recording.exchanges().iter().rev().map(|one| one.to_arc());
            assert!(read.eq(exchanges.iter().rev().cloned()));
            assert!(recording.exchanges().iter().zip(&exchanges).all(|(one, is)| *one == **is));
        }
        assert!(
            recording.exchanges().kept(300).is_none() && recording.exchanges().get(300).is_none()
        );
        assert_eq!(recording.began(), exchanges.first().map(|first| first.started));
        assert_eq!(recording.ended(), exchanges.last().map(|last| last.finished()));
        assert_eq!(recording.whole(), Ok(()));
    }
    let plain = Recording::new(exchanges, Vec::new());
    assert_eq!(in_memory(&plain), 300, "a journal without a limit is in memory");
}

#[test]
fn an_exchange_is_found_by_its_id() {
    let exchanges = numbered(70);
    for room in [0, usize::MAX] {
        let recording = recorded(room, bytes, &exchanges);
        let find =
            |id: &str| recording.exchanges().find(&ExchangeId::from(id)).map(|it| it.to_arc());
        assert_eq!(find("ex-000001").as_ref(), exchanges.first());
        assert_eq!(find("ex-000070").as_ref(), exchanges.last());
        for other in ["ex-000000", "ex-000071", "ex-18446744073709551615", "ex-1", "one"] {
            assert_eq!(find(other), None, "{other}");
        }
    }
    let named = Arc::new(exchange("one", Outcome::Response(response(200))));
    let recording = Recording::new(vec![Arc::clone(&named)], Vec::new());
    assert_eq!(*recording.exchanges().find(&named.id).unwrap(), *named);
}

#[test]
fn what_cannot_be_read_again_is_told_of() {
    let exchanges = numbered(5);
    let recording = recorded(0, || Ok(Box::new(Unreadable)), &exchanges);
    assert_eq!(recording.whole(), Ok(()), "nothing was read so far");
    let read = recording.exchanges().get(2).unwrap();
    assert!(read.response().is_none() && read.request.url.is_empty());
    let fault = recording.whole().unwrap_err();
    assert!(fault.message.contains("the disk is gone"), "{fault}");
    assert!(fault.message.contains("TMPDIR"), "{fault}");
}

#[test]
fn what_cannot_be_kept_is_told_of() {
    let recording = recorded(0, || Err(io::ErrorKind::PermissionDenied.into()), &numbered(5));
    assert!(recording.whole().is_err() && recording.exchanges().len() == 5);
    let full = || Ok(Box::new(Full(AtomicUsize::new(0))) as Box<dyn Store>);
    assert_eq!(recorded(0, full, &numbered(20)).whole(), Ok(()));
    assert!(recorded(0, full, &numbered(21)).whole().is_err());
}

#[test]
fn what_is_not_what_was_written_is_told_of() {
    // The store gives zeros.
    let recording = recorded(0, || Ok(Box::new(Full(AtomicUsize::new(0)))), &numbered(3));
    assert!(recording.exchanges().iter().all(|one| one.request.url.is_empty()));
    assert!(recording.whole().is_err());
}
