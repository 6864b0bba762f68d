//! Secrets in free text: known ones, tokens by their looks, `name=value` pairs, links.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use letterproof_model::is_masked;

use crate::redact::known::Class;
use crate::redact::{Redactor, headers, known, shown};

/// What a text must hold for the slow path to be worth it. Without any of these, only secrets
/// seen before can stand in it.
const SUSPICIOUS: [&str; 23] = [
    "eyj",
    "://",
    "bearer",
    "token",
    "secret",
    "signature",
    "password",
    "passwd",
    "passphrase",
    "apikey",
    "api-key",
    "api_key",
    "assertion",
    "credential",
    "cookie",
    "access",
    "private",
    "jwt",
    "pwd",
    "sig",
    "session",
    "auth",
    "key",
];

static SUSPICION: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::builder().ascii_case_insensitive(true).build(SUSPICIOUS).ok());

/// Whether `"name": "value"` pairs count: in prose and broken JSON they do, inside the strings of
/// well-formed JSON the structure has been looked at already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prose {
    Yes,
    No,
}

/// Whether a text could hold anything that its looks give away.
pub(crate) fn is_suspicious(text: &str) -> bool {
    // Without the automaton (it cannot fail to build) everything takes the slow path.
    SUSPICION.as_ref().is_none_or(|words| words.is_match(text))
}

impl Redactor {
    /// The text without secrets; `None` when there are none.
    pub(crate) fn clean_text(&self, text: &str, prose: Prose) -> Option<String> {
        if text.len() < 4 {
            return None;
        }
        if !is_suspicious(text) {
            return self.clean_known(text);
        }
        let mut clean: Option<String> = None;
        let mut pass = |f: &dyn Fn(&str) -> Option<String>| {
            if let Some(next) = f(clean.as_deref().unwrap_or(text)) {
                clean = Some(next);
            }
        };
        // Known ones first, whole: the other passes could cut them in two.
        pass(&|text| self.clean_known(text));
        pass(&|text| self.clean_links(text));
        pass(&|text| self.clean_jwts(text));
        pass(&|text| self.clean_bearers(text));
        pass(&|text| self.clean_pairs(text, prose));
        // What was learned just now may stand elsewhere in the same text.
        clean.map(|clean| self.clean_known(&clean).unwrap_or(clean))
    }

    /// The text without secrets seen before; `None` when there are none.
    pub(crate) fn clean_known(&self, text: &str) -> Option<String> {
        if text.len() < known::SHORTEST {
            return None;
        }
        let hits = self.known.read().find(text.as_bytes(), |bytes| self.mac(bytes));
        let first = hits.first()?;
        let mut clean = String::with_capacity(text.len());
        // Where a cut fell inside a character, rather lose the text than show a secret.
        clean.push_str(text.get(..first.start).unwrap_or_default());
        for (at, hit) in hits.iter().enumerate() {
            clean.push_str(&shown(&hit.secret));
            let until = hits.get(at + 1).map_or(text.len(), |next| next.start);
            clean.push_str(text.get(hit.end..until).unwrap_or_default());
        }
        Some(clean)
    }

    /// Links in a text, each cleaned as a URL.
    fn clean_links(&self, text: &str) -> Option<String> {
        replace(text, |rest| {
            let at = rest.find("://")?;
            let scheme = rest[..at]
                .bytes()
                .rev()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
                .count();
            let start = at - scheme;
            let end = rest[start..]
                .find(|c: char| c.is_whitespace() || c.is_control() || "\"'<>(){}`\\^|".contains(c))
                .map_or(rest.len(), |length| start + length);
            let link = rest[start..end].trim_end_matches(['.', ',', ';', ':', '!', '?']);
            let end = start + link.len();
            Some((start, end.max(at + 3), self.clean_url(link)))
        })
    }

    /// JWTs, told by their looks: three parts of base64url, of which the first is a JSON object.
    fn clean_jwts(&self, text: &str) -> Option<String> {
        replace(text, |rest| {
            let start = rest.find("eyJ")?;
            let length = rest[start..]
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                .count();
            let run = &rest[start..start + length];
            let token = run.trim_end_matches(['.', '-', '_']);
            let is_jwt = run.matches('.').count() >= 2 && token.len() > 20 || run.contains(".eyJ");
            let masked = is_jwt.then(|| self.secret(token, Class::Credential));
            Some((start, start + token.len().max(3), masked))
        })
    }

