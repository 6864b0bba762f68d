//! Targets: where requests go, how a session proves who it is there, what may be expected, and the
//! settings in use as the evidence names them. A target only names where secrets are found; they are
//! read when first needed, and none is told.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use letterproof_model::{
    Brief, Capability, Context, LetterStatus, Mode, SpecificationMeaning, TestDefinition, TestId,
    Who, is_misnamed, pack,
};
use letterproof_wire::StorageHost;
use url::Url;

use crate::{ClientError, ProductionConsent, SecretSource, StorageConsent};

/// How a session proves who it is.
#[derive(Debug, Clone)]
pub enum Auth {
    /// Not at all, as in the sandbox.
    None,
    /// With tokens from the platform's token endpoint, asked for with a signed JWT.
    SignedJwt {
        /// The application's API key, which is `iss` and `sub` of the assertion.
        api_key: SecretSource,
        /// The id under which the public key is registered.
        kid: String,
        /// The RSA private key in PEM form.
        key: SecretSource,
    },
    /// With a bearer token that is at hand.
    Bearer(SecretSource),
}

/// How long a session waits for things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection.
    pub connect: Duration,
    /// For a whole API answer.
    pub answer: Duration,
    /// For a whole download.
    pub download: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            download: Duration::from_secs(60),
        }
    }
}

/// A certificate and key that a session shows to servers which ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdentity {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM; refused when others may read it.
    pub key: PathBuf,
}

/// Where requests go and what may be expected there.
#[derive(Debug, Clone)]
pub struct Target {
    /// `mock`, `sandbox`, `int`, `prod-smoke`, or a profile's own name.
    pub name: String,
    /// The API's base URL, without a slash at its end.
    pub base_url: Url,
    /// The token endpoint; needed with [`Auth::SignedJwt`], and the assertion's `aud` to the letter.
    pub token_url: Option<String>,
    /// How a session proves who it is.
    pub auth: Auth,
    /// What the target can do.
    pub capabilities: BTreeSet<Capability>,
    /// How long a listed letter stays hidden.
    pub visibility_timeout: Duration,
    /// How long a queued update may take to show.
    pub update_deadline: Duration,
    /// How long a list may name a letter after its acceptance was seen.
    pub queue_lag: Duration,
    /// Requests per second the API allows; `None` for no limit.
    pub rate_limit: Option<u32>,
    /// Time agreed for one AT15 flow.
    pub at15_target: Duration,
    /// Optional statuses that the supplier's workflow declares (AT5, AT6, AT8, AT13).
    pub supports: BTreeSet<LetterStatus>,
    /// Whether the supplier's profile states them: then their tests decide like required ones.
    pub states_workflow: bool,
    /// What the known specification ids mean.
    pub specifications: Vec<SpecificationMeaning>,
    /// Letters seeded for the run.
    pub seeded_letters: u32,
    /// Letters one AT4 list asks for.
    pub at4_batch: u32,
    /// Letters one AT15 list asks for.
    pub at15_chunk: u32,
    /// How long a session waits.
    pub timeouts: Timeouts,
    /// Roots trusted beside those of the system, as PEM files.
    pub roots: Vec<PathBuf>,
    /// A certificate to show.
    pub identity: Option<ClientIdentity>,
    /// A proxy to go through, without credentials; never used for loopback. Without one, the
    /// usual environment variables (`HTTPS_PROXY`) decide.
    pub proxy: Option<Url>,
    /// Where its documents are, beside its own hosts; links that lead anywhere else are not followed.
    pub storage_hosts: Vec<StorageHost>,
    /// Asks a person about a host that is not stated; without it that is refused.
    pub storage_consent: Option<StorageConsent>,
    /// Who stands behind runs against it, as far as its profile states that.
    pub who: Who,
    /// A person's consent to reach production; only ever set by [`Target::prod_smoke`].
    pub(crate) consent: Option<ProductionConsent>,
}

