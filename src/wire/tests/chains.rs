//! Which chains are told: those that hold, of servers that have the key, for every connection.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use letterproof_wire::tls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use letterproof_wire::tls::rustls::crypto::aws_lc_rs::default_provider;
use letterproof_wire::tls::rustls::{ServerConfig, version};
use letterproof_wire::tls::{OnChain, TlsSettings, client_config};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::sync::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// An authority, and a server's certificate of it with its key.
struct Made {
    root: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

fn made(name: &str) -> Made {
    let mut root = CertificateParams::new(vec![]).unwrap();
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = CertifiedIssuer::self_signed(root, KeyPair::generate().unwrap()).unwrap();
    let mut between = CertificateParams::new(vec![]).unwrap();
    between.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let between = CertifiedIssuer::signed_by(between, KeyPair::generate().unwrap(), &root).unwrap();
    let key = KeyPair::generate().unwrap();
    let own = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let own = own.signed_by(&key, &between).unwrap();
    Made {
        root: root.der().clone(),
        chain: vec![own.der().clone(), between.der().clone()],
        key: PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    }
}

type Told = Arc<Mutex<Vec<(String, usize)>>>;

/// Connects `times` to a server of `made`, trusting `root`; returns what was told.
async fn connect(
    made: &Made,
    root: &CertificateDer<'static>,
    versions: &[&'static letterproof_wire::tls::rustls::SupportedProtocolVersion],
    times: usize,
) -> Vec<(String, usize)> {
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(made.chain.clone(), made.key.clone_key())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        for _ in 0..times {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.write_all(b"x").await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let told: Told = Arc::default();
    let teller = Arc::clone(&told);
    let on_chain: OnChain = Arc::new(move |host, chain| {
        teller.lock().unwrap().push((host.to_owned(), chain.len()));
    });
    let settings = TlsSettings {
        roots: vec![root.clone()],
        given_roots_only: true,
        on_chain: Some(on_chain),
        ..TlsSettings::default()
    };
    let connector = TlsConnector::from(Arc::new(client_config(settings).unwrap()));
    for _ in 0..times {
        let stream = TcpStream::connect(address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        if let Ok(mut stream) = connector.connect(name, stream).await {
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
    serving.await.unwrap();
    told.lock().unwrap().clone()
}

#[tokio::test]
async fn every_connection_tells_its_whole_chain_in_both_versions_of_tls() {
    let made = made("localhost");
    for version in [&version::TLS12, &version::TLS13] {
        let told = connect(&made, &made.root, &[version], 2).await;
        let one = ("localhost".to_owned(), 2);
        assert_eq!(told, [one.clone(), one], "{version:?}");
    }
}

#[tokio::test]
async fn chains_that_do_not_hold_are_not_told() {
    let (mine, other) = (made("localhost"), made("localhost"));
    assert_eq!(connect(&mine, &other.root, &[&version::TLS13], 1).await, []);
    let elsewhere = made("elsewhere.example");
    assert_eq!(connect(&elsewhere, &elsewhere.root, &[&version::TLS13], 1).await, []);
}

#[tokio::test]
async fn a_chain_shown_by_somebody_without_its_key_is_not_told() {
    let mut thief = made("localhost");
    let key = KeyPair::generate().unwrap();
    thief.key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    // rustls itself refuses such a pair, so that the thief takes another road.
    let provider = Arc::new(default_provider());
    let signing = provider.key_provider.load_private_key(thief.key.clone_key()).unwrap();
    let certified =
        letterproof_wire::tls::rustls::sign::CertifiedKey::new(thief.chain.clone(), signing);
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(letterproof_wire::tls::rustls::sign::SingleCertAndKey::from(
            certified,
        )));
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        assert!(acceptor.accept(stream).await.is_err());
    });
    let told: Told = Arc::default();
    let teller = Arc::clone(&told);
    let settings = TlsSettings {
        roots: vec![thief.root.clone()],
        given_roots_only: true,
        on_chain: Some(Arc::new(move |host, chain| {
            teller.lock().unwrap().push((host.to_owned(), chain.len()));
        })),
        ..TlsSettings::default()
    };
    let connector = TlsConnector::from(Arc::new(client_config(settings).unwrap()));
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    assert!(connector.connect(name, stream).await.is_err());
    serving.await.unwrap();
    assert_eq!(*told.lock().unwrap(), []);
}
