//! `letterproof keys`: an RSA key pair for signed-JWT sessions, and its JWKS for the developer
//! portal.
//! Refuses to overwrite, and to print the private key.

use letterproof_client::SigningKey;
use letterproof_model::now;

use crate::args::KeysOptions;
use crate::failure::Failure;

/// Makes and writes the pair; returns the exit code.
#[expect(clippy::print_stdout, reason = "says what was written and what comes next")]
pub(crate) fn keys(options: &KeysOptions) -> Result<u8, Failure> {
    let dated = || format!("letterproof-{}", now().strftime("%Y-%m-%d"));
    let key = SigningKey::generate(&options.kid.clone().unwrap_or_else(dated))?;
    let (pem, jwks) = key.write(&options.out)?;
    println!("private key  {} ({} bits; keep it to yourself)", pem.display(), key.bits());
    println!("public key   {} (register it in the developer portal)", jwks.display());
    println!("kid          {}", key.kid());
    println!("next: letterproof doctor --target int --jwks {}", jwks.display());
    Ok(0)
}
