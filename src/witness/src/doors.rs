//! The doors of a witness, one for the API and its tokens and one for downloads, and the
//! certificate that it shows at them.
//!
//! The real storage has another host name than the API, and by that HTTP libraries that follow
//! redirects drop their credentials. So downloads get an origin whose host name differs as well:
//! `localhost` against an address of loopback, a name that the tester gives elsewhere. Away from
//! loopback, without one, downloads share the API's door.
//!
//! For suppliers that must speak HTTPS there is a certificate authority of the witness's own. No
//! key is written: the authority's key signs one certificate in memory and is gone.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use letterproof_wire::bind;
use letterproof_wire::tls::acceptor;
use letterproof_wire::tls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::WitnessError;
use crate::config::TlsListen;

/// How often a port is sought that is free on both addresses of loopback.
const TRIES: usize = 16;

/// By which door a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// That of the API and the token endpoint.
    Api,
    /// That of the downloads, where they have their own.
    Downloads,
}

/// A host name that a supplier's system calls this machine by, and a port; none is 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostAndPort {
    name: String,
    port: u16,
}

/// A text that names no host.
#[derive(Debug, thiserror::Error)]
#[error("give a host name of this machine, with or without a port, as in `files.example:9102`")]
pub struct ParseHostError;

impl FromStr for HostAndPort {
    type Err = ParseHostError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = name_of(text);
        let port = match &text[name.len()..] {
            "" => 0,
            port => port[1..].parse().map_err(|_| ParseHostError)?,
        };
        let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let sound = match bare {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => {
                let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                !name.is_empty() && name.len() < 254 && name.chars().all(allowed)
            }
        };
        sound.then(|| Self { name: name.to_owned(), port }).ok_or(ParseHostError)
    }
}

impl fmt::Display for HostAndPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            0 => f.write_str(&self.name),
            port => write!(f, "{}:{port}", self.name),
        }
    }
}

impl HostAndPort {
    /// The name alone, an IPv6 address without its brackets, as a certificate has it.
    pub(crate) fn bare_name(&self) -> &str {
        self.name.trim_matches(['[', ']'])
    }
}

/// The name of an authority, without its port.
pub(crate) fn name_of(authority: &str) -> &str {
    let after_address = authority.rfind(']').map_or(0, |at| at + 1);
    let end = authority[after_address..].find(':').map_or(authority.len(), |at| after_address + at);
    &authority[..end]
}

/// Where downloads are served, beside the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Downloads {
    /// The address bound first; on loopback the other family's is bound too where there is one.
    pub(crate) listen: SocketAddr,
    /// The name given; `None` on loopback, where the name depends on how the API is called.
    pub(crate) name: Option<String>,
}

impl Downloads {
    /// Opens the door for downloads beside the API's address; `None` where no name for it is known.
    ///
    /// # Errors
    /// [`WitnessError::Listen`] where the port cannot be bound.
    pub(crate) fn open(
        api: SocketAddr,
        given: Option<HostAndPort>,
    ) -> Result<Option<(Self, Vec<TcpListener>)>, WitnessError> {
        let (name, port) = match given {
            Some(HostAndPort { name, port }) => (Some(name), port),
            None if api.ip().is_loopback() => (None, 0),
            None => return Ok(None),
        };
        let (four, six) = (Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into());
        let (first, second) = match api.ip() {
            ip if !ip.is_loopback() => (ip, None),
            IpAddr::V4(_) => (four, Some(six)),
            IpAddr::V6(_) => (six, Some(four)),
        };
        let (listen, listeners) = open_both(first, second, port)?;
        Ok(Some((Self { listen, name }, listeners)))
    }

    /// The authority of the links for a supplier that calls the API by this authority. On loopback
    /// its name always differs from the API's.
    pub(crate) fn authority(&self, api: &str) -> String {
        let port = self.listen.port();
        match &self.name {
            Some(name) => format!("{name}:{port}"),
            None if name_of(api).eq_ignore_ascii_case("localhost") => self.listen.to_string(),
            None => format!("localhost:{port}"),
        }
    }
}

