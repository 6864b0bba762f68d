//! Client assertions for tests, right and wrong ones.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA512;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use letterproof_mock::DemoCredentials;
use serde_json::{Value, json};

pub fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

/// A right header for a key.
pub fn header(credentials: &DemoCredentials) -> Value {
    json!({ "alg": "RS512", "typ": "JWT", "kid": credentials.kid })
}

/// Right claims for an audience.
pub fn claims(credentials: &DemoCredentials, audience: &str) -> Value {
    let key = credentials.api_key.expose();
    let jti = format!("{:?}-{}", std::time::Instant::now(), std::process::id());
    json!({ "iss": key, "sub": key, "aud": audience, "jti": jti, "exp": now() + 120 })
}

/// Signs whatever it is given.
pub fn sign(credentials: &DemoCredentials, header: &Value, claims: &Value) -> String {
    let text: String =
        credentials.private_key_pem.expose().lines().filter(|l| !l.starts_with('-')).collect();
    let pair = KeyPair::from_pkcs8(&BASE64_STANDARD.decode(text).unwrap()).unwrap();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(&RSA_PKCS1_SHA512, &SystemRandom::new(), message.as_bytes(), &mut signature).unwrap();
    format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Asks for a token with an assertion.
pub async fn ask(client: &reqwest::Client, url: &str, assertion: &str) -> reqwest::Response {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    client.post(url).form(&form).send().await.unwrap()
}
