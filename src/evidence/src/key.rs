//! The Ed25519 key that signs bundles: made, kept and read as PEM files.
//!
//! The private half is PKCS#8, the public half SubjectPublicKeyInfo, so that OpenSSL reads both. A
//! key is never overwritten, never used where others can read it, and its private half never shown.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use pem::{EncodeConfig, LineEnding, Pem};

use crate::EvidenceError;
use crate::chain::sha256_hex;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
/// Longest key file read, in bytes.
const FILE_LIMIT: u64 = 64 * 1024;
/// What stands before the 32 bytes of the key in SubjectPublicKeyInfo (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 3, 0x21, 0];

/// A private key for signing bundles.
pub struct BundleKey {
    pair: Ed25519KeyPair,
    public: BundlePublicKey,
}

/// The public half, by which a bundle's signature is checked.
#[derive(Clone, PartialEq, Eq)]
pub struct BundlePublicKey {
    spki: Vec<u8>,
}

impl fmt::Debug for BundleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the private half of {:?}", self.public)
    }
}

impl fmt::Debug for BundlePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Ed25519 key {}", self.key_id())
    }
}

impl BundleKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn generate() -> Result<Self, EvidenceError> {
        Ed25519KeyPair::generate().map(Self::of).map_err(|_| EvidenceError::Random)
    }

    /// Reads a private key file.
    ///
    /// # Errors
    /// When it cannot be read, everybody can read it, or it is no Ed25519 private key in PEM form.
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        let refused = |problem: &str| key_error(path, problem);
        let mut file = open(path)?;
        let pem = read_pem(path, &mut file)?;
        if pem.tag() == PUBLIC {
            // Everybody may read that one: what is wrong is that it cannot sign.
            return Err(refused("it is the public half; give the private key's file"));
        }
        refuse_if_world_readable(path, &file)?;
        match pem.tag() {
            PRIVATE => Ed25519KeyPair::from_pkcs8(pem.contents()).map(Self::of).map_err(|_| {
                refused(
                    "it holds a private key that is not Ed25519; make one with `letterproof \
                     keys --signing`",
                )
            }),
            "ENCRYPTED PRIVATE KEY" => Err(refused(
                "it is protected by a passphrase; decrypt it first with `openssl pkey`",
            )),
            _ => Err(refused(
                "it is not a PKCS#8 private key; make one with `letterproof keys \
                 --signing`",
            )),
        }
    }

    /// Writes the private key, for its owner alone, and its public half beside it, named
    /// `….pub.pem`; returns where the public half is.
    ///
    /// # Errors
    /// When either file is there already, or cannot be written.
    pub fn write(&self, path: &Path) -> Result<PathBuf, EvidenceError> {
        let public = path.with_extension("pub.pem");
        for path in [path, &public] {
            if path.exists() {
                return Err(EvidenceError::Exists { path: path.to_owned() });
            }
        }
        let der = self.pair.to_pkcs8v1().map_err(|_| EvidenceError::Random)?;
        write_new(path, &encode(PRIVATE, der.as_ref()), 0o600)?;
        write_new(&public, &self.public.to_pem(), 0o644)?;
        Ok(public)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &BundlePublicKey {
        &self.public
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }

    fn of(pair: Ed25519KeyPair) -> Self {
        let spki = [&SPKI_PREFIX, pair.public_key().as_ref()].concat();
        Self { pair, public: BundlePublicKey { spki } }
    }
}

impl BundlePublicKey {
    /// Reads a public key file, as `letterproof keys --signing` writes it.
    ///
    /// # Errors
    /// When it cannot be read, or is no Ed25519 public key in PEM form.
    pub fn read(path: &Path) -> Result<Self, EvidenceError> {
        let mut file = open(path)?;
        let pem = read_pem(path, &mut file)?;
        Self::of(&pem).map_err(|problem| key_error(path, problem))
    }

    /// Takes a public key in PEM form; `None` when it is none, or not of Ed25519.
    pub(crate) fn from_pem(text: &[u8]) -> Option<Self> {
        Self::of(&pem::parse(text).ok()?).ok()
    }

    fn of(pem: &Pem) -> Result<Self, &'static str> {
        match pem.tag() {
            PUBLIC => {
                Self::from_der(pem.contents()).ok_or("it holds a public key that is not Ed25519")
            }
            PRIVATE => Err("it is a private key; give the public half (`….pub.pem`)"),
            _ => Err("it is not a public key in PEM form"),
        }
    }

    /// Takes a public key in DER form; `None` when it is none, or not of Ed25519.
    pub(crate) fn from_der(der: &[u8]) -> Option<Self> {
        let is_ours = der.len() == SPKI_PREFIX.len() + 32 && der.starts_with(&SPKI_PREFIX);
        is_ours.then(|| Self { spki: der.to_vec() })
    }

    /// In DER form.
    pub(crate) fn to_der(&self) -> &[u8] {
        &self.spki
    }

    /// SHA-256 of its DER form, by which signatures name it.
    #[must_use]
    pub fn key_id(&self) -> String {
        sha256_hex(&self.spki)
    }

    /// As a PEM file.
    #[must_use]
    pub fn to_pem(&self) -> String {
        encode(PUBLIC, &self.spki)
    }

    /// Whether this key signed the message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let raw = &self.spki[SPKI_PREFIX.len()..];
        UnparsedPublicKey::new(&ED25519, raw).verify(message, signature).is_ok()
    }
}

fn encode(tag: &str, der: &[u8]) -> String {
    let config = EncodeConfig::new().set_line_ending(LineEnding::LF);
    pem::encode_config(&Pem::new(tag, der), config)
}

fn key_error(path: &Path, problem: impl Into<String>) -> EvidenceError {
    EvidenceError::Key { path: path.to_owned(), problem: problem.into() }
}

fn open(path: &Path) -> Result<File, EvidenceError> {
    File::open(path).map_err(EvidenceError::io("read", path, "check the path of the key"))
}

fn read_pem(path: &Path, file: &mut File) -> Result<Pem, EvidenceError> {
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT).read_to_end(&mut bytes).map_err(EvidenceError::io(
        "read",
        path,
        "check the path of the key",
    ))?;
    // What the parser says could quote the file.
    pem::parse(&bytes).map_err(|_| key_error(path, "it is not a key in PEM form"))
}

fn refuse_if_world_readable(path: &Path, file: &File) -> Result<(), EvidenceError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let read = EvidenceError::io("read", path, "check the path of the key");
        let mode = file.metadata().map_err(read)?.permissions().mode();
        if mode & 0o007 != 0 {
            let problem = "everybody on this machine can read it; restrict it with `chmod 600` \
                           and, if others may have seen it, make a new one";
            return Err(key_error(path, problem));
        }
    }
    // Elsewhere who can read a file is a matter of its folder's access list.
    let _ = (path, file);
    Ok(())
}

fn write_new(path: &Path, text: &str, mode: u32) -> Result<(), EvidenceError> {
    let io = || EvidenceError::io("write", path, "check the folder and its owner");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(mode);
    }
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(io())?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io())
}
