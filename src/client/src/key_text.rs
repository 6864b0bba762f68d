//! Finding the private key in a text that may hold more (certificates, public halves, remarks), and
//! telling what a text is that holds no key which can sign. Nothing of the text is shown.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The text with its line ends as line ends.
pub(crate) fn plain(text: &str) -> String {
    let text = text.trim_start_matches('\u{feff}').trim();
    let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    // Base64 holds no backslash.
    unquoted.replace("\\r\\n", "\n").replace("\\n", "\n").replace("\\r", "\n")
}

/// Each block whose label ends with `PRIVATE KEY`, whole.
pub(crate) fn private(text: &str) -> Vec<&str> {
    const BEGIN: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let block = &rest[at..];
        let Some((label, _)) = block[BEGIN.len()..].split_once("-----") else { break };
        let end = format!("-----END {label}-----");
        let Some(length) = block.find(&end).map(|at| at + end.len()) else {
            rest = &block[BEGIN.len()..];
            continue;
        };
        if label.ends_with("PRIVATE KEY") {
            found.push(&block[..length]);
        }
        rest = &block[length..];
    }
    found
}

/// Object identifiers, DER, by which PKCS#8 tells an elliptic-curve key.
const ELLIPTIC: [&[u8]; 2] = [
    // id-ecPublicKey (RFC 5480)
    &[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
    // id-Ed25519 (RFC 8410)
    &[0x06, 0x03, 0x2b, 0x65, 0x70],
];

/// id-RSASSA-PSS (RFC 4055), by which PKCS#8 tells a key that signs with PSS alone.
const RSA_PSS: &[u8] = &[0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];

/// Why a text is no key that can sign, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not an RSA private key that can sign: {found}. {remedy}")]
pub(crate) struct KeyFault {
    /// What it is instead.
    pub(crate) found: &'static str,
    /// What to do.
    pub(crate) remedy: &'static str,
}

const fn fault(found: &'static str, remedy: &'static str) -> KeyFault {
    KeyFault { found, remedy }
}

/// A file with more than one key that could sign.
pub(crate) const SEVERAL: KeyFault = fault(
    "it holds several private keys, and which one to sign with is not said",
    "Keep the one in the file whose JWKS is registered.",
);

/// Tells what a text is that could not be read as an RSA private key.
pub(crate) fn fault_of(text: &str) -> KeyFault {
    let begins = |label: &str| text.contains(&format!("-----BEGIN {label}-----"));
    if begins("ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        fault(
            "it is encrypted with a passphrase",
            "Write it out without one (`openssl pkey -in KEY -out PLAIN`, mode 600), or keep it in a secret manager and name the command that prints it; `letterproof keys` makes a key without one.",
        )
    } else if begins("PUBLIC KEY") || begins("RSA PUBLIC KEY") {
        fault(
            "it is the public half of a key",
            "Name the file of the private half that goes with it; `letterproof keys` writes both.",
        )
    } else if begins("CERTIFICATE") {
        fault(
            "it is a certificate",
            "Name the file of the private key, which `letterproof keys` makes; the platform asks for no certificate.",
        )
    } else if begins("OPENSSH PRIVATE KEY") {
        fault(
            "it is a key in the form of OpenSSH",
            "Make a key for this purpose with `letterproof keys`, and register its JWKS.",
        )
    } else if is_marked(text, &[RSA_PSS]) {
        fault(
            "it is an RSA-PSS key, which cannot sign with RS512",
            "The platform takes RS512 alone: make a key with `letterproof keys`, and register its JWKS.",
        )
    } else if begins("EC PRIVATE KEY") || is_marked(text, &ELLIPTIC) {
        fault(
            "it is an elliptic-curve key",
            "The platform takes RSA keys of 4096 bits alone: make one with `letterproof keys`, and register its JWKS.",
        )
    } else if text.trim_start().starts_with('{') {
        fault(
            "it is JSON, perhaps the JWKS",
            "Name the PEM file that `letterproof keys` wrote beside the JWKS.",
        )
    } else if begins("PRIVATE KEY") || begins("RSA PRIVATE KEY") {
        fault(
            "it is damaged, or has fewer than 2048 bits",
            "Copy it again in full, or make a key of 4096 bits with `letterproof keys`, and register its JWKS.",
        )
    } else {
        fault(
            "it has no line `-----BEGIN PRIVATE KEY-----`",
            "Give the whole PEM text (PKCS#1 or PKCS#8); `letterproof keys` makes such a key.",
        )
    }
}

/// Whether one of these object identifiers stands in a PEM block.
fn is_marked(text: &str, ids: &[&[u8]]) -> bool {
    let body: String = text.lines().filter(|line| !line.starts_with('-')).map(str::trim).collect();
    let Ok(der) = STANDARD.decode(body) else { return false };
    ids.iter().any(|id| der.windows(id.len()).any(|part| part == *id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_blocks_are_found_among_others_and_written_out_line_ends_are_line_ends() {
        let block = |label: &str| format!("-----BEGIN {label}-----\nAQAB\n-----END {label}-----\n");
        let text = [
            "Bag Attributes\n",
            &block("CERTIFICATE"),
            &block("PRIVATE KEY"),
            &block("PUBLIC KEY"),
            &block("RSA PRIVATE KEY"),
            "-----BEGIN PRIVATE KEY-----\nAQ",
        ]
        .concat();
        let found = private(&text);
        assert_eq!(found, [block("PRIVATE KEY").trim(), block("RSA PRIVATE KEY").trim()]);
        let one = block("PRIVATE KEY");
        for written in [one.replace('\n', "\\n"), one.replace('\n', "\\r\\n")] {
            assert_eq!(plain(&format!("\"{written}\"")).trim(), one.trim());
        }
        assert_eq!(plain(&format!("\u{feff}{one}")), one.trim());
        for odd in ["", "-----BEGIN ", "-----BEGIN -----", "-----BEGIN A"] {
            assert!(private(odd).is_empty(), "{odd}");
        }
    }

    #[test]
    fn each_wrong_kind_of_key_is_told_by_its_own_words() {
        let elliptic = rcgen::KeyPair::generate().unwrap();
        let mut found = Vec::new();
        for (text, words) in [
            (pem("ENCRYPTED PRIVATE KEY"), "passphrase"),
            (pem("PUBLIC KEY"), "public half"),
            (pem("CERTIFICATE"), "certificate"),
            (pem("OPENSSH PRIVATE KEY"), "OpenSSH"),
            (elliptic.serialize_pem(), "elliptic"),
            (labelled("PRIVATE KEY", &STANDARD.encode([&[0x30, 0x0b], RSA_PSS].concat())), "PSS"),
            ("{\"keys\": []}".to_owned(), "JWKS"),
            (pem("RSA PRIVATE KEY"), "damaged"),
            ("canary".to_owned(), "BEGIN PRIVATE KEY"),
        ] {
            let fault = fault_of(&text);
            assert!(fault.found.contains(words), "{words}: {fault}");
            assert!(!fault.to_string().contains("canary"), "{fault}");
            found.push(fault.found);
        }
        found.dedup();
        assert_eq!(found.len(), 9);
        assert_eq!(
            fault_of(&pem("EC PRIVATE KEY")).found,
            fault_of(&elliptic.serialize_pem()).found
        );
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n";
        assert!(fault_of(old).found.contains("passphrase"));
    }

    fn pem(label: &str) -> String {
        labelled(label, "Y2FuYXJ5")
    }

    fn labelled(label: &str, base64: &str) -> String {
        format!("-----BEGIN {label}-----\n{base64}\n-----END {label}-----\n")
    }
}
