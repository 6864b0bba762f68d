//! Secrets in JSON: fields whose names promise one, and strings that hold one.
//! Refuses to reformat: everything between the replaced values stays as it was sent.

use super::known::Class;
use super::text::{self, Prose};
use super::{Redactor, is_masked, names};

impl Redactor {
    /// Well-formed JSON without secrets; `None` when there are none.
    pub(crate) fn clean_json(&self, json: &str) -> Option<String> {
        // Whole-text checks first: a list of 2,500 letters must not be looked at string by string.
        if !json.contains('\\') && !text::is_suspicious(json) && !self.holds_known(json) {
            return None;
        }
        let clean = self.walk(json);
        // A secret may also stand across strings.
        match self.clean_known(clean.as_deref().unwrap_or(json)) {
            Some(known) => Some(known),
            None => clean,
        }
    }

    fn walk(&self, json: &str) -> Option<String> {
        let bytes = json.as_bytes();
        let mut clean: Option<String> = None;
        let mut copied = 0;
        let mut put = |from: usize, to: usize, with: String| {
            let clean = clean.get_or_insert_with(|| String::with_capacity(json.len()));
            clean.push_str(&json[copied..from]);
            clean.push_str(&with);
            copied = to;
        };
        // How deep we are below a field with a secret name, and whether the next value is one.
        let mut secret_depth = 0_usize;
        let mut secret_next = false;
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                b'"' => {
                    let end = string_end(bytes, at);
                    if let Some(colon) = key_colon(bytes, end) {
                        secret_next = names::is_secret(&unescaped(&json[at..end]));
                        if let Some(with) = self.clean_string(&json[at..end], false) {
                            put(at, end, with);
                        }
                        at = colon;
                    } else {
                        let secret = secret_next || secret_depth > 0;
                        if let Some(with) = self.clean_string(&json[at..end], secret) {
                            put(at, end, with);
                        }
                        secret_next = false;
                        at = end;
                    }
                }
                b'{' | b'[' => {
                    if secret_next || secret_depth > 0 {
                        secret_depth += 1;
                        secret_next = false;
                    }
                    at += 1;
                }
                b'}' | b']' => {
                    secret_depth = secret_depth.saturating_sub(1);
                    at += 1;
                }
                b'0'..=b'9' | b'-' => {
                    let length = bytes[at..]
                        .iter()
                        .take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
                        .count();
                    let number = &json[at..at + length];
                    let masked = if secret_next || secret_depth > 0 {
                        Some(self.secret(number, Class::Credential))
                    } else {
                        self.clean_known(number)
                    };
                    if let Some(masked) = masked {
                        put(at, at + length, format!("\"{masked}\""));
                    }
                    secret_next = false;
                    at += length;
                }
                b',' => {
                    secret_next = false;
                    at += 1;
                }
                _ => at += 1,
            }
        }
        clean.map(|mut clean| {
            clean.push_str(&json[copied..]);
            clean
        })
    }

    /// A string token, quotes included, without secrets; `None` when there are none.
    fn clean_string(&self, token: &str, secret: bool) -> Option<String> {
        let value = unescaped(token);
        let clean = if secret {
            if value.is_empty() || is_masked(&value) {
                return None;
            }
            self.secret(&value, Class::Credential)
        } else {
            self.clean_text(&value, Prose::No)?
        };
        serde_json::to_string(&clean).ok()
    }
}

/// Where the string that begins at `start` ends, its closing quote included.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The colon after a string, which makes it a field's name.
fn key_colon(bytes: &[u8], end: usize) -> Option<usize> {
    let space = bytes.get(end..)?.iter().take_while(|b| b.is_ascii_whitespace()).count();
    (bytes.get(end + space) == Some(&b':')).then_some(end + space + 1)
}

fn unescaped(token: &str) -> String {
    serde_json::from_str(token).unwrap_or_else(|_| token.trim_matches('"').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clean(json: &str) -> String {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        redactor.learn("LEARNED/CANARY=1");
        let clean = redactor.clean_json(json).unwrap_or_else(|| json.to_owned());
        assert!(serde_json::from_str::<serde_json::Value>(&clean).is_ok(), "{clean}");
        clean
    }

    #[test]
    fn secret_fields_are_replaced_and_the_rest_stays_to_the_letter() {
        let json = "{ \"access_token\" : \"CANARY\",\n\t\"expires_in\":\"599\", \"token_type\":\"Bearer\" }";
        let clean = clean(json);
        assert!(!clean.contains("CANARY"));
        assert!(clean.starts_with("{ \"access_token\" : \"redacted:"));
        assert!(clean.ends_with(",\n\t\"expires_in\":\"599\", \"token_type\":\"Bearer\" }"));
    }

    #[test]
    fn secrets_hide_nowhere() {
        for json in [
            r#"{"client\u005fsecret":"CANARY"}"#,
            r#"{"client_secret":["CANARY",{"x":"CANARY"}],"a":1}"#,
            r#"{"detail":"key LEARNED\/CANARY\u003d1 is unknown"}"#,
            r#"["LEARNED/CANARY=1"]"#,
            r#"{"url":"https:\/\/b.example\/x?X-Amz-Signature=CANARY"}"#,
            r#"{"password":7777777,"after":"x"}"#,
            r#"{"LEARNED/\u0043ANARY=1":3}"#,
        ] {
            let clean = clean(json);
            assert!(!clean.contains("CANARY") && !clean.contains("7777777"), "{clean}");
            assert!(clean.contains("redacted:"), "{clean}");
        }
    }

    #[test]
    fn a_number_that_is_a_secret_leaves_the_json_well_formed() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        redactor.learn("1234567890");
        let clean = redactor.clean_json(r#"{"quantity":1234567890}"#).unwrap();
        assert!(clean.starts_with(r#"{"quantity":"redacted:"#), "{clean}");
    }

    #[test]
    fn harmless_json_is_not_touched() {
        for json in [
            r#"{"data":[{"id":"L1","attributes":{"status":"PENDING","reasonText":"a \"b\" c"}}]}"#,
            r#"{"errors":[{"links":{"about":"https://digital.nhs.uk/x"},"detail":"no such letter"}]}"#,
            r#"{"token":null,"secret":true,"token_count_type":5}"#,
            "\"\\\\\"",
            "[]",
        ] {
            assert_eq!(clean(json), json);
        }
    }
}
