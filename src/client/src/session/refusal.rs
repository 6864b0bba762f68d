//! What the token endpoint's refusals mean, and what to do about each.
//! Refuses to repeat what it was told without scrubbing it first.

use secrecy::ExposeSecret;
use serde::Deserialize;

use super::core::Session;
use super::transport::Raw;
use crate::ClientError;

#[derive(Deserialize, Default)]
struct Refusal {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The error for an answer of the token endpoint that is not 200.
pub(super) fn of(session: &Session, raw: &Raw, status: u16) -> ClientError {
    let url = session.target().token_url.clone().unwrap_or_default();
    let body = raw.secret_body.as_ref();
    let refusal: Option<Refusal> =
        body.and_then(|body| serde_json::from_slice(body.expose_secret()).ok());
    match refusal {
        Some(refusal) if !refusal.error.is_empty() || !refusal.error_description.is_empty() => {
            ClientError::TokenRefused {
                remedy: remedy(status, &refusal.error, &refusal.error_description),
                url,
                status,
                error: shown(session, &refusal.error),
                description: shown(session, &refusal.error_description),
            }
        }
        _ if status == 429 => ClientError::TokenRefused {
            url,
            status,
            error: "too many requests".to_owned(),
            description: "no explanation given".to_owned(),
            remedy: "Wait a minute and try again.",
        },
        _ => ClientError::TokenUnusable {
            url,
            status,
            problem: "the answer is no refusal of the platform either".to_owned(),
        },
    }
}

fn shown(session: &Session, text: &str) -> String {
    session.scrub(text).chars().filter(|c| !c.is_control()).take(300).collect()
}

/// What to do about a refusal, told from the platform's own words.
pub(super) fn remedy(status: u16, error: &str, description: &str) -> &'static str {
    let said = format!("{error} {description}").to_lowercase();
    let has = |word: &str| said.contains(word);
    if has("aud") {
        "The assertion's audience must be the token URL of the same environment: check token_url and that the application belongs to that environment."
    } else if status == 403 || has("public_key") || has("jwks") {
        "Register the public key (the JWKS that `letterproof keys` writes) with the application in the developer portal."
    } else if has("kid") && has("missing") {
        "Set the kid in the profile to the one in the registered JWKS."
    } else if has("kid") || has("public key") {
        "The kid in the profile must be one in the JWKS registered with this application: compare both."
    } else if has("signature") || has("verification") {
        "The private key is not the one whose public half is registered under this kid: use the matching key, or register the new one."
    } else if has("jti") {
        "An assertion may be used once: check that nothing replays the token request, and try again."
    } else if has("exp") {
        "The clock of this machine and the platform's differ, or the assertion was held up: set the clock (`letterproof doctor` measures it)."
    } else if has("alg") || has("typ") {
        "The key must be RSA: make one with `letterproof keys` and register its JWKS."
    } else if has("iss") || has("sub") || has("api key") {
        "The API key is not known here: check that it is this application's key for this environment; a new application or subscription may take five minutes to be known."
    } else if status == 401 {
        "Check API key, kid and key; a new subscription may take five minutes to be known."
    } else if status >= 500 {
        "The platform has a fault of its own: try again later."
    } else {
        "Run `letterproof doctor` on this target to find out which setting is wrong."
    }
}

#[cfg(test)]
mod tests {
    use super::remedy;

    #[test]
    fn each_refusal_of_the_platform_has_a_remedy_of_its_own() {
        for (status, description, expected) in [
            (401, "Missing or invalid aud claim in JWT", "audience"),
            (401, "Invalid 'kid' header in JWT - no matching public key", "compare both"),
            (400, "Missing 'kid' header in client_assertion JWT", "Set the kid"),
            (401, "JWT signature verification failed", "private key is not the one"),
            (400, "Non-unique 'jti' claim in JWT", "used once"),
            (400, "Invalid 'exp' claim in JWT - more than 5 minutes in future", "clock"),
            (400, "JWT token has expired", "clock"),
            (400, "Invalid 'alg' header in JWT - must be 'RS512'", "must be RSA"),
            (401, "Invalid iss/sub claims in JWT", "API key is not known"),
            (503, "unavailable", "fault of its own"),
        ] {
            let said = remedy(status, "invalid_request", description);
            assert!(said.contains(expected), "{description}: {said}");
        }
        assert!(remedy(403, "public_key error", "no JWKS").contains("Register the public key"));
    }
}
