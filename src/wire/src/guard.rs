//! The guard: where connections of one target may go.
//!
//! Names are checked before anything is resolved, addresses before anything is connected to: a name
//! that leads elsewhere today than yesterday is refused like one that always did.
//! Every place that is neither the target nor its stated storage is refused.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use url::{Host, Url};

use crate::client::{Lookup, System};
use crate::place::{
    Ground, Name, PRODUCTION, Place, StorageHost, is_production, is_production_host, is_rehearsal,
};
use crate::refusal::Refusal;

/// How long the addresses of production are waited for. Without them its names are still refused.
const PRODUCTION_LOOKUP: Duration = Duration::from_secs(2);

/// The way that connections take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Through {
    /// None: straight to the host.
    #[default]
    Nothing,
    /// This proxy, which resolves names itself.
    Proxy(Url),
    /// The proxy that the environment names (`HTTPS_PROXY` and its like), if it names one.
    Environment,
}

/// Where a target's connections are to go.
#[derive(Debug, Clone, Default)]
pub struct Going {
    /// The target: its base URL, and its token endpoint where it has one.
    pub target: Vec<Url>,
    /// Where its documents are, beside the target's own hosts.
    pub storage: Vec<StorageHost>,
    /// The production host that a person agreed to, for the smoke test.
    pub agreed: Option<String>,
    /// The way there.
    pub through: Through,
    /// Whether plain http may leave this machine: only for what holds no secret and whose answer is
    /// signed, such as time stamps.
    pub plain: bool,
}

/// Lets connections of one target through, or refuses them; clones share what was agreed to.
#[derive(Clone)]
pub struct Guard {
    inner: Arc<Inner>,
}

struct Inner {
    target: Vec<Place>,
    agreed: Option<String>,
    through: Through,
    plain: bool,
    proxies: Vec<Name>,
    storage: Mutex<Vec<StorageHost>>,
    /// Where each name of the target lay when it was first resolved.
    first: Mutex<Vec<(Name, HashSet<Ground>)>>,
    production: OnceCell<HashSet<IpAddr>>,
    lookup: Arc<dyn Lookup>,
}

impl std::fmt::Debug for Guard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guard").field("target", &self.inner.target).finish_non_exhaustive()
    }
}

/// What a place is to a target.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Target,
    Storage,
}

impl Guard {
    /// A guard of this target.
    ///
    /// # Errors
    /// When the target itself must not be reached.
    pub fn new(going: Going) -> Result<Self, Refusal> {
        Self::looking_up(going, Arc::new(System))
    }

    /// A guard of one address and nothing else.
    ///
    /// # Errors
    /// When that must not be reached.
    pub fn of(url: &Url) -> Result<Self, Refusal> {
        Self::new(Going { target: vec![url.clone()], ..Going::default() })
    }

    pub(crate) fn looking_up(going: Going, lookup: Arc<dyn Lookup>) -> Result<Self, Refusal> {
        let proxies = proxies(&going.through);
        let through = match going.through {
            Through::Environment if proxies.is_empty() => Through::Nothing,
            through => through,
        };
        let target = going.target.iter().map(|url| Place::of(url).ok_or(Refusal::Address));
        let guard = Self {
            inner: Arc::new(Inner {
                target: target.collect::<Result<_, _>>()?,
                agreed: going.agreed.map(|host| host.trim_end_matches('.').to_ascii_lowercase()),
                proxies,
                through,
                plain: going.plain,
                storage: Mutex::new(going.storage),
                first: Mutex::default(),
                production: OnceCell::new(),
                lookup,
            }),
        };
        going.target.iter().try_for_each(|url| guard.check(url))?;
        Ok(guard)
    }

