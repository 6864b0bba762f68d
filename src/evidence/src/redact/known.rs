//! The secrets seen so far, found again wherever they turn up, in the encodings they may take. No
//! secret is held: only a keyed hash of each form, and eight bytes to look it up by.
//!
//! Searching costs one table look-up for each byte of text, however many secrets are known, and
//! learning one more costs no rebuild: a run sees a fresh signature with every download link.

use std::collections::{HashMap, VecDeque};

use crate::redact::unfold;
use crate::redact::unfold::{Unfolded, forms};

/// Shorter secrets are replaced where they stand but not looked for elsewhere: they would be found
/// in ordinary words.
pub(crate) const SHORTEST: usize = 8;
/// How many forms of credentials (keys, tokens, assertions) are remembered.
const CREDENTIAL_FORMS: usize = 1 << 15;
/// How many forms of link secrets are remembered: several minutes of downloads at 300 a second,
/// while a link lives for 60 seconds.
const LINK_FORMS: usize = 1 << 17;

/// A keyed hash of a secret.
pub(crate) type Mac = [u8; 32];

/// What a secret is, which says in how many forms it is looked for and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    /// A value of a signed link: many, short-lived, looked for as it stands and percent-encoded.
    Link,
    /// A key, token, assertion or password: few, long-lived, looked for in every encoding.
    Credential,
}

/// What forms with the same eight bytes may look like: few shapes, however many forms.
struct Shape {
    /// Length of the form in bytes.
    length: usize,
    /// Where in the form its eight bytes are.
    anchor_at: usize,
    /// How many forms look like this.
    forms: usize,
}

/// A form that is looked for, by its keyed hash.
struct Form {
    class: Class,
    /// Keyed hash of the secret itself, of which the shown hash is made.
    secret: Mac,
}

/// The secrets seen so far.
pub(crate) struct Known {
    shapes: HashMap<u64, Vec<Shape>>,
    forms: HashMap<Mac, Form>,
    credentials: VecDeque<Remembered>,
    links: VecDeque<Remembered>,
    filter: Filter,
    learned: u64,
}

/// A form in the order of learning, to forget the oldest.
struct Remembered {
    anchor: u64,
    length: usize,
    mac: Mac,
}

/// A secret found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) secret: Mac,
}

impl Known {
    pub(crate) fn new() -> Self {
        Self {
            shapes: HashMap::new(),
            forms: HashMap::new(),
            credentials: VecDeque::new(),
            links: VecDeque::new(),
            filter: Filter::new(14),
            learned: 0,
        }
    }

    /// Whether a secret (by its hash) is looked for already, as thoroughly as its class asks.
    pub(crate) fn contains(&self, secret: &Mac, class: Class) -> bool {
        self.forms.get(secret).is_some_and(|known| known.class >= class)
    }

    /// A number that grows with every secret learned.
    pub(crate) fn generation(&self) -> u64 {
        self.learned
    }

    /// Looks for a secret from now on, in all its forms.
    pub(crate) fn learn(&mut self, secret: &str, class: Class, mac: impl Fn(&[u8]) -> Mac) {
        if secret.len() < SHORTEST {
            return;
        }
        let whole = mac(secret.as_bytes());
        for text in forms(secret, class) {
            let bytes = text.as_bytes();
            if bytes.len() < SHORTEST {
                continue;
            }
            let hash = mac(bytes);
            if let Some(known) = self.forms.get_mut(&hash) {
                known.class = known.class.max(class);
                continue;
            }
            self.learned += 1;
            let length = bytes.len();
            let anchor_at = anchor_at(length);
            let anchor = anchor(bytes, anchor_at);
            let shapes = self.shapes.entry(anchor).or_default();
            match shapes.iter_mut().find(|shape| shape.length == length) {
                Some(shape) => shape.forms += 1,
                None => shapes.push(Shape { length, anchor_at, forms: 1 }),
            }
            self.filter.add(anchor);
            self.forms.insert(hash, Form { class, secret: whole });
            let (queue, room) = match class {
                Class::Credential => (&mut self.credentials, CREDENTIAL_FORMS),
                Class::Link => (&mut self.links, LINK_FORMS),
            };
            queue.push_back(Remembered { anchor, length, mac: hash });
            if queue.len() > room
                && let Some(oldest) = queue.pop_front()
            {
                self.forget(&oldest);
            }
        }
        if self.filter.is_crowded() {
            self.filter = Filter::grown(&self.filter, self.shapes.keys().copied());
        }
    }

