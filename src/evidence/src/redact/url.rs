//! What of a URL is kept: the address, and the parameters that say how a call or a link works. No
//! other parameter is kept, in the query, the fragment or the path, nor any part of a path that has
//! not the form of an id.

use letterproof_model::{Operation, Route, is_masked};
use percent_encoding::percent_decode_str;

use crate::redact::known::Class;
use crate::redact::{Redactor, harmless, headers};

impl Redactor {
    /// The URL as it may be kept; `None` when that is all of it.
    pub(crate) fn clean_url(&self, url: &str) -> Option<String> {
        let link = self.is_link(url);
        let path = url.strip_prefix(self.base_url.trim_end_matches('/'));
        if path.is_some_and(|path| path.contains(['?', ';']) && self.is_planned_path(path)) {
            return self.clean_known(url);
        }
        self.cleaned_parts(url, link)
    }

    /// Whether this is the path of a request that the harness plans.
    fn is_planned_path(&self, path: &str) -> bool {
        self.planned.get().is_some_and(|planned| (planned.path)(path))
    }

    /// A `Location`, which may be relative to the request's URL.
    pub(crate) fn clean_location(&self, location: &str, request_url: &str) -> Option<String> {
        if location.contains("://") {
            return self.clean_url(location);
        }
        let whole = url::Url::parse(request_url).and_then(|base| base.join(location));
        let link = whole.map_or(true, |whole| self.is_link(whole.as_str()));
        self.cleaned_parts(location, link)
    }

    fn cleaned_parts(&self, url: &str, link: bool) -> Option<String> {
        // Known secrets first, whole: taken apart by `/`, `;` and `&` they would not be known.
        match self.clean_known(url) {
            Some(clean) => Some(self.cleaned_by_rule(&clean, link).unwrap_or(clean)),
            None => self.cleaned_by_rule(url, link),
        }
    }

    fn cleaned_by_rule(&self, url: &str, link: bool) -> Option<String> {
        let (head, query, fragment) = split(url);
        let head_clean = self.clean_head(head);
        let query_clean = query.and_then(|query| self.clean_query(query, link));
        // A plain fragment is a place on a page; one with `=` may carry a token.
        let fragment_clean = fragment
            .filter(|fragment| fragment.contains('=') || !harmless::is_name(fragment))
            .and_then(|fragment| self.clean_query(fragment, true));
        let changed = head_clean.is_some() || query_clean.is_some() || fragment_clean.is_some();
        let joined = changed.then(|| {
            let mut joined = head_clean.unwrap_or_else(|| head.to_owned());
            for (mark, clean, raw) in [('?', query_clean, query), ('#', fragment_clean, fragment)] {
                if let Some(part) = clean.as_deref().or(raw) {
                    joined.push(mark);
                    joined.push_str(part);
                }
            }
            joined
        });
        // What was learned just now may stand elsewhere in the same URL.
        match self.clean_known(joined.as_deref().unwrap_or(url)) {
            Some(clean) => Some(clean),
            None => joined,
        }
    }

    /// Whether a URL lies outside the API, and so must be taken for a signed link.
    fn is_link(&self, url: &str) -> bool {
        Route::of("GET", url, &self.base_url).operation == Operation::Download
    }

    /// The part before the query, without user and password, and with its path as it may be kept.
    fn clean_head(&self, head: &str) -> Option<String> {
        let start = match head.split_once("://") {
            Some((scheme, rest)) => scheme.len() + 3 + rest.find('/').unwrap_or(rest.len()),
            None => 0,
        };
        let (authority, path) = head.split_at(start);
        let user = self.without_user(authority);
        let path_clean = self.clean_path(path);
        if user.is_none() && path_clean.is_none() {
            return None;
        }
        let authority = user.as_deref().unwrap_or(authority);
        Some(format!("{authority}{}", path_clean.as_deref().unwrap_or(path)))
    }

    /// The address of a host with its user and password replaced.
    fn without_user(&self, authority: &str) -> Option<String> {
        let (scheme, rest) = authority.split_once("://")?;
        let (user, host) = rest.rsplit_once('@')?;
        if is_masked(user) {
            return None;
        }
        if let Some((_, password)) = user.split_once(':') {
            self.secret(&decoded(password), Class::Credential);
        }
        let masked = self.secret(&decoded(user), Class::Credential);
        Some(format!("{scheme}://{masked}@{host}"))
    }