/// Binds one port on one or two addresses; a second that does not exist here is left out.
fn open_both(
    first: IpAddr,
    second: Option<IpAddr>,
    port: u16,
) -> Result<(SocketAddr, Vec<TcpListener>), WitnessError> {
    let mut tries = if port == 0 { TRIES } else { 1 };
    loop {
        tries -= 1;
        let wanted = SocketAddr::new(first, port);
        let failed = |source| WitnessError::DownloadDoor { address: wanted, source };
        let (listener, listen) = bind(wanted).map_err(failed)?;
        let mut listeners = vec![listener];
        let Some(second) = second else { return Ok((listen, listeners)) };
        let address = SocketAddr::new(second, listen.port());
        match bind(address) {
            Ok((listener, _)) => listeners.push(listener),
            // Another program would get the downloads of whoever tries this address first.
            Err(source) if source.kind() == std::io::ErrorKind::AddrInUse => match tries {
                0 => return Err(WitnessError::DownloadDoor { address, source }),
                _ => continue,
            },
            // This machine has no such address.
            Err(_) => {}
        }
        return Ok((listen, listeners));
    }
}

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
    let acceptor = acceptor(chain, key.into(), &[b"h2", b"http/1.1"])
        .map_err(|error| WitnessError::Tls { problem: error.to_string() })?;
    Ok((acceptor, path))
}

type Issued = (String, CertificateDer<'static>, PrivatePkcs8KeyDer<'static>);

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

#[cfg(test)]
mod tests {
    use letterproof_wire::Own;

    use super::*;

    fn downloads(name: Option<&str>) -> Downloads {
        let listen = SocketAddr::from(([127, 0, 0, 1], 9102));
        Downloads { listen, name: name.map(str::to_owned) }
    }

    #[test]
    fn on_loopback_the_host_name_of_downloads_always_differs_from_the_apis() {
        for api in ["127.0.0.1:9100", "localhost:9100", "LocalHost", "[::1]:9100", "127.0.0.1", "h"]
        {
            let authority = downloads(None).authority(api);
            assert_ne!(name_of(&authority), name_of(api).to_ascii_lowercase(), "{api}");
            let own = Own::new("http", downloads(None).listen, Vec::new());
            assert!(own.is(&authority), "{authority}");
        }
        assert_eq!(downloads(Some("files.example")).authority("api:1"), "files.example:9102");
    }

    #[test]
    fn a_download_host_is_a_name_with_or_without_a_port() {
        for (text, name, port) in [
            ("files.example", "files.example", 0),
            ("files.example:9102", "files.example", 9102),
            ("10.0.0.5:80", "10.0.0.5", 80),
            ("[fd00::1]:9102", "[fd00::1]", 9102),
            ("[fd00::1]", "[fd00::1]", 0),
        ] {
            let host: HostAndPort = text.parse().unwrap();
            assert_eq!((host.name.as_str(), host.port), (name, port), "{text}");
            assert_eq!(host.to_string(), text);
        }
        for text in
            ["", ":9102", "http://x", "a b", "a:b", "a:99999", "fd00::1", "a/b", "[x]", "[]"]
        {
            assert!(text.parse::<HostAndPort>().is_err(), "{text}");
        }
    }

    #[tokio::test]
    async fn both_addresses_of_loopback_are_listened_on_where_they_exist() {
        let api = SocketAddr::from(([127, 0, 0, 1], 9100));
        let (door, listeners) = Downloads::open(api, None).unwrap().unwrap();
        let six = TcpListener::bind("[::1]:0").await.is_ok();
        assert_eq!(listeners.len(), 1 + usize::from(six));
        assert!(door.listen.ip().is_loopback() && door.listen.port() != 0);
        // A port that another program has on the second address is not taken.
        if let Some(_taken) = listeners.into_iter().nth(1) {
            let host = HostAndPort { name: "files".to_owned(), port: door.listen.port() };
            assert!(Downloads::open(api, Some(host)).is_err());
        }
    }

    #[tokio::test]
    async fn away_from_loopback_downloads_share_the_apis_door_unless_they_have_a_name() {
        let api = SocketAddr::from(([0, 0, 0, 0], 9100));
        assert!(Downloads::open(api, None).unwrap().is_none());
        let host = "files.example".parse().unwrap();
        let (door, listeners) = Downloads::open(api, Some(host)).unwrap().unwrap();
        assert_eq!((listeners.len(), door.name.as_deref()), (1, Some("files.example")));
    }
}
