//! The HTTP client of a target: its roots, its certificate and its proxy. No setting switches
//! certificate checks off, and no redirect is followed.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use letterproof_model::{Mark, Recorder, now, other_encoding, without_mark};
use letterproof_wire::tls::pki_types::pem::PemObject as _;
use letterproof_wire::tls::pki_types::{CertificateDer, PrivateKeyDer};
use letterproof_wire::tls::rustls::ClientConfig;
use letterproof_wire::tls::{Chains, TlsSettings, client_config};
use letterproof_wire::{Guard, HttpClient, Redirects, is_loopback, retry};

use crate::secret::mode_open_to_others;
use crate::{ClientError, Target};

/// Builds the HTTP client of a target: no redirects, checked certificates that are written down,
/// plain bodies.
pub(crate) fn build_http(
    target: &Target,
    guard: &Guard,
    recorder: &Arc<dyn Recorder>,
) -> Result<HttpClient, ClientError> {
    let tls = settings(target, recorder)?;
    check_proxy(target)?;
    let client = guard.client(Redirects::Shown, |builder| {
        builder
            .retry(retry::never())
            .connect_timeout(target.timeouts.connect)
            .pool_idle_timeout(Duration::from_secs(30))
            .gzip(false)
            .tls_info(true)
            .referer(false)
            .tls_backend_preconfigured(tls)
    });
    client.map_err(|error| {
        let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        failed(target, &cause)
    })
}

/// What TLS is set up with; each chain that the server shows becomes a mark of the journal.
fn settings(target: &Target, recorder: &Arc<dyn Recorder>) -> Result<ClientConfig, ClientError> {
    let (chains, recorder) = (Chains::default(), Arc::clone(recorder));
    let settings = TlsSettings {
        roots: roots(target)?,
        // A plain loopback target has no use for the roots of the system, as long as its documents
        // lie here too.
        given_roots_only: is_loopback(&target.base_url)
            && target.base_url.scheme() == "http"
            && target.storage_hosts.is_empty()
            && target.storage_consent.is_none(),
        identity: identity(target)?,
        on_chain: Some(Arc::new(move |host, chain| {
            // Where it cannot be written, the exchange cannot be recorded either, and that is told.
            let _ = recorder.mark(Mark::new(now(), chains.mark(host, chain)));
        })),
    };
    let mut config = client_config(settings).map_err(|error| failed(target, &error.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// The client of a target cannot be built.
fn failed(target: &Target, cause: &str) -> ClientError {
    ClientError::configuration(format!(
        "target {}: the HTTPS client cannot be set up ({cause}); check roots, client certificate and proxy",
        target.name
    ))
}

/// The roots trusted beside those of the system.
fn roots(target: &Target) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let mut roots = Vec::new();
    for path in &target.roots {
        let pem = read(path, "root certificate")?;
        let found = certificates(&pem)
            .ok_or_else(|| at_fault(path, "root certificate", "it holds no PEM certificate"))?;
        roots.extend(found);
    }
    Ok(roots)
}

/// The certificate the session shows, with its chain and key.
fn identity(target: &Target) -> Result<Option<Identity>, ClientError> {
    let Some(files) = &target.identity else { return Ok(None) };
    let key = read(&files.key, "client key")?;
    let open = std::fs::metadata(&files.key).ok().and_then(|data| mode_open_to_others(&data));
    if open.is_some() {
        return Err(at_fault(
            &files.key,
            "client key",
            "others may read it; make it yours alone with `chmod 600`",
        ));
    }
    let pem = read(&files.certificate, "client certificate")?;
    let identity = certificates(&pem).zip(PrivateKeyDer::from_pem_slice(&key).ok());
    identity.map(Some).ok_or_else(|| {
        at_fault(
            &files.certificate,
            "client certificate",
            "it and its key make no identity; both must be PEM, the key unencrypted",
        )
    })
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The certificates of a PEM file; `None` where there is none, or one cannot be read.
fn certificates(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().ok()?;
    (!found.is_empty()).then_some(found)
}

/// Refuses a proxy that cannot be used.
fn check_proxy(target: &Target) -> Result<(), ClientError> {
    let Some(url) = &target.proxy else { return Ok(()) };
    let wrong = |problem: &str| {
        Err(ClientError::configuration(format!("target {}: {problem}", target.name)))
    };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("the proxy's address carries credentials; give those in HTTPS_PROXY instead");
    }
    if !matches!(url.scheme(), "http" | "https") {
        return wrong("the proxy's address cannot be used; give one such as http://proxy:3128");
    }
    Ok(())
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, ClientError> {
    let bytes = std::fs::read(path).map_err(|error| {
        at_fault(path, what, &format!("it cannot be read ({error}); check the path"))
    })?;
    // Comments of a PEM file may be in any encoding, its blocks may not.
    match other_encoding(&bytes) {
        Some(name) => Err(at_fault(path, what, &format!("it is {name} text; save it as UTF-8"))),
        None => Ok(without_mark(&bytes).to_vec()),
    }
}

fn at_fault(path: &Path, what: &str, problem: &str) -> ClientError {
    ClientError::configuration(format!("{what} {}: {problem}", path.display()))
}