    /// A path whose every part has the form of an id, without the parameters that follow a `;`.
    fn clean_path(&self, path: &str) -> Option<String> {
        let mut changed = false;
        let parts: Vec<String> = path
            .split('/')
            .map(|part| {
                let clean = self.clean_part(part);
                changed |= clean.is_some();
                clean.unwrap_or_else(|| part.to_owned())
            })
            .collect();
        changed.then(|| parts.join("/"))
    }

    fn clean_part(&self, part: &str) -> Option<String> {
        // Proxies undo the encoding of the semicolon, and so must whoever looks for one.
        let end = (0..part.len()).find(|at| {
            let rest = &part.as_bytes()[*at..];
            rest[0] == b';' || rest.len() >= 3 && rest[..3].eq_ignore_ascii_case(b"%3b")
        });
        let (name, parameters) = part.split_at(end.unwrap_or(part.len()));
        let plain = decoded(name);
        let fine = is_masked(&plain) || harmless::is_plain(&plain);
        let name_clean = (!fine).then(|| self.mask(&plain));
        let mut changed = name_clean.is_some();
        let mut clean = name_clean.unwrap_or_else(|| name.to_owned());
        let parameters = decoded(parameters);
        for parameter in parameters.split(';').skip(1) {
            let put = self.clean_parameter(parameter, true);
            changed |= put.is_some();
            clean.push(';');
            clean.push_str(put.as_deref().unwrap_or(parameter));
        }
        changed.then_some(clean)
    }

    fn clean_query(&self, query: &str, link: bool) -> Option<String> {
        let mut changed = false;
        let mut clean = String::with_capacity(query.len());
        for (at, pair) in query.split('&').enumerate() {
            if at > 0 {
                clean.push('&');
            }
            match self.clean_parameter(pair, link) {
                Some(put) => {
                    changed = true;
                    clean.push_str(&put);
                }
                None => clean.push_str(pair),
            }
        }
        changed.then_some(clean)
    }

    /// One parameter, replaced as it must be; `None` when it may stay.
    fn clean_parameter(&self, pair: &str, link: bool) -> Option<String> {
        let Some((name, value)) = pair.split_once('=') else {
            // A bare word may be a token itself, unless it is a name whose value is missing.
            let kept = pair.is_empty() || is_masked(pair) || pair == "limit";
            return (!kept).then(|| self.mask(&decoded(pair)));
        };
        let plain_name = decoded(name);
        let plain = decoded(value);
        // What has not the form of a name is data in a name's place.
        let strange = !harmless::is_name(&plain_name) && !is_masked(&plain_name);
        let name = if strange { self.mask(&plain_name) } else { name.to_owned() };
        if value.is_empty() || is_masked(&plain) {
            return strange.then(|| format!("{name}={value}"));
        }
        let class = if link { Class::Link } else { Class::Credential };
        let put = if headers::is_secret(&plain_name) {
            // The first part of an Amazon credential names the access key.
            if let Some((access_key, _)) = plain.split_once('/') {
                self.secret(access_key, class);
            }
            self.secret(&plain, class)
        } else if link && harmless::is_link_parameter(&plain_name, &plain)
            || !link && harmless::is_api_parameter(&plain_name, &plain)
        {
            let clean = self.clean_text(&plain, super::text::Prose::No)?;
            return Some(format!("{name}={clean}"));
        } else {
            // Hidden, not looked for elsewhere: it may be a letter's id or an everyday word.
            self.mask(&plain)
        };
        Some(format!("{name}={put}"))
    }
}

