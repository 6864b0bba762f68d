//! What the token endpoint's refusals mean, and what to do about each.
//! Refuses to repeat what it was told without scrubbing it first.

use std::collections::HashSet;

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
            problem: "the answer is not a refusal of the platform either".to_owned(),
        },
    }
}

fn shown(session: &Session, text: &str) -> String {
    session.scrub(text).chars().filter(|c| !c.is_control()).take(300).collect()
}

/// What to do about a refusal, told from the platform's own words.
pub(super) fn remedy(status: u16, error: &str, description: &str) -> &'static str {
    let said = format!("{error} {description}").to_lowercase();
    // Whole words: `iss` is a part of `missing`, and `typ` one of `grant_type`.
    let words: HashSet<&str> =
        said.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let any = |wanted: &[&str]| wanted.iter().any(|word| words.contains(word));
    let absent = any(&["missing", "mismatching", "matching", "unequal", "malformed"]);
    if any(&["aud", "audience"]) {
        "The assertion's audience must be the token URL of the same environment: check token_url and that the application belongs to that environment."
    } else if any(&["unreachable", "reached", "reach"]) {
        "The platform cannot fetch the JWKS from the address it was given: mend that address in the developer portal, or register the JWKS file itself."
    } else if status == 403 || any(&["public_key", "jwks"]) {
        "Register the public key (the JWKS that `letterproof keys` writes) with the application in the developer portal."
    } else if any(&["kid"]) && any(&["missing"]) {
        "Set the kid in the profile to the one in the registered JWKS."
    } else if any(&["kid"]) || said.contains("public key") {
        "The kid in the profile must be one in the JWKS registered with this application: compare both."
    } else if any(&["signature", "verification"]) {
        "The private key is not the one whose public half is registered under this kid: use the matching key, or register the new one."
    } else if any(&["unique", "replay", "replayed"]) || any(&["jti"]) && any(&["used", "seen"]) {
        "An assertion may be used once: check that nothing replays the token request, and try again."
    } else if any(&["exp", "expired"]) && !absent && !any(&["integer"]) {
        "The clock of this machine and the platform's differ, or the assertion was held up: set the clock (`letterproof doctor` measures it)."
    } else if any(&["alg"]) {
        "The key must be RSA, registered for RS512: make one with `letterproof keys` and register its JWKS."
    } else if any(&["iss", "sub", "api"]) && !absent {
        "The API key is not known here: check that it is this application's key for this environment; a new application or subscription may take five minutes to be known."
    } else if absent || any(&["typ", "jti", "exp", "grant_type", "client_assertion_type"]) {
        "letterproof sends this in every token request, so that something between here and the platform must change the request, or another service answers: check token_url and the proxy."
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

    /// Every refusal that the platform documents, in words as it and as others of its kind use.
    #[test]
    fn each_refusal_of_the_platform_has_a_remedy_that_fits_it() {
        const ALTERED: &str = "in every token request";
        for (status, description, expected) in [
            (400, "Invalid 'alg' header in JWT - must be 'RS512'", "must be RSA"),
            (400, "Missing 'alg' header in JWT", "must be RSA"),
            (400, "JWT token has expired", "clock"),
            (400, "Invalid 'exp' claim in JWT - more than 5 minutes in future", "clock"),
            (400, "Missing 'exp' claim in JWT", ALTERED),
            (400, "Invalid 'exp' claim in JWT - must be an integer", ALTERED),
            (400, "Missing 'kid' header in client_assertion JWT", "Set the kid"),
            (400, "Invalid 'typ' header in JWT - must be 'JWT'", ALTERED),
            (400, "Missing or non-matching 'iss'/'sub' claims in JWT", ALTERED),
            (400, "Missing 'jti' claim in JWT", ALTERED),
            (400, "Invalid 'jti' claim in JWT - must be a string value", ALTERED),
            (400, "Non-unique 'jti' claim in JWT", "used once"),
            (400, "Missing grant_type", ALTERED),
            (400, "Missing client_assertion", ALTERED),
            (400, "Missing or invalid client_assertion_type - must be 'x:jwt-bearer'", ALTERED),
            (400, "Malformed JWT in client_assertion", ALTERED),
            (401, "Invalid 'iss'/'sub' claims in JWT", "API key is not known"),
            (401, "Missing or invalid 'aud' claim in JWT", "same environment"),
            (401, "Invalid 'kid' header in JWT - no matching public key", "compare both"),
            (401, "JWT signature verification failed", "private key is not the one"),
            (401, "no explanation", "five minutes"),
            (503, "unavailable", "fault of its own"),
            (418, "teapot", "letterproof doctor"),
        ] {
            let said = remedy(status, "invalid_request", description);
            assert!(said.contains(expected), "{description}: {said}");
        }
        for (description, expected) in [
            ("You need to register a public key to use this", "Register the public key"),
            ("The JWKS endpoint for your application can't be reached", "mend that address"),
        ] {
            let said = remedy(403, "public_key error", description);
            assert!(said.contains(expected), "{description}: {said}");
        }
    }
}
