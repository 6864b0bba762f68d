//! What can be checked on this machine: secrets, the key, its registration, names and proxy.
//! Nothing is sent.

use letterproof_wire::{Guard, is_loopback};

use super::examine::Doctor;
use crate::keys::KEY_BITS;
use crate::{Auth, ClientError, KeyMatch, SigningKey};

impl Doctor {
    /// Secrets, the key, and the key's registration: all of it on this machine.
    pub(super) async fn credentials(&mut self) -> bool {
        const SECRETS: (&str, &str) = ("secrets", "secrets can be read");
        const KEY: (&str, &str) = ("key", "the signing key");
        const JWKS: (&str, &str) = ("jwks", "key, JWKS and kid");
        let (api_key, kid, key) = match self.target.auth.clone() {
            Auth::SignedJwt { api_key, kid, key } => (api_key, kid, key),
            Auth::None => {
                self.diagnosis.skipped(SECRETS.0, SECRETS.1, "this target needs no credentials");
                return true;
            }
            Auth::Bearer(source) => {
                return match source.read().await {
                    Ok(_) => {
                        self.diagnosis.ok(SECRETS.0, SECRETS.1, source.describe());
                        true
                    }
                    Err(error) => {
                        self.secret_fault(&error);
                        false
                    }
                };
            }
        };
        let pem = match (api_key.read().await, key.read().await) {
            (Ok(_), Ok(pem)) => pem,
            (Err(one), Err(other)) => {
                // Both at once: whoever sets one up sets up the other.
                self.secret_fault(&ClientError::configuration(format!("{one}; {other}")));
                return false;
            }
            (Err(error), _) | (_, Err(error)) => {
                self.secret_fault(&error);
                return false;
            }
        };
        let found = format!("{}; {}", api_key.describe(), key.describe());
        self.diagnosis.ok(SECRETS.0, SECRETS.1, found);
        let key = match SigningKey::read(&kid, pem) {
            Ok(key) => key,
            Err(fault) => {
                let found = format!("{}: {}", key.describe(), fault.found);
                self.diagnosis.failure(KEY.0, KEY.1, found, fault.remedy);
                return false;
            }
        };
        let found = format!("RSA, {} bits", key.bits());
        if key.bits() == KEY_BITS {
            self.diagnosis.ok(KEY.0, KEY.1, found);
        } else {
            let remedy = format!(
                "The platform asks for {KEY_BITS} bits: make a key with `letterproof keys` and \
                 register its JWKS."
            );
            self.diagnosis.warning(KEY.0, KEY.1, found, remedy);
        }
        self.registration(&key, JWKS)
    }

    fn secret_fault(&mut self, error: &ClientError) {
        let remedy = "Put the secret where the profile says, or correct the profile's [auth].";
        self.diagnosis.failure("secrets", "secrets can be read", error.to_string(), remedy);
    }

    fn registration(
        &mut self,
        key: &SigningKey,
        (name, title): (&'static str, &'static str),
    ) -> bool {
        let Some(jwks) = &self.options.jwks else {
            self.diagnosis.skipped(name, title, "no JWKS was given to compare with");
            return true;
        };
        let kid = key.kid();
        match key.matches(jwks) {
            KeyMatch::Fits => {
                self.diagnosis.ok(name, title, format!("kid `{kid}` names this key"));
                return true;
            }
            KeyMatch::KidUnknown => self.diagnosis.failure(
                name,
                title,
                format!("the JWKS has no RSA key with kid `{kid}`"),
                "Set the profile's kid to one in the JWKS, or register the JWKS that goes with the \
                 key.",
            ),
            KeyMatch::OtherKey => self.diagnosis.failure(
                name,
                title,
                format!("under kid `{kid}` the JWKS has a different key"),
                "Use the private key that goes with the registered one, or register this key's \
                 JWKS under a new kid.",
            ),
            KeyMatch::Unreadable => self.diagnosis.failure(
                name,
                title,
                format!("under kid `{kid}` the JWKS has a key whose n or e cannot be read"),
                "Write the JWKS again from the private key, with n and e in base64url, and \
                 register it.",
            ),
            KeyMatch::Private => self.diagnosis.failure(
                name,
                title,
                "the JWKS holds the private part of a key (d, p, q, dp, dq, qi, oth or k)",
                "Never register or send it. If it has left this machine, retire that key; make a \
                 new one with `letterproof keys` and register the JWKS that it writes, which is \
                 public.",
            ),
            KeyMatch::NoSet => self.diagnosis.failure(
                name,
                title,
                "the file is not a JWKS",
                "Give the JSON file with the `keys` that was registered in the developer portal.",
            ),
        }
        false
    }

    pub(super) async fn names(&mut self, guard: &Guard) -> bool {
        const TITLE: &str = "name resolution";
        let url = &self.target.base_url;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        if self.target.proxy.is_some() {
            self.diagnosis.skipped("name", TITLE, "the proxy resolves names");
            return true;
        }
        match guard.resolve(&host).await {
            Ok(addresses) => {
                let found = match addresses.len() {
                    1 => format!("{host} has 1 address"),
                    count => format!("{host} has {count} addresses"),
                };
                self.diagnosis.ok("name", TITLE, found);
                true
            }
            // Behind a proxy named in the environment, names need not resolve here.
            Err(error) if environment_proxy().is_some() => {
                let remedy = "No matter, as long as the proxy knows the name.";
                self.diagnosis.warning("name", TITLE, format!("{host}: {error}"), remedy);
                true
            }
            Err(error) => {
                let remedy = "Check the host in base_url, and that this machine's name server \
                              knows it (VPN, proxy).";
                self.diagnosis.failure("name", TITLE, format!("{host}: {error}"), remedy);
                false
            }
        }
    }

    /// Whether requests go through a proxy.
    pub(super) fn is_proxied(&self) -> bool {
        let local = is_loopback(&self.target.base_url);
        !local && (self.target.proxy.is_some() || environment_proxy().is_some())
    }

    pub(super) fn proxy(&mut self) {
        const TITLE: &str = "proxy";
        let found = match (&self.target.proxy, environment_proxy()) {
            _ if is_loopback(&self.target.base_url) => {
                "none: the target is this machine".to_owned()
            }
            (Some(url), _) => format!("from the profile: {}", url.host_str().unwrap_or_default()),
            (None, Some(name)) => format!("from the environment variable {name}"),
            (None, None) => "none".to_owned(),
        };
        self.diagnosis.ok("proxy", TITLE, found);
    }
}

fn environment_proxy() -> Option<&'static str> {
    ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
