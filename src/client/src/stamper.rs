//! The road to a time-stamping authority (RFC 3161 over HTTP): a request out, an answer back.
//!
//! Only the hash of evidence goes out, and what comes back is signed, so that plain http will do;
//! most authorities offer nothing else. Nothing goes to production hosts or to addresses that carry secrets or
//! parameters; no redirect is followed, and no answer longer than any time stamp is read.

use std::error::Error as _;
use std::time::Duration;

use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use url::Url;

use letterproof_wire::{
    Going, Guard, HttpClient, HttpError, Redirects, Request, SendError, Through, is_loopback,
    is_production_host, retry,
};

use crate::ClientError;

/// How long a stamper may take to be reached, and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(15);
/// Longest answer taken, in bytes.
const LIMIT: usize = 64 << 10;

/// A time-stamping authority.
#[derive(Debug, Clone)]
pub struct Stamper {
    url: Url,
    name: String,
    http: HttpClient,
}

impl Stamper {
    /// A stamper at this address; nothing is sent yet.
    ///
    /// # Errors
    /// When it is no address of http or https, lies at production, or carries credentials or
    /// parameters, which would stand in the evidence.
    pub fn at(address: &str) -> Result<Self, ClientError> {
        let unusable = |problem: &str| {
            ClientError::configuration(format!("the stamper `{address}` {problem}"))
        };
        let url = Url::parse(address)
            .map_err(|_| unusable("is not an address; give one such as http://tsa.example/tsr"))?;
        // Nothing of an address with a secret in it is repeated.
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(ClientError::configuration(
                "the stamper's address carries credentials or parameters, which would stand in \
                 the evidence; give host and path alone"
                    .to_owned(),
            ));
        }
        let Some(host) = url.host_str().filter(|_| matches!(url.scheme(), "http" | "https")) else {
            return Err(unusable("is not an address of http or https"));
        };
        if is_production_host(&url) {
            return Err(ClientError::refused(format!(
                "{host} is production, which stamps nothing; give the address of a time-stamping \
                 authority"
            )));
        }
        let name = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let http =
            connected(&url).map_err(|problem| unusable(&format!("cannot be used: {problem}")))?;
        Ok(Self { url, name, http })
    }

    /// The host, with its port where one was given, as evidence names it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Sends a request for a time stamp and returns the answer, unread.
    ///
    /// # Errors
    /// One sentence, which begins with "it": the stamper was not reached, or did not answer so.
    pub async fn ask(&self, request: Vec<u8>) -> Result<Vec<u8>, String> {
        let asking = async {
            let mut asked = Request::new(Method::POST, self.url.clone());
            let headers = asked.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/timestamp-query"));
            headers.insert(ACCEPT, HeaderValue::from_static("application/timestamp-reply"));
            *asked.body_mut() = Some(request.into());
            let sent = self.http.execute(asked).await;
            let mut response = sent.map_err(|error| match error {
                SendError::Refused(refusal) => format!("it was not asked: {refusal}"),
                SendError::Failed(error) => unreachable(&error),
            })?;
            if response.status().as_u16() != 200 {
                return Err(format!("it answered {}", response.status().as_u16()));
            }
            let mut answer = Vec::new();
            while let Some(piece) = response.chunk().await.map_err(|error| unreachable(&error))? {
                answer.extend_from_slice(&piece);
                if answer.len() > LIMIT {
                    return Err("it answered with more than any time stamp has".to_owned());
                }
            }
            Ok(answer)
        };
        match tokio::time::timeout(ANSWER, asking).await {
            Ok(answered) => answered,
            Err(_) => Err(format!("it gave no answer within {} s", ANSWER.as_secs())),
        }
    }
}

/// The one place at which a connection to a stamper is set up.
fn connected(url: &Url) -> Result<HttpClient, String> {
    let through = if is_loopback(url) { Through::Nothing } else { Through::Environment };
    let going = Going { target: vec![url.clone()], through, plain: true, ..Going::default() };
    let guard = Guard::new(going).map_err(|refusal| refusal.to_string())?;
    let client = guard.client(Redirects::Shown, |builder| {
        builder.retry(retry::never()).connect_timeout(CONNECT).gzip(false).referer(false)
    });
    client.map_err(|error| error.to_string())
}

/// Why there was no answer: the innermost cause, without the address.
fn unreachable(error: &HttpError) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    match error.source() {
        Some(_) => format!("it was not reached ({cause})"),
        None => "it was not reached".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamper_is_named_by_host_and_port() {
        for (address, name) in [
            ("http://tsa.example/tsr", "tsa.example"),
            ("https://tsa.example:8443", "tsa.example:8443"),
            ("http://[::1]:9/x", "[::1]:9"),
        ] {
            assert_eq!(Stamper::at(address).unwrap().name(), name);
        }
    }

    #[test]
    fn production_and_addresses_with_secrets_are_refused_and_secrets_not_repeated() {
        let production = Stamper::at("https://api.service.nhs.uk/tsr").unwrap_err();
        assert!(matches!(production, ClientError::Refused { .. }), "{production}");
        for address in
            ["http://me:hush@tsa.example", "http://tsa.example/?key=hush", "http://a.example/#hush"]
        {
            let error = Stamper::at(address).unwrap_err().to_string();
            assert!(error.contains("host and path alone") && !error.contains("hush"), "{error}");
        }
        for address in ["", "tsa.example", "ftp://tsa.example", "file:///tsr"] {
            let error = Stamper::at(address).unwrap_err();
            assert!(matches!(error, ClientError::Configuration { .. }), "{address}: {error}");
        }
    }
}
