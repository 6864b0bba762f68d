//! The page at `/`: addresses, profile, seeds, armed faults, and how to get a token with curl.
//! Refuses secrets and scripts: it is plain HTML that shows nothing a log may not show.

use http::StatusCode;

use crate::config::{AuthMode, Profile};
use crate::connection::BASE;
use crate::reply::{HTML, Reply, with_body};
use crate::shared::Shared;
use crate::token;

/// Renders the page.
pub(crate) fn answer(shared: &Shared, root: &str) -> Reply {
    let config = &shared.config;
    let profile = match config.profile {
        Profile::Int => "int",
        Profile::Sandbox => "sandbox",
    };
    let state = shared.summary(None);
    let mut rows = vec![("API", format!("{root}{BASE}")), ("Profile", profile.to_owned())];
    let stateful = [
        ("Letters", format!("{} (seed {})", state.letters, config.seed)),
        ("Visible in the list now", state.visible.to_string()),
        ("Visibility timeout", format!("{:?}", config.visibility_timeout)),
        ("Updates show after", format!("{:?}", config.apply_delay)),
        ("Link life", format!("{:?}", config.link_ttl)),
    ];
    if config.profile == Profile::Sandbox {
        rows.push(("Letters", "canned; nothing that is sent is kept".to_owned()));
    } else {
        rows.extend(stateful);
        rows.insert(1, ("Token endpoint", format!("{root}{}", token::PATH)));
        let limit = config.rate_limit.map(|n| format!("{n} per second, {}", config.limiter));
        rows.push(("Rate limit", limit.unwrap_or_else(|| "none".to_owned())));
    }
    for (status, count) in state.by_status.iter().filter(|(_, count)| *count > 0) {
        rows.push(("Letters by status", format!("{status}: {count}")));
    }
    let faults = shared.board.names();
    if !faults.is_empty() {
        rows.push(("Faults armed", faults.join(", ")));
    }
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<tr><th>{name}</th><td>{}</td></tr>\n", escaped(value)))
        .collect();
    let how = escaped(&how_to_call(shared, root));
    let body = format!(
        "<!doctype html>\n<html lang=\"en-GB\"><head><meta charset=\"utf-8\"><title>letterproof mock</title>\n\
         <style>body{{font:16px/1.5 sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem}}\
         th{{text-align:left;padding-right:2rem;vertical-align:top}}pre{{background:#f3f3f3;padding:1rem;overflow:auto}}</style>\
         </head><body>\n<h1>Mock of the NHS Notify Supplier API</h1>\n\
         <p>This is a mock for tests. It holds no real letter.</p>\n<table>\n{rows}</table>\n\
         <h2>Calling it</h2>\n<pre>{how}</pre>\n</body></html>\n"
    );
    with_body(StatusCode::OK, HTML, body)
}

fn how_to_call(shared: &Shared, root: &str) -> String {
    let list =
        format!("curl -s '{root}{BASE}/letters?limit=10' \\\n  -H \"X-Request-ID: $(uuidgen)\"");
    if shared.config.profile == Profile::Sandbox {
        return list;
    }
    let bearer = " \\\n  -H \"Authorization: Bearer $TOKEN\"";
    match shared.config.auth {
        AuthMode::None => list,
        AuthMode::Static(_) => format!("TOKEN=...   # the one given at the start\n{list}{bearer}"),
        AuthMode::Jwt => format!(
            "# JWT: a client assertion, signed RS512, for aud {root}{path}\n\
             curl -s '{root}{path}' \\\n  -d grant_type=client_credentials \\\n  \
             -d client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer \\\n  \
             -d client_assertion=\"$JWT\"\n\
             TOKEN=...   # access_token of the answer\n{list}{bearer}\n\n\
             # or, with the admin side on: curl -s -X POST http://ADMIN/token",
            path = token::PATH,
        ),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
