//! Accepting the supplier's connections, with or without TLS.
//! Refuses more connections than the limit, and to outlive the witness.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::connection::{Connection, converse};
use crate::counters::bump;
use crate::door::Door;
use crate::proxy::Proxy;
use letterproof_wire::Socket;

/// Accepts connections at all doors until told to stop, then lets them finish for the time of
/// grace.
pub(crate) async fn listen(
    doors: Vec<(TcpListener, Door)>,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    stop: watch::Receiver<bool>,
) {
    let places = Arc::new(Semaphore::new(proxy.limits().connections.max(1)));
    let each = doors.into_iter().map(|(listener, door)| {
        let (tls, proxy, stop) = (tls.clone(), Arc::clone(&proxy), stop.clone());
        at_door(listener, door, Arc::clone(&places), tls, proxy, stop)
    });
    futures::future::join_all(each).await;
}

async fn at_door(
    listener: TcpListener,
    door: Door,
    places: Arc<Semaphore>,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    mut stop: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while tasks.try_join_next().is_some() {}
        let Ok((stream, _)) = accepted else {
            // Out of file descriptors, most likely: give others time to close.
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        // Only now, so that a door where nobody knocks holds no place.
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            _ = stop.changed() => break,
        };
        bump(&proxy.book().counters.connections);
        let (tls, proxy, stop) = (tls.clone(), Arc::clone(&proxy), stop.clone());
        tasks.spawn(async move {
            let _place = place;
            accept(stream, door, tls, proxy, stop).await;
        });
    }
    drop(listener);
    let finished = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(proxy.limits().grace, finished).await.is_err() {
        tasks.shutdown().await;
    }
}

async fn accept(
    stream: TcpStream,
    door: Door,
    tls: Option<TlsAcceptor>,
    proxy: Arc<Proxy>,
    stop: watch::Receiver<bool>,
) {
    // Small answers must not wait for each other; without it they are only slower.
    let _ = stream.set_nodelay(true);
    let reset = Arc::new(AtomicBool::new(false));
    let state = Connection::new(door, Arc::clone(&reset));
    let socket = Socket::new(stream, reset, proxy.limits().write_timeout);
    let Some(acceptor) = tls else { return converse(socket, proxy, state, stop).await };
    let handshake = tokio::time::timeout(proxy.limits().header_timeout, acceptor.accept(socket));
    match handshake.await {
        Ok(Ok(stream)) => converse(stream, proxy, state, stop).await,
        Ok(Err(_)) => proxy.book().note_refusal(
            "a TLS handshake failed; does the supplier trust letterproof-witness-ca.pem?",
        ),
        Err(_) => proxy.book().note_refusal("a TLS handshake took too long"),
    }
}
