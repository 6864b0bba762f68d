//! `letterproof mock`: serves the mock API until it is told to stop. No secret is printed:
//! credentials go to a folder of the caller's choice, or nowhere. A folder that holds an API key
//! already keeps it, so that clients which know it go on working.

use std::time::Duration;

use letterproof_harness::{Failure, api_key_in, write_credentials};
use letterproof_mock::{
    AuthMode, Fault, Jwks, MediaType, Mix, MockConfig, MockServer, Profile, Registration,
    SecretToken, SeedPlan, fault_catalogue, measure as speed,
};

use crate::args::{GatewayPart, MockOptions, MockPack, MockProfile};
use crate::out::{self, Text};
use crate::process::until_stopped;
use crate::{sender_mock, targets};

/// Serves until Ctrl-C; returns the exit code.
pub(crate) fn mock(options: &MockOptions) -> Result<u8, Failure> {
    if options.pack == MockPack::Sender {
        let config = sender_mock::config(options)?;
        return crate::process::runtime()?.block_on(sender_mock::serve(config));
    }
    targets::refuse(&[("--layer", options.layer.is_some())], |name| {
        format!("{name} is for the mock of the sending API; leave it out, or add --pack sender")
    })?;
    if options.faults.iter().any(|name| name == "list") {
        print_catalogue()?;
        return Ok(0);
    }
    let mut config = config(options)?;
    if let Some(folder) = &options.credentials {
        if config.profile != Profile::Int || !matches!(config.auth, AuthMode::Jwt) {
            return Err(Failure::Usage(
                "--credentials is for a mock that asks for tokens; leave it out, or serve --profile \
                 int with --auth jwt"
                    .to_owned(),
            ));
        }
        config.demo_api_key = api_key_in(folder)?;
    }
    let runtime = crate::process::runtime()?;
    let code = runtime.block_on(async {
        if options.bench { measure(config).await } else { serve(options, config).await }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
    code
}

fn config(options: &MockOptions) -> Result<MockConfig, Failure> {
    let mut config = MockConfig {
        profile: match options.profile {
            MockProfile::Int => Profile::Int,
            MockProfile::Sandbox => Profile::Sandbox,
        },
        listen: options.listen,
        admin: options.admin,
        letters: options.letters.unwrap_or(options.mix.letters()),
        seed: options.seed,
        auth: auth(&options.auth)?,
        registrations: registrations(options)?,
        visibility_timeout: options.visibility_timeout,
        apply_delay: options.apply_delay,
        queue_lag: options.queue_lag,
        seeds: options.mix.plan(),
        unordered: options.unordered,
        link_ttl: options.link_ttl,
        rate_limit: (options.rate_limit > 0).then_some(options.rate_limit),
        limiter: options.limiter,
        latency: options.latency,
        latency_jitter: options.latency_jitter,
        token_lifetime: options.token_lifetime,
        tls: options.tls,
        request_faults: options.request_faults,
        ..MockConfig::default()
    };
    if let Some(path) = &options.seeds {
        config.seeds = SeedPlan::from_file(path)?;
        config.letters = options.letters.unwrap_or(Mix::Varied.letters());
    }
    for part in &options.without {
        match part {
            GatewayPart::BearerCheck => config.gateway.check_bearer = false,
            GatewayPart::ApplicationCheck => config.gateway.check_application = false,
            GatewayPart::Quota => config.gateway.enforce_quota = false,
            GatewayPart::IdEcho => config.gateway.echo_ids = false,
            GatewayPart::CorrelationId => config.gateway.generate_correlation_id = false,
            GatewayPart::MediaType => config.gateway.media_type = MediaType::Json,
        }
    }
    for fault in &options.faults {
        let fault = Fault::parse(fault).map_err(|error| Failure::Usage(error.to_string()))?;
        config.faults.push(fault);
    }
    Ok(config)
}

fn auth(text: &str) -> Result<AuthMode, Failure> {
    match text.split_once(':') {
        None if text == "jwt" => Ok(AuthMode::Jwt),
        None if text == "none" => Ok(AuthMode::None),
        Some(("static", token)) if !token.is_empty() => {
            Ok(AuthMode::Static(SecretToken::new(token)))
        }
        // The value may hold a token, so it is not repeated.
        _ => Err(Failure::Usage("--auth takes jwt, static:TOKEN or none".to_owned())),
    }
}

fn registrations(options: &MockOptions) -> Result<Vec<Registration>, Failure> {
    let mut files = options.jwks.iter();
    let Some(first) = files.next() else { return Ok(Vec::new()) };
    let api_key = std::env::var("LETTERPROOF_API_KEY").map_err(|_| {
        Failure::Usage("--jwks needs the application's API key in LETTERPROOF_API_KEY".to_owned())
    })?;
    let mut jwks = Jwks::from_file(first)?;
    for file in files {
        jwks = jwks.with(Jwks::from_file(file)?);
    }
    let api_key = SecretToken::new(api_key);
    Ok(vec![Registration::new("registered-application", "supplier-1", api_key, Some(jwks))])
}

async fn serve(options: &MockOptions, config: MockConfig) -> Result<u8, Failure> {
    let server = MockServer::start(config).await?;
    if let (Some(folder), Some(credentials)) = (&options.credentials, server.demo_credentials()) {
        write_credentials(folder, credentials)?;
    }
    let ready = serde_json::json!({
        "base_url": server.base_url(),
        "token_url": server.token_url(),
        "admin_url": server.admin_url(),
        "kid": server.demo_credentials().map(|credentials| credentials.kid.clone()),
        "credentials": options.credentials,
        "certificate_pem": server.certificate_pem(),
    });
    until_stopped(&ready, server.shutdown()).await
}

fn print_catalogue() -> Result<(), Failure> {
    let mut text = String::new();
    for entry in fault_catalogue() {
        let name = format!("{}{}", entry.name, entry.argument);
        let noticed = match entry.is_harmless() {
            true => format!("harmless: {}", entry.check),
            false => format!(
                "noticed by: {}",
                [entry.criteria, entry.checks, entry.opens].concat().join(", ")
            ),
        };
        text.push_str(&format!("{name:<40} {}\n{:<40} {noticed}\n", entry.breaks, ""));
    }
    out::document(&text)
}

async fn measure(config: MockConfig) -> Result<u8, Failure> {
    let lines = speed::run(config, speed::MeasurePlan::default())
        .await
        .map_err(|error| Failure::Harness(error.to_string()))?;
    let mut text = Text::default();
    for line in lines {
        text.line(line);
    }
    out::print(&text)?;
    Ok(0)
}
