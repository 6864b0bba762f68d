//! Secrets in URLs: who may log in, what a link is signed with.
//! Refuses to keep any parameter of a download link that does not merely say how it works.

use letterproof_model::{Operation, Route};
use percent_encoding::percent_decode_str;

use super::known::Class;
use super::{Redactor, names};

impl Redactor {
    /// The URL without secrets; `None` when there are none.
    pub(crate) fn clean_url(&self, url: &str) -> Option<String> {
        let (head, query, fragment) = split(url);
        let link = self.is_link(url);
        let user = self.without_user(head);
        let query_clean = query.and_then(|query| self.clean_query(query, link));
        // A plain fragment is a place on a page; one with `=` may carry a token.
        let fragment_clean = fragment
            .filter(|fragment| fragment.contains('='))
            .and_then(|fragment| self.clean_query(fragment, link));
        let changed = user.is_some() || query_clean.is_some() || fragment_clean.is_some();
        let joined = changed.then(|| {
            let mut joined = user.unwrap_or_else(|| head.to_owned());
            for (mark, clean, raw) in [('?', query_clean, query), ('#', fragment_clean, fragment)] {
                if let Some(part) = clean.as_deref().or(raw) {
                    joined.push(mark);
                    joined.push_str(part);
                }
            }
            joined
        });
        // A path may hold a secret, and a kept parameter one seen before.
        match self.clean_known(joined.as_deref().unwrap_or(url)) {
            Some(clean) => Some(clean),
            None => joined,
        }
    }

    /// A `Location`, which may be relative to the request's URL.
    pub(crate) fn clean_location(&self, location: &str, request_url: &str) -> Option<String> {
        if location.contains("://") {
            return self.clean_url(location);
        }
        let whole = url::Url::parse(request_url).and_then(|base| base.join(location));
        let link = whole.map_or(true, |whole| self.is_link(whole.as_str()));
        let (head, query, fragment) = split(location);
        let clean = query.and_then(|query| self.clean_query(query, link));
        let joined = clean.map(|clean| match fragment {
            Some(fragment) => format!("{head}?{clean}#{fragment}"),
            None => format!("{head}?{clean}"),
        });
        match self.clean_known(joined.as_deref().unwrap_or(location)) {
            Some(clean) => Some(clean),
            None => joined,
        }
    }

    /// Whether a URL lies outside the API, and so must be taken for a signed link.
    fn is_link(&self, url: &str) -> bool {
        Route::of("GET", url, &self.base_url).operation == Operation::Download
    }

    /// The part before the query with its user and password replaced.
    fn without_user(&self, head: &str) -> Option<String> {
        let (scheme, rest) = head.split_once("://")?;
        let authority = rest.split('/').next().unwrap_or(rest);
        let (user, _) = authority.rsplit_once('@')?;
        if super::is_masked(user) {
            return None;
        }
        if let Some((_, password)) = user.split_once(':') {
            self.secret(&decoded(password), Class::Credential);
        }
        let masked = self.secret(&decoded(user), Class::Credential);
        Some(format!("{scheme}://{masked}{}", &rest[user.len()..]))
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
            // A bare word in a link may be a token itself.
            return (link && !pair.is_empty() && !super::is_masked(pair)).then(|| self.mask(pair));
        };
        let plain_name = decoded(name);
        let plain = decoded(value);
        if value.is_empty() || super::is_masked(&plain) {
            return None;
        }
        let class = if link { Class::Link } else { Class::Credential };
        let put = if names::is_secret(&plain_name) {
            // The first part of an Amazon credential names the access key.
            if let Some((access_key, _)) = plain.split_once('/') {
                self.secret(access_key, class);
            }
            self.secret(&plain, class)
        } else if link && !names::is_kept_in_links(&plain_name) {
            // Hidden, not looked for elsewhere: it may be a letter's id or an everyday word.
            self.mask(&plain)
        } else {
            let clean = self.clean_text(&plain, super::text::Prose::No)?;
            return Some(format!("{name}={clean}"));
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
    fn an_api_url_keeps_its_parameters_unless_their_names_are_secret() {
        let redactor = Redactor::new(BASE).unwrap();
        for kept in ["/letters?limit=2500", "/letters?limit=0x10&status=NEW&x", "/_status"] {
            assert_eq!(redactor.clean_url(&format!("{BASE}{kept}")), None);
        }
        let clean = redactor.clean_url(&format!("{BASE}/letters?limit=5&apikey=CANARY")).unwrap();
        assert!(clean.starts_with(&format!("{BASE}/letters?limit=5&apikey=redacted:")), "{clean}");
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
            .clean_url("https://b.example/x?letter=24L5eYSWGzCHlGmzNxuqV&sig=abcdefgh1")
            .unwrap();
        let url = format!("{BASE}/letters/24L5eYSWGzCHlGmzNxuqV");
        assert_eq!(redactor.clean_url(&url), None);
    }
}
