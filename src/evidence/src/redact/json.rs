//! What of JSON is kept: the names, the values of properties that the contract knows, and known
//! texts. A value under an unknown name, or under one that promises a secret, is replaced whole.
//! Nothing is reformatted: everything between the replaced values stays as it was sent, and a known
//! property keeps the type of its value, which the contract judges.

use std::borrow::Cow;

use letterproof_contract::{KnownPlace, is_known_text};
use letterproof_model::is_masked;

use crate::redact::known::Class;
use crate::redact::text::Prose;
use crate::redact::{Redactor, harmless, headers, text};

/// What is known of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Its properties.
    pub(crate) known: &'static KnownPlace,
    /// Whether it comes from the token endpoint, where a known property may hold a token that
    /// slipped: its values must look like what they are documented to be.
    pub(crate) of_token: bool,
}

/// What becomes of a value.
#[derive(Clone, Copy)]
enum Fate {
    /// The contract knows the place.
    Known(&'static KnownPlace),
    /// Nobody knows it.
    Lost,
    /// Its name promises a secret.
    Secret,
}

/// A list or an object that is being walked through.
struct Level {
    place: &'static KnownPlace,
    is_list: bool,
}

/// The result under way: what was copied of the original, and what was put in between.
struct Draft<'a> {
    json: &'a str,
    clean: Option<String>,
    copied: usize,
}

impl Draft<'_> {
    fn put(&mut self, from: usize, to: usize, with: &str) {
        let clean = self.clean.get_or_insert_with(|| String::with_capacity(self.json.len()));
        clean.push_str(&self.json[self.copied..from]);
        clean.push_str(with);
        self.copied = to;
    }

    fn put_mask(&mut self, from: usize, to: usize, mask: &str) {
        self.put(from, to, &format!("\"{mask}\""));
    }

    fn done(self) -> Option<String> {
        self.clean.map(|mut clean| {
            clean.push_str(&self.json[self.copied..]);
            clean
        })
    }
}

impl Redactor {
    /// Well-formed JSON as it may be kept; `None` when that is all of it.
    pub(crate) fn clean_json(&self, json: &str, shape: Shape) -> Option<String> {
        // The whole is looked at once: a list of 2,500 letters must not be, string by string.
        let closely = json.contains('\\') || text::is_suspicious(json);
        let clean = self.walk(json, shape, closely);
        // A secret may also stand across strings, or in what was let stand.
        match self.clean_known(clean.as_deref().unwrap_or(json)) {
            Some(known) => Some(known),
            None => clean,
        }
    }

    fn walk(&self, json: &str, shape: Shape, closely: bool) -> Option<String> {
        let bytes = json.as_bytes();
        let mut draft = Draft { json, clean: None, copied: 0 };
        let mut levels: Vec<Level> = Vec::new();
        let mut name: Cow<'_, str> = Cow::Borrowed("");
        let mut next = Fate::Known(shape.known);
        let mut at = 0;
        while at < bytes.len() {
            let fate = match levels.last() {
                Some(level) if level.is_list => Fate::Known(level.place.item()),
                _ => next,
            };
            match bytes[at] {
                b'"' => {
                    let end = string_end(bytes, at);
                    if let Some(colon) = key_colon(bytes, end) {
                        name = unescaped(&json[at..end]);
                        let place = levels.last().map_or(shape.known, |level| level.place);
                        next = fate_of(place, &name);
                        if let Some(with) = self.clean_name(&name, next, closely) {
                            draft.put_mask(at, end, &with);
                        }
                        at = colon;
                    } else {
                        let value = unescaped(&json[at..end]);
                        let rule = if shape.of_token { Some(&*name) } else { None };
                        if let Some(with) = self.clean_value(&value, fate, rule, closely) {
                            let with = serde_json::to_string(&with).unwrap_or_default();
                            draft.put(at, end, &with);
                        }
                        at = end;
                    }
                }
                open @ (b'{' | b'[') => match fate {
                    Fate::Known(place) => {
                        levels.push(Level { place, is_list: open == b'[' });
                        at += 1;
                    }
                    Fate::Lost | Fate::Secret => {
                        let end = composite_end(bytes, at);
                        let whole = &json[at..end];
                        if matches!(fate, Fate::Secret) {
                            self.learn_leaves(whole);
                        }
                        draft.put_mask(at, end, &self.mask(whole));
                        at = end;
                    }
                },
                b'}' | b']' => {
                    levels.pop();
                    at += 1;
                }
                byte if byte.is_ascii_alphanumeric() || byte == b'-' => {
                    let end = at + scalar_length(&bytes[at..]);
                    if let Some(with) = self.clean_scalar(&json[at..end], fate) {
                        draft.put_mask(at, end, &with);
                    }
                    at = end;
                }
                _ => at += 1,
            }
        }
        draft.done()
    }