/// Where the links of the sandbox lead: a document that belongs to nobody's letter.
const SANDBOX_STORAGE: &str = "www.w3.org";
const SANDBOX: &str = "https://sandbox.api.service.nhs.uk/nhs-notify-supplier";
const INT: &str = "https://int.api.service.nhs.uk/nhs-notify-supplier";
const INT_TOKEN: &str = "https://int.api.service.nhs.uk/oauth2/token";
const PROD: &str = "https://api.service.nhs.uk/nhs-notify-supplier";
const PROD_TOKEN: &str = "https://api.service.nhs.uk/oauth2/token";

impl Target {
    /// The names of the built-in targets.
    pub const BUILT_IN: [&'static str; 4] = ["mock", "sandbox", "int", "prod-smoke"];

    /// The mock of INT, embedded or at an address of its own, with the pack's sizes.
    ///
    /// # Errors
    /// When the base URL is none.
    pub fn mock(base_url: &str, token_url: &str, auth: Auth) -> Result<Self, ClientError> {
        let context = Context::stand_in(base_url);
        Ok(Self {
            name: "mock".to_owned(),
            base_url: parse_base_url(base_url)?,
            token_url: Some(token_url.to_owned()),
            auth,
            capabilities: context.capabilities,
            visibility_timeout: Duration::from_millis(context.visibility_timeout_ms),
            update_deadline: Duration::from_millis(context.update_deadline_ms),
            queue_lag: Duration::from_millis(context.queue_lag_ms),
            rate_limit: Some(context.rate_limit),
            at15_target: Duration::from_millis(context.at15_target_ms),
            supports: context.supports,
            states_workflow: false,
            specifications: context.specifications,
            seeded_letters: context.seeded_letters,
            at4_batch: context.at4_batch,
            at15_chunk: context.at15_chunk,
            timeouts: Timeouts::default(),
            roots: Vec::new(),
            identity: None,
            proxy: None,
            storage_hosts: Vec::new(),
            storage_consent: None,
            who: Who::default(),
            consent: None,
        })
    }

    /// The public sandbox: no credentials, no state.
    ///
    /// # Errors
    /// Never, in practice: the address is built in.
    pub fn sandbox() -> Result<Self, ClientError> {
        Ok(Self {
            name: "sandbox".to_owned(),
            token_url: None,
            capabilities: BTreeSet::new(),
            visibility_timeout: Duration::ZERO,
            update_deadline: Duration::from_secs(2),
            seeded_letters: 23,
            storage_hosts: SANDBOX_STORAGE.parse().into_iter().collect(),
            ..Self::mock(SANDBOX, "", Auth::None)?
        })
    }

    /// The integration environment.
    ///
    /// # Errors
    /// Never, in practice: the address is built in.
    pub fn int(auth: Auth) -> Result<Self, ClientError> {
        Ok(Self { name: "int".to_owned(), ..Self::mock(INT, INT_TOKEN, auth)? })
    }

    /// Production, for the smoke test on named letters and nothing else.
    ///
    /// # Errors
    /// When the host the person typed is not the host that would be reached.
    pub fn prod_smoke(auth: Auth, consent: ProductionConsent) -> Result<Self, ClientError> {
        let mut target = Self {
            name: "prod-smoke".to_owned(),
            seeded_letters: u32::try_from(consent.letters().len()).unwrap_or(u32::MAX),
            ..Self::mock(PROD, PROD_TOKEN, auth)?
        };
        target.capabilities.remove(&Capability::Seeded);
        if !consent.covers(&target.base_url) {
            return Err(ClientError::refused(format!(
                "the confirmation does not name {}; type that host to run the smoke test there",
                target.base_url.host_str().unwrap_or_default()
            )));
        }
        target.consent = Some(consent);
        Ok(target)
    }

    /// The usual environment variables for signed-JWT credentials: `LETTERPROOF_API_KEY`,
    /// `LETTERPROOF_KID`, and `LETTERPROOF_KEY_FILE` (a path) or `LETTERPROOF_KEY` (the PEM).
    ///
    /// # Errors
    /// When `LETTERPROOF_KID` is not set.
    pub fn auth_from_environment() -> Result<Auth, ClientError> {
        let kid = std::env::var("LETTERPROOF_KID").map_err(|_| {
            let is_set = |name| std::env::var_os(name).is_some();
            let has_key = is_set("LETTERPROOF_KEY_FILE") || is_set("LETTERPROOF_KEY");
            let missing = [
                ("LETTERPROOF_API_KEY", is_set("LETTERPROOF_API_KEY")),
                ("LETTERPROOF_KID", false),
                ("LETTERPROOF_KEY_FILE", has_key),
            ];
            let missing = missing.into_iter().filter(|(_, there)| !there).map(|(name, _)| name);
            let missing: Vec<&str> = missing.collect();
            let verb = if missing.len() == 1 { "is" } else { "are" };
            ClientError::configuration(format!(
                "{} {verb} not set; set LETTERPROOF_API_KEY, LETTERPROOF_KID and LETTERPROOF_KEY_FILE, or give a profile file",
                missing.join(", ")
            ))
        })?;
        let key = match std::env::var("LETTERPROOF_KEY_FILE") {
            Ok(path) => SecretSource::File(path.into()),
            Err(_) => SecretSource::Env("LETTERPROOF_KEY".to_owned()),
        };
        Ok(Auth::SignedJwt {
            api_key: SecretSource::Env("LETTERPROOF_API_KEY".to_owned()),
            kid,
            key,
        })
    }

    /// Points the target at another address, as `--base-url` does; a token endpoint on the same
    /// host as before moves along (`…/oauth2/token` at the root of the new host). At another host it
    /// is no longer called by a built-in name alone.
    ///
    /// # Errors
    /// When the base URL is none.
    pub fn at(mut self, base_url: &str) -> Result<Self, ClientError> {
        self.base_url = parse_base_url(base_url)?;
        if self.token_url.is_some() {
            let mut token = self.base_url.clone();
            token.set_path("/oauth2/token");
            self.token_url = Some(token.to_string());
        }
        self.name_after_its_place();
        Ok(self)
    }

    /// Has evidence call a target by a built-in name only where it lies at that name's host, and
    /// elsewhere `int at 127.0.0.1:9000`.
    pub(crate) fn name_after_its_place(&mut self) {
        if let Some((name, _)) = self.name.split_once(" at ")
            && Self::BUILT_IN.contains(&name)
        {
            // Moved again.
            self.name = name.to_owned();
        }
        let host = self.base_url.host_str().unwrap_or_default();
        if is_misnamed(&self.name, host) {
            let port = self.base_url.port().map_or_else(String::new, |port| format!(":{port}"));
            self.name = format!("{} at {host}{port}", self.name);
        }
    }

    /// Whether the target has a capability.
    #[must_use]
    pub fn has(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }

    /// The letters that may be touched in production; `None` for any other target.
    #[must_use]
    pub fn consent(&self) -> Option<&ProductionConsent> {
        self.consent.as_ref()
    }

    /// The optional tests that decide like required ones: those of statuses that the profile states
    /// in `supports`, and those of these that were asked for by name.
    #[must_use]
    pub fn deciding(&self, named: &[TestId]) -> Vec<TestId> {
        let stated = |test: &&TestDefinition| {
            let status = test.workflow_status();
            self.states_workflow && status.is_some_and(|status| self.supports.contains(&status))
        };
        let stated = pack().iter().filter(stated).map(|test| test.id);
        Brief::optional(&stated.chain(named.iter().copied()).collect::<Vec<_>>())
    }

    /// What judges must know of this target.
    #[must_use]
    pub fn context(&self, mode: Mode) -> Context {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Context {
            target: self.name.clone(),
            base_url: self.base_url.as_str().trim_end_matches('/').to_owned(),
            capabilities: self.capabilities.clone(),
            mode,
            visibility_timeout_ms: millis(self.visibility_timeout),
            update_deadline_ms: millis(self.update_deadline),
            queue_lag_ms: millis(self.queue_lag),
            at15_target_ms: millis(self.at15_target),
            rate_limit: self.rate_limit.unwrap_or(u32::MAX),
            seeded_letters: self.seeded_letters,
            at4_batch: self.at4_batch,
            at15_chunk: self.at15_chunk,
            supports: self.supports.clone(),
            specifications: self.specifications.clone(),
        }
    }
}

/// Reads a base URL.
///
/// # Errors
/// When it is not an absolute http or https URL, or carries credentials, a query or a fragment.
pub(crate) fn parse_base_url(text: &str) -> Result<Url, ClientError> {
    let wrong = |problem: &str| {
        ClientError::configuration(format!(
            "base URL `{}`: {problem}; give an address such as https://host/nhs-notify-supplier",
            without_credentials(text)
        ))
    };
    let url = Url::parse(text.trim_end_matches('/'))
        .map_err(|error| wrong(&format!("it is not a URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("it begins neither with http:// nor with https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("it carries credentials, which belong in the profile's auth section"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("it carries a query or a fragment"));
    }
    Ok(url)
}

/// An address as messages may show it: secrets stand before an `@`, and in queries and fragments.
fn without_credentials(text: &str) -> String {
    let host = text.find("://").map_or(0, |at| at + 3);
    let secret = if text.contains('@') { Some(host) } else { text.find(['?', '#']) };
    secret.map_or_else(|| text.to_owned(), |from| format!("{}…", &text[..from]))
}

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
    fn a_stand_in_carries_the_same_facts_as_the_judges_start_from() {
        let target =
            Target::mock("http://127.0.0.1:9/", "http://127.0.0.1:9/oauth2/token", Auth::None)
                .unwrap();
        assert_eq!(target.context(Mode::Driven), Context::stand_in("http://127.0.0.1:9"));
    }

    #[test]
    fn what_is_no_base_url_is_refused_without_showing_credentials() {
        for text in [
            "ftp://x/",
            "localhost:9000",
            "",
            "https://u:hunter2@x/",
            "https://u:a?hunter2@x/",
            "https://x/?key=hunter2",
            "https://x/#hunter2",
            "https://x/?mail=a@hunter2",
        ] {
            let error = parse_base_url(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_moved_target_takes_its_token_endpoint_along() {
        let target = Target::int(Auth::None).unwrap().at("http://127.0.0.1:9/api/").unwrap();
        assert_eq!(target.base_url.as_str(), "http://127.0.0.1:9/api");
        assert_eq!(target.token_url.as_deref(), Some("http://127.0.0.1:9/oauth2/token"));
    }

    #[test]
    fn a_moved_target_is_not_called_what_it_is_not() {
        let int = || Target::int(Auth::None).unwrap();
        let moved = |base: &str| int().at(base).unwrap().name;
        assert_eq!(moved("http://127.0.0.1:9/api"), "int at 127.0.0.1:9");
        assert_eq!(moved("https://int.api.service.nhs.uk/nhs-notify-supplier-pr-1"), "int");
        let twice = int().at("http://127.0.0.1:9/api").unwrap().at("http://127.0.0.1:8/").unwrap();
        assert_eq!(twice.name, "int at 127.0.0.1:8");
        assert_eq!(twice.at("https://int.api.service.nhs.uk/x").unwrap().name, "int");
    }

    #[test]
    fn production_needs_the_right_host_to_be_typed() {
        let consent = |host| ProductionConsent::given(host, vec!["L1".into()]).unwrap();
        assert!(Target::prod_smoke(Auth::None, consent("int.api.service.nhs.uk")).is_err());
        assert!(Target::prod_smoke(Auth::None, consent("api.service.nhs.uk")).is_ok());
    }

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