    /// What follows the word `Bearer`, when it looks like a token and not like the next word.
    fn clean_bearers(&self, text: &str) -> Option<String> {
        replace(text, |rest| {
            let word = find_ignoring_case(rest, "bearer ")?;
            let start = word + "bearer ".len();
            let length = rest[start..]
                .bytes()
                .take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b))
                .count();
            let token = &rest[start..start + length];
            let is_token = length >= 40
                || length >= 16
                    && token.bytes().any(|b| b.is_ascii_digit())
                    && !token.contains("=\"");
            Some((start, start + length, is_token.then(|| self.secret(token, Class::Credential))))
        })
    }

    /// `name=value` and, in prose, `"name": "value"`, where the name promises a secret.
    fn clean_pairs(&self, text: &str, prose: Prose) -> Option<String> {
        replace(text, |rest| {
            let at = rest.find(|c| c == '=' || c == ':' && prose == Prose::Yes)?;
            let colon = rest.as_bytes().get(at) == Some(&b':');
            let before = rest[..at].trim_end();
            let quoted = before.ends_with(['"', '\'']);
            let before = before.trim_end_matches(['"', '\'', '\\']);
            let name_length = before
                .bytes()
                .rev()
                .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                .count();
            let name = &before[before.len() - name_length..];
            let after = &rest[at + 1..];
            let start =
                at + 1 + (after.len() - after.trim_start_matches([' ', '"', '\'', '\\']).len());
            let length = rest[start..]
                .find(|c: char| c.is_whitespace() || "&\"'<>,;(){}\\".contains(c))
                .unwrap_or(rest.len() - start);
            // A variable is named with braces around it.
            let length = match rest[start..].strip_prefix("${").and_then(|rest| rest.find('}')) {
                Some(inside) => inside + 3,
                None => length,
            };
            let value = &rest[start..start + length];
            let fits = !value.is_empty() && headers::is_secret(name) && (!colon || quoted);
            let kept = is_masked(value) || headers::is_reference(value);
            let masked = (fits && !kept).then(|| self.secret(value, Class::Credential));
            let end = if masked.is_some() { start + length } else { at + 1 };
            Some((start.min(end), end, masked))
        })
    }
}

/// Walks through a text: `next` names the following piece and, when it must go, what takes its
/// place. `None` when nothing was replaced.
fn replace(
    text: &str,
    next: impl Fn(&str) -> Option<(usize, usize, Option<String>)>,
) -> Option<String> {
    let mut clean: Option<String> = None;
    let mut copied = 0;
    let mut at = 0;
    while let Some((start, end, put)) = next(&text[at..]) {
        if let Some(put) = put {
            let clean = clean.get_or_insert_with(|| String::with_capacity(text.len()));
            clean.push_str(&text[copied..at + start]);
            clean.push_str(&put);
            copied = at + end;
        }
        // Never stand still, whatever `next` answers.
        at += end.max(1);
        while !text.is_char_boundary(at.min(text.len())) {
            at += 1;
        }
        if at >= text.len() {
            break;
        }
    }
    clean.map(|mut clean| {
        clean.push_str(&text[copied.min(text.len())..]);
        clean
    })
}

fn find_ignoring_case(text: &str, word: &str) -> Option<usize> {
    text.as_bytes().windows(word.len()).position(|w| w.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new("https://api.example/supplier").unwrap()
    }

    #[test]
    fn links_tokens_and_pairs_are_replaced_in_prose() {
        let redactor = redactor();
        for (text, kept) in [
            ("error for url (https://b.example/a.pdf?X-Amz-Signature=CANARY0001): reset", "reset"),
            ("sent Authorization: Bearer CANARY-0123456789-abc to the host", "to the host"),
            ("token eyJhbGciCANARY.eyJpc3MiOiJCANARY.c2lnCANARY was refused", "was refused"),
            ("client_secret=CANARY&x=1", "&x=1"),
            ("{\"client_secret\": \"CANARY\", \"broken", "broken"),
            ("apikey='CANARY' given", "given"),
            ("https://user:CANARY@host.example/path", "host.example/path"),
            ("jsessionid=CANARY; next", "next"),
            ("\"sessionKey\": \"CANARY\"", "sessionKey"),
            ("https://api.example/supplier/letters?limit=2500&offset=CANARY", "limit=2500&offset="),
        ] {
            let clean = redactor.scrub(text);
            assert!(!clean.contains("CANARY"), "{clean}");
            assert!(clean.contains(kept), "{clean}");
            assert!(clean.contains("redacted:"), "{clean}");
        }
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        let redactor = redactor();
        for text in [
            "Invalid access token",
            "Bearer realm=\"notify\", error=\"invalid_token\"",
            "Missing or invalid client_assertion: exp is more than 5 minutes ahead",
            "The bearer of this letter",
            "See https://digital.nhs.uk/developer/errors#403 for help.",
            "https://api.example/supplier/letters?limit=2500",
            "a=b; c==d == e",
            "naïve “quotes” — 10 € = 8 £",
            "eyJ",
            "api_key = { env = \"NOTIFY_API_KEY\" }",
            "api_key_env=NOTIFY_API_KEY",
            "apikey: environment variable NOTIFY_API_KEY",
            "--header apikey=$NOTIFY_API_KEY",
            "client_secret=${NOTIFY_CLIENT_SECRET} token=%NOTIFY_TOKEN% pwd=env:NOTIFY_PASSWORD",
        ] {
            assert_eq!(redactor.scrub(text), text);
        }
    }

    #[test]
    fn a_secret_seen_once_is_replaced_ever_after_by_the_same_hash() {
        let redactor = redactor();
        redactor.learn("the-api-key-of-this-app");
        let clean =
            redactor.scrub("unknown key the-api-key-of-this-app, twice the-api-key-of-this-app");
        let hash = redactor.mask("the-api-key-of-this-app");
        assert_eq!(clean, format!("unknown key {hash}, twice {hash}"));
        assert_eq!(redactor.scrub(&clean), clean);
    }

    #[test]
    fn two_runs_show_the_same_secret_differently() {
        assert_ne!(redactor().mask("the-api-key"), redactor().mask("the-api-key"));
    }
}
