//! Keys for signing bundles: kept to their owner, read back, and refused for what they are not.
#![allow(missing_docs, clippy::unwrap_used)]

use std::fs;

use letterproof_evidence::{BundleKey, BundlePublicKey, EvidenceError};

#[test]
fn a_key_is_written_once_and_read_back_with_its_public_half() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("our.pem");
    let key = BundleKey::generate().unwrap();
    let public = key.write(&path).unwrap();
    assert!(public.ends_with("our.pub.pem"));
    assert_eq!(BundleKey::read(&path).unwrap().public(), key.public());
    assert_eq!(&BundlePublicKey::read(&public).unwrap(), key.public());
    let text = fs::read_to_string(&public).unwrap();
    assert_eq!(text, key.public().to_pem());
    assert!(text.starts_with("-----BEGIN PUBLIC KEY-----\n") && !text.contains('\r'));
    for kept in [&path, &public] {
        let other = BundleKey::generate().unwrap();
        assert!(matches!(other.write(&path), Err(EvidenceError::Exists { .. })));
        fs::remove_file(kept).unwrap();
        if kept == &path {
            assert!(matches!(other.write(&path), Err(EvidenceError::Exists { .. })));
            assert!(!path.exists(), "no half of a pair is left");
        }
    }
}

#[test]
fn a_key_id_is_the_hash_of_the_public_key_that_other_tools_write() {
    // The public key of RFC 8410, section 10.1, and `openssl pkey -pubin -outform der | sha256sum`.
    let pem = "-----BEGIN PUBLIC KEY-----\n\
               MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n\
               -----END PUBLIC KEY-----\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rfc.pub.pem");
    fs::write(&path, pem).unwrap();
    let key = BundlePublicKey::read(&path).unwrap();
    assert_eq!(key.to_pem(), pem);
    assert_eq!(key.key_id(), "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f");
}

#[cfg(unix)]
#[test]
fn a_private_key_is_its_owners_alone_and_one_that_all_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("our.pem");
    BundleKey::generate().unwrap().write(&path).unwrap();
    let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
    let error = BundleKey::read(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 600") && error.contains("our.pem"), "{error}");
}

#[test]
fn what_is_no_ed25519_key_is_refused_without_showing_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.pem");
    let key = BundleKey::generate().unwrap();
    let rsa = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
    let rsa: aws_lc_rs::encoding::Pkcs8V1Der<'_> =
        aws_lc_rs::encoding::AsDer::as_der(&rsa).unwrap();
    let rsa = pem::encode(&pem::Pem::new("PRIVATE KEY", rsa.as_ref()));
    for (text, reason) in [
        (key.public().to_pem(), "public half"),
        (rsa, "not Ed25519"),
        ("canary".to_owned(), "not a key in PEM form"),
        (pem::encode(&pem::Pem::new("ENCRYPTED PRIVATE KEY", "canary")), "passphrase"),
        (pem::encode(&pem::Pem::new("CERTIFICATE", "canary")), "not a PKCS#8 private key"),
    ] {
        write_private(&path, &text);
        let error = BundleKey::read(&path).unwrap_err().to_string();
        assert!(error.contains(reason) && !error.contains("canary"), "{error}");
    }
    fs::remove_file(&path).unwrap();
    key.write(&path).unwrap();
    let error = BundlePublicKey::read(&path).unwrap_err().to_string();
    assert!(error.contains("private key; give the public half"), "{error}");
    assert!(BundleKey::read(&folder.path().join("none")).is_err());
    let shown = format!("{key:?}");
    assert!(shown.contains(&key.public().key_id()) && !shown.contains("PRIVATE"), "{shown}");
}

fn write_private(path: &std::path::Path, text: &str) {
    let _ = fs::remove_file(path);
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}
