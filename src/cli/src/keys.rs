//! `letterproof keys`: an RSA key pair for signed-JWT sessions, and its JWKS for the developer
//! portal. Nothing is overwritten, and the private key never printed.

use letterproof_client::SigningKey;
use letterproof_evidence::BundleKey;
use letterproof_harness::Failure;
use letterproof_model::now;

use crate::args::KeysOptions;
use crate::out::{self, Text};

/// Makes and writes the pair; returns the exit code.
pub(crate) fn keys(options: &KeysOptions) -> Result<u8, Failure> {
    if options.signing {
        return signing(options);
    }
    let dated = || format!("letterproof-{}", now().strftime("%Y-%m-%d"));
    let key = SigningKey::generate(&options.kid.clone().unwrap_or_else(dated))?;
    let (pem, jwks) = key.write(&options.out)?;
    let mut text = Text::default();
    text.line(format_args!("private key  {} ({} bits; keep it secret)", pem.display(), key.bits()));
    text.line(format_args!(
        "public key   {} (register it in the developer portal)",
        jwks.display()
    ));
    text.line(format_args!("kid          {}", key.kid()));
    text.line(format_args!("next: letterproof doctor --target int --jwks {}", jwks.display()));
    out::print(&text)?;
    Ok(0)
}

/// Makes and writes a pair that signs bundles; returns the exit code.
fn signing(options: &KeysOptions) -> Result<u8, Failure> {
    std::fs::create_dir_all(&options.out).map_err(|error| {
        Failure::Usage(format!("cannot make the folder {} ({error})", options.out.display()))
    })?;
    let private = options.out.join("letterproof-signing.pem");
    let key = BundleKey::generate()?;
    let public = key.write(&private).map_err(|error| Failure::Usage(error.to_string()))?;
    let (private, public) = (private.display(), public.display());
    let mut text = Text::default();
    text.line(format_args!("private key  {private} (keep it secret)"));
    text.line(format_args!("public key   {public} (give it to whoever verifies)"));
    text.line(format_args!("key id       {}", key.public().key_id()));
    text.line(format_args!("next: letterproof run --sign-key {private}"));
    out::print(&text)?;
    Ok(0)
}
