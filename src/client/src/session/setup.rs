//! Reads what the HTTPS client is set up with: roots and a client certificate.
//! Refuses to switch certificate checks off: there is no setting for it.

use std::path::Path;

use letterproof_model::{other_encoding, without_mark};
use letterproof_wire::{Certificate, Identity};

use crate::secret::mode_open_to_others;
use crate::{ClientError, Target};

/// The roots trusted beside those of the system.
pub(super) fn roots(target: &Target) -> Result<Vec<Certificate>, ClientError> {
    let mut roots = Vec::new();
    for path in &target.roots {
        let pem = read(path, "root certificate")?;
        let found = Certificate::from_pem_bundle(&pem)
            .ok()
            .filter(|found| !found.is_empty())
            .ok_or_else(|| at_fault(path, "root certificate", "it holds no PEM certificate"))?;
        roots.extend(found);
    }
    Ok(roots)
}

/// The certificate the session shows.
pub(super) fn identity(target: &Target) -> Result<Option<Identity>, ClientError> {
    let Some(files) = &target.identity else { return Ok(None) };
    let mut pem = read(&files.key, "client key")?;
    let open = std::fs::metadata(&files.key).ok().and_then(|data| mode_open_to_others(&data));
    if open.is_some() {
        return Err(at_fault(
            &files.key,
            "client key",
            "others may read it; make it yours alone with `chmod 600`",
        ));
    }
    pem.push(b'\n');
    pem.extend(read(&files.certificate, "client certificate")?);
    let identity = Identity::from_pem(&pem).map_err(|_| {
        at_fault(
            &files.certificate,
            "client certificate",
            "it and its key make no identity; both must be PEM, the key unencrypted",
        )
    })?;
    Ok(Some(identity))
}

/// Refuses a proxy that cannot be used.
pub(super) fn check_proxy(target: &Target) -> Result<(), ClientError> {
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
