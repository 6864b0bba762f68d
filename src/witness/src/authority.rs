//! A certificate authority of the witness's own, for suppliers that must speak HTTPS.
//! Refuses to write a key: the authority's key signs one certificate in memory and is gone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::WitnessError;
use crate::config::TlsListen;

/// The file to trust.
const FILE: &str = "letterproof-witness-ca.pem";

/// How long the certificates are good: longer than both test windows together.
const DAYS: i64 = 90;

/// Makes authority and certificate, writes what is to be trusted, and returns what accepts TLS
/// connections together with that file.
pub(crate) fn establish(
    tls: &TlsListen,
    listen: SocketAddr,
) -> Result<(TlsAcceptor, PathBuf), WitnessError> {
    let (authority, chain, key) =
        issue(tls, listen).map_err(|error| WitnessError::Tls { problem: error.to_string() })?;
    let path = tls.folder.join(FILE);
    write(&tls.folder, &path, &authority)
        .map_err(|source| WitnessError::Certificate { path: path.clone(), source })?;
    let failed =
        |error: tokio_rustls::rustls::Error| WitnessError::Tls { problem: error.to_string() };
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_no_client_auth()
        .with_single_cert(vec![chain], key.into())
        .map_err(failed)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), path))
}

type Issued =
    (String, tokio_rustls::rustls::pki_types::CertificateDer<'static>, PrivatePkcs8KeyDer<'static>);

fn issue(tls: &TlsListen, listen: SocketAddr) -> Result<Issued, rcgen::Error> {
    let mut authority = CertificateParams::new(Vec::new())?;
    lasting(&mut authority);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.distinguished_name.push(DnType::CommonName, "letterproof witness (testing only)");
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let authority_key = KeyPair::generate()?;
    let pem = authority.self_signed(&authority_key)?.pem();
    let issuer = Issuer::new(authority, authority_key);

    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = listen.ip();
    if !own.is_unspecified() && !own.is_loopback() {
        names.push(own.to_string());
    }
    names.extend(tls.names.iter().cloned());
    let mut leaf = CertificateParams::new(names)?;
    lasting(&mut leaf);
    leaf.distinguished_name.push(DnType::CommonName, "letterproof witness");
    leaf.use_authority_key_identifier_extension = true;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&key, &issuer)?;
    Ok((pem, certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der())))
}

/// From yesterday, for clocks that are behind, until well after the test.
fn lasting(params: &mut CertificateParams) {
    let day = |days: i64| {
        let time = Timestamp::now().checked_add(SignedDuration::from_hours(24 * days));
        let date = time.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).date();
        // A month and a day are never negative.
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(-1);
    params.not_after = day(DAYS);
}

fn write(folder: &Path, path: &Path, pem: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    std::fs::write(path, pem)
}