fn split(url: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, fragment) = match url.split_once('#') {
        Some((rest, fragment)) => (rest, Some(fragment)),
        None => (url, None),
    };
    match rest.split_once('?') {
        Some((head, query)) => (head, Some(query), fragment),
        None => (rest, None, fragment),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://api.example/supplier";

    #[test]
    fn a_link_keeps_what_says_how_it_works_and_nothing_else() {
        let redactor = Redactor::new(BASE).unwrap();
        let link = "https://bucket.example/letters/L1.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIACANARY%2F20260821%2Feu&X-Amz-Date=20260821T101500Z\
            &X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=CANARYCANARY\
            &x-id=CANARY&CANARY&response-content-type=application%2Fpdf";
        let clean = redactor.clean_url(link).unwrap();
        assert!(!clean.contains("CANARY"), "{clean}");
        for kept in [
            "https://bucket.example/letters/L1.pdf?X-Amz-Algorithm=AWS4-HMAC-SHA256&",
            "X-Amz-Date=20260821T101500Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&",
            "&X-Amz-Signature=redacted:",
        ] {
            assert!(clean.contains(kept), "{clean}");
        }
        assert_eq!(redactor.clean_url(&clean), None, "cleaning twice changes nothing");
    }

    #[test]
    fn the_same_link_is_recognised_however_it_is_encoded() {
        let redactor = Redactor::new(BASE).unwrap();
        let a = redactor.clean_url("https://b.example/x?Signature=a%2Fb%2Bcanary%3D").unwrap();
        let b = redactor.clean_url("https://b.example/x?Signature=a/b%2bcanary=").unwrap();
        assert_eq!(a, b);
    }

    #[test]
    fn an_api_url_keeps_the_parameter_that_is_documented_and_the_suites_own() {
        let redactor = Redactor::new(BASE).unwrap();
        for kept in [
            "/letters?limit=2500",
            "/letters?limit=0x10&limit=",
            "/letters?limit=abc",
            "/letters?status=PENDING",
            "/_status",
            "/letters/24L5eYSWGzCHlGmzNxuqV/data",
        ] {
            assert_eq!(redactor.clean_url(&format!("{BASE}{kept}")), None);
        }
        let clean = redactor.clean_url(&format!("{BASE}/letters?limit=5&apikey=CANARY")).unwrap();
        assert!(clean.starts_with(&format!("{BASE}/letters?limit=5&apikey=redacted:")), "{clean}");
    }

    #[test]
    fn every_other_parameter_goes_wherever_it_stands() {
        let redactor = Redactor::new(BASE).unwrap();
        for leak in [
            "/letters?key=CANARY",
            "/letters?code=CANARY",
            "/letters?limit=CANARY",
            "/letters?limit=10&status=CANARY",
            "/letters?CANARY",
            "/letters?CANARY+is+no+name=1",
            "/letters;jsessionid=CANARY",
            "/letters%3Bjsessionid%3DCANARY?limit=10",
            "/letters;CANARY/L1",
            "/letters/L1;jsessionid=CANARY;v=CANARY/data",
            "/letters/Mrs%20CANARY",
            "/letters#CANARY is here",
            "/letters#access_token=CANARY",
        ] {
            let clean = redactor.clean_url(&format!("{BASE}{leak}")).unwrap();
            assert!(!clean.contains("CANARY") && clean.contains("redacted:"), "{clean}");
            assert_eq!(redactor.clean_url(&clean), None, "cleaning twice changes nothing");
        }
        let clean = redactor.clean_location("L1;jsessionid=CANARY?x=CANARY", BASE).unwrap();
        assert!(!clean.contains("CANARY") && clean.starts_with("L1;jsessionid=redacted:"));
        // The same id is the same, in a path and in a body.
        let clean = redactor.clean_url(&format!("{BASE}/letters/Mrs%20Smith")).unwrap();
        assert_eq!(clean, format!("{BASE}/letters/{}", redactor.mask("Mrs Smith")));
    }

    #[test]
    fn a_known_secret_is_found_whole_whatever_it_is_taken_apart_by() {
        let redactor = Redactor::new(BASE).unwrap();
        redactor.learn("CANARY one/two;three&CANARY=four#five");
        for written in [
            "CANARY one/two;three&CANARY=four#five",
            "CANARY%20one%2Ftwo&semi;three&amp;CANARY=four#five",
        ] {
            let written = written.replace("&semi;", ";");
            for url in [format!("{BASE}/letters/{written}"), format!("https://b.example/{written}")]
            {
                let clean = redactor.clean_url(&url).unwrap();
                assert!(clean.starts_with(&url[..17]), "{clean}");
                for part in ["CANARY", "two", "three", "four", "five"] {
                    assert!(!clean.contains(part), "{part}: {clean}");
                }
            }
        }
    }

    #[test]
    fn a_relative_location_is_cleaned_like_the_link_it_is() {
        let redactor = Redactor::new(BASE).unwrap();
        let request = format!("{BASE}/letters/L1/data");
        let clean = redactor.clean_location("/store/L1?sig=CANARY&e=60", &request).unwrap();
        assert!(clean.starts_with("/store/L1?sig=redacted:") && !clean.contains("CANARY"));
        assert_eq!(redactor.clean_location("/supplier/letters?limit=3", &request), None);
    }

    #[test]
    fn a_letters_id_in_a_link_is_not_taken_for_a_secret() {
        let redactor = Redactor::new(BASE).unwrap();
        redactor
            .clean_url("https://b.example/x?letter=24L5eYSWGzCHlGmzNxuqV&key=24L5eYSWGzCHlGmzNxuqV&sig=abcdefgh1")
            .unwrap();
        let url = format!("{BASE}/letters/24L5eYSWGzCHlGmzNxuqV");
        assert_eq!(redactor.clean_url(&url), None);
    }
}