    /// A property's name; `None` where it may stay.
    fn clean_name(&self, name: &str, fate: Fate, closely: bool) -> Option<String> {
        match fate {
            Fate::Known(_) => None,
            // What has not the form of a name is data in a name's place.
            _ if !harmless::is_name(name) => Some(self.mask(name)),
            _ if closely => self.clean_text(name, Prose::No),
            _ => None,
        }
    }

    /// A text; `None` where it may stay. Of a token answer with the name it stands under.
    fn clean_value(
        &self,
        value: &str,
        fate: Fate,
        token_field: Option<&str>,
        closely: bool,
    ) -> Option<String> {
        // White space says nothing, but that it was sent.
        if value.trim().is_empty() || is_masked(value) {
            return None;
        }
        let place = match fate {
            Fate::Secret => return Some(self.secret(value, Class::Credential)),
            Fate::Lost => return Some(self.mask(value)),
            Fate::Known(place) => place,
        };
        if place.is_free_text() {
            return self.clean_prose(value);
        }
        let fine = match token_field {
            Some(name) => harmless::is_token_field(name, value),
            None => harmless::is_plain(value),
        };
        if !fine {
            return Some(self.mask(value));
        }
        if closely { self.clean_text(value, Prose::No) } else { None }
    }

    /// A free text: as it is where it is a known one, else its length and keyed hash.
    pub(crate) fn clean_prose(&self, text: &str) -> Option<String> {
        if is_known_text(text) || is_masked(text) || text.trim().is_empty() {
            return None;
        }
        // For what it teaches: a token in it is looked for from now on.
        let _ = self.clean_text(text, Prose::Yes);
        Some(self.mask_text(text))
    }

    /// A number, `true`, `false` or `null`; `None` where it may stay.
    fn clean_scalar(&self, scalar: &str, fate: Fate) -> Option<String> {
        match fate {
            _ if scalar == "null" => None,
            Fate::Known(_) => self.clean_known(scalar),
            Fate::Lost => Some(self.mask(scalar)),
            Fate::Secret => Some(self.secret(scalar, Class::Credential)),
        }
    }

    /// Looks for every text and number of a value from now on.
    fn learn_leaves(&self, json: &str) {
        let mut open: Vec<serde_json::Value> = serde_json::from_str(json).into_iter().collect();
        while let Some(value) = open.pop() {
            match value {
                serde_json::Value::String(text) => {
                    self.secret(&text, Class::Credential);
                }
                serde_json::Value::Number(number) => {
                    self.secret(&number.to_string(), Class::Credential);
                }
                serde_json::Value::Array(items) => open.extend(items),
                serde_json::Value::Object(map) => open.extend(map.into_iter().map(|(_, v)| v)),
                serde_json::Value::Null | serde_json::Value::Bool(_) => {}
            }
        }
    }
}