    /// Checks an address by its name, before anything is resolved or sent.
    ///
    /// # Errors
    /// When nothing may go there.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refusal::Address);
        }
        let place = Place::of(url).ok_or(Refusal::Address)?;
        let stated = StorageHost::of(url).ok_or(Refusal::Address)?;
        let host = || url.host_str().unwrap_or_default().to_owned();
        let role = self.role(&place);
        if is_production_host(url) && !(role == Some(Role::Target) && self.agreed_to(&place.name)) {
            return Err(Refusal::Production { host: host() });
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::User { host: host() });
        }
        if let Name::Address(address) = place.name {
            let ground = Ground::of(address);
            let foreign = ground != Ground::Public && role.is_none();
            if ground.is_never_allowed() || foreign {
                return Err(Refusal::Ground { host: host(), address, ground });
            }
        }
        let here = place.name == Name::Here;
        if url.scheme() == "http" && !here && !self.inner.plain {
            return Err(Refusal::Plain { host: host() });
        }
        if role.is_none() {
            let may_ask = matches!(&place.name, Name::Domain(name) if name.contains('.'));
            return Err(Refusal::Unstated { host: stated, may_ask });
        }
        Ok(())
    }

    /// Checks an address by its name and, where it is written as one, by its address.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub async fn admit(&self, url: &Url) -> Result<(), Refusal> {
        self.check(url)?;
        let address: IpAddr = match url.host() {
            Some(Host::Ipv4(address)) => address.into(),
            Some(Host::Ipv6(address)) => address.into(),
            _ => return Ok(()),
        };
        // Behind a proxy nothing is resolved here, so nothing is known of addresses either.
        if matches!(self.inner.through, Through::Nothing) {
            return self.not_production(url.host_str().unwrap_or_default(), &[address]).await;
        }
        Ok(())
    }

    /// Takes a person's word that a host is this target's storage.
    pub fn agree_to(&self, host: StorageHost) {
        self.inner.storage.lock().push(host);
    }

    /// The addresses of a host that may be connected to; of a name that leads to several, those.
    ///
    /// # Errors
    /// When there are none, or the name cannot be resolved.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, crate::client::Unresolved> {
        let name = Name::named(host.trim_matches(['[', ']']));
        let found = self.inner.lookup.look_up(host.trim_matches(['[', ']']).to_owned()).await?;
        Ok(self.allowed(host, &name, found).await?)
    }

    /// Opens a plain connection.
    ///
    /// # Errors
    /// When nothing may go there, or nobody answers.
    pub async fn connect(&self, url: &Url) -> std::io::Result<TcpStream> {
        self.admit(url).await.map_err(std::io::Error::other)?;
        let port = url.port_or_known_default().unwrap_or_default();
        let found = self.resolve(url.host_str().unwrap_or_default()).await;
        let found = found.map_err(std::io::Error::other)?;
        let addresses: Vec<_> = found.into_iter().map(|ip| SocketAddr::new(ip, port)).collect();
        TcpStream::connect(addresses.as_slice()).await
    }

    pub(crate) fn through(&self) -> &Through {
        &self.inner.through
    }

    /// Those of a name's addresses that may be connected to.
    async fn allowed(
        &self,
        host: &str,
        name: &Name,
        found: Vec<IpAddr>,
    ) -> Result<Vec<IpAddr>, Refusal> {
        let (mut kept, mut refused) = (Vec::new(), None);
        let first = self.grounds_at_first(name, &found);
        for address in found {
            let ground = Ground::of(address);
            if self.may_lie(name, address, ground, first.as_ref()) {
                kept.push(address);
            } else {
                refused = Some(Refusal::Ground { host: host.to_owned(), address, ground });
            }
        }
        match refused {
            Some(refused) if kept.is_empty() => return Err(refused),
            _ => {}
        }
        if !self.is_proxy(name) && !self.agreed_to(name) {
            self.not_production(host, &kept).await?;
        }
        Ok(kept)
    }

    fn may_lie(
        &self,
        name: &Name,
        address: IpAddr,
        ground: Ground,
        first: Option<&HashSet<Ground>>,
    ) -> bool {
        if *name == Name::Here {
            return ground == Ground::Loopback;
        }
        if ground.is_never_allowed() {
            return false;
        }
        if self.is_proxy(name) {
            return true;
        }
        match first {
            // The target lies where it lay when it was first asked for.
            Some(first) => first.contains(&ground),
            None => {
                ground == Ground::Public
                    || self.target_lies_on(ground)
                    || self.states(&Name::at(address))
            }
        }
    }

    /// Where a name of the target lay at first, which is kept; `None` for any other name.
    fn grounds_at_first(&self, name: &Name, found: &[IpAddr]) -> Option<HashSet<Ground>> {
        if !self.inner.target.iter().any(|place| place.name == *name) {
            return None;
        }
        let mut first = self.inner.first.lock();
        if let Some((_, grounds)) = first.iter().find(|(known, _)| known == name) {
            return Some(grounds.clone());
        }
        let grounds: HashSet<Ground> = found.iter().map(|address| Ground::of(*address)).collect();
        if !found.is_empty() {
            first.push((name.clone(), grounds.clone()));
        }
        Some(grounds)
    }

    fn target_lies_on(&self, ground: Ground) -> bool {
        self.inner.target.iter().any(|place| match &place.name {
            Name::Here => ground == Ground::Loopback,
            Name::Address(address) => ground == Ground::of(*address),
            Name::Domain(_) => {
                let first = self.inner.first.lock();
                let known = first.iter().find(|(known, _)| *known == place.name);
                known.is_some_and(|(_, grounds)| grounds.contains(&ground))
            }
        })
    }

    /// Refuses addresses of production under another name. The rehearsal environments of the same
    /// platform may share its addresses.
    async fn not_production(&self, host: &str, addresses: &[IpAddr]) -> Result<(), Refusal> {
        let public = |address: &&IpAddr| Ground::of(**address) == Ground::Public;
        let mut public = addresses.iter().filter(public).peekable();
        let plain = host.trim_end_matches('.').to_ascii_lowercase();
        if public.peek().is_none() || is_rehearsal(&plain) {
            return Ok(());
        }
        let production = self.inner.production.get_or_init(|| self.production_addresses()).await;
        match public.find(|address| production.contains(*address)) {
            None => Ok(()),
            Some(address) => {
                Err(Refusal::ProductionAddress { host: host.to_owned(), address: *address })
            }
        }
    }

    async fn production_addresses(&self) -> HashSet<IpAddr> {
        let mut addresses = HashSet::new();
        for host in PRODUCTION {
            let found = self.inner.lookup.look_up(host.to_owned());
            // A name server that does not answer must not hold up those who go elsewhere.
            if let Ok(Ok(found)) = tokio::time::timeout(PRODUCTION_LOOKUP, found).await {
                addresses.extend(found);
            }
        }
        addresses
    }

    fn role(&self, place: &Place) -> Option<Role> {
        if self.inner.target.contains(place) {
            return Some(Role::Target);
        }
        let storage = self.inner.storage.lock();
        storage.iter().any(|host| host.place() == *place).then_some(Role::Storage)
    }

    /// Whether a host is stated as storage, at whichever port.
    fn states(&self, name: &Name) -> bool {
        self.inner.storage.lock().iter().any(|host| host.place().name == *name)
    }

    fn agreed_to(&self, name: &Name) -> bool {
        matches!(name, Name::Domain(host) if is_production(host) && self.inner.agreed.as_ref() == Some(host))
    }

    fn is_proxy(&self, name: &Name) -> bool {
        self.inner.proxies.contains(name)
    }
}

/// The hosts of the proxies that connections may go through.
fn proxies(through: &Through) -> Vec<Name> {
    match through {
        Through::Nothing => Vec::new(),
        Through::Proxy(url) => Name::of(url).into_iter().collect(),
        Through::Environment => ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"]
            .into_iter()
            .flat_map(|name| [name.to_owned(), name.to_ascii_lowercase()])
            .filter_map(|name| std::env::var(name).ok())
            .filter_map(|text| {
                // Written without a scheme it is one of http.
                let text = if text.contains("://") { text } else { format!("http://{text}") };
                Name::of(&Url::parse(&text).ok()?)
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests;
