//! Tells the program which commit it was built from, where that can be known.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-env-changed=LETTERPROOF_COMMIT");
    println!("cargo:rerun-if-changed=../../.git/HEAD");
    println!("cargo:rerun-if-changed=../../.git/logs/HEAD");
    let commit = std::env::var("LETTERPROOF_COMMIT").ok().or_else(|| {
        let output = Command::new("git").args(["rev-parse", "--short=12", "HEAD"]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    });
    println!("cargo:rustc-env=LETTERPROOF_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}