fn fate_of(place: &'static KnownPlace, name: &str) -> Fate {
    match place.property(name) {
        Some(known) if !headers::is_secret(name) => Fate::Known(known),
        _ if headers::is_secret(name) => Fate::Secret,
        _ => Fate::Lost,
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

/// Where the list or object that begins at `start` ends.
fn composite_end(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

fn scalar_length(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b)).count()
}

/// The colon after a string, which makes it a property's name.
fn key_colon(bytes: &[u8], end: usize) -> Option<usize> {
    let space = bytes.get(end..)?.iter().take_while(|b| b.is_ascii_whitespace()).count();
    (bytes.get(end + space) == Some(&b':')).then_some(end + space + 1)
}

fn unescaped(token: &str) -> Cow<'_, str> {
    let inside = token.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(token);
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    serde_json::from_str(token).map_or(Cow::Borrowed(inside), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use letterproof_model::Operation;

    use super::*;

    fn answer(operation: Operation) -> Shape {
        Shape {
            known: KnownPlace::of_answer(operation).unwrap(),
            of_token: operation == Operation::Token,
        }
    }

    fn cleaned(json: &str, operation: Operation) -> String {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        redactor.learn("LEARNED/CANARY=1");
        let shape = answer(operation);
        let clean = redactor.clean_json(json, shape).unwrap_or_else(|| json.to_owned());
        assert!(serde_json::from_str::<serde_json::Value>(&clean).is_ok(), "{clean}");
        assert_eq!(redactor.clean_json(&clean, shape), None, "twice changes nothing: {clean}");
        clean
    }

    #[test]
    fn of_a_token_answer_only_what_is_documented_is_kept_and_the_rest_of_it_to_the_letter() {
        let json = "{ \"access_token\" : \"CANARY\",\n\t\"expires_in\":\"599\", \"token_type\":\"Bearer\" }";
        let clean = cleaned(json, Operation::Token);
        assert!(!clean.contains("CANARY"));
        assert!(clean.starts_with("{ \"access_token\" : \"redacted:"));
        assert!(clean.ends_with(",\n\t\"expires_in\":\"599\", \"token_type\":\"Bearer\" }"));
        let json = r#"{"developer.email":"CANARY@example.com","client_id":"CANARY","expires_in":"CANARY1","error":"CANARY1","issued_at":1785000000000,"scope":""}"#;
        let clean = cleaned(json, Operation::Token);
        assert!(!clean.contains("CANARY"), "{clean}");
        for kept in
            ["\"developer.email\":\"redacted:", "\"issued_at\":1785000000000", "\"scope\":\"\""]
        {
            assert!(clean.contains(kept), "{clean}");
        }
    }

    #[test]
    fn unknown_attributes_keep_their_names_and_lose_their_values() {
        let json = r#"{"data":{"id":"L1","type":"Letter","name":"CANARY","attributes":{"status":"PENDING","specificationId":"s","surname":"CANARY","born":19480705,"alive":true,"address":{"CANARY":["CANARY"]},"none":null}},"meta":["CANARY"]}"#;
        let clean = cleaned(json, Operation::GetLetter);
        assert!(
            !clean.contains("CANARY") && !clean.contains("19480705") && !clean.contains("true")
        );
        for kept in [
            r#"{"data":{"id":"L1","type":"Letter","name":"redacted:"#,
            r#""attributes":{"status":"PENDING","specificationId":"s","surname":"redacted:"#,
            r#""address":"redacted:"#,
            r#""none":null}},"meta":"redacted:"#,
        ] {
            assert!(clean.contains(kept), "{clean}");
        }
        // Of another document's properties this one knows nothing.
        let clean =
            cleaned(r#"{"data":{"attributes":{"lineItem":"CANARY"}}}"#, Operation::GetLetter);
        assert!(!clean.contains("CANARY"));
    }

    #[test]
    fn unknown_texts_become_length_and_keyed_hash_and_known_ones_stay() {
        let letter = |text: &str| {
            format!(r#"{{"data":{{"attributes":{{"status":"RETURNED","reasonText":"{text}"}}}}}}"#)
        };
        let clean = cleaned(&letter("Mrs CANARY moved"), Operation::GetLetter);
        assert!(!clean.contains("CANARY") && clean.contains(", 16 bytes\""), "{clean}");
        for known in ["Addressee gone away", "R01 – ADDRESSEE  gone away", "Deceased", "", " "] {
            assert_eq!(cleaned(&letter(known), Operation::GetLetter), letter(known));
        }
        let errors =
            |text: &str| format!(r#"{{"errors":[{{"title":"Not found","detail":"{text}"}}]}}"#);
        assert!(!cleaned(&errors("no CANARY"), Operation::GetLetter).contains("CANARY"));
        let known = errors("No resource found with that ID");
        assert_eq!(cleaned(&known, Operation::GetLetter), known);
    }

    #[test]
    fn a_known_property_keeps_the_type_of_its_value() {
        for json in [
            r#"{"data":[{"id":17,"type":true,"attributes":[]}]}"#,
            r#"{"data":{"attributes":{"status":{},"specificationId":17,"groupId":["a"]}}}"#,
            r#"{"data":null,"errors":""}"#,
        ] {
            assert_eq!(cleaned(json, Operation::ListLetters), json);
        }
        let clean = cleaned(
            r#"{"data":{"attributes":{"status":{"CANARY x":"CANARY"}}}}"#,
            Operation::GetLetter,
        );
        assert!(clean.starts_with(r#"{"data":{"attributes":{"status":{"redacted:"#), "{clean}");
        assert!(!clean.contains("CANARY"));
    }

    #[test]
    fn equal_values_stay_comparable() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        let clean = |json: &str| redactor.clean_json(json, answer(Operation::GetLetter)).unwrap();
        let one = clean(r#"{"data":{"attributes":{"reasonText":"Not at home","colour":"blue"}}}"#);
        assert_eq!(
            one,
            clean(r#"{"data":{"attributes":{"reasonText":"Not at\u0020home","colour":"blue"}}}"#)
        );
        assert_ne!(
            one,
            clean(r#"{"data":{"attributes":{"reasonText":"Not at home?","colour":"blue"}}}"#)
        );
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
            r#"{"sessionKey":"CANARY"}"#,
            r#"{"LEARNED/\u0043ANARY=1":3}"#,
            r#"{"errors":[{"links":{"about":"https://b.example/x?sig=CANARY"}}]}"#,
        ] {
            let clean = cleaned(json, Operation::GetLetter);
            assert!(!clean.contains("CANARY") && !clean.contains("7777777"), "{clean}");
            assert!(clean.contains("redacted:"), "{clean}");
        }
    }

    #[test]
    fn what_a_secret_field_holds_is_looked_for_from_then_on() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        let json = r#"{"sessionKey":{"a":["CANARY-CANARY"]}}"#;
        redactor.clean_json(json, answer(Operation::GetLetter)).unwrap();
        assert!(!redactor.scrub("and CANARY-CANARY again").contains("CANARY"));
    }

    #[test]
    fn a_number_that_is_a_secret_leaves_the_json_well_formed() {
        let redactor = Redactor::new("https://api.example/supplier").unwrap();
        redactor.learn("1234567890");
        let json = r#"{"data":{"attributes":{"quantity":1234567890}}}"#;
        let clean = redactor.clean_json(json, answer(Operation::GetMi)).unwrap();
        assert!(clean.contains(r#"{"quantity":"redacted:"#), "{clean}");
    }

    #[test]
    fn harmless_json_is_not_touched() {
        for json in [
            r#"{"data":[{"id":"L1","attributes":{"status":"PENDING","reasonText":"No reason given"}}]}"#,
            r#"{"errors":[{"links":{"about":"https://digital.nhs.uk/x"},"detail":"Unexpected error"}]}"#,
            r#"{"token":null}"#,
            "[]",
            "{}",
            " [ [ [ ] ] ] ",
            "17",
        ] {
            assert_eq!(cleaned(json, Operation::ListLetters), json);
        }
    }

    #[test]
    fn a_document_that_is_but_a_text_is_a_text() {
        let clean = cleaned("\"CANARY \\\" x\"", Operation::GetLetter);
        assert!(!clean.contains("CANARY") && clean.contains("bytes"), "{clean}");
    }
}
