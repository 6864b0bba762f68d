//! `letterproof keys`: an RSA key pair for signed-JWT sessions, and its JWKS for the developer
//! portal.
//! Refuses to overwrite, and to print the private key.

use letterproof_client::SigningKey;
use letterproof_evidence::BundleKey;
use letterproof_model::now;

use crate::args::KeysOptions;
use crate::failure::Failure;
use crate::out;

/// Makes and writes the pair; returns the exit code.
#[expect(clippy::print_stdout, reason = "says what was written and what comes next")]
pub(crate) fn keys(options: &KeysOptions) -> Result<u8, Failure> {
    if options.signing {
        return signing(options);
    }
    let dated = || format!("letterproof-{}", now().strftime("%Y-%m-%d"));
    let key = SigningKey::generate(&options.kid.clone().unwrap_or_else(dated))?;
    let (pem, jwks) = key.write(&options.out)?;
    println!("private key  {} ({} bits; keep it to yourself)", pem.display(), key.bits());
    println!("public key   {} (register it in the developer portal)", jwks.display());
    println!("kid          {}", key.kid());
    println!("next: letterproof doctor --target int --jwks {}", jwks.display());
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
    out::print(&format!(
        "private key  {} (keep it to yourself)\npublic key   {} (give it to who verifies)\n\
         key id       {}\nnext: letterproof run --sign-key {}\n",
        private.display(),
        public.display(),
        key.public().key_id(),
        private.display()
    ))?;
    Ok(0)
}
