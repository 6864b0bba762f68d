//! The settings of a target as they were used, for the evidence: a name as in a profile, a value.
//! Refuses secrets: of each it only tells where it comes from, and of a URL no query or user.

use std::path::Path;
use std::time::Duration;

use url::Url;

use crate::target::{Auth, Target};

impl Target {
    /// The settings in use, by their names in a profile.
    #[must_use]
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = vec![("name", self.name.clone()), ("base_url", plain(&self.base_url))];
        match &self.auth {
            Auth::None => settings.push(("auth.method", "none".to_owned())),
            Auth::Bearer(token) => {
                settings.push(("auth.method", "bearer".to_owned()));
                settings.push(("auth.token", token.describe()));
            }
            Auth::SignedJwt { api_key, kid, key } => {
                settings.push(("auth.method", "signed-jwt".to_owned()));
                settings.push(("auth.kid", kid.clone()));
                settings.push(("auth.api_key", api_key.describe()));
                settings.push(("auth.key", key.describe()));
            }
        }
        if let Some(url) = &self.token_url {
            settings.push((
                "auth.token_url",
                Url::parse(url).map_or_else(|_| url.clone(), |url| plain(&url)),
            ));
        }
        let supports = self.supports.iter().map(|status| status.as_str());
        settings.push(("supplier.supports", supports.collect::<Vec<_>>().join(", ")));
        let storage = self.storage_hosts.iter();
        settings.extend(storage.map(|host| ("storage_hosts", host.to_string())));
        settings.extend(self.limits());
        settings.extend(self.network());
        let specifications = self.specifications.iter();
        settings.extend(specifications.map(|known| {
            ("specifications", format!("{} is {}", known.id.as_str(), known.kind.as_str()))
        }));
        settings
    }

    fn limits(&self) -> Vec<(&'static str, String)> {
        let rate = self.rate_limit.map_or_else(|| "none".to_owned(), |limit| format!("{limit}/s"));
        vec![
            ("limits.rate_limit", rate),
            ("limits.visibility_timeout", seconds(self.visibility_timeout)),
            ("limits.update_deadline", seconds(self.update_deadline)),
            ("limits.queue_lag", seconds(self.queue_lag)),
            ("limits.at15_target", seconds(self.at15_target)),
            ("limits.seeded_letters", self.seeded_letters.to_string()),
            ("limits.at4_batch", self.at4_batch.to_string()),
            ("limits.at15_chunk", self.at15_chunk.to_string()),
        ]
    }

    fn network(&self) -> Vec<(&'static str, String)> {
        let file = |path: &Path| {
            path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
        };
        let mut settings: Vec<_> =
            self.roots.iter().map(|root| ("network.roots", file(root))).collect();
        if let Some(identity) = &self.identity {
            settings.push(("network.client_certificate", file(&identity.certificate)));
        }
        if let Some(proxy) = &self.proxy {
            settings.push(("network.proxy", plain(proxy)));
        }
        settings
    }
}

/// A URL without what may be secret in it.
fn plain(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    // A URL that takes no credentials has none to remove.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string().trim_end_matches('/').to_owned()
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn settings_name_where_a_secret_comes_from_and_never_the_secret() {
        let canary = || SecretString::from("canary-secret".to_owned());
        let key = crate::SecretSource::File("keys/our.pem".into());
        let auth = Auth::SignedJwt { api_key: canary().into(), kid: "our-1".to_owned(), key };
        let mut target =
            Target::mock("https://int.example/api", "https://int.example/oauth2/token", auth)
                .unwrap();
        target.storage_hosts = vec!["bucket.example.org".parse().unwrap()];
        target.proxy = Some(
            Url::parse("http://user:canary-secret@proxy.example:3128/?canary-secret").unwrap(),
        );
        let told = format!("{:?}", target.settings());
        assert!(!told.contains("canary"), "{told}");
        for part in [
            "our-1",
            "bucket.example.org",
            "keys/our.pem",
            "proxy.example:3128",
            "300/s",
            "Printed",
            "accessible",
        ] {
            assert!(told.to_lowercase().contains(&part.to_lowercase()), "{part}: {told}");
        }
    }
}
