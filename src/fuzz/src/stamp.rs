//! Time stamps: what a stamper answers, and what a bundle holds as such. No answer is one to a
//! question that was just asked, and what is told of a stamp that holds cannot move the cursor.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use letterproof_evidence::{StampRequest, check_stamp, sha256_hex};
use letterproof_model::Stamp;

/// Bytes as the answer of a stamper, and as the token of a stamp that asked with this nonce.
pub fn stamp(data: &[u8]) {
    const STAMPED: &[u8] = b"evidence";
    const NONCE: &str = "4142434445464748";
    let request = StampRequest::about(STAMPED).expect("random numbers");
    let taken = request.answered("tsa.example", data);
    assert!(taken.is_err(), "an answer to a question nobody can have seen");
    let stamp = Stamp {
        stamper: "tsa.example".to_owned(),
        nonce: NONCE.to_owned(),
        token: STANDARD.encode(data),
    };
    let read = || check_stamp(&stamp, &sha256_hex(STAMPED), None);
    let held = read();
    assert_eq!(held, read(), "two readings of the same bytes");
    if let Ok(stamped) = held {
        assert!(!stamped.by.chars().any(char::is_control), "{:?}", stamped.by);
        assert!(check_stamp(&stamp, &sha256_hex(b"other"), None).is_err());
        let other = Stamp { nonce: "0".repeat(16), ..stamp.clone() };
        assert!(check_stamp(&other, &sha256_hex(STAMPED), None).is_err());
    }
}