    fn forget(&mut self, oldest: &Remembered) {
        self.forms.remove(&oldest.mac);
        if let Some(shapes) = self.shapes.get_mut(&oldest.anchor) {
            if let Some(shape) = shapes.iter_mut().find(|shape| shape.length == oldest.length) {
                shape.forms -= 1;
            }
            shapes.retain(|shape| shape.forms > 0);
            if shapes.is_empty() {
                self.shapes.remove(&oldest.anchor);
            }
        }
    }

    /// Every place where a known secret stands, in order, overlapping ones joined. A secret
    /// written with `%2F`, `\u002f` or `&#x2f;`, in whole or in part, up to twice over, is found as
    /// well, and so is one split by folded lines or chunks, and one inside text packed by gzip.
    pub(crate) fn find(&self, text: &[u8], mac: impl Fn(&[u8]) -> Mac) -> Vec<Hit> {
        if self.forms.is_empty() || text.len() < SHORTEST {
            return Vec::new();
        }
        let mut hits = self.find_unfolded(text, &mac);
        for (start, end, inside) in unfold::unpacked(text) {
            // Whatever else was packed with it goes with it.
            if let Some(hit) = self.find_unfolded(&inside, &mac).first() {
                hits.push(Hit { start, end, secret: hit.secret });
            }
        }
        join(hits)
    }

    fn find_unfolded(&self, text: &[u8], mac: &impl Fn(&[u8]) -> Mac) -> Vec<Hit> {
        let mut hits = self.find_plain(text, mac);
        let mut folded = Unfolded::of(text);
        for _ in 0..2 {
            let Some(unfolded) = folded else { break };
            hits.extend(self.find_plain(&unfolded.text, mac).into_iter().map(|hit| Hit {
                start: unfolded.origin[hit.start],
                end: unfolded.origin[hit.end],
                ..hit
            }));
            folded = unfolded.again();
        }
        hits
    }

    fn find_plain(&self, text: &[u8], mac: &impl Fn(&[u8]) -> Mac) -> Vec<Hit> {
        let mut hits = Vec::new();
        if text.len() < SHORTEST {
            return hits;
        }
        for at in 0..=text.len() - SHORTEST {
            let anchor = anchor(text, at);
            if !self.filter.may_hold(anchor) {
                continue;
            }
            for shape in self.shapes.get(&anchor).into_iter().flatten() {
                let Some(start) = at.checked_sub(shape.anchor_at) else { continue };
                let end = start + shape.length;
                let Some(candidate) = text.get(start..end) else { continue };
                if let Some(form) = self.forms.get(&mac(candidate)) {
                    hits.push(Hit { start, end, secret: form.secret });
                }
            }
        }
        hits
    }
}

/// Joins overlapping hits; the longer one names the whole.
fn join(mut hits: Vec<Hit>) -> Vec<Hit> {
    hits.sort_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    let mut joined: Vec<Hit> = Vec::with_capacity(hits.len());
    for hit in hits {
        match joined.last_mut() {
            Some(last) if hit.start < last.end => {
                if hit.end - hit.start > last.end - last.start {
                    last.secret = hit.secret;
                }
                last.end = last.end.max(hit.end);
            }
            _ => joined.push(hit),
        }
    }
    joined
}

/// Where in a form of this length its eight bytes are: near the end, because tokens of one issuer
/// begin alike, and encoded padding ends alike.
fn anchor_at(length: usize) -> usize {
    length.saturating_sub(16)
}

/// Eight bytes of a text as a number.
fn anchor(bytes: &[u8], at: usize) -> u64 {
    bytes
        .get(at..at + SHORTEST)
        .and_then(|window| window.try_into().ok())
        .map_or(0, u64::from_le_bytes)
}

/// A bitmap that says quickly that an anchor is unknown.
struct Filter {
    bits: Vec<u64>,
    shift: u32,
    held: usize,
}

impl Filter {
    fn new(log2_bits: u32) -> Self {
        Self { bits: vec![0; 1 << (log2_bits - 6)], shift: 64 - log2_bits, held: 0 }
    }

    fn grown(old: &Self, anchors: impl Iterator<Item = u64>) -> Self {
        let mut filter = Self::new((64 - old.shift + 2).min(22));
        for anchor in anchors {
            filter.add(anchor);
        }
        filter
    }

    fn slot(&self, anchor: u64) -> (usize, u64) {
        let hash = anchor.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift;
        (usize::try_from(hash >> 6).unwrap_or(0), 1 << (hash & 63))
    }

    fn add(&mut self, anchor: u64) {
        let (word, bit) = self.slot(anchor);
        self.bits[word] |= bit;
        self.held += 1;
    }

    fn may_hold(&self, anchor: u64) -> bool {
        let (word, bit) = self.slot(anchor);
        self.bits[word] & bit != 0
    }

    /// More than one bit in sixteen is set, and there is room to grow.
    fn is_crowded(&self) -> bool {
        self.held > self.bits.len() * 4 && self.bits.len() < 1 << 16
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

    use super::*;

    fn mac(bytes: &[u8]) -> Mac {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
        digest.as_ref().try_into().unwrap()
    }

    fn found(known: &Known, text: &str) -> Vec<String> {
        known.find(text.as_bytes(), mac).iter().map(|h| text[h.start..h.end].to_owned()).collect()
    }

    #[test]
    fn a_secret_is_found_wherever_it_stands_and_however_it_is_encoded() {
        let secret = "s3cr/et+key=with odd&chars";
        let mut known = Known::new();
        known.learn(secret, Class::Credential, mac);
        let encoded =
            percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC)
                .to_string();
        for text in [
            secret.to_owned(),
            format!("before {secret} after"),
            format!("x={encoded}"),
            format!("x={}", encoded.replace("%2F", "%2f").replace("%3D", "=")),
            format!("x={}", encoded.replace('%', "%25")),
            format!("x={}", secret.replace('/', "\\/").replace('=', "\\u003d")),
            crate::chain::hex(secret.as_bytes()),
            STANDARD_NO_PAD.encode(format!("{secret}.")),
            STANDARD_NO_PAD.encode(format!("u:{secret}:")),
            URL_SAFE_NO_PAD.encode(format!("u{secret}tail")),
        ] {
            assert_eq!(known.find(text.as_bytes(), mac).len(), 1, "{text}");
        }
        assert!(found(&known, "nothing of the kind stands in this text").is_empty());
    }

    #[test]
    fn overlapping_secrets_are_replaced_as_one() {
        let mut known = Known::new();
        known.learn("AKIAEXAMPLE", Class::Link, mac);
        known.learn("AKIAEXAMPLE/20260821/eu", Class::Link, mac);
        assert_eq!(found(&known, "c=AKIAEXAMPLE/20260821/eu."), ["AKIAEXAMPLE/20260821/eu"]);
    }

    #[test]
    fn what_is_too_short_is_not_looked_for() {
        let mut known = Known::new();
        known.learn("letters", Class::Credential, mac);
        assert!(found(&known, "GET /letters").is_empty());
    }

    #[test]
    fn the_number_of_remembered_link_secrets_is_bounded() {
        let mut known = Known::new();
        let cheap = |bytes: &[u8]| {
            let mut mac = [0_u8; 32];
            for (at, byte) in bytes.iter().enumerate() {
                mac[at % 32] = mac[at % 32].wrapping_mul(31).wrapping_add(*byte);
            }
            mac
        };
        for number in 0..LINK_FORMS + 10 {
            known.learn(&format!("signature-{number:012}"), Class::Link, cheap);
        }
        assert_eq!(known.links.len(), LINK_FORMS);
        let last = format!("signature-{:012}", LINK_FORMS + 9);
        assert_eq!(known.find(last.as_bytes(), cheap).len(), 1);
        assert!(known.find(b"signature-000000000000", cheap).is_empty());
    }
}
